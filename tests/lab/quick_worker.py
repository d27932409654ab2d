"""Speaks like `goodfit.lab.worker`, at once, and trains nothing: for tests of what lies between it and the page.

"play" floods with pictures and curves; some claims and epochs end the process, or keep it.
"""

import os
import sys
import time
from collections.abc import Iterator
from typing import Any

from goodfit.lab.pipes import Commands, framed
from goodfit.lab.telling import pack, with_header

FLOOD = 150
STATE = {"say": "state", "state": "paused", "goal": None, "batch": 0, "steps": 4, "speed": 0.0, "frozen": {}}


def main() -> None:
    into = os.fdopen(os.dup(1), "wb")
    commands = Commands(sys.stdin.buffer)
    while True:
        asked = commands.next()
        assert asked is not None
        for header, columns in answers(asked):
            whole = {"to": asked.get("id"), **header}
            into.write(framed(with_header(whole, b"") if columns is None else pack(whole, columns)))
        into.flush()


def answers(asked: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
    if asked["do"] == "open":
        about: dict[str, Any] = {name: {} for name in ("recipe", "rows", "divided", "few")}
        about |= {name: [] for name in ("classes", "inputs", "nets", "metrics", "notes")}
        numbers = {"epochs": 1, "steps": 1, "picture": None, "score": "accuracy", "task": "classification"}
        yield {"say": "opened", "state": asked["state"], **about, **numbers}, None
        yield {"say": "curves", "branch": "A", "first": 0}, {"epoch": [], "train_loss": []}
        yield {**STATE, "epoch": {"A": 0}}, None
    elif asked["do"] == "play":
        for epoch in range(FLOOD):
            yield (
                {"say": "curves", "branch": "A", "first": epoch},
                {"epoch": [epoch + 1], "train_loss": [1.0 / (epoch + 1)]},
            )
            picture = {"say": "boundary", "branch": "A", "epoch": epoch, "batch": 0, "net": None}
            yield picture, {"mean": [[epoch] * 1600], "spread": [0.0] * 1600}
        yield {**STATE, "epoch": {"A": FLOOD}}, None
    elif asked["do"] == "rewind":
        if asked["epoch"] == 666:
            os._exit(1)
        yield {"say": "curves", "branch": "A", "first": asked["epoch"]}, {"epoch": [], "train_loss": []}
    elif asked["do"] == "pause" and asked.get("id") is None:
        yield {"say": "note", "sentence": "Paused, for nobody looks on."}, None
        yield {**STATE, "epoch": {"A": 0}}, None
        return
    elif asked["do"] == "claim":
        if asked["name"] == "die":
            os._exit(1)
        if asked["name"] == "wait":
            time.sleep(60)
        yield {"say": "claimed", "value": {"state": asked["state"]}}, None
    yield {"say": "ok", "value": {"do": asked["do"]}}, None


if __name__ == "__main__":
    main()
