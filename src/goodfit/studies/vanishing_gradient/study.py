"""Section 4.7.1: gradients that shrink on their way back."""

from goodfit.studies.folders import Folder

HERE = Folder(__file__)
STUDY = HERE.declared()
