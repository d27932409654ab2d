"""The learning-rate range test: one recipe trained with many learning rates, all as one population."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float

from goodfit.training.examples import Examples
from goodfit.training.jobs import FittedJobs, fit_jobs
from goodfit.training.population import Job
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_rules import LEARNING_RATES

REACH = 6  # half decades to both sides of the recipe's learning rate, and as far as the optimiser's usual rate
LAST = 0.2  # share of the epochs, from the end, whose mean loss counts
MOST_WORK = 2**36  # multiplications of one recipe's forward passes, some seconds; longer tests are shortened
FEWEST_ROWS = 256


@dataclass(frozen=True, eq=False)
class RangeTest:
    """Learning rates and the training losses that they end with. rates: [R], rising; losses: [R], inf where a net
    diverged; at: which of the rates is the recipe's own; whole: whether trainings were as long as the recipe says.
    """

    rates: Float[np.ndarray, " R"]
    losses: Float[np.ndarray, " R"]
    at: int
    whole: bool

    @property
    def own(self) -> float:
        """The loss of the recipe's own learning rate."""
        return float(self.losses[self.at])

    @property
    def best(self) -> int:
        """The rate with the least loss."""
        return int(self.losses.argmin())


def range_tests(recipes: Sequence[Recipe], examples: Examples) -> list[RangeTest]:
    """Test some recipes at once, on the training rows of the examples; no part is scored.

    Where the test of one would be more than MOST_WORK, epochs and rows are halved in turn. Nothing is dropped out of
    nets, so that the loss in training is that of the nets. Recipes are not for L-BFGS.
    """
    work = max(_work(recipe, examples) for recipe in recipes) * (2 * REACH + 1)
    halvings = max(0, math.ceil(math.log2(max(work / MOST_WORK, 1e-9))))
    rows = examples.train
    kept = max(min(FEWEST_ROWS, len(rows)), len(rows) >> ((halvings + 1) // 2))
    if kept < len(rows):
        rows = np.sort(np.random.default_rng(0).choice(rows, kept, replace=False))
    used = replace(examples, train=rows, parts={}, part_weights={})
    jobs: list[Job] = []
    spans = []
    for recipe in recipes:
        epochs, steps = max(min(recipe.epochs, 3), recipe.epochs >> (halvings // 2)), _half_decades(recipe)
        rates = recipe.learning_rate * 10.0 ** (np.asarray(steps) / 2)
        spans.append((len(jobs), rates, steps.index(0), epochs))
        jobs += [Job(_changed(recipe, float(rate), epochs, len(rows))) for rate in rates]
    fitted = fit_jobs(jobs, used)
    return [
        RangeTest(rates, np.asarray([_end(fitted, first + k, epochs) for k in range(len(rates))]), at, halvings == 0)
        for first, rates, at, epochs in spans
    ]


def _half_decades(recipe: Recipe) -> range:
    """How many half decades from the recipe's own rate each rate of its test is."""
    usual = math.log10(LEARNING_RATES[recipe.optimizer] / recipe.learning_rate)
    return range(min(-REACH, math.floor(2 * usual)), max(REACH, math.ceil(2 * usual)) + 1)


def _end(fitted: FittedJobs, job: int, epochs: int) -> float:
    """The training loss that a job ends with; inf where it diverged."""
    loss = np.asarray(fitted.metrics(job)[:epochs, 0], np.float64)
    last = loss[-max(1, round(LAST * epochs)) :]
    turn, net = fitted.place[job]
    if len(loss) < epochs or fitted.turns[turn].frozen[net] or not np.isfinite(last).all():
        return math.inf
    return float(last.mean())


def _changed(recipe: Recipe, rate: float, epochs: int, rows: int) -> Recipe:
    """The recipe with another learning rate, as a short training without dropout or early stopping."""
    return recipe.replace(
        learning_rate=rate,
        epochs=epochs,
        dropout=0.0,
        input_dropout=0.0,
        patience=0,
        warmup=min(recipe.warmup, epochs / 2),
        batch_size=min(recipe.batch_size, rows),
    )


def _work(recipe: Recipe, examples: Examples) -> float:
    sizes = [examples.x.shape[1], *recipe.hidden, examples.outputs]
    return float(recipe.epochs * len(examples.train) * sum(i * o for i, o in itertools.pairwise(sizes)))
