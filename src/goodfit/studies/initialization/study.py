"""Section 4.8: what initialisers do to signals and gradients, and which 50-layer nets train at all."""

from goodfit.studies.folders import Folder

LEARNS = 2.0  # training loss in nats below which a net has begun to learn; guessing has 2.30
WIDE, SLIM = 128, 32  # a layer of unequal sides, on which Xavier's condition cannot hold both ways

HERE = Folder(__file__, WIDE=WIDE, SLIM=SLIM, LEARNS=LEARNS)
STUDY = HERE.declared()
