"""What is there, where did it come from, and what became of it? Reads only; nothing here changes anything."""
