"""Section 4.7.3: hidden units that are the same unit."""

from goodfit.studies.folders import Folder

APART = 0.1  # relative distance of weights from which units have come apart

HERE = Folder(__file__, APART=APART)
ONE_SIZE = HERE.words("reasons", "one-size")
STILL_EQUAL = HERE.words("reasons", "still-equal")
STUDY = HERE.declared()
