"""Which members predict together, and how often each counts: greedy selection with replacement, nested over folds.

Source: Caruana, Niculescu-Mizil, Crew & Ksikes (2004), Ensemble selection from libraries of models: starting with none,
add the model that makes the ensemble's mean best on rows that the models had not learned from; models may be added
again, which weighs them; and several such choices are averaged, against overfitting. Theirs are each among a random
part of the models; here each leaves out a fold of the rows, so that what it says of these is of rows that it never saw.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.intervals import of_mean
from goodfit.models.weighing import by_group, effective_rows

if TYPE_CHECKING:
    from jaxtyping import Float, Int

STEPS = 25  # members that each choice adds, one after another
MOST_ROWS = 20_000  # by which a choice is made, drawn where there are more
MOST = 40  # members that a choice is among: the best of all that were tried, on the rows that it sees
SMALLEST = 1e-7  # probability of which a logarithm is taken


@dataclass(frozen=True)
class Choice:
    """How often each member counts, and what that is worth.

    counts: [M], 0 for members that do not predict
    by_fold: [K, M] the choice that leaves each fold out; `counts` is their sum
    chosen: [N] loss of every row by the ensemble, which these rows chose: optimistic
    nested: [N] loss of every row by the choice that left its fold out
    first: [N] loss of every row by member 0 alone, which nothing chose
    """

    counts: Int[np.ndarray, " M"]
    by_fold: Int[np.ndarray, "K M"]
    chosen: Float[np.ndarray, " N"]
    nested: Float[np.ndarray, " N"]
    first: Float[np.ndarray, " N"]


def evidence_of(task: str, values: Float[np.ndarray, "N C"], y: Any, scale: Any = 1.0) -> Float[np.ndarray, "N E"]:
    """What decides the losses of a mean of predictions, such that its mean over members is that of the ensemble.

    The probability of the class or of the state of each label; for numbers the residual.
    values: probabilities, or numbers in the unit of the targets
    scale: of numbers: what residuals are divided by
    """
    if task == "classification":
        found = values[np.arange(len(y)), y][:, None]
    elif task == "multilabel":
        found = np.where(y > 0.5, values, 1 - values)
    else:
        found = (values - y) / scale
    evidence: Float[np.ndarray, "N E"] = found.astype(np.float32)
    return evidence


def row_losses(task: str, mean: Float[np.ndarray, "*M N E"]) -> Float[np.ndarray, "*M N"]:
    """Log-loss of every row in nats, summed over labels; or its squared error in the scaled unit, mean over targets."""
    if task == "regression":
        squares: Float[np.ndarray, "*M N"] = np.square(mean).mean(-1)
        return squares
    losses: Float[np.ndarray, "*M N"] = -np.log(np.maximum(mean, SMALLEST)).sum(-1)
    return losses


def greedy(
    task: str, evidence: Float[np.ndarray, "M N E"], steps: int = STEPS, weight: Float[np.ndarray, " N"] | None = None
) -> Int[np.ndarray, " M"]:
    """How often each member is chosen, of `steps` times: each time the one after which the mean has the least loss.

    evidence: of every member, see `evidence_of`
    weight: of every row, with mean 1; None where all count alike
    """
    weighed = np.float32(1) if weight is None else weight
    total, counts = np.zeros(evidence.shape[1:], np.float32), np.zeros(len(evidence), np.int64)
    for step in range(1, steps + 1):
        losses = [
            float((row_losses(task, (total + each) / step) * weighed).mean(dtype=np.float64)) for each in evidence
        ]
        best = int(np.argmin(losses))
        counts[best] += 1
        total += evidence[best]
    return counts


def choose(
    task: str,
    evidence: Float[np.ndarray, "M N E"],
    folds: Int[np.ndarray, " N"],
    steps: int = STEPS,
    weight: Float[np.ndarray, " N"] | None = None,
) -> Choice:
    """The choice among members, of whom the first is the one that stays where choosing gains nothing.

    folds: the fold of every row
    weight: as in `greedy`; losses of rows are times their weights, so that means over rows are weighted ones
    """
    count, weighed = int(folds.max()) + 1, np.ones(len(folds), np.float32) if weight is None else weight
    every = np.stack([row_losses(task, each) * weighed for each in evidence])  # [M, N]
    by_fold, nested = np.zeros((count, len(evidence)), np.int64), np.zeros(evidence.shape[1])
    for fold in range(count):
        own = folds == fold
        others = np.flatnonzero(~own)
        if len(others) > MOST_ROWS:
            others = np.sort(np.random.default_rng(fold).permutation(others)[:MOST_ROWS])
        seen, losses = evidence[:, others], every[:, others].mean(1)
        among = np.sort(np.argsort(losses, kind="stable")[:MOST])
        by_fold[fold, among] = greedy(task, seen[among], steps, weighed[others])
        nested[own] = row_losses(task, mean_of(evidence[:, own], by_fold[fold])) * weighed[own]
    if not nested.mean() < every[0].mean():
        by_fold[:] = 0
        by_fold[:, 0] = 1
        nested = every[0].astype(np.float64)
    counts = by_fold.sum(0)
    counts //= np.gcd.reduce(counts)
    return Choice(counts, by_fold, row_losses(task, mean_of(evidence, counts)) * weighed, nested, every[0])


def mean_of(values: Float[np.ndarray, M * N], counts: Int[np.ndarray, " M"]) -> Float[np.ndarray, "*N"]:
    """The mean over members, each as often as it counts."""
    used = np.flatnonzero(counts)
    mean: Float[np.ndarray, "*N"] = np.tensordot(counts[used] / counts.sum(), values[used], 1)
    return mean


def difference(
    first: Float[np.ndarray, " N"],
    second: Float[np.ndarray, " N"],
    weight: Float[np.ndarray, " N"] | None = None,
    groups: Int[np.ndarray, " N"] | None = None,
) -> tuple[float, float, float]:
    """(by how much the mean loss falls from the first to the second, the ends of its 95 % interval).

    first, second: losses of rows, times their weights; N >= 2
    weight: as in `greedy`
    groups: of the rows, whose rows are not independent of one another: the interval is then over groups, two or more
    """
    gain = np.asarray(first, np.float64) - second
    mean, known = float(gain.mean()), None
    if weight is not None:
        gain, known = gain - (weight - 1.0) * mean, effective_rows(weight)  # as in `as_if_alike`
    low, high = of_mean(gain, known=known) if groups is None else of_mean(by_group(gain, groups))
    return mean, low, high
