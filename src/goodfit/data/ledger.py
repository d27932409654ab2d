"""The ledger: every opening of sealed rows, in one SQLite file of the project. Lines are added, never changed.

An opening is written before its score is computed, and the score before it is shown, so that none can be lost by a
crash. SQLite's rollback journal is used, since its write-ahead log is not for network folders.
"""

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from goodfit import strict_json
from goodfit.data.prints import RowSet
from goodfit.errors import GoodfitError, InputError, problem
from goodfit.files import write_error

VARIABLE = "GOODFIT_LEDGER"
FOLDER, FILE = ".goodfit", "ledger.sqlite"
FORMAT = 1
APPLICATION = 0x67664C31  # "gfL1", by which SQLite files of others are told apart
PATIENCE = 30.0  # seconds that another process may write
LEAST_OVERLAP = 0.01  # of the smaller of two sets of rows, from which on their openings count together
SCHEMA = (
    "CREATE TABLE row_sets (digest TEXT PRIMARY KEY, rows INTEGER NOT NULL, whole INTEGER NOT NULL, "
    "kept BLOB NOT NULL)",
    "CREATE TABLE openings (number INTEGER PRIMARY KEY, time TEXT NOT NULL, data TEXT NOT NULL, "
    "row_set TEXT NOT NULL REFERENCES row_sets, model TEXT NOT NULL, run TEXT, kind TEXT NOT NULL, "
    "nth INTEGER NOT NULL)",
    "CREATE TABLE scores (number INTEGER PRIMARY KEY REFERENCES openings, score TEXT NOT NULL)",
    *(
        f"CREATE TRIGGER {table}_{act} BEFORE {act} ON {table} BEGIN SELECT RAISE(ABORT, 'lines are only added'); END"
        for table in ("row_sets", "openings", "scores")
        for act in ("UPDATE", "DELETE")
    ),
)
Kind = Literal["score", "curve", "compare", "calibrate"]
_FIELDS = ("number", "time", "data", "rows", "row_set", "model", "run", "kind", "nth", "score")  # of an Opening
_CLOSED = "No test set is opened until the ledger can be written."


@dataclass(frozen=True)
class Opening:
    """A line of the ledger.

    number: from 1
    time: UTC, ISO 8601, never before that of an earlier line
    data: name
    rows: how many were opened
    row_set: their digest
    model: digest of what was scored
    run: its folder or None
    kind: "score", "curve" where the rows were scored in every epoch of a training, "compare" where models were compared
    row by row, "calibrate" where probabilities were held beside them
    nth: how many different openings of these rows there were then, this one counted
    score: as `Score.to_dict` gives it; None for a curve, and if the work ended before the score.
    of: how many different openings of these rows there are by now
    again: whether an earlier line has the same model and rows
    family: a number that openings share whose rows overlap, directly or through others.
    """

    number: int
    time: str
    data: str
    rows: int
    row_set: str
    model: str
    run: str | None
    kind: str
    nth: int
    score: Mapping[str, Any] | None = None
    of: int = 1
    again: bool = False
    family: int = 0


@dataclass(frozen=True)
class Begun:
    """An opening that is recorded, and not scored yet.

    again: whether the same model was scored on the very same rows before, so that nothing new is looked at; seen: the
    share of the rows that were opened before, from 0 to 1.
    """

    number: int
    nth: int
    again: bool
    seen: float


def ledger_path() -> Path:
    """The ledger of the project: GOODFIT_LEDGER, or `.goodfit/ledger.sqlite` in this folder or the nearest above.

    Where no folder above has a `.goodfit`, it is to be made in the current one.
    """
    if chosen := os.environ.get(VARIABLE):
        return Path(chosen)
    here = Path.cwd()
    home = next((folder for folder in (here, *here.parents) if os.path.exists(folder / FOLDER)), here)
    return home / FOLDER / FILE


@dataclass(frozen=True)
class Ledger:
    """One ledger file; it is made with the first opening. Several processes may use it at the same time.

    GoodfitError where another process holds it for longer than `patience` seconds, or the disk is full; InputError
    where it cannot be written, is damaged, is no ledger, or is one of a newer goodfit.
    """

    path: Path = field(default_factory=ledger_path)  # the file; `ledger_path` says which one is the project's
    patience: float = PATIENCE  # seconds to wait for another process

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", Path(self.path))

    def begin(self, data: str, rows: RowSet, model: str, run: str | None = None, kind: Kind = "score") -> Begun:
        """Record an opening. It is on the disk when this returns.

        data: name of the data set
        rows: the rows that are opened, by their content
        model: digest of what is scored
        run: its folder, None where there is none
        kind: what the rows are opened for, as in `Opening`
        """
        with self._writing() as file:
            earlier = _openings(file)
            sets = _row_sets(file)
            family = _families({**sets, rows.digest: rows})
            before = [each for each in earlier if family[each.row_set] == family[rows.digest]]
            looks = {(each.model, each.row_set) for each in before}
            again = (model, rows.digest) in looks
            nth = len(looks | {(model, rows.digest)})
            now = max([datetime.now(UTC).isoformat(timespec="microseconds"), *(each.time for each in earlier[-1:])])
            if rows.digest not in sets:
                kept = rows.kept.astype("<u8").tobytes()
                file.execute("INSERT INTO row_sets VALUES (?, ?, ?, ?)", (rows.digest, rows.rows, rows.whole, kept))
            line = (now, data, rows.digest, model, run, kind, nth)
            names = "time, data, row_set, model, run, kind, nth"
            added = file.execute(f"INSERT INTO openings ({names}) VALUES (?, ?, ?, ?, ?, ?, ?)", line)
            seen = rows.seen([sets[each.row_set] for each in before])
            return Begun(int(added.lastrowid or 0), nth, again, seen)

    def count(self, rows: RowSet) -> int:
        """How many different openings of these rows there are, or of others that overlap; 0 without a ledger."""
        if not os.path.lexists(self.path):
            return 0
        with self._opened("rw") as file:
            file.execute("BEGIN")
            if not self._is_ledger(file):
                return 0
            family = _families({**_row_sets(file), rows.digest: rows})
            lines = [line for line in _openings(file) if family[line.row_set] == family[rows.digest]]
            return len({(line.model, line.row_set) for line in lines})

    def finish(self, number: int, score: Mapping[str, Any]) -> None:
        """Add the score of an opening, before it is shown.

        number: of the line, as in `Opening`
        score: as `Score.to_dict` gives it
        """
        with self._writing() as file:
            file.execute("INSERT INTO scores VALUES (?, ?)", (number, json.dumps(dict(score), allow_nan=False)))

    def openings(self) -> list[Opening]:
        """All openings, newest last; none where there is no ledger yet."""
        if not os.path.lexists(self.path):
            return []
        with self._opened("rw") as file:
            file.execute("BEGIN")
            if not self._is_ledger(file):
                return []
            lines, family = _openings(file), _families(_row_sets(file))
            looks: dict[int, dict[tuple[str, str], int]] = {}  # family -> (model, rows) -> number of the first line
            for line in lines:
                looks.setdefault(family[line.row_set], {}).setdefault((line.model, line.row_set), line.number)
            firsts = {number for group in looks.values() for number in group.values()}
            return [
                replace(line, of=len(looks[group]), family=group, again=line.number not in firsts)
                for line, group in ((line, family[line.row_set]) for line in lines)
            ]

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that nobody else can write beside."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise write_error(self.path.parent, error) from error
        with self._opened("rwc") as file:
            file.execute("BEGIN IMMEDIATE")
            if not self._is_ledger(file):
                for statement in (*SCHEMA, f"PRAGMA application_id = {APPLICATION}", f"PRAGMA user_version = {FORMAT}"):
                    file.execute(statement)
            yield file
            file.execute("COMMIT")

    @contextmanager
    def _opened(self, mode: str) -> Iterator[sqlite3.Connection]:
        """The file; what SQLite complains about, as an error with a fix. What is not committed is undone."""
        if os.path.isdir(self.path):
            raise InputError(problem(str(self.path), "must be the file of the ledger; it is a folder", fix=_CLOSED))
        if os.path.exists(self.path) and not os.path.isfile(self.path):
            rule = "must be the file of the ledger; it is not a regular file"
            raise InputError(problem(str(self.path), rule, fix=_CLOSED))
        try:
            address = f"{self.path.absolute().as_uri()}?mode={mode}"
            with closing(sqlite3.connect(address, uri=True, timeout=self.patience, isolation_level=None)) as file:
                file.execute("PRAGMA synchronous = EXTRA")
                yield file
        except sqlite3.Error as error:
            raise self._trouble(error) from error
        except (ValueError, TypeError, KeyError, IndexError) as error:
            if isinstance(error, InputError):
                raise
            raise self._damaged() from error

    def _is_ledger(self, file: sqlite3.Connection) -> bool:
        """Whether it is one; False for an empty file. InputError for another file, or a newer version."""
        (application,) = file.execute("PRAGMA application_id").fetchone()
        (version,) = file.execute("PRAGMA user_version").fetchone()
        (tables,) = file.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if not (application or version or tables):
            return False
        if application != APPLICATION:
            rule = "must be a ledger of goodfit; it is another SQLite file"
            raise InputError(problem(str(self.path), rule, fix=f"Name another file with {VARIABLE}. {_CLOSED}"))
        if version != FORMAT:
            rule = f"must be a ledger of format {FORMAT}, the newest that this goodfit knows"
            raise InputError(problem(str(self.path), rule, got=version, fix=f"Update goodfit. {_CLOSED}"))
        return True

    def _trouble(self, error: sqlite3.Error) -> GoodfitError:
        """What SQLite could not do, in the words of goodfit."""
        code, where = getattr(error, "sqlite_errorcode", 0) & 0xFF, str(self.path)
        if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            rule = f"the ledger was held by another process for more than {self.patience:g} s"
            return GoodfitError(problem(where, rule, fix=f"Try again when that process has ended. {_CLOSED}"))
        if code in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR):
            rule = f"the ledger could not be written: {error}"
            return GoodfitError(problem(where, rule, fix=f"Free some space and try again. {_CLOSED}"))
        if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH):
            fix = f"Make the file and its folder writable, or name another with {VARIABLE}. {_CLOSED}"
            return InputError(problem(where, f"the ledger must be readable and writable: {error}", fix=fix))
        return self._damaged()

    def _damaged(self) -> InputError:
        fix = f"Restore a backup, or move it away to start a new ledger. {_CLOSED}"
        return InputError(problem(str(self.path), "must be a ledger of goodfit, but it is damaged", fix=fix))


def _openings(file: sqlite3.Connection) -> list[Opening]:
    columns = ", ".join(("o.number", *_FIELDS[1:]))
    tables = "openings o JOIN row_sets r ON r.digest = o.row_set LEFT JOIN scores s ON s.number = o.number"
    lines = file.execute(f"SELECT {columns} FROM {tables} ORDER BY o.number").fetchall()
    return [_opening(dict(zip(_FIELDS, line, strict=True))) for line in lines]


def _opening(line: dict[str, Any]) -> Opening:
    """A line as it was written; ValueError for one that holds anything else, which SQLite does not refuse."""
    texts = [line[name] for name in ("time", "data", "row_set", "model", "kind")]
    texts += [line[name] for name in ("run", "score") if line[name] is not None]
    if not all(isinstance(text, str) for text in texts) or line["kind"] not in get_args(Kind):
        raise ValueError("a line must hold texts")
    if any(type(line[name]) is not int or line[name] < least for name, least in (("rows", 0), ("nth", 1))):
        raise ValueError("a line must hold counts")
    score = None if line["score"] is None else strict_json.parse(line["score"])
    if not isinstance(score, dict | None):
        raise ValueError("a score must be an object")
    return Opening(**{**line, "score": score})


def _row_sets(file: sqlite3.Connection) -> dict[str, RowSet]:
    found = file.execute("SELECT digest, rows, whole, kept FROM row_sets").fetchall()
    sets: dict[str, RowSet] = {}
    for digest, rows, whole, kept in found:
        if not isinstance(digest, str) or type(rows) is not int or rows < 0 or not isinstance(kept, bytes):
            raise ValueError("a set of rows must hold a digest, a count and prints")
        prints = np.frombuffer(kept, "<u8").astype(np.uint64)
        if whole not in (0, 1) or (prints[1:] <= prints[:-1]).any() or (rows and not len(prints)):
            raise ValueError("prints must rise")
        sets[digest] = RowSet(rows, digest, prints, bool(whole))
    return sets


def _families(sets: Mapping[str, RowSet]) -> dict[str, int]:
    """Digest of each set of rows -> number of its family: sets that overlap, directly or through others, share one."""
    family = {digest: number for number, digest in enumerate(sets)}
    known: Sequence[RowSet] = list(sets.values())
    for place, one in enumerate(known):
        for other in known[:place]:
            if family[one.digest] != family[other.digest] and one.overlap(other) >= LEAST_OVERLAP:
                old, new = family[one.digest], family[other.digest]
                family = {digest: new if number == old else number for digest, number in family.items()}
    return family
