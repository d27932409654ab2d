"""The study mlp-fashion-mnist."""
