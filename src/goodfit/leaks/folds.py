"""The leak guard for folds: what rows that a fold holds out have in common with the rows that it learns from."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from goodfit.data.agreement import merged
from goodfit.data.dataset import Dataset
from goodfit.data.dividing import group_codes, own_groups
from goodfit.leaks.changed import are_subjects, changed_pairs
from goodfit.leaks.duplicates import Rows, TwinRows, exact_twins, relabelled
from goodfit.leaks.guarding import (
    SUBJECTS,
    LeakFinding,
    counted,
    near_twins,
    percent,
    told_by_inputs,
    why_equal,
)
from goodfit.leaks.near_pairs import NearPairs
from goodfit.leaks.twins_by_chance import measured_again, twins_expected

SHOWN = 5  # pairs of rows that a finding names
APART = "Keep them in one fold with groups= (--group COLUMN of a table), or remove the duplicates."
Fold = tuple[Rows, Rows]
"""Rows to learn from, and rows that are held out."""


def findings_of_folds(
    data: Dataset, folds: Sequence[Fold], groups: Rows, pairs: NearPairs | None
) -> tuple[LeakFinding, ...]:
    """What held-out rows have in common with the training rows of their own fold; () if nothing was found.

    The findings are those of `guard`, with the parts ("valid", "train"). A row that is held out in several repeats
    counts once. groups: the exact groups of the data; pairs: its near pairs, None to leave them out.
    """
    held = np.unique(np.concatenate([valid for _, valid in folds])).astype(np.int32)
    rows = np.unique(np.concatenate([held, *(train for train, _ in folds)])).astype(np.int32)
    exact = _partners(len(data), folds, lambda some, others: exact_twins(groups, some, others))
    found = [*_exact(data, exact, held, folds, groups)]
    close = exact.copy()
    if pairs is not None and not pairs.trouble:
        close = _partners(len(data), folds, lambda some, others: near_twins(pairs, groups, some, others))
        close[exact >= 0] = -1
        found += _finding("near", close, held, "have near-duplicates in the training set of their fold")
    changed = changed_pairs(data, groups)
    alike = _partners(len(data), folds, lambda some, others: near_twins(changed, groups, some, others))
    alike[(exact >= 0) | (close >= 0)] = -1
    known = "agree in all but a few columns with rows of the training set of their fold"
    why = (", as repeated measurements do.", SUBJECTS) if are_subjects(changed, groups) else ("", "")
    found += _finding("changed", alike, held, known, why)
    if data.groups is not None:
        codes = own_groups(group_codes(data.groups)).astype(np.int32)
        shared = _partners(len(data), folds, lambda some, others: exact_twins(codes, some, others))
        found += _finding("group", shared, held, "belong to groups that are also in the training set of their fold")
    return (*found, *told_by_inputs(data, rows, merged(groups, changed.rows, changed.partners)))


def _partners(n_rows: int, folds: Sequence[Fold], twins: Callable[[Rows, Rows], TwinRows]) -> Rows:
    """For every row of the data a twin in the training rows of a fold that holds it out, or -1."""
    partners = np.full(n_rows, -1, np.int32)
    for train, valid in folds:
        found = twins(valid, train)
        partners[found.rows] = found.partners
    return partners


def _exact(data: Dataset, partners: Rows, held: Rows, folds: Sequence[Fold], groups: Rows) -> Iterator[LeakFinding]:
    """Chance, and whether rows were measured again, are looked at in the fold with the most twins."""
    known = "also occur in the training set of their fold"
    train, valid = max(folds, key=lambda fold: int((partners[fold[1]] >= 0).sum()))
    twins = exact_twins(groups, valid, train)
    if not len(twins):
        return
    share = twins_expected(data.x, groups, valid, train, len(twins)) / len(twins)
    changed = len(relabelled(groups, data.y, valid, train)[0])
    again = measured_again(groups, data.y, twins, train, changed)
    count = int((partners >= 0).sum())
    all_changed = round(changed / len(twins) * count)
    yield from _finding("exact", partners, held, known, why_equal(count, share * count, all_changed if again else None))


def _finding(
    code: str, partners: Rows, held: Rows, known: str, why: tuple[str, str] = ("", "")
) -> Iterator[LeakFinding]:
    """why: the end of the sentence and the advice where it cannot be told whether rows are copies."""
    rows = np.flatnonzero(partners >= 0)
    if len(rows):
        share = len(rows) / len(held)
        text = f"{counted(len(rows), 'held-out row')} of {len(held):,} ({percent(share)}) {known}"
        text += why[0] or ": scores on them do not measure generalisation."
        pairs = tuple((int(row), int(partners[row])) for row in rows[:SHOWN])
        status = "cannot tell" if why[0] else "issue"
        yield LeakFinding(code, status, ("valid", "train"), len(rows), share, pairs, (), text, why[1] or APART)  # type: ignore[arg-type]
