"""How fast is it? `make bench` writes one table, measured as ratios against bare ffmpeg in the same run."""
