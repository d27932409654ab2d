"""Section 4.3.2: what K-fold cross-validation says of a net, against the truth, and what it costs."""

from __future__ import annotations

from goodfit.studies.folders import Folder
from goodfit.studies.parameters import seeds
from goodfit.studies.tabulating import bands, interval

TENTH = 0.1  # of the true error: what counts as near

HERE = Folder(__file__)

STUDY = HERE.study(
    "4.3.2",
    parameters=(
        *seeds(80, high=500),
        HERE.parameter("rows", 40, "whole", 20, 200),
        HERE.parameter("folds", (2, 5, 10), "whole", 2, 20, many=True),
        HERE.parameter("hidden", 8, "whole", 1, 128),
        HERE.parameter("noise", 0.5, low=0, high=10),
        HERE.parameter("epochs", 200, "whole", 10, 2000),
    ),
    tables=(
        HERE.table(
            "methods",
            (
                "method",
                "nets",
                "rows",
                "passes",
                *interval("bias"),
                *bands("off"),
                "deviation",
                "distance",
                "correlation",
            ),
        ),
        HERE.table("estimates", ("method", "seed", "estimate", "truth"), shown=False),
        HERE.table("folds", ("fold", "row", "validates"), shown=False, left=0),
    ),
    figures=(
        HERE.figure("folds"),
        HERE.figure("methods"),
        HERE.figure("sets", table="estimates"),
    ),
    claims=(
        HERE.claim("apart", low=0, high=0),
        HERE.claim("each-once", low=1, high=1),
        HERE.claim("half-pessimistic", low=1 - TENTH, high=1 + TENTH),
        HERE.claim("bias-falls", low=0, of_notes=False),
        HERE.claim("nearly-unbiased", low=-2 * TENTH, high=2 * TENTH),
        HERE.claim("average-steadier", low=0, of_notes=False),
        HERE.claim("all-folds-no-nearer", low=TENTH, of_notes=False),
        HERE.claim("this-net", low=0.5, of_notes=False),
        HERE.claim("plain-interval", low=0.95, of_notes=False),
        HERE.claim("corrected-interval", low=0.95, of_notes=False),
    ),
    small={"seeds": 20, "rows": 24, "folds": (2, 5), "epochs": 100},
)
