from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_duplicates import SHAPE, smooth

import goodfit.data as gd
from goodfit.data import Dataset, Split, split
from goodfit.errors import InputError
from goodfit.leaks import LeakFinding, guard, guarding, near_rows, without_twins
from goodfit.leaks.near_images import DETAIL, LIKENESS, SIDE
from goodfit.leaks.near_rows import FINEST, ROUNDING

N = 120
TRAIN, VALID, TEST = np.arange(70), np.arange(70, 90), np.arange(90, 120)


def table(columns: int = 8, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(N, columns)).astype(np.float32), rng.integers(0, 3, N)


def parts_of(x: np.ndarray, y: np.ndarray, **fields: Any) -> Split:
    return Split(Dataset.from_arrays(x, y, **fields), TRAIN, VALID, TEST)


def brief(findings: tuple[LeakFinding, ...]) -> list[tuple[Any, ...]]:
    return [(each.code, each.parts, each.count, each.pairs) for each in findings]


@pytest.mark.parametrize("name", [name for name in gd.names() if name != "fashion-mnist"])
def test_nothing_is_found_in_our_own_sets(name: str) -> None:
    issues = [each for each in guard(split(gd.load(name))) if each.status == "issue"]
    assert not issues


@pytest.mark.parametrize("seed", range(4))
def test_nothing_is_found_in_random_rows(seed: int) -> None:
    assert guard(parts_of(*table(seed=seed)), groups=np.arange(N)) == ()
    images = smooth(N, seed=seed)
    assert guard(parts_of(images, table()[1], image_shape=SHAPE)) == ()


def test_planted_rows_are_counted() -> None:
    x, y = table()
    for row, source in ((95, 3), (96, 3), (97, 75), (71, 20)):
        x[row], y[row] = x[source], y[source]
    y[96] = (y[3] + 1) % 3
    x[98] = x[4] * (1 + 1e-6)
    found = guard(parts_of(x, y))
    assert brief(found) == [
        ("exact", ("test", "train"), 2, ((95, 3), (96, 3))),
        ("relabelled", ("test", "train"), 1, ((96, 3),)),
        ("near", ("test", "train"), 1, ((98, 4),)),
        ("exact", ("test", "valid"), 1, ((97, 75),)),
        ("exact", ("valid", "train"), 1, ((71, 20),)),
    ]
    assert found[0].share == pytest.approx(2 / 30)
    assert str(found[0]) == (
        "2 rows of the test set (6.7 %) also occur in the training set: scores on them do not measure generalisation. "
        "goodfit.leaks.without_twins(split) removes the duplicates."
    )
    assert str(found[1]) == (
        "1 row of the test set (3.3 %) also occurs in the training set with a different target. "
        "Check them: a target is wrong, or the features do not determine it."
    )
    assert found[2].text == (
        "1 row of the test set (3.3 %) has a near-duplicate in the training set, equal up to rounding: "
        "scores on it hardly measure generalisation."
    )
    assert 0 < found[2].distances[0] < 1e-4
    assert [each.code for each in guard(parts_of(x, y), near=False)] == ["exact", "relabelled", "exact", "exact"]


def test_rows_that_repeat_in_training_are_stated() -> None:
    x, y = table()
    x[:35] = x[35:70]
    x[100] = x[0]
    (found,) = (each for each in guard(parts_of(x, y)) if each.code == "exact")
    assert found.text.endswith("Within the training set, 50 % of the rows are duplicates.")
    assert found.pairs == ((100, 0),)


def test_images_with_twins_that_have_exact_twins_of_their_own() -> None:
    x, y = smooth(N), table()[1]
    x[100] = np.roll(x[5].reshape(SHAPE), 1, axis=0).ravel()
    x[101], x[6] = x[100], x[5]
    found = guard(parts_of(x, y, image_shape=SHAPE))
    assert brief(found) == [("near", ("test", "train"), 2, ((100, 5), (101, 5)))]
    assert "the same image up to brightness, noise or a shift by one pixel" in found[0].text
    left = without_twins(parts_of(x, y, image_shape=SHAPE))
    assert set(TRAIN) - set(left.train.tolist()) == {5, 6}


def test_small_images_are_compared_as_rows() -> None:
    x = smooth(N, size=8)
    x[100] = 0.5 * x[5] + 10
    assert guard(parts_of(x, table()[1], image_shape=(8, 8))) == ()


def test_targets_of_every_kind() -> None:
    x, _ = table()
    x[100] = x[5]
    numbers = np.random.default_rng(1).normal(size=N)
    labels = np.random.default_rng(1).integers(0, 2, (N, 3))
    labels[100] = labels[5]
    assert [each.code for each in guard(parts_of(x, numbers))] == ["exact", "relabelled"]
    many = Dataset("many", x, labels, "multilabel", ("a", "b", "c"))
    assert [each.code for each in guard(Split(many, TRAIN, VALID, TEST))] == ["exact"]


def test_a_group_in_two_parts() -> None:
    people: list[Any] = [f"p{row}" for row in range(N)]
    people[100] = people[101] = people[7] = people[6] = "ann"
    people[75] = "p8"
    people[60] = people[110] = None
    people[61], people[111] = float("nan"), float("nan")
    found = guard(parts_of(*table()), groups=people)
    assert brief(found) == [
        ("group", ("test", "train"), 2, ((100, 6), (101, 6))),
        ("group", ("valid", "train"), 1, ((75, 8),)),
    ]
    assert str(found[0]) == (
        "1 group (ann) occurs in both the test set and the training set, with 2 rows of the test set "
        "(6.7 %): scores on them do not measure generalisation to new groups. Split the data so that each group is in "
        "one set only."
    )
    many = guard(parts_of(*table()), groups=np.arange(N) % 30)[0]
    assert many.text.startswith(
        "30 groups (0, 1, 2, 3, 4, ...) occur in both the test set and the training set, with 30 rows of the test "
        "set (100 %)"
    )


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        (["a"] * 3, r"guard: 'groups' must hold a label for each of the 120 rows; got 3\."),
        ("a" * N, r"guard: 'groups' must hold a label for each of the 120 rows"),
        (np.zeros((N, 2)), r"guard: 'groups' must hold one label for each row, a text or a number; got \[0\.0, 0\.0\]"),
    ],
)
def test_groups_that_do_not_fit(groups: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        guard(parts_of(*table()), groups=groups)


def test_inputs_that_tell_the_target() -> None:
    x, y = table()
    x[:, 2], x[:, 5] = y * 10 - 3, y + np.random.default_rng(0).random(N) / 2
    found = guard(parts_of(x, y, features=tuple("abcdefgh")))
    assert brief(found) == [("input", ("train",), 2, ())]
    assert found[0].text == (
        "Feature 'c' has one value per class. Feature 'f' separates the classes with thresholds, without error."
    )
    x[5, 2] = 99  # a row of training says otherwise: this value goes with one class too
    x[6, 5] = 100.0 if y[6] == 0 else -100.0
    told = [(each.status, each.text) for each in guard(parts_of(x, y))]
    assert told[0] == ("issue", "Feature '2' determines the target in every row.")
    assert not [text for status, text in told[1:] if status == "issue"]  # one row of another class: no proof


def test_inputs_that_tell_numbers_and_labels() -> None:
    x, _ = table()
    y = np.random.default_rng(1).lognormal(size=(N, 2))
    x[:, 1], x[:, 3] = y[:, 1] * 2, np.log(y[:, 0])
    (found,) = guard(parts_of(x, y))
    assert found.count == 2
    assert found.text.startswith(
        "Feature '1' is perfectly correlated with the target (correlation 1.0000). Feature '3' is "
    )
    labels = (np.random.default_rng(1).random((N, 2)) < 0.5).astype(int)
    x[:, 1], x[:, 3] = labels[:, 1], np.random.default_rng(2).normal(size=N)
    (found,) = guard(Split(Dataset("many", x, labels, "multilabel", ("a", "b")), TRAIN, VALID, TEST))
    assert found.text == "Feature '1' equals the target 'b' in every row."


def test_many_inputs_are_not_all_named() -> None:
    x, y = table()
    x[:, :7] = y[:, None] * np.arange(1, 8) + 5.5
    (found,) = (each for each in guard(parts_of(x, y)) if each.code == "input")
    assert found.count == 7
    assert found.text.endswith("Feature '4' has one value per class. The same holds for 2 more features.")


def test_an_input_that_tells_a_rare_class_of_many_rows() -> None:
    """Only the sample is looked at in full; it must hold enough rows of the rare class."""
    rng = np.random.default_rng(0)
    y = (np.arange(20_000) % 1000 == 0).astype(int)
    x = rng.normal(size=(20_000, 5)).astype(np.float32)
    x[:, 3] = np.where(y, 4, -4) + rng.random(20_000)
    parts = Split(Dataset.from_arrays(x, y), np.arange(18_000), np.arange(18_000, 18_000), np.arange(18_000, 20_000))
    (found,) = guard(parts, near=False)
    assert found.text == "Feature '3' separates the classes with one threshold, without error."


def test_rows_on_a_line_are_close_by_chance() -> None:
    x = np.random.default_rng(0).random((4000, 1))
    parts = Split(
        Dataset.from_arrays(x, np.arange(4000) % 2), np.arange(3000), np.arange(3000, 3000), np.arange(3000, 4000)
    )
    (found,) = guard(parts)
    assert (found.code, found.status, found.count) == ("near", "cannot tell", 0)
    assert str(found) == (
        "Cannot tell whether the test set has near-duplicates in the training set: rows are that close by chance. "
        "Check whether rows were copied and changed when the data were collected."
    )
    assert without_twins(parts) is parts


def test_too_much_to_compare_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_rows, "MOST_CANDIDATES", -1)
    assert "too many rows are similar to compare them all" in guard(parts_of(*table()))[0].text
    monkeypatch.setattr("goodfit.leaks.near_images.MOST_CANDIDATES", -1)
    images = smooth(N)
    images[100] = np.roll(images[5].reshape(SHAPE), 1, axis=0).ravel()
    found = guard(parts_of(images, table()[1], image_shape=SHAPE))
    assert "too many images are similar to compare them all" in found[0].text


def test_without_twins_leaves_out_what_held_out_rows_are_known_from() -> None:
    x, y = table()
    x[95], x[3], x[40] = x[75], x[75], x[75]  # test and train rows that are twins of a validation row
    x[80] = x[50]
    x[110] = x[60] * (1 + 1e-6)
    parts = parts_of(x, y)
    left = without_twins(parts)
    assert left.train.tolist() == [row for row in TRAIN if row not in {3, 40, 50, 60}]
    assert left.valid.tolist() == [row for row in VALID if row != 75]
    assert left.rows("test").tolist() == TEST.tolist()
    assert guard(left) == ()
    assert 60 in without_twins(parts, near=False).train
    assert without_twins(left) is left


def test_without_twins_needs_rows_that_are_left() -> None:
    x, y = table()
    x[:] = 1
    with pytest.raises(InputError, match="without_twins: 'train' must keep rows; all of them have dup") as caught:
        without_twins(parts_of(x, y))
    assert len(caught.value.problems) == 2


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32))
def test_the_order_of_rows_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, y = table()
    x[:, :4] = rng.integers(0, 2, (N, 4))
    x[:, 4:] = rng.integers(0, 2, (N, 4)) * (1 + 1e-6 * rng.random((N, 4)))
    order = rng.permutation(N)
    place = order.argsort()
    first = guard(parts_of(x, y), groups=x[:, 0])
    data = Dataset.from_arrays(x[order], y[order])
    moved = Split(data, *(rng.permutation(place[rows]) for rows in (TRAIN, VALID, TEST)))
    second = guard(moved, groups=x[order, 0])
    assert [(each.code, each.parts, each.count) for each in first] == [
        (each.code, each.parts, each.count) for each in second
    ]


def test_the_page_states_the_limits() -> None:
    page = " ".join((Path(__file__).parents[2] / "docs" / "data.md").read_text("utf-8").split())
    images = f"at least {LIKENESS} between their grey levels and of at least {DETAIL} between their details"
    for stated in (
        images,
        f"at most {100 * ROUNDING:g} % of its interquartile range",
        f"below {100 * FINEST:.4f} %",
        f"({SIDE} x {SIDE} pixels or more",
    ):
        assert stated in page
    for code in get_args(guarding.Code):
        assert f"| `{code}` |" in page


def test_a_finding_is_plain_data() -> None:
    x, y = table()
    x[95] = x[3]
    for found in guard(parts_of(x, y)):
        assert dataclasses.replace(found) == found
        assert all(type(value) is int for pair in found.pairs for value in pair)
        assert type(found.count) is int
    assert set(guarding.PAIRS) == {("test", "train"), ("test", "valid"), ("valid", "train")}
