"""Training on encoded inputs is training on inputs that were encoded before; folds fit their own edges."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from engine_reference import PLAIN, check_same, fit64, make_examples, train

import goodfit as gf
from goodfit.data import Dataset, Split
from goodfit.data.encoding import PiecewiseEncoding, edges_of, encoded_columns
from goodfit.data.folds import make_folds
from goodfit.errors import InputError
from goodfit.runs.checks import fitted_recipe
from goodfit.runs.training import resume
from goodfit.selection.sheets import make_sheets
from goodfit.training import Examples, Job, Recipe
from goodfit.training.compile import compilations
from goodfit.training.examples import Scaling, fit_scaling

ROWS = np.arange(32, dtype=np.int32)
ENCODED = PLAIN.replace(encoding="piecewise", bins=4, keep_best=False)


def encoded(task: str, **changes: Any) -> Examples:
    """Examples whose first and last input are encoded, by four bins each."""
    whole = make_examples(task, **changes)
    columns = np.array([0, 2], np.int32)
    edges = np.stack([edges_of(whole.scaling.scaled(whole.x[whole.train], int(c)), 4) for c in columns])
    return replace(whole, scaling=replace(whole.scaling, encoding=PiecewiseEncoding(columns, edges)))


def before(examples: Examples, scaling: Scaling) -> Examples:
    """The same with inputs that were scaled and encoded on the host."""
    zeros, ones = np.zeros(examples.inputs), np.ones(examples.inputs)
    plain = Scaling(zeros, ones, scaling.target_shift, scaling.target_scale)
    return replace(examples, x=scaling.inputs(examples.x), scaling=plain, own_scalings=None)


@pytest.mark.parametrize(
    ("task", "changes"),
    [("regression", {}), ("classification", {"optimizer": "adam", "hidden": (5, 4)})],
)
def test_a_training_is_that_of_the_reference_on_encoded_inputs(task: str, changes: dict[str, Any]) -> None:
    """Every weight, loss and score, in plain NumPy; initial weights by the true fan-in."""
    examples, recipe = encoded(task), ENCODED.replace(**changes)
    assert examples.inputs == 3 + 2 * 4
    fitted = fit64([Job(recipe), Job(recipe.replace(seed=1))], examples, devices=2)
    for net, seed in enumerate((0, 1)):
        check_same(fitted, net, train(recipe.replace(seed=seed), before(examples, examples.scaling)))
    encoding, compiled = examples.scaling.encoding, compilations()
    assert encoding is not None
    moved = replace(examples.scaling, encoding=PiecewiseEncoding(encoding.columns - [0, 1], 2 * encoding.edges))
    fit64([Job(recipe), Job(recipe.replace(seed=1))], replace(examples, scaling=moved), devices=2)
    assert compilations() == compiled  # columns and edges are arguments of the program


@pytest.mark.parametrize(
    ("changes", "clipped"), [({}, False), ({}, True), ({"input_dropout": 0.4}, True), ({"optimizer": "lbfgs"}, False)]
)
def test_a_net_of_a_fold_sees_the_edges_of_its_fold(changes: dict[str, Any], clipped: bool) -> None:
    whole = replace(make_examples("regression"), train=ROWS[:24], parts={})
    folds = np.random.default_rng(4).permutation(np.arange(24, dtype=np.int32) % 3)

    def fit(rows: Any) -> Scaling:
        x = whole.x[rows].astype(np.float64)
        bend = np.full(3, 1 / 3) if clipped else None
        scaling = Scaling(x.mean(0), 1 / x.std(0), np.zeros(3), np.ones(3), bend)
        edges = np.stack([edges_of(scaling.scaled(whole.x[rows], column), 4) for column in (0, 2)])
        return replace(scaling, encoding=PiecewiseEncoding(np.array([0, 2]), edges))

    examples = replace(whole.with_folds(folds, fit), scaling=fit(ROWS[:24]))
    recipe = Recipe(hidden=(4,), epochs=3, **changes) if "optimizer" in changes else PLAIN.replace(**changes)
    fitted = fit64([Job(recipe, rows) for rows in range(3)], examples)
    for rows in range(3):
        own = examples.scaling_of(rows)
        alone = replace(examples, scaling=own, own_scalings=None)
        # dropout of inputs encoded on the host would drop their components one by one
        other = fit64([Job(recipe, rows)], alone if "input_dropout" in changes else before(alone, own))
        for a, b in zip(fitted.nets[rows].weights, other.nets[0].weights, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(fitted.metrics[:, [0, 2], rows], other.metrics[:, [0, 2], 0], rtol=1e-7)


def drawn(seed: int = 0, rows: int = 90) -> Dataset:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3)).astype(np.float32)
    x[:, 1] = x[:, 1] > 0
    return Dataset.from_arrays(x, (x[:, 0] + x[:, 2] ** 2 + 0.1 * rng.normal(size=rows)), name="drawn")


@pytest.mark.parametrize("scaling", ["none", "standard", "robust"])
def test_edges_are_quantiles_of_scaled_training_rows(scaling: Any) -> None:
    data, rows = drawn(), np.arange(60, dtype=np.int32)
    found = fit_scaling(data, rows, scaling, encoding="piecewise", bins=8)
    assert found.encoding is not None
    assert found.encoding.columns.tolist() == [0, 2]
    scaled = fit_scaling(data, rows, scaling).inputs(data.x[rows])
    expected = np.quantile(scaled, np.linspace(0, 1, 9), axis=0).T[[0, 2]]
    np.testing.assert_allclose(found.encoding.edges, expected, rtol=1e-6, atol=1e-6)
    assert fit_scaling(data, rows, scaling).encoding is None


def test_held_out_rows_tell_the_edges_of_their_fold_nothing() -> None:
    """Rows of a fold become others; the edges of its nets stay, and those of the other folds do not."""
    data = drawn()
    folds = make_folds(data, np.arange(90, dtype=np.int32), folds=3)
    held_out = folds.all[1].valid
    x = data.x.copy()
    x[held_out] = np.where(np.arange(3) == 1, x[held_out], 50 + 10 * x[held_out])
    changed = replace(data, x=x)
    (one,), (other,) = (make_sheets(each, folds, [ENCODED], [0]) for each in (data, changed))
    for fold in range(3):
        ours, theirs = (sheet.examples.scaling_of(fold) for sheet in (one, other))
        assert ours.encoding is not None
        assert theirs.encoding is not None
        assert np.array_equal(ours.encoding.edges, theirs.encoding.edges) == (fold == 1)
        train_rows = folds.all[fold].train
        alone = fit_scaling(data, train_rows, encoding="piecewise", bins=4)
        assert alone.encoding is not None
        np.testing.assert_array_equal(ours.encoding.edges, alone.encoding.edges)


def test_recipes_with_and_without_encoding_are_searched_together() -> None:
    data = drawn()
    recipes = [PLAIN.replace(loss="auto"), ENCODED.replace(bins=3), ENCODED.replace(bins=3, input_dropout=0.1)]
    folds = make_folds(data, np.arange(90, dtype=np.int32), folds=3)
    sheets = make_sheets(data, folds, recipes, [0])
    assert [(len(sheet.jobs), sheet.examples.inputs) for sheet in sheets] == [(3, 3), (6, 3 + 2 * 3)]
    found = gf.select(PLAIN.replace(epochs=1), "diabetes", vary={"encoding": ["none", "piecewise"]}, folds=2)
    assert sorted(found.parameters) == [4 * 11 + 5, 4 * (11 + 16 * 9) + 5]  # all columns but the sex have more values


def sawtooth(rows: int = 400) -> Split:
    x = np.linspace(0, 1, rows, dtype=np.float32)[np.random.default_rng(2).permutation(rows)]
    data = Dataset.from_arrays(x[:, None], (8 * x) % 1, name="sawtooth")
    places = np.arange(rows, dtype=np.int32)
    return Split(data, places[:300], places[300:], places[:0])


def test_a_small_net_fits_a_sawtooth_with_it_and_not_without() -> None:
    given: dict[str, Any] = {"hidden": (16,), "dropout": 0.0, "epochs": 60, "learning_rate": 0.01, "batch_size": 30}
    plain = gf.train(Recipe(**given), sawtooth()).scores["valid"].value
    with_bins = gf.train(Recipe(**given, encoding="piecewise", bins=64), sawtooth())
    assert plain < 0.3
    assert with_bins.scores["valid"].value > 0.7
    (net,) = with_bins.nets
    assert (net.sizes, net.n_inputs, net.first_inputs) == ((1, 16, 1), 1, 65)
    assert with_bins.layers[0].inputs == 65
    last = with_bins.history["valid_score"][with_bins.history.best_epoch[0] - 1, 0]
    assert with_bins.scores["valid"].value == pytest.approx(last, abs=1e-4)  # NumPy's score is the program's


def test_a_run_goes_on_with_the_same_bits(tmp_path: Path) -> None:
    recipe = Recipe(hidden=(8,), epochs=5, encoding="piecewise", batch_size=16)

    def stop(told: Any) -> None:
        if told.phase == "train" and told.epoch >= 2:
            raise KeyboardInterrupt

    gf.train(recipe, "iris", out=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        gf.train(recipe, "iris", out=tmp_path / "run", progress=stop)
    resume(tmp_path / "run")
    files = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "run")]
    assert files[0] == files[1]


def test_data_without_numbers_are_left_as_they_are() -> None:
    """No column has three values: the recipe trains as without an encoding, and says nothing."""
    x = np.random.default_rng(0).integers(0, 2, (60, 3)).astype(np.float32)
    data = Dataset.from_arrays(x, x.sum(1) > 1, name="switches")
    assert not len(encoded_columns(x))
    one, other = (gf.train(recipe, data).nets[0] for recipe in (ENCODED, PLAIN))
    assert one.encoding is None
    np.testing.assert_array_equal(one.weights[0], other.weights[0])
    assert fitted_recipe(ENCODED, Split(data, ROWS, ROWS[:0], ROWS[:0])) == ENCODED


def test_bins_need_an_encoding() -> None:
    with pytest.raises(InputError, match=r"'bins' must be 16 with encoding 'none'; got 8"):
        Recipe(bins=8)
    with pytest.raises(InputError, match=r"'bins' must be an integer >= 1 and <= 1024; got 0"):
        Recipe(encoding="piecewise", bins=0)
    assert Recipe(encoding="piecewise").replace(encoding="none").bins == 16


def test_a_training_that_goes_on_keeps_the_bins_of_its_start() -> None:
    """On other rows too, since the weights are only right with them."""
    first = gf.train(ENCODED.replace(epochs=1, loss="auto"), drawn()).nets[0]
    going = gf.train(None, drawn(1), start=gf.Model((first,), {"recipe": ENCODED.replace(epochs=1).to_dict()}))
    assert going.nets[0].encoding is not None
    assert first.encoding is not None
    np.testing.assert_array_equal(going.nets[0].encoding.edges, first.encoding.edges)
    with pytest.raises(InputError, match=r"'bins' must stay 4: the weights of the start are only right with its"):
        gf.train(ENCODED.replace(bins=5), drawn(1), start=first)
    with pytest.raises(InputError, match=r"'encoding' must stay piecewise"):
        gf.train(PLAIN.replace(encoding="none"), drawn(1), start=first)
