"""Section 4.3.2: what K-fold cross-validation says of a net, against the truth, and what it costs."""

from goodfit.studies.folders import Folder

HERE = Folder(__file__)
STUDY = HERE.declared()
