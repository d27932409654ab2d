"""Section 4.3.4: the same cubic fitted with enough, too few and too many terms."""

from __future__ import annotations

from goodfit.studies.folders import Folder
from goodfit.studies.parameters import seeds
from goodfit.studies.tabulating import bands

FITS = {"right": 4, "few": 2, "many": 20}  # fit -> features, x^i / i! from i = 0 on
NOTED = {  # the weights that the notes print
    "right": (5.019143, 1.2220006, -3.4235666, 5.571755),
    "few": (2.6972198, 4.2307568),
    "many": (
        *(4.992059, 1.3058902, -3.3531423, 5.1164446, -0.1114100, 1.3032119, 0.12679203, 0.16655836, 0.05129979),
        *(-0.02275036, 0.0080622, -0.05167824, -0.02426303, -0.01502204, -0.04941358, 0.06389866, -0.04761846),
        *(-0.04380165, -0.05188227, 0.05655775),
    ),
}
EDGE = 0.08  # beyond which a weight, drawn within 0.07 of zero, has been learned

HERE = Folder(__file__, EDGE=EDGE)

STUDY = HERE.study(
    "4.3.4",
    parameters=(
        *seeds(100),
        HERE.parameter("rows", 100, "whole", 10, 1000),
        HERE.parameter("noise", 0.1, low=0, high=10),
        HERE.parameter("epochs", 400, "whole", 10, 5000),
        HERE.parameter("long_epochs", 1500, "whole", 10, 5000),
        HERE.parameter("learning_rate", 0.01, low=1e-5, high=1),
    ),
    tables=(
        HERE.table("losses", ("fit", "features", *bands("train", "test"))),
        HERE.table("weights", ("fit", "power", "true", "notes", "mean", "low", "high"), shown=False),
        HERE.table("curves", ("fit", "epoch", *bands("train", "test")), shown=False),
    ),
    figures=(
        HERE.figure("curves"),
        HERE.figure("weights"),
    ),
    claims=(
        HERE.claim("notes-features", high=1e-5),
        HERE.claim("notes-labels", high=3),
        HERE.claim("right-fits", high=4),
        HERE.claim("few-underfits", low=20),
        HERE.claim("few-both-high", low=1 / 2, high=2),
        HERE.claim("many-overfits", low=1.2),
        HERE.claim("many-worse", low=1),
        HERE.claim("high-powers", low=0.5, of_notes=False),
        HERE.claim("notes-inside", low=0.8, of_notes=False),
    ),
    printed=tuple(
        HERE.printed(f"{fit}-{at}", NOTED[fit][at], "weight", at=at, features=features)
        for fit, features in FITS.items()
        for at in range(features)
    ),
    small={"seeds": 20},
)
