"""What a report on a run is made from: the run, and what stands in its folder. The data themselves are not read."""

import hashlib
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from goodfit import __version__
from goodfit.data import Entry, Ledger, Opening, describe, names
from goodfit.data.prints import fingerprint
from goodfit.errors import InputError, problem
from goodfit.models.whereabouts import is_search
from goodfit.reports.kept import KeptVerdict, read_verdict
from goodfit.runs import Run, describe_model, load
from goodfit.runs import record as records
from goodfit.runs.model_facts import ColumnFacts
from goodfit.runs.opening import model_print
from goodfit.training import tensor_file

PARTS: Final = ("train", "valid", "test")


@dataclass(frozen=True)
class Source:
    """All that a report tells of a run.

    entry: what is known of the data set by its name, None for others; columns: of the table that the nets take, or
    None; sizes: rows of each part; split_print: a digest of which rows they are; split_seed: that drew them;
    data_print: digest of the rows; table: path and choices of a table file, or None; versions: of what decides the
    bits, by name; began: date and time in ISO 8601, "" if unknown; openings: of the ledger, that this run made or that
    may be of its test rows; own: the numbers of those by this run's nets; same: of those of the very same rows.
    """

    run: Run
    entry: Entry | None
    columns: tuple[ColumnFacts, ...] | None
    sizes: Mapping[str, int]
    split_print: str
    split_seed: int
    data_print: str
    table: Mapping[str, Any] | None
    versions: Mapping[str, str]
    began: str
    openings: tuple[Opening, ...]
    own: frozenset[int]
    same: frozenset[int]
    verdict: KeptVerdict | None

    @property
    def where(self) -> str:
        """The run's folder as a command takes it."""
        return "RUN" if self.run.folder is None else str(self.run.folder)


def source_of(run: Run | Path, ledger: Ledger | None = None) -> Source:
    """Read everything. InputError or GoodfitError where the run is not done, or any of it or the ledger is damaged."""
    if isinstance(run, Path) and is_search(run):
        rule = "must be the folder of a run; this is a search, which keeps its winner's nets without their run"
        fix = (
            f"Train the winner: goodfit train DATA --recipe {shlex.quote(str(run))}. Then give the folder of that run."
        )
        raise InputError(problem(str(run), rule, fix=fix))
    run = run if isinstance(run, Run) else load(run)
    rows, seed = _rows(run)
    digest = hashlib.blake2b(digest_size=16)
    for part, chosen in rows.items():
        digest.update(f"{part} {chosen.astype('<i4').tobytes().hex()}".encode())
    openings, own, same = _openings(run, ledger or Ledger())
    kept = None if run.folder is None else records.RunRecord.read(run.folder)
    columns, table = _columns(run), None if kept is None else kept.origin
    goodfit, others = (__version__, records.versions_here()) if kept is None else (kept.goodfit, kept.versions)
    return Source(
        run=run,
        entry=describe(run.data_name) if columns is None and run.data_name in names() else None,
        columns=columns,
        sizes={**{part: len(chosen) for part, chosen in rows.items()}, **_streamed(table)},
        split_print=digest.hexdigest(),
        split_seed=seed,
        data_print=kept.data_print if kept is not None else _fingerprint(run),
        table=table,
        versions={"goodfit": goodfit, **others},
        began="" if kept is None else kept.started,
        openings=openings,
        own=own,
        same=same,
        verdict=None if run.folder is None else read_verdict(run.folder),
    )


def _streamed(table: Mapping[str, Any] | None) -> dict[str, int]:
    """How many rows trained, where they were not in memory."""
    return {} if table is None or "stream" not in table else {"train": table["stream"]["train"]}


def _rows(run: Run) -> tuple[Mapping[str, Any], int]:
    """The rows of each part, and the seed that divided them."""
    if run.folder is not None:
        found = tensor_file.read(run.folder / records.SPLIT, kind="split", version=records.SPLIT_FORMAT)
        return {part: found.arrays[part] for part in PARTS}, int(found.metadata["seed"])
    if run.split is None:
        fix = "Train it with out=, or report the run that 'train' returned."
        raise InputError(problem("Run", "can be reported with its folder or its split; it has neither", fix=fix))
    return {part: run.split.rows(part) for part in PARTS}, run.split.seed


def _columns(run: Run) -> tuple[ColumnFacts, ...] | None:
    if run.folder is not None:
        return describe_model(run.folder).columns
    made = None if run.split is None else run.split.data.preprocessing
    return None if made is None else tuple(ColumnFacts(each.name, each.kind, each.width) for each in made.columns)


def _fingerprint(run: Run) -> str:
    return "" if run.split is None else fingerprint(run.split.data)


def _openings(run: Run, ledger: Ledger) -> tuple[tuple[Opening, ...], frozenset[int], frozenset[int]]:
    """Lines of the ledger about this run, about rows that it opened, or else about a data set of the same name."""
    lines = ledger.openings()
    print_, folder = model_print(run.final), None if run.folder is None else str(run.folder.resolve())
    own = {line.number for line in lines if line.model == print_ or (folder is not None and line.run == folder)}
    families = {line.family for line in lines if line.number in own}
    same = {line.number for line in lines if line.family in families}
    told = same or {line.number for line in lines if line.data == run.data_name}
    return tuple(line for line in lines if line.number in told), frozenset(own), frozenset(same)
