"""Small histories and verdicts for the tests of reports."""

from __future__ import annotations

from typing import Any

import numpy as np

from goodfit.training.history import History

VERDICT: dict[str, Any] = {
    "kind": "underfit",
    "sentence": "A wider net does surely better.",
    "reasons": ["Wider gains 0.02 of accuracy."],
    "measured_by": "accuracy",
    "higher_is_better": True,
    "margin": 0.01,
    "base": {"score": 0.94, "low": 0.92, "high": 0.96, "train": 0.95},
    "probes": [
        {
            "name": "wider",
            "side": "freer",
            "change": "hidden 64 -> 128",
            "fields": {"hidden": [128]},
            "score": 0.96,
            "difference": 0.02,
            "low": 0.012,
            "high": 0.03,
            "status": "better",
        },
        {
            "name": "higher rate",
            "side": "rate",
            "change": "learning_rate 0.001 -> 0.1",
            "fields": {"learning_rate": 0.1},
            "score": None,
            "difference": None,
            "low": None,
            "high": None,
            "status": "cannot tell",
        },
    ],
    "advice": {"probe": "wider", "change": "hidden 64 -> 128", "gain": 0.02, "low": 0.012, "high": 0.03},
    "folds": 5,
    "seeds": 2,
    "repeats": 1,
    "level": 0.95,
    "simultaneous": True,
    "more": None,
    "seconds": 12.3,
    "share": 0.8,
}


def history(nets: int = 2, epochs: int = 6) -> History:
    rng = np.random.default_rng(nets)
    names = [f"{part}_{kind}" for part in ("train", "valid") for kind in ("loss", "score")]
    return History(
        epochs=np.arange(1, epochs + 1),
        seeds=np.arange(nets),
        values={name: rng.uniform(0.2, 0.9, (epochs, nets)) for name in names},
        best_epoch=np.full(nets, epochs - 1),
        stopped_epoch=np.full(nets, epochs),
        frozen=np.zeros(nets, bool),
    )
