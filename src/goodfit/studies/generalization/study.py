"""Sections 4.3.1 and 4.3.2: training error against generalisation error, and what test and validation rows can say."""

from __future__ import annotations

from goodfit.studies.folders import Folder
from goodfit.studies.parameters import seeds
from goodfit.studies.tabulating import bands

POINTS = 0.02  # what counts as a difference: two points of accuracy, about what separates the notes' models

HERE = Folder(__file__)
ONE_VALUE = HERE.words("reasons", "one-value")

STUDY = HERE.study(
    "4.3.1-2",
    parameters=(
        *seeds(20, high=200),
        HERE.parameter("rows", (25, 100, 400, 1600), "whole", 10, 5000, many=True),
        HERE.parameter("few", 100, "whole", 20, 1000),
        HERE.parameter("widths", (1, 2, 4, 8, 16, 64), "whole", 1, 512, many=True),
        HERE.parameter("l2", (0.0, 0.003, 0.01, 0.03, 0.1, 0.3), low=0, high=10, many=True),
        HERE.parameter("flips", 0.1, low=0, high=0.4),
        HERE.parameter("tries", 100, "whole", 2, 400),
        HERE.parameter("test_rows", 1000, "whole", 20, 2000),
    ),
    tables=(
        HERE.table("errors", ("varied", "rows", "width", "l2", "parameters", *bands("train", "fresh"), "norm")),
        HERE.table("test_sets", ("rows", "sets", *bands("off"), "deviation", "binomial"), left=0),
        HERE.table("looks", ("looks", *bands("optimism"), "mean", "plain", "widened"), left=0),
        HERE.table("leaks", ("rows", *bands("valid", "fresh"))),
    ),
    figures=(
        HERE.figure("rows", table="errors"),
        HERE.figure("causes", table="errors"),
        HERE.figure("looks"),
    ),
    claims=(
        HERE.claim("simple-close", low=-POINTS, high=POINTS),
        HERE.claim("complex-apart", low=POINTS),
        HERE.claim("complex-trains", high=0),
        HERE.claim("complex-worse", low=0),
        HERE.claim("complex-better", high=0, of_notes=False),
        HERE.claim("many-parameters", low=POINTS),
        HERE.claim("ever-worse", low=0, of_notes=False),
        HERE.claim("large-range", low=POINTS),
        HERE.claim("few-rows", low=POINTS),
        HERE.claim("test-unbiased", low=-POINTS / 4, high=POINTS / 4),
        HERE.claim("test-off", low=POINTS),
        HERE.claim("unlike-rows", low=POINTS),
        HERE.claim("best-optimistic", low=POINTS / 4),
        HERE.claim("plain-interval", low=0.95, of_notes=False),
        HERE.claim("widened-interval", low=0.95, of_notes=False),
        HERE.claim("kept-apart", low=-POINTS, high=POINTS),
        HERE.claim("mixed-in", low=POINTS),
    ),
    small={
        "seeds": 6,
        "rows": (25, 200),
        "few": 50,
        "widths": (1, 4, 16),
        "l2": (0.0, 0.1),
        "tries": 20,
        "test_rows": 200,
    },
)
