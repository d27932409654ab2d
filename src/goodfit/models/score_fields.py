"""A score as JSON has it: declared once, for what was written into run.json and the ledger."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0, le=1)]
Spread = Annotated[float, Field(ge=0)]


class ScoreFields(BaseModel):
    """The fields of `Score`; None for a number that was not finite, and where there is none."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    name: Literal["accuracy", "exact match", "R²"]
    value: float | None
    low: float | None
    high: float | None
    level: Annotated[float, Field(gt=0, lt=1)]
    rows: Annotated[int, Field(ge=0, le=2**53)]
    method: str
    spread: Spread | None = None
    basis: Spread | None = None

    @model_validator(mode="after")
    def _bounded(self) -> Self:
        """A share lies in [0, 1], and an interval can be made of what it says that it was made of."""
        shares = (self.value, self.low, self.high)
        if self.name != "R²" and any(each is not None and not 0 <= each <= 1 for each in shares):
            raise ValueError("a share must be in [0, 1]")
        if self.basis is not None and (self.value is None or (self.rows < 2 and self.name == "R²")):
            raise ValueError("there is no score to make an interval of")
        return self
