"""Section 4.3.3: underfitting, overfitting, the capacity between them, and the remedies."""

from __future__ import annotations

from goodfit.studies.folders import Folder
from goodfit.studies.parameters import seeds
from goodfit.studies.tabulating import bands

MORE = 4  # times the rows, where more data are the remedy

HERE = Folder(__file__, MORE=MORE)
FEW_WIDTHS = HERE.words("reasons", "few-widths")

STUDY = HERE.study(
    "4.3.3",
    parameters=(
        *seeds(100, high=500),
        HERE.parameter("nets", 24, "whole", 2, 200),
        HERE.parameter("rows", 30, "whole", 20, 200),
        HERE.parameter("noise", 0.3, low=0, high=3),
        HERE.parameter("degree", 12, "whole", 2, 19),
        HERE.parameter("widths", (1, 2, 4, 8, 16, 64), "whole", 1, 256, many=True),
        HERE.parameter("epochs", 3000, "whole", 50, 10_000),
    ),
    tables=(
        HERE.table("best", ("varied", "best", "median", "low", "high", *bands("own"), "fresh")),
        HERE.table("remedies", ("model", "remedy", "gain", "low", "high", *bands("each")), left=2),
        HERE.table("errors", ("varied", "value", *bands("train", "fresh"), "size")),
        HERE.table("fits", ("degree", "x", "target", "fit"), shown=False),
    ),
    figures=(
        HERE.figure("curves", table="errors"),
        HERE.figure("fits"),
        HERE.figure("causes", table="errors"),
        HERE.figure("remedies"),
        HERE.figure("beyond", table="errors"),
    ),
    claims=(
        HERE.claim("under-train", low=2),
        HERE.claim("under-both", low=1 / 1.5, high=1.5),
        HERE.claim("best-inside", low=0.9),
        HERE.claim("best-close", high=3),
        HERE.claim("over-train", high=1),
        HERE.claim("over-fresh", low=1.5),
        HERE.claim("over-gap", low=2),
        HERE.claim("few-rows", low=1.5),
        HERE.claim("width-under", low=1.5),
        HERE.claim("width-over", low=1.5),
        HERE.claim("width-gap", low=2),
        HERE.claim("l2-polynomial", low=1),
        HERE.claim("data-polynomial", low=1),
        HERE.claim("l2-net", low=1),
        HERE.claim("l1-net", low=1),
        HERE.claim("dropout-net", low=1),
        HERE.claim("data-net", low=1),
        HERE.claim("early-net", low=1),
        HERE.claim("second-descent", high=0.5, of_notes=False),
        HERE.claim("second-below", high=1, of_notes=False),
        HERE.claim("width-second", low=1.1, of_notes=False),
    ),
    small={"seeds": 20, "nets": 6, "degree": 10, "widths": (1, 4, 16), "epochs": 300},
)
