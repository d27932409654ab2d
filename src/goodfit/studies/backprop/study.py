"""Section 4.6: the forward pass, the backward pass, and what they cost."""

from __future__ import annotations

from goodfit.studies.folders import Folder
from goodfit.studies.parameters import seeds

_ROUNDING = 1e-12  # of float64, over sums of some thousand terms

DIFFERENCED = 5  # seeds whose gradients are checked by finite differences
RATE = 0.01  # of the step that is tried

HERE = Folder(__file__, RATE=RATE, DIFFERENCED=DIFFERENCED)
UNTIMED = HERE.words("reasons", "untimed")
NO_MEMORY = HERE.words("reasons", "no-memory")

STUDY = HERE.study(
    "4.6",
    parameters=(
        *seeds(20, 2, 200),
        HERE.parameter("hidden", 3, "whole", 1, 8),
        HERE.parameter("l2", 0.1, low=0, high=10, flag="lambda"),
        HERE.parameter("activation", "relu", "choice", choices=("relu", "tanh", "sigmoid")),
        HERE.parameter("widths", (64, 256, 512), "whole", 1, 2048, many=True),
        HERE.parameter("batches", (16, 256), "whole", 1, 2048, many=True),
        HERE.parameter("rounds", 20, "whole", 6, 200),
        HERE.parameter("depth", 16, "whole", 2, 32),
        HERE.parameter("batch", 256, "whole", 256, 1024),
    ),
    tables=(
        HERE.table("nodes", ("node", "formula", "shape", "value", "gradient"), left=5),
        HERE.table("edges", ("back", "rule", "gradient"), left=3),
        HERE.table("times", ("width", "batch", "forward", "both", "ratio", "low", "high", "counted"), left=0),
        HERE.table("memory", ("depth", "batch", "forward", "both", "formula", "share", "ratio"), left=0),
    ),
    figures=(
        HERE.figure("passes", table="edges"),
        HERE.figure("costs", table="times"),
    ),
    claims=(
        HERE.claim("forward", high=_ROUNDING),
        HERE.claim("chain", high=_ROUNDING),
        HERE.claim("step", low=0.5),
        HERE.claim("differences", high=1e-6, of_notes=False),
        HERE.claim("single", high=1e-5, of_notes=False),
        HERE.claim("cost", low=2, high=4, of_notes=False),
        HERE.claim("memory", low=2, of_notes=False),
        HERE.claim("formula", low=1, high=2.5, of_notes=False),
    ),
    small={"seeds": 6, "widths": (32,), "batches": (16,), "rounds": 6, "depth": 4},
)
