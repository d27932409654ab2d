"""What came of the trainings, kept in a file: the benchmark takes long, and goes on where it was broken off."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks import pairs
from benchmarks.findings_counts import Result
from benchmarks.planted import FAULTS, Case
from goodfit.data import Split
from goodfit.inspection.advising import Advice
from goodfit.inspection.findings import Finding
from goodfit.training import Recipe

FAULT = {fault.name: fault for fault in (*FAULTS, *pairs.DEVELOPMENT, *pairs.HELD_OUT)}
NUMBERS = ("score", "after", "stuck", "frozen", "learned")


def add(file: Path, results: Iterable[Result]) -> None:
    """Append results, a line each."""
    with file.open("a", encoding="utf-8") as out:
        for result in results:
            fault = result.case.fault
            told = {
                "data": result.case.data,
                "rows": _rows(result.case),
                "fault": None if fault is None else fault.name,
                "recipe": json.loads(result.case.recipe.to_json()),
                "findings": {code: [each.status, each.text] for code, each in result.findings.items()},
                "advice": [repr(result.advice.recipe), repr(result.advice.data)],
                **{name: getattr(result, name) for name in NUMBERS},
            }
            out.write(json.dumps(told) + "\n")


def read(file: Path) -> list[Result]:
    """The results in a file; [] where there is none. Those of which the data are not known are left out."""
    if not file.exists():
        return []
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    return [_result(told) for told in lines if "rows" in told]


def _result(told: dict[str, Any]) -> Result:
    nothing: Any = None  # rows are not kept: nothing that is counted needs them
    parts: Split = nothing
    fault = None if told["fault"] is None else FAULT[told["fault"]]
    case = Case(told["data"], parts, Recipe(**told["recipe"]), fault, told["rows"])
    found = {
        code: Finding(code, status, float("nan"), float("nan"), "", text)
        for code, (status, text) in told["findings"].items()
    }
    return Result(case, found, Advice({}, {}), **{name: told[name] for name in NUMBERS})


def of_these(cases: Sequence[Case], known: Sequence[Result]) -> list[Result]:
    """The results that are of one of the cases, as these are now."""
    wanted = {_key(case) for case in cases}
    return [result for result in known if _key(result.case) in wanted]


def left(cases: Sequence[Case], known: Sequence[Result]) -> list[Case]:
    """The cases of which nothing is known yet."""
    done = {_key(result.case) for result in known}
    return [case for case in cases if _key(case) not in done]


def _key(case: Case) -> tuple[str, str, str, str]:
    return case.data, _rows(case), "" if case.fault is None else case.fault.name, case.recipe.to_json()


def _rows(case: Case) -> str:
    """A digest of the data: faults change inputs, targets or whether these are scaled, under the same name."""
    if case.rows:
        return case.rows
    data = case.parts.data
    found = hashlib.sha256(repr((data.x.shape, data.scale_targets)).encode())
    for values in (data.x, data.y):
        found.update(values.tobytes())
    return found.hexdigest()[:16]
