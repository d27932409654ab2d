"""Temperature scaling, against a fine grid with scikit-learn's loss, folds by hand, SciPy's softmax and simulations."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from model_help import LABELS, NETS, RATES
from numpy.typing import NDArray
from scipy.special import expit, softmax
from sklearn.metrics import log_loss

from goodfit.data.folds import Fold, Folds
from goodfit.errors import InputError
from goodfit.models.model_file import Model, load_model
from goodfit.models.temperature import (
    HIGHEST,
    LOWEST,
    Temperature,
    best_temperatures,
    fitted_temperature,
    logits_of,
    probabilities_at,
)

Table = NDArray[np.float64]
CLASSES = 3


def drawn(
    rng: np.random.Generator, rows: int, sure: float = 2.0, nets: int = 1, spread: float = 2.0
) -> tuple[Any, Any]:
    """(logits [P, N, C] that are `sure` times the true ones, codes drawn from these)."""
    z = spread * rng.normal(size=(rows, CLASSES))
    chances = softmax(z, axis=1)
    codes = np.minimum((chances.cumsum(1) < rng.random((rows, 1))).sum(1), CLASSES - 1)
    noise = 0.3 * rng.normal(size=(nets, rows, CLASSES)) if nets > 1 else 0.0
    return sure * (z + noise) + np.zeros((nets, 1, 1)), codes


def dealt(rows: int, count: int = 5) -> Folds:
    places, of_row = np.arange(rows, dtype=np.int32), np.arange(rows) % count
    return Folds("5 folds", (tuple(Fold(places[of_row != k], places[of_row == k]) for k in range(count)),), True)


def fitted(logits: Table, codes: Any, **how: Any) -> Temperature:
    return fitted_temperature("classification", logits, codes, dealt(len(codes)), **how)


@pytest.mark.parametrize("nets", [1, 4])
def test_the_best_temperature_is_that_of_a_fine_grid(nets: int) -> None:
    logits, codes = drawn(np.random.default_rng(0), 300, nets=nets)
    (found,) = best_temperatures("classification", logits, codes, [np.arange(300)])
    grid = np.geomspace(1, 4, 300)
    losses = [log_loss(codes, softmax(logits / at, axis=2).mean(0)) for at in grid]
    assert found == pytest.approx(grid[int(np.argmin(losses))], rel=0.005)
    mean = probabilities_at("classification", logits, found)
    assert mean == pytest.approx(softmax(logits / found, axis=2).mean(0))


def test_labels_have_one_temperature_for_all() -> None:
    rng = np.random.default_rng(1)
    z = 2 * rng.normal(size=(2000, 4))
    labels = (rng.random(z.shape) < expit(z)).astype(np.float32)
    found = fitted_temperature("multilabel", 2 * z[None], labels, dealt(2000), classes=("a", "b", "c", "d"))
    assert found.value == pytest.approx(2, rel=0.06)
    assert [each.of for each in found.after] == ["a", "b", "c", "d"]
    assert (found.helps, found.changed) == (True, 0)
    assert probabilities_at("multilabel", 2 * z[None], 2.0) == pytest.approx(expit(z))


def test_the_gain_is_that_of_rows_that_did_not_fit_it() -> None:
    logits, codes = drawn(np.random.default_rng(2), 400)
    found = fitted(logits, codes)
    held = np.empty(400)
    for at, fold in zip(found.fold_values, dealt(400).all, strict=True):
        assert at == pytest.approx(best_temperatures("classification", logits, codes, [fold.train])[0])
        after = softmax(logits[0, fold.valid] / at, axis=1)[np.arange(len(fold.valid)), codes[fold.valid]]
        held[fold.valid] = -np.log(after)
    before = log_loss(codes, softmax(logits[0], axis=1))
    assert found.gains[0].first == pytest.approx(before)
    assert found.gains[0].gain == pytest.approx(before - held.mean())
    assert [each.measure for each in found.gains] == ["log loss", "Brier score"]
    assert found.after[0].rows == 400
    assert found.after[0].chance > 0.05  # mended
    assert "makes the model less sure" in found.sentence
    assert found.sentence.endswith(": use it.")


def test_logits_twice_too_large_have_a_temperature_near_two() -> None:
    rng = np.random.default_rng(3)
    values = [fitted(*drawn(rng, 400)).value for _ in range(30)]
    assert np.mean(values) == pytest.approx(2, rel=0.05)
    assert 1.4 < min(values) < max(values) < 3


def test_calibrated_probabilities_are_left_as_they_are() -> None:
    rng = np.random.default_rng(4)
    found = [fitted(*drawn(rng, 200, sure=1.0)) for _ in range(60)]
    assert np.mean([each.helps for each in found]) <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / 60)
    assert any("not clear of 0: leave the model as it is." in each.sentence for each in found)


@pytest.mark.parametrize("sure", [1.0, 2.0])
def test_the_interval_of_the_gain_holds_the_gain_on_other_rows(sure: float) -> None:
    rng = np.random.default_rng(5)
    logits, codes = drawn(rng, 40_000, sure)
    grid = np.geomspace(0.4, 6, 60)
    losses = [log_loss(codes, softmax(logits[0] / at, axis=1)) for at in grid]
    before, held = log_loss(codes, softmax(logits[0], axis=1)), []
    for _ in range(120):
        found = fitted(*drawn(rng, 150, sure))
        truth = before - np.interp(np.log(found.fold_values), np.log(grid), losses).mean()
        held.append(found.gains[0].low <= truth <= found.gains[0].high)
    assert np.mean(held) >= 0.95 - 2 * math.sqrt(0.05 * 0.95 / 120)  # two standard errors of 120 samples


@pytest.mark.parametrize(("right", "bound", "why"), [(True, LOWEST, "rows are right"), (False, HIGHEST, "the larger")])
def test_a_temperature_that_runs_to_a_bound_is_not_advised(right: bool, bound: float, why: str) -> None:
    rng = np.random.default_rng(6)
    logits = rng.normal(size=(1, 100, CLASSES))
    codes = logits[0].argmax(1) if right else logits[0].argmin(1)
    found = fitted(logits, codes)
    assert (found.value, found.at_bound, found.helps) == (pytest.approx(bound), True, False)
    assert why in found.sentence
    assert found.sentence.endswith("do not use one.")


def test_few_errors_and_missing_folds_are_told() -> None:
    rng = np.random.default_rng(7)
    logits = 3 * rng.normal(size=(1, 100, CLASSES))
    codes = logits[0].argmax(1)
    codes[:3] = (codes[:3] + 1) % CLASSES
    found = fitted(logits, codes)
    assert math.isnan(found.gains[0].low)
    assert not found.helps
    assert "fewer than 10 rows are misclassified" in found.sentence
    alone = fitted_temperature("classification", logits, codes, None, missing="there are too few groups")
    assert (alone.gains, alone.after, alone.helps) == ((), (), False)
    assert "there are too few groups. Do not use it unmeasured." in alone.sentence
    assert alone.to_dict()["sentence"] == alone.sentence


def test_errors_in_few_groups_are_few_errors() -> None:
    rng = np.random.default_rng(7)
    logits = 3 * rng.normal(size=(1, 60, CLASSES))
    codes = logits[0].argmax(1)
    codes[:9] = (codes[:9] + 1) % CLASSES
    groups = np.repeat(np.arange(60), 5)
    again, folds = (logits.repeat(5, 1), codes.repeat(5)), dealt(300)
    found = fitted_temperature("classification", *again, folds, groups=groups)
    assert "fewer than 10 groups are misclassified" in found.sentence  # 45 rows, but 9 groups
    assert not math.isnan(fitted_temperature("classification", *again, folds).gains[0].low)
    spread = rng.permutation(300)  # the same errors, one a group
    apart = fitted_temperature("classification", again[0][:, spread], again[1][spread], folds, groups=groups)
    assert not math.isnan(apart.gains[0].low)


def test_rows_of_a_group_count_as_one() -> None:
    logits, codes = drawn(np.random.default_rng(8), 120)
    folds = dealt(120)
    alone = fitted_temperature("classification", logits, codes, folds)
    places = np.arange(120 * 7, dtype=np.int32)
    of_row = np.repeat(np.arange(120) % 5, 7)
    many = Folds("5 folds", (tuple(Fold(places[of_row != k], places[of_row == k]) for k in range(5)),), True)
    groups = np.repeat(np.arange(120), 7)
    again = fitted_temperature("classification", np.repeat(logits, 7, axis=1), np.repeat(codes, 7), many, groups=groups)
    assert again.value == pytest.approx(alone.value, rel=1e-3)
    for one, other in zip(alone.gains, again.gains, strict=True):
        assert (other.gain, other.low, other.high) == pytest.approx((one.gain, one.low, one.high), rel=0.01)


@pytest.mark.parametrize("nets", [NETS, (LABELS,)], ids=["classes", "labels"])
def test_a_tempered_model_is_an_ordinary_one(nets: Any, tmp_path: Any) -> None:
    x = np.random.default_rng(9).normal(size=(50, 4)).astype(np.float32)
    before = Model(nets, {"recipe": {"seed": 1}})
    made = before.tempered(2.5)
    wanted = probabilities_at(before.task, logits_of(nets, x), 2.5)
    assert made.predict_proba(x) == pytest.approx(wanted, abs=1e-6)
    assert made.about == {"recipe": {"seed": 1}, "temperature": 2.5}
    assert made.tempered(2).about["temperature"] == 5
    made.save(tmp_path / "m.safetensors")
    assert np.array_equal(load_model(tmp_path / "m.safetensors").predict_proba(x), made.predict_proba(x))
    one = Model(nets[:1])
    assert np.array_equal(one.predict(x), one.tempered(2.5).predict(x))  # of a single net nothing changes sides


def test_what_no_temperature_can_be() -> None:
    wrongs: list[Any] = [0.0, -1.0, math.nan, math.inf, True, "2", None]
    for wrong in wrongs:
        with pytest.raises(InputError, match="'temperature' must be a finite number > 0; got"):
            Model(NETS).tempered(wrong)
    with pytest.raises(InputError, match=r"must be a classifier to have a temperature; got 'regression'\."):
        Model((RATES,)).tempered(2.0)
    with pytest.raises(InputError, match="every weight of layer 1 must be finite"):
        Model(NETS[:1]).tempered(1e-300)
