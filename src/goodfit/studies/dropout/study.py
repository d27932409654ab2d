"""Section 4.5: units dropped at random while a net trains."""

from __future__ import annotations

from goodfit.studies.folders import Folder
from goodfit.studies.parameters import seeds
from goodfit.studies.tabulating import bands

_EXACT = 1e-12  # roundings of float64, over a thousand masks
_CHANCE = 0.05  # by which a ratio of noises may be off 1: some thousand rows make it surer than that

HERE = Folder(__file__)
OFF = HERE.words("reasons", "off")

STUDY = HERE.study(
    "4.5",
    parameters=(
        HERE.parameter("data", "fashion-mnist", "choice", choices=("fashion-mnist", "digits")),
        *seeds(5, 2, 20),
        HERE.parameter("rows", 60_000, "whole", 256, 60_000),
        HERE.parameter("epochs", 10, "whole", 1, 40),
        HERE.parameter("learning_rate", 0.5, low=0.001, high=1),
        HERE.parameter("dropout1", 0.2, low=0, high=0.95),
        HERE.parameter("dropout2", 0.5, low=0, high=0.95),
        HERE.parameter("rates", (0.2, 0.4, 0.6, 0.8), low=0.01, high=0.95, many=True),
        HERE.parameter("few_rows", 1000, "whole", 64, 3000),
        HERE.parameter("few_epochs", 50, "whole", 2, 200),
        HERE.parameter("masks", 50, "whole", 10, 500),
    ),
    tables=(
        HERE.table(
            "nets",
            ("setting", "net", "running", "train", "test", "gap_median", "gap_low", "gap_high", "loss", "jump"),
            left=2,
        ),
        HERE.table("passes", ("place", "noise", "growth")),
        HERE.table("curves", ("net", "epoch", *bands("train_loss", "running", "train", "test")), shown=False),
        HERE.table("sweep", ("rate", *bands("train", "test", "test_loss")), shown=False, left=0),
        HERE.table("few", ("net", "epoch", *bands("test_loss", "gap")), shown=False),
        HERE.table("spread", ("level", *bands("right", "wrong")), shown=False, left=0),
    ),
    figures=(
        HERE.figure("curves"),
        HERE.figure("few"),
        HERE.figure("sweep"),
        HERE.figure("spread", width=6.4),
    ),
    claims=(
        HERE.claim("notes-gap", high=0),
        HERE.claim("notes-test", low=0),
        HERE.claim("figure-gap", low=-0.003, high=0.003, of_notes=False),
        HERE.claim("steady", high=0.01, of_notes=False),
        HERE.claim("overfits", low=0.05),
        HERE.claim("few-gap", high=0),
        HERE.claim("few-test", low=0),
        HERE.claim("few-loss", high=1),
        HERE.claim("best-test", low=0, of_notes=False),
        HERE.claim("slope", high=0, of_notes=False),
        HERE.claim("too-much", high=-0.01, of_notes=False),
        HERE.claim("narrow", high=1, of_notes=False),
        HERE.claim("random", low=0.99, high=1.01),
        HERE.claim("expectation", high=_EXACT),
        HERE.claim("layer", low=1 - _CHANCE, high=1 + _CHANCE),
        HERE.claim("outputs", low=1 - _CHANCE, high=1 + _CHANCE, of_notes=False),
        HERE.claim("votes", low=0.97, of_notes=False),
        HERE.claim("spread", low=1, of_notes=False),
        HERE.claim("doubt", low=0, of_notes=False),
    ),
    small={
        "data": "digits",
        "seeds": 4,
        "rows": 1000,
        "epochs": 30,
        "rates": (0.5,),
        "few_rows": 150,
        "few_epochs": 60,
        "masks": 12,
    },
)
