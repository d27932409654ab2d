"""Section 4.2: the notes' net on Fashion-MNIST, with many seeds, and with the test rows used as they should be."""

from __future__ import annotations

from goodfit.studies.folders import Folder
from goodfit.studies.parameters import seeds
from goodfit.studies.tabulating import bands

SWING = 5  # epochs at the end, over which the test accuracy of a net is watched
LATE = 3  # epochs at the end whose accuracies are averaged, since single ones move by several points

HERE = Folder(__file__, LATE=LATE, SWING=SWING)

STUDY = HERE.study(
    "4.2",
    parameters=(
        *seeds(5, high=50),
        HERE.parameter("data", "fashion-mnist", "choice", choices=("fashion-mnist", "digits")),
        HERE.parameter("rows", 60_000, "whole", 300, 60_000),
        HERE.parameter("hidden", 256, "whole", 1, 1024),
        HERE.parameter("epochs", 10, "whole", SWING, 200),
        HERE.parameter("learning_rate", 0.1, low=1e-4, high=1),
    ),
    tables=(
        HERE.table("accuracies", ("model", "parameters", "rows", "test_rows", *bands("train", "test"))),
        HERE.table("choices", ("seed", "chosen", "held", "test", "tempting", "best", "last"), left=0),
        HERE.table("curves", ("model", "epoch", *bands("train_loss", "train", "test")), shown=False),
        HERE.table("validation", ("epoch", *bands("held", "test")), shown=False),
        HERE.table("predictions", ("row", "is", "says", "share", "right"), shown=False),
    ),
    figures=(
        HERE.figure("curves"),
        HERE.figure("choices", table="validation"),
        HERE.figure("predictions"),
    ),
    claims=(
        HERE.claim("hidden-better", low=0),
        HERE.claim("loss-falls", high=0.5, of_notes=False),
        HERE.claim("accurate", low=0.8, of_notes=False),
        HERE.claim("no-gap", low=-0.03, high=0.03, of_notes=False),
        HERE.claim("moves", high=0.01, of_notes=False),
        HERE.claim("test-once", high=1),
        HERE.claim("tempting", low=0.001, of_notes=False),
        HERE.claim("validation-honest", low=-0.02, high=0.02),
        HERE.claim("rows-held-back", high=0.01, of_notes=False),
        HERE.claim("surer-where-right", low=0.1, of_notes=False),
    ),
    small={"data": "digits", "seeds": 3, "rows": 1200, "hidden": 64, "epochs": 120},
)
