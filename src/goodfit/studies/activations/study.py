"""Section 4.1.2: activations and their derivatives, what they cost, and how fast nets learn with them."""

from goodfit.studies.folders import Folder

HERE = Folder(__file__)
STUDY = HERE.declared()
