"""What `benchmarks.digests` keeps of a result: a short hash of each part of it, with all that may vary left out."""

from __future__ import annotations

import hashlib
import importlib
import json
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

Parts = dict[str, Any]
"""Name of a part -> what is hashed: arrays, or what JSON holds, in dicts and sequences."""

HOMES = {  # public name -> packages that may hold it, the newest home first
    "load_model": ("models", "runs"),
    "data_curve": ("curves", "selection"),
    "epoch_curve": ("curves", "selection"),
    "learning_curve": ("curves", "selection"),
    "judge_run": ("verdict", "selection"),
    "verdict": ("verdict", "selection"),
}
VOLATILE = ("bytes", "date", "folder", "memory", "open", "path", "seconds", "share", "time", "version")
"""Keys of JSON that another run, folder or day changes; "open" is a command with the folder in it."""
WORDS = ("advice", "change", "fix", "method", "more", "note", "reasons", "sentence", "text", "title", "uncorrected")
"""Keys of JSON whose texts are for people. They are a part of their own, so that wording may change alone."""
R2_KEYS = ("scores",)  # of a run's JSON; of regression they are R²


def public(name: str) -> Any:
    """A public name from wherever it is at home."""
    for home in HOMES[name]:
        try:
            found = getattr(importlib.import_module(f"goodfit.{home}"), name)
        except (ImportError, AttributeError):
            continue
        return found
    raise ImportError(f"{name} is in none of {', '.join(HOMES[name])}")


def digest(value: Any) -> str:
    """A hash of the value: of the type, shape and bytes of arrays, of the JSON of all else. Texts stay as they are."""
    if isinstance(value, str):
        return value
    found = hashlib.blake2b(digest_size=10)
    for piece in _pieces(value):
        found.update(len(piece).to_bytes(8, "little") + piece)
    return found.hexdigest()


def _pieces(value: Any) -> Iterator[bytes]:
    if isinstance(value, np.generic | np.ndarray) and value.dtype != object:
        array = np.ascontiguousarray(value)
        if array.dtype.kind == "f":
            array = np.where(np.isnan(array), array.dtype.type(np.nan), array)  # a nan may have any of many bits
        yield f"{array.dtype.str}{array.shape}".encode()
        yield array.tobytes()
    elif isinstance(value, Mapping):
        yield f"{len(value)} names".encode()
        for name in sorted(value, key=str):
            yield str(name).encode()
            yield from _pieces(value[name])
    elif isinstance(value, Sequence | np.ndarray) and not isinstance(value, str | bytes):
        yield f"{len(value)} values".encode()
        for each in value:
            yield from _pieces(each)
    else:
        yield value if isinstance(value, bytes) else json.dumps(value, default=repr).encode()


def divided(found: Mapping[str, Any], task: str, where: Sequence[str] = R2_KEYS) -> Parts:
    """JSON of the library as its parts: "json", "words" and, of regression, what stands at the keys `where` as R²."""
    words: list[Any] = []
    scores = {key: found[key] for key in where if key in found} if task == "regression" else {}
    rest = {key: value for key, value in found.items() if key not in scores}
    parts = {"json": _stable(rest, words)}
    if scores:
        parts["r2 json"] = _stable(scores, words)
    return {**parts, "words": words}


def _stable(value: Any, words: list[Any]) -> Any:
    """The value without what is volatile; texts for people go to `words`."""
    if isinstance(value, Mapping):
        kept = {}
        for key, each in value.items():
            if str(key).rpartition("_")[2] in VOLATILE:
                continue
            if key in WORDS and isinstance(each, str | list | tuple):
                words.append([key, each])
            else:
                kept[key] = _stable(each, words)
        return kept
    if isinstance(value, list | tuple):
        return [_stable(each, words) for each in value]
    return value


def score_name(task: str) -> str:
    """Of the part that holds scores: those of regression are R², and named so."""
    return "r2" if task == "regression" else "scores"


def interrupted(call: Callable[[Callable[[Any], None]], object], when: Callable[[Any], bool]) -> bool:
    """Call with a progress callback that presses Ctrl-C at the first report for which `when` is true.

    Whether the call was cut short by it; a call that ends all the same is a difference worth seeing.
    """
    pressed = False

    def watch(progress: Any) -> None:
        nonlocal pressed
        if not pressed and when(progress):
            pressed = True
            signal.raise_signal(signal.SIGINT)

    try:
        call(watch)
    except KeyboardInterrupt:
        return True
    return False


def resumed(parts: Parts, whole: Parts, cut_short: bool) -> Parts:
    """The parts of a resumed call, with what in them is not as in the call that was never interrupted."""
    other = [name for name in whole if digest(parts[name]) != digest(whole[name])]
    told = {"interrupted": "yes" if cut_short else "no", "unlike uninterrupted": ", ".join(other) or "nothing"}
    return {**parts, **told}
