"""The study capacity."""
