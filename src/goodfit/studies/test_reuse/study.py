"""Section 4.3.2: what a test set says that is used more than once, and what the seal's intervals say beside it."""

from goodfit.studies.folders import Folder

HERE = Folder(__file__)
STUDY = HERE.declared()
