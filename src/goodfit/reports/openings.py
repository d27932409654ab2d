"""The section on the test set: sealed, or every opening of it with its current interval."""

from dataclasses import dataclass
from pathlib import PurePath

from goodfit.data import Opening
from goodfit.models.scores import Score
from goodfit.reports.blocks import Passage
from goodfit.reports.markup import Inline, Mono, Strong
from goodfit.reports.numbers import NONE, counted, number
from goodfit.reports.page import Glance, Section
from goodfit.reports.source import Source
from goodfit.runs.opening import ordinal, percent, restated
from goodfit.runs.telling import costs, interval, score_lines


@dataclass(frozen=True)
class OpeningLine:
    """An opening as the table has it. own: whether it was made by this run's nets; kind: as in the ledger."""

    cells: list[Inline]
    own: bool
    kind: str


def openings_section(source: Source) -> Section:
    """What the ledger says of this test set."""
    same = [line for line in source.openings if line.number in source.same]
    about = {
        "source": source,
        "rows": source.sizes.get("test", 0),
        "lines": [_line(line, line.number in source.own) for line in source.openings],
        "sentences": [*_errors(newest(source)), *costs(same)],
    }
    return Section("Test set", [Passage("run/test_rows.html", about)])


def openings_glance(source: Source) -> Glance:
    """The test score, if these rows were opened for this run."""
    score = newest(source)
    if score is not None:
        detail = f"{percent(score.level)} interval {interval(score)}"
        return Glance(f"Test {score.name}", number(score.value), detail)
    if not source.sizes.get("test"):
        return Glance("Test set", "none")
    return Glance("Test set", "opened" if source.own else "sealed", counted(source.sizes["test"], "row"))


def newest(source: Source) -> Score | None:
    """The newest score of this run on test rows, with its interval as it is by now."""
    scores = [restated(line) for line in source.openings if line.number in source.own]
    return next((score for score in reversed(scores) if score is not None), None)


def _errors(score: Score | None) -> list[str]:
    """Sentences on the errors that stand beside a score."""
    lines = [] if score is None else score_lines(score)[1:]
    return [f"This run's newest test score: {name} {value}, interval {bounds}." for name, value, bounds, *_ in lines]


def _line(line: Opening, own: bool) -> OpeningLine:
    now, name = restated(line), f"{PurePath(line.run).name} " if line.run else ""
    nth = "again" if line.again else f"{ordinal(line.nth)} of {line.of}"
    model: Inline = (Strong("this run ") if own else name, Mono(line.model[:8]))
    cells: list[Inline] = [str(line.number), line.time[:16].replace("T", " "), line.data, model, nth]
    if now is None:
        cells += ["every epoch" if line.kind == "curve" else "unfinished", NONE, NONE, NONE]
    else:
        cells += [now.name, number(now.value), interval(now), percent(now.level)]
    return OpeningLine([*cells, f"{line.rows:,}"], own, line.kind)
