"""One predictor has one score, through whichever door its rows are looked at, and the ledger has what was shown."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import goodfit as gf
from goodfit.data import Dataset, Ledger, Split
from goodfit.errors import InputError
from goodfit.models.averaging import decided, mean_values
from goodfit.models.trained_net import TrainedNet
from goodfit.runs.measured import INDEPENDENT, measured_nets

RECIPE = gf.Recipe(hidden=(4,), epochs=2, batch_size=32, dropout=0, learning_rate=0.02)
FOLDS = RECIPE.replace(fold_members=3)


@pytest.fixture(autouse=True)
def book() -> Ledger:
    return Ledger()


def rows_of(seed: int, rows: int = 200, **more: Any) -> Dataset:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, rows)
    x = rng.normal(size=(rows, 3)).astype(np.float32)
    x[:, 0] += y
    return Dataset(f"rows {seed}", x, y.astype(np.int32), "classification", ("no", "yes"), **more)


@pytest.fixture(scope="module")
def members() -> gf.Run:
    return gf.train(FOLDS, rows_of(0))


@pytest.fixture(scope="module")
def seeds() -> gf.Run:
    return gf.train(RECIPE, rows_of(0), seeds=3)


def test_fold_members_are_scored_together_as_run_model_and_file(members: gf.Run, tmp_path: Path) -> None:
    assert isinstance(members.split, Split)
    members.save(tmp_path / "model.safetensors")
    x, y = members.split.data.x, members.split.data.y
    rows = members.split.rows("test")
    expected = float((decided("classification", mean_values(members.sound, x[rows])) == y[rows]).mean())
    for each in (members, members.model, gf.load_model(tmp_path / "model.safetensors")):
        assert members.split.test.open(each).score.value == expected
    new = rows_of(1)
    assert members.test(new).score.value == float(
        (members.model.predict(new.x) == np.array(("no", "yes"))[new.y]).mean()
    )
    found = gf.compare(members, members.model, new)
    assert all(each.gain == 0 and each.first == each.second for each in found.pairs[0].measures)


@pytest.mark.parametrize("which", ["members", "seeds"])
def test_the_ledger_has_the_score_that_is_shown(which: str, request: pytest.FixtureRequest, book: Ledger) -> None:
    run: gf.Run = request.getfixturevalue(which)
    new = rows_of(2)
    shown = gf.measures(run, new)["accuracy"].value
    calibrated = gf.calibration(run, new, temperature=False).scores[0].value
    compared = gf.compare(run, run.nets[0], new).pairs[0].main.first
    assert shown == calibrated == compared == float((run.predict(new.x) == np.array(("no", "yes"))[new.y]).mean())
    for line in book.openings()[:3]:
        assert line.score is not None
        assert line.score["value"] == shown


def test_several_nets_are_compared_together_on_new_rows_and_a_note_says_so(members: gf.Run, seeds: gf.Run) -> None:
    assert any("mean prediction" in note for note in gf.compare(members, seeds, rows_of(3)).notes)
    single = gf.compare(members.nets[0], seeds.nets[0], rows_of(4))
    assert not any("mean prediction" in note for note in single.notes)


def test_ties_are_decided_alike_by_measures_and_predictions() -> None:
    data, nothing = rows_of(5), np.zeros((2, 3), np.float32)
    rng = np.random.default_rng(0)

    def saying(first: float) -> TrainedNet:
        bias = np.array([first, 0], np.float32)
        return TrainedNet((nothing,), (bias,), (), "classification", data.classes, seed=0)

    for bias in rng.normal(size=20):
        nets = [saying(bias), saying(-bias)]  # one half for both classes, up to the last bits
        predicted = decided("classification", mean_values(nets, data.x))
        assert measured_nets(nets, data.x, data.y)["accuracy"].value == float((predicted == data.y).mean())


def test_what_cannot_be_predicted_is_not_opened(book: Ledger) -> None:
    new = Dataset("numbers", np.eye(3, dtype=np.float32), np.ones((3, 1), np.float32), "regression")
    nets = [
        TrainedNet((np.full((1, 3), weight, np.float32),), (np.zeros(1, np.float32),), (), "regression", (), seed=0)
        for weight in (1, 3e38)
    ]
    huge = replace(nets[1], target_scale=np.full(1, 1e-9, np.float32))
    for look in (lambda: gf.compare(nets[0], huge, new), lambda: gf.measures([nets[0], huge], new)):
        with pytest.raises(InputError, match="must give finite predictions"):
            look()
    assert not book.openings()


@pytest.mark.parametrize("copies", [2, 3])
def test_fold_members_are_compared_on_rows_that_occur_several_times(copies: int) -> None:
    one = rows_of(7, 60)
    data = Dataset("twice", np.repeat(one.x, copies, 0), np.repeat(one.y, copies), "classification", one.classes)
    alone = gf.train(RECIPE.replace(valid=0.3), data, leaks="off")
    assert alone.split is not None
    assert gf.compare(gf.train(FOLDS, data, leaks="off"), alone).rows == len(alone.split.valid)


def test_all_measures_of_rows_in_groups_say_that_they_count_as_independent() -> None:
    run = gf.train(RECIPE.replace(valid=0.3), rows_of(8, groups=np.repeat(np.arange(20), 10)))
    folds = gf.train(FOLDS, rows_of(8, groups=np.repeat(np.arange(20), 10)))
    tested = run.test().measures
    assert tested is not None
    found = gf.threshold(run, false_positive=1, false_negative=5)
    new = gf.measures(run, rows_of(9))  # without groups, and yet the run's rows had some
    for notes in (run.measures().notes, folds.measures().notes, tested.notes, found.notes, new.notes):
        assert INDEPENDENT in notes
    for looked in (gf.measures(run), gf.measures(folds), gf.calibration(run, temperature=False)):
        assert looked.notes.count(INDEPENDENT) == 1
    assert found.to_dict()["notes"] == list(found.notes)
    assert INDEPENDENT not in gf.measures(gf.train(RECIPE.replace(valid=0.3), rows_of(8))).notes


def test_a_run_without_its_split_says_how_it_is_measured() -> None:
    run = pickle.loads(pickle.dumps(replace(gf.train(RECIPE, rows_of(0)), split=None)))
    with pytest.raises(InputError, match=r"Train with out=, which keeps the split; or .* 'data' of goodfit\.measures"):
        run.measures("train")
    with pytest.raises(InputError, match=r"Open them with split\.test\.open\(run\)"):
        run.test()
