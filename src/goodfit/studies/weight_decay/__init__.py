"""The study weight-decay."""
