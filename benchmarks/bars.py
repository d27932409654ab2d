"""What is promised, what was measured, and whether the promise holds."""

from __future__ import annotations

from dataclasses import dataclass

MET, MISSED, NOT_JUDGED = "met", "MISSED", "quick"


@dataclass(frozen=True)
class Bar:
    """A promise. limit: the value must be at most this (at_least: at least this); aim: better still, or None.

    unit: "" for a ratio of two times, else of the value; how: how it is measured, in whole sentences.
    """

    what: str
    limit: float
    how: str
    aim: float | None = None
    at_least: bool = False
    unit: str = ""

    def holds(self, value: float, limit: float | None = None) -> bool:
        """Whether a value keeps the promise, or another limit in its sense; nan never does."""
        limit = self.limit if limit is None else limit
        return value >= limit if self.at_least else value <= limit

    @property
    def rule(self) -> str:
        """`<= 1.6`, with the unit."""
        return f"{'>=' if self.at_least else '<='} {shown(self.limit, self.unit)}"


@dataclass(frozen=True)
class Measurement:
    """One bar, measured. context: the absolute numbers behind the value, for people."""

    bar: Bar
    value: float
    context: str

    @classmethod
    def from_dict(cls, fields: dict[str, object]) -> Measurement:
        """The other way round of `dataclasses.asdict`."""
        bar, value, context = fields["bar"], fields["value"], fields["context"]
        if not (isinstance(bar, dict) and isinstance(value, float | int) and isinstance(context, str)):
            raise TypeError(f"not a measurement: {fields!r}")
        return cls(Bar(**bar), float(value), context)

    @property
    def met(self) -> bool:
        """Whether the promise holds."""
        return self.bar.holds(self.value)

    def verdict(self, quick: bool = False) -> str:
        """`met`, `met, and the aim` or `MISSED`; quick numbers are not judged."""
        if quick:
            return NOT_JUDGED
        if not self.met:
            return MISSED
        aimed = self.bar.aim is not None and self.bar.holds(self.value, self.bar.aim)
        return f"{MET}, and the aim" if aimed else MET

    def line(self, quick: bool = False) -> str:
        """Everything in one line of plain text."""
        aim = "" if self.bar.aim is None else f", aim {shown(self.bar.aim, self.bar.unit)}"
        measured = shown(self.value, self.bar.unit)
        return f"{self.verdict(quick)}: {self.bar.what}: {measured} ({self.bar.rule}{aim}); {self.context}"


def shown(value: float, unit: str = "") -> str:
    """A value with its unit: three digits, or four places of a fraction of rows or cases."""
    if unit in ("of rows", "of cases"):
        return f"{value:.4f}"
    digits = f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{digits} {unit}".rstrip()


def seconds(name: str, value: float) -> str:
    """`goodfit 0.381 s`, or in milli- or microseconds."""
    for factor, unit in ((1, "s"), (1e3, "ms")):
        if value * factor >= 0.1:
            return f"{name} {value * factor:.3g} {unit}"
    return f"{name} {value * 1e6:.3g} µs"
