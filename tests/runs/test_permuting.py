"""`goodfit.importance`: columns of a table, out of fold, on validation rows and on new rows."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import goodfit as gf
from goodfit.data import Ledger
from goodfit.data.streams import generator
from goodfit.errors import InputError
from goodfit.models.permuted import Change
from goodfit.runs.held_out import held_out
from goodfit.runs.members import OutOfFold
from goodfit.runs.permuting import DOOR, Importance, importance_on

RECIPE = gf.Recipe(hidden=(8,), batch_size=32, epochs=15, learning_rate=0.02, dropout=0, valid=0.3)


def columns(rows: int = 300, seed: int = 0) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    city, size = rng.choice(["Rome", "Oslo", "Bern"], rows), rng.normal(100, 20, rows)
    price = 2 * size + 40 * (city == "Oslo") + rng.normal(0, 10, rows)
    return {"city": city, "size": size, "twin": size * 2 + 1, "luck": rng.normal(size=rows), "price": price}


@pytest.fixture(scope="module")
def members() -> gf.Run:
    return gf.train({"epochs": 30, "hidden": (16,)}, gf.data.table(columns(), target="price"))


def test_all_inputs_of_a_column_move_together(members: gf.Run) -> None:
    """The same as shuffling the cells of the table before they become inputs."""
    one = dataclasses.replace(members, out_of_fold=None)
    found = gf.importance(one.model, columns(200, 1), target="price", repeats=3, seed=5)
    rows = columns(200, 1)
    y = rows.pop("price").astype(np.float32)[:, None]
    base = np.sqrt(np.mean((members.predict(rows) - y) ** 2))
    rises = []
    for repeat in range(3):
        order = generator(5, f"importance/{repeat}").permutation(200)
        rises.append(np.mean((members.predict({**rows, "city": rows["city"][order]}) - y) ** 2))
    assert found["city"].loss.value == pytest.approx(np.sqrt(np.mean(rises)) - base, rel=1e-3)
    assert found.rows == "200 new rows"
    assert Ledger().openings()[-1].kind == "score"


def test_fold_members_predict_the_rows_that_they_did_not_learn_from(members: gf.Run) -> None:
    opened = len(Ledger().openings())
    found = gf.importance(members)
    assert found.rows == "240 rows, out of fold"
    assert {each.label for each in found.columns} == {"city", "size", "twin", "luck"}
    assert [each.columns for each in found.groups] == [("size", "twin")]
    assert found["city"].verdict == found.groups[0].verdict == "needed"
    assert found["luck"].verdict == "cannot be told from none"
    assert found.groups[0].loss.value > found["size"].loss.value
    assert any(note.startswith("Correlated columns share importance") for note in found.notes)
    assert len(Ledger().openings()) == opened
    assert gf.importance(members).to_dict() == found.to_dict()
    never = gf.importance(members, linked=1, repeats=1)
    assert (never.groups, never.repeats) == ((), 1)


def test_the_base_is_what_was_measured_out_of_fold(members: gf.Run) -> None:
    rows = held_out(members, None, None, None, DOOR, 0)
    assert members.out_of_fold is not None
    np.testing.assert_allclose(rows.predict(rows.x), members.out_of_fold.values, rtol=1e-4)


def test_a_fold_whose_net_diverged_is_left_out(members: gf.Run) -> None:
    frozen = np.arange(5) == 4
    kept = members.out_of_fold
    assert kept is not None
    there = kept.folds != 4
    own = OutOfFold(kept.rows[there], kept.folds[there], kept.values[there])
    history = dataclasses.replace(members.history, frozen=frozen)
    run = dataclasses.replace(members, out_of_fold=own, history=history)
    rows = held_out(run, None, None, None, DOOR, 0)
    np.testing.assert_allclose(rows.predict(rows.x), own.values, rtol=1e-4)
    assert any("training rows are left out" in note for note in gf.importance(run, repeats=1).notes)


def test_validation_rows_and_arrays(tmp_path: Path) -> None:
    run = gf.train(RECIPE, "iris", seeds=2, out=tmp_path / "run")
    found = gf.importance(tmp_path / "run", repeats=4)
    assert found.rows == f"{run.measures().rows} validation rows"
    assert found.columns[0].loss.name == "log loss"
    assert found.columns[0].score.name == "accuracy"
    assert found.to_dict()["columns"][0]["verdict"] == found.columns[0].verdict
    heads, lines, more = found.lines(3)
    assert (heads[1], len(lines), more) == ("drop of accuracy", 3, "1 more with a smaller rise of the loss.")


def test_what_cannot_be(members: gf.Run, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"importance: 'repeats' must be from 1 to 1,000; got 0"):
        gf.importance(members, repeats=0)
    with pytest.raises(InputError, match=r"importance: 'linked' must be from 0 to 1; got 2"):
        gf.importance(members, linked=2)
    with pytest.raises(InputError, match="'seed' must be an integer >= 0"):
        gf.importance(members, seed=-1)
    with pytest.raises(InputError, match=r"'B'|is a model without a run, so its validation rows are not known"):
        gf.importance(members.model)
    with pytest.raises(InputError, match="what is explained must be a run or its folder"):
        gf.importance(3)
    with pytest.raises(InputError, match=r"no such column; got 'sise'. Did you mean 'size'?"):
        gf.importance(members, repeats=1)["sise"]


def test_many_predictions_are_of_fewer_rows_and_say_so(members: gf.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many as the budget has room for, drawn with the seed; each by the nets that left its fold out, as before."""
    rows = held_out(members, None, None, None, DOOR, 0)
    units = {sum(net.sizes[1:]) + net.n_parameters // 256 for net in members.nets}
    assert rows.work == 240 * units.pop()
    assert not units
    whole = importance_on(rows, 2)
    predictions = 1 + 2 * (len(whole.columns) + len(whole.groups))
    monkeypatch.setattr("goodfit.runs.permuting.FEWEST_ROWS", 20)
    monkeypatch.setattr("goodfit.runs.permuting.MOST_WORK", predictions * rows.work)
    assert importance_on(rows, 2).to_dict() == whole.to_dict()
    monkeypatch.setattr("goodfit.runs.permuting.MOST_WORK", predictions * rows.work // 3)
    told: list[Any] = []
    fewer = importance_on(rows, 2, progress=told.append)
    assert fewer.rows in ("79 rows, out of fold", "80 rows, out of fold")
    assert (
        fewer.notes[-1]
        == f"{fewer.rows[:2]} of 240 rows, drawn at random: 11 predictions of all of them would take long."
    )
    assert importance_on(rows, 2).to_dict() == fewer.to_dict()
    assert [each.detail.split(",")[0] for each in told] == [f"{done} of 5 columns" for done in range(1, 6)]
    assert (told[-1].fraction, told[-1].detail) == (1, "5 of 5 columns")
    monkeypatch.setattr("goodfit.runs.permuting.MOST_WORK", 1)
    assert importance_on(rows, 2).rows == "20 rows, out of fold"
    some = rows.fewer(50, 1, "why")
    assert members.out_of_fold is not None
    kept = np.sort(generator(1, "fewer rows").choice(240, 50, replace=False))
    np.testing.assert_allclose(some.predict(some.x), members.out_of_fold.values[kept], rtol=1e-4)
    np.testing.assert_array_equal(some.y, rows.y[kept])


@pytest.mark.parametrize(
    ("value", "half", "new", "verdict"),
    [
        (1.5, 1, True, "needed"),
        (1.5, 1, False, "perhaps needed"),
        (2.5, 1, False, "needed"),
        (0.5, 1, True, "cannot be told from none"),
        (0.5, 1, False, "cannot be told from none"),
        (-1.5, 1, True, "harmful"),
        (-1.5, 1, False, "harmful"),
        (0.0, 0.0, False, "cannot be told from none"),
        (1.0, np.nan, False, ""),
    ],
)
def test_rows_that_chose_epochs_need_more_to_call_a_column_needed(
    value: float, half: float, new: bool, verdict: str
) -> None:
    change = Change("log loss", value, value - half, value + half, "")
    assert Importance(("a",), change, change, new).verdict == verdict


def test_which_rows_chose_epochs(members: gf.Run) -> None:
    assert not any(each.new for each in gf.importance(members, repeats=1).columns)
    model = dataclasses.replace(members, out_of_fold=None).model
    assert all(each.new for each in gf.importance(model, columns(60, 3), target="price", repeats=1).columns)
