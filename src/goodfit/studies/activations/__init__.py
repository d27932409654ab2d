"""The study activations."""
