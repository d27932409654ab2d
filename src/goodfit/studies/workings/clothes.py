"""What the study of section 4.2 measures: the notes' net and softmax regression on images, seeds by seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.studies.declaring import Measured, Tell
from goodfit.studies.estimates import Estimate, exactly, mean_of, ratio_of
from goodfit.studies.parameters import Given
from goodfit.studies.tabulating import band, table_of
from goodfit.studies.workings.images import Images, curve_rows, images, late

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HELD = 6  # one row in so many validates, where epochs are chosen rightly: 10,000 of 60,000
SHOWN = 8  # images of right, and of wrong predictions
LEAST = 1e-4  # of an accuracy: one test image
SWING = 5  # epochs at the end, over which the test accuracy of a net is watched
MODELS = {"mlp": "784-256-10 (4.2)", "softmax": "no hidden layer"}


def measure(given: Given, tell: Tell) -> Measured:
    """The notes' training, softmax regression, and the training with validation rows beside it."""
    from goodfit.studies.populations import train
    from goodfit.training.recipe import CHAPTER

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
    curves = [row for name, each in models.items() for row in curve_rows(name, each, 0)]
    return Measured(
        tables={
            "curves": table_of(curves),
            "accuracies": table_of([_accuracies(name, each, found) for name, each in models.items()]),
            "choices": choices,
            "validation": table_of(_validation(rightly)),
            "predictions": guesses,
        },
        claims=_claims(given, notes, softmax, rightly, choices, sure),
        arrays=arrays,
    )


def _accuracies(name: str, found: Any, data: Images) -> dict[str, Any]:
    parts = {"train": found["train_score"][0], "test": found["test_score"][0]}
    weights = sum(w.size + b.size for w, b in zip(found.nets[0][0].weights, found.nets[0][0].biases, strict=True))
    each = {key: value for part, values in parts.items() for key, value in band(part, late(values)).items()}
    return {"model": name, "parameters": weights, "rows": len(data.training), "test_rows": len(data.test), **each}


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


def _validation(found: Any) -> list[dict[str, Any]]:
    held, test = found["held_score"][0].T, found["test_score"][0].T
    return [{"epoch": at + 1, **band("held", held[at]), **band("test", test[at])} for at in range(len(held))]


def _predictions(
    found: Images, recipe: Any, nets: Any
) -> tuple[dict[str, list[Any]], dict[str, Any], tuple[np.ndarray, np.ndarray]]:
    """What the first net says of every test row; pixels of some; how sure all nets are where right and where wrong."""
    from goodfit.studies.workings.fresh import outputs

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
        "hidden-better": mean_of(late(test) - late(softmax["test_score"][0])),
        "loss-falls": ratio_of(loss[:, -1], loss[:, 0]),
        "accurate": mean_of(late(test)),
        "no-gap": mean_of(late(train) - late(test)),
        "moves": ratio_of(np.maximum(np.ptp(test[:, -SWING:], axis=1), LEAST)),
        "test-once": exactly(given.epochs),
        "tempting": mean_of(best - picked),
        "validation-honest": mean_of(held - picked),
        "rows-held-back": mean_of(late(test) - late(rightly["test_score"][0])),
        "surer-where-right": mean_of(sure[0] - sure[1]),
    }


def draw_curves(measured: Measured, width: float) -> Figure:
    """The notes' figure of the training, and the same for softmax regression."""
    from goodfit.studies.workings.images import draw_training

    parts = {"train_loss": "training loss", "train": "training accuracy", "test": "test accuracy"}
    return draw_training(measured, width, {"mlp": "one hidden layer", "softmax": MODELS["softmax"]}, parts)


def draw_predictions(measured: Measured, width: float) -> Figure:
    """Images that one net gets right, and images that it gets wrong."""
    from goodfit.figures.style import COLOURS, INK, NARROW, house_style, new_figure

    table, shown, pixels = measured.tables["predictions"], measured.arrays["shown"], measured.arrays["pixels"]
    columns = SHOWN // 2 if width < NARROW else SHOWN
    with house_style():
        lines = -(-SHOWN // columns)
        figure = new_figure(width, 2 * lines * (width / columns + 0.5) + 0.6)
        halves: Any = figure.subfigures(2, 1)
        for half, right in zip(halves, (True, False), strict=True):
            half.suptitle("right" if right else "wrong: what it says (what it is)", x=0.01, ha="left")
            grid = half.subplots(lines, columns, squeeze=False).ravel()
            for axes in grid:
                axes.axis("off")
            places = [at for at, row in enumerate(shown) if table["right"][row] == right]
            for axes, at in zip(grid, places, strict=False):
                row = shown[at]
                axes.imshow(pixels[at], cmap="gray_r", vmin=0, vmax=1, interpolation="nearest")
                name = table["says"][row] if right else f"{table['says'][row]}\n({table['is'][row]})"
                axes.set_title(
                    name, fontsize=8.8, fontweight="normal", color=INK if right else COLOURS[5], loc="center"
                )
    return figure


def draw_choices(measured: Measured, width: float) -> Figure:
    """Validation and test accuracy by epoch; and what each way of choosing an epoch reports."""
    from goodfit.figures.panels import legend_below, line, panels
    from goodfit.figures.style import COLOURS, FAINT, MARKERS, NARROW, house_style, whole_numbers

    by_epoch, choices = measured.tables["validation"], measured.tables["choices"]
    with house_style():
        figure, (curves, seeds) = panels(2, width, height=3.6)
        handles = {}
        for place, (part, words) in enumerate((("held", "validation rows"), ("test", "test rows"))):
            lines = [by_epoch[f"{part}_{which}"] for which in ("median", "low", "high")]
            handles[words] = line(curves, by_epoch["epoch"], *lines, place=place)
        curves.set(title="accuracy by epoch", xlabel="epoch", ylabel="share of rows")
        whole_numbers(curves)
        ways = {"last": "last epoch", "test": "chosen by\nvalidation", "best": "best on\ntest rows"}
        table = np.array([choices[way] for way in ways])  # [3, S]
        for values in table.T:
            seeds.plot(range(len(ways)), values, color=FAINT, linewidth=0.8)
        for place, values in enumerate(table):
            seeds.plot([place] * len(values), values, MARKERS[place], color=COLOURS[place], markersize=6)
        seeds.set(title="test accuracy reported", xticks=range(len(ways)), xlim=(-0.4, len(ways) - 0.6))
        seeds.set_xticklabels(ways.values())
        seeds.set_ylabel("share of test rows")
        title = "line: median over seeds; band: the middle 95 %; right or below: a thin line a seed"
        title = title if width >= NARROW else "band: the middle 95 % of seeds; thin line: a seed"
        legend_below(figure, handles, title=title, narrow=width < NARROW)
    return figure
