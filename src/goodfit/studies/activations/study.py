"""Section 4.1.2: activations and their derivatives, what they cost, and how fast nets learn with them."""

from __future__ import annotations

from goodfit.studies.folders import Folder
from goodfit.studies.parameters import seeds
from goodfit.studies.tabulating import interval

HERE = Folder(__file__)

STUDY = HERE.study(
    "4.1.2",
    parameters=(
        *seeds(10, low=6, high=100),
        HERE.parameter("rounds", 21, "whole", 6, 200),
        HERE.parameter("layers", 3, "whole", 1, 12),
        HERE.parameter("width", 32, "whole", 1, 128),
        HERE.parameter("rates", (0.03, 0.1, 0.3, 1.0), low=1e-4, high=10, many=True),
        HERE.parameter("epochs", 50, "whole", 1, 500),
    ),
    tables=(
        HERE.table(
            "facts",
            (
                "name",
                "mean",
                "saturated_1",
                "saturated_4",
                "forward",
                *interval("forward_ratio"),
                "both",
                *interval("both_ratio"),
            ),
        ),
        HERE.table("training", ("name", "rate", "epochs", "low", "high", "learned", "loss", "dead")),
        HERE.table("curves", ("name", "z", "value", "derivative"), shown=False),
        HERE.table("losses", ("name", "epoch", "low", "median", "high"), shown=False),
    ),
    figures=(
        HERE.figure("curves"),
        HERE.figure("costs", table="facts"),
        HERE.figure("losses"),
    ),
    claims=(
        HERE.claim("passes-or-blocks", low=1),
        HERE.claim("relu-eases", low=2),
        HERE.claim("relu-cheap", low=1.5),
        HERE.claim("exponential", low=50, high=200),
        HERE.claim("kink", low=0.5),
        HERE.claim("kink-matters", high=1e-3),
        HERE.claim("sigmoid-flat", high=1e-4),
        HERE.claim("tanh-flat", high=1e-4),
        HERE.claim("sigmoid-mean", low=0.1),
        HERE.claim("tanh-mean", low=-1e-6, high=1e-6),
        HERE.claim("tanh-faster", high=0.9),
        HERE.claim("relu-faster", high=0.9),
        HERE.claim("dead", low=0.1, of_notes=False),
    ),
    small={"seeds": 6, "rounds": 6, "width": 16, "epochs": 15, "rates": (0.1, 1.0)},
)
