"""`gf.compare`: which rows, which corrections, and what is recorded."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import goodfit as gf
import goodfit.figures
from goodfit.data import Dataset, Ledger, Split, split
from goodfit.errors import InputError
from goodfit.files import write_atomically
from goodfit.models import load_model
from goodfit.models.paired import Difference, holm
from goodfit.runs import Run, load
from goodfit.runs.comparing import PairDifference
from goodfit.training.recipe import Recipe

RECIPE = Recipe(hidden=(6,), epochs=4, batch_size=32, dropout=0, learning_rate=0.01)


@pytest.fixture(autouse=True)
def book(monkeypatch: pytest.MonkeyPatch) -> Ledger:
    monkeypatch.setattr(goodfit.figures, "write_figure", lambda figure, path: write_atomically(path, b"a figure"))
    return Ledger()


def rows_of(seed: int, rows: int = 300) -> Dataset:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, rows)
    x = rng.normal(size=(rows, 3))
    x[:, 0] += 2.5 * y
    return Dataset.from_arrays(x.astype(np.float32), y, name="mine")


@pytest.fixture(scope="module")
def parts() -> Split:
    return split(rows_of(1), valid=0.3)


@pytest.fixture(scope="module")
def good(parts: Split) -> Run:
    return gf.train(RECIPE.replace(epochs=20), parts, seeds=2)


@pytest.fixture(scope="module")
def poor(parts: Split) -> Run:
    return gf.train(RECIPE.replace(epochs=1, learning_rate=1e-5), parts, seeds=2)


def test_on_the_validation_rows_that_both_share(good: Run, poor: Run, parts: Split, book: Ledger) -> None:
    found = gf.compare(poor, good)
    main = found.pairs[0].main
    x, y = parts.x("valid"), parts.y("valid")
    shares = [np.mean([(net.predict(x) == y).mean() for net in run.nets]) for run in (poor, good)]
    assert (found.part, found.rows, found.comparisons, found.level) == ("valid", len(y), 1, 0.95)
    assert (main.first, main.second) == pytest.approx(shares)
    assert main.better == 1
    assert found.sentences[0].startswith(f"B is better than A by {main.gain:.3f} [{main.low:.3f}, {main.high:.3f}] in ")
    assert found.sentences[0].endswith(f"in accuracy on {len(y)} validation rows.")
    back = gf.compare(good, poor).sentences[0]
    assert back.startswith(f"A is better than B by {main.gain:.3f} [{main.low:.3f}, {main.high:.3f}]")
    assert any("chose the epoch" in note for note in found.notes)
    assert not book.openings()  # no test row was touched
    assert [each.measure for each in found.pairs[0].measures] == ["accuracy", "log loss", "Brier score"]


def test_what_no_interval_knows_is_said_of_both_kinds_of_rows(good: Run, poor: Run, parts: Split) -> None:
    """That rows of a group are not independent, and that validation rows chose the members of an ensemble."""
    whole = replace(parts.data, groups=np.arange(300) // 3)
    grouped = [replace(run, split=replace(parts, data=whole)) for run in (good, poor)]
    new = replace(rows_of(2), groups=np.arange(300) // 3)
    for found in (gf.compare(*grouped), gf.compare(*grouped, rows_of(3)), gf.compare(good, poor, new)):
        assert sum(note.startswith("Rows count as independent of one another") for note in found.notes) == 1
    facts = {"members": [{"stage": "whole"}], "temperature": 1.0, "loss": "log-loss", "nested": 0.25}
    found = gf.compare(replace(good, ensemble=facts), poor)
    assert "A: The members were chosen by these rows: nested log-loss 0.25." in found.notes
    assert not any("members were chosen" in note for note in gf.compare(good, poor).notes)


def test_a_model_and_itself_cannot_be_told_apart(good: Run) -> None:
    found = gf.compare(good, good)
    assert found.pairs[0].main.better == 0
    assert found.sentences[0].startswith("A and B cannot be told apart: B - A = +0.000 [-")


def test_several_are_corrected_for_how_many_pairs_there_are(good: Run, poor: Run) -> None:
    one, other = good.nets
    found = gf.compare(one, other, rows_of(3), others=[*poor.nets[:1]])
    assert (found.comparisons, found.level) == (3, pytest.approx(1 - 0.05 / 3))
    assert [(pair.first, pair.second) for pair in found.pairs] == [("A", "B"), ("A", "C"), ("B", "C")]
    chances = [pair.main.chance for pair in found.pairs]  # one net each: McNemar's
    assert all(chance is not None for chance in chances)
    assert [pair.main.adjusted for pair in found.pairs] == holm([chance or 0.0 for chance in chances], 3)
    three = gf.compare(good, poor, others=[good], against="first")
    assert [(pair.first, pair.second) for pair in three.pairs] == [("A", "B"), ("A", "C")]
    assert three.level == 0.975
    assert "97.5 % intervals, so both comparisons hold jointly at 95 % (Bonferroni), for a measure." in three.notes
    assert three.pairs[0].main.chance is None


def test_a_difference_by_holm_alone_is_told_without_its_size() -> None:
    main = Difference("accuracy", 0.5, 0.6, 0.1, -0.01, 0.21, 0.975, 100, "", chance=0.03, adjusted=0.03)
    told = PairDifference("A", "B", (main,)).sentence("100 rows")
    test = "differ (p = 0.03, McNemar's test with Holm's correction), but by how much is open"
    assert told == f"A and B {test}: B - A = +0.100 [-0.010, +0.210] in accuracy on 100 rows."


def test_new_rows_are_opened_through_the_ledger(good: Run, poor: Run, book: Ledger) -> None:
    new = rows_of(2)
    found = gf.compare(good, poor, new)
    lines = book.openings()
    assert [(line.kind, line.number) for line in lines] == [("compare", 1), ("compare", 2)]
    assert found.openings == (1, 2)
    assert (found.part, found.rows, found.level) == ("new", 300, 0.95)
    x, y = new.x, new.y
    value = (np.mean([net.predict_proba(x) for net in good.nets], 0).argmax(1) == y).mean()
    assert found.pairs[0].main.first == pytest.approx(value)
    third = gf.compare(good, good.nets[0], new)  # three models by now: three pairs of them
    assert third.comparisons == 3
    assert third.level == pytest.approx(1 - 0.05 / 3)
    assert [line.again for line in book.openings()] == [False, False, True, False]


@pytest.mark.parametrize("against", ["all", "first"])
def test_on_new_rows_each_pair_counts_whichever_are_asked_for(good: Run, poor: Run, book: Ledger, against: str) -> None:
    found = gf.compare(good, poor, rows_of(2), others=[good.nets[0]], against=against)
    assert (found.comparisons, len(found.pairs)) == (3, 3 if against == "all" else 2)


def test_runs_in_folders_and_their_own_data(tmp_path: Path, book: Ledger) -> None:
    for name, width in (("a", 2), ("b", 8)):
        gf.train(RECIPE.replace(hidden=(width,)), "iris", seeds=1, out=tmp_path / name)
    found = gf.compare(tmp_path / "a", load(tmp_path / "b"))
    assert found.names == ("a", "b")
    assert found.to_json() == gf.compare(tmp_path / "a", tmp_path / "b", "iris").to_json()
    assert not book.openings()
    model = load_model(tmp_path / "a")
    with pytest.raises(InputError, match="compare: 'A' is a model without a run, so its validation rows are not known"):
        gf.compare(model, tmp_path / "b")
    with pytest.raises(InputError, match="compare: data must be new to all, or what all were trained on; 'A' was"):
        gf.compare(model, tmp_path / "b", "iris")


def test_other_validation_rows_are_refused(tmp_path: Path, good: Run) -> None:
    for seed in (0, 1):
        gf.train(RECIPE.replace(seed=seed), "iris", out=tmp_path / str(seed))
    with pytest.raises(InputError, match=r"compare: runs must have the same validation rows; '0' and '1' share \d+ of"):
        gf.compare(tmp_path / "0", tmp_path / "1")
    with pytest.raises(InputError, match="compare: all must have the same target, with the same classes; got "):
        gf.compare(tmp_path / "0", good)


def test_the_same_rows_in_another_order_are_the_same_rows(parts: Split) -> None:
    turned = Split(parts.data, parts.train[::-1], parts.valid[::-1], parts.rows("test"))
    runs = [gf.train(RECIPE, each) for each in (parts, turned)]
    assert gf.compare(*runs).rows == len(parts.valid)


def test_regression_and_rows_without_validation() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3)).astype(np.float32)
    data = Dataset.from_arrays(x, x[:, 0] + 0.1 * rng.normal(size=200), name="numbers")
    parts = split(data, valid=0.3)
    good = gf.train(RECIPE.replace(epochs=30), parts)
    poor = gf.train(RECIPE.replace(epochs=1, learning_rate=1e-6), parts)
    found = gf.compare(poor, good)
    assert [each.measure for each in found.pairs[0].measures] == ["R²", "mean squared error", "mean absolute error"]
    assert [each.better for each in found.pairs[0].measures] == [1, 1, 1]
    bare = gf.train(RECIPE, split(data, valid=0))
    with pytest.raises(InputError, match=r"compare: 'A' has no validation rows\. Train with --valid above 0, or give"):
        gf.compare(bare, bare)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (lambda run: gf.compare(run, 3), "compare: what is compared must be a run or its folder, .*; got 3"),
        (lambda run: gf.compare(run, []), "compare: what is compared must be a run or its folder"),
        (lambda run: gf.compare(run, run, against="each"), "compare: 'against' must be a known way; got 'each'"),
        (lambda run: gf.compare(run, "nowhere"), "nowhere"),
        (
            lambda run: gf.compare(run, run, others=[run] * 30),
            "compare: at most 26 models are compared at once; got 32",
        ),
    ],
)
def test_what_cannot_be_compared(good: Run, given: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        given(good)
