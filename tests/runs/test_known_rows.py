"""Rows that validate nets which go on: counted net by net with sets of rows, and by runs that are trained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import goodfit as gf
from goodfit.data import Dataset, Split
from goodfit.errors import InputError
from goodfit.leaks.check import LeakWarning
from goodfit.runs.known_rows import known_rows, learned_before, left_out, without_folds
from goodfit.runs.start_files import read_state, write_state

RNG = np.random.default_rng(8)
X = RNG.integers(0, 5, size=(120, 2)).astype(np.float32)  # many rows stand more than once
Y = np.zeros((120, 1), np.float32)
NONE = np.empty(0, np.int32)
DATA = Dataset("rows", X, Y, "regression")
RECIPE = gf.Recipe(hidden=(3,), epochs=1, batch_size=16, fold_members=3)


def content(rows: np.ndarray) -> set[bytes]:
    return {X[row].tobytes() for row in rows}


def divided(seed: int, folds: int) -> Split:
    """Some rows, in folds; 0: none, and some rows validate."""
    rows = np.random.default_rng(seed).permutation(120)[:40]
    if not folds:
        return Split(DATA, rows[:30], rows[30:], NONE)
    return Split(DATA, rows, NONE, NONE, folds=np.arange(40) % folds)


@pytest.mark.parametrize(("before", "now"), [(3, 3), (3, 0), (0, 3), (0, 0), (4, 2), (2, 4)])
@pytest.mark.parametrize(("had", "nets"), [(4, 4), (4, 9), (5, 1), (1, 4)])
def test_rows_count_that_a_net_learned_and_that_now_validate_it(before: int, now: int, had: int, nets: int) -> None:
    old, new = divided(1, before), divided(2, now)
    expected = np.zeros(len(new.train if now else new.valid), bool)
    for net in range(nets):
        its = old.with_valid(net % had).train
        own = new.with_valid(net)
        for row in own.valid:
            place = np.flatnonzero((new.train if now else new.valid) == row)
            expected[place] |= X[row].tobytes() in content(its)
    begun_as = [(net, net % had % before if before else -1) for net in range(nets)]
    np.testing.assert_array_equal(learned_before(known_rows(old), new, begun_as), expected)


def test_two_trainings_know_what_either_knew(tmp_path: Path) -> None:
    first, second = divided(1, 3), divided(2, 3)
    known = known_rows(second, known_rows(first))
    write_state(tmp_path / "state", None, known)
    read = read_state(tmp_path / "state")[1]
    assert read is not None
    assert all(np.array_equal(read[name], known[name]) for name in known)
    everything = Split(DATA, np.arange(1), np.arange(1, 120), NONE)
    for fold in range(3):
        both = content(first.with_valid(fold).train) | content(second.with_valid(fold).train)
        expected = [X[row].tobytes() in both for row in everything.valid]
        assert learned_before(known, everything, [(0, fold)]).tolist() == expected
    either = content(first.train)
    found = learned_before(without_folds(known_rows(first)), everything, [(0, 1)])
    assert found.tolist() == [X[row].tobytes() in either for row in everything.valid]
    old = {name: known[name] for name in known if name != "left_out"}  # as older versions wrote it
    assert not left_out(old).any()


def test_fold_members_that_go_on_keep_their_folds_or_say_so() -> None:
    x = RNG.normal(size=(60, 3)).astype(np.float32)
    data = Dataset("rows", x, RNG.normal(size=(60, 1)).astype(np.float32), "regression")
    parts, others = (gf.data.split(data, valid=0.0, test=0.0, seed=seed) for seed in (0, 1))
    first = gf.train(RECIPE, parts)
    still = first.recipe.replace(learning_rate=1e-30)
    same = gf.train(still, parts, start=first)
    assert first.out_of_fold is not None
    assert same.out_of_fold is not None
    assert same.start is not None
    assert same.start.told.seen == {"valid": 0}
    np.testing.assert_array_equal(same.out_of_fold.folds, first.out_of_fold.folds)
    np.testing.assert_array_equal(same.history["valid_score"], first.history["valid_score"])  # each on its own fold
    with pytest.warns(LeakWarning, match="of the 60 out-of-fold rows, so they are not held out"):
        other = gf.train(still, others, start=same)
    assert other.out_of_fold is not None
    assert other.start is not None
    folds = dict(zip(first.out_of_fold.rows.tolist(), first.out_of_fold.folds.tolist(), strict=True))
    own = zip(other.out_of_fold.rows.tolist(), other.out_of_fold.folds.tolist(), strict=True)
    seen = sum(row in folds and folds[row] != fold for row, fold in own)
    assert other.start.told.seen is not None
    assert other.start.told.seen["valid"] == seen
    assert any(f"knew {seen} of these rows" in note for note in gf.measures(other).notes)
    with pytest.raises(InputError, match="out-of-fold rows, so they are not held out"):
        gf.train(still, others, start=first, leaks="error")


def test_a_start_is_cut_to_a_batch_that_its_folds_can_fill() -> None:
    x = RNG.normal(size=(60, 3)).astype(np.float32)
    data = Dataset("rows", x, RNG.integers(0, 2, 60), "classification", ("a", "b"))
    parts = Split(data, np.arange(18), NONE, NONE, folds=np.arange(18) % 3)
    first = gf.train(RECIPE.replace(batch_size=30), data)
    assert gf.train(None, parts, start=first, leaks="off").recipe.batch_size == 12
