"""Section 4.1.1.2: what one hidden layer can approximate, how well, and on what conditions."""

from goodfit.studies.folders import Folder
from goodfit.studies.universal_approximation.targets import TargetFunction

DEEP_FROM = 16  # units of one layer from which deeper nets stand beside it

HERE = Folder(__file__, DEEP_FROM=DEEP_FROM, TargetFunction=TargetFunction)
NOT_DEEP = HERE.words("reasons", "not-deep")
STUDY = HERE.declared()
