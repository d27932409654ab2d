"""Whether `goodfit train` reads the rows of a table file in parts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from goodfit.cli import tables
from goodfit.cli.exits import say
from goodfit.errors import InputError, problem
from goodfit.host import host_total

if TYPE_CHECKING:
    from goodfit.data import Table

SHARE = 0.5  # of the machine's memory, that a table may take without being streamed


def streamed_data(
    data: str | None,
    table: tables.TableFlags | None,
    start: Path | None,
    asked: bool | None,
    training: Callable[[], list[str]],
    *,
    quiet: bool,
) -> Table | None:
    """The table, to be read in parts; None where it is read whole, or is none.

    asked: whether it is to be; None: where it would take more than SHARE of the machine's memory, and nothing that was
    asked for needs all rows, which is then said. training: what of the training does, as errors call it.
    """
    if asked is False:
        return None
    if data is None or not tables.is_table(data):
        if asked:
            rule = "'--stream' reads the rows of a table file in parts, and the data are none"
            raise InputError(problem("Command line", rule, got=data, fix="Omit it."))
        return None
    if asked is None:
        from goodfit.data.tables.streamed import memory_of

        needed, limit = memory_of(data), SHARE * host_total()
        if start is not None or needed <= limit:
            return None
        size = f"Note: {data} may take {needed / 2**30:.0f} GB in memory, more than half of this machine's"
        whole = [*_of_table(table), *training()]
        if whole:
            say(f"{size}, and is read at once all the same: all rows are needed for {' and '.join(whole)}.")
            return None
        say(f"{size}: its rows are read in parts, as with --stream (--no-stream reads them at once).")
    from goodfit.cli.progress import watch
    from goodfit.data.tables.stream_sample import passes_told

    with watch(quiet=quiet) as watcher, passes_told(watcher.step):
        found = tables.known_data(data, table, stream=True)
    return None if isinstance(found, str) else found


def _of_table(table: tables.TableFlags | None) -> list[str]:
    """The flags of a table that cannot be had of rows that are read in parts."""
    given = tables.choices(table)
    found = [f"'--{name}'" for name in ("group", "time", "weight") if name in given]
    return [*found, "a test file"] if isinstance(given.get("test"), str) else found
