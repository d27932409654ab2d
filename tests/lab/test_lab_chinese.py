"""The lab's own sentences in Chinese: found by their English, each of them still said somewhere."""

from __future__ import annotations

import ast
import functools
import math
import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lab_help import SMALL

import goodfit as gf
import goodfit.lab
from goodfit.errors import InputError, problem
from goodfit.inspection import findings
from goodfit.lab import helpers, sessions, tracks
from goodfit.lab.chinese import chinese, forms, in_chinese
from goodfit.lab.messages import read_asked
from goodfit.lab.opening import open_state
from goodfit.lab.racing import runners_of
from goodfit.lab.searching import laid_out
from goodfit.lab.states import checked_state
from goodfit.lab.tracks import Track
from goodfit.runs.checks import advise_transform
from goodfit.training.recipe import Recipe
from goodfit.verdicts import probes
from goodfit.verdicts import words as verdict_words

LAB = sorted(Path(goodfit.lab.__file__).parent.glob("*.py"))
REFUSALS = ("refusals.rules", "refusals.ranges", "refusals.fixes")
HAN = re.compile("[\u4e00-\u9fff]")
NOT_SHOWN = {  # what the lab says, and no page shows to those who read Chinese
    "chinese.py": "patterns",
    "exporting.py import ": "code",
    "exporting.py that was dropped on the page: run this in its folder": "a comment in code",
    "exporting.py classes = ": "code",
    "exporting.py jobs = ": "code",
    "exporting.py for name, values in": "code",
    "exporting.py print(name": "code",
    "exporting.py the same recipe, rows and seeds": "the heading of a notebook, which is in the language of its code",
    "greeting.py": "limits, which programs ask for",
    "replay.py": "of a header, for browsers",
    "security.py default-src": "of a header, for browsers",
    "framed.py": "of a header, for browsers",
    "ahead.py": "the name of a thread",
    "pipes.py": "the name of a thread",
    "study_shelf.py": "the name of a job",
    "asking.py [Ii]nput": "a pattern",
    "asking.py unit": "a place in a net, as findings have it",
    "live.py too slow; connect again": "the reason of a closed line, which the page acts on",
    "opening.py label accuracy": "the name of a score",
    "opening.py Points drawn by hand": "the name of data",
    "opening.py class": "the name of a class",
    "answers.py cannot tell": "a cell of the collected answers",
    "explaining.py encoding pbld": "a value",
    "states.py too long": "for a log",
    "worker.py no message": "of a bug",
    "messages.py bytes": "a value",
    "searching.py each part of the space": "put into a rule",
}


def said_by(path: Path) -> Iterator[str]:
    """The texts of a module, with {} for what differs, that are told in no language but English where they stand.

    Left out is what has a Chinese beside it: the other argument of `Words`, or what a name stands for in one.
    """
    tree = ast.parse(path.read_text("utf-8"))
    left = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    for each in ast.walk(tree):
        if of_words(each) or (isinstance(each, ast.Assign | ast.Tuple) and spoken_in(each)):
            left |= {id(part) for part in ast.walk(each)}
        elif isinstance(each, ast.JoinedStr):
            left |= {id(part) for part in each.values}
        elif isinstance(each, ast.FunctionDef):
            inner = [*ast.walk(each)]
            firsts = [part.args[0] for part in inner if isinstance(part, ast.Call) and of_words(part)]
            named = {part.id for first in firsts for part in ast.walk(first) if isinstance(part, ast.Name)}
            for part in inner:
                if isinstance(part, ast.Assign | ast.AugAssign):
                    targets = part.targets if isinstance(part, ast.Assign) else [part.target]
                    if named & {ast.unparse(one) for one in targets}:
                        left |= {id(value) for value in ast.walk(part)}
    for each in ast.walk(tree):
        if isinstance(each, ast.JoinedStr | ast.Constant) and id(each) not in left:
            parts = each.values if isinstance(each, ast.JoinedStr) else [each]
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in parts)
            if re.search(r"[a-z]{2,} +[a-z'{(]|[a-z}'] +[a-z]{2,}", text):
                yield text


def of_words(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "Words"


def spoken_in(node: ast.AST) -> bool:
    return any(isinstance(each, ast.Constant) and HAN.search(str(each.value)) for each in ast.walk(node))


@functools.cache
def known() -> str:
    return "\n".join(form for table in ("chinese", *REFUSALS) for form in forms(table))


@pytest.mark.parametrize("path", LAB, ids=lambda path: path.name)
def test_whatever_the_lab_says_has_its_chinese(path: Path) -> None:
    """Every part of every text that no Chinese stands beside is part of a form, or shown to nobody."""
    for text in said_by(path):
        shown = not any(path.name == name.partition(" ")[0] and name.partition(" ")[2] in text for name in NOT_SHOWN)
        for part in re.split(r"\{\}|(?<=[.?]) (?=[A-Z])", text) if shown else ():
            assert part.strip(" ';:") in known(), f"{path.name}: {text!r}: {part!r}"


def test_every_text_that_is_shown_to_nobody_is_still_there() -> None:
    for name in NOT_SHOWN:
        module, _, part = name.partition(" ")
        found = [path for path in LAB if path.name == module]
        assert any(part in text for path in found for text in said_by(path)), name


def test_every_form_is_said_and_has_its_values() -> None:
    """What stands between the values of a form stands in the source: of the lab, and of what it asks."""
    folder = Path(goodfit.lab.__file__).parents[1]
    inner = [
        folder / name for name in ("data", "errors.py", "inspection", "lab", "runs", "selection", "serving", "training")
    ]
    paths = [path for each in inner for path in (each.rglob("*.py") if each.is_dir() else [each])]
    texts = joined("\n".join(path.read_text("utf-8") for path in paths))
    for table in ("chinese", *REFUSALS):
        for english, said in forms(table).items():
            places = [*range(english.count("{}"))]
            named = sorted({int(place) for place in re.findall(r"\{(\d)\}", said)})
            assert named == places if named else said.count("{}") == len(places), english
            assert HAN.search(said) or table == "refusals.ranges", english
            stands = all(part.strip(" '.") in texts for part in english.split("{}"))
            form = re.compile(re.escape(english).replace(re.escape("{}"), ".+?"))
            assert stands or any(form.search(each) for each in refused()), f"{table}: {english}"


def joined(source: str) -> str:
    """A source with texts that go over several lines in one piece, and {} for what is put into them."""
    return re.sub(r"\{[^{}\"]*\}", "{}", re.sub(r'"\s*\n?\s*f?"', "", source)).replace('\\"', '"')


WRONG: list[dict[str, Any]] = [  # recipes, each wrong in another way
    {"l2": -0.1},
    {"hidden": "wide"},
    {"bias": "yes"},
    {"activation": "rellu"},
    {"optimiser": "adam"},
    {"dropout": 1},
    {"hidden": 0, "clip_norm": 0, "momentum": 2, "schedule_epochs": -1, "label_smoothing": 1, "levels": 3},
    {"class_weight": "fair", "embedding_size": 0, "huber_delta": "a", "learning_rate": math.inf},
    {"hidden": (8, 8), "dropout": (0.1,)},
    {"hidden": (), "activation": ("relu",)},
    {"init": "normal", "init_scale": -1},
    {"optimizer": "sgd", "nesterov": True},
    {"hidden": (), "dropout": 0.2, "dropout_schedule": "flat-cosine"},
    {"dropout": 0, "dropout_schedule": "flat-cosine"},
    {"optimizer": "adamw", "weight_decay": 0, "decay_schedule": "flat-cosine"},
    {"warmup": 30, "epochs": 20},
    {"class_weight": (0, 0)},
    {"fold_members": 1},
    {"loss": "quantile", "levels": (0.1, 0.5)},
    {"init_data": "hyperplanes", "bias": False},
    {"init_data": "hyperplanes", "init_bias": "constant"},
    {"train_embedding": True, "l1": 0.1},
    {"member_form": "tabm-mini"},
    {"members": 2, "hidden": ()},
    {"members": 2, "loss": "quantile"},
    {"members": 2, "init_data": "variance"},
    {"bins": 4},
    {"momentum": 0.9, "optimizer": "adam"},
]
SPACES = ["l2", "l2=0..1:log", "l2=1..0", "l2=0.1;l2=0.2", "l22=1,2", "l2=1,1", "l2=0.1..1:log:1"]


@functools.cache
def refused() -> list[str]:
    """What is said of wrong recipes and spaces, and a warning of a recipe that may be wrong."""
    acts: list[Callable[[], object]] = [*(partial(Recipe, **each) for each in WRONG)]
    acts += [partial(laid_out, SMALL, space, 6, {}) for space in SPACES]
    acts += [partial(read_asked, '{"do": "play", "id": 1, "speed": 0}')]
    found = []
    for act in acts:
        with pytest.raises(InputError) as error:
            act()
        found += error.value.problems
    steep = np.exp(np.random.default_rng(0).normal(scale=2, size=400))
    data = gf.data.Dataset.from_arrays(steep[:, None], steep, name="steep")
    with pytest.warns(UserWarning, match="heavy-tailed") as warned:
        advise_transform(Recipe(), gf.data.split(data, valid=0.2, seed=0))
    ranged = [problem("Recipe", f"'{name}' must be {rule.range}") for name, rule in Recipe.fields().items()]
    return found + ranged + [str(each.message) for each in warned]


def test_whatever_a_recipe_or_a_space_must_be_is_said_in_chinese() -> None:
    for each in refused():
        told = chinese(each) or ""
        assert HAN.search(told), each
        rest = re.sub(r"；收到 .*?。|“[^”]*”|`[^`]*`", "", told)
        assert not {*re.findall(r"[a-z-]+", rest)} & {
            "or",
            "and",
            "of",
            "the",
            "must",
            "with",
            "list",
            "one",
            "number",
            "integer",
        }, (each, told)


CODES = ("cannot tell", "good fit", "limited by data", "limited by noise", "no better")  # of a status or a kind
NOT_TOLD = ("half of the training set of every fold, same number of steps",)


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
        ("Good fit: as far as trainings of 4 of 50 epochs tell, none of 8 alternatives is better by more than 0.02 of "
         "R², nor would twice the data help; not asked: longer, higher learning rate; measured on 800 of 1,000 rows.",
         "拟合良好：就 50 轮中的 4 轮训练而言，8 个替代方案中，没有一个好出 0.02 以上（R²），数据翻倍也没有帮助；"
         "未考察：更久、更高的学习率；只测量了 1,000 个样本中的 800 个。"),
        ("Column 'size and age': 12 values are missing; taken as the median of the training rows.",
         "列 'size and age'：有 12 个值缺失，取训练样本的中位数。"),
        ("Read as Windows-1252, since it is not UTF-8. If words look wrong, such as 'grün', save it as 'CSV UTF-8'.",
         "不是 UTF-8，已按 Windows-1252 读取。如果文字显示不对，例如 'grün'，请存为“CSV UTF-8”。"),
        ("a.csv: column names must be unique; repeated: 'x'. Rename one of them.",
         "a.csv：列名不能重复；重复的有：'x'。请给其中一列改名。"),
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


def test_a_long_refusal_is_not_read_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """What names of a user's file may make of it: each try takes as long as the text is."""
    tried: list[str] = []
    monkeypatch.setattr(goodfit.lab.chinese, "_ruled", lambda text: tried.append(text))
    assert chinese(problem("Recipe", "x. Y. " * 150 + "must be 1", fix="x. Y " * 100)) is None
    assert 0 < len(tried) <= goodfit.lab.chinese.MOST_FIXES + 1
