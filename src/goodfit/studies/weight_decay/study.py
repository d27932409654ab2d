"""Section 4.4: 200 inputs and 20 rows, with and without a penalty; L1 beside L2."""

from goodfit.studies.folders import Folder

NORMS = {  # of the weights, which the notes print
    "loss-0": 12.963241577148438,
    "loss": 0.3556520938873291,
    "step-0": 13.727912902832031,
    "step": 0.3890590965747833,
}

HERE = Folder(__file__)
NO_PENALTY = HERE.words("reasons", "no-penalty")
STUDY = HERE.declared(printed=tuple(HERE.printed(name, value) for name, value in NORMS.items()))
