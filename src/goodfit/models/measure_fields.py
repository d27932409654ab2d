"""Measures as JSON has them: declared once, for what was written into run.json."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from goodfit.models.score_fields import Level, Rows

Count = Annotated[int, Field(ge=0, le=2**53)]


class _Checked(BaseModel):
    """Nothing is converted, and what is not known is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class MeasureFields(_Checked):
    """The fields of `Measure`; None for a number that was not finite."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    baseline: float | None
    method: str
    of: str = ""


class MeasuresFields(_Checked):
    """The fields of `Measures`."""

    task: Literal["classification", "multilabel", "regression"]
    rows: Rows
    level: Level
    measures: tuple[MeasureFields, ...]
    classes: tuple[str, ...] = ()
    positive: str = ""
    majority: str = ""
    confusion: tuple[tuple[Count, ...], ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _square(self) -> Self:
        """A confusion matrix has a row and a column for each class, and a positive class has its precision."""
        sizes = {len(self.confusion), *map(len, self.confusion)}
        if self.confusion and sizes != {len(self.classes)}:
            raise ValueError("a confusion matrix has a row and a column for each class")
        if self.positive and "average precision" not in {each.name for each in self.measures}:
            raise ValueError("a positive class has an average precision")
        return self
