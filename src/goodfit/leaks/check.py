"""The leak guard before a training: what is looked for without being asked, what that may cost, and what is told."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from goodfit.data.dataset import Dataset
from goodfit.data.split import Split
from goodfit.errors import InputError, nearest, problem
from goodfit.leaks.duplicates import Rows, exact_groups
from goodfit.leaks.folds import Fold, findings_of_folds
from goodfit.leaks.guarding import LeakFinding, findings
from goodfit.leaks.near_pairs import NearPairs, TooLong, near_pairs
from goodfit.notices import warn

Mode = Literal["warn", "error", "off"]
NEAR_SECONDS = 1.0  # that the search for near twins may take before a training, as predicted
FEWEST, SMALL = 2, 0.25
"""Twins are warned of from FEWEST and SMALL * sqrt(held-out rows) on, and recorded in any case. Fewer move an accuracy
of 0.9 by less than 0.4 of what its 95 % interval, 0.59 / sqrt(rows) to either side, leaves open."""


class LeakWarning(UserWarning):
    """Held-out rows are known in training, so that their scores are too good."""


@dataclass(frozen=True)
class LeakCheck:
    """What the leak guard found before a training.

    findings: of all kinds, with those that are too small to warn of
    near: whether near twins were looked for
    near_seconds: what that search would have taken, as predicted, where it was not made
    seconds: that the check took.
    """

    findings: tuple[LeakFinding, ...]
    near: bool
    near_seconds: float | None
    seconds: float

    @property
    def issues(self) -> tuple[LeakFinding, ...]:
        """The findings that are no mere doubt."""
        return tuple(each for each in self.findings if each.status == "issue")

    @property
    def told(self) -> tuple[LeakFinding, ...]:
        """Those to warn of: twins only where they are at least FEWEST and SMALL * sqrt(held-out rows)."""
        return tuple(each for each in self.issues if each.code in ("group", "input") or not _is_small(each))

    @property
    def _doubts(self) -> tuple[LeakFinding, ...]:
        return tuple(each for each in self.findings if each.status == "cannot tell")

    @property
    def _few_in_doubt(self) -> tuple[LeakFinding, ...]:
        """All doubts, where each is of so few rows that copies would not matter either."""
        counted = all(each.count and each.code not in ("group", "input") and _is_small(each) for each in self._doubts)
        return self._doubts if counted else ()

    def warn(self) -> None:
        """A LeakWarning for each finding of `told`."""
        for each in self.told:
            warn(str(each), LeakWarning)

    def __str__(self) -> str:
        """One line: what was found, what to think of, and what was not looked for."""
        if self.told:
            found = "see the warnings" if len(self.told) > 1 else "see the warning"
        elif few := self.issues or self._few_in_doubt:
            texts = (each.text.partition(":")[0].partition(", ")[0] for each in few)
            found = f"{'; '.join(texts)}: too few to matter"
        elif self._doubts:
            texts = (each.text.removeprefix("Cannot tell ").partition(". ")[0].rstrip(".") for each in self._doubts)
            found = f"cannot tell: {'; '.join(texts)}"
        else:
            found = "none found"
        asked = "".join(f" {each.text}" for each in self.findings if each.status == "notice")
        return f"Leakage between training and held-out data: {found}.{asked}{self.missed}"

    @property
    def missed(self) -> str:
        """A sentence on the search that was not made, or ""."""
        if self.near or self.near_seconds is None:
            return ""
        return f" Near-duplicates were not checked, which takes about {self.near_seconds:.0f} s, once."

    def to_json(self) -> dict[str, Any]:
        """Everything as JSON has it."""
        return {**asdict(self), "findings": [asdict(each) for each in self.findings]}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> LeakCheck:
        """What `to_json` gave, lists for tuples; ValueError for anything else."""
        from pydantic import TypeAdapter

        return TypeAdapter(cls).validate_json(json.dumps(dict(given)), strict=True)


def _is_small(found: LeakFinding) -> bool:
    held = found.count / found.share if found.share else 0.0
    return found.count < max(FEWEST, SMALL * math.sqrt(held))


def check_split(split: Split, mode: str = "warn") -> LeakCheck | None:
    """What `goodfit.train` looks for before it trains.

    mode: "warn" looks for near twins where that takes at most NEAR_SECONDS as predicted, or was done before; "error"
    looks for them whatever it takes, and raises InputError for every issue, however small; "off" looks for nothing:
    None. Where the split has folds, the first is looked at as a validation set.
    """
    parts = split.with_valid()
    return _checked(parts.data, mode, lambda groups, near: findings(parts, groups, near))


def check_folds(data: Dataset, folds: Sequence[Fold], mode: str = "warn") -> LeakCheck | None:
    """What `goodfit.select` looks for before it trains; mode: as for `check_split`."""
    return _checked(data, mode, lambda groups, near: findings_of_folds(data, folds, groups, near))


def check_mode(mode: str) -> None:
    """InputError for an unknown mode."""
    if mode not in get_args(Mode):
        rule = "'leaks' must be warn, error or off"
        raise InputError(problem("Leaks", rule, got=mode, fix=nearest(mode, get_args(Mode))))


def _checked(
    data: Dataset, mode: str, look: Callable[[Rows, NearPairs | None], tuple[LeakFinding, ...]]
) -> LeakCheck | None:
    check_mode(mode)
    if mode == "off":
        return None
    began, predicted, near = time.perf_counter(), None, None
    groups = exact_groups(data.x)
    try:
        near = near_pairs(data, groups, math.inf if mode == "error" else NEAR_SECONDS)
    except TooLong as error:
        predicted = error.seconds
    found = look(groups, near)
    check = LeakCheck(found, near is not None, predicted, time.perf_counter() - began)
    if mode == "error" and check.issues:
        raise InputError(*(f"Leaks: {each}" for each in check.issues))
    return check
