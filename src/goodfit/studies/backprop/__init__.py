"""The study backprop."""
