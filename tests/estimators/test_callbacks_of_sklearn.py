"""scikit-learn's callbacks (from 1.9 on): each epoch is a task that they hear of, and may end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from estimators_help import FLOWERS, KINDS, NUMBER_X, NUMBERS, UNCONVERGED, WEIGHTS, assert_same_bits, ours

pytestmark = UNCONVERGED
callback = pytest.importorskip("sklearn.callback", reason="scikit-learn has callbacks from 1.9 on")


class Witness:
    """Writes down what it is told, and ends the fit after some epochs."""

    def __init__(self, stop_after: float = np.inf) -> None:
        self.stop_after = stop_after
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.nets: list[Any] = []
        self.seen: dict[str, Any] = {}
        self.set_up = self.torn_down = 0

    def setup(self, estimator: Any, context: Any) -> None:
        self.set_up += 1

    def teardown(self, estimator: Any, context: Any) -> None:
        self.torn_down += 1

    def on_fit_task_begin(self, estimator: Any, context: Any, *, X: Any = None, fitted_estimator: Any = None) -> None:
        self.begun.append(context.task_name)
        if context.task_name == "epoch" and len(self.nets) == 0:
            self.nets.append(fitted_estimator)

    def on_fit_task_end(
        self, estimator: Any, context: Any, *, X: Any = None, y: Any = None, metadata: Any = None,
        fitted_estimator: Any = None,
    ) -> bool:  # fmt: skip
        self.ended.append(context.task_name)
        self.seen = {"X": X, "y": y, "metadata": metadata, "most": context.max_subtasks}
        if context.task_name == "epoch":
            self.nets.append(fitted_estimator)
        return self.ended.count("epoch") >= self.stop_after


def test_every_epoch_is_told_and_the_nets_predict() -> None:
    witness = Witness()
    net = ours(max_iter=4).set_callbacks(witness)
    net.fit(FLOWERS, KINDS, sample_weight=WEIGHTS)
    assert witness.begun == ["fit"] + ["epoch"] * 4
    assert witness.ended == ["epoch"] * 4 + ["fit"]
    assert (witness.set_up, witness.torn_down) == (1, 1)
    assert witness.seen["X"] is FLOWERS
    assert witness.seen["most"] == 4
    np.testing.assert_array_equal(witness.seen["metadata"]["sample_weight"], WEIGHTS)
    before, *nets = witness.nets
    for epoch, seen in enumerate(nets, start=1):
        expected = ours(max_iter=epoch).fit(FLOWERS, KINDS, sample_weight=WEIGHTS)
        np.testing.assert_allclose(seen.predict_proba(FLOWERS), expected.predict_proba(FLOWERS), rtol=1e-9)
    assert before.predict_proba(FLOWERS).shape == (150, 3)
    assert_same_bits(net, ours(max_iter=4).fit(FLOWERS, KINDS, sample_weight=WEIGHTS))


@pytest.mark.parametrize("more", [{}, {"n_nets": 2}, {"early_stopping": True}, {"early_stopping": "accuracy"}])
def test_a_callback_ends_the_fit(more: dict[str, Any]) -> None:
    witness = Witness(stop_after=3)
    net = ours(max_iter=50, **more).set_callbacks(witness).fit(FLOWERS, KINDS)  # and no warning of convergence
    assert net.n_iter_ == len(net.loss_curve_) == 3
    assert witness.ended == ["epoch"] * 3 + ["fit"]
    assert_same_bits(net, ours(max_iter=3, **more).fit(FLOWERS, KINDS))


def test_an_ensemble_is_handed_over_whole() -> None:
    witness = Witness()
    net = ours("MLPRegressor", n_nets=3, max_iter=2).set_callbacks(witness).fit(NUMBER_X, NUMBERS)
    last = witness.nets[-1]
    assert len(last.nets_) == 3
    np.testing.assert_array_equal(last.predict_std(NUMBER_X), net.predict_std(NUMBER_X))


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge after 5 iteration:sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("nets", [1, 2])
def test_iterations_of_lbfgs_are_told(nets: int) -> None:
    witness = Witness()
    net = ours(solver="lbfgs", max_iter=5, n_nets=nets).set_callbacks(witness).fit(FLOWERS, KINDS)
    assert witness.ended == ["epoch"] * (5 * nets) + ["fit"]
    assert_same_bits(net, ours(solver="lbfgs", max_iter=5, n_nets=nets).fit(FLOWERS, KINDS))


def test_lbfgs_is_ended_too() -> None:
    net = ours(solver="lbfgs", max_iter=50).set_callbacks(Witness(stop_after=3)).fit(FLOWERS, KINDS)
    assert net.n_iter_ == 3


def test_a_failing_fit_still_tears_down() -> None:
    witness = Witness()
    with pytest.raises(ValueError, match="Solver produced non-finite parameter weights"):
        ours(learning_rate_init=1e200, solver="sgd").set_callbacks(witness).fit(FLOWERS, KINDS)
    assert witness.torn_down == 1


def test_partial_fit_tells_nobody() -> None:
    witness = Witness()
    ours().set_callbacks(witness).partial_fit(FLOWERS, KINDS, classes=[0, 1, 2])
    assert (witness.set_up, witness.ended) == (0, [])


def test_scores_are_monitored() -> None:
    monitor = callback.ScoringMonitor(scoring="accuracy")
    net = ours(max_iter=4).set_callbacks(monitor).fit(FLOWERS, KINDS)
    log = [row["accuracy"] for row in monitor.get_logs().data if row["task_name"] == "epoch"]
    assert len(log) == 4
    assert log[-1] == net.score(FLOWERS, KINDS)


def test_progress_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    ours(max_iter=4).set_callbacks(callback.ProgressBar()).fit(FLOWERS, KINDS)
    assert "MLPClassifier" in capsys.readouterr().out
