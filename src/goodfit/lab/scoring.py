"""A prediction beside what the nets of a lesson gave: right, wrong, or nothing that these nets can tell.

A number is right where it lies no farther from the nets' mean than the lesson's file allows: how sure the mean is does
not make it wider. Where the mean is less sure than that, these nets cannot tell a prediction that its interval does not
rule out, and it is said how many more nets would.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

from goodfit.errors import InputError, nearest, problem
from goodfit.intervals import LEVEL
from goodfit.lab.claims import MOST_TOLD, Answer, fewest
from goodfit.lab.lesson_results import ANSWERS, LessonResult
from goodfit.lab.lessons import Lesson
from goodfit.plain_json import plain
from goodfit.studies.words import Words

Mark = Literal["right", "wrong", "cannot-tell"]
HEADS: dict[Mark, Words] = {
    "right": Words("Your prediction came true", "预测正确"),
    "wrong": Words("It came otherwise", "结果并非如此"),
    "cannot-tell": Words("These nets cannot tell", "这些网络无法判断"),
}
AT_FAULT = Words(
    "the file is at fault, or this machine computes otherwise than the one on which it was tried.",
    "可能是课程文件有误，也可能是这台机器与作者的机器计算结果不同。",
)


@dataclass(frozen=True)
class ScoredPrediction:
    """A prediction beside the result.

    mark: whether it came true
    off: how far a number was from the nets' mean, in its own unit
    told: both in a sentence, which leaves the mark to whoever shows it
    why: the lesson's own words on the answer
    aside: that the result is not what the lesson's file states; None where it is
    """

    prediction: Answer | float
    result: LessonResult
    mark: Mark
    off: float
    told: Words
    why: Words
    aside: Words | None = None

    @property
    def right(self) -> bool:
        """Whether it surely came true."""
        return self.mark == "right"

    def to_json(self) -> dict[str, Any]:
        """Everything, as JSON has it."""
        texts: dict[str, Any] = {"head": vars(HEADS[self.mark]), "told": vars(self.told), "why": vars(self.why)}
        texts["aside"] = None if self.aside is None else vars(self.aside)
        own = {"prediction": self.prediction, "mark": self.mark, "right": self.right, "off": self.off}
        found: dict[str, Any] = plain({**own, **texts, **self.result.to_json()})
        return found


def checked_prediction(lesson: Lesson, prediction: object) -> Answer | float:
    """A prediction as it was written down; InputError where it is none for this lesson."""
    if lesson.predict.claim is not None:
        chosen: Answer | None = next((name for name in ANSWERS if name == prediction), None)
        if chosen is None and prediction == "":
            raise InputError(problem("Prediction", "must be one of the answers", fix="Choose one first."))
        if chosen is None:
            fix = nearest(str(prediction), ANSWERS)
            raise InputError(problem("Prediction", "must be one of the answers", got=prediction, fix=fix))
        return chosen
    low, high = lesson.predict.low, lesson.predict.high
    rule = f"must be a number from {low:g} to {high:g}"
    if isinstance(prediction, str) and not prediction.strip():
        raise InputError(problem("Prediction", rule, fix="Write it down first."))
    given = _number(prediction)
    if not low <= given <= high:
        raise InputError(problem("Prediction", rule, got=prediction))
    return given


def _number(given: object) -> float:
    """A number, or a text that is one, with a decimal point or comma, or in per cent; else nan."""
    if isinstance(given, str):
        text = given.strip().replace("−", "-").replace(",", ".").replace("％", "%")
        try:
            return float(text) if not text.endswith("%") else float(text[:-1]) / 100
        except ValueError:
            return math.nan
    return float(given) if isinstance(given, int | float) and not isinstance(given, bool) else math.nan


def is_expected(lesson: Lesson, result: LessonResult) -> bool:
    """Whether the result is what the file says."""
    if result.decided is not None:
        return result.decided.answer == lesson.answer.expected
    return (lesson.answer.low or 0) <= result.value <= (lesson.answer.high or 0)


def score_prediction(lesson: Lesson, prediction: object, result: LessonResult) -> ScoredPrediction:
    """A prediction beside the result: whether it came true, and how far off it was.

    Of a claim it is right where it is what became of it. Of a number it is right where it is off the nets' mean by no
    more than the lesson allows. Where the interval reaches farther than that, it is wrong if all of the interval is
    farther off, and else nothing that these nets can tell.
    """
    given, why = checked_prediction(lesson, prediction), lesson.answer.why.words
    aside = None if result.changed or is_expected(lesson, result) else _unexpected(lesson, result)
    if isinstance(given, str):
        found = "cannot-tell" if result.decided is None else result.decided.answer
        told = Words("", "") if result.decided is None else result.decided.told
        said = Words(f"You said: {ANSWERS[given].en} {told.en}", f"你的预测：{ANSWERS[given].zh}{told.zh}")
        return ScoredPrediction(given, result, "right" if given == found else "wrong", 0.0, said, why, aside)
    if not math.isfinite(result.value):
        told = Words(
            f"You said {given:.4g}; of {result.nets} nets some diverged, so that there is no mean to compare it with.",
            f"你的预测是 {given:.4g}；{result.nets} 个网络中有的已发散，没有可供比较的均值。",
        )
        return ScoredPrediction(given, result, "wrong", math.nan, told, why, aside)
    within, off = lesson.answer.within, abs(given - result.value)
    mark: Mark = "right" if off <= within else "wrong"
    if result.low is not None and result.high is not None and result.reach > within:
        ruled_out = max(result.low - given, given - result.high) > within
        mark = "wrong" if ruled_out else "cannot-tell"
    told = _told(given, result, within, mark)
    return ScoredPrediction(given, result, mark, off, told, why, aside)


def _told(given: float, result: LessonResult, within: float, mark: Mark) -> Words:
    """A number beside the result in two or three sentences."""
    far = abs(given - result.value)
    off = f"{far if far > within / 1000 else 0:.2g}"  # of what is allowed, rounding of floats is nothing
    end = Words(f"It is off by {off}; {within:g} is allowed.", f"相差 {off}，允许的误差为 {within:g}。")
    if mark == "cannot-tell":
        end = _unsure(result, within)
    return Words(
        f"You said {given:.4g}; {result.told.en}. {end.en}", f"你的预测是 {given:.4g}；{result.told.zh}。{end.zh}"
    )


def _unsure(result: LessonResult, within: float) -> Words:
    """That the mean is less sure than the question asks, and how many nets more would make it so."""
    en = f"Their mean is only sure to {result.reach:.2g}; the question asks for {within:g}."
    zh = f"均值只准确到 {result.reach:.2g}，而题目要求 {within:g}。"
    more = nets_needed(result.reach, result.nets, within)
    if more is None:
        return Words(f"{en} More than {MOST_TOLD:,} nets would be needed.", f"{zh}需要 {MOST_TOLD:,} 个以上的网络。")
    return Words(f"{en} About {more:,} nets more would tell.", f"{zh}大约再训练 {more:,} 个网络就能判断。")


def nets_needed(reach: float, have: int, within: float) -> int | None:
    """How many nets more, if they spread alike, have an interval that reaches no farther; None for over MOST_TOLD.

    reach: of the interval of `have` nets, in the unit of what is measured
    within: how far it may reach, > 0
    """
    from scipy.special import stdtrit

    def width(nets: int) -> float:
        return float(stdtrit(nets - 1, (1 + LEVEL) / 2)) / math.sqrt(nets)

    one = reach / width(have)
    found = fewest(have, lambda nets: one * width(nets) <= within)
    return None if found is None else found - have


def _unexpected(lesson: Lesson, result: LessonResult) -> Words:
    """That the result is not what the lesson's file states."""
    counts = lesson.answer
    if result.decided is None:
        en = f"The lesson's file states a result from {counts.low:g} to {counts.high:g}"
        zh = f"课程文件写明结果应在 {counts.low:g} 到 {counts.high:g} 之间"
    else:
        stated = ANSWERS[counts.expected or "cannot-tell"]
        en, zh = f'The lesson\'s file states "{stated.en}"', f"课程文件写明的结果是“{stated.zh}”"
    return Words(f"{en}: {AT_FAULT.en}", f"{zh}：{AT_FAULT.zh}")
