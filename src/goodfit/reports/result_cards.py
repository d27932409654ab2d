"""What a notebook shows of what was trained and measured: runs, measures, inspections, curves, openings."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from goodfit.inspection.inspecting import Inspection
from goodfit.inspection.trial import Trial
from goodfit.models.measures import Measures
from goodfit.reports.card_rendering import SHOWN_ROWS, card, drawn
from goodfit.reports.numbers import brief
from goodfit.runs.comparing import Compared
from goodfit.runs.opening import Opened, describe, percent
from goodfit.runs.permuting import Importances
from goodfit.runs.run import Run
from goodfit.runs.telling import interval, measure_table, measured_on, score_table
from goodfit.selection.setting_curve import SettingCurve
from goodfit.selection.space import text_of
from goodfit.training.recipe_fields import to_text
from goodfit.words import digits, ends_text, fixed, share_text


def card_of_result(shown: Any) -> str:
    """What `_repr_html_` of these gives."""
    return next(made(shown) for kind, made in CARDS.items() if isinstance(shown, kind))


def _run(run: Run) -> str:
    """Scores, the measures that matter most, and the curves by epoch."""
    nets = f"{len(run.nets)} net{'s' * (len(run.nets) > 1)}"
    text = card(f"{run.data_name}, {nets}", (), *score_table(run.scores, run.part_words), left=2)
    for part, found in run.measured.items():
        text += _measured(found, f"Measured on {measured_on(run, part)}", headline=True)
    return text + drawn(run.figure())


def _measures(found: Measures) -> str:
    text = _measured(found, f"Measures, {found.rows:,} rows", headline=False)
    if 0 < len(found.confusion) <= SHOWN_ROWS:
        columns = ("class \\ predicted", *found.classes)
        rows = [(name, *map("{:,}".format, own)) for name, own in zip(found.classes, found.confusion, strict=True)]
        text += card("Confusion matrix: rows by class", (), columns, rows)
    return text


def _measured(found: Measures, title: str, *, headline: bool) -> str:
    """Measures beside those of a constant prediction, what that is, and what must not be overlooked."""
    those = found.headline if headline else found.measures
    notes = [found.baseline, *filter(None, [found.no_better])]
    return card(title, found.warnings, *measure_table(found, those), notes=notes)


def _opened(opened: Opened) -> str:
    columns, rows = score_table({"test": opened.score}, {"test": "test"})
    lines = [f"{describe(opened)} Recorded as no. {opened.number} in the ledger."]
    if not opened.again and opened.lasting.width > 0:
        lasting = f"{interval(opened.lasting)} ({percent(opened.lasting.level)})"
        lines.append(f"An interval that no later opening widens: {lasting}.")
    return card(f"Test set of {opened.data}", (), columns, rows, left=2, notes=[*lines, *opened.notes])


def _compared(found: Compared) -> str:
    cards = []
    for pair, sentence in zip(found.pairs, found.sentences, strict=True):
        rows = [
            (each.measure, digits(each.first), digits(each.second), digits(each.gain, sign=True),
             ends_text(each.low, each.high))
            for each in pair.measures
        ]  # fmt: skip
        columns = ("measure", pair.first, pair.second, "gain", f"{percent(found.level)} interval")
        cards.append(card(sentence, (), columns, rows))
    return "".join(cards)


def _importances(found: Importances) -> str:
    heads, rows, more = found.lines(SHOWN_ROWS)
    notes = [*([more] if more else []), *found.notes]
    return card(f"Importance of columns: {found.rows}", (), heads, rows, notes=notes, most=len(rows))


def _inspection(found: Inspection) -> str:
    """The issues, what to change, and the layers."""
    issues, measured = found.issues, found.measurement
    told = f"{len(issues)} issue{'s' * (len(issues) != 1)}" if issues else "no issues"
    rows = [(each.code, each.place or "-", brief(each.value), brief(each.limit)) for each in issues]
    lines = [f"{each.code}: {each.text}" for each in issues]
    lines += [f"Advice: {name} = {to_text(value)}" for name, value in found.advice.recipe.items()]
    lines += [f"Advice for the data: {name} = {value!r}" for name, value in found.advice.data.items()]
    untold = [each.code for each in found.findings if each.status == "cannot tell"]
    if untold:
        lines.append(f"Cannot tell: {', '.join(untold)}.")
    sizes = "-".join(map(str, measured.subject.net.sizes))
    text = card(f"Net {sizes}: {told}", (), ("finding", "place", "value", "limit"), rows, left=2, notes=lines)
    layers = [
        (each.name, each.activation or "-", share_text(each.saturated), share_text(each.dead), brief(each.z_gradient),
         brief(each.ratio), brief(each.update))
        for each in measured.layers
    ]  # fmt: skip
    columns = ("layer", "activation", "saturated", "dead", "gradient", "ratio to next", "update / weight")
    title = f"Layers, measured on {len(measured.subject.rows):,} training examples"
    return text + card(title, [found.note] if found.note else [], columns, layers, left=2)


def _trial(trial: Trial) -> str:
    part = {"valid": "validation set", "train": "training set"}[trial.part]
    rows = [
        ("current", fixed(trial.before.mean()), brief(trial.train_loss[0])),
        ("advised", fixed(trial.after.mean()), brief(trial.train_loss[1])),
    ]
    ends = f" ({ends_text(trial.low, trial.high)})" if math.isfinite(trial.low) else ""
    seeds = len(trial.seeds)
    title = (
        f"Difference: {fixed(trial.difference, sign=True)}{ends} in {trial.score_name}, paired by seed, "
        f"{seeds} seed{'s' * (seeds > 1)}"
    )
    return card(title, (), ("recipe", f"{trial.score_name}, {part}", "training loss"), rows)


def _curve(curve: SettingCurve) -> str:
    at, low, high = curve.best, curve.valid.low[curve.best], curve.valid.high[curve.best]
    ends = f" ({fixed(low)} to {fixed(high)})" if math.isfinite(low) else ""
    best = f"{curve.field} {text_of(curve.values[at])}, held-out {curve.what} {fixed(curve.valid.mean[at])}{ends}"
    line = "Chosen and scored on the same held-out data, so this score is slightly optimistic."
    return card(f"Best: {best}", [line] if len(curve.values) > 1 else []) + drawn(curve.figure())


CARDS: dict[type, Callable[[Any], str]] = {
    Run: _run,
    Measures: _measures,
    Opened: _opened,
    Compared: _compared,
    Importances: _importances,
    Inspection: _inspection,
    Trial: _trial,
    SettingCurve: _curve,
}
