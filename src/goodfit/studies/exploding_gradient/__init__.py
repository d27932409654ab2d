"""The study exploding-gradient."""
