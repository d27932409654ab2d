"""The loss "quantile" and the nets that it trains: against scikit-learn, NumPy and a constant's quantiles."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics import mean_pinball_loss

import goodfit as gf
from goodfit.data import Dataset
from goodfit.errors import InputError
from goodfit.inspection.constant import least_pinball
from goodfit.inspection.inspecting import initial_net
from goodfit.inspection.learning_rates import range_tests
from goodfit.models import TrainedNet, load_model, save_model
from goodfit.models.conformal import conformal_of
from goodfit.models.quantile_head import QuantileHead
from goodfit.models.quantiles import joined_head, quantiles_of, quantiles_together
from goodfit.nets.losses import LOSSES
from goodfit.runs.model_facts import describe_model
from goodfit.training.examples import Examples
from goodfit.training.population import Job
from goodfit.training.turns import JobList, plan_session

LEVELS = (0.1, 0.25, 0.5, 0.75, 0.9)
RNG = np.random.default_rng(0)


def head_net(targets: int = 2, seed: int = 0, **fields: Any) -> TrainedNet:
    rng = np.random.default_rng(seed)
    head = QuantileHead(LEVELS, rng.normal(size=(4 * targets, 5)).astype(np.float32),
                        rng.normal(size=4 * targets).astype(np.float32))  # fmt: skip
    return TrainedNet(
        (rng.normal(size=(5, 3)), rng.normal(size=(targets, 5))),
        (rng.normal(size=5), rng.normal(size=targets)),
        ("tanh",),
        "regression",
        head=head,
        target_shift=np.arange(targets),
        target_scale=np.full(targets, 0.5),
        **fields,
    )


def by_hand(z: np.ndarray, targets: int) -> np.ndarray:
    """Quantiles [B, T, L] of outputs [C, B], one number after another."""
    found = np.empty((z.shape[1], targets, 5))
    for row in range(z.shape[1]):
        for target in range(targets):
            step = [np.log1p(np.exp(z[targets + place * targets + target, row])) for place in range(4)]
            median = z[target, row]
            found[row, target] = [median - step[1] - step[0], median - step[1], median,
                                  median + step[2], median + step[2] + step[3]]  # fmt: skip
    return found


def test_the_loss_is_the_sum_of_pinball_losses() -> None:
    z, y = RNG.normal(size=(10, 30)), RNG.normal(size=(2, 30))
    plain = np.asarray(LOSSES["quantile"].per_row(jnp.asarray(z), jnp.asarray(y), None, LEVELS)[1])
    quantiles = by_hand(z, 2)
    expected = sum(
        mean_pinball_loss(y[target], quantiles[:, target, place], alpha=level)
        for place, level in enumerate(LEVELS)
        for target in range(2)
    )
    assert plain.shape == (30,)
    assert plain.mean() == pytest.approx(expected, rel=1e-5)


def test_a_net_gives_the_same_quantiles_and_predicts_the_median() -> None:
    net, x = head_net(), RNG.normal(size=(7, 3)).astype(np.float32)
    assert net.head is not None
    h = np.tanh(x @ net.weights[0].T + net.biases[0])
    z = np.concatenate([h @ net.weights[1].T + net.biases[1], h @ net.head.weight.T + net.head.bias], axis=1)
    expected = by_hand(z.T, 2) / 0.5 + np.arange(2)[:, None]
    found = quantiles_of(net, x)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6 * np.abs(expected).max())
    np.testing.assert_allclose(found[:, :, 2], net.predict(x), rtol=1e-5)
    extreme = quantiles_of(net, 1e3 * x)
    assert (np.diff(extreme, axis=2) >= 0).all()
    other = head_net(seed=1, count=3)
    np.testing.assert_allclose(quantiles_together([net, other], x), (found + 3 * quantiles_of(other, x)) / 4, rtol=1e-6)
    with pytest.raises(InputError, match="must be trained for quantiles to give them"):
        quantiles_of(replace(net, head=None), x)


def test_a_constant_net_learns_the_quantiles_of_the_targets() -> None:
    y = np.exp(RNG.normal(size=200))
    data = Dataset.from_arrays(np.ones((200, 1)), y, task="regression")
    recipe = gf.Recipe(hidden=(), loss="quantile", levels=LEVELS, optimizer="adam", learning_rate=0.05, epochs=300,
                       batch_size=200, valid=0.0, dropout=())  # fmt: skip
    split = gf.data.Split(data, np.arange(200), np.empty(0, int), np.empty(0, int))
    run = gf.train(recipe, split, leaks="off")
    found = quantiles_of(run.nets[0], np.ones((1, 1)))[0, 0]
    below = (y[:, None] < found).mean(0)  # any value between two neighbours of the sample is a quantile
    np.testing.assert_allclose(below, LEVELS, atol=0.011)
    scaled = run.nets[0].target_scale * (y - run.nets[0].target_shift)
    least = least_pinball(scaled[None], LEVELS)
    assert least <= run.history["train_loss"][-1, 0] <= least * 1.001
    expected = sum(mean_pinball_loss(scaled, np.full(200, np.quantile(scaled, level)), alpha=level) for level in LEVELS)
    assert least == pytest.approx(expected)


def heteroscedastic(rows: int, seed: int = 0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.uniform(0, 1, rows)
    return {"x": x, "other": rng.normal(size=rows), "y": 5 * x + (0.1 + 2 * x) * rng.normal(size=rows)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    table = gf.data.table(heteroscedastic(400), "y", test=0)
    recipe = {"loss": "quantile", "hidden": (16,), "epochs": 25, "learning_rate": 0.02, "fold_members": 3,
              "encoding": "none"}  # fmt: skip
    run = gf.train(recipe, table, leaks="off", out=tmp_path_factory.mktemp("quantiles") / "run")
    assert run.folder is not None
    return run.folder


def test_intervals_are_conformal_and_widen_with_the_noise(folder: Path) -> None:
    run, new = gf.runs.load(folder), heteroscedastic(2000, seed=1)
    for coverage in (0.5, 0.9):
        low, high = run.predict_interval(new, coverage)[:, 0].T
        assert np.mean((low <= new["y"]) & (new["y"] <= high)) == pytest.approx(coverage, abs=0.05)
    calm, noisy = new["x"] < 0.2, new["x"] > 0.8
    assert (high - low)[noisy].mean() > 2 * (high - low)[calm].mean()
    for part in (calm, noisy):
        assert np.mean((low <= new["y"]) & (new["y"] <= high), where=part) > 0.8


def test_what_is_written_gives_the_same(folder: Path, tmp_path: Path) -> None:
    model, new = load_model(folder), heteroscedastic(9, seed=2)
    model.save(tmp_path / "copy.safetensors")
    again = load_model(tmp_path / "copy.safetensors")
    np.testing.assert_array_equal(model.predict_interval(new), again.predict_interval(new))
    assert again.nets[0].head is not None
    assert again.nets[0].head.levels == (0.05, 0.25, 0.5, 0.75, 0.95)
    found = gf.runs.predict(folder, new, coverage=0.9)
    np.testing.assert_allclose(found.intervals, model.predict_interval(new))
    model.export("numpy", tmp_path / "plain")  # the median, as it is predicted


def test_a_net_goes_on_with_its_quantiles(folder: Path) -> None:
    table = gf.data.table(heteroscedastic(400), "y", test=0)
    more = gf.train({"epochs": 1}, table, start=folder, leaks="off", seeds=3)
    assert all(net.head is not None for net in more.nets)
    with pytest.raises(InputError, match="'loss' must be quantile with the levels"):
        gf.train(gf.Recipe(loss="squared-error"), table, start=folder, leaks="off")


@pytest.mark.parametrize("levels", [(0.1, 0.9), (0.5,), (0.1, 0.5, 0.8), (0.9, 0.5, 0.1), (0.0, 0.5, 1.0)])
def test_levels_pair(levels: tuple[float, ...]) -> None:
    with pytest.raises(InputError, match="'levels'"):
        gf.Recipe(loss="quantile", levels=levels)


@pytest.mark.parametrize("targets", [1, 2])
def test_mixtures_of_activations_enter_the_quantiles(targets: int) -> None:
    net = head_net(targets, mixtures=(np.array([1.0, 0.5, 0, -0.5, 2]),))
    x = RNG.normal(size=(20, 3))
    np.testing.assert_allclose(quantiles_of(net, x)[:, :, 2], net.predict(x), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize(
    ("loss", "mixture", "transform"), [("quantile", True, "log"), ("quantile", False, "none"), ("auto", True, "log")]
)
def test_what_nets_may_have_goes_together(loss: str, mixture: bool, transform: str, tmp_path: Path) -> None:
    """From training through a file to intervals; and the first epoch at no rate leaves what inspection draws again."""
    x = np.random.default_rng(0).normal(size=(120, 2)).astype(np.float32)
    y = np.exp(np.stack([x[:, 0], x[:, 1] - 2], axis=1) + 0.1)
    data = Dataset("mine", x, y, "regression", targets=("a", "b"), scale_targets=True)
    recipe = gf.Recipe(hidden=(5,), loss=loss, train_mixture=mixture, target_transform=transform, epochs=3, valid=0.4,
                       dropout=0, optimizer="sgd", schedule="constant", learning_rate=0.02)  # fmt: skip
    run = gf.train(recipe, data, leaks="off")
    assert sum(layer.parameters for layer in run.layers) == run.nets[0].n_parameters
    run.model.save(tmp_path / "net.safetensors")
    model = load_model(tmp_path / "net.safetensors")
    ends = model.predict_interval(x, 0.8)
    np.testing.assert_array_equal(ends, run.predict_interval(x, 0.8))
    assert ((ends[..., 0] <= y) & (y <= ends[..., 1])).mean() > 0.6
    assert describe_model(tmp_path / "net.safetensors").mixed == int(mixture)
    if loss == "quantile":
        np.testing.assert_allclose(quantiles_of(model.nets[0], x)[:, :, 2], model.predict(x), rtol=1e-4)
        assert describe_model(tmp_path / "net.safetensors").levels == gf.Recipe().levels
        with pytest.raises(InputError, match="'conformal' in 'about' must be as goodfit writes it"):
            conformal_of(model.about, "Model", "regression", 2, (0.1, 0.5, 0.9))
    still = gf.train(run.recipe.replace(learning_rate=1e-30, epochs=1), run.split, leaks="off")
    begun = initial_net(run.recipe, run.nets[0], run.split)
    assert begun is not None
    for one, other in zip(joined_head(begun)[0], joined_head(still.nets[0])[0], strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_start_with_levels_of_its_own_says_that_its_loss_stays() -> None:
    start = head_net()
    with pytest.raises(InputError, match="'loss' must be quantile with the levels"):
        gf.train(gf.Recipe(hidden=(5,), activation="tanh", loss="huber"), two_targets(), start=start, leaks="off")


def two_targets() -> Dataset:
    x = np.random.default_rng(1).normal(size=(60, 3)).astype(np.float32)
    return Dataset("two", x, x[:, :2] * 2 + 1, "regression", scale_targets=True)


def test_a_head_is_held_as_files_hold_it(tmp_path: Path) -> None:
    net = head_net()
    assert net.head is not None
    wide = QuantileHead(list(LEVELS), net.head.weight.astype(np.float64), net.head.bias.astype(np.float64))  # type: ignore[arg-type]
    made = replace(net, head=wide)
    save_model(tmp_path / "net.safetensors", [made])
    again = load_model(tmp_path / "net.safetensors").nets[0]
    x = RNG.normal(size=(4, 3))
    np.testing.assert_array_equal(quantiles_of(again, x), quantiles_of(net, x))


def test_range_tests_judge_each_recipe_by_the_constant_of_its_own_levels() -> None:
    recipe = gf.Recipe(hidden=(), loss="quantile", epochs=1, dropout=0)
    several = [recipe.replace(levels=levels) for levels in ((0.1, 0.5, 0.9), LEVELS)]
    examples = Examples.of_split(gf.data.split(two_targets()))
    scaled = examples.scaling.targets(examples.y[examples.train]).T
    for found, each in zip(range_tests(several, examples), several, strict=True):
        assert found.constant == pytest.approx(least_pinball(scaled, each.levels), rel=1e-6)


def test_the_plan_counts_an_output_for_every_level() -> None:
    examples = Examples.of_split(gf.data.split(two_targets()))
    sizes = [plan_session([JobList((Job(recipe),), examples)]).bytes
             for recipe in (gf.Recipe(loss="quantile", levels=LEVELS, hidden=()), gf.Recipe(hidden=()))]  # fmt: skip
    assert sizes[0] > sizes[1]
