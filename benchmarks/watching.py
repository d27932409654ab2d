"""What looking inside nets while they train costs the training."""

from __future__ import annotations

import goodfit as gf
from benchmarks.bars import Bar, Measurement, seconds
from benchmarks.timing import alternate
from goodfit.inspection import Watcher

NETS = 8
SHARE = Bar(
    f"a training of {NETS} nets with inspection / the same without",
    1.1,
    how="784-256-10 on Fashion-MNIST's first 6,000 training rows, all else as in the default recipe, with "
    "`gf.inspection.Watcher` and without. Training time alone, without compiling either program; the fastest of each.",
)


def measure(quick: bool) -> list[Measurement]:
    """Both in one run, in turn."""
    repeats, epochs = (1, 2) if quick else (4, 20)
    data = gf.data.load("fashion-mnist")
    few = gf.data.Dataset("some", data.x[:6000], data.y[:6000], data.task, data.classes, scaling="unit")
    recipe = gf.Recipe(hidden=(256,), epochs=epochs)
    parts = gf.data.split(few, valid=recipe.valid, test=0)
    looks = 0

    def plain() -> float:
        return gf.train(recipe, parts, seeds=range(NETS), leaks="off").seconds["train"]

    def watched() -> float:
        nonlocal looks
        watcher = Watcher()
        run = gf.train(recipe, parts, seeds=range(NETS), leaks="off", watch=watcher)
        looks = len({row["epoch"] for row in watcher.rows})
        return run.seconds["train"] - watcher.compiling

    times = alternate({"plain": plain, "watched": watched}, repeats, summary=min)
    context = (
        f"{seconds('with', times['watched'])}, {seconds('without', times['plain'])}; {looks} inspections of {NETS} nets"
    )
    return [Measurement(SHARE, times["watched"] / times["plain"], context)]
