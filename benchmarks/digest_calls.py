"""The calls of `benchmarks.digests` that train, search, draw curves and judge; each is small and gives its parts."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

import goodfit as gf
from benchmarks.digest_parts import Parts, divided, interrupted, public, resumed, score_name
from goodfit import data, runs, selection

Call = Callable[[], Parts]
SEEDS = (0, 1, 7)  # three nets: on two devices one place stays empty
SHOWN = 40  # rows that are predicted
BASE = gf.Recipe(hidden=(12,), epochs=6, batch_size=32, dropout=0.0)


def numbers(task: str, outputs: int, *, counts: bool = False) -> data.Dataset:
    """A small data set of a kind that the catalogue lacks: several targets, labels or counts."""
    rng = np.random.default_rng(3)
    x = rng.standard_normal((160, 5)).astype(np.float32)
    y: Any = (x + np.roll(x, 1, axis=1))[:, :outputs] * (1 + np.arange(outputs)) + 1
    y = y + rng.normal(size=y.shape) * 0.3
    if counts:
        y = rng.poisson(np.exp(np.clip(y / 3, -2, 2)))
    if task == "multilabel":
        return data.Dataset("labels", x, y > 1, "multilabel", tuple("abcde"[:outputs]))
    return data.Dataset("counts" if counts else "numbers", x, y, "regression", scale_targets=not counts)


def table() -> data.Table:
    """A table with gaps, categories and groups."""
    rng = np.random.default_rng(5)
    size, kind = rng.normal(size=120), rng.choice(["oak", "elm", "fir"], 120)
    price = 3 * size + (kind == "oak") + rng.normal(size=120) / 2
    size[::11] = np.nan
    frame = {"size": size, "kind": kind, "age": rng.integers(1, 90, 120), "plot": np.arange(120) // 4, "price": price}
    return data.table(frame, "price", group="plot")


def weights(nets: Iterable[Any]) -> list[Any]:
    """All that makes trained nets what they are."""
    return [
        [*net.weights, *net.biases, list(net.slopes), net.shift, net.scale, net.target_shift, net.target_scale]
        for net in nets
    ]


def of_run(run: Any) -> Parts:
    """The parts of a run."""
    history, task = run.history, run.task
    losses = {name: history[name] for name in history.metrics if name.endswith("loss")}
    scores = {name: history[name] for name in history.metrics if name.endswith("score")}
    return {
        "weights": weights(run.nets),
        "losses": [losses, history.best_epoch, history.stopped_epoch, history.frozen],
        f"{score_name(task)} of epochs": scores,
        score_name(task): {part: [each.value, each.low, each.high] for part, each in run.scores.items()},
        **divided(run.to_json(), task),
    }


def trained(recipe: gf.Recipe, source: Any, *, resume: bool = False, by_r2: bool = False, **more: Any) -> Parts:
    """Train; with `resume` also into a folder, interrupted after a chunk and gone on with.

    by_r2: R² decides when nets stop, so that all of them depends on how it is defined.
    """
    run = gf.train(recipe, source, **more)
    parts = of_run(run)
    if run.split is not None:
        parts["predictions"] = [net.outputs(run.split.x("train")[:SHOWN]) for net in run.nets]
    if resume:
        parts = _resumed_run(recipe, source, parts, more)
    return {name if "r2" in name else f"{name} by r2": value for name, value in parts.items()} if by_r2 else parts


def _resumed_run(recipe: gf.Recipe, source: Any, whole: Parts, more: Mapping[str, Any]) -> Parts:
    with tempfile.TemporaryDirectory() as kept:
        folder = Path(kept) / "run"
        cut_short = interrupted(
            lambda progress: gf.train(recipe, source, out=folder, progress=progress, **more),
            lambda progress: progress.phase == "train" and 0 < progress.epoch < recipe.epochs,
        )
        run = runs.resume(folder, None if isinstance(source, str) else source)
        found = of_run(run)
        model = public("load_model")(folder / "model.safetensors")
        loaded = runs.load(folder)
        parts = resumed(found, {name: whole[name] for name in found}, cut_short)
        parts["predictions"] = [whole["predictions"], weights(model.nets)]
        return {**parts, "loaded": weights(loaded.nets)}


def of_selection(found: Any) -> Parts:
    """The parts of a search."""
    name = score_name(found.task)
    stopped = [[each.setting, each.epochs, each.failed_folds] for each in found.stopped]
    parts: Parts = {
        "losses": [found.losses, found.train_losses, [each.loss for each in found.stopped]],
        name: [found.scores, found.train_scores, [each.score for each in found.stopped]],
        "settings": [[dict(each) for each in found.settings], stopped],
    }
    if found.task == "regression" and found.by == "score":  # R² decides the order of the rows
        return parts | {f"r2 {key}": value for key, value in divided(found.to_json(), found.task).items()}
    return parts | divided(found.to_json(), found.task)


def searched(source: Any, vary: Any, *, recipe: gf.Recipe = BASE, kill: bool = True, **more: Any) -> Parts:
    """Search; then into a folder, killed when some nets have come to their ends, and gone on with."""
    ask = functools.partial(gf.select, recipe, source, vary=vary, **more)
    whole = of_selection(ask())
    if not kill:
        return whole
    with tempfile.TemporaryDirectory() as kept:
        cut_short = interrupted(
            lambda progress: ask(out=kept, progress=progress), lambda told: told.done > 0 and told.share < 1
        )
        named = isinstance(source, str) and isinstance(vary, list)
        return resumed(of_selection(selection.resume(kept) if named else ask(out=kept)), whole, cut_short)


def of_curve(found: Any, task: str) -> Parts:
    """The parts of a curve."""
    bands = [[each.mean, each.low, each.high] for each in (found.train, found.valid)]
    name = "losses" if found.what == "loss" else score_name(task)
    return {name: bands, f"{name} best": found.best, "values": [found.field, list(found.values)]}


def drawn(curve: str, *given: Any, task: str = "classification", **more: Any) -> Parts:
    """A curve; then into a folder, killed at the first report, and gone on with."""
    ask = functools.partial(public(curve), *given, **more)
    whole = of_curve(ask(), task)
    with tempfile.TemporaryDirectory() as kept:
        cut_short = interrupted(lambda progress: ask(out=kept, progress=progress), lambda told: told.share < 1)
        return resumed(of_curve(ask(out=kept), task), whole, cut_short)


def setting_curve(source: Any, field: str, values: list[Any], *, task: str = "classification", **more: Any) -> Parts:
    """The curve of a search over one field."""
    found = gf.select(BASE, source, vary={field: values}, train_scores=True, **more)
    return of_curve(found.curve(), task)


def of_verdict(found: Any, task: str) -> Parts:
    """The parts of a verdict; of regression all that is measured is R²."""
    measured = [found.errors, found.training, found.half, found.constant]
    told = divided(found.to_json(), "")
    name, prefix = ("r2 errors", "r2 ") if task == "regression" else ("losses", "")
    return {name: measured, **{f"{prefix}{key}": value for key, value in told.items()}}


def judged(source: Any, *, task: str = "classification", recipe: gf.Recipe = BASE, **more: Any) -> Parts:
    """A verdict on a recipe."""
    return of_verdict(public("verdict")(source, recipe, **more), task)


def judged_run(source: str) -> Parts:
    """A verdict on a run in a folder."""
    with tempfile.TemporaryDirectory() as kept:
        run = gf.train(BASE.replace(valid=0.2), source, out=Path(kept) / "run")
        return of_verdict(public("judge_run")(Path(kept) / "run"), run.task)


def inspected(source: str, **fields: Any) -> Parts:
    """Both passes of a trained net, measured, with the findings."""
    run = gf.train(BASE.replace(**fields), source)
    found = divided(gf.inspect(run).to_json(), run.task)
    return {"weights": weights(run.nets), **found}


def opened(source: str) -> Parts:
    """The test rows of a run."""
    run = gf.train(BASE, source, seeds=SEEDS[:2])
    score = run.test().score
    return {**of_run(run), f"{score_name(run.task)} on test": [score.value, score.low, score.high]}


def _trainings() -> dict[str, Call]:
    sgd = BASE.replace(optimizer="sgd", learning_rate=0.05)
    deep = BASE.replace(hidden=(16, 8), epochs=8, valid=0.2, patience=2, dropout=(0.3, 0.1), input_dropout=0.1)
    two, labels = numbers("regression", 2), numbers("multilabel", 3)
    made: dict[str, tuple[gf.Recipe, Any, dict[str, Any]]] = {
        "cross-entropy sgd": (sgd.replace(momentum=0.9, nesterov=True, schedule="step"), "iris", {}),
        "cross-entropy adam": (BASE.replace(optimizer="adam", l2=1e-3), "iris", {"seeds": SEEDS, "resume": True}),
        "cross-entropy adamw": (
            deep.replace(label_smoothing=0.1, weight_decay=0.01),
            "digits",
            {"seeds": SEEDS, "resume": True},
        ),
        "cross-entropy lbfgs": (BASE.replace(optimizer="lbfgs", activation="tanh"), "wine", {"seeds": SEEDS}),
        "cross-entropy rmsprop": (
            BASE.replace(optimizer="rmsprop", l1=1e-3, class_weight="balanced", activation="prelu"),
            "breast-cancer",
            {"seeds": SEEDS, "resume": True},
        ),
        "cross-entropy lion": (
            BASE.replace(optimizer="lion", schedule="one-cycle", clip_norm=1.0, warmup=1.0, penalize_biases=True),
            "moons",
            {"seeds": SEEDS, "score_test": True},
        ),
        "cross-entropy diverging": (
            sgd.replace(learning_rate=1e9, loss="cross-entropy", batch_size=8, valid=0.0),
            "iris",
            {"seeds": SEEDS, "resume": True},
        ),
        "binary cross-entropy adam": (
            BASE.replace(optimizer="adam", monitor="score", patience=2, valid=0.2),
            labels,
            {"seeds": SEEDS, "resume": True},
        ),
        "squared error sgd": (sgd.replace(valid=0.2), "diabetes", {"seeds": SEEDS}),
        "squared error adam": (BASE.replace(optimizer="adam", valid=0.2), two, {"seeds": SEEDS, "resume": True}),
        "squared error monitored by r2": (
            BASE.replace(monitor="score", patience=1, valid=0.2, learning_rate=0.05, epochs=20),
            two,
            {"seeds": SEEDS, "resume": True, "by_r2": True},
        ),
        "absolute error adamw": (BASE.replace(loss="absolute-error"), "diabetes", {"seeds": SEEDS}),
        "huber rmsprop": (
            BASE.replace(loss="huber", optimizer="rmsprop", huber_delta=0.5, schedule="exponential"),
            two,
            {"seeds": SEEDS, "resume": True},
        ),
        "poisson adam": (
            BASE.replace(loss="poisson", optimizer="adam"),
            numbers("regression", 1, counts=True),
            {"seeds": SEEDS},
        ),
        "a table": (BASE.replace(valid=0.2), table(), {"seeds": SEEDS, "resume": True}),
    }
    return {
        f"train {name}": functools.partial(trained, recipe, source, **more)
        for name, (recipe, source, more) in made.items()
    } | {"test classification": lambda: opened("wine"), "test regression": lambda: opened("diabetes")}


def _searches() -> dict[str, Call]:
    programs = ["optimizer=sgd,adam", "l2=0,0.01"]  # two compiled programs, so that a kill finds one of them done
    few = BASE.replace(epochs=4)
    nine = {"l2": [0.0, 1e-3, 1e-2], "learning_rate": [1e-3, 1e-2, 1e-1]}
    rungs = BASE.replace(epochs=9)
    partial = functools.partial
    return {
        "select grid": partial(searched, "iris", programs, seeds=2, folds=3, train_scores=True),
        "select grid of regression": partial(searched, "diabetes", programs, folds=3),
        "select grid of two targets": partial(
            searched, numbers("regression", 2), {"activation": ["tanh", "relu"], "hidden": [4, 8]}, folds=3
        ),
        "select by time, regression": partial(
            searched, "diabetes", {"hidden": [4, 8]}, folds=3, time=np.arange(442) // 2, kill=False
        ),
        "select on a table": partial(searched, table(), {"activation": ["tanh", "relu"]}, folds=3),
        "select random by loss": partial(
            searched,
            "diabetes",
            ["l2=1e-5..1e-1:log"],
            folds=3,
            budget=4,
            method="random",
            by="loss",
            kill=False,
            recipe=few,
        ),
        "select halving": partial(searched, "iris", nine, recipe=rungs, folds=3, method="halving"),
        "select hyperband": partial(searched, "wine", nine, recipe=rungs, folds=3, method="hyperband"),
        "select optuna": partial(
            searched, "moons", ["l2=1e-5..1e-1:log"], recipe=few, folds=3, method="optuna", budget=8, ask=4
        ),
        "curve of capacity": partial(setting_curve, "iris", "hidden", [2, 4, 16], folds=3, seeds=2),
        "curve of a penalty, regression": partial(
            setting_curve, "diabetes", "l2", [0.0, 0.1, 1.0], folds=3, task="regression"
        ),
        "curve of rows": partial(drawn, "learning_curve", "iris", BASE, folds=3, rows=[20, 60]),
        "curve of rows, regression": partial(
            drawn, "learning_curve", "diabetes", BASE, folds=3, rows=[40, 200], task="regression"
        ),
        "curve of epochs": partial(drawn, "epoch_curve", "wine", BASE, folds=3, seeds=2, every=2),
        "curve of epochs, regression": partial(
            drawn, "epoch_curve", numbers("regression", 2), BASE, folds=3, task="regression"
        ),
        "curve of data": partial(drawn, "data_curve", "moons", "noise", [0.1, 0.3], few, folds=3, by="loss"),
    }


def calls() -> dict[str, Call]:
    """Name -> call, in order."""
    partial, slow = functools.partial, BASE.replace(valid=0.0)
    return {
        **_trainings(),
        **_searches(),
        "verdict quick": partial(judged, "iris", quick=True, folds=3),
        "verdict with repeats": partial(judged, "wine", folds=3, repeats=2, by="score", recipe=slow),
        "verdict of regression": partial(judged, "diabetes", quick=True, folds=3, task="regression"),
        "verdict of a run": partial(judged_run, "iris"),
        "inspect": partial(inspected, "digits"),
        "inspect what learns badly": partial(
            inspected, "wine", hidden=(8, 8, 8), activation="sigmoid", optimizer="sgd", learning_rate=1e-4
        ),
    }
