"""`gf.calibration`: which rows, what is recorded, folds that keep groups and times together, and what can be saved."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import softmax

import goodfit as gf
import goodfit.figures
from goodfit.data import Dataset, Ledger, Split, split
from goodfit.errors import InputError
from goodfit.files import write_atomically
from goodfit.models import TrainedNet
from goodfit.models.averaging import mean_values
from goodfit.models.calibration import Reliability
from goodfit.models.temperature import logits_of
from goodfit.models.tempering import tempered_net
from goodfit.runs import Run
from goodfit.runs.calibrated import Calibration
from goodfit.training.recipe import Recipe

RECIPE = Recipe(hidden=(6,), epochs=12, batch_size=32, dropout=0, learning_rate=0.01)


@pytest.fixture(autouse=True)
def book(monkeypatch: pytest.MonkeyPatch) -> Ledger:
    monkeypatch.setattr(goodfit.figures, "write_figure", lambda figure, path: write_atomically(path, b"a figure"))
    return Ledger()


def rows_of(seed: int, rows: int = 500, **fields: Any) -> Dataset:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, rows)
    x = rng.normal(size=(rows, 3))
    x[:, 0] += 1.5 * y
    return replace(Dataset.from_arrays(x.astype(np.float32), y, name="mine"), **fields)


@pytest.fixture(scope="module")
def parts() -> Split:
    return split(rows_of(1, 1200), valid=0.5)


@pytest.fixture(scope="module")
def run(parts: Split) -> Run:
    return gf.train(RECIPE, parts, seeds=2)


def sharpened(run: Run, times: float = 4) -> Run:
    """The run with nets that are far too sure."""
    return replace(run, nets=tuple(tempered_net(net, 1 / times) for net in run.nets))


def test_the_validation_rows_are_looked_at_and_the_test_rows_stay_sealed(run: Run, parts: Split, book: Ledger) -> None:
    found = gf.calibration(run)
    x, y = parts.x("valid"), parts.y("valid")
    chances = softmax(np.stack([net.outputs(x) for net in run.nets]).astype(np.float64), axis=2).mean(0)
    values = {each.name: each.value for each in found.scores}
    assert (found.part, found.rows, found.level, found.nets) == ("valid", len(y), 0.95, 2)
    assert values["log loss"] == pytest.approx(-np.log(chances[np.arange(len(y)), y]).mean())
    assert values["accuracy"] == pytest.approx((chances.argmax(1) == y).mean())
    assert [each.of for each in found.reliability] == ["predicted class"]
    assert found.temperature is not None
    assert found.temperature.folds == "5 random folds"
    assert any("chose the epoch" in note for note in found.notes)
    assert not book.openings()
    assert json.loads(json.dumps(found.to_json(), allow_nan=False))["sentences"] == str(found).split("\n")
    assert gf.calibration(run, parts.data).to_json() == found.to_json()  # its own data: the same rows


def test_nets_that_are_too_sure_are_named_and_mended(run: Run, parts: Split, tmp_path: Path) -> None:
    found = gf.calibration(sharpened(run), classes=True)
    assert found.sentences[0].startswith("Overconfident: a calibration error of ")
    assert found.sentences[1].endswith(": use it.")
    assert [each.of for each in found.reliability] == ["predicted class", "0", "1"]
    made = found.save(tmp_path / "mended.safetensors")
    assert found.temperature is not None
    told = made.about["calibration"]
    assert (made.about["temperature"], told["on"]) == (found.temperature.value, f"{found.rows} validation rows")
    assert told["gain"]["low"] > 0
    assert made.about["recipe"] == RECIPE.to_dict()
    assert made.data is not None
    x = parts.x("valid")
    wanted = softmax(logits_of(sharpened(run).nets, x) / found.temperature.value, axis=2).mean(0)
    assert mean_values(gf.load_model(tmp_path / "mended.safetensors").nets, x) == pytest.approx(wanted, abs=1e-5)
    again = gf.calibration(made, rows_of(9))
    assert again.temperature is not None
    assert again.temperature.value == pytest.approx(1, abs=0.25)
    unsure = gf.calibration(sharpened(run, 0.2))
    assert unsure.sentences[0].startswith("Underconfident: ")
    assert "more sure" in unsure.sentences[1]


def test_only_a_temperature_that_is_advised_is_saved_unless_asked_for(run: Run, tmp_path: Path) -> None:
    found, path = gf.calibration(sharpened(run)), tmp_path / "m.safetensors"
    assert found.temperature is not None
    for fitted in (
        replace(found.temperature, value=20.0, at_bound=True),
        replace(found.temperature, gains=(), missing="there are too few rows for 5 folds"),
    ):
        doubtful = replace(found, temperature=fitted)
        with pytest.raises(InputError, match="only a temperature that is advised is saved; got ") as caught:
            doubtful.save(path)
        assert fitted.sentence in str(caught.value)
        assert doubtful.write(save=path) == {}
        assert not path.exists()
        assert doubtful.write(save=path, anyway=True) == {"Model": path}
        path.unlink()
        assert doubtful.save(path, anyway=True).about["temperature"] == fitted.value
        path.unlink()
    with pytest.raises(InputError, match="no temperature was asked for"):
        replace(found, temperature=None).save(path)


def test_new_rows_are_recorded_in_the_ledger_first(run: Run, book: Ledger) -> None:
    found = gf.calibration(run, rows_of(2))
    lines = book.openings()
    assert [(line.kind, line.number) for line in lines] == [("calibrate", 1)]
    assert (found.part, found.rows, found.openings, found.level) == ("new", 500, (1,), 0.95)
    assert any(note.startswith("The temperature was fitted on these rows") for note in found.notes)
    second = gf.calibration(run.nets[0], rows_of(2))
    assert (second.level, second.nets, second.openings) == (0.975, 1, (2,))
    with pytest.raises(InputError, match="no test data"):
        gf.calibration(run, Dataset.from_arrays(run.split.x("train"), run.split.y("train")))  # type: ignore[union-attr]


def on(run: Run, data: Dataset, valid: float = 0.5) -> Run:
    """The same nets as a run on other data."""
    return replace(run, split=split(data, valid=valid))


def test_groups_and_times_are_kept_together(run: Run) -> None:
    found = gf.calibration(on(run, rows_of(3, groups=np.repeat(np.arange(100), 5))))
    assert found.temperature is not None
    assert found.temperature.folds == "5 grouped folds"
    assert any("independent of one another" in note for note in found.notes)
    later = gf.calibration(on(run, rows_of(4, time=np.arange(500.0)))).temperature
    assert later is not None
    assert later.folds == "5 folds by time"
    assert later.gains[0].rows < later.rows  # the earliest rows only fit
    told = gf.calibration(on(run, rows_of(5, groups=np.repeat(np.arange(10), 50)), 0.3)).temperature
    assert told is not None
    assert "there are too few groups for 5 folds" in told.sentence


def test_labels_are_looked_at_one_by_one(run: Run) -> None:
    rng = np.random.default_rng(6)
    x = rng.normal(size=(600, 3)).astype(np.float32)
    y = (rng.random((600, 2)) < 1 / (1 + np.exp(-x[:, :2]))).astype(np.float32)
    net = TrainedNet((4 * np.eye(2, 3),), (np.zeros(2),), (), "multilabel", ("a", "b"))  # four times too sure
    found = gf.calibration(on(replace(run, nets=(net, net)), Dataset("labels", x, y, "multilabel", ("a", "b"))))
    assert [each.of for each in found.reliability] == ["a", "b"]
    assert found.shown().chance == min(each.chance for each in found.reliability)
    assert found.sentences[0].startswith("Miscalibrated: a calibration error of '")
    assert found.temperature is not None
    assert found.temperature.value == pytest.approx(4, rel=0.3)
    assert found.figure("b").axes[0].get_title(loc="left") == "Reliability of b"
    with pytest.raises(InputError, match=r"'of' must be in 'reliability'; got 'c'\. Valid: a, b\."):
        found.figure("c")


def test_few_rows_are_not_judged(run: Run) -> None:
    found = gf.calibration(on(run, rows_of(7, 150), 0.2))
    assert found.reliability == ()
    assert found.sentences[0] == f"Calibration cannot be judged on {found.rows} validation rows: it takes 40."
    with pytest.raises(InputError, match=r"a reliability diagram takes 40 rows or more; got 2\d\."):
        found.figure()


def test_what_has_no_probabilities_or_rows(run: Run) -> None:
    numbers = TrainedNet((np.eye(1, 3),), (np.zeros(1),), (), "regression")
    with pytest.raises(InputError, match="of probabilities, which only classifiers give; got 'regression'"):
        gf.calibration(numbers)
    with pytest.raises(InputError, match="calibration: 'A' is a model without a run, so its validation rows are not"):
        gf.calibration(run.nets[0])
    bare = on(run, rows_of(1), 0)
    with pytest.raises(InputError, match=r"'A' has no validation rows\. Train with --valid above 0\. Give rows"):
        gf.calibration(bare)
    with pytest.raises(InputError, match="what is calibrated must be a run or its folder, a model or its file"):
        gf.calibration(3)
    with pytest.raises(InputError, match=r"calibration: 'seed' must be an integer >= 0; got -1\."):
        gf.calibration(run, seed=-1)
    alone = gf.calibration(run, temperature=False)
    assert len(alone.sentences) == 1
    with pytest.raises(InputError, match="no temperature was asked for"):
        alone.model()
    assert alone.model(2.0).about["temperature"] == 2.0


@pytest.mark.parametrize(
    ("chances", "wrong"),
    [((0.03,), 1), ((0.03, 0.5, 0.5), 0), ((0.02, 0.5, 0.5), 1), ((0.5, 0.02, 0.5), 0), ((0.5, 0.012, 0.5), 1)],
)
def test_an_alarm_is_raised_at_5_percent_for_all_together(chances: tuple[float, ...], wrong: int) -> None:
    """The predicted class alone at 5 %; with two classes beside it at 2.5 %, and these at 1.25 % each."""
    each = [Reliability(str(place), (), 0.1, 0.05, 0.08, chance, 100) for place, chance in enumerate(chances)]
    found = Calibration("it", "classification", 1, "new", 100, 0.95, (), tuple(each), None)
    assert len(found.miscalibrated) == wrong
    labels = Calibration("it", "multilabel", 1, "new", 100, 0.95, (), tuple(each), None)
    assert len(labels.miscalibrated) == sum(chance * len(chances) <= 0.05 for chance in chances)
