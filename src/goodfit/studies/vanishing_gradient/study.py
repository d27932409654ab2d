"""Section 4.7.1: gradients that shrink on their way back."""

from __future__ import annotations

from goodfit.studies.folders import Folder
from goodfit.studies.parameters import seeds

HERE = Folder(__file__)

STUDY = HERE.study(
    "4.7.1",
    parameters=(
        *seeds(10, 2, 100),
        HERE.parameter("depth", 16, "whole", 4, 32),
        HERE.parameter("width", 32, "whole", 8, 128),
        HERE.parameter("epochs", 16, "whole", 1, 100),
        HERE.parameter("learning_rate", 0.1, low=1e-4, high=1),
        HERE.parameter("reach", 8.0, low=1, high=50),
    ),
    tables=(
        HERE.table(
            "starts", ("activation", "start", "depth", "theory", "low", "median", "high", "slope", "saturated"), left=2
        ),
        HERE.table("accuracy", ("activation", "start", "depth", "low", "median", "high"), left=2),
        HERE.table("layers", ("activation", "start", "when", "layer", "low", "median", "high"), shown=False, left=3),
        HERE.table("updates", ("activation", "start", "layer", "low", "median", "high"), shown=False, left=2),
        HERE.table(
            "slopes",
            ("x", "sigmoid", "sigmoid_gradient", "tanh", "tanh_gradient", "relu", "relu_gradient"),
            shown=False,
            left=0,
        ),
    ),
    figures=(
        HERE.figure("slopes"),
        HERE.figure("layers"),
        HERE.figure("learning", table="updates"),
    ),
    claims=(
        HERE.claim("ends", high=0.01),
        HERE.claim("vanishes", high=1e-3),
        HERE.claim("front", high=0.1),
        HERE.claim("hard", high=-0.3),
        HERE.claim("tanh", high=1e-3),
        HERE.claim("extremes", low=0.1),
        HERE.claim("relu", low=0.1),
        HERE.claim("default", low=0.2),
        HERE.claim("maximum", low=0.25, high=0.25, of_notes=False),
        HERE.claim("bound", high=1, of_notes=False),
        HERE.claim("tanh-small", high=1e-3, of_notes=False),
        HERE.claim("relu-small", low=0.1, of_notes=False),
        HERE.claim("relu-tanh", low=-0.02, of_notes=False),
    ),
    small={"seeds": 3, "depth": 8, "width": 16, "epochs": 4},
)
