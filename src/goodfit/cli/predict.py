"""`goodfit predict`."""

import sys
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from goodfit.cli.exits import say
from goodfit.errors import InputError, problem

if TYPE_CHECKING:
    from goodfit.runs import PredictionStream

OF_JSON = (".json", ".jsonl", ".ndjson")
OF_OTHERS = (".parquet", ".feather", ".arrow", ".npz", ".npy", ".xlsx", ".xls", ".gz", ".zip")


def predict(
    run: Annotated[Path, Parameter(help="Folder of a run or a search, or a model file.")],
    data: Annotated[
        str,
        Parameter(
            help="A data set, a table file (.csv, .parquet, ...), a folder of Parquet files, or - for CSV from stdin.",
            allow_leading_hyphen=True,
        ),
    ],
    /,
    *,
    out: Annotated[Path | None, Parameter(help="File to write. [default: stdout]")] = None,
    keep: Annotated[
        list[str] | None,
        Parameter(help="Column of the table to copy to the output. Repeatable.", negative=(), metavar="COLUMN"),
    ] = None,
    coverage: Annotated[
        float | None,
        Parameter(
            help="Add prediction intervals (low, high) or sets of classes that hold this share of new rows: 0.9."
        ),
    ] = None,
    adaptive: Annotated[
        bool, Parameter(help="Make intervals wider where errors at such predictions were larger.", negative=())
    ] = False,
    json: Annotated[bool, Parameter(help="Write one JSON object per row instead of CSV.", negative=())] = False,
    strict: Annotated[
        bool, Parameter(help="Fail if any value cannot be read; otherwise such rows get no prediction.", negative=())
    ] = False,
    quiet: Annotated[bool, Parameter(help="Show no progress.", negative=())] = False,
) -> None:
    """Write the predictions of a run or a model file for a data set or a table as CSV or JSON."""
    from goodfit.cli.progress import watch
    from goodfit.files import write_atomically
    from goodfit.runs import PredictionStream

    _check_name(out, json=json)
    with watch(quiet=quiet) as watcher:
        stream = PredictionStream(
            run,
            data,
            strict=strict,
            keep=keep or (),
            coverage=coverage,
            adaptive=adaptive,
            data_progress=watcher.step,
        )
        texts = _texts(stream, json=json)
        begun = chain([next(texts)], texts)  # data are found by now: what shows that would take stdout for its own
    if out is None:
        for text in _checked(begun) if strict else begun:
            sys.stdout.write(text)
    else:
        write_atomically(out, lambda file: file.writelines(text.encode() for text in begun))
    for note in () if quiet else stream.notes:
        say(f"Note: {note}")
    for warning in stream.warnings:  # a file with gaps is worth a word in any case
        say(f"Warning: {warning}")
    if out is not None:
        say(f"Predictions: {out}")


def _check_name(out: Path | None, *, json: bool) -> None:
    """InputError where the name of a file tells of another form than is written into it."""
    ending = "" if out is None else out.suffix.lower()
    as_json = ending in OF_JSON and not json
    if as_json or ending in OF_OTHERS:
        rule = f"'--out' is written as {'lines of JSON' if json else 'CSV'}, so its name must not end in {ending}"
        fix = f"{'Add --json, or name' if as_json else 'Name'} it {'.jsonl' if json else '.csv'}."
        raise InputError(problem("Command line", rule, got=str(out), fix=fix))


def _checked(texts: Iterable[str]) -> Iterator[str]:
    """The same, once all of it is there: nothing is written of what fails at the end. A file holds what is much."""
    from tempfile import SpooledTemporaryFile

    with SpooledTemporaryFile(max_size=2**24, mode="w+", encoding="utf-8", newline="") as file:
        file.writelines(texts)
        file.seek(0)
        yield from file


def _texts(stream: "PredictionStream", *, json: bool) -> Iterator[str]:
    """The output, part by part."""
    from goodfit.runs.predictions import csv_header, csv_rows, json_rows

    first = 0
    for place, (found, kept) in enumerate(stream):
        if not json and not place:  # the first part may have no rows
            yield csv_header(found, stream.keep)
        kept_or_none = kept if stream.keep else None
        yield (json_rows if json else csv_rows)(found, first, kept_or_none)
        first += len(found.values)
