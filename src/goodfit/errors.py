"""Errors in one grammar: where, rule, got, which net, fix; all problems of one input at once.

Example: ``Recipe: 'l2' must be a finite number >= 0; got -0.1 (net 3 of 64). Use 0 to switch it off.``
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from goodfit.words import as_listed, visible

ENDS = (1200, 600)  # letters of a longer sentence that are shown: of its beginning, and of its end
SHOWN_CHARACTERS = 80  # of a value that an error repeats


class GoodfitError(Exception):
    """The work failed for a reason that lies in the machine: a full disk, a missing source. Exit code 1."""

    exit_code = 1


class InputError(GoodfitError, ValueError):
    """What the user gave cannot be worked with. Exit code 2. Every problem found stands in `problems`."""

    exit_code = 2

    def __init__(self, *problems: str) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(problems))

    def __reduce__(self) -> tuple[type[InputError], tuple[str, ...]]:
        return type(self), self.problems


def problem(where: str, rule: str, *, got: Any = ..., net: tuple[int, int] | None = None, fix: str = "") -> str:
    """One sentence of the grammar.

    where: the thing that was given ("Recipe", a file's path); rule: what must hold ("'l2' must be ...");
    got: the offending value, shown by repr and shortened; net: (index from 0, count) where one net of a
    population is at fault; fix: a full sentence that says what to do.
    """
    text = f"{where}: {rule}"
    if got is not ...:
        text += f"; got {shorten(got)}"
    if net is not None:
        text += f" (net {net[0]} of {net[1]})"
    text += "."
    shown = visible(f"{text} {fix}" if fix else text).replace("\n", "\\n")  # names in it come from files
    if len(shown) <= sum(ENDS):
        return shown
    return f"{shown[: ENDS[0] - 1]}…{shown[-ENDS[1] :]}"  # a name may be as long as a file


def shorten(value: Any) -> str:
    """The repr of a value, cut to SHOWN_CHARACTERS."""
    shown = repr(value)
    if len(shown) <= SHOWN_CHARACTERS:
        return shown
    end = shown[-1] if isinstance(value, str | bytes) else ""  # the quote
    return f"{shown[: SHOWN_CHARACTERS - 1 - len(end)]}…{end}"


def nearest(name: object, valid: Iterable[str]) -> str:
    """A fix for a misspelt name: "Did you mean 'relu'?", or the list of what is valid."""
    names = [name if len(name) <= SHOWN_CHARACTERS else f"{name[: SHOWN_CHARACTERS - 1]}…" for name in valid]
    folded = {each.casefold(): each for each in names}  # --keep ID, where there is id
    close = difflib.get_close_matches(str(name), names, n=1)
    close = close or [folded[each] for each in difflib.get_close_matches(str(name).casefold(), folded, n=1)]
    return f"Did you mean {close[0]!r}?" if close else f"Valid: {', '.join(map(as_listed, names))}."


class Problems:
    """Collects problems, so that one error names them all."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, where: str, rule: str, **parts: Any) -> None:
        """Add one problem; the arguments are those of `problem`."""
        self.found.append(problem(where, rule, **parts))

    @contextmanager
    def collecting(self) -> Iterator[None]:
        """Add what an InputError raised inside says, in the place of raising it."""
        try:
            yield
        except InputError as error:
            self.found += error.problems

    def raise_if_any(self) -> None:
        """Raise one InputError with everything found so far, if there is anything."""
        if self.found:
            raise InputError(*self.found)
