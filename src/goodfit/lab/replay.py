"""A recorded training as one HTML file that plays it, and predicts for a moved point, without a server.

The file holds the nets at some epochs, the curves and the rows that trained and validated, never test rows. Weights
are kept to 24 bits, a relative rounding of 1e-5 at most.
"""

from __future__ import annotations

import base64
import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.arguments import public
from goodfit.errors import InputError, problem
from goodfit.lab.opening import OpenState, open_state
from goodfit.lab.outcomes import Watch
from goodfit.lab.pictures import Plane, points_of
from goodfit.lab.states import LabState
from goodfit.lab.tracks import Track
from goodfit.models.trained_net import TrainedNet
from goodfit.plain_json import plain
from goodfit.reports.languages import PHRASES, Language
from goodfit.training.fitting import Report

WHERE = "Replay"
BUDGET = 230_000  # bytes of the nets in a file, where they are so small
FRAMES, FEWEST_FRAMES = 40, 12  # epochs in a file: at most, and before nets are left out
MOST_BYTES = 5_000_000  # of the nets in a file
MOST_POINTS, MOST_EPOCHS = 200, 120  # of a part that are drawn; of the curves that are kept
NUMBER_BYTES = 4  # of a weight in the file: three, in base64
SHOWN = "train_loss", "valid_loss"


@dataclass(frozen=True)
class Recorded:
    """A training that was watched.

    opened: the state that trained
    epochs: [F] of the frames, rising, 0 for the initial nets
    frames: [F][P] the nets then
    metrics: name -> [E, P]
    all_nets: how many trained, of which the frames may hold fewer
    """

    opened: OpenState
    epochs: tuple[int, ...]
    frames: tuple[tuple[TrainedNet, ...], ...]
    metrics: Mapping[str, NDArray[Any]]
    all_nets: int


def chosen_epochs(epochs: int, frames: int) -> list[int]:
    """Which epochs are kept, 0 and the last among them: more of the beginning, where more happens."""
    shares = np.linspace(0, 1, max(2, frames)) ** 2
    return sorted({round(share * epochs) for share in shares.tolist()})


def room_for(numbers: int, nets: int) -> tuple[int, int]:
    """(frames, nets) that fit a file, of nets of so many numbers each; InputError where not one net does."""
    shown = max(1, min(nets, BUDGET // (FEWEST_FRAMES * NUMBER_BYTES * numbers)))
    kept = min(FRAMES, max(FEWEST_FRAMES, BUDGET // (NUMBER_BYTES * numbers * shown)))
    if kept * shown * numbers * NUMBER_BYTES > MOST_BYTES:
        fix = "Use fewer hidden units or layers."
        rule = f"nets of at most {MOST_BYTES // (FEWEST_FRAMES * NUMBER_BYTES):,} numbers can be recorded"
        raise InputError(problem(WHERE, rule, got=numbers, fix=fix))
    return kept, shown


@public
def record(state: LabState, files: Mapping[str, Path] | None = None, *, watch: Watch | None = None) -> Recorded:
    """Train a state, with the changes on its way, and keep its nets at some epochs.

    state: whose nets may be of several widths
    files: uploads by name
    watch: called with the share that is done

    Without changes, the nets are those of `goodfit.train` with the same recipe and seeds, to the bit. InputError before
    anything is trained, where they cannot be drawn, or are too large, or a change does not fit.
    """
    track, frames, shown = ready(state, files or {})
    opened, kept = track.opened, {0: tuple(track.nets()[:shown])}

    def look(own: Track, report: Report) -> bool:
        if report.epoch in wanted or own.ended:
            kept[report.epoch] = tuple(own.nets(report.nets())[:shown])
        if watch is not None:
            watch(min(report.epoch / wanted[-1], 1.0))
        return False

    lengths = [act.change["epochs"] for act in state.acts if act.change and "epochs" in act.change]
    wanted = chosen_epochs([opened.recipe.epochs, *lengths][-1], frames)
    for act in state.acts:
        track.train(act.epoch, look, chunk_seconds=0.0)
        track.do(act)
        kept[track.epoch] = tuple(track.nets()[:shown])
    track.train(track.cohort.epochs, look, chunk_seconds=0.0)
    kept[track.epoch] = tuple(track.nets()[:shown])
    metrics = {name: track.metrics[:, place] for place, name in enumerate(track.names)}
    return Recorded(opened, tuple(kept), tuple(kept.values()), metrics, len(opened.jobs))


def ready(state: LabState, files: Mapping[str, Path]) -> tuple[Track, int, int]:
    """(a training at its beginning, frames, nets) that are recorded of a state; InputError where it cannot be."""
    opened = open_state(state, files)
    check_drawn(opened)
    track, tried = Track(opened), Track(opened)
    initial = track.nets()
    frames, shown = room_for(max(net.n_parameters for net in initial), len(initial))
    for act in state.acts:
        tried.do(act.model_copy(update={"epoch": 0}))  # whether it fits does not depend on what is trained
    return track, frames, shown


def check_drawn(opened: OpenState) -> Plane:
    """How its inputs are drawn; InputError for data and nets that a replay cannot show."""
    if opened.plane is None or opened.data.task == "multilabel":
        raise InputError(problem(WHERE, "the data must have inputs that can be drawn", got=opened.data.name))
    scaling = opened.examples.scaling
    losses = [opened.recipe.loss, *(act.change.get("loss") for act in opened.state.acts if act.change)]
    if opened.recipe.train_mixture or opened.recipe.clip_predictions:
        fix = "Leave train_mixture and clip_predictions out."
        raise InputError(problem(WHERE, "mixtures and clipped predictions are not replayed", fix=fix))
    if scaling.encoding is not None or scaling.transform is not None or {"poisson", "quantile"} & {*losses}:
        rule = "features must not be encoded, nor targets transformed, counts or quantiles"
        raise InputError(problem(WHERE, rule, fix="Set encoding and target_transform to none, and loss to auto."))
    return opened.plane


@public
def replay(recorded: Recorded, language: Language = "en") -> str:
    """The HTML file of a recorded training, self-contained: nothing is fetched, and its policy forbids every request.

    recorded: as `record` gives it, or whoever else has watched a training
    language: of all that it says
    """
    from jinja2 import Environment, StrictUndefined
    from markupsafe import Markup

    plane, nets, words = check_drawn(recorded.opened), recorded.frames[0], _words()[language]
    sizes = ["-".join(map(str, net.sizes)) for net in nets]
    seeds = [str(net.seed) for net in nets]
    script = _part("replay.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    shown = {
        "data": recorded.opened.data.name,
        "sizes": ", ".join(dict.fromkeys(sizes)),
        "nets": len(nets),
        "all": recorded.all_nets,
        "epochs": len(next(iter(recorded.metrics.values()))),
        "frames": len(recorded.epochs),
    }
    names = [name for name in SHOWN if name in recorded.metrics]
    heads = [f"{words[name]}, {words[each]}" for name in names for each in ("mean", "least", "most")]
    data = json.dumps(_record(recorded, plane, names, words), separators=(",", ":"), ensure_ascii=False)
    page = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True).from_string(_part("replay.html"))
    return page.render(
        language=PHRASES[language].code,
        policy=f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; base-uri 'none'",
        title=words["title"].format(**shown),
        about=words["about" if shown["nets"] == shown["all"] else "fewer"].format(**shown),
        words={**words, "shade": words[_shade(recorded.opened, plane)]},
        last=len(recorded.epochs) - 1,
        moves=_moves(plane),
        seeds=seeds if len({*sizes}) == 1 else [f"{seed} ({own})" for seed, own in zip(seeds, sizes, strict=True)],
        heads=heads,
        # Safe: our own files; and JSON in which no tag can begin or end.
        style=Markup(_part("replay.css")),
        script=Markup(script),
        record=Markup(data.replace("<", "\\u003c")),
    )


@cache
def _words() -> dict[str, dict[str, str]]:
    return tomllib.loads(_part("words.toml"))


@cache
def _part(name: str) -> str:
    return files("goodfit.lab").joinpath("replay_page", name).read_text("utf-8")


def _shade(opened: OpenState, plane: Plane) -> str:
    """Which text says how to read the picture."""
    if plane.kind == "line":
        return "shade-line"
    return "shade" if opened.data.task == "classification" else "shade-number"


def _moves(plane: Plane) -> list[dict[str, Any]]:
    """The sliders of the point: one an axis."""
    axes = [(plane.names[0], plane.x), (plane.names[1], plane.y)][: 2 if plane.kind == "plane" else 1]
    return [{"name": name, "low": low, "high": high, "start": (low + high) / 2} for name, (low, high) in axes]


def _record(recorded: Recorded, plane: Plane, names: Sequence[str], words: Mapping[str, str]) -> dict[str, Any]:
    """What the script reads."""
    net, data = recorded.frames[0][0], recorded.opened.data
    table = {name: recorded.metrics[name] for name in names}
    epochs = len(next(iter(table.values())))
    at = np.unique(np.linspace(0, epochs - 1, min(MOST_EPOCHS, epochs)).round().astype(int))
    found: dict[str, Any] = plain(
        {
            "words": {name: words[name] for name in ("play", "pause", "epoch", "none", "range")},
            "task": data.task,
            "classes": list(data.classes),
            "target": words["target"],
            "kind": plane.kind,
            "x": plane.x,
            "y": plane.y,
            "origin": plane.origin.tolist(),
            "axes": plane.axes.tolist(),
            "powers": plane.powers,
            "sizes": [each.sizes for each in recorded.frames[0]],
            "activations": [frame[0].activations for frame in recorded.frames],
            **{name: getattr(net, name).astype(float).tolist() for name in ("shift", "scale", "bend")},
            "target_shift": float(net.target_shift[0]),
            "target_scale": float(net.target_scale[0]),
            "epochs": recorded.epochs,
            "frames": [packed(frame) for frame in recorded.frames],
            "points": _points(recorded.opened, plane),
            "targets": None if data.classes else _range(data.y[recorded.opened.parts.train]),
            "curves": {
                "epochs": (at + 1).tolist(),
                "metrics": {name: _bands(values[at]) for name, values in table.items()},
            },
        }
    )
    return found


def _points(opened: OpenState, plane: Plane) -> list[list[float]]:
    """(across, up, class or 0, whether it validates) of some training and validation rows."""
    parts = [opened.parts.train[:MOST_POINTS], opened.parts.valid[:MOST_POINTS]]
    columns, _ = points_of(opened.data, plane, parts)
    shown = np.stack([columns["x1"], columns["x2"], columns["y"], columns["part"]], axis=1)
    if opened.data.task == "regression":
        shown[:, 2] = 0
    return [[float(f"{a:.4g}"), float(f"{b:.4g}"), int(code), int(part)] for a, b, code, part in shown.tolist()]


def _range(targets: NDArray[Any]) -> list[float]:
    return [float(targets.min()), float(targets.max())]


def _bands(values: NDArray[Any]) -> list[list[float | None]]:
    """Mean, lowest and highest over the nets that still trained, each [E]; None where there is none."""
    rows: list[list[float | None]] = [[], [], []]
    for each in values.astype(float):
        there = each[np.isfinite(each)]
        told = (there.mean(), there.min(), there.max()) if len(there) else (None, None, None)
        for row, value in zip(rows, told, strict=True):
            row.append(None if value is None else float(f"{value:.5g}"))
    return rows


def packed(nets: Sequence[TrainedNet]) -> str:
    """The numbers of nets, one after another, each to 24 bits: the upper three bytes of a float32, rounded; base64."""
    numbers: list[NDArray[Any]] = []
    for net in nets:
        for layer, (weight, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
            slope = net.slopes[layer] if layer < len(net.slopes) else None
            numbers += [weight.ravel(), bias, *([] if slope is None else [np.array([slope], np.float32)])]
    bits = np.concatenate(numbers).astype(np.float32).view(np.uint32).astype(np.int64)
    rounded = np.minimum((bits + 0x80) >> 8, np.where(bits >> 31, 0xFF7FFF, 0x7F7FFF))  # never up to infinity
    each = np.stack([rounded >> 16, rounded >> 8, rounded], axis=1) & 0xFF
    return base64.b64encode(each.astype(np.uint8).tobytes()).decode()


def unpacked(frame: str, like: Sequence[TrainedNet]) -> list[NDArray[np.float32]]:
    """The numbers of every net of a frame, as the page reads them."""
    each = np.frombuffer(base64.b64decode(frame), np.uint8).reshape(-1, 3).astype(np.uint32)
    numbers = ((each[:, 0] << 24) | (each[:, 1] << 16) | (each[:, 2] << 8)).astype(np.uint32).view(np.float32)
    ends = np.cumsum([net.n_parameters for net in like])[:-1]
    return np.split(numbers, ends)
