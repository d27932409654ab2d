"""The study generalization."""
