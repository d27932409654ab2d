"""Results that other commands left in a folder, as JSON: read, checked, and put into plain fields."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from goodfit.errors import InputError, problem
from goodfit.reports.commands import table_words
from goodfit.selection.space import parse, text_of
from goodfit.training import strict_json

SEARCH, SELECTION, CURVE = "search.json", "selection.json", "curve.csv"
VERDICT = "verdict.json"
Number = float | None


class Kept(BaseModel):
    """What stands in a file; entries that are not known here are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", protected_namespaces=())


class Measured(Kept):
    """A score with its interval; None for what is not known."""

    score: Number = None
    low: Number = None
    high: Number = None
    train: Number = None


class Probe(Kept):
    """A recipe that was trained beside the run's own, on the same folds and seeds.

    difference: what it gains over the run's, paired, with the interval from low to high; positive is better, whatever
    is measured. status: what follows from it.
    """

    name: str
    side: str = ""
    change: str = ""
    score: Number = None
    difference: Number = None
    low: Number = None
    high: Number = None
    status: str = "open"


class Advice(Kept):
    """The probe to take, and what it gains."""

    probe: str
    change: str = ""
    gain: Number = None
    low: Number = None
    high: Number = None


class Verdict(Kept):
    """What `goodfit verdict` found; the names are those of verdict.json."""

    kind: str
    sentence: str
    reasons: tuple[str, ...] = ()
    measured_by: str = "score"
    higher_is_better: bool = True
    margin: Number = None
    base: Measured = Measured()
    probes: tuple[Probe, ...] = ()
    advice: Advice | None = None
    folds: int | None = None
    seeds: int | None = None
    repeats: int | None = None
    level: Number = None
    simultaneous: bool = False
    more: str | None = None
    seconds: Number = None
    share: Number = None


class SettingLine(Kept):
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


class Optimism(Kept):
    """What the winner's score is worth; losses have their sign turned."""

    winner_score: Number = None
    corrected: Number = None
    low: Number = None
    high: Number = None


class Search(Kept):
    """What `goodfit select` found.

    score_name: "accuracy", "exact match", "R²" or "loss"; about: what was tried; source: the data as the command line
    takes them, DATA where they came from Python.
    """

    data: str
    by: str
    score_name: str
    settings: tuple[SettingLine, ...]
    best: dict[str, Any]
    simplest: dict[str, Any]
    chance_not_best: Number
    optimism: Optimism | None
    seconds: dict[str, float]
    about: str
    source: tuple[str, ...]

    @property
    def chance(self) -> str:
        """The chance that another setting is better, "" if unknown."""
        if self.chance_not_best is None:
            return ""
        return "below 1 %" if self.chance_not_best < 0.01 else f"{100 * self.chance_not_best:.0f} %"


class CurveLine(Kept):
    """A value of the one field that a search varied, with means and intervals on training and held-out rows."""

    value: Any
    train: tuple[float, float, float]
    valid: tuple[float, float, float]
    best: bool


def read_verdict(folder: Path) -> Verdict | None:
    """The verdict on a run; None where nobody asked for it. InputError where it is damaged."""
    path = folder / VERDICT
    if not path.exists():
        return None
    return _checked(Verdict, _json(path), path, "Run 'goodfit verdict' again.")


def read_search(folder: Path) -> Search:
    """The result of a search that is done; InputError for anything else."""
    path = folder / SELECTION
    if not path.exists():
        if (folder / SEARCH).exists():
            fix = f"Finish it with: goodfit select --resume {folder}"
            raise InputError(problem(str(folder), "must be a search that is done; this one is not", fix=fix))
        fix = "Give the folder that 'goodfit select' wrote."
        raise InputError(problem(str(folder), f"must be the folder of a search; it has no {SELECTION}", fix=fix))
    found = _json(path)
    begun = _json(folder / SEARCH) if (folder / SEARCH).exists() else {}
    try:
        lines = [_setting(line) for line in found["settings"]]
        names = {name for _, name in lines}
        call = begun.get("call") or {}
        made = {
            **found,
            "settings": [line for line, _ in lines],
            "score_name": names.pop(),
            "about": begun.get("about", ""),
            "source": table_words(call["table"]) if "table" in call else (call.get("data", "DATA"),),
        }
        if names or not lines:
            raise ValueError(names)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _damaged(path, "Run 'goodfit select' again.") from error
    return _checked(Search, made, path, "Run 'goodfit select' again.")


def _setting(line: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The line, its fields apart, and the name of its score: fields stand after the rank, and the score after them."""
    names = list(line)
    score = names[names.index("low") - 1]
    fields = {name: line[name] for name in names[1 : names.index(score)]}
    rest = {name: line[name] for name in ("rank", "low", "high", "difference", "parameters")}
    return {"fields": fields, "score": line[score], "failed_folds": line["failed folds"], **rest}, score


def read_curve(folder: Path, field: str) -> list[CurveLine]:
    """The curve of a search that varied one field; [] where it has none."""
    path = folder / CURVE
    if not path.exists():
        return []
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return [_curve_line(row, field) for row in csv.DictReader(file)]
    except OSError as error:
        raise InputError(problem(str(path), f"must be readable: {error.strerror or error}")) from error
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise _damaged(path, "Run 'goodfit select' again.") from error


def _curve_line(row: dict[str, str], field: str) -> CurveLine:
    numbers = [float(text or "nan") for text in list(row.values())[1:7]]
    train, valid = (numbers[0], numbers[1], numbers[2]), (numbers[3], numbers[4], numbers[5])
    (value,) = parse(f"{field}={row[field]}")[1]  # type: ignore[misc]
    return CurveLine(value=value, train=train, valid=valid, best=row["best"] == "True")


def _json(path: Path) -> dict[str, Any]:
    try:
        found = strict_json.parse(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(problem(str(path), f"must be readable: {error.strerror or error}")) from error
    except ValueError as error:
        raise _damaged(path, "Use a copy, or write it anew.") from error
    if not isinstance(found, dict):
        raise _damaged(path, "Use a copy, or write it anew.")
    return found


_Model = TypeVar("_Model", bound=Kept)


def _checked(model: type[_Model], found: dict[str, Any], path: Path, fix: str) -> _Model:
    try:
        return model(**found)
    except ValidationError as error:
        raise _damaged(path, fix) from error


def _damaged(path: Path, fix: str) -> InputError:
    return InputError(problem(str(path), "must be what goodfit wrote there, but it is damaged", fix=fix))
