"""Lessons: those that ship end as they say, faults of a file are named, predictions are scored, answers are kept."""

from __future__ import annotations

import csv
import json
import math
import re
import threading
import tomllib
from pathlib import Path
from typing import Any

import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

import goodfit as gf
from goodfit.lab.answers import COLUMNS, MOST_BYTES, MOST_LETTERS, collect, safe
from goodfit.lab.claim_list import BY_NAME as CLAIMS
from goodfit.lab.lesson_results import LessonResult
from goodfit.lab.lessons import Lesson, checked_change, read_lesson, run_lesson, shipped
from goodfit.lab.outcomes import OUTCOMES
from goodfit.lab.scoring import checked_prediction, is_expected, nets_needed, score_prediction
from goodfit.lab.states import checked_state

LESSONS = shipped()
BY_NAME = {lesson.name: lesson for lesson in LESSONS}
OWN = """
section = "mine"
title = { en = "Mine" }
question = { en = "How many?" }
[state]
nets = 2
recipe = { hidden = [2], dropout = 0.0, valid = 0.3, epochs = 1 }
data = { name = "moons", rows = 40 }
[predict]
outcome = "valid-score"
low = 0
high = 1
[answer]
low = 0
high = 1
within = 0.1
why = { zh = "因为" }
"""


def a_result(value: float, low: float | None, high: float | None) -> LessonResult:
    return LessonResult(value, low, high, 8)


def test_there_is_a_lesson_for_each_section_of_the_chapter() -> None:
    assert [lesson.section for lesson in LESSONS] == [f"4.{section}" for section in range(1, 9)]


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
def test_a_lesson_that_ships_is_whole_in_both_languages(lesson: Lesson) -> None:
    texts = [lesson.title, lesson.question, lesson.answer.why, *lesson.text, *lesson.try_next]
    assert all(text.en and text.zh for text in texts)
    assert all("\n" not in (text.en + text.zh).strip() for text in texts)  # type: ignore[operator]
    assert lesson.text
    assert lesson.try_next
    assert lesson.change
    told = lesson.to_json()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert "answer" not in told
    assert "why" not in json.dumps(told)


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda lesson: lesson.name)
@pytest.mark.filterwarnings("ignore:.*predict the same class")
def test_a_lesson_that_ships_ends_as_its_file_says(lesson: Lesson) -> None:
    result = run_lesson(lesson)
    assert is_expected(lesson, result), result
    if lesson.name == "chain-rule":  # 9 of 12 training points are of the first class: dJ/db = 1/2 - 9/12
        assert result.value == pytest.approx(-0.25, abs=1e-12)
        assert result.told.en == "2 nets all gave -0.25"  # and no interval of no width
    scored = score_prediction(lesson, result.answer, result)
    assert scored.right
    assert scored.aside is None
    if result.decided is None:  # its nets can tell, and a number can be wrong
        assert result.reach <= lesson.answer.within
        assert not score_prediction(lesson, result.value - 1.01 * lesson.answer.within, result).right
    assert json.dumps(scored.to_json(), allow_nan=False)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('section = "mine"', "", "'section' must be given"),
        (
            "nets = 2",
            "nets = 2\nepoch = 1\nacts = [{ epoch = 1, equal = 0 }]",
            "the state of a lesson has no changes on its way",
        ),
        ("nets = 2", "nets = 1", "'state.nets' must be 2 or more"),
        ('name = "moons"', 'name = "mons"', "unknown name; got 'mons'. Did you mean 'moons'"),
        ("hidden = [2]", "hiden = [2]", "'hiden' is not a field. Did you mean 'hidden'"),
        ('outcome = "valid-score"', 'outcome = "score"', "'predict.outcome' must be known; got 'score'"),
        ('outcome = "valid-score"', 'claim = "dropuot"', "'predict.claim' must be known; got 'dropuot'"),
        ('outcome = "valid-score"', 'claim = "dropout"', "'answer' of a claim must have 'expected'"),
        ('outcome = "valid-score"', "", "'predict' must have one of 'claim' and 'outcome'"),
        ("low = 0\nhigh = 1\nwithin", "low = 1\nhigh = 0\nwithin", "'answer.low' must be less than 'answer.high'"),
        ("low = 0\nhigh = 1\nwithin", "within", "'answer' of a number must have 'low' and 'high'"),
        ("within = 0.1", "", "'answer.within' of a number must be > 0"),
        ("within = 0.1", "within = 0.5", "less than half of what 'predict' leaves open; got 0.5"),
        ("[answer]", "[answer]\npairs = 3", "'answer.pairs': input should be greater than or equal to 4; got 3"),
        ('zh = "因为"', "", "'answer.why' must have a text in 'en', 'zh' or both"),
        ('en = "Mine"', 'de = "Meine"', "'title.de' is not part of a lesson"),
        ("[answer]", "[anwser]", "'anwser' is not part of a lesson. Did you mean 'answer'"),
        ("[state]", 'change = ["hiden"]\n[state]', "'change' must name what the state has; got 'hiden'"),
        ("[state]", "[state", "must be TOML"),
    ],
)
def test_what_is_wrong_with_a_file_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(OWN.replace(old, new, 1), "utf-8")
    with pytest.raises(gf.InputError) as caught:
        read_lesson(path)
    assert message in str(caught.value)
    assert all(text.startswith((str(path), "State", "Recipe", "data set")) for text in caught.value.problems)


def test_a_lesson_of_ones_own_in_one_language(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(OWN, "utf-8")
    lesson = read_lesson(path)
    assert lesson.name == "mine"
    assert lesson.to_json()["title"] == {"en": "Mine", "zh": "Mine"}
    assert tomllib.loads(OWN)["state"] == lesson.state
    with pytest.raises(gf.InputError, match=r"there is no such file. Did you mean .*mine.toml"):
        read_lesson(tmp_path / "mime.toml")


def test_only_what_may_be_changed_is() -> None:
    lesson = BY_NAME["hidden-layers"]
    began = lesson.opened.to_json()
    assert checked_change(lesson, lesson.opened) == {}
    free = {**began, "recipe": {**began["recipe"], "activation": "relu"}, "data": {**began["data"], "noise": 0.2}}
    assert checked_change(lesson, checked_state(free)) == {"activation": "relu", "data.noise": 0.2}
    sgd = {**began["recipe"], "optimizer": "sgd"}
    for name, change in (("nets", {"nets": 9}), ("seed", {"seed": 1}), ("optimizer", {"recipe": sgd})):
        with pytest.raises(gf.InputError, match=f"'{name}' must stay as it is"):
            checked_change(lesson, checked_state({**began, **change}))
    with pytest.raises(gf.InputError, match=r"without changes on their way; got 1. Reset the training"):
        checked_change(lesson, checked_state({**began, "epoch": 1, "acts": [{"epoch": 1, "equal": 0}]}))
    assert checked_change(lesson, checked_state({**began, "epoch": 3})) == {}
    locked = {**began, "data": {**began["data"], "factor": 0.9}}
    with pytest.raises(gf.InputError, match=r"'data.factor' must stay as it is; got 0.9. This may be: hidden"):
        run_lesson(lesson, checked_state(locked))


def test_all_faults_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    """A field that is missing hides neither what is wrong with the answer nor with the state."""
    path = tmp_path / "mine.toml"
    text = OWN.replace('section = "mine"', "sectoin = 1").replace("within = 0.1", "within = 3").replace("moons", "mons")
    path.write_text(text.replace("hidden = [2]", "hiden = [2]").replace('"valid-score"', '"valid-loss"'), "utf-8")
    with pytest.raises(gf.InputError) as caught:
        read_lesson(path)
    wanted = ("'section' must be given", "'sectoin' is not part", "'answer.within'", "'mons'", "'hiden'")
    assert all(any(each in told for told in caught.value.problems) for each in wanted), caught.value.problems


@pytest.mark.parametrize(
    ("prediction", "mark", "off"),
    [(0.5, "right", 0.0), (0.41, "right", 0.09), (0.39, "wrong", 0.11), (0.62, "wrong", 0.12), (1.0, "wrong", 0.5)],
)
def test_a_number_is_right_within_what_the_file_allows(prediction: float, mark: str, off: float) -> None:
    """The lesson allows 0.1 about the mean, and the interval [0.45, 0.55] makes it no wider."""
    scored = score_prediction(BY_NAME["hidden-layers"], prediction, a_result(0.5, 0.45, 0.55))
    assert (scored.mark, scored.right, scored.off) == (mark, mark == "right", pytest.approx(off))
    assert f"{prediction:.4g}" in scored.told.en
    assert f"{prediction:.4g}" in scored.told.zh


@pytest.mark.parametrize(("prediction", "mark"), [(0.5, "cannot-tell"), (0.25, "cannot-tell"), (0.15, "wrong")])
def test_an_interval_that_is_wider_than_the_question_tells_nothing(prediction: float, mark: str) -> None:
    """Of [0.3, 0.7] all is farther than 0.1 from 0.15 alone."""
    scored = score_prediction(BY_NAME["hidden-layers"], prediction, a_result(0.5, 0.3, 0.7))
    assert scored.mark == mark
    assert ("nets more would tell" in scored.told.en) == (mark == "cannot-tell")


def test_so_many_nets_more_have_an_interval_that_is_narrow_enough() -> None:
    """By Student's interval of as many values with the same spread, and not by one fewer."""
    spread, have = 0.3, 8
    reach = scipy.stats.t.interval(0.95, have - 1, scale=spread / math.sqrt(have))[1]
    more = nets_needed(reach, have, 0.1)
    assert more is not None
    for nets, enough in ((have + more, True), (have + more - 1, False)):
        assert (scipy.stats.t.interval(0.95, nets - 1, scale=spread / math.sqrt(nets))[1] <= 0.1) == enough
    assert nets_needed(reach, have, 1e-4) is None


def test_a_result_that_the_file_does_not_state_is_told() -> None:
    lesson = BY_NAME["hidden-layers"]
    scored = score_prediction(lesson, 0.9, a_result(0.9, 0.89, 0.91))
    assert scored.right
    assert scored.aside is not None
    assert scored.aside.en.startswith("The lesson's file states a result from 0.3 to 0.7: the file is at fault")
    changed = LessonResult(0.9, 0.89, 0.91, 8, changed=True)
    assert score_prediction(lesson, 0.9, changed).aside is None


@pytest.mark.parametrize(
    ("written", "read"), [("0,5", 0.5), (" 0.25 ", 0.25), ("1", 1.0), (0.75, 0.75), ("50 %", 0.5), ("2,5%", 0.025)]
)
def test_a_number_is_read_as_it_is_written(written: object, read: float) -> None:
    assert checked_prediction(BY_NAME["hidden-layers"], written) == read


def test_nothing_is_right_of_nets_that_diverged() -> None:
    scored = score_prediction(BY_NAME["hidden-layers"], 0.5, a_result(-math.inf, None, None))
    assert not scored.right
    assert scored.to_json()["off"] is None
    assert "some diverged" in scored.told.en
    assert "nan" not in scored.told.en + scored.told.zh


@pytest.mark.parametrize(
    ("name", "prediction", "message"),
    [
        ("hidden-layers", 1.5, "must be a number from 0 to 1; got 1.5"),
        ("hidden-layers", math.nan, "must be a number from 0 to 1"),
        ("hidden-layers", "holds", "must be a number from 0 to 1; got 'holds'"),
        ("hidden-layers", True, "must be a number from 0 to 1; got True"),
        ("dropout", "hold", "must be one of the answers; got 'hold'. Did you mean 'holds'"),
        ("dropout", 1, "must be one of the answers; got 1"),
        ("dropout", "", "must be one of the answers. Choose one first"),
        ("hidden-layers", " ", "must be a number from 0 to 1. Write it down first"),
    ],
)
def test_a_prediction_is_one_of_the_lesson(name: str, prediction: object, message: str) -> None:
    with pytest.raises(gf.InputError, match=message):
        score_prediction(BY_NAME[name], prediction, a_result(0.5, 0.4, 0.6))


def the_lines(path: Path) -> list[dict[str, str]]:
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def an_answer(path: Path, **more: Any) -> None:
    lesson = BY_NAME["hidden-layers"]
    predicted = more.pop("predicted", 0.5)
    collect(path, lesson, score_prediction(lesson, predicted, a_result(0.45, 0.4, 0.5)), **more)


def test_answers_stand_in_one_table(tmp_path: Path) -> None:
    path = tmp_path / "room" / "answers.csv"
    an_answer(path, name="Ann", note='two\nlines, and "quotes"', changed={"activation": "relu"})
    an_answer(path, name="李雷")
    first, second = the_lines(path)
    assert tuple(first) == COLUMNS
    assert (first["name"], second["name"], first["right"]) == ("Ann", "李雷", "yes")
    assert first["note"] == 'two lines, and "quotes"'
    assert json.loads(first["changed"]) == {"activation": "relu"}
    assert (first["prediction"], first["answer"], second["changed"]) == ("0.5", "0.45", "")


def test_answers_of_many_at_once_are_all_there(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    notes = ["x" * (391 + at) for at in range(10)]
    threads = [
        threading.Thread(target=lambda k=k: [an_answer(path, name=f"{k}", note=note) for note in notes])
        for k in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = the_lines(path)
    assert sorted(each["name"] for each in found) == sorted(f"{k}" for k in range(8) for _ in range(10))
    assert sorted((each["name"], each["attempt"]) for each in found) == sorted(
        (f"{k}", f"{at}") for k in range(8) for at in range(1, 11)
    )
    assert {each["note"] for each in found} == {*notes}


def test_attempts_are_counted_and_one_sent_twice_is_one(tmp_path: Path) -> None:
    """By the name, whatever its capitals; without one by the page. Where a page has shown the solution it is said."""
    path, lesson = tmp_path / "answers.csv", BY_NAME["hidden-layers"]

    def answered(predicted: float, name: str, page: str) -> tuple[int, bool, bool]:
        scored = score_prediction(lesson, predicted, a_result(0.45, 0.4, 0.5))
        found = collect(path, lesson, scored, name=name, page=page)
        return found.attempt, found.seen_before, found.again

    assert answered(0.9, "Ann", "p1") == (1, False, False)
    assert answered(0.9, "Ann", "p1") == (1, False, True)
    assert answered(0.5, "ann", "p2") == (2, True, False)
    assert answered(0.5, "Bob", "p1") == (1, True, False)
    assert answered(0.5, "", "p3") == (1, False, False)
    assert answered(0.4, "", "p3") == (2, True, False)
    assert answered(0.9, "Ann", "p1") == (3, True, False)
    found = [(each["name"], each["attempt"], each["seen_before"], each["right"]) for each in the_lines(path)]
    assert found == [
        ("Ann", "1", "no", "no"),
        ("ann", "2", "yes", "yes"),
        ("Bob", "1", "yes", "yes"),
        ("", "1", "no", "yes"),
        ("", "2", "yes", "yes"),
        ("Ann", "3", "yes", "no"),
    ]


def test_a_file_with_other_columns_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    path.write_text("time,lesson\n", "utf-8")
    with pytest.raises(gf.InputError, match="must begin with the columns of collected answers; got 'time,lesson'"):
        an_answer(path)
    assert path.read_text("utf-8") == "time,lesson\n"


def test_a_line_that_a_kill_left_unfinished_spoils_no_other(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    an_answer(path, name="Ann")
    with open(path, "ab") as file:
        file.write(b"2026-01-01,hidden-lay")
    an_answer(path, name="Bob")
    assert [each["name"] for each in the_lines(path)] == ["Ann", None, "Bob"]


def test_a_file_that_is_full_takes_no_answer(tmp_path: Path) -> None:
    path = tmp_path / "answers.csv"
    with open(path, "wb") as file:
        file.truncate(MOST_BYTES + 1)
    with pytest.raises(gf.InputError, match=r"must have at most 64 MB to take another answer"):
        an_answer(path)
    with pytest.raises(gf.InputError, match="must be a file to write; it is a folder"):
        an_answer(tmp_path)


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1+cmd|' /C calc'!A0", "@SUM(A1)", "\t=1", "  =1", "＝1+1", "|x", "%0A=1", "a;=1+1", '"=1', "'=1"],
)
def test_no_text_is_a_formula(text: str) -> None:
    """Neither at its beginning nor where a spreadsheet parts cells at semicolons."""
    for part in safe(text).split(";"):
        assert part.strip()[0] in "'\\" or part.strip()[0].isalnum()


@given(st.text(max_size=40))
def test_a_cell_is_one_line_and_never_begins_a_formula(text: str) -> None:
    found = safe(text)
    assert "\n" not in found
    assert "\r" not in found
    assert found[:1] not in tuple("=+-@|%\t")
    assert len(found) <= 2 * MOST_LETTERS


def test_numbers_stay_numbers() -> None:
    assert (safe(-0.25), safe(3), safe(True), safe("3")) == ("-0.25", "3", "True", "3")


@pytest.mark.parametrize("page", ["lab-lessons.md", "zh/lab-lessons.md"])
def test_the_page_on_lessons_names_what_there_is(tmp_path: Path, page: str) -> None:
    """Every claim, outcome and lesson, and an example that is a lesson."""
    text = (Path(__file__).parents[2] / "docs" / page).read_text("utf-8")
    cells = [row.split("|")[1] for row in text.splitlines() if row.startswith("| `")]
    named = [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]
    known = [*CLAIMS, *BY_NAME, *OUTCOMES]
    assert sorted(named) == sorted(known)
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    path = tmp_path / "example.toml"
    path.write_text(example, "utf-8")
    assert read_lesson(path).change == ["hidden", "data.noise"]
