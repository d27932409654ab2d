"""The study dropout."""
