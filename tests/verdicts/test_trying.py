"""What a verdict measures: the errors of the recipe and its probes, on common folds, seeds and rows."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.metrics import log_loss

from goodfit import InputError, Recipe, select
from goodfit.data import Dataset, load, table
from goodfit.data.folds import Folds, make_folds
from goodfit.verdicts.laying_out import VerdictLayout, lay_out
from goodfit.verdicts.probes import HALF, Alternative
from goodfit.verdicts.trying import best_epochs, constant_error, measure, stopped_early

RECIPE = Recipe(hidden=(6,), dropout=0, epochs=6, batch_size=16, learning_rate=0.02, schedule="constant")
ON_FOLDS = RECIPE.replace(batch_size=11)  # 2/3 of 16: two of three folds make as many steps as all rows
WIDER = Alternative("wider", "freer", {"hidden": (12,)}, "hidden 6 -> 12")


def iris(rows: int = 90) -> Dataset:
    data = load("iris")
    chosen = np.random.default_rng(0).permutation(len(data))[:rows]
    return dataclasses.replace(data, x=data.x[chosen], y=data.y[chosen])


def divided(data: Dataset, **how: Any) -> tuple[np.ndarray, Folds]:
    rows = np.arange(len(data), dtype=np.int32)
    return rows, make_folds(data, rows, folds=3, **how)


def laid(data: Dataset, recipe: Recipe = RECIPE, **how: Any) -> VerdictLayout:
    usual: dict[str, Any] = {"early": False, "by": "loss"}
    return lay_out(data, recipe, [WIDER, HALF], divided(data)[1], **{**usual, **how})


@pytest.mark.parametrize("by", ["loss", "score"])
def test_errors_are_those_of_a_search_on_the_same_fold(by: Any) -> None:
    """`select` trains each net to its end and scores it with NumPy, row by row."""
    data = iris()
    found = measure(laid(data, by=by))
    searched = select(data_without_test(data), ON_FOLDS, vary={"hidden": [(6,), (12,)]}, folds=3, by=by)
    wanted = searched.losses if by == "loss" else 1 - searched.scores
    np.testing.assert_allclose(found.errors[:2, 0], wanted[:, 0], atol=2e-5)  # later folds have other seeds
    assert not np.allclose(found.errors[0, 1], wanted[0, 1], atol=1e-3)


@pytest.mark.parametrize("chosen", [{"batch_size": 16}, {}])
def test_trainings_on_folds_have_as_many_steps_as_one_on_all_rows(chosen: dict[str, int]) -> None:
    data, recipe = iris(), Recipe(hidden=(6,), epochs=6, **chosen)
    batch = laid(data, recipe).recipes[0].batch_size
    assert np.ceil(len(data) / 16) == np.ceil(len(data) * 2 / 3 / batch)  # 16: the smallest that is chosen by itself


def test_numbers_are_judged_by_their_unexplained_variance() -> None:
    data = load("diabetes")
    found = measure(lay_out(data, RECIPE, [HALF], divided(data)[1], early=False, by="loss"))
    searched = select(data_without_test(data), ON_FOLDS, vary={"hidden": [(6,)]}, folds=3)
    np.testing.assert_allclose(1 - found.errors[0, 0], searched.scores[0, 0], atol=2e-4)
    assert found.constant == 1.0


def data_without_test(data: Dataset) -> Any:
    from goodfit.data import Split

    none = np.empty(0, np.int32)
    return Split(data, np.arange(len(data), dtype=np.int32), none, none)


def test_half_the_rows_are_half_of_each_fold_and_no_held_out_row() -> None:
    data = iris()
    layout = laid(data)
    sheet = layout.sheets[0]
    weights, folds = sheet.examples.weights, layout.folds.all
    assert weights is not None
    for place, fold in enumerate(folds):
        whole, half = np.flatnonzero(weights[place]), np.flatnonzero(weights[len(folds) + place])
        assert set(whole) == set(fold.train.tolist())
        assert len(half) == len(whole) // 2
        assert set(half) < set(whole)
        shares = np.bincount(data.y[half]) / len(half) - np.bincount(data.y[whole]) / len(whole)
        assert np.abs(shares).max() < 0.04  # classes keep their shares, up to a row
    own = {fit.fold: sheet.jobs[job].rows for job, fit in enumerate(sheet.fits) if fit.setting == 2}
    assert own == {0: 3, 1: 4, 2: 5}
    scalings = sheet.examples.own_scalings
    assert scalings is not None
    np.testing.assert_allclose(scalings[3].shift, data.x[np.flatnonzero(weights[3])].mean(0), rtol=1e-5)


def test_probes_share_the_seeds_of_a_fold_and_folds_do_not() -> None:
    layout = lay_out(iris(), RECIPE, [WIDER, HALF], divided(iris(), repeats=2)[1], seeds=(0, 1), early=False, by="loss")
    seeds: dict[tuple[int, int], set[int]] = {}
    for sheet in layout.sheets:
        for fit, job in zip(sheet.fits, sheet.jobs, strict=True):
            seeds.setdefault((fit.fold, fit.seed), set()).add(job.recipe.seed)
    assert sorted(next(iter(each)) for each in seeds.values()) == list(range(12))
    assert all(len(each) == 1 for each in seeds.values())


def test_tables_are_preprocessed_by_each_folds_own_rows() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=60)
    frame = {"x": x, "kind": rng.choice(["a", "b"], 60), "y": (x + rng.normal(0, 0.3, 60) > 0).astype(int)}
    import polars

    made = table(polars.DataFrame(frame), target="y")
    rows = np.arange(60, dtype=np.int32)
    folds = make_folds(made.dataset(rows), rows, folds=3)
    layout = lay_out(made, RECIPE, [WIDER, HALF], folds, early=False, by="score")
    assert [len(sheet.jobs) for sheet in layout.sheets] == [3, 3, 3]
    found = measure(layout)
    assert found.errors.shape == (3, 3)
    assert np.isfinite(found.errors).all()


def test_the_constant_error_is_that_of_a_dummy() -> None:
    data = dataclasses.replace(iris(), y=np.repeat([0, 1, 2], [50, 30, 10]).astype(np.int32))
    sheet = laid(data).sheets[0]
    dummy = DummyClassifier(strategy="prior").fit(data.x, data.y)
    assert constant_error(sheet, "loss") == pytest.approx(log_loss(data.y, dummy.predict_proba(data.x)))
    assert constant_error(sheet, "score") == pytest.approx(1 - dummy.score(data.x, data.y))


def test_an_epoch_is_chosen_by_the_other_folds_alone() -> None:
    watched = np.asarray([[[0.5, 0.1, 0.3], [0.5, 0.3, 0.2], [0.5, 0.4, 0.1]]])  # [1, folds, epochs]
    assert best_epochs(watched, [1, 2]).tolist() == [2]
    assert best_epochs(watched, [0, 1]).tolist() == [1]
    watched[0, 0, 2] = np.nan
    assert best_epochs(watched, [0, 1]).tolist() == [1]


def test_early_recipes_are_judged_at_an_epoch_that_their_rows_did_not_choose() -> None:
    data = iris()
    recipe = RECIPE.replace(epochs=12, learning_rate=0.2)
    whole, early = measure(laid(data, recipe)), measure(laid(data, recipe, early=True))
    assert (whole.chosen == 12).all()
    assert (early.chosen[0] < 12) or np.allclose(early.errors[0], whole.errors[0])
    curve, epochs = early.curve, early.epochs
    for fold in range(3):
        others = [other for other in range(3) if other != fold]
        at = int(np.argmin(curve[:, others].mean(axis=1)))
        assert early.errors[0, fold] == pytest.approx(curve[at, fold])
    assert set(epochs.tolist()) == set(range(1, 13))


def test_stopping_early_is_read_off_the_curve_of_the_recipe() -> None:
    data = iris()
    found = measure(laid(data, RECIPE.replace(epochs=12)))
    falling = dataclasses.replace(found, curve=np.linspace(1, 0.1, 12)[:, None] * np.ones(3))
    assert stopped_early(falling) is None
    rising = dataclasses.replace(found, curve=np.linspace(0.1, 1, 12)[:, None] * np.ones(3))
    early = stopped_early(rising)
    assert early is not None
    assert (early.epoch, early.errors.tolist()) == (1, [0.1, 0.1, 0.1])


def test_nets_that_diverge_have_no_error() -> None:
    data = iris()
    recipe = RECIPE.replace(optimizer="sgd", learning_rate=1e30)
    found = measure(laid(data, recipe))
    assert np.isnan(found.errors[0]).all()


def test_progress_ends_at_one() -> None:
    told: list[float] = []
    measure(laid(iris()), watch=lambda progress: told.append(progress.share))
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_too_few_rows_are_one_message() -> None:
    data = iris(9)
    rows = np.arange(4, dtype=np.int32)
    folds = make_folds(dataclasses.replace(data, task="classification"), rows, folds=[([0, 1], [2]), ([1, 2], [3])])
    with pytest.raises(InputError, match=r"Verdict: every fold must leave at least 4 training examples; got 2\."):
        lay_out(data, RECIPE, [HALF], folds, early=False, by="loss")
