"""Trains the notes' net and softmax regression on images (4.2), with many seeds."""

from typing import Any

import numpy as np

from goodfit.studies.common.trained import outputs
from goodfit.studies.declaring import Measured, Tell
from goodfit.studies.estimates import Estimate, exactly, mean_gap, mean_share, ratio_of
from goodfit.studies.mlp_fashion_mnist.images import Images, images, late
from goodfit.studies.mlp_fashion_mnist.study import SWING
from goodfit.studies.parameters import Given
from goodfit.studies.populations import train
from goodfit.studies.tabulating import band, by_epoch, table_of
from goodfit.training.named_recipes import CHAPTER

HELD = 6  # one row in so many validates, where epochs are chosen rightly: 10,000 of 60,000
SHOWN = 8  # images of right, and of wrong predictions
LEAST = 1e-4  # of an accuracy: one test image


def measure(given: Given, tell: Tell) -> Measured:
    """The notes' training, softmax regression, and the training with validation rows beside it."""
    found = images(given.data, given.rows)
    seeds, rows = list(given.all_seeds), found.training
    recipe = CHAPTER.replace(hidden=(given.hidden,), learning_rate=given.learning_rate, epochs=given.epochs)
    tell(f"{given.seeds} nets on {len(rows):,} images")
    notes = train([recipe], found.examples(rows, test=found.test), seeds)
    tell(f"softmax regression with {given.seeds} seeds")
    softmax = train([recipe.replace(hidden=())], found.examples(rows, test=found.test), seeds)
    held, rest = rows[: len(rows) // HELD], rows[len(rows) // HELD :]
    tell(f"{given.seeds} nets on {len(rest):,} images, with {len(held):,} that validate")
    rightly = train([recipe], found.examples(rest, held=held, test=found.test), seeds)
    choices = _choices(seeds, rightly)
    guesses, arrays, sure = _predictions(found, recipe, notes.nets[0])
    models = {"mlp": notes, "softmax": softmax}
    every = range(1, given.epochs + 1)
    return Measured(
        tables={
            "curves": table_of([row for name, each in models.items() for row in _curves(name, each)]),
            "accuracies": table_of([_accuracies(name, each, found) for name, each in models.items()]),
            "choices": choices,
            "validation": table_of(by_epoch(every, {}, held=rightly["held_score"][0], test=rightly["test_score"][0])),
            "predictions": guesses,
        },
        claims=_claims(given, notes, softmax, rightly, choices, sure),
        arrays=arrays,
    )


def _accuracies(name: str, found: Any, data: Images) -> dict[str, Any]:
    weights = sum(w.size + b.size for w, b in zip(found.nets[0][0].weights, found.nets[0][0].biases, strict=True))
    sizes = {"model": name, "parameters": weights, "rows": len(data.training), "test_rows": len(data.test)}
    return sizes | band("train", late(found["train_score"][0])) | band("test", late(found["test_score"][0]))


def _choices(seeds: list[int], found: Any) -> dict[str, list[Any]]:
    """The epoch that validation rows choose, opened once; and the one that test rows would choose."""
    held, test = found["held_score"][0], found["test_score"][0]  # [S, E]
    known = np.isfinite(held) & np.isfinite(test)  # not so where a net had diverged
    chosen, tempting = (np.where(known, each, -1).argmax(1) for each in (held, test))
    at = np.arange(len(held))
    return {
        "seed": seeds,
        "chosen": chosen + 1,
        "held": held[at, chosen],
        "test": test[at, chosen],
        "tempting": tempting + 1,
        "best": test[at, tempting],
        "last": test[:, -1],
    }


def _curves(model: str, found: Any) -> list[dict[str, Any]]:
    loss, train, test = (found[metric][0] for metric in ("train_loss", "train_score", "test_score"))
    return by_epoch(range(1, loss.shape[1] + 1), {"model": model}, train_loss=loss, train=train, test=test)


def _predictions(
    found: Images, recipe: Any, nets: Any
) -> tuple[dict[str, list[Any]], dict[str, Any], tuple[np.ndarray, np.ndarray]]:
    """What the first net says of every test row; pixels of some; how sure all nets are where right and where wrong."""
    x, y = found.inputs(found.test), found.data.y[found.test]
    sure: tuple[list[float], list[float]] = ([], [])
    first: tuple[np.ndarray, np.ndarray] | None = None
    for net in nets:
        z = outputs(recipe, net, x)
        shares = np.exp(z - z.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        says, share = shares.argmax(1), shares.max(1)
        first = (says, share) if first is None else first
        sure[0].append(float(share[says == y].mean()))
        sure[1].append(float(share[says != y].mean()) if (says != y).any() else np.nan)
    says, share = first if first is not None else (y, np.ones(len(y)))
    right = says == y
    names = np.array(found.data.classes)
    table = {
        "row": list(found.test),
        "is": list(names[y]),
        "says": list(names[says]),
        "share": list(share),
        "right": list(right),
    }
    shown = np.concatenate([np.flatnonzero(right)[:SHOWN], np.flatnonzero(~right)[:SHOWN]])
    shape = found.data.image_shape or (1, found.data.n_inputs)
    return table, {"shown": shown, "pixels": x[shown].reshape(-1, *shape)}, (np.array(sure[0]), np.array(sure[1]))


def _claims(
    given: Given,
    notes: Any,
    softmax: Any,
    rightly: Any,
    choices: dict[str, list[Any]],
    sure: tuple[np.ndarray, np.ndarray],
) -> dict[str, Estimate]:
    test, train, loss = notes["test_score"][0], notes["train_score"][0], notes["train_loss"][0]
    picked, best, held = (np.asarray(choices[name]) for name in ("test", "best", "held"))
    return {
        "hidden-better": mean_gap(late(test) - late(softmax["test_score"][0])),
        "loss-falls": ratio_of(loss[:, -1], loss[:, 0]),
        "accurate": mean_share(late(test)),
        "no-gap": mean_gap(late(train) - late(test)),
        "moves": ratio_of(np.maximum(np.ptp(test[:, -SWING:], axis=1), LEAST)),
        "test-once": exactly(given.epochs),
        "tempting": mean_gap(best - picked),
        "validation-honest": mean_gap(held - picked),
        "rows-held-back": mean_gap(late(test) - late(rightly["test_score"][0])),
        "surer-where-right": mean_gap(sure[0] - sure[1]),
    }
