"""The study test-reuse."""
