"""Section 4.1.1.1: layers without activations collapse into one, layers with activations do not."""

from __future__ import annotations

from goodfit.studies.folders import Folder
from goodfit.studies.parameters import seeds
from goodfit.studies.tabulating import interval

CHOICES = ("relu", "tanh", "sigmoid", "leaky-relu", "elu", "selu", "gelu", "silu", "softplus", "mish", "prelu")
BEST_LINE = 2 / 3
"""Share of points that the best straight line gets right. On xor, x2 - x1 > c against the rest gets
(3 - c^2/2 - (1 - c)^2) / 4 right, at most 2/3, for c = 2/3. On circles without noise a tangent of the inner one, which
cuts off a third of the outer one, gets 1/2 + 1/6.
"""

HERE = Folder(__file__)

STUDY = HERE.study(
    "4.1.1.1",
    parameters=(
        *seeds(20, high=200),
        HERE.parameter("width", 16, "whole", 1, 128),
        HERE.parameter("layers", 3, "whole", 2, 8),
        HERE.parameter("first", "relu", "choice", choices=CHOICES),
        HERE.parameter("second", "tanh", "choice", choices=CHOICES),
        HERE.parameter("rows", 400, "whole", 50, 2000),
        HERE.parameter("epochs", 100, "whole", 1, 500),
        HERE.parameter("learning_rate", 0.01, low=1e-5, high=1),
    ),
    tables=(
        HERE.table("accuracy", ("set", "net", "layers", "mean", "low", "high"), left=2),
        HERE.table("collapse", ("layers", "width", "algebra", "folded", "single"), left=0),
        HERE.table("pairs", ("first", "second", *interval("xavier"), *interval("small")), left=2),
    ),
    figures=(
        HERE.figure("regions", table="accuracy", width=7.6),
        HERE.figure("accuracy-by-depth", table="accuracy"),
    ),
    claims=(
        HERE.claim("folds", high=1e-6),
        HERE.claim("simple-fails", high=BEST_LINE),
        HERE.claim("no-gain", low=-0.05, high=0.05),
        HERE.claim("hidden-solves", low=0.95),
        HERE.claim("more-layers", low=0),
        HERE.claim("mixed-bends", low=0.01),
        HERE.claim("float32", high=1e-5, of_notes=False),
        HERE.claim("small-straight", high=1e-3, of_notes=False),
    ),
    small={"seeds": 6, "layers": 2, "epochs": 60, "rows": 200, "learning_rate": 0.02},
)
