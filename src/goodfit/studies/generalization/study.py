"""Sections 4.3.1 and 4.3.2: training error against generalisation error, and what test and validation rows can say."""

from goodfit.studies.folders import Folder

HERE = Folder(__file__)
ONE_VALUE = HERE.words("reasons", "one-value")
STUDY = HERE.declared()
