"""docs/tables-default.md, from kept results: the tables between its marks. Needs nothing of goodfit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from benchmarks.table_peers import ABLATIONS, FITS, GOODFIT, LINEAR, MODELS
from benchmarks.table_scores import By, best_of, half_a_row, mean_ranks, ratio
from benchmarks.table_sets import CLASSES, NUMBERS, TableSet

Result = Mapping[str, Any]  # what `table_fit` gives
STRONG = ("RealMLP-TD", "TabM-D", "CatBoost", "LightGBM")
AHEAD = 0.99  # ratio of the errors, below which one model counts as ahead of another
NONE = "-"


def errors(results: Iterable[Result], model: str, task: str = "") -> By:
    """Errors as ratios are taken of them: RMSE, or the share of wrong rows with half a row added."""
    return {
        (each["table"], each["split"]): each["error"]
        if each["task"] == NUMBERS
        else half_a_row(each["wrong"], each["test_rows"])
        for each in results
        if each["model"] == model and task in ("", each["task"])
    }


def values(results: Iterable[Result], model: str, what: str) -> By:
    """(table, split) -> what was measured, where it was."""
    own = [each for each in results if each["model"] == model and what in each]
    return {(each["table"], each["split"]): each[what] for each in own}


def sets(tables: Sequence[TableSet], results: Sequence[Result]) -> str:
    """The tables that were measured on."""
    facts = {each["table"]: each for each in results}
    lines = ["| table | comes with | rows | features | predicts |", "|---|---|---|---|---|"]
    for table in tables:
        if table.name in facts:
            own = facts[table.name]
            told = "classes" if table.task == CLASSES else "a number"
            rows = f"{own['rows'] + own['test_rows']:,}"
            lines.append(f"| {table.name} | {table.source} | {rows} | {own['columns']} | {told} |")
    return "\n".join(lines)


def peers(results: Sequence[Result]) -> str:
    """goodfit beside each peer: ratios with intervals, mean ranks, calibration and CPU seconds."""
    names = [name for name in MODELS if any(each["model"] == name for each in results)]
    measures: dict[str, Callable[[str], By]] = {
        "error": lambda name: errors(results, name),
        "log-loss": lambda name: values(results, name, "log_loss"),
        "ECE": lambda name: values(results, name, "ece"),
    }
    ranks = {what: mean_ranks({name: of(name) for name in names}) for what, of in measures.items()}
    lines = [
        "| model | error, goodfit's / its | wrong rows alone | RMSE alone | log-loss, goodfit's / its | ECE | "
        "rank: error | log-loss | ECE | CPU seconds |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    of_each = {
        name: [*(errors(results, name, task) for task in ("", CLASSES, NUMBERS)), measures["log-loss"](name)]
        for name in names
    }
    for name, own in of_each.items():
        ratios = [NONE] * 4 if name == GOODFIT else _over(of_each, own)
        cells = [_mean(measures["ECE"](name), "{:.3f}")]
        cells += [f"{ranks[what][name]:.2f}" if name in ranks[what] else NONE for what in measures]
        lines.append(_row([name, *ratios, *cells, _mean(values(results, name, "cpu"), "{:.2f}")]))
    strong = [name for name in STRONG if name in of_each]
    if len(strong) > 1:
        own = [best_of([of_each[name][place] for name in strong if of_each[name][place]]) for place in range(4)]
        lines.append(_row([f"of {', '.join(strong)} the best on each table", *_over(of_each, own), *[""] * 5]))
    return "\n".join([*lines, "", counted(results, names)])


def _over(of_each: Mapping[str, Sequence[By]], others: Sequence[By]) -> list[str]:
    """The ratios of goodfit's to another's."""
    return [shown(own, other) for own, other in zip(of_each.get(GOODFIT, [{}] * 4), others, strict=True)]


def counted(results: Sequence[Result], names: Sequence[str]) -> str:
    """How much was measured, and where not everything is there."""
    fits = {name: len({(each["table"], each["split"]) for each in results if each["model"] == name}) for name in names}
    tables, splits = ({each[what] for each in results if each["model"] in names} for what in ("table", "split"))
    text = f"{len(tables)} tables, {len(splits)} random split{'s' * (len(splits) != 1)} of each."
    short = [f"{name} {count}" for name, count in fits.items() if count < len(tables) * len(splits)]
    return text + (f" Not all is measured: of {len(tables) * len(splits)} divisions, {', '.join(short)}." * bool(short))


def by_table(results: Sequence[Result]) -> str:
    """The error of every model on every table, mean over splits; the smallest stands out."""
    names = [name for name in MODELS if any(each["model"] == name for each in results)]
    lines = [_row(["table", "error", *names]), "|---" * (2 + len(names)) + "|"]
    for table in sorted({each["table"] for each in results if each["model"] in names}):
        own = [each for each in results if each["table"] == table]
        means = {name: _of_table(own, name) for name in names}
        told = {name: "" if np.isnan(value) else figure(value) for name, value in means.items()}
        best = figure(float(np.nanmin([*means.values()])))
        cells = [f"**{text}**" if text == best else text for text in told.values()]
        lines.append(_row([table, "wrong" if own[0]["task"] == CLASSES else "RMSE", *cells]))
    return "\n".join(lines)


def wins(results: Sequence[Result]) -> str:
    """Where trees, and where a linear model, are ahead of goodfit."""
    trees = [name for name, model in MODELS.items() if model.tree and any(each["model"] == name for each in results)]
    told = []
    for what, others in (("Trees (the best of them)", trees), ("The linear model", [LINEAR])):
        ahead, behind, tables = [], 0, sorted({each["table"] for each in results if each["model"] in others})
        if not tables:
            continue
        for table in tables:
            own = [each for each in results if each["table"] == table]
            found = [shared for name in others if (shared := ratio(errors(own, name), errors(own, GOODFIT)))]
            if found:
                best = min(each[0] for each in found)
                ahead += [(best, table)] if best < AHEAD else []
                behind += best > 1 / AHEAD
        names = ", ".join(f"{table} ({value:.2f})" for value, table in sorted(ahead)) or "no table"
        told.append(f"- {what}: ahead on {len(ahead)} of {len(tables)} tables, behind on {behind}. Ahead on {names}.")
    return "\n".join(told)


def ablations(results: Sequence[Result]) -> str:
    """What a change of the default does."""
    lines = [
        "| change | tables | error, changed / default | wrong rows alone | RMSE alone | log-loss | CPU time |",
        "|---|---|---|---|---|---|---|",
    ]
    shared = values(results, GOODFIT, "error")
    for name in [name for name in ABLATIONS if any(each["model"] == name for each in results)]:
        pairs = [(errors(results, name, task), errors(results, GOODFIT, task)) for task in ("", CLASSES, NUMBERS)]
        pairs += [(values(results, name, what), values(results, GOODFIT, what)) for what in ("log_loss", "cpu")]
        count = len({table for table, _ in values(results, name, "error").keys() & shared.keys()})
        lines.append(_row([name, str(count), *(shown(*pair) for pair in pairs)]))
    return "\n".join(lines) if len(lines) > 2 else "Nothing is measured yet."


def fits(results: Sequence[Result]) -> str:
    """`goodfit fit` beside the default recipe, and beside the best peer of each table."""
    lines = [
        "| model | beside | error, its / theirs | wrong rows alone | RMSE alone | log-loss |",
        "|---|---|---|---|---|---|",
    ]

    def of(name: str) -> list[By]:
        return [*(errors(results, name, task) for task in ("", CLASSES, NUMBERS)), values(results, name, "log_loss")]

    strong = [name for name in STRONG if any(each["model"] == name for each in results)]
    for name in [name for name in FITS if any(each["model"] == name for each in results)]:
        lines.append(_row([name, GOODFIT, *map(shown, of(name), of(GOODFIT))]))
        if strong:
            best = [best_of([of(peer)[place] for peer in strong if of(peer)[place]]) for place in range(4)]
            lines.append(_row([name, f"the best of {', '.join(strong)}", *map(shown, of(name), best)]))
    return "\n".join(lines) if len(lines) > 2 else "Nothing is measured yet."


def figure(value: float) -> str:
    """An error with three digits; all of them before the point of a large one."""
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def shown(first: By, second: By) -> str:
    """A ratio with its interval."""
    found = ratio(first, second)
    if found is None:
        return NONE
    middle, low, high, tables = found
    return f"{middle:.2f}" if tables == 1 else f"{middle:.2f} ({low:.2f} to {high:.2f})"


def _mean(found: By, how: str) -> str:
    return how.format(np.mean([*found.values()])) if found else NONE


def _of_table(own: Sequence[Result], name: str) -> float:
    found = [each["error"] for each in own if each["model"] == name]
    return float(np.mean(found)) if found else np.nan


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
