"""A search by halving over a space that somebody states, on the lab's rows; the test set stays sealed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from goodfit.data import Table
from goodfit.errors import InputError, Problems, problem
from goodfit.lab.opening import data_of, open_state
from goodfit.lab.results import SCORES, number, ranged, shown
from goodfit.lab.states import check_recipe, checked_state
from goodfit.plain_json import plain
from goodfit.selection.halving import RungResult, carry_out
from goodfit.selection.layout import SearchLayout, lay_out
from goodfit.selection.methods import SearchRequest
from goodfit.selection.preparing import LearningRows
from goodfit.selection.result import Selection
from goodfit.selection.space import describe
from goodfit.studies.words import Words
from goodfit.training.metrics import SCORE_NAMES
from goodfit.training.progress import SessionProgress

WHERE = "Search"
FOLDS = 5
Tell = Callable[[dict[str, Any]], None]


def space_of(text: str) -> list[str]:
    """What varies, of lines or parts between semicolons such as "l2=1e-5..1e-2:log; hidden=8,16x16"."""
    found = [part.strip() for part in re.split(r"[;\n]", text) if part.strip()]
    if not found:
        fix = "For example: learning_rate=0.001..0.1:log; hidden=8,16x16."
        raise InputError(problem(WHERE, "the space must name what varies", got=text, fix=fix))
    return found


def laid_out(
    state: Mapping[str, Any], space: str, settings: int, files: Mapping[str, Path]
) -> tuple[SearchLayout, str]:
    """(the search of a state's recipe, on its training and validation rows; the name of what settings are ranked by).

    InputError where the space or a recipe in it does not fit.
    """
    given = {name: value for name, value in state.items() if name in ("recipe", "data", "seed")}
    opened = open_state(checked_state({**given, "nets": 1}), files)
    recipe = opened.recipe.replace(fold_members=0) if opened.recipe.fold_members else opened.recipe
    how = SearchRequest(recipe, FOLDS, method="halving", budget=settings, seed=recipe.seed, leaks="off")
    given_rows = data_of(opened.state, files)
    source = given_rows if isinstance(given_rows, Table) else opened.data  # a table's columns are prepared fold by fold
    learning = LearningRows(source, np.sort(np.concatenate([opened.parts.train, opened.parts.valid])))
    search = lay_out(learning, space_of(space), how)
    problems = Problems()
    for each in search.recipes:
        with problems.collecting():
            check_recipe(each)
    if problems.found:
        raise InputError(*dict.fromkeys(problems.found))
    return search, SCORE_NAMES[opened.data.task]


def search(
    state: Mapping[str, Any],
    space: str,
    settings: int,
    files: Mapping[str, Path],
    *,
    watch: Callable[[float], None],
    tell: Tell,
) -> dict[str, Any]:
    """Halve, and tell what each rung came to; the winner with its interval, and the others.

    watch: gets the share that is done; tell: what is shown after each rung
    """
    laid, name = laid_out(state, space, settings, files)
    rungs: list[RungResult] = []

    def rung(found: RungResult) -> None:
        rungs.append(found)
        tell(_so_far(rungs, len(laid.settings), name))

    def share(progress: SessionProgress) -> None:
        watch(progress.share)

    return _ended(carry_out(laid, None, watch=share, rung=rung))


def _head(name: str) -> list[Words]:
    return [Words("setting", "设置"), SCORES[name], Words("epochs", "轮次")]


def _caption() -> Words:
    return Words(f"Settings, by {FOLDS}-fold cross-validation", f"各设置（{FOLDS} 折交叉验证）")


def _so_far(rungs: list[RungResult], settings: int, name: str) -> dict[str, Any]:
    """The settings that go on, the best first, and those that were stopped."""
    rows, last = [], rungs[-1]
    for each in reversed(rungs):
        worth = [-mean if math.isfinite(mean) else math.inf for mean in each.means]
        for place in sorted(range(len(worth)), key=lambda place: (not each.on[place], worth[place])):
            if each is last or not each.on[place]:
                rows.append([describe(each.settings[place]), number(each.means[place]), str(each.epochs)])
    going = sum(last.on)
    said = Words(
        f"After epoch {last.epochs}, {going} of {settings} settings train on.",
        f"第 {last.epochs} 轮之后，{settings} 个设置中有 {going} 个继续训练。",
    )
    return shown([said], _caption(), _head(name), rows)


def _ended(found: Selection) -> dict[str, Any]:
    name = found.score_name
    rows = found.rows()
    fields = list(found.settings[0])
    settings = [{field: row[field] for field in fields} for row in rows]
    cells = []
    for row, own in zip(rows, settings, strict=True):
        ends = "" if row["rank"] is None else f" ({number(row['low'])}–{number(row['high'])})"
        cells.append([describe(own), number(row[name]) + ends, str(row["epochs"])])
    return shown(_said(found), _caption(), _head(name), cells, plain(settings))


def _said(found: Selection) -> list[Words]:
    """The winner, what its score is worth once it is known that it won, and what that does not allow for."""
    won, name = describe(found.settings[found.comparison.winner]), SCORES[found.score_name]
    best = found.rows()[0]
    ends = f"{number(best[name.en])} ({number(best['low'])}–{number(best['high'])})"
    said = [Words(f"{won} won: {name.en} {ends}.", f"{won} 胜出：{name.zh} {ends}。")]
    worth = found.optimism
    if worth is not None and not worth.reason:
        ends = f"{number(worth.corrected)} ({number(worth.low)}–{number(worth.high)})"
        en = f"Without the luck of having been picked among the finalists: {ends}. Earlier rungs are not allowed for."
        said.append(Words(en, f"扣除在决赛者中被选中的运气之后：{ends}；前几级筛选的运气未计入。"))
    return said
