"""Section 4.7.3: hidden units that are the same unit."""

from __future__ import annotations

from goodfit.studies.folders import Folder
from goodfit.studies.parameters import seeds

_ROUNDING = 1e-12  # of float64, over sums of some thousand terms
_EQUAL = 1e-6  # some roundings of float32, in which nets train

APART = 0.1  # relative distance of weights from which units have come apart

HERE = Folder(__file__, APART=APART)
ONE_SIZE = HERE.words("reasons", "one-size")
STILL_EQUAL = HERE.words("reasons", "still-equal")

STUDY = HERE.study(
    "4.7.3",
    parameters=(
        *seeds(10, 2, 100),
        HERE.parameter("width", 16, "whole", 2, 64),
        HERE.parameter("value", 0.1, low=0.001, high=1),
        HERE.parameter("noise", (1e-2, 1e-4, 1e-6), low=1e-6, high=0.03, many=True),
        HERE.parameter("dropout", 0.5, low=0.01, high=0.95),
        HERE.parameter("epochs", 25, "whole", 1, 200),
        HERE.parameter("learning_rate", 0.1, low=1e-4, high=0.5),
    ),
    tables=(
        HERE.table("trainings", ("training", "equal", "distance", "low", "median", "high")),
        HERE.table("permuted", ("what", "largest")),
        HERE.table("widths", ("start", "width", "low", "median", "high")),
        HERE.table("noise", ("noise", "epoch", "low", "median", "high"), shown=False, left=0),
    ),
    figures=(
        HERE.figure("widths"),
        HERE.figure("noise", width=7.0),
    ),
    claims=(
        HERE.claim("permuted", high=_ROUNDING),
        HERE.claim("forward", high=_ROUNDING),
        HERE.claim("backward", high=_ROUNDING),
        HERE.claim("kept", high=_EQUAL),
        HERE.claim("limits", high=-0.2),
        HERE.claim("dropout", low=0.5),
        HERE.claim("dropout-score", low=0.9, of_notes=False),
        HERE.claim("others", high=_EQUAL, of_notes=False),
        HERE.claim("one-unit", high=1e-4, of_notes=False),
        HERE.claim("noise", low=0.5, of_notes=False),
        HERE.claim("waiting", high=10, of_notes=False),
    ),
    small={"seeds": 6, "width": 8, "noise": (1e-2, 1e-4), "epochs": 15},
)
