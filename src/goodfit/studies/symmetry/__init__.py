"""The study symmetry."""
