"""The learning-rate range test: one recipe trained with many learning rates, all as one population.

What holds back on purpose is left out of it: penalties, weight decay, dropout and early stopping. A rate is then
judged for itself, and a penalty that stops all learning is not mistaken for a rate that is too low.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Float

from goodfit.inspection.constant import least_constant, least_pinball
from goodfit.nets.losses import DEFAULT_LOSSES
from goodfit.training.examples import Examples
from goodfit.training.jobs import FittedJobs, fit_jobs
from goodfit.training.population import Job
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_rules import LEARNING_RATES, SCHEDULED

REACH = 6  # half decades to both sides of the recipe's learning rate, and as far as the optimiser's usual rate
LAST = 0.2  # share of the epochs, from the end, whose mean loss counts
MOST_WORK = 2**36  # multiplications of one recipe's forward passes, some seconds; longer tests are shortened
FEWEST_ROWS = 256
LEARNABLE = 0.05  # of the constant prediction's loss: where no rate gets below it by as much, rates are not at fault
SAFER = 0.02  # of the constant prediction's loss that a lower rate may cost and still be advised
SUITS = 0.9  # share of the best drop in loss with which a net that is built anew keeps its learning rate, or its depth
PENALTIES = ("l1", "l2", "weight_decay", "dropout", "input_dropout")
FREE: dict[str, Any] = {  # recipe fields, switched off
    **dict.fromkeys(PENALTIES, 0.0),
    **dict.fromkeys(SCHEDULED, "constant"),
}


@dataclass(frozen=True, eq=False)
class RangeTest:
    """Learning rates and the training losses that they end with. rates: [R], rising; losses: [R], inf where a net
    diverged (so is nan); at: which of the rates is the recipe's own; whole: whether trainings were as long as the
    recipe says; constant: the loss of the best constant prediction of the same targets.
    """

    rates: Float[np.ndarray, " R"]
    losses: Float[np.ndarray, " R"]
    at: int
    whole: bool
    constant: float

    @property
    def own(self) -> float:
        """The loss of the recipe's own learning rate."""
        return float(self.losses[self.at])

    @property
    def drops(self) -> Float[np.ndarray, " R"]:
        """[R] the share of the constant prediction's loss that each rate gets rid of: 1 all of it, below 0 it added to
        it, -inf where the net diverged or nothing is there to learn."""
        if not 0 < self.constant < math.inf:
            return np.full(len(self.losses), -math.inf)
        known = np.where(np.isnan(self.losses), math.inf, self.losses)
        with np.errstate(over="ignore"):
            return np.asarray(1.0 - known / self.constant)

    @property
    def best(self) -> int:
        """The rate with the least loss; of several the nearest to the recipe's own, then the lower one."""
        return nearest_best(self.drops, self.rates, self.at)


def nearest_best(drops: Float[np.ndarray, " R"], rates: Float[np.ndarray, " R"], at: int) -> int:
    """The place of the greatest drop; of equal ones that whose rate is nearest to the one at `at`, then the lower."""
    away = np.abs(np.log(rates / rates[at]))
    return int(np.lexsort((away, -drops))[0])


def advised_rate(test: RangeTest) -> float:
    """The rate to train with: the best, or the one below it, which is safer, where that costs little of the drop."""
    best = test.best
    if best > 0 and test.drops[best - 1] >= test.drops[best] - SAFER:
        return float(test.rates[best - 1])
    return float(test.rates[best])


def suited_rate(test: RangeTest | None) -> dict[str, Any]:
    """A learning rate for a net that is built anew, where its own reaches less than SUITS of the best's drop."""
    if test is None:
        return {}
    drops = test.drops
    if not drops.max() > LEARNABLE or drops[test.at] >= SUITS * drops.max():
        return {}
    return {"learning_rate": float(f"{advised_rate(test):.3g}")}


def range_tests(recipes: Sequence[Recipe], examples: Examples) -> list[RangeTest]:
    """Test some recipes at once, on the training rows of the examples; no part is scored.

    Where the test of one would be more than MOST_WORK, epochs and rows are halved in turn. Nothing is dropped out of
    nets and no weight is penalised, so that the loss in training is that of the nets. Recipes are not for L-BFGS.
    """
    halvings = halvings_of(max(work_of(recipe, examples) for recipe in recipes) * (2 * REACH + 1))
    rows = fewer_rows(examples.train, halvings)
    used = replace(examples, train=rows, parts={}, part_weights={})
    jobs: list[Job] = []
    spans = []
    for recipe in recipes:
        epochs, steps = fewer_epochs(recipe.epochs, halvings), _half_decades(recipe)
        rates = recipe.learning_rate * 10.0 ** (np.asarray(steps) / 2)
        spans.append((len(jobs), rates, steps.index(0), epochs))
        jobs += [Job(_changed(recipe, float(rate), epochs, len(rows))) for rate in rates]
    fitted = fit_jobs(jobs, used)
    constants = {_judged_by(recipe): _constant(recipe, used) for recipe in recipes}
    tests = []
    for recipe, (first, rates, at, epochs) in zip(recipes, spans, strict=True):
        losses = np.asarray([_end(fitted, first + k, epochs) for k in range(len(rates))])
        tests.append(RangeTest(rates, losses, at, halvings == 0, constants[_judged_by(recipe)]))
    return tests


def halvings_of(work: float) -> int:
    """How often a training must be halved so that it is not more than MOST_WORK multiplications."""
    return max(0, math.ceil(math.log2(max(work / MOST_WORK, 1e-9))))


def fewer_rows(rows: np.ndarray, halvings: int) -> np.ndarray:
    """The rows, or a random part of them: of two halvings one takes half of the rows."""
    kept = max(min(FEWEST_ROWS, len(rows)), len(rows) >> ((halvings + 1) // 2))
    return rows if kept == len(rows) else np.sort(np.random.default_rng(0).choice(rows, kept, replace=False))


def fewer_epochs(epochs: int, halvings: int) -> int:
    """The epochs: of two halvings one takes half of them."""
    return max(min(epochs, 3), epochs >> (halvings // 2))


def _judged_by(recipe: Recipe) -> tuple[Any, ...]:
    """The fields that the loss of a constant depends on."""
    return recipe.loss, recipe.huber_delta, recipe.levels


def _constant(recipe: Recipe, examples: Examples) -> float:
    """The least loss of a constant prediction on the training rows, as the recipe's loss has it."""
    loss = DEFAULT_LOSSES[examples.task] if recipe.loss == "auto" else recipe.loss
    target: np.ndarray = examples.y[examples.train]
    if examples.task != "classification":
        target = examples.scaling.targets(target).T
    if loss == "quantile":
        return least_pinball(target, recipe.levels)
    return least_constant(loss, target, examples.outputs, recipe.huber_delta)


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
    """The recipe with another learning rate, as a short training without penalties, dropout or early stopping."""
    return recipe.replace(
        **FREE,
        learning_rate=rate,
        epochs=epochs,
        patience=0,
        warmup=min(recipe.warmup, epochs / 2),
        batch_size=min(recipe.batch_size, rows),
    )


def work_of(recipe: Recipe, examples: Examples) -> float:
    """Multiplications of the forward passes of one training."""
    sizes = [examples.inputs, *recipe.hidden, examples.outputs]
    return float(recipe.epochs * len(examples.train) * sum(i * o for i, o in itertools.pairwise(sizes)))
