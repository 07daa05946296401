"""The outside world: one package or file for each system, and its errors become ours there."""
