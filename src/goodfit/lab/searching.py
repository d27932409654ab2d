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
from goodfit.lab.intervals_told import number
from goodfit.lab.opening import data_of, open_state
from goodfit.lab.results import SCORES, reasoned, shown
from goodfit.lab.states import check_recipe, checked_state
from goodfit.plain_json import plain
from goodfit.selection.halving import UNCORRECTED, RungResult, carry_out
from goodfit.selection.layout import SearchLayout, lay_out
from goodfit.selection.methods import SearchRequest
from goodfit.selection.preparing import LearningRows
from goodfit.selection.result import DEPENDENT, Selection
from goodfit.selection.space import describe
from goodfit.studies.words import Words
from goodfit.training.metrics import SCORE_NAMES
from goodfit.training.progress import SessionProgress

WHERE = "Search"
FOLDS_AGREE = Words("no interval: all folds agree", "没有区间：各折结果相同")
DRAWS_AGREE = Words("no interval: all draws agree", "没有区间：各次重抽样结果相同")
IN_CHINESE = {  # what the correction for the choice leaves out
    UNCORRECTED: "只扣除在最后入围的设置中的选择，未扣除此前各级在同一留出数据上的筛选",
    DEPENDENT: "区间把各样本当作相互独立，而同一组或相邻时间的样本可能并不独立",
}
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
    try:
        search = lay_out(learning, space_of(space), how)
    except InputError as error:
        raise InputError(*(text.replace("'--vary'", "each part of the space") for text in error.problems)) from error
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

    state: whose recipe the settings start from, and whose training and validation rows the folds are of
    space: what varies, as `space_of` reads it
    settings: how many are tried
    files: name -> the uploaded file that a state may speak of
    watch: gets the share that is done
    tell: gets what is shown after each rung

    InputError where the space or a recipe in it does not fit.
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
        score = number(row[name]) if row["rank"] is None else _with_interval(row, name)
        cells.append([describe(own), score, str(row["epochs"])])
    return shown(_said(found), _caption(), _head(name), cells, plain(settings))


def _with_interval(row: Mapping[str, Any], name: str) -> Words:
    """The score of a finalist; one of which all folds agree says that there is no interval."""
    return reasoned({"mean": row[name], "low": row["low"], "high": row["high"]}, FOLDS_AGREE)


def _why(found: Selection) -> Words:
    """By which rule it won, and why a stopped setting that shows a higher score did not."""
    rows, name, count = found.rows(), found.score_name, len(found.settings)
    epoch = rows[0]["epochs"]
    en = f"It has the highest mean over the folds at epoch {epoch}, of the {count} settings that came so far"
    zh = f"在训练到第 {epoch} 轮的 {count} 个设置中，它各折的均值最高"
    if count == 1:
        en, zh = f"It alone came to epoch {epoch}", f"只有它训练到第 {epoch} 轮"
    higher = [row for row in rows if row["rank"] is None and row[name] > rows[0][name]]
    if not higher:
        return Words(f"{en}.", f"{zh}。")
    most = max(higher, key=lambda row: row[name])
    score, at = number(most[name]), most["epochs"]
    return Words(
        f"{en}; the {score} of a stopped setting is of epoch {at}, where others were ahead of it.",
        f"{zh}；某个已停止的设置的 {score} 是第 {at} 轮的得分，当时它落后于别的设置。",
    )


def _said(found: Selection) -> list[Words]:
    """The winner, what its score is worth once it is known that it won, and what that does not allow for."""
    won, name = describe(found.settings[found.comparison.winner]), SCORES[found.score_name]
    told = _with_interval(found.rows()[0], found.score_name)
    said = [Words(f"{won} won: {name.en} {told.en}.", f"{won} 胜出：{name.zh} {told.zh}。"), _why(found)]
    worth = found.optimism
    if worth is None or not math.isfinite(worth.corrected):
        en = "What the choice adds to this score was not estimated: on new data expect less."
        return [*said, Words(en, "没有估计选择使该得分偏高多少：在新数据上可能更低。")]
    score = reasoned({"mean": worth.corrected, "low": worth.low, "high": worth.high}, DRAWS_AGREE)
    zh = f"扣除因被选中而偏高的部分之后：{score.zh}"
    left = found.uncorrected.split("; ") if found.uncorrected else []
    more = Words("".join(f"; {each}" for each in left), "".join(f"；{IN_CHINESE.get(each, each)}" for each in left))
    return [*said, Words(f"Without the luck of having been picked: {score.en}{more.en}.", f"{zh}{more.zh}。")]
