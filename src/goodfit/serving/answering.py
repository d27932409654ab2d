"""What a served model answers: predictions by class name for the rows of a request, within limits that are stated."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from goodfit import __version__, strict_json
from goodfit.data.tables.coded import CodedRows
from goodfit.data.tables.csv_file import read_csv
from goodfit.data.tables.frames import Frame
from goodfit.errors import InputError, Problems, problem
from goodfit.models.averaging import decided, mean_values
from goodfit.models.conformal import checked_coverage, conformal_of
from goodfit.models.model_file import Model
from goodfit.models.quantiles import levels_in, quantiles_together
from goodfit.plain_json import plain
from goodfit.runs.opening import model_print
from goodfit.runs.predictions import Bounds
from goodfit.serving.replies import JSON, Refused
from goodfit.serving.rows import ENTRY, WHERE, array_of_rows, frame_of_rows, rows_in

CSV = "text/csv"
MOST_INPUTS = 2**25  # numbers that the rows of one request may become: 128 MiB
MOST_OUTPUTS = 2**20  # numbers in one answer
IN_PARTS = "Send the rows in several requests; for a whole file there is 'goodfit predict'."


@dataclass(frozen=True)
class Limits:
    """Of one request.

    rows: at most
    megabytes: of its body, 10^6 bytes each; both limits are at least 1
    """

    rows: int = 10_000
    megabytes: float = 10.0

    def __post_init__(self) -> None:
        """Check both."""
        problems = Problems()
        for name, value in (("rows", self.rows), ("megabytes", self.megabytes)):
            if not 1 <= value < 2**31:
                problems.add("Limits", f"{name!r} must be from 1 to {2**31 - 1}", got=value)
        problems.raise_if_any()

    @property
    def bytes(self) -> int:
        """Of the body."""
        return round(self.megabytes * 10**6)


@dataclass(frozen=True, eq=False)
class Answering:
    """A model that answers requests, from many threads at once: nothing in it changes.

    model: what predicts; limits: of a request; coverage: of intervals or sets where a request asks for no other, None
    for none; adaptive: whether intervals are wider where errors were larger, likewise.
    """

    model: Model
    limits: Limits = Limits()
    coverage: float | None = None
    adaptive: bool = False

    def __post_init__(self) -> None:
        """InputError for a coverage that the model has no intervals or sets for."""
        if self.coverage is not None or self.adaptive:
            self.bounds(None, None)

    @cached_property
    def about(self) -> dict[str, str]:
        """What stands in every answer: the fingerprint of what predicts, as in the ledger, and goodfit's version."""
        return {"fingerprint": model_print(self.model.predicting), "goodfit": __version__}

    @cached_property
    def most_rows(self) -> int:
        """Rows of one request: the limit, or less for a model of very many inputs or outputs."""
        net = self.model.nets[0]
        return max(1, min(self.limits.rows, MOST_INPUTS // net.n_inputs, MOST_OUTPUTS // net.n_outputs))

    @property
    def accepted(self) -> tuple[str, ...]:
        """Content types of the rows."""
        return (JSON,) if self.model.preprocessing is None else (JSON, CSV)

    def bounds(self, coverage: float | None, adaptive: bool | None) -> Bounds | None:
        """What intervals or sets are made from, None where nobody asked; None as an argument: as the server was told.

        InputError where the model has none, or the coverage is none.
        """
        chosen = self.coverage if coverage is None else coverage
        wider = self.adaptive if adaptive is None else adaptive
        if wider and (chosen is None or self.model.task != "regression"):
            fix = "Give a coverage, such as 0.9, for a regression."
            raise InputError(problem(WHERE, "'adaptive' is for prediction intervals of numbers", fix=fix))
        if chosen is None:
            return None
        first, about = self.model.nets[0], self.model.about
        errors = conformal_of(about, "Model", first.task, first.n_outputs, levels_in(first))
        return Bounds(errors, checked_coverage(chosen), wider)

    def answer(
        self, body: bytes, content_type: str, coverage: float | None = None, adaptive: bool | None = None
    ) -> dict[str, Any]:
        """The answer to a request, as JSON has it. InputError and `Refused` for what cannot be answered.

        content_type: one of `accepted`.
        coverage, adaptive: as in `bounds`.
        """
        bounds = self.bounds(coverage, adaptive)
        rows = _csv_frame(body) if content_type == CSV else rows_in(_parsed(body))
        count = rows.rows if isinstance(rows, Frame) else len(rows)
        if count > self.most_rows:
            rule = f"a request must have at most {self.most_rows:,} rows"
            raise Refused(413, problem(WHERE, rule, got=count, fix=IN_PARTS))
        x, notes = self._inputs(rows)
        notes = notes if bounds is None else [*bounds.notes, *notes]
        return {"model": self.about, "predictions": self._predictions(x, bounds), "notes": notes}

    def _inputs(self, rows: Any) -> tuple[np.ndarray | CodedRows, list[str]]:
        """What the nets take, and notes on what was ignored or filled in; one InputError with every problem."""
        preprocessing, problems = self.model.preprocessing, Problems()
        if preprocessing is None:
            return array_of_rows(rows, self.model.nets[0].n_inputs), []
        frame = rows if isinstance(rows, Frame) else frame_of_rows(rows, preprocessing.columns, problems)
        try:
            x, notes = preprocessing.transform(frame, coded=True)
        except InputError as error:
            problems.found += error.problems
        problems.raise_if_any()
        return x, notes

    def _predictions(self, x: np.ndarray | CodedRows, bounds: Bounds | None) -> list[dict[str, Any]]:
        """One a row: the prediction, of a classifier every probability by the name of its class, and where they were
        asked for the interval, or the set.
        """
        values = mean_values(self.model.predicting, x)
        rows = list(self._plain(values))
        if bounds is not None and self.model.task == "regression":
            around = values if self.model.nets[0].head is None else quantiles_together(self.model.predicting, x)
            ends = plain(bounds.errors.intervals(around, bounds.coverage, adaptive=bounds.adaptive).tolist())
            rows = [{**row, "interval": self._by_target(own)} for row, own in zip(rows, ends, strict=True)]
        elif bounds is not None:
            held = bounds.errors.sets(values, bounds.coverage)
            names = np.array(self.model.classes, object)
            rows = [{**row, "set": names[own].tolist()} for row, own in zip(rows, held, strict=True)]
        return rows

    def _plain(self, values: np.ndarray) -> Iterable[dict[str, Any]]:
        task, classes = self.model.task, self.model.classes
        chosen = decided(task, values).tolist()
        for row, numbers in zip(chosen, values.tolist(), strict=True):
            if task == "regression":
                yield {"prediction": self._by_target(numbers)}
                continue
            names = classes[row] if task == "classification" else [classes[at] for at, yes in enumerate(row) if yes]
            yield {"prediction": names, "probabilities": dict(zip(classes, numbers, strict=True))}

    def _by_target(self, values: list[Any]) -> Any:
        """What each target has: one value alone, several by name, or as a list where they have no names."""
        if len(values) == 1:
            return values[0]
        return dict(zip(self.model.targets, values, strict=True)) if self.model.targets else values


def _parsed(body: bytes) -> Any:
    """The JSON value of a body; refused with 400 where it is none, NaN and Infinity included."""
    try:
        return strict_json.parse(body.decode("utf-8"))
    except ValueError as error:  # UnicodeDecodeError and JSONDecodeError are such
        said = "it is not text in UTF-8" if isinstance(error, UnicodeError) else str(error)
        fix = f'For example: {{"{ENTRY}": [...]}}. Write null for a value that is missing.'
        raise Refused(400, problem(WHERE, f"the body must be JSON: {said}", fix=fix)) from None


def _csv_frame(body: bytes) -> Frame:
    frame = read_csv(WHERE, body)
    if not frame.rows:
        raise Refused(422, problem(WHERE, "the CSV must have at least one row below the header"))
    return frame
