"""Fits that go on from others, that are interrupted, and that reach their last epoch; what is printed meanwhile."""

from __future__ import annotations

import re
import signal
import threading
import time
import warnings
from typing import Any

import numpy as np
import pytest
from estimators_help import (
    FLOWERS,
    KINDS,
    LABEL_X,
    LABELS,
    NUMBER_X,
    NUMBERS,
    UNCONVERGED,
    assert_same_bits,
    assert_same_net,
    ours,
    theirs,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import accuracy_score

import goodfit as gf
from goodfit.estimators import lbfgs

pytestmark = UNCONVERGED

SOLVERS = ["sgd", "adam", "adamw", "rmsprop", "lion"]


@pytest.mark.parametrize("solver", SOLVERS)
def test_two_fits_of_five_epochs_are_one_of_ten(solver: str) -> None:
    """The optimiser's state is kept. scikit-learn begins it anew, which the second net shows."""
    given = {"solver": solver, "shuffle": False, "learning_rate_init": 0.01}
    once = ours(**given, max_iter=10).fit(FLOWERS, KINDS)
    twice = ours(**given, max_iter=5, warm_start=True).fit(FLOWERS, KINDS).fit(FLOWERS, KINDS)
    assert_same_net(twice, once)
    np.testing.assert_allclose(twice.loss_curve_, once.loss_curve_, rtol=1e-9)
    assert (twice.n_iter_, twice.t_) == (5, 1500)
    history = twice.history_
    assert history.epochs.tolist() == list(range(1, 11))
    assert history.stopped_epoch.tolist() == [10]
    if solver == "adam":
        anew = theirs(**given, max_iter=5, warm_start=True).fit(FLOWERS, KINDS).fit(FLOWERS, KINDS)
        assert not np.allclose(anew.coefs_[0], once.coefs_[0], rtol=1e-6)


def test_without_warm_start_a_fit_begins_anew() -> None:
    net = ours().fit(FLOWERS, KINDS).fit(FLOWERS, KINDS)
    assert_same_bits(net, ours().fit(FLOWERS, KINDS))
    assert len(net.history_) == len(net.loss_curve_) == 8


def test_warm_start_goes_on_from_the_best_net_with_early_stopping() -> None:
    given = {"early_stopping": "loss", "warm_start": True, "validation_data": (FLOWERS, KINDS), "shuffle": False}
    net = ours(**given).fit(FLOWERS, KINDS)
    best = min(net.validation_loss_curve_)
    net.fit(FLOWERS, KINDS)
    assert min(net.validation_loss_curve_) <= best
    assert len(net.validation_loss_curve_) == 16


def test_warm_start_with_another_solver_keeps_the_weights_alone() -> None:
    net = ours(warm_start=True).fit(FLOWERS, KINDS)
    loss = net.loss_
    net.set_params(solver="sgd", learning_rate_init=1e-30).fit(FLOWERS, KINDS)
    assert net.loss_ == pytest.approx(loss, rel=0.1)
    net.set_params(solver="lbfgs", max_iter=1000, tol=0.1).fit(FLOWERS, KINDS)
    assert net.loss_ < loss
    loss = net.loss_
    net.set_params(solver="adam", max_iter=3, learning_rate_init=1e-30).fit(FLOWERS, KINDS)
    assert net.loss_ == pytest.approx(loss, rel=1e-6)


@pytest.mark.parametrize("change", [{"hidden_layer_sizes": (9,)}, {"hidden_layer_sizes": (8, 8)}])
def test_warm_start_keeps_the_sizes(change: dict[str, Any]) -> None:
    net = ours(warm_start=True).fit(FLOWERS, KINDS)
    with pytest.raises(
        gf.InputError, match=r"the same number of nets and layer sizes .*; got .* Set warm_start=False\."
    ):
        net.set_params(**change).fit(FLOWERS, KINDS)


def test_partial_fit_with_early_stopping_brings_the_best_net_back() -> None:
    """scikit-learn refuses this. Here three calls without improvement end the training."""
    x, y, valid = FLOWERS[::2], KINDS[::2], (FLOWERS[1::2], KINDS[1::2])
    net = ours(early_stopping=True, validation_data=valid, n_iter_no_change=3, learning_rate_init=0.2)
    while not getattr(net, "_settled", False):
        net.partial_fit(x, y, classes=[0, 1, 2])
    calls = net.t_ // 75
    assert len(net.validation_scores_) == calls < 100
    assert net.score(*valid) == pytest.approx(max(net.validation_scores_))
    assert max(net.validation_scores_[-4:]) < max(net.validation_scores_) + net.tol
    before = net.predict_proba(FLOWERS)
    with pytest.warns(UserWarning, match="partial_fit changes nothing: early stopping has ended the training"):
        net.partial_fit(x, y)
    np.testing.assert_array_equal(net.predict_proba(FLOWERS), before)
    assert len(net.loss_curve_) == calls


def test_fit_after_partial_fit_with_early_stopping_begins_anew() -> None:
    given = {"early_stopping": True, "n_iter_no_change": 1, "tol": 1.0}
    net = ours(**given)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "partial_fit changes nothing")
        for _ in range(10):
            net.partial_fit(FLOWERS, KINDS, classes=[0, 1, 2])
    assert len(net.loss_curve_) == 3
    assert_same_bits(net.fit(FLOWERS, KINDS), ours(**given).fit(FLOWERS, KINDS))


def test_partial_fit_of_several_labels() -> None:
    net = ours(shuffle=False)
    for _ in range(4):
        net.partial_fit(LABEL_X, LABELS, classes=[0, 1, 2])
    assert_same_net(net, ours(shuffle=False, max_iter=4).fit(LABEL_X, LABELS))
    assert net.predict(LABEL_X).shape == LABELS.shape
    net.partial_fit(LABEL_X[:5], np.array([[0, 0, 1]] * 5))  # a part in which some labels never come


def test_partial_fit_after_fit_goes_on() -> None:
    net, other = (make(shuffle=False).fit(FLOWERS, KINDS) for make in (ours, theirs))
    for _ in range(3):
        net.partial_fit(FLOWERS, KINDS)
        other.partial_fit(FLOWERS, KINDS)
    assert_same_net(net, other, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(net.loss_curve_, other.loss_curve_, rtol=1e-7)


@pytest.mark.parametrize("more", [{}, {"early_stopping": True}, {"solver": "sgd", "learning_rate": "adaptive"}])
def test_what_is_printed_of_each_epoch(more: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    ours(verbose=True, **more).fit(FLOWERS, KINDS)
    found = capsys.readouterr().out
    theirs(verbose=True, **more).fit(FLOWERS, KINDS)
    assert found == capsys.readouterr().out
    assert found.count("Iteration") == 8


def test_what_lbfgs_prints(capsys: pytest.CaptureFixture[str]) -> None:
    net = ours(solver="lbfgs", tol=0.5, max_iter=100, verbose=True).fit(FLOWERS, KINDS)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == net.n_iter_
    assert re.fullmatch(r"Iteration \d+, loss = [\d.]+", lines[-1])


def test_nothing_is_printed_unasked(capsys: pytest.CaptureFixture[str]) -> None:
    ours(early_stopping=True, n_nets=2).fit(FLOWERS, KINDS)
    assert capsys.readouterr() == ("", "")


def test_the_last_epoch_is_reached_with_a_warning() -> None:
    message = r"^Stochastic Optimizer: Maximum iterations \(8\) reached and the optimization hasn't converged yet"
    with pytest.warns(ConvergenceWarning, match=message + r"\.$"):
        ours().fit(FLOWERS, KINDS)
    with pytest.warns(ConvergenceWarning, match=message + r" \(3 of 3 nets\)\.$"):
        ours(n_nets=3).fit(FLOWERS, KINDS)
    with pytest.warns(ConvergenceWarning, match="lbfgs failed to converge after 8 iteration"):
        ours(solver="lbfgs").fit(FLOWERS, KINDS)


@pytest.mark.parametrize("more", [{}, {"solver": "lbfgs"}, {"batch_size": 1000, "n_iter_no_change": 1, "tol": 10.0}])
def test_a_warning_points_at_the_line_that_called_fit(more: dict[str, Any]) -> None:
    with pytest.warns(UserWarning, match="converge|clipped") as caught:
        ours(**more).fit(FLOWERS, KINDS)
    assert caught[0].filename == __file__
    with pytest.warns(UserWarning, match="clipped") as caught:
        ours(batch_size=1000).partial_fit(FLOWERS, KINDS, classes=[0, 1, 2])
    assert caught[0].filename == __file__


@pytest.mark.filterwarnings("error")
def test_no_warning_where_training_has_converged() -> None:
    assert ours(tol=10.0, n_iter_no_change=2, max_iter=50).fit(FLOWERS, KINDS).n_iter_ == 4
    assert ours(tol=10.0, solver="lbfgs").fit(FLOWERS, KINDS).n_iter_ < 8


def test_ctrl_c_in_an_epoch_of_ones_own_scorer() -> None:
    calls = []

    def scorer(net: Any, x: Any, y: Any) -> float:
        calls.append(accuracy_score(y, net.predict(x)))
        if len(calls) == 3:
            signal.raise_signal(signal.SIGINT)
        return float(calls[-1])

    net = ours(early_stopping=scorer, max_iter=100, n_iter_no_change=100)
    with pytest.warns(UserWarning, match=r"^Training interrupted by user\.$"):
        net.fit(FLOWERS, KINDS)
    assert net.n_iter_ == len(net.loss_curve_) == 3
    assert net.predict(FLOWERS).shape == (150,)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler  # as before


def test_ctrl_c_in_an_iteration_of_lbfgs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The signal comes while the third iteration is printed."""
    printed = []

    def shown(line: str) -> None:
        printed.append(line)
        if len(printed) == 3:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(lbfgs, "print", shown, raising=False)
    net = ours(solver="lbfgs", max_iter=100, verbose=True)
    with pytest.warns(UserWarning, match=r"^Training interrupted by user\.$"):
        net.fit(FLOWERS, KINDS)
    assert len(printed) == net.n_iter_ == 3
    assert net.predict(FLOWERS).shape == (150,)


def test_ctrl_c_at_any_time_leaves_a_net_that_predicts() -> None:
    given = {"max_iter": 10**6, "tol": 0.0, "n_iter_no_change": np.inf, "learning_rate_init": 1e-9}
    ours().fit(FLOWERS, KINDS)  # all is loaded and compiled
    main = threading.get_ident()
    timer = threading.Timer(1.0, lambda: signal.pthread_kill(main, signal.SIGINT))
    timer.start()
    began = time.monotonic()
    with pytest.warns(UserWarning, match=r"^Training interrupted by user\.$"):
        net = ours(**given).fit(FLOWERS, KINDS)
    timer.join()
    assert time.monotonic() - began < 30
    assert np.isfinite(net.predict_proba(FLOWERS)).all()
    assert 0 < net.n_iter_ == len(net.loss_curve_) < 10**6


def test_numbers_go_on_too() -> None:
    given = {"shuffle": False, "n_nets": 2}
    net = ours("MLPRegressor", **given)
    for _ in range(3):
        net.partial_fit(NUMBER_X, NUMBERS)
    once = ours("MLPRegressor", **given, max_iter=3).fit(NUMBER_X, NUMBERS)
    np.testing.assert_allclose(net.predict(NUMBER_X), once.predict(NUMBER_X), rtol=1e-9)
