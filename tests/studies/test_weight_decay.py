"""Section 4.4 in its small form: the claims; the notes' two loops in NumPy; L1 against scikit-learn's Lasso."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.linear_model import Lasso
from studies_help import Small

from goodfit.studies import run
from goodfit.studies.weight_decay import measure as decaying

pytestmark = pytest.mark.xdist_group("weight-decay")  # a worker runs its small form once

FALSE = {"beats-constant", "bias"}
OPEN = {"versions-differ"}  # which 100 seeds refute and 20 leave open


def notes_norm(lambd: float, *, in_optimiser: bool, seed: int) -> float:
    """The norm of w after the notes' training loop, line by line, in NumPy with its own draws."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(20, 200))
    y = x @ np.full(200, 0.01) + 0.05 + 0.01 * rng.normal(size=20)
    w, b = rng.normal(size=200), rng.normal() if in_optimiser else 0.0
    for _ in range(100):
        for batch in np.split(rng.permutation(20), 4):
            error = x[batch] @ w + b - y[batch]
            if in_optimiser:  # mean of squares; the optimiser adds wd * w
                step_w, step_b = 2 * error @ x[batch] / 5 + lambd * w, 2 * error.mean()
            else:  # half squares plus a penalty that is broadcast over the batch, summed, divided by 5
                step_w, step_b = (error @ x[batch] + 5 * lambd * w) / 5, error.mean()
            w, b = w - 0.003 * step_w, b - 0.003 * step_b
    return float(np.linalg.norm(w))


def test_the_claims(small: Small) -> None:
    result = small("weight-decay")
    assert {each.claim.name for each in result.claims if each.status == "does not hold"} == FALSE
    assert {each.claim.name for each in result.claims if each.status == "cannot tell"} == OPEN
    assert result.claim("versions-differ").found.value < 0.9


@pytest.mark.parametrize("name", list(decaying.NORMS))
def test_the_norms_are_those_of_the_notes_own_loops(name: str, small: Small) -> None:
    """Means over 20 seeds of the loops and 20 of ours differ by less than three standard errors."""
    ours = small("weight-decay").printed[name]
    lambd = 0.0 if name.endswith("-0") else 3.0
    loops = np.array([notes_norm(lambd, in_optimiser=name.startswith("step"), seed=seed) for seed in range(20)])
    error = math.hypot(loops.std(ddof=1) / math.sqrt(20), (ours.high - ours.low) / 2 / 2.09)
    assert abs(loops.mean() - ours.value) < 3 * error


def test_what_is_left_of_the_initial_weights(small: Small) -> None:
    """180 directions that no row touches shrink by 1 - 0.009 a step."""
    assert math.sqrt(180) * (1 - 0.009) ** 400 == pytest.approx(0.361, abs=5e-4)
    assert small("weight-decay").claim("norm-is-initial").found.value == pytest.approx(1, abs=0.05)


def test_l1_is_the_lasso() -> None:
    """The same minimum: goodfit's proximal steps and scikit-learn's coordinate descent, on one data set."""
    data = decaying.sparse(0, 200)
    tables, _ = decaying.selection([data, decaying.sparse(1, 200)], [0, 1])
    row = tables["selection"]["strength"].index(0.3)
    shares = []
    for seed in (0, 1):
        data = decaying.sparse(seed, 200)
        x, y = data.x[:60].astype(float), data.y[:60, 0].astype(float)
        solved = Lasso(alpha=0.3, max_iter=100_000, tol=1e-10).fit(x, y)
        shares.append(float((solved.coef_ == 0).mean()))
    assert tables["selection"]["zeros"][row] == pytest.approx(np.mean(shares), abs=0.01)


def test_without_a_penalty_there_is_nothing_to_claim_of_it() -> None:
    result = run("weight-decay", l2=0, seeds=2)
    assert [each.claim.name for each in result.claims if each.found.why is not None] == [
        *("norm-falls", "test-falls", "versions-differ", "norm-is-initial", "beats-constant", "bias")
    ]
    assert {each.status for each in result.claims if each.found.why is not None} == {"cannot tell"}


@pytest.mark.parametrize("given", [{"l2": 100.0}, {"inputs": 10}, {"inputs": 400, "learning_rate": 0.005}])
def test_the_ends_of_the_ranges(given: dict[str, float]) -> None:
    result = run("weight-decay", seeds=2, **given)
    assert all(np.isfinite(result.tables["versions"]["norm_median"]))
