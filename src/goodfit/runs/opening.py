"""Opening sealed test rows: first a line in the ledger, then the score, with an interval for every earlier opening."""

import contextlib
import hashlib
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from goodfit.data import Sealed, Split
from goodfit.data.ledger import Begun, Kind, Ledger, Opening
from goodfit.data.prints import RowSet, row_prints
from goodfit.errors import InputError, problem
from goodfit.intervals import LEVEL, lasting_level, level_of_openings
from goodfit.models.averaging import mean_values
from goodfit.models.measures import Measures
from goodfit.models.scores import Score
from goodfit.models.stacked import score_nets, score_values
from goodfit.models.trained_net import TrainedNet
from goodfit.nets.member_parts import member_parts
from goodfit.plain_json import plain
from goodfit.runs.measured import ROWS, dependence, measured_nets
from goodfit.wiring import provided


@dataclass(frozen=True)
class Opened:
    """What an opening of test rows gave.

    score: with the interval for the nth opening
    data: name of the data set
    number: of the line in the ledger
    nth: how many different openings of these rows there are, this one counted
    again: whether the same nets were scored on the same rows before, which costs nothing new
    seen: the share of the rows that were opened before, 0 to 1
    ledger: the file that has the line
    notes: what to know of test data that were no part of the run's own.
    """

    score: Score
    data: str
    number: int
    nth: int
    again: bool
    seen: float
    ledger: Path
    notes: tuple[str, ...] = ()
    measures: Measures | None = None
    """Of nets: what they predict together for the rows, measured, each interval at the level of the score's; None for
    estimators, and where an output is not finite."""

    @property
    def first(self) -> Score:
        """The score with the interval that a first opening would have had."""
        return self.score.at_level(LEVEL)

    @property
    def lasting(self) -> Score:
        """The score with an interval that no later opening widens: all such intervals hold together at LEVEL."""
        return self.score.at_level(lasting_level(self.nth))

    @property
    def cost(self) -> float:
        """How many times as wide the interval is as that of a first opening; nan where there is none."""
        return self.score.width / self.first.width if self.first.width else float("nan")

    def to_json(self) -> dict[str, Any]:
        """Everything that `goodfit test --json` prints, as JSON has it."""
        return {
            "data": self.data,
            "score": self.score.to_dict(),
            "first": self.first.to_dict(),
            "lasting": self.lasting.to_dict(),
            "number": self.number,
            "nth": self.nth,
            "again": self.again,
            "seen": self.seen,
            "cost": plain(self.cost),
            "ledger": str(self.ledger),
            "notes": list(self.notes),
            "measures": None if self.measures is None else self.measures.to_dict(),
        }

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return str(provided("show in a notebook")(self))

    def __str__(self) -> str:
        return f"{self.score.name} {self.score}, {describe(self)}"


def describe(opened: Opened) -> str:
    """One sentence on which opening this is, and what follows from it for the interval."""
    level = percent(opened.score.level)
    if opened.again:
        more = (
            "" if opened.nth == 1 else f" There are {opened.nth} openings of this test set: {level} intervals for all."
        )
        return f"These nets were scored on this test set before; repeating the same number costs nothing.{more}"
    if opened.nth == 1:
        return f"First opening of this test set: {level} interval."
    share = "" if opened.seen >= 1 else f" ({percent(opened.seen)} of its rows were opened before)"
    every = "both" if opened.nth == 2 else f"all {opened.nth}"
    others = " Intervals of other measures hold each by itself." if opened.measures or opened.score.errors else ""
    nth = f"{ordinal(opened.nth)} opening of this test set{share}"
    return f"{nth}: {level} intervals, so those of {every} scores hold jointly at 95 %.{others}"


def open_rows(
    nets: Sequence[TrainedNet], rows: Sealed, *, run: Path | None = None, kind: Kind = "score", together: bool = False
) -> Opened:
    """Record an opening of these rows by these nets, then score; what `split.test.open` and `Run.test` do.

    run: the folder that the nets are of; kind: as in the ledger; together: whether to score what the nets predict
    together, in the place of each, mean over nets. GoodfitError where the opening cannot be recorded: then nothing is
    scored.
    """
    check_any(rows)
    _check_fit(nets[0], rows)
    x, y, weight = _given(rows)
    if together:
        opened = open_values(nets, rows, mean_values(nets, x), run=run, kind=kind)
    else:
        opened = open_predictions(rows, model_print(nets), lambda: score_nets(nets, x, y, weight), run=run, kind=kind)
    return replace(opened, measures=_measures(nets, rows, opened.score.level)) if kind == "score" else opened


def open_values(
    nets: Sequence[TrainedNet], rows: Sealed, values: np.ndarray, *, run: Path | None = None, kind: Kind = "score"
) -> Opened:
    """Record an opening of these rows by nets, then score what they predict together; without further measures.

    values: [N, C], from `mean_values`. They are computed before the ledger has a line, for they tell nothing of the
    targets: rows that cannot be predicted are then not opened in vain.
    """
    check_any(rows)
    _check_fit(nets[0], rows)
    _, y, weight = _given(rows)
    return open_predictions(
        rows, model_print(nets), lambda: score_values(nets[0].task, values, y, weight), run=run, kind=kind
    )


def _check_fit(net: TrainedNet, rows: Sealed) -> None:
    data = rows.data
    if (net.n_inputs, net.task, net.classes) != (data.n_inputs, data.task, data.classes):
        rule = f"can only be opened by nets with {data.n_inputs} features and the same targets"
        raise InputError(problem(f"Test rows of {data.name!r}", rule, got=repr(net)))


def _given(rows: Sealed) -> tuple[np.ndarray, np.ndarray, np.ndarray | None]:
    """Inputs, targets and weights of rows."""
    return rows.data.x[rows.rows], rows.data.y[rows.rows], rows.data.weight_of(rows.rows)


def _measures(nets: Sequence[TrainedNet], rows: Sealed, level: float) -> Measures | None:
    """Of rows that the ledger has as opened."""
    x, y, weight = _given(rows)
    with contextlib.suppress(InputError):  # an output is not finite
        found = measured_nets(nets, x, y, level=level, row=ROWS["test"], weight=weight)
        return replace(found, notes=(*dependence(rows.data), *found.notes))
    return None


def open_predictions(
    rows: Sealed, model: str, score: Callable[[], Score], *, run: Path | None = None, kind: Kind = "score"
) -> Opened:
    """Record an opening of these rows, then score. model: a digest of what predicts; score: gives its score."""
    check_any(rows)
    ledger = Ledger()
    begun = _begin(ledger, rows, model, run, kind)
    found = score().at_level(level_of_openings(begun.nth))
    ledger.finish(begun.number, found.to_dict())
    return Opened(found, rows.data.name, begun.number, begun.nth, begun.again, begun.seen, ledger.path)


def check_any(rows: Sealed) -> None:
    """InputError where there are no rows to open."""
    if not len(rows):
        rule = "there is no test set to open"
        fix = "Give test data: goodfit test RUN --data FILE, or from Python: run.test(data)."
        raise InputError(problem(f"Test rows of {rows.data.name!r}", rule, fix=fix))


def record_curve(parts: Split, recipe_print: str, seeds: Sequence[int], run: Path | None) -> Begun:
    """Record that a training scores the test rows after every epoch: one opening, without a score of its own."""
    training = hashlib.blake2b(f"{recipe_print} {list(seeds)}".encode(), digest_size=16).hexdigest()
    return _begin(Ledger(), parts.test, training, run, "curve")


def openings_of(rows: Sealed) -> int:
    """How many different openings of these test rows, or of some of them, the ledger has."""
    return Ledger().count(RowSet.of(row_prints(rows.data, rows.rows)))


def _begin(ledger: Ledger, rows: Sealed, model: str, run: Path | None, kind: Kind = "score") -> Begun:
    prints = RowSet.of(row_prints(rows.data, rows.rows))
    return ledger.begin(rows.data.name, prints, model, None if run is None else str(run.resolve()), kind)


def model_print(nets: Sequence[TrainedNet]) -> str:
    """A digest of all that the nets predict by, in no order: equal nets have the same, whatever file they are in."""
    digests = []
    for net in nets:
        digest = hashlib.blake2b(digest_size=16)
        about = (net.activations, net.task, net.classes, net.slopes, net.link, *[net.targets][: len(net.targets)])
        digest.update(repr(about).encode("utf-8", "surrogatepass"))
        numbers = [net.shift, net.scale, net.target_shift, net.target_scale, *([net.bend] if net.bend.any() else [])]
        if net.transform is not None:
            digest.update(repr(net.transform.kinds).encode())
            numbers += [each for each in (net.transform.numbers, net.transform.knots) if each is not None]
        if net.encoding is not None:
            digest.update(repr(net.encoding.columns.tolist()).encode())
            numbers += [*net.encoding.fixed[1:], *net.encoding.trained]
        if net.head is not None:
            digest.update(repr(net.head.levels).encode())
            numbers += [net.head.weight, net.head.bias]
        numbers += net.mixtures
        numbers += [] if net.members is None else [own for *_, own in member_parts(net.members)]
        if net.count != 1:
            digest.update(f"counts {net.count}".encode())
        for array in (*net.weights, *net.biases, *numbers):
            digest.update(f"{array.shape}".encode())
            digest.update(np.ascontiguousarray(array, "<f4").tobytes())
        digests.append(digest.hexdigest())
    return hashlib.blake2b("".join(sorted(digests)).encode(), digest_size=16).hexdigest()


def restated(line: Opening) -> Score | None:
    """The score of a line of the ledger, its interval widened for all openings of its rows up to now.

    None where the line has no score, InputError where it has something else. Widened so, all intervals of these rows
    hold together at 95 %.
    """
    if line.score is None:
        return None
    try:
        return Score.from_dict(line.score).at_level(level_of_openings(line.of))
    except (TypeError, ValueError) as error:
        rule = f"the score of no. {line.number} is not valid"
        raise InputError(
            problem("Ledger", rule, got=dict(line.score), fix="Restore a backup of the ledger.")
        ) from error


def of_test_set(lines: Iterable[Opening], data: str, rows: int) -> list[Opening]:
    """The lines of a run that opened its own test rows. data: its name; rows: how many test rows there are.

    Known by the data's name and the number of rows, as the folder of a run does not hold the rows themselves, or as
    those that were scored in every epoch; whatever opened the same rows for another purpose counts as well.
    """
    told, known = list(lines), ("score", data, rows)
    own = {line.row_set for line in told if line.kind == "curve" or (line.kind, line.data, line.rows) == known}
    return [line for line in told if line.row_set in own]


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th, 21st."""
    ending = "th" if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def percent(share: float) -> str:
    """A share for people, with two digits of what it lacks to all: 95 %, 98.3 %, 99.95 %."""
    lacking = 100 * (1 - share)
    digits = 1 if lacking <= 0 else max(1, 1 - math.floor(math.log10(lacking)))
    return f"{round(100 * share, digits):.10g} %"
