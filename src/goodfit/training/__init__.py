"""How a population is trained: recipe, cohort, compiled program, stopping, checkpoints, events."""
