"""A race of optimisers: nets of the same initial weights and the same order of rows, each with its own optimiser."""

from __future__ import annotations

import functools
import itertools
import math
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit import intervals
from goodfit.errors import Problems, nearest
from goodfit.lab.intervals_told import number
from goodfit.lab.opening import open_state
from goodfit.lab.replay import chosen_epochs
from goodfit.lab.results import AGREE, ONE_NET, Cell, over_nets, reasoned, shown
from goodfit.lab.states import NOT_SHOWN, checked_state
from goodfit.lab.surface import MOST_NUMBERS, Slice, slice_of
from goodfit.lab.tracks import Track
from goodfit.studies.words import Words
from goodfit.training.recipe import Recipe

WHERE = "Race"
FEWEST, MOST = 1, 4  # runners
FRAMES = 25  # epochs of which curves and paths are kept
LEVELS = 9  # lines of equal loss
FAR = 1e30  # told in the place of a loss that is not finite
Watch = Callable[[float], None]
Tell = Callable[[Callable[[], dict[str, Any]]], None]


def runners_of(text: str) -> list[dict[str, Any]]:
    """The fields of each runner, of "sgd 0.1, adam 0.01". InputError names all that is wrong."""
    known = [each for each in Recipe.fields()["optimizer"].choices if each not in NOT_SHOWN]
    pointed = re.sub(r"(?<=\d),(?=\d)", ".", text)  # "sgd 0,1, adam 0,01", as half of Europe writes it
    parts, problems, found = [part.split() for part in pointed.split(",")], Problems(), []
    for part in parts:
        rate = _number(part[1]) if len(part) == 2 else math.nan
        if not rate > 0:
            fix = "For example: sgd 0.1, adam 0.01."
            problems.add(WHERE, "every runner must be an optimiser and its learning rate", got=" ".join(part), fix=fix)
        elif part[0] not in known:
            problems.add(WHERE, "an optimiser must be known", got=part[0], fix=nearest(part[0], known))
        else:
            found.append({"optimizer": part[0], "learning_rate": rate})
    if not FEWEST <= len(parts) <= MOST:
        problems.add(WHERE, f"there must be {FEWEST} to {MOST} runners", got=len(parts))
    problems.raise_if_any()
    return found


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def name_of(fields: Mapping[str, Any]) -> str:
    """What a runner is called."""
    return f"{fields['optimizer']} {fields['learning_rate']:g}"


class Race:
    """Runners on their way.

    state: whose recipe, rows and first seed all have
    fields: of each runner
    nets: of each, with seeds counted up, the same for all
    files: name -> the uploaded file that a state may speak of

    Nets with the same seed begin with the same weights, and see the same rows in the same order.
    """

    def __init__(
        self, state: Mapping[str, Any], fields: Sequence[Mapping[str, Any]], nets: int, files: Mapping[str, Path]
    ) -> None:
        self.fields = fields
        given = {name: value for name, value in state.items() if name in ("recipe", "data", "seed")}
        given = checked_state({**given, "nets": nets}).to_json()
        shared = {name: value for name, value in given["recipe"].items() if name != "fold_members"}
        states = [checked_state({**given, "recipe": {**shared, **each}}) for each in fields]
        self.tracks = [Track(open_state(each, files)) for each in states]
        self.epochs = chosen_epochs(max(track.cohort.epochs for track in self.tracks), FRAMES)
        self.paths = [[track.nets()[0]] for track in self.tracks]
        # of one encoding: a net that trains its own sees other inputs than those that the plane is of
        first = self.paths[0][0]
        shares_inputs = first.encoding is None or not first.encoding.trained
        self._drawn = first.n_parameters <= MOST_NUMBERS and shares_inputs

    def run(self, watch: Watch, tell: Tell) -> None:
        """Train all to their ends, in turns of a few epochs; tell after each turn. watch: gets the share done."""
        for epoch in self.epochs[1:]:
            for track, path in zip(self.tracks, self.paths, strict=True):
                track.train(epoch, chunk_seconds=0.5)
                if self._drawn and not track.frozen[0]:
                    path.append(track.nets()[0])
            watch(epoch / self.epochs[-1])
            tell(self.told)

    def told(self) -> dict[str, Any]:
        """The curves so far: by runner mean, lowest and highest training loss at the epochs that are kept.

        Nets that stopped early stay at their last loss, as in the table.
        """
        epoch = max(track.epoch for track in self.tracks)
        at = [each for each in self.epochs if 0 < each <= epoch]
        lines = []
        for fields, track in zip(self.fields, self.tracks, strict=True):
            lines.append({"name": name_of(fields), **_bands(track, at)})
        return {"lines": lines, "epoch": epoch, "epochs": self.epochs[-1]}

    def result(self) -> dict[str, Any]:
        """Who leads by the training loss, as sentences and a table; what Play may take."""
        last = [track.standing("train_loss", track.epoch).astype(np.float64) for track in self.tracks]
        order = sorted(range(len(last)), key=lambda each: _mean(last[each]))
        names = [name_of(each) for each in self.fields]
        why = AGREE if len(last[0]) > 1 else ONE_NET
        rows: list[list[Cell]] = [
            [names[place], *(reasoned(each, why) for each in self._ended(place))] for place in order
        ]
        caption = Words(
            "Losses of the last epoch (95 % interval over nets); that of training is the mean over the epoch's steps, "
            "with dropout",
            "最后一轮的损失（网络间的 95 % 区间）；训练损失是该轮次各步的平均，含暂退法",
        )
        head = [
            Words("optimiser, learning rate", "优化器，学习率"),
            Words("training loss", "训练损失"),
            *[Words("validation loss", "验证损失")] * self._validates,
        ]
        said = [_leader(names, last, order)] if len(order) > 1 else []
        if self.slice is not None:
            share, seen = f"{self.slice.share:.0%}", self.slice.rows
            en = f"{share} of the paths' squared distance from the start lies in the plane below; the loss is of"
            zh = f"路径到起点距离的平方有 {share} 在下面的平面内；平面上的损失取自 {seen} 个训练样本。"
            said.append(Words(f"{en} {seen} training rows.", zh))
            said += [
                Words(
                    f"{name} is missing from the surface: its first net diverged.",
                    f"曲面上没有 {name}：它的第一个网络发散。",
                )
                for name, track in zip(names, self.tracks, strict=True)
                if track.frozen[0]
            ]
        elif not self._drawn:
            en = (
                f"The surface is not drawn: the nets have more than {MOST_NUMBERS:,} weights and biases, or train pbld."
            )
            said.append(Words(en, f"没有画出损失曲面：网络的权重和偏置超过 {MOST_NUMBERS:,} 个，或训练 pbld 编码。"))
        return shown(said, caption, head, rows, [dict(self.fields[place]) for place in order])

    @functools.cached_property
    def slice(self) -> Slice | None:
        """The slice of the paths of the first net of every runner, where that is finite; None where it is not drawn."""
        paths = [own for own, track in zip(self.paths, self.tracks, strict=True) if not track.frozen[0]]
        if not paths or not self._drawn:
            return None
        opened = self.tracks[0].opened
        return slice_of(paths, opened.parts, opened.recipe)

    def surface(self) -> dict[str, Any] | None:
        """The slice as the page draws it."""
        found = self.slice
        if found is None:
            return None
        runners = [place for place, track in enumerate(self.tracks) if not track.frozen[0]]
        on_paths = [_over(found, at) for path in found.paths for at in path]
        low = float(np.nanmin(found.loss))
        high = max(low + 1e-6, *on_paths)
        steps = np.linspace(0, 1, LEVELS + 2)[1:] ** 2  # closer where the loss is low, and the paths end
        paths = [
            {"name": name_of(self.fields[runner]), "runner": runner, "at": at.round(5).tolist()}
            for runner, at in zip(runners, found.paths, strict=True)
        ]
        return {
            "x": list(found.x),
            "y": list(found.y),
            "grid": len(found.loss),
            "loss": [float(f"{value:.5g}") for value in np.nan_to_num(found.loss, nan=FAR, posinf=FAR).ravel()],
            "low": low,
            "high": high,
            "levels": (low + (high - low) * steps).tolist(),
            "paths": paths,
            "epochs": self.epochs,
        }

    @property
    def _validates(self) -> bool:
        return "valid_loss" in self.tracks[0].names

    def _ended(self, place: int) -> list[dict[str, Any]]:
        """Mean and interval of the losses of one runner's nets."""
        track = self.tracks[place]
        names = ["train_loss", *["valid_loss"] * self._validates]
        return [_interval(track.standing(name, track.epoch)) for name in names]


def _over(found: Slice, at: NDArray[np.float64]) -> float:
    """The loss at the point of the grid that is nearest to a place."""
    cells = [
        round((value - low) / (high - low) * (len(found.loss) - 1))
        for value, (low, high) in zip(at.tolist(), (found.x, found.y), strict=True)
    ]
    return float(found.loss[cells[1], cells[0]])


def _bands(track: Track, epochs: Sequence[int]) -> dict[str, Any]:
    """Mean, lowest and highest over finite nets, after these epochs; without those of which no net is left."""
    found: dict[str, list[Any]] = {"epochs": [], "mean": [], "low": [], "high": []}
    for epoch in epochs:
        row = track.standing("train_loss", epoch).astype(np.float64)
        row = row[np.isfinite(row)]
        if len(row):
            values = (epoch, float(row.mean()), float(row.min()), float(row.max()))
            for name, value in zip(found, values, strict=True):
                found[name].append(value)
    return found


def _mean(values: NDArray[np.float64]) -> float:
    """Their mean; infinite where a net diverged, so that its runner is the last."""
    return float(values.mean()) if np.isfinite(values).all() else math.inf


def _interval(values: NDArray[Any]) -> dict[str, Any]:
    each = np.asarray(values, np.float64)
    if not np.isfinite(each).all():
        return {"mean": None}
    low, high = over_nets(each, bounds=intervals.NOT_NEGATIVE)
    return {"mean": float(each.mean()), "low": low, "high": high}


def _leader(names: Sequence[str], last: Sequence[NDArray[np.float64]], order: Sequence[int]) -> Words:
    """Who leads, and by how much; the intervals of all pairs of runners hold together at 95 %.

    So that it holds of whichever two come out first: Bonferroni over the pairs.
    """
    first, second = order[:2]
    apart = last[second] - last[first]
    if not np.isfinite(_mean(last[first])):
        return Words("In every runner a net diverged.", "每个优化器都有网络发散。")
    if not np.isfinite(apart).all():
        return Words(
            f"{names[first]} leads; in all others a net diverged.", f"{names[first]} 领先；其余的都有网络发散。"
        )
    en = f"{names[first]} leads {names[second]} by {number(float(apart.mean()))} in training loss"
    zh = f"就训练损失而言，{names[first]} 领先 {names[second]} {number(float(apart.mean()))}"
    if len(apart) < 2:
        return Words(f"{en}: one net each, no interval.", f"{zh}：各一个网络，没有区间。")
    pairs = len([*itertools.combinations(names, 2)])
    low, high = over_nets(apart, 1 - (1 - intervals.LEVEL) / pairs)
    if low is None or high is None:
        return Words(f"{en}: all pairs of nets agree, no interval.", f"{zh}：各对网络的差相同，没有区间。")
    tells = Words("it is ahead", "确实领先") if low > 0 else Words("either may be ahead", "无法断定谁领先")
    said_en = f"{en} ({number(low)} to {number(high)}, {len(apart)} pairs of nets): {tells.en}."
    return Words(said_en, f"{zh}（{number(low)} 到 {number(high)}，{len(apart)} 对网络）：{tells.zh}。")
