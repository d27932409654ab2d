"""The study k-fold."""
