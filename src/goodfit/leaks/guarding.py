"""What the held-out rows have in common with the training rows, looked for before training: twins, groups, a column
that is the target.

A net that is scored on rows that it was trained on looks better than it is. Preprocessing is not looked at here: in
goodfit it is fitted on the training rows alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from goodfit.arguments import public
from goodfit.data.agreement import merged
from goodfit.data.dataset import Dataset
from goodfit.data.dividing import group_codes, own_groups
from goodfit.data.split import Part, Split
from goodfit.errors import InputError, Problems, problem
from goodfit.leaks.changed import are_subjects, changed_pairs
from goodfit.leaks.duplicates import Rows, TwinRows, exact_groups, exact_twins, lowest_rows, nearest_twins, relabelled
from goodfit.leaks.near_images import can_compare
from goodfit.leaks.near_pairs import NearPairs, near_pairs
from goodfit.leaks.telling_inputs import telling_inputs
from goodfit.leaks.twins_by_chance import CHANCE_SHARE, measured_again, twins_expected
from goodfit.words import as_listed, digits

Code = Literal["exact", "relabelled", "near", "changed", "group", "input"]
Status = Literal["issue", "notice", "cannot tell"]
PAIRS: tuple[tuple[Part, Part], ...] = (("test", "train"), ("test", "valid"), ("valid", "train"))
"""Which parts are compared, the held-out one first: of two parts, its scores are the ones that a twin spoils."""
SHOWN = 5  # pairs of rows, groups or columns that a finding names
SETS: dict[Part, str] = {"train": "the training set", "valid": "the validation set", "test": "the test set"}
LEAVE_OUT = "goodfit.leaks.without_twins(split) removes the duplicates."
CHANCE_ADVICE = "Check whether rows were copied and changed when the data were collected."
SUBJECTS = "If rows belong to subjects (people, machines), keep those together: groups= (--group COLUMN of a table)."


@dataclass(frozen=True)
class LeakFinding:
    """One thing that lets held-out rows be known in training.

    code: exact (rows with the same inputs), relabelled (of these, rows with another target), near (rows with nearly the
    same inputs, and no exact twin), changed (rows with the same inputs but for a few columns), group (rows whose group
    stands in both parts), input (inputs that tell the target).
    status: "issue"; "notice" where an honest feature may do the same; "cannot tell" where twins could not be told from
    chance or from repeated measurements, or were too many to compare.
    parts: the held-out part and the one that its rows are known from; ("train",) for inputs.
    count: rows of the held-out part; for inputs, how many there are.
    share: count as a share of the held-out part, or of the inputs, in [0, 1].
    pairs: up to SHOWN pairs (row of the held-out part, its twin in the other), by row number in the data set; of near
    twins the nearest ones.
    distances: of near twins, for each pair: 1 minus the correlation of the images' details, or the largest difference
    of a table's columns as a share of their spreads; else ().
    text: what was found, in plain words.
    advice: what to do.
    """

    code: Code
    status: Status
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


def parts_to_compare(split: Split) -> Iterator[tuple[tuple[Part, Part], Rows, Rows]]:
    """(held-out part and another, rows of each) where both have rows."""
    for part, other in PAIRS:
        rows, others = split.rows(part), split.rows(other)
        if len(rows) and len(others):
            yield (part, other), rows, others


def near_twins(near: NearPairs, groups: Rows, rows: Rows, others: Rows) -> TwinRows:
    """All rows with a near twin that is not exact.

    Rows with the same inputs are compared once, as the first of them; the twins of it are carried over to all.
    """
    a, b = (np.unique(groups[each]).astype(np.int32) for each in (rows, others))
    found = nearest_twins(near.between(a, b), a, b)
    place = np.full(len(groups), -1, np.int32)
    place[found.rows] = np.arange(len(found.rows))
    kept = np.sort(rows[place[groups[rows]] >= 0])
    at = place[groups[kept]]
    hit = np.sort(others[np.isin(groups[others], found.others)])
    return TwinRows(kept, lowest_rows(groups, others)[found.partners[at]], found.distances[at], hit)


@public
def guard(split: Split, groups: Sequence[Any] | np.ndarray | None = None, near: bool = True) -> tuple[LeakFinding, ...]:
    """What the held-out rows of a split have in common with other parts; () if nothing was found.

    Images of 28 x 28 pixels and more are compared as images, all other rows as rows of a table.

    split: the parts that are held against each other
    groups: for every row of the data set, what it belongs to (a person, a machine, a day): labels of any hashable kind,
    of which None and NaN belong to no group; those of the data set if None.
    near: whether to look for near twins as well. Exact twins take less than a second for Fashion-MNIST, near ones about
    10 on one core, once: a search that took long is kept in the cache, and serves every split of the same data.
    Raises InputError for groups that do not match the data set.
    """
    same = exact_groups(split.data.x)
    return findings(split, same, near_pairs(split.data, same) if near else None, groups)


def findings(
    split: Split, same: Rows, near: NearPairs | None, groups: Sequence[Any] | np.ndarray | None = None
) -> tuple[LeakFinding, ...]:
    """What `guard` finds. same: the exact groups of the data; near: its near pairs, None to leave them out."""
    labels = split.data.groups if groups is None else groups
    codes = None if labels is None else _codes(labels, len(split.data))
    found: list[LeakFinding] = []
    changed = changed_pairs(split.data, same)
    for parts, rows, others in parts_to_compare(split):
        found += between(parts, (rows, others), split.data, same, near)
        found += _changed(parts, (rows, others), same, near, changed)
        if labels is not None and codes is not None:
            found += _in_two_parts(labels, codes, parts, rows, others)
    return (*found, *told_by_inputs(split.data, split.train, merged(same, changed.rows, changed.partners)))


def between(
    parts: tuple[Part, Part], of: tuple[Rows, Rows], data: Dataset, groups: Rows, near: NearPairs | None
) -> Iterator[LeakFinding]:
    """What two parts have in common by their inputs: exact twins, then near ones.

    of: the rows of the parts; groups: the exact groups of the data; near: its near pairs, None to leave them out.
    """
    rows, others = of
    exact = exact_twins(groups, rows, others)
    if len(exact):
        chance = twins_expected(data.x, groups, rows, others, len(exact))
        copies = chance < CHANCE_SHARE * len(exact)
        changed, partners = relabelled(groups, data.y, rows, others) if copies else (rows[:0], rows[:0])
        again = copies and measured_again(groups, data.y, exact, others, len(changed))
        yield _exact(exact, parts, len(rows), _repeats(groups, others), chance, changed=len(changed) if again else None)
        if len(changed) and not again:
            yield _relabelled(changed, partners, parts, len(rows))
    if near is not None:
        if near.trouble:
            yield _untold(near.trouble, parts)
        else:
            twins = near_twins(near, groups, rows, others)
            yield from _near(twins, exact, parts, len(rows), as_images=can_compare(data.image_shape))


def _repeats(groups: Rows, rows: Rows) -> float:
    """The share of the rows that repeat another of them."""
    return float(1 - len(np.unique(groups[rows])) / len(rows))


@public
def without_twins(split: Split, near: bool = True) -> Split:
    """The split without the rows that held-out rows could be known from.

    Validation rows with a twin among the test rows are left out, and training rows with a twin among the test or the
    validation rows. Test rows all stay, in their order, as do the other rows.

    split: the parts that are held against each other
    near: as for `guard`; where near twins cannot be told, only exact ones are left out.
    Raises InputError if no training row would be left, or no validation row where there were some.
    """
    groups = exact_groups(split.data.x)
    changed = changed_pairs(split.data, groups)
    searched = [near_pairs(split.data, groups)] if near else []
    searched += [] if are_subjects(changed, groups) else [changed]
    twin = np.zeros(len(split.data), bool)
    for _, rows, others in parts_to_compare(split):
        twin[exact_twins(groups, rows, others).others] = True
        for pairs in searched:
            twin[near_twins(pairs, groups, rows, others).others] = True
    problems = Problems()
    for name in ("train", "valid"):
        rows = split.rows(name)
        if len(rows) and twin[rows].all():
            problems.add("without_twins", f"'{name}' must keep rows; all of them have duplicates in held-out data")
    problems.raise_if_any()
    if not twin.any():
        return split
    train, valid = (rows[~twin[rows]] for rows in (split.train, split.valid))
    return Split(split.data, train, valid, split.rows("test"), split.seed)


def _exact(
    twins: TwinRows, parts: tuple[Part, Part], size: int, repeats: float, chance: float, *, changed: int | None
) -> LeakFinding:
    text, end, advice = _occur(len(twins), size, parts), *why_equal(len(twins), chance, changed)
    status: Status = "cannot tell" if end else "issue"
    text += end or f": scores on {_them(len(twins))} do not measure generalisation."
    if repeats:
        text += f" Within {SETS[parts[1]]}, {percent(repeats)} of the rows are duplicates."
    pairs = _pairs(twins.rows, twins.partners)
    return LeakFinding("exact", status, parts, len(twins), len(twins) / size, pairs, (), text, advice or LEAVE_OUT)


def why_equal(count: int, chance: float, changed: int | None) -> tuple[str, str]:
    """(the end of a sentence, advice) where equal rows may be no copies; ("", "") where they are.

    count: of rows with a twin; chance: how many would have one by chance; changed: how many have another target, None
    where nothing says that they were measured again.
    """
    if chance >= CHANCE_SHARE * count:
        by_chance = f", where about {digits(chance, 2)} would by chance, since the features have few distinct values"
        return f"{by_chance}: copies cannot be told from chance.", CHANCE_ADVICE
    if changed is None:
        return "", ""
    what = f"{changed:,} of them with a different target" if changed else "with few distinct combinations of values"
    return f", {what}: they may be repeated measurements rather than copies.", SUBJECTS


def _relabelled(rows: Rows, partners: Rows, parts: tuple[Part, Part], size: int) -> LeakFinding:
    text = f"{_occur(len(rows), size, parts)} with a different target."
    advice = "Check them: a target is wrong, or the features do not determine it."
    return LeakFinding(
        "relabelled", "issue", parts, len(rows), len(rows) / size, _pairs(rows, partners), (), text, advice
    )


def _untold(why: str, parts: tuple[Part, Part]) -> LeakFinding:
    text = f"Cannot tell whether {SETS[parts[0]]} has near-duplicates in {SETS[parts[1]]}: {why}."
    return LeakFinding("near", "cannot tell", parts, 0, 0.0, (), (), text, CHANCE_ADVICE)


def _near(
    twins: TwinRows, exact: TwinRows, parts: tuple[Part, Part], size: int, *, as_images: bool
) -> Iterator[LeakFinding]:
    kept = ~np.isin(twins.rows, exact.rows)
    count = int(kept.sum())
    if not count:
        return
    what = "the same image up to brightness, noise or a shift by one pixel" if as_images else "equal up to rounding"
    have = "has a near-duplicate" if count == 1 else "have near-duplicates"
    text = (
        f"{counted(count, 'row')} of {SETS[parts[0]]} ({percent(count / size)}) {have} in {SETS[parts[1]]}, {what}: "
        f"scores on {_them(count)} hardly measure generalisation."
    )
    order = np.flatnonzero(kept)[np.argsort(twins.distances[kept], kind="stable")][:SHOWN]
    pairs = _pairs(twins.rows[order], twins.partners[order])
    distances = tuple(float(value) for value in twins.distances[order])
    yield LeakFinding("near", "issue", parts, count, count / size, pairs, distances, text, LEAVE_OUT)


def _changed(
    parts: tuple[Part, Part], of: tuple[Rows, Rows], groups: Rows, near: NearPairs | None, changed: NearPairs
) -> Iterator[LeakFinding]:
    """Rows of one part that repeat rows of another but for a few columns, and have no closer twin there."""
    if not len(changed):
        return
    twins = near_twins(changed, groups, *of)
    closer = exact_twins(groups, *of).rows
    if near is not None and not near.trouble:
        closer = np.union1d(closer, near_twins(near, groups, *of).rows)
    places = np.flatnonzero(~np.isin(twins.rows, closer))
    if not len(places):
        return
    share = len(places) / len(of[0])
    agree = "agrees" if len(places) == 1 else "agree"
    text = f"{counted(len(places), 'row')} of {SETS[parts[0]]} ({percent(share)}) {agree} in all but a few columns "
    text += f"with rows of {SETS[parts[1]]}, which chance does not explain"
    subjects = are_subjects(changed, groups)
    text += ", as repeated measurements do." if subjects else ": they may be copies that were changed."
    order = places[np.argsort(twins.distances[places], kind="stable")]
    pairs = _pairs(twins.rows[order], twins.partners[order])
    distances = tuple(float(value) for value in twins.distances[order[:SHOWN]])
    status: Status = "cannot tell" if subjects else "issue"
    advice = SUBJECTS if subjects else LEAVE_OUT
    yield LeakFinding("changed", status, parts, len(places), share, pairs, distances, text, advice)


def _codes(groups: Sequence[Any] | np.ndarray, n_rows: int) -> np.ndarray:
    """Group labels as numbers, -1 for None and NaN."""
    if len(groups) != n_rows or isinstance(groups, str):
        rule = f"'groups' must hold a label for each of the {n_rows} rows"
        raise InputError(problem("guard", rule, got=len(groups)))
    try:
        return group_codes(groups)
    except TypeError:
        rule = "'groups' must hold one label for each row, a text or a number"
        first = groups[0]
        raise InputError(problem("guard", rule, got=first.tolist() if hasattr(first, "tolist") else first)) from None


def _in_two_parts(
    groups: Sequence[Any] | np.ndarray, codes: np.ndarray, parts: tuple[Part, Part], rows: Rows, others: Rows
) -> Iterator[LeakFinding]:
    shared = np.intersect1d(codes[rows], codes[others])
    shared = shared[shared >= 0]
    if not len(shared):
        return
    known = np.sort(rows[np.isin(codes[rows], shared)])
    partners = lowest_rows(codes, others[codes[others] >= 0])[codes[known]]
    names = [as_listed(str(groups[int(np.flatnonzero(codes == code)[0])])) for code in shared[:SHOWN]]
    occur = "occurs" if len(shared) == 1 else "occur"
    text = (
        f"{counted(len(shared), 'group')} ({', '.join(names)}{', ...' if len(shared) > SHOWN else ''}) {occur} in both "
        f"{SETS[parts[0]]} and {SETS[parts[1]]}, with {counted(len(known), 'row')} of {SETS[parts[0]]} "
        f"({percent(len(known) / len(rows))}): scores on them do not measure generalisation to new groups."
    )
    advice = "Split the data so that each group is in one set only."
    share = len(known) / len(rows)
    yield LeakFinding("group", "issue", parts, len(known), share, _pairs(known, partners), (), text, advice)


def told_by_inputs(data: Dataset, train: Rows, same: Rows) -> Iterator[LeakFinding]:
    """The inputs that tell the target in these rows, if not all do; of a table, the columns that do.

    same: the exact groups of the data. What is the same again and again is no evidence: of rows that repeat others, and
    of the rows of a group, one is looked at.
    """
    rows = _different(data, train, same)
    suspects = telling_inputs(data, rows) if data.suspects is None else data.suspects(rows)
    statuses: tuple[Status, Status] = ("issue", "notice")
    for status in statuses:
        some = [(name, why) for name, why, found in suspects if found == status]
        if some and len(some) < data.n_inputs:  # where all inputs do, nothing can be left out
            yield _told(data, some, status)


def _told(data: Dataset, suspects: Sequence[tuple[str, str]], status: Status) -> LeakFinding:
    what = "feature" if data.suspects is None else "column"
    more = f" The same holds for {len(suspects) - SHOWN} more {what}s." if len(suspects) > SHOWN else ""
    told = (f"{what.capitalize()} {name!r} {why}{'' if why.endswith('?') else '.'}" for name, why in suspects[:SHOWN])
    advice = "Leave out what is not known at prediction time."
    if data.suspects is not None:
        advice = "If it is not known at prediction time, leave it out: --id, or ids=."
    share = min(1.0, len(suspects) / data.n_inputs)
    return LeakFinding("input", status, ("train",), len(suspects), share, (), (), " ".join(told) + more, advice)


def _different(data: Dataset, rows: Rows, same: Rows) -> Rows:
    """Of rows with the same inputs and target, and of those of a group, the first."""
    if data.groups is not None:
        codes = own_groups(group_codes(data.groups))[rows]
        rows = rows[np.sort(np.unique(codes, return_index=True)[1])]
    targets = data.y if data.y.ndim == 1 else exact_groups(data.y)
    both = same[rows].astype(np.int64) * len(data) + targets[rows]
    different: Rows = rows[np.sort(np.unique(both, return_index=True)[1])]
    return different


def _pairs(rows: Rows, partners: Rows) -> tuple[tuple[int, int], ...]:
    return tuple((int(row), int(partner)) for row, partner in zip(rows[:SHOWN], partners[:SHOWN], strict=True))


def _occur(count: int, size: int, parts: tuple[Part, Part]) -> str:
    occur = "also occurs" if count == 1 else "also occur"
    return f"{counted(count, 'row')} of {SETS[parts[0]]} ({percent(count / size)}) {occur} in {SETS[parts[1]]}"


def counted(count: int, what: str) -> str:
    """1 row, 1,234 rows."""
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _them(count: int) -> str:
    return "it" if count == 1 else "them"


def percent(share: float) -> str:
    """A share for people: 0.16 %, 12 %."""
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"
