"""The study vanishing-gradient."""
