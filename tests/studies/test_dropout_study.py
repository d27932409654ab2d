"""Section 4.5 in its small form: the claims; masks against the engine's own pass, draws of NumPy's, and all masks."""

from __future__ import annotations

import itertools

import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from studies_help import Small

from goodfit.data import Dataset, load
from goodfit.nets.dropout import stream_key
from goodfit.nets.forward import Architecture, Dropout, Parameters, Present, forward
from goodfit.studies import run
from goodfit.studies.catalogue import find
from goodfit.studies.dropout.measure import _chosen_by_others, examples_of
from goodfit.studies.dropout.thinned import STEP, mean_over_all_masks, rank_share, thinned
from goodfit.training.population import NetArrays

pytestmark = pytest.mark.xdist_group("dropout")  # a worker runs its small form once

HOLD = {"overfits", "random", "expectation", "layer", "votes", "spread"}
FALSE = {"figure-gap", "outputs", "doubt"}
RATES = (0.2, 0.5)


def random_net(inputs: int = 6, units: int = 40, outputs: int = 3) -> NetArrays:
    rng = np.random.default_rng(0)
    sizes = (inputs, units, units, outputs)
    pairs = list(itertools.pairwise(sizes))
    weights = tuple((rng.normal(size=(o, i)) * np.sqrt(2 / i)).astype(np.float32) for i, o in pairs)
    return NetArrays(weights, tuple(rng.normal(size=o).astype(np.float32) for o in sizes[1:]), (None, None))


def rows(count: int = 200) -> np.ndarray:
    return np.random.default_rng(1).normal(size=(count, 6)).astype(np.float32)


def numpy_outputs(net: NetArrays, x: np.ndarray, masks: int, scaled: bool = True) -> np.ndarray:
    """Outputs under masks of NumPy's own, [masks, R, C], in float64, rows-major."""
    rng, found = np.random.default_rng(2), []
    for _ in range(masks):
        h = x.astype(float)
        for layer, rate in enumerate(RATES):
            h = np.maximum(h @ net.weights[layer].T + net.biases[layer], 0)
            h = h * (rng.random(h.shape) >= rate) / (1 - rate if scaled else 1)
        found.append(h @ net.weights[2].T + net.biases[2])
    return np.array(found)


def test_the_claims(small: Small) -> None:
    result = small("dropout")
    assert {name: result.claim(name).status for name in HOLD} == dict.fromkeys(HOLD, "holds")
    assert {name: result.claim(name).status for name in FALSE} == dict.fromkeys(FALSE, "does not hold")


def test_the_tables_say_the_same_as_the_claims(small: Small) -> None:
    result = small("dropout")
    table = result.tables["nets"]
    gaps = np.array(table["train"]) - np.array(table["test"])
    assert gaps[1] - gaps[0] == pytest.approx(result.claim("notes-gap").found.value, abs=1e-6)
    assert table["test"][3] - table["test"][2] == pytest.approx(result.claim("few-test").found.value, abs=1e-6)
    assert gaps[2] == pytest.approx(result.claim("overfits").found.value, abs=1e-6)


def test_one_mask_is_the_engines_own_pass() -> None:
    """The mean over two draws equals that of two forward passes of the engine with the same keys."""
    net, x = random_net(), rows()
    parameters = Parameters(
        tuple(jnp.asarray(w)[None, None] for w in net.weights),
        tuple(jnp.asarray(b)[None, None] for b in net.biases),
        net.slopes,
    )
    architecture = Architecture(6, (40, 40), 3, ("relu", "relu"), dropout=True)
    present = Present(tuple(jnp.ones((1, 1, 40)) for _ in range(2)), jnp.ones((1, 1, 2), bool))
    outputs = []
    for draw in range(2):
        keys = stream_key(5, draw, STEP, jnp.arange(3, dtype=jnp.uint32))[None]
        dropout = Dropout(keys, jnp.asarray(RATES)[None, None], jnp.zeros((1, 1)))
        outputs.append(np.asarray(forward(parameters, jnp.asarray(x)[None], architecture, present, dropout))[0, 0])
    found = thinned(net, x, RATES, 5, 2)
    np.testing.assert_allclose(found.at["outputs"].mean, np.mean(outputs, axis=0), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found.votes.sum(0), 1)


def test_the_averages_are_those_of_masks_drawn_by_numpy() -> None:
    """Means agree within five standard errors of both, and the standard errors within a tenth."""
    net, x = random_net(), rows(50)
    drawn = numpy_outputs(net, x, 2000)
    found = thinned(net, x, RATES, 0, 2000).at["outputs"]
    error = drawn.std(0, ddof=1).T / np.sqrt(2000)
    np.testing.assert_allclose(found.error.mean(), error.mean(), rtol=0.1)
    assert np.abs((found.mean - drawn.mean(0).T) / np.hypot(error, found.error)).max() < 5


def test_a_single_layer_is_equal_on_average_and_a_softmax_is_not() -> None:
    found = thinned(random_net(), rows(), RATES, 0, 400)
    assert found.at["first"].noise_ratio == pytest.approx(1, abs=0.05)
    assert found.at["into"].noise_ratio == pytest.approx(1, abs=0.1)
    assert found.at["first"].growth == pytest.approx(0, abs=0.01)
    assert found.at["probabilities"].noise_ratio > 1.5
    np.testing.assert_allclose(found.kept, (0.8, 0.5), atol=0.002)


def test_without_division_by_the_share_kept_the_check_would_fail() -> None:
    """What the claim would measure of a layer that forgets to divide: many standard errors."""
    net, x = random_net(), rows(50)
    whole = thinned(net, x, RATES, 0, 2).at["outputs"].passed
    drawn = numpy_outputs(net, x, 200, scaled=False)
    error = drawn.std(0, ddof=1).T / np.sqrt(200)
    assert np.sqrt(np.square(drawn.mean(0).T - whole).mean() / np.square(error).mean()) > 5


def test_the_expectation_over_all_masks_by_hand() -> None:
    """Two units: kept both, one, the other, none."""
    a, b, p = 3.0, 5.0, 0.25
    both, one = 0.75 * 0.75, 0.75 * 0.25
    by_hand = np.array([a, b]) / (1 - p) * (both + one)
    np.testing.assert_allclose(mean_over_all_masks(np.array([a, b]), p), by_hand, rtol=1e-15)
    np.testing.assert_allclose(by_hand, [a, b], rtol=1e-15)


def test_the_rank_share_is_the_area_under_the_curve() -> None:
    rng = np.random.default_rng(0)
    score, wrong = rng.integers(0, 5, 60).astype(float), rng.random(60) < 0.3
    assert rank_share(score, wrong) == pytest.approx(roc_auc_score(wrong, score))
    assert np.isnan(rank_share(score, np.zeros(60, bool)))


def test_each_seed_takes_the_setting_that_is_best_for_the_others() -> None:
    table = np.array([[9.0, 1.0, 1.0], [2.0, 2.0, 2.0]])
    np.testing.assert_array_equal(_chosen_by_others(table), [2.0, 1.0, 1.0])


def test_seeds_draw_rows_of_their_own_and_test_rows_never_train() -> None:
    digits = load("digits")
    examples = examples_of(digits, 300, range(2))
    first, second = examples.x[:800], examples.x[800:]
    assert len(examples.x) == 1600
    assert not np.array_equal(first[:300], second[:300])
    assert not {row.tobytes() for row in first[:300]} & {row.tobytes() for row in first[300:]}


def test_official_test_rows_are_shared_and_all_rows_are_not_copied() -> None:
    """A set with 10 official test rows, as Fashion-MNIST has: whole, it is one copy; in part, a copy a seed."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (60, 4)).astype(np.uint8), rng.integers(0, 2, 60)
    data = Dataset(
        name="a", x=x, y=y, task="classification", classes=("a", "b"), scaling="unit", test=np.arange(50, 60)
    )
    whole = examples_of(data, 60_000, range(3))
    assert (len(whole.x), whole.set_rows, len(whole.train)) == (60, 0, 50)
    np.testing.assert_array_equal(whole.parts["test"], np.arange(50, 60))
    part = examples_of(data, 20, range(3))
    assert part.set_rows == 30
    for place in range(3):
        np.testing.assert_array_equal(part.x[part.parts["test"] + 30 * place], x[50:])


def test_without_dropout_there_is_nothing_to_claim_of_it() -> None:
    given = {**find("dropout").small, "seeds": 2, "epochs": 2, "few_epochs": 2, "dropout1": 0.0, "dropout2": 0.0}
    result = run("dropout", **given)
    unknown = [each.claim.name for each in result.claims if each.found.why is not None]
    assert set(unknown) >= {"notes-gap", "few-gap", "layer", "spread", "random"}
    assert {result.claim(name).status for name in unknown} == {"cannot tell"}


@pytest.mark.parametrize(
    "given",
    [
        {"learning_rate": 1.0, "dropout1": 0.95, "dropout2": 0.95, "rates": (0.95,)},
        {"epochs": 1, "few_epochs": 2, "few_rows": 64, "rates": (0.01,), "masks": 10, "dropout1": 0.0},
    ],
)
def test_the_ends_of_the_ranges(given: dict[str, float]) -> None:
    result = run("dropout", **{**find("dropout").small, "seeds": 2, "epochs": 3, "few_epochs": 3, **given})
    assert len(result.claims) == len(result.study.claims)
    assert all(result.figure(each.name, 4.6) for each in result.study.figures)
