"""Finished runs by recipe, and the curves of their nets side by side: a figure for each data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from goodfit.figures.panels import legend_below, line, panels
from goodfit.figures.style import NARROW, house_style, whole_numbers
from goodfit.reports import Grid, Picture, spread
from goodfit.reports.drawing import both
from goodfit.reports.languages import Language
from goodfit.reports.numbers import NONE, between, number
from goodfit.runs import RunGroup, RunSummary, group_runs
from goodfit.runs.record import EVENTS, RunRecord
from goodfit.runs.rows_again import split_print
from goodfit.studies.words import Words
from goodfit.training.history import History

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_PANELS = 9  # recipes of a data set whose curves are drawn; the tables have all
MOST_DATA = 4  # data sets whose curves are drawn
ROWS = 12  # epochs of a recipe in the table beside the curves
LOSS_FIELDS = ("loss", "levels", "huber_delta", "label_smoothing", "class_weight", "target_transform")
"""Fields that change what a loss measures: those of recipes that differ in one stand on no common scale."""
Numbers = NDArray[np.float64]
Curve = tuple[Numbers, Numbers, Numbers]
PARTS = {"train_loss": Words("training", "训练"), "valid_loss": Words("validation", "验证")}
RECIPE, EPOCH, LOSS = Words("recipe", "配方"), Words("epoch", "轮次"), Words("loss", "损失")


@dataclass(frozen=True, eq=False)
class RunRecipe:
    """Runs of one recipe and data.

    place: its number on the page
    epochs: [E] after which a net was measured
    curves: part -> (mean, least, largest) loss over nets, [E] each
    """

    place: int
    group: RunGroup
    epochs: Numbers
    curves: Mapping[str, Curve]

    @property
    def words(self) -> str:
        """In what it differs from the others."""
        return ", ".join(f"{name} {value}" for name, value in self.group.fields.items())


def recipes_of(root: Path, runs: Sequence[RunSummary]) -> tuple[RunRecipe, ...]:
    """The finished runs in a folder by recipe and data; within a data set the lowest validation loss first.

    runs: as they are listed; while these stay the same, nothing is read again
    """
    done = tuple((run.folder, run.when) for run in runs if run.state == "done")
    return _read(root, done) if done else ()


@lru_cache(maxsize=2)
def _read(root: Path, done: tuple[tuple[Path, datetime], ...]) -> tuple[RunRecipe, ...]:
    known = {folder for folder, _ in done}
    groups = [each for each in group_runs(root, "recipe", metric="valid_loss") if known.issuperset(each.runs)]
    return tuple(RunRecipe(at, group, *_of_nets(group.runs)) for at, group in enumerate(groups, 1))


def _of_nets(folders: Sequence[Path]) -> tuple[Numbers, dict[str, Curve]]:
    """Mean, least and largest loss by epoch over the nets of several runs; of each epoch those that trained then.

    The same net of two runs (seed, data and split) counts once, as in `RunGroup.count`.
    """
    kept = [(folder, History.from_events(folder / EVENTS)) for folder in folders]
    epochs = np.unique(np.concatenate([each.epochs for _, each in kept])).astype(np.float64)
    columns: dict[str, list[Numbers]] = {part: [] for part in PARTS}
    seen = set()
    for folder, history in kept:
        whose = RunRecord.read(folder).data_print, split_print(folder)
        rows = np.searchsorted(epochs, history.epochs)
        for net, seed in enumerate(history.seeds):
            if (*whose, int(seed)) in seen:
                continue
            seen.add((*whose, int(seed)))
            for part in PARTS:
                if part in history.values:
                    column = np.full(len(epochs), np.nan)
                    column[rows] = np.where(history.frozen[net], np.nan, history[part][:, net])
                    columns[part].append(column)
    tables = {part: np.stack(own, axis=1) for part, own in columns.items() if own}  # [E, P]
    return epochs, {part: _curve(table) for part, table in tables.items() if np.isfinite(table).any()}


def _curve(table: Numbers) -> Curve:
    """Mean, least and largest of the finite values of each row of [E, P]; nan where there are none."""
    there = np.isfinite(table)
    some = there.any(axis=1)
    mean, low, high = (np.full(len(table), np.nan) for _ in range(3))
    mean[some] = np.where(there, table, 0.0)[some].sum(axis=1) / there[some].sum(axis=1)
    low[some] = np.where(there, table, np.inf)[some].min(axis=1)
    high[some] = np.where(there, table, -np.inf)[some].max(axis=1)
    return mean, low, high


def curves(recipes: Sequence[RunRecipe], language: Language) -> list[Picture]:
    """A figure for each of the first data sets, with the curves of its first recipes."""
    by_data: dict[str, list[RunRecipe]] = {}
    for each in recipes:
        by_data.setdefault(each.group.data, []).append(each)
    return [_picture(data, own, language) for data, own in [*by_data.items()][:MOST_DATA]]


def _picture(data: str, recipes: Sequence[RunRecipe], language: Language) -> Picture:
    drawn, left = tuple(recipes[:MOST_PANELS]), len(recipes) - MOST_PANELS
    wide, narrow = _drawn(drawn, language)
    rows = []
    for each in drawn:
        for row in spread(len(each.epochs), min(ROWS, len(each.epochs))):
            cells = [_banded(each.curves[part], row) if part in each.curves else NONE for part in PARTS]
            rows.append([str(each.place), f"{each.epochs[row]:g}", *cells])
    caption = Words("Loss by epoch: mean (lowest to highest net)", "各轮次的损失：平均（最低到最高的网络）")
    said = Words(
        "Nets of all runs with the same recipe and data stand together: lines are their means, bands go from the "
        "lowest to the highest. The same net of two runs counts once.",
        "配方与数据相同的训练归为一组：线表示各网络的平均，色带表示从最低到最高的范围。两次训练中相同的网络只计一次。",
    )
    more = Words(
        f" The first {MOST_PANELS} recipes of {data} in the table below are drawn, {left} are not.",
        f"只画出下表中 {data} 的前 {MOST_PANELS} 个配方，另有 {left} 个没有画出。",
    )
    scale = Words("all on one scale", "纵轴相同") if _alike(drawn) else Words("each on its own scale", "纵轴各不相同")
    title = Words(
        f"Loss by epoch on {data}, a panel for each recipe, {scale.en}",
        f"{data} 上各轮次的损失，每个配方一格，{scale.zh}",
    )
    head = [each.of(language) for each in (RECIPE, EPOCH, *PARTS.values())]
    return Picture(
        title.of(language),
        wide,
        Grid(caption.of(language), head, rows, left=1),
        text=said.of(language) + more.of(language) * (left > 0),
        narrow=narrow,
    )


def _alike(recipes: Sequence[RunRecipe]) -> bool:
    """Whether the losses of these recipes measure the same."""
    return len({tuple(each.group.fields.get(name) for name in LOSS_FIELDS) for each in recipes}) == 1


@lru_cache(maxsize=16)
def _drawn(recipes: tuple[RunRecipe, ...], language: Language) -> tuple[Figure, Figure]:
    """Kept, for a page that is filtered or sorted anew mostly shows the same figures."""
    wide, narrow = both(lambda width: _draw(recipes, width, language))
    return wide, narrow


def _draw(recipes: Sequence[RunRecipe], width: float, language: Language) -> Figure:
    share = _alike(recipes)
    with house_style():
        figure, axes = panels(len(recipes), width, height=2.6, share=share)
        handles: dict[str, Any] = {}
        for panel, each in zip(axes, recipes, strict=True):
            for at, (part, words) in enumerate(PARTS.items()):
                if part in each.curves:
                    handles[words.of(language)] = line(panel, each.epochs, *each.curves[part], place=at)
            panel.set_title(Words(f"Recipe {each.place}", f"配方 {each.place}").of(language))
            panel.set(xlabel=EPOCH.of(language), ylabel=LOSS.of(language))
            whole_numbers(panel)
        _scale(axes, recipes, share=share)
        legend_below(figure, handles, narrow=width < NARROW)
    return figure


def _scale(axes: Sequence[Axes], recipes: Sequence[RunRecipe], *, share: bool) -> None:
    """Powers of ten where all that a scale shows is positive."""
    positive = [all(np.nanmin(low) > 0 for _, low, _ in each.curves.values()) for each in recipes]
    for panel, own in zip(axes, positive, strict=True):
        if all(positive) if share else own:
            panel.set_yscale("log")


def _banded(curve: Curve, row: int) -> str:
    mean, low, high = (float(each[row]) for each in curve)
    return number(mean) if low == high else f"{number(mean)} ({between(low, high)})"
