"""What stands in run.json beside the run itself: where its rows came from, what it gave, and what it went on from."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from goodfit.data.split import Part
from goodfit.data.tables.kinds import Kind
from goodfit.data.tables.targets import TableTask
from goodfit.models.measure_fields import MeasuresFields
from goodfit.models.score_fields import ScoreFields

PARTS = {"valid": "validation", "test": "test"}
LARGEST = 2**53  # of a count or a time: larger ones are not exact as JSON's numbers


class Checked(BaseModel):
    """What stands in run.json. Nothing is converted, and what is not known is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class StreamDivision(Checked):
    """How the rows of a file that was read in parts were divided: shares, as `goodfit.data.split` takes them, and how
    many rows trained.
    """

    valid: Annotated[float, Field(ge=0, lt=1)]
    test: Annotated[float, Field(ge=0, lt=1)]
    seed: Annotated[int, Field(ge=0)]
    train: Annotated[int, Field(ge=1, le=LARGEST)]


class TableOrigin(Checked):
    """The table file that a run was begun with, and the choices made for it, as `read_table` takes them."""

    path: Annotated[str, Field(min_length=1)]
    target: str | Annotated[tuple[str, ...], Field(min_length=2)]
    ids: tuple[str, ...]
    task: TableTask
    kinds: dict[str, Kind]
    group: str | None = None
    time: str | None = None
    weight: str | None = None
    ordered: dict[str, tuple[str, ...]] | None = None
    test: Annotated[float, Field(ge=0, lt=1)] | Annotated[str, Field(min_length=1)] | None = None
    """The share of the rows that is sealed, or the path of the test file; None where nothing was asked for."""
    stream: StreamDivision | None = None
    """Of rows that were not in memory; None for others."""


class EnsembleMember(Checked):
    """A setting of an ensemble: how often it counts, its share of all, its loss out of fold, the round that it is from,
    and the fields in which its recipe differs from the default one.
    """

    count: Annotated[int, Field(ge=1, le=LARGEST)]
    share: Annotated[float, Field(ge=0, le=1)]
    loss: float
    stage: Literal["default", "short", "whole"]
    fields: dict[str, Any]


class EnsembleFacts(Checked):
    """What a model file tells of how `goodfit.fit` chose and weighed its nets; see docs/fit.md.

    loss: what is minimised; seed, epochs: of the default recipe, as it was trained; default_epochs: as many as it has
    where there is time, not in older files; seconds, spent: given, and spent on training; rounds,
    settings, nets: how many were trained; temperature: by which logits were divided; nested, chosen, default: mean
    losses by the nested choice, of the ensemble on the rows that chose it, of the default; gain: of the first over
    the last with the ends of its interval; groups: over how many that is, None where it is over rows; half: the
    nested loss after the first half of the rounds, without temperature, and later: the gain of the second half, where
    there are enough rounds; sentences: what it comes to.
    """

    loss: str
    seed: Annotated[int, Field(ge=0, le=LARGEST)]
    epochs: Annotated[int, Field(ge=1, le=LARGEST)]
    default_epochs: Annotated[int, Field(ge=1, le=LARGEST)] | None = None
    seconds: Annotated[float, Field(ge=0, le=LARGEST)]
    spent: Annotated[float, Field(ge=0, le=LARGEST)]
    rounds: Annotated[int, Field(ge=1, le=LARGEST)]
    settings: Annotated[int, Field(ge=1, le=LARGEST)]
    nets: Annotated[int, Field(ge=1, le=LARGEST)]
    temperature: Annotated[float, Field(gt=0)]
    nested: float
    chosen: float
    default: float
    gain: Annotated[list[float], Field(min_length=3, max_length=3)]
    members: Annotated[list[EnsembleMember], Field(min_length=1)]
    groups: Annotated[int, Field(ge=1, le=LARGEST)] | None = None
    half: float | None = None
    later: Annotated[list[float], Field(min_length=3, max_length=3)] | None = None
    sentences: list[str]


class SealedRows(Checked):
    """Test rows that were not opened: how many, and what opens them."""

    rows: Annotated[int, Field(ge=0, le=LARGEST)]
    open: str


class RunResults(BaseModel):
    """What `goodfit train --json` prints, as far as a run is loaded from it; the rest is kept as it is."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True, allow_inf_nan=False)

    scores: dict[Part, ScoreFields]
    measures: dict[Part, MeasuresFields] = Field(default_factory=dict)  # older runs have none
    seconds: dict[str, Annotated[float, Field(ge=0, le=LARGEST)]]
    epochs: Annotated[int, Field(ge=0, le=LARGEST)]
    sealed: SealedRows | None = None


class StartRecord(Checked):
    """What run.json says of the start.

    source: where the nets came from: a folder or file, or how they were given; fingerprint: a digest of all that they
    predict by; nets: how many there are; optimizer: whether the optimiser's state was taken over, and note: what became
    of it, in words; seen: part -> how many of its held-out rows the nets had known before; None where that is unknown.
    """

    source: str
    fingerprint: str
    nets: Annotated[int, Field(ge=1, le=LARGEST)]
    optimizer: bool
    note: str
    seen: dict[Literal["valid", "test"], Annotated[int, Field(ge=0, le=LARGEST)]] | None = None

    def note_on(self, part: Literal["valid", "test"]) -> tuple[str, ...]:
        """What is to be said beside a score of the run's own rows; () where its start had known none of them."""
        count = 0 if self.seen is None else self.seen.get(part, 0)
        note = f"The nets that the run went on from knew {count:,} of these rows: the score may be optimistic."
        return (note,) if count else ()

    def __str__(self) -> str:
        """One line."""
        nets = "1 net" if self.nets == 1 else f"{self.nets} nets"
        text = (
            f"Started from {self.source} ({nets}, fingerprint {self.fingerprint[:12]}). Optimiser state: {self.note}."
        )
        if self.seen is None:
            why = "that was not checked, or its training rows are not known"
            return f"{text} It is unknown whether it was trained on held-out rows: {why}."
        known = [f"{count:,} rows of the {PARTS[part]} set" for part, count in self.seen.items() if count]
        return f"{text} It knew {' and '.join(known)}, which are not held out." if known else text
