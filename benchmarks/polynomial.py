"""Section 4.3.4: many small steps, against the plainest loop that there is."""

from __future__ import annotations

import time

import numpy as np
from numpy.typing import NDArray

from benchmarks.bars import Bar, Measurement, seconds
from benchmarks.timing import alternate
from benchmarks.training import train
from goodfit.data import load, split
from goodfit.training import Examples, Job, Recipe, cohort_of
from goodfit.training.devices import prepare
from goodfit.training.initialise import initial_layers

Floats = NDArray[np.float32]

RECIPE = Recipe(
    hidden=(),
    bias=False,
    init="torch",
    optimizer="sgd",
    learning_rate=0.01,
    schedule="constant",
    batch_size=10,
    epochs=1500,
    valid=0,
)
POPULATION = 1000
LOOPS = 20  # that stand for POPULATION of them
CLOSE = 2e-3  # weights of the two after all steps in the same order, in float32; they are of the order of 1

_LOOP = (
    "The loop is as one writes it: a permutation an epoch; for each step the rows of the batch, the residual, and the "
    "weights less the rate times the gradient. It computes no loss, goodfit does. (Rows gathered once an epoch and "
    "arrays used again would make it faster by a third.) Before, both run the same order of rows from "
    f"the same weights, and must end within {CLOSE} of each other."
)
ONE = Bar(
    "section 4.3.4 with 20 features, 15,000 steps of one net, warm / a plain NumPy loop",
    0.4,
    how=f"goodfit's whole training, from the recipe to the weights. {_LOOP}",
)
MANY = Bar(
    f"the same for {POPULATION} seeds as one population / {POPULATION} such loops",
    0.15,
    aim=0.03,
    how=f"{LOOPS} loops are run in turn with the population and their time scaled to {POPULATION}.",
)


def measure(quick: bool) -> list[Measurement]:
    """Both in one run, in turn."""
    repeats, recipe = (1, RECIPE.replace(epochs=30)) if quick else (7, RECIPE)
    nets, loops = (20, 2) if quick else (POPULATION, LOOPS)
    data = load("polynomial", n_features=20)
    examples = Examples.of_split(split(data, valid=0))
    x = np.ascontiguousarray(examples.x[examples.train], np.float32)
    y = np.ascontiguousarray(examples.y[examples.train, 0], np.float32)
    _same_work(recipe, examples)
    jobs = [Job(recipe.replace(seed=seed)) for seed in range(nets)]

    def run_loops(count: int) -> float:
        began = time.perf_counter()
        for seed in range(count):
            plain_loop(x, y, np.zeros(x.shape[1], np.float32), recipe, seed)
        return (time.perf_counter() - began) / count

    times = alternate(
        {
            "one": lambda: train(jobs[:1], examples)[0],
            "loop": lambda: run_loops(1),
            "many": lambda: train(jobs, examples)[0],
            "loops": lambda: run_loops(loops),
        },
        repeats,
    )
    steps = recipe.epochs * -(-len(x) // recipe.batch_size)
    return [
        Measurement(
            ONE,
            times["one"] / times["loop"],
            f"{seconds('goodfit', times['one'])}, {seconds('loop', times['loop'])}; one step takes "
            f"{seconds('', times['loop'] / steps).strip()}",
        ),
        Measurement(
            MANY,
            times["many"] / (times["loops"] * nets),
            f"{seconds('goodfit', times['many'])}, {seconds(f'{nets} loops', times['loops'] * nets)}",
        ),
    ]


def plain_loop(
    x: Floats, y: Floats, w: Floats, recipe: Recipe, seed: int, orders: NDArray[np.int32] | None = None
) -> Floats:
    """Stochastic gradient descent on half the squared error. x: [N, D]; y: [N]; w: [D], changed in place.

    orders: [epochs, n] the rows of every epoch, instead of all in drawn orders. A multiple of the batch is taken.
    """
    rng, batch = np.random.default_rng(seed), recipe.batch_size
    rate = np.float32(recipe.learning_rate / batch)
    for epoch in range(recipe.epochs):
        order = rng.permutation(len(x)) if orders is None else orders[epoch]
        for first in range(0, len(order), batch):
            rows = order[first : first + batch]
            inputs = x[rows]
            residual = inputs @ w - y[rows]
            w -= rate * (residual @ inputs)
    return w


def _same_work(recipe: Recipe, examples: Examples) -> None:
    """RuntimeError unless loop and goodfit end at nearly the same weights, given the same first ones and orders."""
    cohort = cohort_of([Job(recipe)], examples, prepare())
    orders = cohort.orders[0].epochs(0, recipe.epochs).reshape(recipe.epochs, -1)
    first = initial_layers(recipe, examples.x.shape[1], 1)[0][0][0].astype(np.float32)
    x, y = examples.x.astype(np.float32), examples.y[:, 0].astype(np.float32)
    loop = plain_loop(x, y, first.copy(), recipe, 0, orders)
    ours = train([Job(recipe)], examples)[1].nets[0].weights[0][0]
    difference = float(np.abs(loop - ours).max())
    if not difference <= CLOSE:
        raise RuntimeError(f"the loop and goodfit end at weights {difference:.2g} apart: they do not do the same work")
