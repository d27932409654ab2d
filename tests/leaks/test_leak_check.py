from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

import goodfit.data as gd
from goodfit.data import Dataset, Split, split
from goodfit.errors import InputError
from goodfit.leaks import LeakCheck, LeakWarning, guard, near_pairs
from goodfit.leaks.check import NEAR_SECONDS, check_folds, check_split
from goodfit.leaks.twins_by_chance import twins_by_chance

N = 400
TRAIN, VALID, TEST = np.arange(200), np.arange(200, 300), np.arange(300, N)


def table(columns: int = 6) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(N, columns)).astype(np.float32), rng.integers(0, 2, N)


def parts_of(x: np.ndarray, y: np.ndarray, **fields: Any) -> Split:
    return Split(Dataset.from_arrays(x, y, **fields), TRAIN, VALID, TEST)


def codes(check: LeakCheck | None) -> list[str]:
    assert check is not None
    return [each.code for each in check.findings]


def test_nothing_to_find_is_nothing_to_tell(recwarn: pytest.WarningsRecorder) -> None:
    check = check_split(parts_of(*table()))
    assert check is not None
    assert (check.findings, check.near, check.near_seconds, check.told) == ((), True, None, ())
    assert str(check) == "Leakage between training and held-out data: none found."
    assert check.seconds > 0
    check.warn()
    assert not recwarn.list


def test_few_twins_are_recorded_and_many_are_warned_of() -> None:
    x, y = table()
    x[300:302], y[300:302] = x[:2], y[:2]
    check = check_split(parts_of(x, y))
    assert codes(check) == ["exact"]
    assert check is not None
    assert check.told == ()  # 2 < 0.25 * sqrt(100)
    assert str(check) == (
        "Leakage between training and held-out data: 2 rows of the test set (2 %) also occur in the training "
        "set: too few to matter."
    )
    x[302], y[302] = x[2], y[2]
    check = check_split(parts_of(x, y))
    assert check is not None
    assert [each.count for each in check.told] == [3]
    assert str(check).endswith("held-out data: see the warning.")
    with pytest.warns(LeakWarning, match=r"3 rows of the test set \(3 %\) also occur in the training.*without_twins"):
        check.warn()
    with pytest.raises(InputError, match=r"Leaks: 3 rows of the test set \(3 %\) also occur in the training set"):
        check_split(parts_of(x, y), "error")
    assert check_split(parts_of(x, y), "off") is None
    with pytest.raises(InputError, match=r"'leaks' must be warn, error or off; got 'wran'. Did you mean 'warn'"):
        check_split(parts_of(x, y), "wran")


def test_inputs_and_groups_are_always_warned_of() -> None:
    x, y = table()
    x[:, 2] = y
    groups = np.arange(N)
    groups[300] = 0
    check = check_split(parts_of(x, y, groups=groups))
    assert check is not None
    assert [each.code for each in check.told] == ["group", "input"]
    assert str(check).endswith("see the warnings.")


def test_a_search_that_would_take_long_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert NEAR_SECONDS == 1
    x, y = table()
    x[300:310] = x[:10] * (1 + 1e-6)
    assert codes(check_split(parts_of(x, y))) == ["near"]
    monkeypatch.setattr(near_pairs, "ROW_VALUE", 1.0)
    check = check_split(parts_of(x, y))
    assert check is not None
    assert (check.findings, check.near) == ((), False)
    assert check.near_seconds == pytest.approx(6 * (N + 20_000))
    assert str(check).endswith("none found. Near-duplicates were not checked, which takes about 122400 s, once.")
    with pytest.raises(InputError, match=r"10 rows of the test set \(10 %\) have near-duplicates in the training set"):
        check_split(parts_of(x, y), "error")  # who asks for it waits


def test_a_check_goes_through_json() -> None:
    x, y = table()
    x[300:310], x[:, 4] = x[:10], y
    check = check_split(parts_of(x, y))
    assert check is not None
    assert len(check.findings) > 1
    assert LeakCheck.from_json(json.loads(json.dumps(check.to_json()))) == check


def test_folds_with_equal_rows_on_both_sides() -> None:
    x, y = table()
    x[0], x[1], x[2] = x[100], x[101] * (1 + 1e-6), x[3]
    data = Dataset.from_arrays(x, y, groups=[f"p{row // 2}" for row in range(N)])
    halves = [(np.arange(50, N), np.arange(50)), (np.arange(50), np.arange(50, N))]
    check = check_folds(data, halves)
    assert check is not None
    found = {each.code: each for each in check.findings}
    assert set(found) == {"exact", "near"}  # rows 2 and 3 stand in one fold, and so do all groups
    assert (found["exact"].count, found["exact"].pairs, found["exact"].parts) == (
        2,
        ((0, 100), (100, 0)),
        ("valid", "train"),
    )
    assert found["near"].pairs == ((1, 101), (101, 1))
    assert str(found["exact"]) == (
        "2 held-out rows of 400 (0.5 %) also occur in the training set of their fold: scores on them do not "
        "measure generalisation. "
        "Keep them in one fold with groups= (--group COLUMN of a table), or remove the duplicates."
    )
    odd = [(np.arange(0, N, 2), np.arange(1, N, 2))]
    check = check_folds(data, odd)
    assert check is not None
    assert [(each.code, each.count) for each in check.findings] == [("exact", 1), ("group", 200)]
    assert check.findings[1].text.startswith("200 held-out rows of 200 (100 %) belong to groups that are also in the")


def test_rows_held_out_in_several_repeats_count_once() -> None:
    x, y = table()
    x[0] = x[399]
    fold = (np.arange(50, N), np.arange(50))
    check = check_folds(Dataset.from_arrays(x, y), [fold, fold, fold])
    assert check is not None
    assert [(each.count, each.share) for each in check.findings] == [(1, 0.02)]


def test_equal_rows_of_few_categories_are_no_copies() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 3, (N, 3)).astype(np.float32), rng.integers(0, 2, N)
    found = guard(parts_of(x, y), near=False)
    assert {(each.code, each.status) for each in found} == {("exact", "cannot tell")}
    assert (
        "would by chance, since the features have few distinct values: copies cannot be told from chance."
        in found[0].text
    )
    check = check_split(parts_of(x, y))
    assert check is not None
    assert check.told == ()
    folds = check_folds(Dataset.from_arrays(x, y), [(TRAIN, VALID), (VALID, TRAIN)])
    assert folds is not None
    assert {each.status for each in folds.findings} == {"cannot tell"}


def test_twins_by_chance_are_counted_as_drawn() -> None:
    """Against draws: columns that are independent, of 3, 4 and 5 values that are not equally frequent."""
    rng = np.random.default_rng(0)
    counts, predicted = [], []
    for _ in range(200):
        x = np.stack([rng.binomial(size - 1, 0.4, 300) for size in (3, 4, 5)], axis=1).astype(np.float32)
        rows, others = np.arange(290, 300), np.arange(4)
        counts.append(sum(any((x[i] == x[j]).all() for j in others) for i in rows))
        predicted.append(twins_by_chance(x, rows, others))
    assert np.mean(predicted) == pytest.approx(np.mean(counts), rel=0.1)
    assert twins_by_chance(np.random.default_rng(0).normal(size=(50, 2)), np.arange(20), np.arange(20, 50)) == 0


def test_what_repeats_is_no_evidence_that_an_input_tells() -> None:
    x, y = table()
    x[100:200], y[100:200] = x[:100], y[:100]  # every value of a column occurs twice, with the same target
    assert "input" not in [each.code for each in guard(parts_of(x, y), near=False)]
    frame = {"a": x[:200, 0], "b": x[:200, 1], "y": y[:200]}
    assert gd.table(frame, "y").leaks == ()
    people = np.repeat(np.arange(20), 20)
    visits = {"person": people, "height": np.round(people * 1.7, 1), "a": x[:, 0], "y": np.repeat(y[:20], 20)}
    assert [leak.column for leak in gd.table(visits, "y", ids="person").leaks] == ["height"]
    assert gd.table(visits, "y", group="person").leaks == ()


def test_where_all_inputs_tell_none_can_be_left_out() -> None:
    x = np.random.default_rng(0).normal(size=(N, 1))
    parts = parts_of(x, 3 * x[:, 0])
    assert [each for each in guard(parts, near=False) if each.code == "input"] == []


def test_the_columns_of_a_table_are_named_by_their_own_names() -> None:
    rng = np.random.default_rng(0)
    y = rng.choice(["yes", "no", "maybe"], N)
    frame = {
        "a": rng.normal(size=N),
        "b": rng.normal(size=N),
        "answer": [{"yes": "x", "no": "z"}.get(v, "k") for v in y],
        "y": y,
    }
    (found,) = guard(gd.table(frame, "y").split())
    assert found.text == "Column 'answer' has one value per class."
    assert found.advice == "If it is not known at prediction time, leave it out: --id, or ids=."


@pytest.mark.parametrize("name", [name for name in gd.names() if name != "fashion-mnist"])
@pytest.mark.parametrize("seed", range(3))
def test_our_own_sets_are_quiet(name: str, seed: int) -> None:
    parts = split(gd.load(name), seed=seed)
    check = check_split(parts)
    assert check is not None
    assert check.told == ()
    order = np.random.default_rng(seed).permutation(np.sort(np.concatenate([parts.train, parts.valid])))
    folds = [(np.setdiff1d(order, held), held) for held in np.array_split(order, 5)]
    check = check_folds(parts.data, folds)
    assert check is not None
    assert check.told == ()


def test_what_is_no_check_is_refused() -> None:
    x, y = table()
    x[300:310] = x[:10]
    check = check_split(parts_of(x, y))
    assert check is not None
    for name, wrong in (("code", "odd"), ("status", 3), ("text", None), ("pairs", [[1]]), ("count", None)):
        told = check.to_json()
        told["findings"][0][name] = wrong
        with pytest.raises(ValueError, match=f"findings.0.{name}"):
            LeakCheck.from_json(told)
    with pytest.raises(ValueError, match="Field required"):
        LeakCheck.from_json({})
