"""A score as JSON has it: declared once, for what was written into run.json and the ledger."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from goodfit.models.error_scores import ErrorName

Share = Annotated[float, Field(ge=0, le=1)]
Spread = Annotated[float, Field(ge=0)]


Level = Annotated[float, Field(gt=0, lt=1)]
Rows = Annotated[int, Field(ge=0, le=2**53)]
Effective = Annotated[float, Field(ge=1, le=2**53)]


class _Checked(BaseModel):
    """Nothing is converted, and what is not known is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class ErrorFields(_Checked):
    """The fields of `ErrorScore`; None for a number that was not finite, and where there is none."""

    name: ErrorName
    value: Spread | None
    low: Spread | None
    high: Spread | None
    level: Level
    rows: Rows
    method: str
    basis: Spread | None = None
    skew: float | None = None
    kept: tuple[tuple[Level, Spread, Spread], ...] = ()
    effective: Effective | None = None

    @model_validator(mode="after")
    def _whole(self) -> Self:
        """An interval can be made of what it says that it was made of."""
        if (self.basis is None) != (self.skew is None) or (self.basis is not None and not (self.value and self.rows)):
            raise ValueError("there is no error to make an interval of")
        return self


class ScoreFields(_Checked):
    """The fields of `Score`; None for a number that was not finite, and where there is none."""

    name: Literal["accuracy", "exact match", "R²"]
    value: float | None
    low: float | None
    high: float | None
    level: Level
    rows: Rows
    method: str
    spread: Spread | None = None
    basis: Spread | None = None
    skew: float | None = None
    errors: tuple[ErrorFields, ...] = ()
    effective: Effective | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        """A share lies in [0, 1], and an interval can be made of what it says that it was made of."""
        shares = (self.value, self.low, self.high)
        if self.name != "R²" and any(each is not None and not 0 <= each <= 1 for each in shares):
            raise ValueError("a share must be in [0, 1]")
        if self.basis is not None and (self.value is None or (self.rows < 2 and self.name == "R²")):
            raise ValueError("there is no score to make an interval of")
        if self.skew is not None and (self.basis is None or self.value is None or self.value >= 1):
            raise ValueError("there is no interval to be skewed")
        return self
