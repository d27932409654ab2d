"""The study initialization."""
