"""Section 4.7.2: gradients that grow on their way back."""

from __future__ import annotations

import math

from goodfit.studies.folders import Folder
from goodfit.studies.parameters import seeds

LEARNED = 0.5  # test accuracy from which a net of ten classes has learned

HERE = Folder(__file__, LEARNED=LEARNED)
OTHER_PRODUCTS = HERE.words("reasons", "other-products")

STUDY = HERE.study(
    "4.7.2",
    parameters=(
        *seeds(10, 6, 100),
        HERE.parameter("draws", 2000, "whole", 10, 10_000),
        HERE.parameter("size", 4, "whole", 2, 64),
        HERE.parameter("factors", 100, "whole", 1, 1000),
        HERE.parameter("deviation", 1.0, low=0.01, high=100),
        HERE.parameter("gain", 2.0, low=1.1, high=5),
        HERE.parameter("depth", 16, "whole", 4, 32),
        HERE.parameter("width", 32, "whole", 8, 128),
        HERE.parameter("epochs", 16, "whole", 1, 100),
        HERE.parameter("learning_rate", 0.03, low=1e-4, high=1),
        HERE.parameter("clip", 1.0, low=0.01, high=100),
    ),
    tables=(
        HERE.table("sizes", ("size", "draws", "theory", "rate", "low", "high", "ratio", "ratio_theory")),
        HERE.table("depths", ("gain", "depth", "theory", "low", "median", "high", "step")),
        HERE.table(
            "training", ("weights", "depth", "finite", "learned", "low", "high", "score_low", "score", "score_high")
        ),
        HERE.table("entries", ("matrix", "row", "column", "notes", "low", "median", "high")),
        HERE.table("growth", ("matrices", "low", "median", "high", "theory"), shown=False),
    ),
    figures=(
        HERE.figure("product", table="growth"),
        HERE.figure("sizes"),
        HERE.figure("depths"),
    ),
    claims=(
        HERE.claim("grows", low=0.99),
        HERE.claim("infinite", high=1000),
        HERE.claim("both", low=10),
        HERE.claim("large-alone", low=10),
        HERE.claim("deep-alone", low=10),
        HERE.claim("step", low=1),
        HERE.claim("unstable", low=0.5),
        HERE.claim("critical", low=0.5),
        HERE.claim("lyapunov", low=-0.01, high=0.01, of_notes=False),
        HERE.claim("notes-usual", low=0.025, high=0.975, of_notes=False),
        HERE.claim("rank-one", high=1e-3, of_notes=False),
        HERE.claim("notes-rank-one", high=1e-3, of_notes=False),
        HERE.claim("clipping-finite", low=0.5, of_notes=False),
        HERE.claim("clipping-learns", low=0.5, of_notes=False),
    ),
    printed=(
        HERE.printed("first", 2.7090),
        HERE.printed("product", math.log10(8.8308e26)),
        HERE.printed("smallest", math.log10(2.4050e25)),
    ),
    small={"seeds": 6, "draws": 200, "depth": 8, "width": 16, "epochs": 4},
)
