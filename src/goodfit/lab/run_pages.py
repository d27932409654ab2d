"""The runs of the working directory as a page: curves of each recipe side by side, and every run with its report."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from goodfit.errors import InputError, problem
from goodfit.figures.panels import legend_below, line, panels
from goodfit.figures.style import NARROW, house_style, whole_numbers
from goodfit.reports import Glance, Grid, Link, Note, Page, Paragraph, Picture, Section, run_page, spread
from goodfit.reports.drawing import both
from goodfit.reports.languages import Language
from goodfit.reports.numbers import NONE, between, number
from goodfit.runs import RunGroup, RunSummary, group_runs, list_runs
from goodfit.runs.record import EVENTS
from goodfit.studies.words import Words
from goodfit.training.history import History

if TYPE_CHECKING:
    from matplotlib.figure import Figure

RUNS = Path("runs")
MOST_PANELS = 9  # recipes whose curves are drawn; the tables have all
MOST_RUNS = 200  # that are listed
ROWS = 12  # epochs of a recipe in the table beside the curves
Numbers = NDArray[np.float64]
PARTS = {"train_loss": Words("training", "训练"), "valid_loss": Words("validation", "验证")}
STATES = {
    "done": Words("done", "完成"),
    "training": Words("training", "训练中"),
    "interrupted": Words("interrupted", "已中断"),
    "damaged": Words("damaged", "已损坏"),
}


@dataclass(frozen=True)
class _Recipe:
    """Runs of one recipe and data. place: its number on the page; curves: part -> (mean, low, high) over nets, [E]."""

    place: int
    group: RunGroup
    epochs: Numbers
    curves: Mapping[str, tuple[Numbers, Numbers, Numbers]]

    @property
    def words(self) -> str:
        """In what it differs from the others."""
        return ", ".join(f"{name} {value}" for name, value in self.group.fields.items())


def runs_page(asked: Mapping[str, str]) -> Page:
    """The page of the runs in the folder `runs` of the working directory.

    asked: language; words, which a run must all hold in its name, data, state or recipe; sort: date, score, name or
    recipe
    """
    language: Language = "zh" if asked["language"] == "zh" else "en"
    runs, recipes = list_runs(RUNS)[:MOST_RUNS], _recipes()
    of = {folder: each for each in recipes for folder in each.group.runs}
    kept = [run for run in runs if _matches(run, of.get(run.folder), asked["words"])]
    shown = [each for each in recipes if any(run.folder in each.group.runs for run in kept)]
    sections = [
        *([Section(_say(language, "Curves", "曲线"), [_curves(shown, language)])] if shown else []),
        *([Section(_say(language, "Recipes", "配方"), [_groups(shown, language)])] if shown else []),
        *([Section(_say(language, "Runs", "训练记录"), _listed(kept, of, asked["sort"], language))] if kept else []),
    ]
    none = Words(
        "There is no run in the folder “runs” of the working directory: goodfit train DATA makes one.",
        "工作目录的 “runs” 文件夹里还没有训练记录：goodfit train DATA 会生成一个。",
    )
    few = Words("No run holds all of these words.", "没有符合筛选条件的训练记录。")
    counts = [("runs", "训练记录", len(kept)), ("recipes", "配方", len(shown))]
    return Page(
        title=_say(language, "Runs", "训练记录"),
        kind=str(RUNS),
        glance=[Glance(_say(language, en, zh), str(count)) for en, zh, count in counts] if kept else [],
        sections=sections
        or [Section(_say(language, "Runs", "训练记录"), [Paragraph((few if runs else none).of(language))])],
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


def _recipes() -> list[_Recipe]:
    """The finished runs by recipe and data, the best validation loss first."""
    groups = group_runs(RUNS, "recipe", metric="valid_loss") if os.path.isdir(RUNS) else []
    return [_Recipe(at + 1, group, *_of_nets(group.runs)) for at, group in enumerate(groups)]


def _of_nets(folders: Sequence[Path]) -> tuple[Numbers, dict[str, tuple[Numbers, Numbers, Numbers]]]:
    """Mean, least and largest loss by epoch over the nets of several runs; of each epoch those that trained then."""
    kept = [History.from_events(folder / EVENTS) for folder in folders]
    epochs = np.unique(np.concatenate([each.epochs for each in kept])).astype(np.float64)
    found = {}
    for part in PARTS:
        table = np.full((len(epochs), sum(each.n_nets for each in kept)), np.nan)  # [E, P]
        at = 0
        for each in kept:
            if part in each.values:
                rows = np.searchsorted(epochs, each.epochs)
                table[rows, at : at + each.n_nets] = np.where(each.frozen, np.nan, each[part])
            at += each.n_nets
        there = np.isfinite(table)
        some = there.any(axis=1)
        if some.any():
            mean, low, high = (np.full(len(epochs), np.nan) for _ in range(3))
            mean[some] = np.nansum(np.where(there, table, 0.0)[some], axis=1) / there[some].sum(axis=1)
            low[some] = np.where(there, table, np.inf)[some].min(axis=1)
            high[some] = np.where(there, table, -np.inf)[some].max(axis=1)
            found[part] = mean, low, high
    return epochs, found


def _matches(run: RunSummary, recipe: _Recipe | None, words: str) -> bool:
    text = f"{run.folder.name} {run.data} {run.state} {recipe.words if recipe else ''}".lower()
    return all(word in text for word in words.lower().split())


def _curves(recipes: Sequence[_Recipe], language: Language) -> Picture:
    drawn = recipes[:MOST_PANELS]
    wide, narrow = both(lambda width: _draw(drawn, width, language))
    head = [_say(language, *each) for each in (("recipe", "配方"), ("epoch", "轮次"))]
    rows = []
    for each in drawn:
        for row in spread(len(each.epochs), min(ROWS, len(each.epochs))):
            cells = [_banded(each.curves[part], row) if part in each.curves else NONE for part in PARTS]
            rows.append([str(each.place), f"{each.epochs[row]:g}", *cells])
    caption = _say(language, "Loss by epoch: mean (lowest to highest net)", "各轮次的损失：平均（最低到最高的网络）")
    left = len(recipes) - len(drawn)
    text = _say(
        language,
        "Nets of all runs with the same recipe and data stand together: lines are their means, bands go from the "
        "lowest to the highest."
        + f" The best {MOST_PANELS} recipes are drawn; the table has {left} more."
        * (left > 0),
        "配方与数据相同的训练归为一组：线是各网络的平均，带从最低到最高。"
        + f"只画最好的 {MOST_PANELS} 个配方，其余 {left} 个见表。" * (left > 0),
    )
    return Picture(
        _say(
            language, "Loss by epoch, a panel for each recipe, all on one scale", "各轮次的损失，每个配方一格，纵轴相同"
        ),
        wide,
        Grid(caption, [*head, *(words.of(language) for words in PARTS.values())], rows, left=1),
        text=text,
        narrow=narrow,
    )


def _draw(recipes: Sequence[_Recipe], width: float, language: Language) -> Figure:
    with house_style():
        figure, axes = panels(len(recipes), width, height=2.6, share=True)
        handles: dict[str, Any] = {}
        for panel, each in zip(axes, recipes, strict=True):
            for at, (part, words) in enumerate(PARTS.items()):
                if part in each.curves:
                    handles[words.of(language)] = line(panel, each.epochs, *each.curves[part], place=at)
            panel.set_title(_say(language, f"Recipe {each.place}", f"配方 {each.place}"))
            panel.set(xlabel=_say(language, "epoch", "轮次"), ylabel=_say(language, "loss", "损失"))
            whole_numbers(panel)
        if all(
            low.min(initial=np.inf, where=np.isfinite(low)) > 0
            for each in recipes
            for _, low, _ in each.curves.values()
        ):
            axes[0].set_yscale("log")
        legend_below(figure, handles, narrow=width < NARROW)
    return figure


def _groups(recipes: Sequence[_Recipe], language: Language) -> Grid:
    heads = (
        ("recipe", "配方"),
        ("data", "数据"),
        ("what differs", "不同之处"),
        ("mean", "平均"),
        ("95 % interval", "95 % 区间"),
        ("nets", "网络"),
        ("runs", "记录"),
    )
    rows = [
        [
            str(each.place),
            group.data,
            each.words or NONE,
            number(group.mean),
            between(_known(group.low), _known(group.high)),
            str(group.count),
            str(len(group.runs)),
        ]
        for each in recipes
        for group in (each.group,)
    ]
    caption = _say(language, "Validation loss of the kept weights, over nets", "保留权重的验证损失（各网络）")
    return Grid(caption, [_say(language, *each) for each in heads], rows, left=3)


def _listed(runs: Sequence[RunSummary], of: Mapping[Path, _Recipe], sort: str, language: Language) -> list[Grid | Note]:
    heads = (
        ("run", "记录"),
        ("recipe", "配方"),
        ("data", "数据"),
        ("date", "日期"),
        ("status", "状态"),
        ("seeds", "种子"),
        ("validation", "验证"),
        ("test", "测试"),
    )
    rows = []
    for run in sorted(runs, key=_order(sort, of)):
        name = Link(run.folder.name, f"run-{place_of(run.folder)}.html") if run.state == "done" else run.folder.name
        recipe = str(of[run.folder].place) if run.folder in of else NONE
        scores = [_score(run, part) for part in ("valid", "test")]
        rows.append(
            [
                name,
                recipe,
                run.data,
                run.when.strftime("%Y-%m-%d %H:%M"),
                STATES[run.state].of(language),
                str(len(run.seeds)),
                *scores,
            ]
        )
    caption = _say(language, "The name of a run opens its report", "点击名称打开报告")
    return [
        Grid(caption, [_say(language, *each) for each in heads], rows, left=5),
        *(Note(run.problem) for run in runs if run.problem),
    ]


def _order(sort: str, of: Mapping[Path, _Recipe]) -> Callable[[RunSummary], Any]:
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


def _score(run: RunSummary, part: str) -> str:
    score = run.scores.get(part)
    return NONE if score is None else f"{score.name} {number(score.value)}"


def _banded(curve: tuple[Numbers, Numbers, Numbers], row: int) -> str:
    mean, low, high = (float(each[row]) for each in curve)
    return number(mean) if low == high else f"{number(mean)} ({between(low, high)})"


def _known(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _say(language: Language, english: str, chinese: str) -> str:
    return Words(english, chinese).of(language)
