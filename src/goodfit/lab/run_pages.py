"""The runs of the working directory as a page: curves of each recipe side by side, and every run with its report."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from goodfit.errors import InputError, problem
from goodfit.lab.results import SCORES
from goodfit.lab.run_curves import MOST_DATA, RECIPE, RunRecipe, curves, recipes_of
from goodfit.reports import Glance, Grid, Link, Note, Page, Paragraph, Section, run_page
from goodfit.reports.blocks import Block
from goodfit.reports.languages import Language
from goodfit.reports.numbers import NONE, between, number
from goodfit.runs import RunGroup, RunSummary, list_runs
from goodfit.runs.grouping import EQUAL, ONE
from goodfit.runs.opening import percent
from goodfit.runs.record import RECIPE as RECIPE_FILE
from goodfit.studies.words import Words
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_fields import to_text

RUNS = Path("runs")
MOST_RUNS = 200  # that are listed
STATES = {
    "done": Words("done", "完成"),
    "training": Words("training", "训练中"),
    "interrupted": Words("interrupted", "已中断"),
    "damaged": Words("damaged", "已损坏"),
}
TITLE, DATA = Words("Runs", "训练记录"), Words("data", "数据")
REASONS = {
    ONE: Words(ONE, "没有区间：需要两个种子"),
    EQUAL: Words(EQUAL, "没有区间：各网络结果相同，看不出其他网络会相差多少"),
}
VARIED = {"split": "划分", "data": "数据"}


def runs_page(asked: Mapping[str, str]) -> Page:
    """The page of the runs in the folder `runs` of the working directory.

    asked: has these
      language: "en" or "zh"
      words: which a run must all have in its name, data, state or recipe
      sort: "date", "score", "name" or "recipe"
    """
    language: Language = "zh" if asked["language"] == "zh" else "en"
    runs = list_runs(RUNS)
    recipes = recipes_of(RUNS, runs)
    of = {folder: each for each in recipes for folder in each.group.runs}
    kept = [run for run in runs if _matches(run, asked["words"])]
    shown = [each for each in recipes if any(run.folder in each.group.runs for run in kept)]
    listed = sorted(kept, key=_order(asked["sort"], of))[:MOST_RUNS]
    parts: list[tuple[Words, Sequence[Block]]] = [
        (Words("Curves", "曲线"), _curves(shown, language) if shown else []),
        (Words("Recipes", "配方"), [_groups(shown, language)] if shown else []),
        (TITLE, [_listed(listed, of, language), *_remarks(kept, listed, of, language)] if kept else []),
    ]
    none = Words(
        "There is no run in the folder “runs” of the working directory: goodfit train DATA makes one.",
        "工作目录的“runs”文件夹里还没有训练记录：goodfit train DATA 会生成一个。",
    )
    few = Words("No run holds all of these words.", "没有符合筛选条件的训练记录。")
    counts = [(Words("runs", "训练记录"), len(kept)), (Words("recipes", "配方"), len(shown))]
    return Page(
        title=TITLE.of(language),
        kind=str(RUNS),
        glance=[Glance(words.of(language), f"{count:,}") for words, count in counts] if kept else [],
        sections=[Section(title.of(language), blocks) for title, blocks in parts if blocks]
        or [Section(TITLE.of(language), [Paragraph((few if runs else none).of(language))])],
        language=language,
        framed=True,
    )


def report_page(place: str) -> Page:
    """The report on the run with this place on the page. InputError where there is none, or it is not done."""
    for run in list_runs(RUNS):
        if place_of(run.folder) == place:
            return run_page(run.folder)
    raise InputError(problem("Runs", "there is no such run any more", fix="List the runs again."))


def place_of(folder: Path) -> str:
    """What stands for a run in an address: nothing that could lead out of the folder."""
    return hashlib.sha256(folder.name.encode(errors="surrogateescape")).hexdigest()[:16]


def _matches(run: RunSummary, words: str) -> bool:
    """Whether each word stands in the name, data or state, or begins a field's name or value in the recipe."""
    state, recipe = STATES[run.state], _recipe_words(run.folder, run.when)
    text = f"{run.folder.name} {run.data} {state.en} {state.zh}".lower()
    return all(word in text or any(each.startswith(word) for each in recipe) for word in words.lower().split())


@lru_cache(maxsize=1024)
def _recipe_words(folder: Path, _when: datetime) -> frozenset[str]:
    """Every field of a run's recipe and its value; nothing where it cannot be read."""
    try:
        recipe = Recipe.from_file(folder / RECIPE_FILE)
    except InputError:
        return frozenset()
    return frozenset(each.lower() for name in Recipe.fields() for each in (name, to_text(getattr(recipe, name))))


def _curves(recipes: Sequence[RunRecipe], language: Language) -> list[Block]:
    left = len({each.group.data for each in recipes}) - MOST_DATA
    said = Words(
        f"Curves of {MOST_DATA} data sets are drawn, of {left} not: filter by the name of one to see its curves.",
        f"只画出 {MOST_DATA} 个数据集的曲线，另有 {left} 个没有画出：按名称筛选即可查看。",
    )
    return [*curves(recipes, language), *([Paragraph(said.of(language))] if left > 0 else [])]


def _groups(recipes: Sequence[RunRecipe], language: Language) -> Grid:
    heads = (
        RECIPE,
        DATA,
        Words("what differs", "不同之处"),
        Words("mean", "平均"),
        Words("95 % interval", "95 % 区间"),
        Words("nets", "网络"),
        Words("runs", "记录"),
    )
    rows = [
        [
            str(each.place),
            each.group.data,
            each.words or NONE,
            number(each.group.mean),
            REASONS[each.group.reason].of(language) if each.group.reason else between(each.group.low, each.group.high),
            str(each.group.count),
            str(len(each.group.runs)),
        ]
        for each in recipes
    ]
    caption = Words("Validation loss of the kept weights, over nets", "保留权重的验证损失（各网络）")
    notes = [note.of(language) for each in recipes for note in _left_out(each.place, each.group)]
    columns = [each.of(language) for each in heads]
    return Grid(caption.of(language), columns, rows, left=3, note=(" " if language == "en" else "").join(notes))


def _left_out(place: int, group: RunGroup) -> list[Words]:
    """What a reader of a recipe's mean and interval must know."""
    found = []
    if group.diverged:
        some = "1 net" if group.diverged == 1 else f"{group.diverged} nets"
        en = f"Recipe {place}: {some} diverged and {'is' if group.diverged == 1 else 'are'} left out."
        found.append(Words(en, f"配方 {place}：{group.diverged} 个网络发散，未计入。"))
    if group.varied:
        en, zh = ", ".join(group.varied), "、".join(VARIED.get(name, name) for name in group.varied)
        differ = f"Recipe {place}: its runs differ in more than the seed ({en}): the interval is not over seeds alone."
        found.append(Words(differ, f"配方 {place}：各次训练除种子外还有不同（{zh}），区间不只来自种子。"))
    return found


def _listed(runs: Sequence[RunSummary], of: Mapping[Path, RunRecipe], language: Language) -> Grid:
    heads = (
        Words("run", "记录"),
        RECIPE,
        DATA,
        Words("date", "日期"),
        Words("status", "状态"),
        Words("seeds", "种子"),
        Words("validation", "验证"),
        Words("test", "测试"),
    )
    rows = [
        [
            Link(run.folder.name, f"run-{place_of(run.folder)}.html") if run.state == "done" else run.folder.name,
            str(of[run.folder].place) if run.folder in of else NONE,
            run.data,
            run.when.strftime("%Y-%m-%d %H:%M"),
            STATES[run.state].of(language),
            str(len(run.seeds)),
            *(_score(run, part, language) for part in ("valid", "test")),
        ]
        for run in runs
    ]
    caption = Words("The name of a run opens its report", "点击名称打开报告（英文）")
    return Grid(caption.of(language), [each.of(language) for each in heads], rows, left=5)


def _remarks(
    kept: Sequence[RunSummary], listed: Sequence[RunSummary], of: Mapping[Path, RunRecipe], language: Language
) -> list[Block]:
    """What the list leaves out, runs without a recipe's curves, and what is wrong with damaged ones."""
    left, alone = len(kept) - len(listed), sum(run.state == "done" and run.folder not in of for run in kept)
    found: list[Block] = []
    if left:
        more = Words(f"{left:,} more runs are not listed: filter them.", f"另有 {left:,} 个训练记录未列出：请筛选。")
        found.append(Paragraph(more.of(language)))
    if alone:
        said = Words(
            f"Finished runs without curves: {alone:,}. They have no validation set, or nets of several settings.",
            f"已完成但没有曲线的训练记录：{alone:,} 个。它们没有验证集，或网络的设置各不相同。",
        )
        found.append(Paragraph(said.of(language)))
    return [*found, *(Note(run.problem) for run in listed if run.problem)]


def _order(sort: str, of: Mapping[Path, RunRecipe]) -> Callable[[RunSummary], Any]:
    """The key to sort by, the newest first among equals."""

    def key(run: RunSummary) -> Any:
        score = run.scores.get("valid")
        first: dict[str, Any] = {
            "score": -score.value if score is not None else math.inf,
            "name": run.folder.name,
            "recipe": of[run.folder].place if run.folder in of else math.inf,
        }
        return first.get(sort, 0), -run.when.timestamp()

    return key


def _score(run: RunSummary, part: str, language: Language) -> str:
    """A score with its interval, or why there is none."""
    score = run.scores.get(part)
    if score is None:
        return NONE
    told, ends = f"{SCORES[score.name].of(language)} {number(score.value)}", between(score.low, score.high)
    if ends == NONE:
        return f"{told}; {score.method}"
    level = percent(score.level)
    return told + Words(f", {level} interval {ends}", f"，{level} 区间 {ends}").of(language)
