"""Section 4.4: 200 inputs and 20 rows, with and without a penalty; L1 beside L2."""

from __future__ import annotations

from goodfit.studies.folders import Folder
from goodfit.studies.parameters import seeds
from goodfit.studies.tabulating import bands

NORMS = {  # of the weights, which the notes print
    "loss-0": 12.963241577148438,
    "loss": 0.3556520938873291,
    "step-0": 13.727912902832031,
    "step": 0.3890590965747833,
}

HERE = Folder(__file__)
NO_PENALTY = HERE.words("reasons", "no-penalty")

STUDY = HERE.study(
    "4.4",
    parameters=(
        HERE.parameter("l2", 3.0, low=0, high=100, flag="lambda"),
        *seeds(100),
        HERE.parameter("inputs", 200, "whole", 10, 400),
        HERE.parameter("learning_rate", 0.003, low=1e-4, high=0.005),
    ),
    tables=(
        HERE.table("versions", ("net", "norm_median", "norm_low", "norm_high", "train_median", "test_median", "bias")),
        HERE.table("selection", ("penalty", "strength", "zeros", "found", "right", *bands("train", "test"))),
        HERE.table("path", ("penalty", "strength", *bands("train", "test"), "norm", "zeros"), shown=False),
        HERE.table("curves", ("net", "epoch", *bands("train", "test")), shown=False),
        HERE.table("weights", ("input", "l1", "l2"), shown=False),
    ),
    figures=(
        HERE.figure("curves"),
        HERE.figure("path"),
        HERE.figure("weights"),
    ),
    claims=(
        HERE.claim("train-falls", high=0.01),
        HERE.claim("test-stays", low=0.9),
        HERE.claim("norm-falls", high=0.5),
        HERE.claim("test-falls", high=0.9),
        HERE.claim("versions-differ", low=0.9, high=1.1),
        HERE.claim("norm-is-initial", low=0.9, high=1.1, of_notes=False),
        HERE.claim("beats-constant", high=1, of_notes=False),
        HERE.claim("bias", low=1, of_notes=False),
        HERE.claim("l1-zeros", low=0.5),
        HERE.claim("l2-zeros", high=0.001),
        HERE.claim("l1-selects", low=0.08),
        HERE.claim("l1-better", high=0.8, of_notes=False),
    ),
    printed=tuple(HERE.printed(name, value) for name, value in NORMS.items()),
    small={"seeds": 20},
)
