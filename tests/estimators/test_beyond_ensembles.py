"""`n_nets`: several seeds trained as one population, whose predictions are averaged."""

from __future__ import annotations

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
    assert_same_net,
    forward,
    ours,
    relu,
    softmax,
    theirs,
)
from sklearn.exceptions import ConvergenceWarning

import goodfit as gf

pytestmark = UNCONVERGED

NETS = 4
VALID = (FLOWERS[::3], KINDS[::3])
WAYS: dict[str, dict[str, Any]] = {
    "adam": {},
    "dropout": {"dropout": 0.3},
    "early stopping": {"early_stopping": True, "validation_data": VALID, "n_iter_no_change": 2, "max_iter": 60},
    "a scorer": {"early_stopping": "f1_macro", "validation_data": VALID, "n_iter_no_change": 2, "max_iter": 60},
    "falling rate": {"solver": "sgd", "learning_rate": "adaptive", "n_iter_no_change": 1, "tol": 0.05},
    "own initialiser": {"init": "he-normal"},
    "lbfgs": {"solver": "lbfgs", "tol": 0.5},
}


@pytest.mark.parametrize("way", WAYS)
def test_each_net_is_that_of_its_own_seed(way: str) -> None:
    together = ours(**WAYS[way], n_nets=NETS).fit(FLOWERS, KINDS)
    assert len(together.nets_) == NETS
    ends = set()
    for net, weights in enumerate(together.nets_):
        alone = ours(**WAYS[way], random_state=3 + net).fit(FLOWERS, KINDS)
        for one, other in zip([*weights.coefs, *weights.intercepts], [*alone.coefs_, *alone.intercepts_], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-8)
        assert together.history_.stopped_epoch[net] == alone.history_.stopped_epoch[0]
        assert together.history_.best_epoch[net] == alone.history_.best_epoch[0]
        ends.add(alone.n_iter_)
    assert together.n_iter_ == max(ends)
    assert together.history_.seeds.tolist() == [3, 4, 5, 6]


def test_all_nets_validate_on_the_rows_that_the_first_seed_sets_aside() -> None:
    """The one way in which a net of an ensemble is not that of its own seed: their scores are of the same rows."""
    given = {"early_stopping": lambda net, x, y: x.sum(), "max_iter": 1}
    together = ours(**given, n_nets=3).fit(FLOWERS, KINDS).history_["valid_score"][0]
    alone = [ours(**given, random_state=3 + net).fit(FLOWERS, KINDS).validation_scores_[0] for net in range(3)]
    assert len(set(together.tolist())) == 1 < len(set(alone))
    assert together[0] == pytest.approx(alone[0])


def test_an_ensemble_of_scikit_learns_nets() -> None:
    net = ours(n_nets=NETS).fit(FLOWERS, KINDS)
    theirs_mean = np.mean([theirs(random_state=3 + i).fit(FLOWERS, KINDS).predict_proba(FLOWERS) for i in range(4)], 0)
    np.testing.assert_allclose(net.predict_proba(FLOWERS), theirs_mean, atol=1e-7)
    np.testing.assert_array_equal(net.predict(FLOWERS), theirs_mean.argmax(axis=1))


def test_probabilities_are_means() -> None:
    net = ours(n_nets=NETS).fit(FLOWERS, KINDS)
    each = [forward(FLOWERS, (own.coefs, own.intercepts), [relu], softmax) for own in net.nets_]
    assert np.std(each, axis=0).max() > 0.01
    np.testing.assert_allclose(net.predict_proba(FLOWERS), np.mean(each, axis=0), rtol=1e-9)
    np.testing.assert_allclose(net.predict_log_proba(FLOWERS), np.log(np.mean(each, axis=0)), rtol=1e-7)
    np.testing.assert_array_equal(net.predict(FLOWERS), np.mean(each, axis=0).argmax(axis=1))


def test_several_labels_are_means_too() -> None:
    net = ours(n_nets=3).fit(LABEL_X, LABELS)
    each = [1 / (1 + np.exp(-forward(LABEL_X, (own.coefs, own.intercepts), [relu]))) for own in net.nets_]
    np.testing.assert_allclose(net.predict_proba(LABEL_X), np.mean(each, axis=0), rtol=1e-9)
    np.testing.assert_array_equal(net.predict(LABEL_X), np.mean(each, axis=0) > 0.5)


@pytest.mark.parametrize("columns", [1, 2])
def test_numbers_are_means_with_a_deviation(columns: int) -> None:
    y = NUMBERS if columns == 1 else np.column_stack([NUMBERS, NUMBERS**2])
    net = ours("MLPRegressor", n_nets=NETS).fit(NUMBER_X, y)
    each = np.array([forward(NUMBER_X, (own.coefs, own.intercepts), [relu]) for own in net.nets_])
    mean, deviation = each.mean(axis=0), each.std(axis=0, ddof=1)
    assert net.predict(NUMBER_X).shape == net.predict_std(NUMBER_X).shape == y.shape
    np.testing.assert_allclose(net.predict(NUMBER_X), mean.reshape(y.shape), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(net.predict_std(NUMBER_X), deviation.reshape(y.shape), rtol=1e-9)


def test_one_net_has_no_deviation() -> None:
    net = ours("MLPRegressor").fit(NUMBER_X, NUMBERS)
    with pytest.raises(gf.InputError, match=r"MLPRegressor: 'predict_std' needs at least two nets; got 1\."):
        net.predict_std(NUMBER_X)


def test_curves_are_means_of_those_that_still_trained() -> None:
    net = ours(**WAYS["early stopping"], n_nets=NETS).fit(FLOWERS, KINDS)
    table = net.history_["train_loss"]
    assert table.shape == (net.n_iter_, NETS)
    assert np.isnan(table).any()  # some stopped before others
    np.testing.assert_allclose(net.loss_curve_, np.nanmean(table.astype(float), axis=1), rtol=1e-6)
    np.testing.assert_array_equal(np.isfinite(table).sum(axis=0), net.history_.stopped_epoch)


def test_the_first_net_is_in_scikit_learns_attributes() -> None:
    net = ours(n_nets=NETS).fit(FLOWERS, KINDS)
    assert net.coefs_[0] is net.nets_[0].coefs[0]
    assert_same_net(net, ours().fit(FLOWERS, KINDS))


def diverging() -> Any:
    """Three nets that go on, of which the second has weights that no finite number comes out of."""
    net = ours("MLPRegressor", n_nets=3, warm_start=True, solver="sgd", learning_rate_init=1e-3)
    net.fit(NUMBER_X, NUMBERS)
    net.nets_[1].coefs[0][:] = 1e200
    return net


def test_a_net_that_diverges_is_left_out() -> None:
    net = diverging()
    with pytest.warns(ConvergenceWarning, match="1 of 3 nets diverged to non-finite values; they keep their last"):
        net.fit(NUMBER_X, NUMBERS)
    assert net.history_.frozen.tolist() == [False, True, False]
    sound = [forward(NUMBER_X, (own.coefs, own.intercepts), [relu])[:, 0] for own in (net.nets_[0], net.nets_[2])]
    np.testing.assert_allclose(net.predict(NUMBER_X), np.mean(sound, axis=0), rtol=1e-9)
    np.testing.assert_allclose(net.predict_std(NUMBER_X), np.std(sound, axis=0, ddof=1), rtol=1e-9)
    assert np.isfinite(net.loss_curve_).all()
    assert net.score(NUMBER_X, NUMBERS) > 0


def test_where_all_diverge_there_is_no_net() -> None:
    with pytest.raises(ValueError, match="Solver produced non-finite parameter weights"):
        ours("MLPRegressor", n_nets=2, solver="sgd", learning_rate_init=1e200).fit(NUMBER_X, NUMBERS)


def test_a_generator_gives_the_first_net_of_scikit_learn() -> None:
    given = {"max_iter": 3}
    net = ours(**given, n_nets=2, random_state=np.random.RandomState(7)).fit(FLOWERS, KINDS)
    assert_same_net(net, theirs(**given, random_state=np.random.RandomState(7)).fit(FLOWERS, KINDS))
    assert not np.allclose(net.nets_[1].coefs[0], net.nets_[0].coefs[0])


def test_unseeded_nets_differ_from_fit_to_fit() -> None:
    one, other = (ours(max_iter=1, random_state=None, n_nets=2).fit(FLOWERS, KINDS) for _ in range(2))
    drawn = [own.coefs[0][0, 0] for each in (one, other) for own in each.nets_]
    assert len(set(drawn)) == 4


def test_partial_fit_of_an_ensemble() -> None:
    net = ours(n_nets=2, shuffle=False)
    for _ in range(3):
        net.partial_fit(FLOWERS, KINDS, classes=[0, 1, 2])
    whole = ours(n_nets=2, shuffle=False, max_iter=3).fit(FLOWERS, KINDS)
    for one, other in zip(net.nets_, whole.nets_, strict=True):
        np.testing.assert_allclose(one.coefs[0], other.coefs[0], rtol=1e-9)
    assert net.history_["train_loss"].shape == (3, 2)


def test_another_number_of_nets_cannot_go_on() -> None:
    net = ours(n_nets=2, warm_start=True).fit(FLOWERS, KINDS)
    with pytest.raises(
        gf.InputError,
        match=r"warm_start requires the same number of nets and layer sizes as the previous fit; got '3 x",
    ):
        net.set_params(n_nets=3).fit(FLOWERS, KINDS)
