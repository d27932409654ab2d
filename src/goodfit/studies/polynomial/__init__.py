"""The study polynomial."""
