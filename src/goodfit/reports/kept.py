"""Results that other commands left in a folder, as JSON: read, checked, and put into plain fields."""

import csv
import io
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict

from goodfit import strict_json
from goodfit.checked_json import MOST_BYTES
from goodfit.data.tables.table_words import table_words
from goodfit.errors import InputError, problem
from goodfit.reading import read_text
from goodfit.selection.space import parse, text_of
from goodfit.training.store import SessionRecord, is_older

SEARCH, SELECTION, CURVE = "search.json", "selection.json", "curve.csv"
VERDICT = "verdict.json"
LARGEST = 1e100  # of a number that is drawn
Number = float | None
Change = Annotated[str, AfterValidator(lambda text: text.replace("->", "→"))]  # "hidden 64 → 128"


class KeptJson(BaseModel):
    """What stands in a file; entries that are not known here are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())


class KeptScore(KeptJson):
    """A score with its interval; None for what is not known."""

    score: Number = None
    low: Number = None
    high: Number = None
    train: Number = None


class KeptProbe(KeptJson):
    """A recipe that was trained beside the run's own, on the same folds and seeds.

    difference: what it gains over the run's, paired, with the interval from low to high; positive is better, whatever
    is measured. at_most: the one-sided limit of the gain; status: what follows from these; result: the same in words.
    at_most is None, and result "", in files of older versions.
    """

    name: str
    side: str = ""
    change: Change = ""
    score: Number = None
    difference: Number = None
    low: Number = None
    high: Number = None
    at_most: Number = None
    status: str = "open"
    result: str = ""

    @property
    def label(self) -> str:
        """wider: hidden 64 → 128."""
        return f"{self.name}: {self.change}" if self.change else self.name


class KeptAdvice(KeptJson):
    """The probe to take, and what it gains."""

    probe: str
    change: Change = ""
    gain: Number = None
    low: Number = None
    high: Number = None


class KeptVerdict(KeptJson):
    """What `goodfit verdict` found; the names are those of verdict.json."""

    kind: str
    sentence: str
    reasons: tuple[str, ...] = ()
    measured_by: str = "score"
    higher_is_better: bool = True
    margin: Number = None
    base: KeptScore = KeptScore()
    probes: tuple[KeptProbe, ...] = ()
    advice: KeptAdvice | None = None
    folds: int | None = None
    seeds: int | None = None
    repeats: int | None = None
    level: Number = None
    simultaneous: bool = False
    more: str | None = None
    seconds: Number = None
    share: Number = None


class SettingLine(KeptJson):
    """A setting of a search. fields: of the recipe, with their values; score: by which it was ranked."""

    fields: dict[str, Any]
    rank: int
    score: Number
    low: Number
    high: Number
    difference: Number
    parameters: int
    failed_folds: int

    @property
    def text(self) -> str:
        """hidden 64x32, l2 0.001."""
        return ", ".join(f"{name} {text_of(value)}" for name, value in self.fields.items())


class KeptOptimism(KeptJson):
    """What the winner's score is worth; losses have their sign turned."""

    winner_score: Number = None
    corrected: Number = None
    low: Number = None
    high: Number = None


class KeptSearch(KeptJson):
    """What `goodfit select` found.

    score_name: "accuracy", "exact match", "R²", "loss" or the name of a measure; uncorrected: what the optimism does
    not allow for; about: what was tried; source: the data as the command line takes them, DATA where they came from
    Python.
    """

    data: str
    by: str
    score_name: str
    settings: tuple[SettingLine, ...]
    best: dict[str, Any]
    simplest: dict[str, Any]
    chance_not_best: Number
    optimism: KeptOptimism | None
    uncorrected: str | None = None
    seconds: dict[str, float]
    about: str
    source: tuple[str, ...]

    @property
    def chance(self) -> str:
        """The chance that another setting is better, "" if unknown."""
        if self.chance_not_best is None:
            return ""
        return "below 1 %" if self.chance_not_best < 0.01 else f"{100 * self.chance_not_best:.0f} %"


class CurveLine(KeptJson):
    """A value of the one field that a search varied, with means and intervals on training and held-out rows."""

    value: Any
    train: tuple[float, float, float]
    valid: tuple[float, float, float]
    best: bool


def read_verdict(folder: Path) -> KeptVerdict | None:
    """The verdict on a run; None where nobody asked for it. InputError where it is damaged."""
    path = folder / VERDICT
    if not os.path.exists(path):
        return None
    with _reading(path, "goodfit verdict"):
        return KeptVerdict.model_validate(_json(path))


def read_search(folder: Path) -> KeptSearch:
    """The result of a search that is done; InputError for anything else."""
    path, start = folder / SELECTION, folder / SEARCH
    if not os.path.exists(path):
        if os.path.exists(start):
            fix = f"Finish it with: goodfit select --resume {folder}"
            raise InputError(problem(str(folder), "must be a finished search; this one is not", fix=fix))
        fix = "Give the folder that 'goodfit select' wrote."
        raise InputError(problem(str(folder), f"must be the folder of a search; it has no {SELECTION}", fix=fix))
    begun = SessionRecord("", math.inf)
    if os.path.exists(start) and not is_older(start):
        begun = SessionRecord.read(start, "search")
    with _reading(path, "goodfit select"):
        found = _json(path)
        # those that a halving stopped have no rank and no interval: only the finalists are compared
        lines = [_setting(line) for line in found["settings"] if line["rank"] is not None]
        (name,) = {name for _, name in lines}
        call = begun.call or {}
        source = table_words(call["table"]) if "table" in call else (call.get("data", "DATA"),)
        about = {"about": begun.about, "source": source, "score_name": name}
        return KeptSearch.model_validate({**found, **about, "settings": [line for line, _ in lines]})


def read_curve(folder: Path, field: str) -> list[CurveLine]:
    """The curve of a search that varied one field; [] where it has none."""
    path = folder / CURVE
    if not os.path.exists(path):
        return []
    with _reading(path, "goodfit select"):
        return [_curve_line(row, field) for row in csv.DictReader(io.StringIO(read_text(path), newline=""))]


def _setting(line: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The line, its fields apart, and the name of its score: fields stand after the rank, and the score after them."""
    names = list(line)
    score = names[names.index("low") - 1]
    fields = {name: line[name] for name in names[1 : names.index(score)]}
    return {**line, "fields": fields, "score": line[score], "failed_folds": line["failed folds"]}, score


def _curve_line(row: dict[str, str], field: str) -> CurveLine:
    numbers = [float(text or "nan") for text in list(row.values())[1:7]]
    if any(abs(number) > LARGEST for number in numbers):
        raise ValueError("a mean or an interval is too large")
    (value,) = parse(f"{field}={row[field]}")[1]  # type: ignore[misc]
    if isinstance(value, int | float) and not abs(value) <= LARGEST:
        raise ValueError("a value is too large")
    found = {"value": value, "train": numbers[:3], "valid": numbers[3:], "best": row["best"] == "True"}
    return CurveLine.model_validate(found)


def _json(path: Path) -> dict[str, Any]:
    found = strict_json.parse(read_text(path, most=MOST_BYTES))
    if not isinstance(found, dict):
        raise ValueError("not an object")
    return found


@contextmanager
def _reading(path: Path, command: str) -> Iterator[None]:
    """InputError where a file cannot be read, or holds something else than the command wrote there."""
    try:
        yield
    except OSError as error:
        raise InputError(problem(str(path), f"must be readable: {error.strerror or error}")) from error
    except (AttributeError, LookupError, OverflowError, TypeError, ValueError, csv.Error) as error:
        rule, fix = "must be what goodfit wrote there, but it is damaged", f"Run '{command}' again, or use a copy."
        raise InputError(problem(str(path), rule, fix=fix)) from error
