"""What a study measured: its tables, claims and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from goodfit.errors import InputError, nearest, problem
from goodfit.figures.style import house_style
from goodfit.reports.languages import Language
from goodfit.studies.declaring import Claim, Columns, Measured, Status, Study
from goodfit.studies.estimates import Estimate
from goodfit.studies.parameters import Given
from goodfit.studies.words import Labels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_T = TypeVar("_T")


@dataclass(frozen=True)
class ClaimOutcome:
    """A claim and what was measured of it."""

    claim: Claim
    found: Estimate
    status: Status


@dataclass(frozen=True)
class StudyFindings:
    """What a study that was run measured. given: its parameters; seconds: that it took."""

    study: Study
    given: Given
    measured: Measured
    seconds: float
    _drawn: dict[tuple[str, float, Language], Figure] = field(default_factory=dict, repr=False, compare=False)

    @property
    def tables(self) -> Mapping[str, Columns]:
        """Name -> column -> values."""
        return self.measured.tables

    @property
    def claims(self) -> tuple[ClaimOutcome, ...]:
        """Every claim with its estimate and status, in the order of declaration."""
        found = self.measured.claims
        return tuple(ClaimOutcome(each, found[each.name], each.status(found[each.name])) for each in self.study.claims)

    def claim(self, name: str) -> ClaimOutcome:
        """One claim; InputError for an unknown name."""
        return _named(self.claims, [each.claim.name for each in self.claims], name, f"study {self.study.name}: claim")

    @property
    def printed(self) -> Mapping[str, Estimate]:
        """Our estimates of the numbers that the notes print."""
        return self.measured.printed

    def figure(self, name: str, width: float | None = None, language: Language = "en") -> Figure:
        """A figure, drawn once a width and language.

        name: of the figure
        width: in inches.
        language: of its texts, "en" or "zh"
        InputError for an unknown name.
        """
        drawn = self.study.figures
        drawing = _named(drawn, [each.name for each in drawn], name, f"study {self.study.name}: figure")
        wide = drawing.width if width is None else width
        if (name, wide, language) not in self._drawn:
            with house_style():
                labels = Labels(self.study.labels, language)
                self._drawn[name, wide, language] = drawing.draw(self.measured, wide, labels)
        return self._drawn[name, wide, language]

    def to_dict(self) -> dict[str, Any]:
        """All that was measured but the large tables, as JSON has it."""
        shown = [each.name for each in self.study.tables if each.shown]
        return {
            "study": self.study.name,
            "section": self.study.section,
            "parameters": self.given.to_dict(),
            "claims": [
                {
                    "claim": each.claim.name,
                    "statement": each.claim.statement.en,
                    "quantity": each.claim.quantity.en,
                    "limit": each.claim.limit,
                    "status": each.status,
                    **each.found.to_dict(),
                }
                for each in self.claims
            ],
            "printed": [
                {"what": each.what.en, "notes": each.value, **self.printed[each.name].to_dict()}
                for each in self.study.printed
            ],
            "tables": {name: {column: list(values) for column, values in self.tables[name].items()} for name in shown},
            "seconds": self.seconds,
        }


def _named(among: Sequence[_T], names: list[str], name: str, where: str) -> _T:
    if name not in names:
        raise InputError(problem(where, "the name must be a known one", got=name, fix=nearest(name, names)))
    return among[names.index(name)]
