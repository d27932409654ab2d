"""Classes of so few rows that scores hardly show them, said before anything rests on such scores."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from goodfit.words import share_text

FAR_FROM_EVEN = 0.1  # of the rows that a class would have if all were alike: fewer are rare, however many they are
FEW, UNEVEN = 25, 0.5  # so few rows are rare where they are less than this share of those
FOLDS, LEARNING = 5, 0.8  # of the default training: what is not sealed is divided into folds
MOST_NAMED = 3
ADVICE = (
    "Accuracy hardly shows it. Weigh the classes with --class-weight balanced (class_weight), and see each class with "
    "goodfit measure."
)


def rare_classes(y: NDArray[np.generic], classes: Sequence[str], folds: int = FOLDS, share: float = LEARNING) -> str:
    """Which classes are rare among codes [N], with their rows a fold, and what to do; "" where none is.

    share: of the rows, that folds are made of
    """
    counts = np.bincount(y.astype(np.int64), minlength=len(classes))
    even = len(y) / max(len(classes), 1)
    rare = np.flatnonzero((counts < FAR_FROM_EVEN * even) | ((counts < FEW) & (counts < UNEVEN * even)))
    rare = rare[np.argsort(counts[rare], kind="stable")]
    rare = rare[counts[rare] > 0]
    if not len(rare):
        return ""
    told = [
        f"class {classes[code]!r} has {counts[code]:,} of {len(y):,} rows ({share_text(counts[code] / len(y))}), "
        f"{_about(share * counts[code] / folds)} in each of {folds} folds"
        for code in rare[:MOST_NAMED]
    ]
    more = f"; and {len(rare) - MOST_NAMED} more" if len(rare) > MOST_NAMED else ""
    return f"Rare: {'; '.join(told)}{more}. {ADVICE}"


def _about(rows: float) -> str:
    return f"about {round(rows):,}" if rows >= 0.9 else "fewer than 1"
