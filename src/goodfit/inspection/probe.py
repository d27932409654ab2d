"""Whether anything in the inputs tells the targets: two simple learners against shuffled targets."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from goodfit.inspection.subject import Subject

NEIGHBOURS = 5
SHUFFLES = 30
RIDGE = 0.1  # of the inputs' mean variance, added to their covariance


@dataclass(frozen=True)
class PassProbe:
    """How far two learners do better on the targets than on shuffled ones, in standard deviations over shuffles.

    neighbours: the mean over the nearest 5 rows; ridge: a linear fit. Both predict each row from the others alone.
    varies: whether the targets differ at all; rows: that were used.
    """

    neighbours: float
    ridge: float
    varies: bool
    rows: int

    @property
    def best(self) -> float:
        """The larger of the two, of those that are known; nan where neither is."""
        return float(np.fmax(self.neighbours, self.ridge))


def run_probe(subject: Subject, seed: int = 0) -> PassProbe:
    """Probe the rows of a subject."""
    target = _one_hot(subject)
    varies = bool((target.max(0) > target.min(0)).any())
    if not varies or len(target) < 2 * NEIGHBOURS:
        return PassProbe(float("nan"), float("nan"), varies, len(target))
    x = subject.raw_x.astype(np.float64)
    x = x - x.mean(0)
    spread = x.std(0)
    x = np.divide(x, spread, out=np.zeros_like(x), where=spread > 0)
    rng = np.random.default_rng(seed)
    orders = [np.arange(len(target)), *(rng.permutation(len(target)) for _ in range(SHUFFLES))]
    nearest, hat = _nearest(x), _hat(x)
    by_neighbours = [-_error(target[order], target[order][nearest].mean(1)) for order in orders]
    by_ridge = [-_error(target[order], _left_out(hat, target[order])) for order in orders]
    return PassProbe(_score(by_neighbours), _score(by_ridge), varies, len(target))


def _one_hot(subject: Subject) -> Float[np.ndarray, "B C"]:
    if subject.net.task == "classification":
        codes: Float[np.ndarray, "B C"] = np.eye(subject.net.n_outputs)[subject.target]
        return codes
    target: Float[np.ndarray, "B C"] = subject.target.T
    spread = target.std(0)
    return np.asarray((target - target.mean(0)) / np.where(spread > 0, spread, 1.0))


def _nearest(x: Float[np.ndarray, "B D"]) -> np.ndarray:
    """[B, NEIGHBOURS] the other rows that are closest."""
    square = (x * x).sum(1)
    apart = square[:, None] + square[None] - 2 * x @ x.T
    np.fill_diagonal(apart, np.inf)
    return np.asarray(np.argpartition(apart, NEIGHBOURS, axis=1)[:, :NEIGHBOURS])


def _hat(x: Float[np.ndarray, "B D"]) -> Float[np.ndarray, "B B"]:
    """What turns targets into the ridge's fit, the mean included."""
    rows = np.concatenate([x, np.ones((len(x), 1))], axis=1)
    gram = rows @ rows.T
    strength = RIDGE * len(x) * max(float((x * x).mean()), 1e-12)
    solved: Float[np.ndarray, "B B"] = np.linalg.solve(gram + strength * np.eye(len(x)), gram)
    return solved


def _left_out(hat: Float[np.ndarray, "B B"], target: Float[np.ndarray, "B C"]) -> Float[np.ndarray, "B C"]:
    """The fit of each row from the others: (H y - h y) / (1 - h), exact for ridge."""
    own = np.diagonal(hat)[:, None]
    left: Float[np.ndarray, "B C"] = (hat @ target - own * target) / np.maximum(1 - own, 1e-9)
    return left


def _error(target: np.ndarray, fit: np.ndarray) -> float:
    return float(((target - fit) ** 2).mean())


def _score(values: list[float]) -> float:
    shuffled = np.asarray(values[1:])
    return float((values[0] - shuffled.mean()) / max(float(shuffled.std(ddof=1)), 1e-12))
