"""Section 4.3.3: underfitting, overfitting, the capacity between them, and the remedies."""

from goodfit.studies.folders import Folder

MORE = 4  # times the rows, where more data are the remedy

HERE = Folder(__file__, MORE=MORE)
FEW_WIDTHS = HERE.words("reasons", "few-widths")
STUDY = HERE.declared()
