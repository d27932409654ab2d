"""The lab's own sentences in Chinese: found by their English, each of them still said somewhere."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from lab_help import SMALL

import goodfit.lab
from goodfit.errors import InputError, problem
from goodfit.inspection import findings
from goodfit.lab import helpers, sessions, tracks
from goodfit.lab.chinese import chinese, forms, in_chinese
from goodfit.lab.opening import open_state
from goodfit.lab.racing import runners_of
from goodfit.lab.states import checked_state
from goodfit.lab.tracks import Track
from goodfit.verdicts import probes
from goodfit.verdicts import words as verdict_words

SOURCE = "".join(path.read_text("utf-8") for path in Path(goodfit.lab.__file__).parent.glob("*.py"))
JOINED = re.sub(r"\{[^{}\"]*\}", "{}", re.sub(r'"\s*\n?\s*f?"', "", SOURCE))  # texts that go over several lines


def test_every_form_is_said_by_the_lab_and_has_its_values() -> None:
    """The rule of a refusal, between its subject and what was got, and every other text, stand in the source."""
    for english, said in forms().items():
        assert english.count("{}") == said.count("{}"), english
        assert re.search("[\u4e00-\u9fff]", said), english
        rule = re.sub(r"^[A-Z]\w+: ", "", english).partition("; got")[0].partition(". ")[0].rstrip(".")
        assert rule in JOINED, english


CODES = ("cannot tell", "good fit", "limited by data", "limited by noise", "no better")  # of a status or a kind
NOT_TOLD = ("significantly worse", "no relevant gain", "half of the training set of every fold, same number of steps")


def texts_of(path: Path) -> Iterator[str]:
    """The literal parts of all texts of a module in which there is more than a word; no docstrings."""
    tree = ast.parse(path.read_text("utf-8"))
    notes = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    for each in ast.walk(tree):
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and id(each) not in notes:
            for part in re.split(r"(?<=[.?]) (?=[A-Z])", each.value):
                if re.search(r"[a-z]{2,} +[^ ]|[^ ] +[a-z]{2,}", part) and part not in (*CODES, *NOT_TOLD):
                    yield part.strip(" .,:;()").lower()


def test_whatever_findings_and_verdicts_say_has_its_chinese() -> None:
    """Every part of their texts stands in a form, so that none can be said without one; and forms have their values."""
    known = "\n".join(forms("library")).lower()
    folder = Path(str(findings.__file__)).parent
    modules = [*sorted(folder.glob("*.py")), Path(str(verdict_words.__file__)), Path(str(probes.__file__))]
    assert [(path.name, text) for path in modules for text in texts_of(path) if text not in known] == []
    for english, said in forms("library").items():
        places = [*range(english.count("{}"))]
        named = sorted({int(place) for place in re.findall(r"\{(\d)\}", said)})
        assert named == places if named else said.count("{}") == len(places), english


@pytest.mark.parametrize(
    ("english", "said"),
    [
        ("Learning rate 50 diverges, 0.5 at 0.3; a constant prediction has 0.693.",
         "学习率 50 发散，0.5 的损失为 0.3；常数预测为 0.693。"),
        ("Cannot tell: wider, dropout and twice the data may or may not be better by more than 0.02. The recipe itself "
         "predicts no better than a constant.",
         "无法判断：更宽、暂退法和数据翻倍是否好出 0.02 以上，尚不能确定。配方本身的预测不比常数好。"),
        ("Column 'size and age': 12 values are missing; taken as the median of the training rows.",
         "列 'size and age'：有 12 个值缺失，取训练样本的中位数。"),
        ("a.csv: column 'a' holds numbers that are written with a comma; got '0,1'. Who knows?", None),
    ],
)  # fmt: skip
def test_what_the_library_says_is_put_together_from_its_parts(english: str, said: str | None) -> None:
    assert chinese(english) == said


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
        "共 1,438 个样本，从中随机抽取 200 个用于训练和验证。"
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
