"""What the held-out rows have in common with the training rows, looked for before training: twins, groups, a column
that is the target.

A net that is scored on rows that it was trained on looks better than it is. Preprocessing is not looked at here: in
goodfit it is fitted on the training rows alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from goodfit.data.dataset import Dataset
from goodfit.data.duplicates import (
    Matches,
    Rows,
    Twins,
    exact_groups,
    exact_twins,
    lowest_rows,
    nearest_twins,
    relabelled,
)
from goodfit.data.near_images import TooManyCandidates, can_compare, near_images
from goodfit.data.near_rows import limit_of, near_rows, spread_of
from goodfit.data.split import Part, Split
from goodfit.data.telling_inputs import telling_inputs
from goodfit.errors import InputError, Problems, problem

Code = Literal["exact", "relabelled", "near", "group", "input"]
PAIRS: tuple[tuple[Part, Part], ...] = (("test", "train"), ("test", "valid"), ("valid", "train"))
"""Which parts are compared, the held-out one first: of two parts, its scores are the ones that a twin spoils."""
SHOWN = 5  # pairs of rows, groups or columns that a finding names
LEAVE_OUT = "goodfit.data.without_twins(split) leaves the twins out."


@dataclass(frozen=True)
class LeakFinding:
    """One thing that lets held-out rows be known in training.

    code: exact (rows with the same inputs), relabelled (of these, rows with another target), near (rows with nearly the
    same inputs, and no exact twin), group (rows whose group stands in both parts), input (inputs that tell the target).
    status: "issue", or "cannot tell" where near twins could not be told from chance, or were too many to compare.
    parts: the held-out part and the one that its rows are known from; ("train",) for inputs.
    count: rows of the held-out part; for inputs, how many there are. share: count as a share of the held-out part, or
    of the inputs, in [0, 1].
    pairs: up to SHOWN pairs (row of the held-out part, its twin in the other), by row number in the data set; of near
    twins the nearest ones. distances: of near twins, for each pair: 1 minus the correlation of the images' details, or
    the largest difference of a table's columns as a share of their spreads; else ().
    text: what was found, in plain words. advice: what to do.
    """

    code: Code
    status: Literal["issue", "cannot tell"]
    parts: tuple[Part, ...]
    count: int
    share: float
    pairs: tuple[tuple[int, int], ...]
    distances: tuple[float, ...]
    text: str
    advice: str

    def __str__(self) -> str:
        """Both sentences."""
        return f"{self.text} {self.advice}"


@dataclass(frozen=True, eq=False)
class _Search:
    """A split with the exact groups of its rows."""

    split: Split
    groups: Rows

    @property
    def as_images(self) -> bool:
        return can_compare(self.split.data.image_shape)

    def pairs(self) -> Iterator[tuple[Part, Part, Rows, Rows]]:
        """(part, other part, rows of each) where both have rows."""
        for part, other in PAIRS:
            rows, others = self.split.rows(part), self.split.rows(other)
            if len(rows) and len(others):
                yield part, other, rows, others

    def near_twins(self, rows: Rows, others: Rows) -> Twins | str:
        """All rows with a near twin that is not exact, or why this cannot be told.

        Rows with the same inputs are searched once, as the first of them.
        """
        a, b = (np.unique(self.groups[each]).astype(np.int32) for each in (rows, others))
        matches = self._matches(a, b)
        if isinstance(matches, str):
            return matches
        try:
            found = nearest_twins(_of_different(matches, a, b), a, b)
        except TooManyCandidates:
            return "too many images are alike to compare them all"
        return _all_rows(found, self.groups, rows, others)

    def _matches(self, a: Rows, b: Rows) -> Matches | str:
        data = self.split.data
        if self.as_images and data.image_shape is not None:
            return near_images(data.x, data.image_shape, a, b)
        spread = spread_of(data.x, self.split.train)
        limit = limit_of(data.x, spread, a, b)
        if not limit:
            return "rows come that close by chance"
        return near_rows(data.x, spread, limit, a, b) or "too many rows are alike to compare them all"


def _of_different(matches: Matches, a: Rows, b: Rows) -> Matches:
    for i, j, distance in matches:
        other = a[i] != b[j]
        yield i[other], j[other], distance[other]


def _all_rows(found: Twins, groups: Rows, rows: Rows, others: Rows) -> Twins:
    """Twins among first rows of groups, carried over to all rows of those groups."""
    place = np.full(len(groups), -1, np.int32)
    place[found.rows] = np.arange(len(found.rows))
    kept = np.sort(rows[place[groups[rows]] >= 0])
    at = place[groups[kept]]
    hit = np.sort(others[np.isin(groups[others], found.others)])
    return Twins(kept, lowest_rows(groups, others)[found.partners[at]], found.distances[at], hit)


def guard(split: Split, groups: Sequence[Any] | np.ndarray | None = None, near: bool = True) -> tuple[LeakFinding, ...]:
    """What the held-out rows of a split have in common with other parts; () if nothing was found.

    groups: for every row of the data set, what it belongs to (a person, a machine, a day): labels of any hashable kind.
      None and NaN belong to no group.
    near: whether to look for near twins as well. Exact twins take less than a second for Fashion-MNIST, near ones about
      15 on one core. Images of 28 x 28 pixels and more are compared as images, all other rows as rows of a table.
    Raises InputError for groups that do not match the data set.
    """
    search = _Search(split, exact_groups(split.data.x))
    codes = None if groups is None else _codes(groups, len(split.data))
    found: list[LeakFinding] = []
    for part, other, rows, others in search.pairs():
        parts = (part, other)
        exact = exact_twins(search.groups, rows, others)
        if len(exact):
            found.append(_exact(exact, parts, len(rows), search))
        changed, partners = relabelled(search.groups, split.data.y, rows, others)
        if len(changed):
            found.append(_relabelled(changed, partners, parts, len(rows)))
        if near:
            found += _near(search.near_twins(rows, others), exact, parts, len(rows), search.as_images)
        if groups is not None and codes is not None:
            found += _in_two_parts(groups, codes, parts, rows, others)
    return (*found, *_inputs(split.data, split.train))


def without_twins(split: Split, near: bool = True) -> Split:
    """The split without the rows that held-out rows could be known from.

    Validation rows with a twin among the test rows are left out, and training rows with a twin among the test or the
    validation rows. Test rows all stay, in their order, as do the other rows. near: as for `guard`; where near twins
    cannot be told, only exact ones are left out. Raises InputError if no training row would be left, or no validation
    row where there were some.
    """
    search = _Search(split, exact_groups(split.data.x))
    twin = np.zeros(len(split.data), bool)
    for _, _, rows, others in search.pairs():
        twin[exact_twins(search.groups, rows, others).others] = True
        close = search.near_twins(rows, others) if near else ""
        if isinstance(close, Twins):
            twin[close.others] = True
    problems = Problems()
    for name in ("train", "valid"):
        rows = split.rows(name)
        if len(rows) and twin[rows].all():
            problems.add("without_twins", f"'{name}' must keep rows; all of them have twins in held-out parts")
    problems.raise_if_any()
    if not twin.any():
        return split
    train, valid = (rows[~twin[rows]] for rows in (split.train, split.valid))
    return Split(split.data, train, valid, split.rows("test"), split.seed)


def _exact(twins: Twins, parts: tuple[Part, Part], size: int, search: _Search) -> LeakFinding:
    text = f"{_stand(len(twins), size, parts)} too: scores on {_them(len(twins))} say nothing new."
    known = search.split.rows(parts[1])
    repeats = 1 - len(np.unique(search.groups[known])) / len(known)
    if repeats:
        text += f" Within {parts[1]}, {_percent(repeats)} of the rows repeat another one."
    pairs = _pairs(twins.rows, twins.partners)
    return LeakFinding("exact", "issue", parts, len(twins), len(twins) / size, pairs, (), text, LEAVE_OUT)


def _relabelled(rows: Rows, partners: Rows, parts: tuple[Part, Part], size: int) -> LeakFinding:
    text = f"{_stand(len(rows), size, parts)} with another target."
    advice = "Look at them: a target is wrong, or the inputs leave it open."
    return LeakFinding(
        "relabelled", "issue", parts, len(rows), len(rows) / size, _pairs(rows, partners), (), text, advice
    )


def _near(
    twins: Twins | str, exact: Twins, parts: tuple[Part, Part], size: int, as_images: bool
) -> Iterator[LeakFinding]:
    if isinstance(twins, str):
        text = f"Whether rows of {parts[0]} have near twins in {parts[1]} cannot be told: {twins}."
        advice = "Look for rows that were copied and changed where the data were collected."
        yield LeakFinding("near", "cannot tell", parts, 0, 0.0, (), (), text, advice)
        return
    kept = ~np.isin(twins.rows, exact.rows)
    count = int(kept.sum())
    if not count:
        return
    what = "the same image but for brightness, noise or a shift by a pixel" if as_images else "equal up to rounding"
    have = "has a near twin" if count == 1 else "have near twins"
    text = (
        f"{_count(count, 'row')} of {parts[0]} ({_percent(count / size)}) {have} in {parts[1]}, {what}: "
        f"scores on {_them(count)} say little new."
    )
    order = np.flatnonzero(kept)[np.argsort(twins.distances[kept], kind="stable")][:SHOWN]
    pairs = _pairs(twins.rows[order], twins.partners[order])
    distances = tuple(float(value) for value in twins.distances[order])
    yield LeakFinding("near", "issue", parts, count, count / size, pairs, distances, text, LEAVE_OUT)


def _codes(groups: Sequence[Any] | np.ndarray, n_rows: int) -> np.ndarray:
    """Group labels as numbers, -1 for None and NaN."""
    labels = groups.tolist() if hasattr(groups, "tolist") else list(groups)
    if len(labels) != n_rows or isinstance(groups, str):
        raise InputError(problem("guard", f"'groups' must hold a label for each of the {n_rows} rows", got=len(labels)))
    known: dict[Any, int] = {}
    try:
        return np.array(
            [-1 if label is None or label != label else known.setdefault(label, len(known)) for label in labels]
        )
    except TypeError:
        rule = "'groups' must hold one label for each row, a text or a number"
        raise InputError(problem("guard", rule, got=labels[0])) from None


def _in_two_parts(
    groups: Sequence[Any] | np.ndarray, codes: np.ndarray, parts: tuple[Part, Part], rows: Rows, others: Rows
) -> Iterator[LeakFinding]:
    shared = np.intersect1d(codes[rows], codes[others])
    shared = shared[shared >= 0]
    if not len(shared):
        return
    known = np.sort(rows[np.isin(codes[rows], shared)])
    partners = lowest_rows(codes, others[codes[others] >= 0])[codes[known]]
    names = [str(groups[int(np.flatnonzero(codes == code)[0])]) for code in shared[:SHOWN]]
    stand = "stands" if len(shared) == 1 else "stand"
    text = (
        f"{_count(len(shared), 'group')} ({', '.join(names)}{', ...' if len(shared) > SHOWN else ''}) {stand} in "
        f"{parts[0]} and in {parts[1]}, with {_count(len(known), 'row')} of {parts[0]} "
        f"({_percent(len(known) / len(rows))}): scores there are not those of new groups."
    )
    advice = "Divide the rows so that each group stands in one part."
    share = len(known) / len(rows)
    yield LeakFinding("group", "issue", parts, len(known), share, _pairs(known, partners), (), text, advice)


def _inputs(data: Dataset, train: Rows) -> Iterator[LeakFinding]:
    suspects = telling_inputs(data, train)
    if suspects:
        more = f" So may {len(suspects) - SHOWN} more inputs." if len(suspects) > SHOWN else ""
        text = " ".join(f"Input {name!r} {why}." for name, why in suspects[:SHOWN]) + more
        advice = "Leave out what is not known yet when a prediction is wanted."
        share = len(suspects) / data.n_inputs
        yield LeakFinding("input", "issue", ("train",), len(suspects), share, (), (), text, advice)


def _pairs(rows: Rows, partners: Rows) -> tuple[tuple[int, int], ...]:
    return tuple((int(row), int(partner)) for row, partner in zip(rows[:SHOWN], partners[:SHOWN], strict=True))


def _stand(count: int, size: int, parts: tuple[Part, Part]) -> str:
    stand = "stands" if count == 1 else "stand"
    return f"{_count(count, 'row')} of {parts[0]} ({_percent(count / size)}) {stand} in {parts[1]}"


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _them(count: int) -> str:
    return "it" if count == 1 else "them"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"
