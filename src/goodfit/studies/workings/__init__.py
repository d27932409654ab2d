"""What the studies compute and draw, where it is too long for their own files in `chapter/`."""
