"""Table files on the command line: the flags for them, and what is printed of their columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Group, Parameter

from goodfit.cli.exits import say
from goodfit.errors import InputError, Problems, problem

if TYPE_CHECKING:
    from rich.console import Console

    from goodfit.data import Table
    from goodfit.data.tables import Leak, Survey, SurveyedColumn

_GROUP = Group("Table", sort_key=50)
Data = Annotated[
    str | None, Parameter(help="A data set, a table file (.csv, .parquet, ...), or a folder of Parquet files.")
]
Leaks = Annotated[
    str,
    Parameter(help="Leakage check before training: warn, error (thorough, refuses to train) or off.", metavar="NAME"),
]
Stream = Annotated[
    bool | None,
    Parameter(
        help="Read the rows of a table file in parts, from disk in every epoch, or not. [default: if it may take more "
        "than half of the machine's memory]",
        group=_GROUP,
        negative="--no-stream",
    ),
]


def _flag(help: str, metavar: str = "NAME") -> Parameter:
    return Parameter(help=help, group=_GROUP, negative=(), metavar=metavar)


@dataclass(frozen=True)
class TableFlags:
    """The flags of a table file, as given."""

    target: Annotated[
        list[str] | None, _flag("Target column. Repeatable, for several numbers that one net predicts together.")
    ] = None
    id: Annotated[
        list[str] | None,
        _flag("Columns to leave out: ids, names, free text, what is unknown when predicting. Repeatable.", "NAME,…"),
    ] = None
    kind: Annotated[
        list[str] | None,
        _flag("Type of a column, if detected wrongly: numeric, categorical, boolean or date. Repeatable.", "NAME=KIND"),
    ] = None
    task: Annotated[str | None, _flag("classification or regression. [default: detected]")] = None
    group: Annotated[
        str | None,
        _flag("Group column, such as a person or a machine: a group is never split. Not used as a feature."),
    ] = None
    time: Annotated[
        str | None, _flag("Time column: validation and test sets are the latest rows. Not used as a feature.")
    ] = None
    weight: Annotated[
        str | None,
        _flag("Weight column, >= 0: how much each row counts in the loss and in scores. Not used as a feature."),
    ] = None
    ordered: Annotated[
        list[str] | None,
        _flag("Categories in order, for one feature: 'size=small<medium<large'. Repeatable.", "NAME=A<B<..."),
    ] = None
    test: Annotated[
        str | None,
        _flag(
            "Test set to seal: a fraction of the rows, 0 for none, or a table file of its own. [default: 0.2]",
            "SHARE|FILE",
        ),
    ] = None


FLAGS = tuple(f"--{each.name}" for each in fields(TableFlags))
Flags = Annotated[TableFlags | None, Parameter(name="*")]
COLUMNS = ("column", "kind", "remark", "distinct", "missing")


def is_table(data: str) -> bool:
    """Whether this names a table file, and no data set of goodfit's own."""
    from goodfit.data import names
    from goodfit.data.tables import is_table_path

    return data not in names() and is_table_path(data)


def choices(given: TableFlags | None) -> dict[str, Any]:
    """The flags as parameters of `read_table`, those that were used."""
    used = {name: value for name, value in vars(given or TableFlags()).items() if value is not None}
    if "target" in used:
        used["target"] = one_or_several(used["target"])
    if "id" in used:
        from goodfit.data.tables import split_names

        used["ids"] = split_names(used.pop("id"))
    if "kind" in used:
        used["kinds"] = kinds_of(used.pop("kind"))
    if "ordered" in used:
        from goodfit.data.tables.ordered import orders_of

        used["ordered"] = orders_of(used["ordered"])
    if "test" in used:
        used["test"] = _share_or_file(used["test"])
    return used


def one_or_several(names: list[str] | None) -> str | list[str] | None:
    """What --target named: one column as its name, several as a list, None where there is none."""
    return names[0] if names and len(names) == 1 else names


def _share_or_file(text: str) -> float | str:
    """What --test names: a number where it is one, whatever its size, or else a path."""
    try:
        return float(text)
    except ValueError:
        return text


def known_data(data: str | None, table: TableFlags | None, *, stream: bool = False) -> str | Table:
    """The name of the data set, checked before anything is loaded, or the table that a file holds.

    stream: whether its rows are read in parts.
    """
    if data is None:
        fix = "Name a data set (see 'goodfit data list') or a table file."
        raise InputError(problem("Command line", "'DATA' must be given", fix=fix))
    from goodfit.data import describe

    if is_table(data):
        from goodfit.data import read_table

        return read_table(data, **choices(table), stream=stream)
    name = describe(data).name
    if table is not None:
        rule = f"{', '.join(FLAGS)} are for table files only; {name!r} is a built-in data set"
        raise InputError(problem("Command line", rule, fix="Omit them."))
    return name


def kinds_of(texts: Sequence[str]) -> dict[str, str]:
    """Column -> kind, from texts NAME=KIND; a name may hold an equals sign."""
    problems, found = Problems(), {}
    for text in texts:
        name, equals, kind = text.rpartition("=")
        if not equals or not name or name in found:
            rule = "'--kind' must be NAME=KIND, once per column"
            problems.add("Command line", rule, got=text, fix="For example, --kind zip=categorical.")
        found[name] = kind
    problems.raise_if_any()
    return found


def tell_table(table: Table, *, quiet: bool) -> None:
    """What a table was taken for, on stderr."""
    from goodfit.cli.output import console

    if not quiet:
        rows = f"{len(table):,} rows"
        if table.stream is not None and table.stream.is_sampled:
            rows = f"in a sample of {len(table.stream.numbers):,} of {rows}"
        _print_columns(console(stderr=True), f"{table.name}, {rows}", table.columns)
        for note in table.notes:
            say(f"Note: {note}")
        say("")


def show_table(path: str, chosen: dict[str, Any], *, json: bool) -> None:
    """The columns of a table file on stdout; what stands in the way of a training, on stderr."""
    from goodfit.cli.output import console, print_json
    from goodfit.data.tables import look

    found = look(path, **chosen)
    if json:
        print_json(survey_record(found))
    else:
        _print_columns(console(), f"{path}, {found.frame.rows:,} rows", found.columns)
        for note in found.notes:
            say(f"Note: {note}")
        _warn_of_leaks(found.leaks)
    for text in found.problems:
        say(f"To fix before training: {text}")


def survey_record(found: Survey) -> dict[str, Any]:
    """What a table holds, as plain values for JSON."""
    from dataclasses import asdict

    return {
        "name": found.frame.name,
        "rows": found.frame.rows,
        "columns": [asdict(column) for column in found.columns],
        "task": None if found.target is None else found.target.task,
        "classes": [] if found.target is None else list(found.target.classes),
        "leaks": [asdict(leak) for leak in found.leaks],
        "notes": list(found.notes),
        "problems": list(found.problems),
    }


def _print_columns(to: Console, title: str, columns: Sequence[SurveyedColumn]) -> None:
    from goodfit.cli.data_tables import MOST_ROWS
    from goodfit.cli.output import print_line, table

    hidden = len(columns) - MOST_ROWS
    if hidden > 0:  # what is not simply an input is worth a line before others
        columns = sorted(columns, key=lambda column: column.role == "input")[:MOST_ROWS]
    to.print(table(title, COLUMNS, map(_row, columns), left=3))
    if hidden > 0:
        print_line(to, f"and {hidden:,} more: 'goodfit data show FILE --json' lists all.")


def _row(column: SurveyedColumn) -> tuple[str, ...]:
    kind = column.kind or column.role
    return column.name, kind, column.about, f"{column.distinct:,}", f"{column.missing:,}" if column.missing else "-"


def _warn_of_leaks(leaks: Sequence[Leak]) -> None:
    for leak in leaks:
        sort = "Warning: possible leakage" if leak.status == "issue" else "Note"
        say(f"{sort}: {leak} If it is not known at prediction time, leave it out with --id.")
