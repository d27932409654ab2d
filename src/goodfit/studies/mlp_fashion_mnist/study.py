"""Section 4.2: the notes' net on Fashion-MNIST, with many seeds, and with the test rows used as they should be."""

from goodfit.studies.folders import Folder

SWING = 5  # epochs at the end, over which the test accuracy of a net is watched
LATE = 3  # epochs at the end whose accuracies are averaged, since single ones move by several points

HERE = Folder(__file__, LATE=LATE, SWING=SWING)
STUDY = HERE.declared()
