"""Section 4.5: units dropped at random while a net trains."""

from goodfit.studies.folders import Folder

HERE = Folder(__file__)
OFF = HERE.words("reasons", "off")
STUDY = HERE.declared()
