"""Section 4.8: what initialisers do to signals and gradients, and which 50-layer nets train at all."""

from __future__ import annotations

from goodfit.studies.folders import Folder
from goodfit.studies.parameters import seeds
from goodfit.studies.tabulating import interval

LEARNS = 2.0  # training loss in nats below which a net has begun to learn; guessing has 2.30
WIDE, SLIM = 128, 32  # a layer of unequal sides, on which Xavier's condition cannot hold both ways

HERE = Folder(__file__, WIDE=WIDE, SLIM=SLIM)

STUDY = HERE.study(
    "4.8",
    parameters=(
        *seeds(20, high=200),
        HERE.parameter("trained", 6, "whole", 2, 20),
        HERE.parameter("layers", 50, "whole", 2, 100),
        HERE.parameter("width", 64, "whole", 4, 256),
        HERE.parameter("rates", (0.01,), low=1e-5, high=1, many=True),
        HERE.parameter("epochs", 12, "whole", 1, 200),
    ),
    tables=(
        HERE.table(
            "growth",
            (
                "activation",
                "init",
                *interval("forward"),
                "forward_predicted",
                *interval("backward"),
                "backward_predicted",
            ),
            left=2,
        ),
        HERE.table("training", ("activation", "init", "rate", "loss", "low", "high", "learned"), left=2),
        HERE.table(
            "layers",
            (
                "activation",
                "init",
                "layer",
                "forward_low",
                "forward_median",
                "forward_high",
                "forward_predicted",
                "backward_low",
                "backward_median",
                "backward_high",
                "backward_predicted",
            ),
            shown=False,
            left=2,
        ),
        HERE.table("losses", ("activation", "init", "epoch", "low", "median", "high"), shown=False, left=2),
    ),
    figures=(
        HERE.figure("signals", table="layers"),
        HERE.figure("gradients", table="layers"),
        HERE.figure("losses"),
    ),
    claims=(
        HERE.claim("derivation", low=0.95, high=1.05),
        HERE.claim("xavier-keeps", low=0.95, high=1.05),
        HERE.claim("xavier-unequal", low=0.9, high=1.1),
        HERE.claim("uniform-variance", low=0.98, high=1.02),
        HERE.claim("uniform-bound", high=1, of_notes=False),
        HERE.claim("eases", low=100),
        HERE.claim("xavier-trains", high=LEARNS, of_notes=False),
        HERE.claim("default-trains", high=LEARNS, of_notes=False),
        HERE.claim("relu-half", low=0.45, high=0.55, of_notes=False),
        HERE.claim("he-keeps", low=0.9, high=1.1, of_notes=False),
        HERE.claim("xavier-relu", high=LEARNS, of_notes=False),
        HERE.claim("he-trains", high=LEARNS, of_notes=False),
    ),
    small={"seeds": 6, "trained": 3, "layers": 20, "width": 32, "epochs": 5, "rates": (0.03,)},
)
