"""Section 4.1.1.2: what one hidden layer can approximate, how well, and on what conditions."""

from __future__ import annotations

from goodfit.studies.folders import Folder
from goodfit.studies.parameters import seeds
from goodfit.studies.tabulating import interval
from goodfit.studies.universal_approximation.targets import TargetFunction

CHOICES = ("relu", "tanh", "sigmoid", "leaky-relu", "elu", "selu", "gelu", "silu", "softplus", "mish")
DEEP_FROM = 16  # units of one layer from which deeper nets stand beside it

HERE = Folder(__file__, DEEP_FROM=DEEP_FROM)
NOT_DEEP = HERE.words("reasons", "not-deep")

STUDY = HERE.study(
    "4.1.1.2",
    parameters=(
        *seeds(5, high=50),
        HERE.parameter("formula", "sin(3*x) + abs(x)", "text", check=TargetFunction),
        HERE.parameter("widths", (1, 2, 4, 8, 16, 32, 64, 128, 256), "whole", 1, 512, many=True),
        HERE.parameter("activation", "relu", "choice", choices=CHOICES),
        HERE.parameter("epochs", 300, "whole", 1, 2000),
        HERE.parameter("learning_rate", 0.005, low=1e-5, high=1),
    ),
    tables=(
        HERE.table(
            "errors",
            (
                "target",
                "hidden",
                "layers",
                "units",
                "parameters",
                *interval("rms"),
                *interval("largest"),
                "hand_rms",
                "hand_largest",
            ),
            left=2,
        ),
        HERE.table("fits", ("target", "units", "x", "value"), shown=False),
    ),
    figures=(
        HERE.figure("errors-by-width", table="errors"),
        HERE.figure("fits"),
    ),
    claims=(
        HERE.claim("approximates", high=0.02),
        HERE.claim("exists", high=1e-3),
        HERE.claim("any-function", high=0.1),
        HERE.claim("learned", high=1, of_notes=False),
        HERE.claim("deeper", high=1),
        HERE.claim("wider", high=0.1, of_notes=False),
        HERE.claim("step-in-the-mean", high=0.05, of_notes=False),
        HERE.claim("bounded", low=10, of_notes=False),
        HERE.claim("formula", high=0.02, of_notes=False),
    ),
    small={"seeds": 3, "widths": (1, 8, 64), "epochs": 80, "learning_rate": 0.02},
)
