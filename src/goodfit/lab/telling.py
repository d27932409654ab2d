"""What the lab tells a page, declared once: the headers of its messages, and the frames that carry columns."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from goodfit.lab.chinese import in_chinese
from goodfit.lab.messages import Branch

FLOAT = np.dtype("<f4")
LENGTH = struct.Struct("<I")


class Told(BaseModel):
    """What every message has. seq: counted up in a session, 0 where it is not kept for a page that comes back.

    to: the `id` of what it answers; None for what nobody asked for. zh: English -> Chinese of sentences in it.
    """

    model_config = ConfigDict(extra="forbid")

    seq: int = 0
    to: int | None = None
    zh: dict[str, str] = {}


class ColumnTold(BaseModel):
    """One array of a frame: little-endian float32, in C order."""

    name: str
    shape: list[int]


class Framed(Told):
    """The header of a binary frame. arrays: what follows it, in order."""

    arrays: list[ColumnTold] = []
    branch: Branch = "A"


class WelcomeTold(Told):
    """Answers hello. limits: sentences; data: what there is to learn from; fields: of the recipe; state: to open with.

    words: of what the server declares, by the key that the page has for them, "en" and "zh"
    presets: nets that a step is looked at with, [{"label", "recipe"}]
    tables: endings of the files that it reads

    resumed: whether the session was there already, and has told again what the page missed;
    collects: whether it is a class's, which may answer and play, and nothing else.
    """

    say: Literal["welcome"]
    session: str
    version: str
    resumed: bool
    collects: bool
    limits: list[str]
    data: list[dict[str, Any]]
    fields: list[dict[str, Any]]
    words: dict[str, dict[str, str]]
    presets: list[dict[str, Any]]
    tables: list[str]
    state: dict[str, Any]


class OpenedTold(Told):
    """A state is open. metrics: names of the columns of curves; score: the name of what *_score measures.

    nets: [{"seed", "hidden"}]; rows: of train, valid and test; divided, few: the same in a sentence, and where that is
    too few, "en" and "zh"; steps: batches of an epoch; picture: None, or how inputs are drawn (see `pictures.Plane`):
    {"kind": "plane" or "line", "x": [low, high], "y": [low, high], "names": [across, up], "sentence"}.
    """

    say: Literal["opened"]
    state: dict[str, Any]
    recipe: dict[str, Any]
    task: str
    classes: list[str]
    inputs: list[str]
    rows: dict[str, int]
    divided: dict[str, str]
    few: dict[str, str]
    epochs: int
    steps: int
    nets: list[dict[str, Any]]
    metrics: list[str]
    score: str
    picture: dict[str, Any] | None
    notes: list[str]


class PointsTold(Framed):
    """Rows as the picture has them: x1, x2 (of a line: x and the target), y (class or target), part (0 train, 1 valid).

    Test rows are sealed and not among them. shown, of: rows sent, and rows that there are.
    """

    say: Literal["points"]
    shown: int
    of: int


class CurvesTold(Framed):
    """New epochs: `epoch` [E] and, by the names of the metrics, [E, P]; nan after a net has stopped.

    first: epochs before; what a page has of later ones is no longer so.
    """

    say: Literal["curves"]
    first: int


class BoundaryTold(Framed):
    """What the nets predict over the picture: `mean` [K, g, g] and `spread` [g, g], of a line [K, g] and [g].

    K: 1 for two classes (the probability of the second) and for numbers, else one a class. spread: standard deviation
    over the nets of the first of these, or of the class that leads. Rows of the grid run upwards. net: None for all.
    """

    say: Literal["boundary"]
    epoch: int
    batch: int
    net: int | None


class UnitsTold(Framed):
    """What each hidden unit of a net computes over the picture, `units` [units of all layers, t, t] or [units, t].

    And its weights: w0 [out, in], b0 [out], w1, ... ; left out where they are too many to draw.
    """

    say: Literal["units"]
    epoch: int
    batch: int
    net: int
    hidden: list[int]


class StateTold(Told):
    """How the training stands. speed: epochs a second, lately; batch: of the epoch, where it is looked at by batches.

    opening: it is trained as far as the state says that was opened, until the epoch `goal`
    steps: batches of an epoch, which a change on the way may have made others
    frozen: the numbers of nets that are no longer finite, of each branch
    """

    say: Literal["state"]
    state: Literal["paused", "playing", "done", "diverged", "opening"]
    epoch: dict[Branch, int]
    goal: int | None
    batch: int
    steps: int
    speed: float
    frozen: dict[Branch, list[int]]


class ChangedTold(Told):
    """Marks of a branch's curves: [{"epoch", "fields", "sentence"}], in order; all of them, after every change."""

    say: Literal["changed"]
    branch: Branch
    marks: list[dict[str, Any]]
    acts: list[dict[str, Any]]
    recipe: dict[str, Any]


class BranchedTold(Told):
    """B is there. epoch: where it left A; fields: that differ."""

    say: Literal["branched"]
    epoch: int
    fields: dict[str, Any]
    sentence: str


class DroppedTold(Told):
    """B is gone; where A was dropped, B has become A."""

    say: Literal["dropped"]
    branch: Branch


class DifferenceTold(Told):
    """B less A at their last common epoch, paired by nets: the mean, its interval (None with fewer than two).

    sentence: all of it, "en" and "zh".
    """

    say: Literal["difference"]
    epoch: int
    metric: str
    mean: float | None
    low: float | None
    high: float | None
    nets: int
    sentence: dict[str, str]


class NoteTold(Told):
    """One sentence for people."""

    say: Literal["note"]
    sentence: str


class RefusalTold(Told):
    """What was asked for was not done. sentences: of the grammar; field: of the recipe, where one is at fault."""

    say: Literal["error"]
    sentences: list[str]
    field: str | None = None
    lost: bool = False
    """Whether the process that trained has died, so that the page must open its state again."""
    later: bool = False
    """Whether the same can be done once another page has gone."""
    gone: bool = False
    """Whether the file of the state is not here any more, so that the page must ask for it."""


class ProgressTold(Told):
    """How far a job beside the training is. job: what was asked for; share: in [0, 1]; sentence: for people."""

    say: Literal["progress"]
    job: str
    share: float
    sentence: str


class AnswerTold(Told):
    """What was asked for, in `value`. findings: of `goodfit inspect`; explained: see `explaining.explain`; verdict: of
    `goodfit verdict`; claimed: see `claims.Decided`; capacity, folds, race, search: see `jobs`, told as they grow;
    sealed: how often the test set was opened; unsealed: its score; answered: a lesson's prediction, scored; exported: a
    file; studied: the page of a study; ok: the message was dealt with.
    """

    say: Literal[
        "findings",
        "explained",
        "verdict",
        "claimed",
        "capacity",
        "folds",
        "race",
        "search",
        "sealed",
        "unsealed",
        "answered",
        "exported",
        "studied",
        "ok",
    ]
    value: dict[str, Any]


TOLD: dict[str, type[Told]] = {
    name: declared
    for declared in (
        WelcomeTold,
        OpenedTold,
        PointsTold,
        CurvesTold,
        BoundaryTold,
        UnitsTold,
        StateTold,
        ChangedTold,
        BranchedTold,
        DroppedTold,
        DifferenceTold,
        NoteTold,
        RefusalTold,
        ProgressTold,
        AnswerTold,
    )
    for name in declared.model_fields["say"].annotation.__args__  # type: ignore[union-attr]
}
"""What "say" says -> its declaration."""

LATEST = ("boundary", "units", "state", "difference", "progress")
"""Of these only the newest matters: a slow page gets no other."""
ADDRESSED = (*(name for name, declared in TOLD.items() if declared is AnswerTold), "error", "progress")
"""Only whoever asked is told these, where somebody did."""


def pack(header: Mapping[str, Any], columns: Mapping[str, NDArray[Any]] | None = None) -> bytes:
    """A binary frame: the header with its `arrays`, and the columns."""
    laid = {name: np.ascontiguousarray(values, FLOAT) for name, values in (columns or {}).items()}
    arrays = [{"name": name, "shape": list(values.shape)} for name, values in laid.items()]
    return with_header({**header, "arrays": arrays}, b"".join(values.tobytes() for values in laid.values()))


def with_header(header: Mapping[str, Any], payload: bytes) -> bytes:
    """A frame of a header that is whole and the bytes behind it; what people read of it also in Chinese."""
    said = in_chinese(header)
    header = {**header, "zh": said} if said else header
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    return LENGTH.pack(len(text)) + text + payload


def split_frame(frame: bytes) -> tuple[dict[str, Any], bytes]:
    """(header, bytes behind it) of a frame of goodfit's own."""
    (length,) = LENGTH.unpack_from(frame)
    header: dict[str, Any] = json.loads(frame[LENGTH.size : LENGTH.size + length])
    return header, frame[LENGTH.size + length :]


def columns_of(header: Mapping[str, Any], payload: bytes) -> dict[str, NDArray[np.float32]]:
    """The columns of a frame, by name."""
    found, at = {}, 0
    for each in header.get("arrays", ()):
        count = int(np.prod(each["shape"], dtype=np.int64))
        found[each["name"]] = np.frombuffer(payload, FLOAT, count, at).reshape(each["shape"])
        at += FLOAT.itemsize * count
    return found
