"""What is told of runs and openings in sentences: the same words on the command line and in reports."""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from goodfit.intervals import LEVEL, level_of_openings
from goodfit.models.error_scores import ErrorScore
from goodfit.models.scores import Score
from goodfit.runs.opening import percent, restated
from goodfit.runs.run import PART_WORDS, Run, rows_words
from goodfit.words import digits, fixed

if TYPE_CHECKING:
    from goodfit.data import Opening
    from goodfit.models.measures import Measure, Measures


def interval(score: Score) -> str:
    """The bounds of an interval, or that there is none."""
    if math.isnan(score.low) or math.isnan(score.high):
        return "none"
    return f"{fixed(score.low)} to {fixed(score.high)}"


def score_lines(score: Score) -> list[tuple[str, str, str, str, str]]:
    """A score, and the errors that stand beside it, as a table has them: name, value, interval, rows, spread."""
    spread = "-" if score.spread is None else fixed(score.spread)
    first = (score.name, fixed(score.value), interval(score), f"{score.rows:,}", spread)
    return [first, *((each.name, digits(each.value), _error_interval(each), f"{each.rows:,}", "-")
                     for each in score.errors)]  # fmt: skip


def score_table(scores: Mapping[str, Score], words: Mapping[str, str]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """(heads, rows) of a table of scores: the same on the command line, in notebooks and on pages.

    words: part -> what it is called
    """
    shown = [(word, scores[part]) for part, word in words.items() if part in scores]
    return score_heads(scores.values()), [(word, *line) for word, score in shown for line in score_lines(score)]


def score_heads(scores: Iterable[Score]) -> tuple[str, ...]:
    """The heads of a table of these scores, whose intervals may be of several levels."""
    levels = " or ".join(dict.fromkeys(percent(score.level) for score in scores))
    return ("set", "score", "value", f"{levels} interval", "rows", "std over seeds")


def measure_table(found: Measures, those: Sequence[Measure]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """(heads, rows) of a table of some of these measures, beside those of a constant prediction."""
    heads = ("measure", "value", f"{percent(found.level)} interval", "baseline")
    return heads, [(each.label, *each.shown, found.beside(each) or "-") for each in those]


def _error_interval(error: ErrorScore) -> str:
    """The bounds in the unit of the targets, of whatever size that is, or that there are none."""
    return "none" if math.isnan(error.low) or math.isnan(error.high) else f"{digits(error.low)} to {digits(error.high)}"


def interval_methods(scores: Mapping[str, Score], words: Mapping[str, str] = PART_WORDS) -> str:
    """One line on how the intervals were made, or why there is none. words: part -> what it is called.

    Parts with the same method stand together; numbers in which they differ are given one after another.
    """
    told = [_methods({part: score.method for part, score in scores.items()}, words)]
    methods: dict[str, dict[str, str]] = {}  # name of an error -> part -> method
    for part, score in scores.items():
        for error in score.errors:
            methods.setdefault(error.name, {})[part] = error.method
    told += [f"{name}: {_methods(each, words)}" for name, each in methods.items()]
    return f"Intervals: {'; '.join(told)}."


def _methods(methods: Mapping[str, str], words: Mapping[str, str]) -> str:
    """Part -> method, as `interval_methods` has them."""
    alike: dict[tuple[str, ...], dict[str, list[str]]] = {}  # texts between the numbers -> part -> numbers
    for part, word in words.items():
        if part in methods:
            pieces = re.split(r"(\d[\d,]*(?:\.\d+)?)", methods[part])
            alike.setdefault(tuple(pieces[::2]), {})[word] = pieces[1::2]
    found = []
    for texts, parts in alike.items():
        numbers = [" / ".join(dict.fromkeys(column)) for column in zip(*parts.values(), strict=True)]
        method = "".join(text + number for text, number in itertools.zip_longest(texts, numbers, fillvalue=""))
        found.append(f"{method} ({', '.join(parts)})" if len(alike) > 1 else method)
    return "; ".join(found)


def streamed_rows(run: Run) -> str:
    """One line on training rows that were not in memory; "" where all were."""
    stream = (run.origin or {}).get("stream")
    if stream is None:
        return ""
    shown = run.scores["train"].rows
    sample = "" if shown == stream["train"] else f"; the training score is of a sample of {shown:,} of them"
    return f"Trained on {stream['train']:,} rows, read in parts from disk{sample}."


def kept_epochs(run: Run) -> str:
    """One line on the epochs whose weights were kept, and on nets that stopped early."""
    chosen = "valid" in run.scores and run.recipe.keep_best
    names = {"loss": "loss", "tempered-loss": "log loss after temperature scaling"}
    watched = names.get(run.recipe.monitor) or run.scores["train"].name
    by = f"{watched} out of fold" if run.out_of_fold is not None else f"validation {watched}"
    by += ", the last of equals" if run.recipe.ties == "last" else ""
    text = f"Best epoch by {by}" if chosen else "Weights of the last epoch"
    text += f": {_span(run.best_epochs)} of {run.recipe.epochs}"
    sound = run.history.stopped_epoch[~run.history.frozen].tolist()
    early = [epoch for epoch in sound if epoch < run.recipe.epochs]
    if early:
        text += f"; stopped early after {_span(early)}"
        text += "" if len(early) == len(run.seeds) else f" ({len(early)} of {len(run.seeds)} nets)"
    return f"{text}."


def _span(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low}" if low == high else f"{low} to {high}"


def measured_on(run: Run, part: str) -> str:
    """What a run's measures are of: 46 validation rows, mean prediction of 2 nets; 300 rows, out of fold."""
    rows = run.measured[part].rows
    if part == "valid" and run.out_of_fold is not None:
        return rows_words(rows, part, out_of_fold=True)
    nets = f", mean prediction of {len(run.sound)} nets" if len(run.sound) > 1 else ""
    return f"{rows:,} {PART_WORDS[part]} row{'s' * (rows != 1)}{nets}"


def costs(lines: Sequence[Opening]) -> Iterator[str]:
    """One line for each family of rows: how many openings, at which level, and how much wider the intervals are."""
    ordered = sorted(lines, key=lambda line: line.family)
    for _, group in itertools.groupby(ordered, key=lambda line: line.family):
        same = list(group)
        names = ", ".join(dict.fromkeys(line.data for line in same))
        count = same[0].of
        if count == 1:
            yield f"{names}: opened for one model, 95 % interval."
            continue
        scores = [score for score in map(restated, same) if score is not None and score.width > 0]
        ratios = [score.width / score.at_level(LEVEL).width for score in scores]
        wider = f", {sum(ratios) / len(ratios):.2f} times as wide as for a single opening" if ratios else ""
        level = percent(level_of_openings(count))
        yield f"{names}: {count} different openings, so {level} intervals, which hold jointly at 95 %{wider}."
