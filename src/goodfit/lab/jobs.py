"""Jobs beside the trainings, one function each of `messages.JOBS`; each tells how far it is."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from goodfit import intervals
from goodfit.errors import InputError, nearest, problem
from goodfit.lab.answers import collect
from goodfit.lab.claims import decide
from goodfit.lab.exporting import export
from goodfit.lab.intervals_told import number, with_interval
from goodfit.lab.lessons import (
    Lesson,
    checked_change,
    named_lesson,
    run_lesson,
    shipped,
)
from goodfit.lab.messages import (
    AskAnswer,
    AskCapacity,
    AskClaim,
    AskFolds,
    AskJudge,
    AskRace,
    AskReplay,
    AskSearch,
    AskStudy,
)
from goodfit.lab.opening import OpenState, open_state
from goodfit.lab.racing import Race, runners_of
from goodfit.lab.results import Cell, over_nets, shown
from goodfit.lab.scoring import checked_prediction, score_prediction
from goodfit.lab.searching import search as searched
from goodfit.lab.states import checked_state
from goodfit.lab.study_shelf import study_page_name
from goodfit.lab.tracks import Track
from goodfit.plain_json import plain
from goodfit.selection.comparing import interval
from goodfit.studies.words import Words
from goodfit.training.fitting import Report
from goodfit.verdicts import verdict

TELL_SECONDS = 0.25  # between two messages of how far a job is
FOLD_HEADS = {
    "valid_loss": Words("validation loss", "验证损失"),
    "valid_score": Words("validation score", "验证得分"),
}
Tell = Callable[..., None]
Files = Mapping[str, Path]


class Teller:
    """One job. tell: sends a message; name: what it is, for progress."""

    def __init__(self, tell: Tell, name: str) -> None:
        self.tell, self.name, self._told, self._answered = tell, name, 0.0, 0.0

    def watch(self, share: float, sentence: str = "") -> None:
        """Tell how far it is, now and then."""
        now = time.monotonic()
        if now - self._told >= TELL_SECONDS:
            self._told = now
            share = min(max(float(share), 0.0), 1.0)
            self.tell({"say": "progress", "job": self.name, "share": share, "sentence": sentence})

    def say(self, sentence: str) -> None:
        """Tell what it does next; how far it is, nobody knows."""
        self.tell({"say": "progress", "job": self.name, "share": 0.0, "sentence": sentence})

    def now_and_then(self, say: str, value: Callable[[], Mapping[str, Any]]) -> None:
        """Tell what it gives so far, unless that was told a moment ago."""
        now = time.monotonic()
        if now - self._answered >= TELL_SECONDS:
            self._answered = now
            self.answer(say, value())

    def answer(self, say: str, value: Mapping[str, Any]) -> None:
        """Tell what it gave."""
        self.tell({"say": say, "value": plain(dict(value))})


def claim(job: Teller, asked: AskClaim, files: Files) -> None:
    """Train the nets that decide a claim."""
    found = decide(asked.name, checked_state(asked.state), files, pairs=asked.pairs, look=asked.look, watch=job.watch)
    job.answer("claimed", found.to_json())


def judge(job: Teller, asked: AskJudge, files: Files) -> None:
    """What `goodfit verdict --quick` says."""
    opened = open_state(checked_state(asked.state), files)
    recipe = opened.recipe.replace(fold_members=0) if opened.recipe.fold_members else opened.recipe
    found = verdict(
        recipe,
        opened.parts,
        quick=True,
        minutes=asked.seconds / 60,
        progress=lambda progress: job.watch(progress.share),
    )
    job.answer("verdict", found.to_json())


def capacity(job: Teller, asked: AskCapacity, files: Files) -> None:
    """The losses of nets by their width, as they train."""
    state = {name: value for name, value in (asked.state or {}).items() if name != "nets"}
    widths = [width for width in sorted(set(asked.widths)) for _ in range(asked.nets)]
    opened = open_state(checked_state({**state, "widths": widths}), files)
    _followed(job, opened, lambda track, values, done: _by_width(track, widths, values, done), "capacity")


def folds(job: Teller, asked: AskFolds, files: Files) -> None:
    """A net for every fold, validated on it."""
    state = {**checked_state(asked.state or {}).to_json(), "nets": asked.k}
    state.pop("widths", None)
    recipe = {**state["recipe"], "fold_members": asked.k}
    recipe.pop("valid", None)
    opened = open_state(checked_state({**state, "recipe": recipe}), files)
    _followed(job, opened, _by_fold, "folds")


def race(job: Teller, asked: AskRace, files: Files) -> None:
    """Optimisers from one start, and at the end the slice of the loss surface with their paths."""
    found = Race(asked.state or {}, runners_of(asked.runners), asked.nets, files)
    found.run(job.watch, lambda value: job.now_and_then("race", value))
    job.answer("race", {**found.told(), **found.result(), "surface": found.surface(), "done": True})


def search(job: Teller, asked: AskSearch, files: Files) -> None:
    """A search by halving, told rung by rung."""
    told = functools.partial(job.answer, "search")
    told(searched(asked.state or {}, asked.space, asked.settings, files, watch=job.watch, tell=told))


def answer(job: Teller, asked: AskAnswer, files: Files, beside: Mapping[str, str]) -> None:
    """Run a lesson and score the prediction; write it down where a teacher collects.

    beside: what the server tells with the message: lesson_file, collect, page, as far as there are any
    """
    lesson_file, collected = beside.get("lesson_file"), beside.get("collect")
    lesson = known_lesson(asked.lesson, None if lesson_file is None else Path(lesson_file))
    state = lesson.opened if asked.state is None else checked_state(asked.state)
    checked_prediction(lesson, asked.prediction)
    changed = checked_change(lesson, state)
    result = run_lesson(lesson, state, files, watch=job.watch)
    scored = score_prediction(lesson, asked.prediction, result)
    told = None
    if collected is not None:
        page = beside.get("page", "")
        told = collect(collected, lesson, scored, name=asked.name, page=page, changed=changed, note=asked.note).told
    job.answer("answered", {**scored.to_json(), "collected": None if told is None else vars(told)})


def known_lesson(name: str, own: Path | None) -> Lesson:
    """The lesson of that name: the one that was given, or one that ships. InputError where there is none."""
    known = {lesson.name: lesson for lesson in ([named_lesson(own)] if own is not None else shipped())}
    if name not in known:
        raise InputError(problem("Lesson", "there is no such lesson", got=name, fix=nearest(name, known)))
    return known[name]


def replay(job: Teller, asked: AskReplay, files: Files) -> None:
    """Record a training as one HTML file."""
    made = export(checked_state(asked.state), "replay", files, language=asked.language, watch=job.watch)
    job.answer("exported", vars(made))


def study(job: Teller, asked: AskStudy, pages: Path) -> None:
    """Run a study, and write its pages where the page finds them."""
    made = study_page_name(asked.name, asked.parameters, asked.language, pages, job.say)
    job.answer("studied", {"page": made})


def _followed(job: Teller, opened: OpenState, fold: Callable[..., dict[str, Any]], say: str) -> None:
    """Train a state to its end, and tell what is known on the way."""
    track = Track(opened)

    def look(own: Track, report: Report) -> bool:
        job.watch(report.epoch / own.cohort.epochs)
        job.now_and_then(say, lambda: fold(own, _last(own), False))
        return False

    track.train(track.cohort.epochs, look)
    job.answer(say, fold(track, _last(track), True))


def _last(track: Track) -> dict[str, Any]:
    """Metric -> the last value of every net that trained, [P]; nan of one that never did."""
    table = track.metrics
    seen = np.asarray(np.isfinite(table).any(axis=1))  # [E, P]
    at = np.where(seen.any(axis=0), len(table) - 1 - seen[::-1].argmax(axis=0), 0)
    return {name: table[at, place, np.arange(table.shape[2])] for place, name in enumerate(track.names)}


def _by_width(track: Track, widths: list[int], values: dict[str, Any], done: bool) -> dict[str, Any]:
    own = np.asarray(widths)
    points = []
    for width in dict.fromkeys(widths):
        point: dict[str, Any] = {"width": width, "parameters": track.nets()[widths.index(width)].n_parameters}
        for name, found in values.items():
            point[name] = _mean(found[(own == width) & ~track.frozen], _bounds(track, name))
        points.append(point)
    epoch, epochs = track.epoch, track.cohort.epochs
    said = [Words(f"Loss by width, at epoch {epoch} of {epochs}", f"各宽度的损失，第 {epoch} 轮，共 {epochs} 轮")]
    counts = {width: int(track.frozen[own == width].sum()) for width in dict.fromkeys(widths)}
    for width, lost in counts.items():
        if lost:
            all_nets = widths.count(width)
            en = f"Width {width}: {lost} of {all_nets} nets diverged."
            said.append(Words(en, f"宽度 {width}：{all_nets} 个网络中有 {lost} 个发散。"))
    return {"points": points, "epoch": epoch, "epochs": epochs, "done": done, "said": [vars(each) for each in said]}


def _by_fold(track: Track, values: dict[str, Any], done: bool) -> dict[str, Any]:
    found: list[dict[str, Any]] = [{"fold": job.rows} for job in track.jobs]
    ended = {name: np.where(track.frozen, np.nan, each) for name, each in values.items()}
    for net, told in enumerate(found):
        told |= {name: float(each[net]) for name, each in ended.items()}
    means = {name: _over_folds(each, _bounds(track, name)) for name, each in ended.items()}
    names = [name for name in FOLD_HEADS if name in means]
    rows: list[list[Cell]] = [[str(at), *(number(each[name], 4) for name in names)] for at, each in enumerate(found, 1)]
    rows.append([Words("mean (corrected interval)", "均值（校正区间）"), *(_with_ends(means[name]) for name in names)])
    head = [Words("fold", "折"), *(FOLD_HEADS[name] for name in names)]
    told = shown([], Words("Validation of every fold", "各折的验证结果"), head, rows)
    return {
        **told,
        "folds": found,
        "means": means,
        "epoch": track.epoch,
        "epochs": track.cohort.epochs,
        "done": done,
    }


def _with_ends(found: Mapping[str, Any]) -> Words:
    return with_interval(found["mean"], found["low"], found["high"])


def _bounds(track: Track, name: str) -> intervals.Bounds:
    """Between which the values of a metric lie, so that no interval reaches beyond."""
    if name.endswith("loss"):
        return intervals.NOT_NEGATIVE
    return intervals.SHARE if track.opened.data.task != "regression" else intervals.SCORE_BOUNDS["R²"]


def _over_folds(values: Any, bounds: intervals.Bounds) -> dict[str, Any]:
    """The mean over folds, and its corrected interval: folds share rows, and are not independent as nets are.

    There is none where a fold diverged.
    """
    low, high = interval(values, 1 / len(values), bounds=bounds)
    return {**_mean(values, bounds), "low": low, "high": high}


def _mean(values: Any, bounds: intervals.Bounds) -> dict[str, Any]:
    """The mean over nets, and its interval where two or more differ. bounds: between which the values lie."""
    finite = np.asarray(values, np.float64)
    finite = finite[np.isfinite(finite)]
    low, high = over_nets(finite, bounds=bounds)
    mean = float(finite.mean()) if len(finite) else None
    return {"mean": mean, "low": low, "high": high, "nets": len(finite)}
