"""Lessons: a state, a question, a prediction to write down before running, what may be changed, what counts.

A lesson is a TOML file; docs/lab-lessons.md says how to write one. Eight ship, one a section of the chapter.
"""

from __future__ import annotations

import math
import os
import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from goodfit.arguments import public
from goodfit.data import describe
from goodfit.errors import InputError, Problems, nearest, problem
from goodfit.lab.claim_list import BY_NAME
from goodfit.lab.claims import FEWEST, MOST, PAIRS, Answer, decide
from goodfit.lab.lesson_results import ANSWERS, LessonResult
from goodfit.lab.outcomes import OUTCOMES, Watch, outcome
from goodfit.lab.states import LabState, checked_state
from goodfit.reading import given_text, similar_file
from goodfit.studies.words import Words
from goodfit.training.recipe import Recipe

MOST_BYTES = 2**18  # of a lesson's file
_FIX = "See docs/lab-lessons.md for a lesson that is complete."
Text = Annotated[str, Field(min_length=1, max_length=4000)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


Part = TypeVar("Part", bound=_Part)


class LessonText(_Part):
    """A text in one language or both."""

    en: Text | None = None
    zh: Text | None = None

    @property
    def words(self) -> Words:
        """It in both languages; where there is one alone, that."""
        return Words(self.en or self.zh or "", self.zh or self.en or "")


class Predict(_Part):
    """What is to be predicted: what becomes of a claim, or a number.

    low, high: between which a prediction of a number must lie
    """

    claim: str | None = None
    outcome: str | None = None
    low: float = -1e9
    high: float = 1e9


class Counts(_Part):
    """What counts as an answer.

    expected: of a claim, what becomes of it. low, high: of a number, between which the nets' mean lies. within: how far
    off that mean a prediction of a number may be, > 0. pairs: of nets, for a claim. why: told afterwards
    """

    expected: Answer | None = None
    low: float | None = None
    high: float | None = None
    within: float = Field(default=0.0, ge=0)
    pairs: int = Field(default=PAIRS, ge=FEWEST, le=MOST)
    why: LessonText


class Lesson(_Part):
    """A lesson as its file declares it. change: fields of the recipe, and data parameters as "data.NAME"."""

    section: Text
    title: LessonText
    question: LessonText
    text: list[LessonText] = Field(default_factory=list, max_length=20)
    state: dict[str, Any]
    predict: Predict
    change: list[str] = Field(default_factory=list)
    answer: Counts
    try_next: list[LessonText] = Field(default_factory=list, max_length=20)
    name: str = ""

    @property
    def opened(self) -> LabState:
        """Its state."""
        return checked_state(self.state)

    @property
    def quantity(self) -> Words:
        """What is predicted: the claim's sentence, or what the number is."""
        if self.predict.claim is None:
            return outcome(self.predict.outcome or "").words
        state, said = self.opened, BY_NAME[self.predict.claim]
        return said.told(said.pair(state.whole_recipe()) if said.data is None else said.data(state.data))

    def to_json(self) -> dict[str, Any]:
        """What a page shows before the run: everything but the answer."""
        found = self.model_dump(mode="json", exclude={"answer", "title", "question", "text", "try_next"})
        texts = {"title": self.title, "question": self.question}
        return {
            **found,
            **{name: vars(each.words) for name, each in texts.items()},
            "text": [vars(each.words) for each in self.text],
            "try_next": [vars(each.words) for each in self.try_next],
            "quantity": vars(self.quantity),
            "choices": {} if self.predict.claim is None else {name: vars(words) for name, words in ANSWERS.items()},
        }


@public
def read_lesson(path: str | Path) -> Lesson:
    """The lesson in a TOML file; one InputError names all that is wrong with it."""
    return _lesson(given_text(path, most=MOST_BYTES), Path(path).stem, str(path))


def shipped() -> list[Lesson]:
    """The lessons of the chapter, in its order."""
    made = [_lesson(text, name, f"{name}.toml") for name, text in _shipped_texts().items()]
    return sorted(made, key=lambda lesson: lesson.section)


def _shipped_texts() -> dict[str, str]:
    """The files of the lessons that ship, by name."""
    listed = [each.name for each in files("goodfit.lab").joinpath("lessons").iterdir() if each.name.endswith(".toml")]
    return {
        name.removesuffix(".toml"): files("goodfit.lab").joinpath("lessons", name).read_text("utf-8") for name in listed
    }


def named_lesson(given: str | Path) -> Lesson:
    """The lesson in a file, or else the one that ships by this name; InputError where there is neither."""
    path, texts = Path(given), _shipped_texts()
    known = sorted(texts)
    if not os.path.isfile(path) and str(given) in known:
        return _lesson(texts[str(given)], str(given), f"{given}.toml")
    if not os.path.exists(path):
        close, here = nearest(path.name.removesuffix(".toml"), known), similar_file(path)
        rule = "'lesson' must be the name of a lesson that ships, or a file"
        raise InputError(problem("Lab", rule, got=str(given), fix=here or close))
    return read_lesson(path)


def _lesson(text: str, name: str, where: str) -> Lesson:
    try:
        declared = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InputError(problem(where, f"must be TOML: {error}", fix=_FIX)) from error
    problems = Problems()
    try:
        made = Lesson(**{**declared, "name": name})
    except ValidationError as error:
        for each in error.errors(include_url=False):
            _add(problems, where, each)
        _check_rest(problems, where, declared)
        raise InputError(*problems.found) from error
    _check(problems, where, made)
    problems.raise_if_any()
    return made


def _add(problems: Problems, where: str, fault: Mapping[str, Any]) -> None:
    """One fault that pydantic found, in the grammar."""
    place = ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden":
        parts: dict[str, type[BaseModel]] = {"predict": Predict, "answer": Counts}
        part = parts.get(str(fault["loc"][0]), LessonText) if len(fault["loc"]) > 1 else Lesson
        known = list(part.model_fields)
        problems.add(where, f"{place!r} is not part of a lesson", fix=nearest(str(fault["loc"][-1]), known))
    elif fault["type"] == "missing":
        problems.add(where, f"{place!r} must be given", fix=_FIX)
    else:
        said = str(fault["msg"])
        problems.add(where, f"{place!r}: {said[0].lower()}{said[1:]}", got=fault["input"])


def _check(problems: Problems, where: str, lesson: Lesson) -> None:
    """What no field can know alone."""
    texts = {"title": lesson.title, "question": lesson.question, "answer.why": lesson.answer.why}
    texts |= {f"text.{place}": each for place, each in enumerate(lesson.text)}
    texts |= {f"try_next.{place}": each for place, each in enumerate(lesson.try_next)}
    _check_texts(problems, where, texts)
    _check_predict(problems, where, lesson.predict)
    _check_answer(problems, where, lesson.predict, lesson.answer)
    _check_state(problems, where, lesson.state, lesson.change)
    if not problems.found:
        with problems.collecting():
            _ = lesson.quantity


def _check_rest(problems: Problems, where: str, declared: Mapping[str, Any]) -> None:
    """The same, of the parts that are whole in a lesson that is not: a file's faults are told all at once."""
    texts = {name: _whole(LessonText, declared.get(name)) for name in ("title", "question")}
    _check_texts(problems, where, {name: each for name, each in texts.items() if each is not None})
    predict, given = _whole(Predict, declared.get("predict")), declared.get("answer")
    answer = _whole(Counts, {"why": {}, **given}) if isinstance(given, dict) else None
    if predict is not None:
        _check_predict(problems, where, predict)
    if predict is not None and answer is not None:
        _check_answer(problems, where, predict, answer)
    state, change = declared.get("state"), declared.get("change", [])
    if isinstance(state, dict):
        names = isinstance(change, list) and all(isinstance(name, str) for name in change)
        _check_state(problems, where, state, change if names else [])


def _whole(kind: type[Part], value: object) -> Part | None:
    """A part of a lesson, or None where there is none without a fault."""
    try:
        return kind.model_validate(value)
    except ValidationError:
        return None


def _check_texts(problems: Problems, where: str, texts: Mapping[str, LessonText]) -> None:
    for place, each in texts.items():
        if each.en is None and each.zh is None:
            problems.add(where, f"{place!r} must have a text in 'en', 'zh' or both")


def _check_predict(problems: Problems, where: str, predict: Predict) -> None:
    if (predict.claim is None) == (predict.outcome is None):
        problems.add(where, "'predict' must have one of 'claim' and 'outcome'")
    if predict.claim is not None and predict.claim not in BY_NAME:
        problems.add(where, "'predict.claim' must be known", got=predict.claim, fix=nearest(predict.claim, BY_NAME))
    if predict.outcome is not None and predict.outcome not in OUTCOMES:
        fix = nearest(predict.outcome, OUTCOMES)
        problems.add(where, "'predict.outcome' must be known", got=predict.outcome, fix=fix)
    if not predict.low < predict.high:
        problems.add(where, "'predict.low' must be less than 'predict.high'", got=[predict.low, predict.high])


def _check_answer(problems: Problems, where: str, predict: Predict, counts: Counts) -> None:
    if predict.claim is not None and (counts.expected is None or counts.low is not None or counts.high is not None):
        problems.add(where, "'answer' of a claim must have 'expected', and neither 'low' nor 'high'")
    if predict.outcome is None:
        return
    if counts.low is None or counts.high is None or counts.expected is not None:
        problems.add(where, "'answer' of a number must have 'low' and 'high', and no 'expected'")
    elif not counts.low < counts.high:
        problems.add(where, "'answer.low' must be less than 'answer.high'", got=[counts.low, counts.high])
    if not 0 < counts.within < (predict.high - predict.low) / 2:  # else no prediction could be wrong, or none right
        rule = "'answer.within' of a number must be > 0, and less than half of what 'predict' leaves open"
        fix = "Say how far off the nets' mean a prediction may be: within = 0.05, for example."
        problems.add(where, rule, got=counts.within, fix=fix)


def _check_state(problems: Problems, where: str, given: Mapping[str, Any], change: Sequence[str]) -> None:
    with problems.collecting():
        state = checked_state(given)
        known = [*Recipe.fields(), "nets", *(f"data.{name}" for name in _parameters(state))]
        for name in change:
            if name not in known:
                problems.add(where, "'change' must name what the state has", got=name, fix=nearest(name, known))
        if state.widths is not None:
            problems.add(where, "the nets of a lesson must be alike: 'state.widths' must be left out")
        if state.acts or state.branch:
            rule = "the state of a lesson has no changes on its way: 'state.acts' and 'state.branch' must be left out"
            problems.add(where, rule)
        if state.nets < 2:
            problems.add(where, "'state.nets' must be 2 or more, for an interval", got=state.nets)


def _parameters(state: LabState) -> list[str]:
    """What of the data may be named in `change`."""
    if "name" not in state.data:
        return list(state.data)
    own = ("rows" if each == "n_train" else each for each in describe(state.data["name"]).parameters)
    return list(dict.fromkeys(["rows", *own]))


def checked_change(lesson: Lesson, state: LabState) -> dict[str, Any]:
    """What of a lesson's state was changed, by name; InputError where something else was than may be."""
    began, problems, changed = lesson.opened, Problems(), dict[str, Any]()
    old, new = began.whole_recipe().to_dict(), state.whole_recipe().to_dict()
    pairs = [(name, old[name], new[name]) for name in old]
    pairs += [(f"data.{name}", began.data.get(name), state.data.get(name)) for name in {**began.data, **state.data}]
    pairs += [("nets", began.count, state.count)]
    asked = {*state.recipe, "nets", "seed", *(name for name, _, _ in pairs if name.startswith("data."))}
    if state.acts:
        rule = "nets that answer a lesson train without changes on their way"
        problems.add("Lesson", rule, got=len(state.acts), fix="Reset the training.")
    for name, before, after in pairs:
        if before == after:
            continue
        changed[name] = after
        # a default may follow a field that was changed, such as the learning rate its optimiser
        if name not in lesson.change and name in {*asked, *began.recipe}:
            fix = f"This may be: {', '.join(lesson.change) or 'nothing'}."
            problems.add("Lesson", f"{name!r} must stay as it is", got=after, fix=fix)
    problems.raise_if_any()
    return changed


@public
def run_lesson(
    lesson: Lesson,
    state: LabState | None = None,
    files: Mapping[str, Path] | None = None,
    *,
    watch: Watch | None = None,
) -> LessonResult:
    """Train the nets of a lesson.

    lesson: what is asked
    state: with what was changed; None for the lesson's own
    files: uploads by name
    watch: called with the share that is done

    InputError where more was changed than may be.
    """
    from goodfit.lab.alike import initial_nets, train_nets  # here: JAX is for those who train
    from goodfit.lab.opening import open_state
    from goodfit.lab.results import over_nets

    changed = state is not None and bool(checked_change(lesson, state))
    chosen = lesson.opened if state is None else state
    if lesson.predict.claim is not None:
        decided = decide(lesson.predict.claim, chosen, files, pairs=lesson.answer.pairs, watch=watch)
        return LessonResult(decided.difference, decided.low, decided.high, 2 * decided.pairs, decided, changed)
    measured, opened = outcome(lesson.predict.outcome or ""), open_state(chosen, files or {})
    measured.check(opened.parts)
    seeds = range(chosen.seed, chosen.seed + chosen.nets)
    asked = [(opened.recipe, opened.parts)]
    (nets,) = initial_nets(asked, seeds) if measured.before else train_nets(asked, seeds, watch)
    values = measured.of(nets)
    low, high = over_nets(values, bounds=measured.bounds) if all(map(math.isfinite, values)) else (None, None)
    return LessonResult(float(values.mean()), low, high, len(values), changed=changed)
