"""Section 4.6: the forward pass, the backward pass, and what they cost."""

from goodfit.studies.folders import Folder

DIFFERENCED = 5  # seeds whose gradients are checked by finite differences
RATE = 0.01  # of the step that is tried

HERE = Folder(__file__, RATE=RATE, DIFFERENCED=DIFFERENCED)
UNTIMED = HERE.words("reasons", "untimed")
NO_MEMORY = HERE.words("reasons", "no-memory")
STUDY = HERE.declared()
