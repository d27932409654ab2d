"""The study linear-collapse."""
