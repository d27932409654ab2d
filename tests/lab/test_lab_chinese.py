"""The lab's own sentences in Chinese: found by their English, each of them still said somewhere."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lab_help import SMALL

import goodfit.lab
from goodfit.errors import InputError, problem
from goodfit.lab import helpers, sessions, tracks
from goodfit.lab.chinese import chinese, forms, in_chinese
from goodfit.lab.opening import open_state
from goodfit.lab.racing import runners_of
from goodfit.lab.states import checked_state
from goodfit.lab.tracks import Track

SOURCE = "".join(path.read_text("utf-8") for path in Path(goodfit.lab.__file__).parent.glob("*.py"))
JOINED = re.sub(r"\{[^{}\"]*\}", "{}", re.sub(r'"\s*\n?\s*f?"', "", SOURCE))  # texts that go over several lines


def test_every_form_is_said_by_the_lab_and_has_its_values() -> None:
    """The rule of a refusal, between its subject and what was got, and every other text, stand in the source."""
    for english, said in forms().items():
        assert english.count("{}") == said.count("{}"), english
        assert re.search("[\u4e00-\u9fff]", said), english
        rule = re.sub(r"^[A-Z]\w+: ", "", english).partition("; got")[0].partition(". ")[0].rstrip(".")
        assert rule in JOINED, english


def test_what_is_told_is_found_with_its_values() -> None:
    track = Track(open_state(checked_state(SMALL), {}))
    note = track.change({"optimizer": "sgd"})
    track.make_equal(1)
    told = {"say": "changed", "marks": [mark.to_json() for mark in track.marks], "sentence": note}
    assert in_chinese(told) == {
        "The optimiser starts anew, without moments.": "优化器重新开始，不保留动量。",
        "units of layer 2 made equal": "第 2 层的单元设为相同",
    }
    assert chinese("Of 1,438 rows, 200 drawn at random are trained and validated on.") == (
        "共 1,438 行，从中随机抽取 200 行用于训练和验证。"
    )
    assert chinese("Recipe: 'dropout' must be a number in [0, 1); got 1.5.") is None
    with pytest.raises(InputError) as refused:
        raise InputError(problem("Race", "there must be 1 to 4 runners", got=5))
    assert chinese(refused.value.problems[0]) == "参赛者须为 1 到 4 个；收到 5。"


def test_what_the_lab_refuses_has_its_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the refusal to its form, where a name or a number stands in it."""
    for module, name in ((helpers, "MOST_JOBS"), (sessions, "MOST_ASKED"), (tracks, "MOST_ACTS")):
        monkeypatch.setattr(module, name, 0)
    nobody: Any = None
    acts: list[Callable[[], object]] = [
        lambda: runners_of("addam 1"),
        lambda: runners_of("lbfgs 1"),
        lambda: helpers.Helpers(nobody).add(nobody, 1, {}, nobody),
        lambda: sessions.LabSession(nobody, nobody).ask(nobody, nobody, {}),
        lambda: Track(open_state(checked_state(SMALL), {})).make_equal(1),
    ]
    for act in acts:
        with pytest.raises(InputError) as refused:
            act()
        (sentence,) = refused.value.problems
        assert chinese(sentence), sentence


def test_refit_is_said_to_be_left_out() -> None:
    opened = open_state(checked_state({**SMALL, "recipe": {**SMALL["recipe"], "refit": True}}), {})
    assert chinese(opened.notes[-1])
    assert "what is shown is the first time" in opened.notes[-1]
