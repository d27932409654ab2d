"""What one learns from the studies' pages: ideas, and exercises whose answers a page checks without a script."""

from __future__ import annotations

import math
import re
from decimal import Decimal
from pathlib import Path

import pytest
from studies_help import Written

from browser import Browser
from goodfit.errors import InputError
from goodfit.studies import studies
from goodfit.studies.exercises import COUNT, LINES, Exercise, read_exercises
from goodfit.studies.words import Words

NUMBERS = {  # worked out here a second time: by study, of the exercises that ask for a number
    "linear-collapse": [1 * 3 + 2 * -1],
    "universal-approximation": [(1 / 2) ** 2, 1 / 2],
    "activations": [1 / (1 + math.e**0) * (1 - 1 / (1 + math.e**0))],
    "mlp-fashion-mnist": [785 * 256 + 257 * 10, math.log(10)],
    "generalization": [math.sqrt(0.1 * 0.9 / 100), 2**2],
    "k-fold": [40 - 40 / 5, 40],
    "test-reuse": [1 - 0.05 / 10, 0.5 / math.sqrt(1000)],
    "capacity": [12 - 1],
    "polynomial": [2**3 / math.factorial(3), 0.1**2 / 2],
    "weight-decay": [2 * (1 - 0.01 * 3), 0.991**400],
    "dropout": [3 / 0.5, 2**10],
    "backprop": [(1 * 2 - 1) * 2, 3 * 0],
    "vanishing-gradient": [0.25**4],
    "exploding-gradient": [2**10, 1 / 50],
    "symmetry": [math.factorial(3), 1],
    "initialization": [2 / 400, 0.5**10],
}
CHOICES = {  # what is right, by study, of the exercises that offer choices
    "linear-collapse": ["one straight line", "it is almost a linear net"],
    "universal-approximation": ["that a good net exists"],
    "activations": ["tanh", "they stay as they are"],
    "mlp-fashion-mnist": ["it is too high"],
    "generalization": ["its gap widens, but its error may still fall"],
    "k-fold": ["the nets share most training examples"],
    "test-reuse": ["its interval no longer means 95 %"],
    "capacity": ["it never rises", "underfitting: more capacity"],
    "polynomial": ["underfitting"],
    "weight-decay": ["L1"],
    "dropout": ["dropout is on in the one and off in the other"],
    "backprop": ["the values of every layer are kept until the gradient is done"],
    "vanishing-gradient": ["the largest derivative is only 1/4", "it vanishes as well"],
    "exploding-gradient": ["it keeps its size"],
    "symmetry": ["dropout"],
    "initialization": ["He"],
}
GOOD = (
    """
formula = "a = b"
[idea]
en = ["1", "2", "3", "4", "5"]
zh = ["一", "二", "三", "四", "五"]
"""
    + 3 * '[[exercise]]\nask = {en = "a", zh = "问"}\nwhy = {en = "b", zh = "答"}\nbetween = [1, 2]\n'
)
SEEN = """(() => { const part = document.querySelectorAll(".exercise")[%d];
  return [...part.querySelectorAll(".told")].filter(each => each.getClientRects().length)
    .map(each => each.querySelector("strong").textContent); })()"""
FIELD = """(() => { const own = document.querySelectorAll(".exercise")[%d].querySelector("input[type=text]");
  own.%s(); return own.title; })()"""


@pytest.mark.parametrize("name", NUMBERS)
def test_every_study_has_an_idea_and_exercises_that_are_right(name: str) -> None:
    study = studies()[name]
    assert study.idea is not None
    assert (len(study.idea.lines), len(study.exercises)) == (LINES, COUNT)
    asked = [each for each in study.exercises if not each.choices]
    for each, value in zip(asked, NUMBERS[name], strict=True):
        assert each.low - 1e-12 <= value <= each.high + 1e-12
        assert re.fullmatch(each.pattern, f"{value:,.10f}")
        assert not re.fullmatch(each.pattern, f"{value * 1.01 + 0.001:.10f}")
    chosen = [each for each in study.exercises if each.choices]
    assert [each.choices[each.right].en for each in chosen] == CHOICES[name]
    assert all(len({choice.zh for choice in each.choices}) == len(each.choices) for each in chosen)


@pytest.mark.parametrize(("low", "high"), [(2, 2), (0, 0), (1024, 1024), (0.25, 0.25), (1.33, 1.3334), (-0.5, -0.5)])
def test_a_pattern_takes_the_numbers_between_and_no_others(low: float, high: float) -> None:
    pattern = Exercise(Words("", ""), Words("", ""), low=low, high=high).pattern
    lowest, highest = Decimal(str(low)), Decimal(str(high))
    for at in range(-10, 11):
        near = (lowest + highest) / 2 + at * Decimal("0.0001")
        for text in (f"{near:.4f}", f" {near:f}00 ", f"{near:.4f}".replace(".", ",")):
            assert bool(re.fullmatch(pattern, text)) == (lowest <= Decimal(f"{near:.4f}") <= highest), text
    assert re.fullmatch(pattern, f"{high:,.10g}")
    for text in ("", "-", "1e3", "x", ".", "1,02,4"):
        assert not re.fullmatch(pattern, text)


def test_no_study_is_left_out() -> None:
    assert NUMBERS.keys() == studies().keys()


@pytest.mark.parametrize(
    ("before", "after", "match"),
    [
        ('"5"]', "]", "'idea' must have 5 lines in each language"),
        ("between = [1, 2]", "between = [2, 1]", "a number 'between' a lower and a higher one"),
        ("between = [1, 2]", "", "must have 'choices' and which is 'right', or a number"),
        ("between = [1, 2]", 'right = 2\nchoices = {en = ["a", "b"], zh = ["a", "b"]}', "the right one among them"),
        ('zh = "问"', 'zh = " "', "exercise.0.ask.zh: string should match"),
        ("formula", "formular", "formular: extra inputs are not permitted"),
        ("[idea]", "[idea", "must be TOML"),
    ],
)
def test_what_a_file_must_hold(before: str, after: str, match: str, tmp_path: Path) -> None:
    path = tmp_path / "exercises.toml"
    path.write_text(GOOD, "utf-8")
    assert len(read_exercises(path)[1]) == COUNT
    path.write_text(GOOD.replace(before, after, 1), "utf-8")
    with pytest.raises(InputError, match=re.escape(match)):
        read_exercises(path)


@pytest.mark.xdist_group("weight-decay")
def test_a_page_checks_what_is_answered(written: Written, browser: Browser) -> None:
    """Nothing is said before, nor while a first digit is typed; a wrong answer is refused, the right one explained."""
    browser.show(written("weight-decay")[0], width=1280)
    assert [browser.value(SEEN % at) for at in range(COUNT)] == [[], [], []]
    for at, wrong, right in ((0, "2", "1.94"), (1, "0.36", "0.027")):
        for typed, said in ((wrong, "Not so. Try again."), (right, "Right.")):
            assert browser.value(FIELD % (at, "focus")) == "A number"  # which says nothing of the answer
            browser.value(FIELD % (at, "select"))
            browser.ask("Input.insertText", text=typed)
            if typed == wrong:
                assert browser.value(SEEN % at) == []
            browser.value(FIELD % (at, "blur"))
            assert browser.value(SEEN % at) == [said]
    for choice, said in ((0, "Not so. Try again."), (1, "Right.")):
        browser.value(f"document.querySelectorAll('.exercise')[2].querySelectorAll('input')[{choice}].click()")
        assert browser.value(SEEN % 2) == [said]
