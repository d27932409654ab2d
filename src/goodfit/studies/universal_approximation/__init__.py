"""The study universal-approximation."""
