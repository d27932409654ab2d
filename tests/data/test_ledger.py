from __future__ import annotations

import itertools
import multiprocessing
import os
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from goodfit.data import Ledger, ledger
from goodfit.data.ledger import APPLICATION, FORMAT, ledger_path
from goodfit.data.prints import RowSet
from goodfit.errors import GoodfitError, InputError

RNG = np.random.default_rng(0)
PRINTS = RNG.integers(0, 2**64, 100, np.uint64)
ROWS, OTHERS = RowSet.of(PRINTS), RowSet.of(RNG.integers(0, 2**64, 50, np.uint64))
SCORE = {"name": "accuracy", "value": 0.5}


@pytest.fixture
def book(tmp_path: Path) -> Ledger:
    return Ledger(tmp_path / "a folder" / "ledger.sqlite", patience=0.2)


def test_a_new_ledger_is_empty_and_is_made_by_the_first_opening(book: Ledger) -> None:
    assert book.openings() == []
    assert not book.path.parent.exists()
    begun = book.begin("iris", ROWS, "a")
    assert (begun.number, begun.nth, begun.again, begun.seen) == (1, 1, False, 0)
    (line,) = book.openings()
    assert (line.number, line.data, line.rows, line.model, line.run, line.kind) == (1, "iris", 100, "a", None, "score")
    assert (line.score, line.nth, line.of, line.again, line.row_set) == (None, 1, 1, False, ROWS.digest)


def test_openings_of_the_same_rows_are_counted_by_model(book: Ledger) -> None:
    begun = [book.begin("iris", ROWS, model, run=f"runs/{model}") for model in "abacb"]
    assert [each.nth for each in begun] == [1, 2, 2, 3, 3]
    assert [each.again for each in begun] == [False, False, True, False, True]
    assert [each.seen for each in begun] == [0, 1, 1, 1, 1]
    book.finish(2, SCORE)
    lines = book.openings()
    assert [line.of for line in lines] == [3] * 5
    assert [line.again for line in lines] == [each.again for each in begun]
    assert [line.score for line in lines] == [None, SCORE, None, None, None]
    assert lines[3].run == "runs/c"


def test_other_rows_are_counted_apart(book: Ledger) -> None:
    assert [book.begin("x", rows, "a").nth for rows in (ROWS, OTHERS, OTHERS)] == [1, 1, 1]
    assert [book.begin("x", rows, "b").nth for rows in (ROWS, OTHERS)] == [2, 2]
    families = [line.family for line in book.openings()]
    assert families[0] == families[3] != families[1] == families[2] == families[4]


def test_rows_that_overlap_count_together_and_the_same_model_is_then_another_number(book: Ledger) -> None:
    half = RowSet.of(PRINTS[50:])
    assert book.begin("x", ROWS, "a").nth == 1
    begun = book.begin("copy", half, "a")
    assert (begun.nth, begun.again, begun.seen) == (2, False, 1)
    mixed = RowSet.of(np.concatenate([PRINTS[90:], OTHERS.kept[:30]]))
    begun = book.begin("mixed", mixed, "a")
    assert (begun.nth, begun.seen) == (3, 0.25)
    # rows that overlap with the mixed ones alone belong to the family too: all the intervals are to hold together
    begun = book.begin("far", OTHERS, "a")
    assert (begun.nth, begun.seen) == (4, 0.6)
    assert {line.of for line in book.openings()} == {4}


@pytest.mark.parametrize(("shared", "together"), [(0, False), (1, False), (2, True)])
def test_the_least_overlap_that_counts(shared: int, together: bool, book: Ledger) -> None:
    assert ledger.LEAST_OVERLAP == 0.01
    many = np.arange(1, 201, dtype=np.uint64) * np.uint64(10**15)
    book.begin("one", RowSet.of(many), "a")
    other = np.concatenate([many[:shared], many[shared:] + np.uint64(1)])
    assert book.begin("two", RowSet.of(other), "b").nth == 1 + together


def test_times_never_go_back(book: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(["2030-01-01T00:00:00.000000+00:00", "2020-01-01T00:00:00.000000+00:00"])

    class Clock:
        @staticmethod
        def now(zone: Any) -> Any:
            return type("Moment", (), {"isoformat": lambda self, timespec: next(clock)})()

    monkeypatch.setattr(ledger, "datetime", Clock)
    book.begin("x", ROWS, "a")
    book.begin("x", ROWS, "b")
    assert [line.time for line in book.openings()] == ["2030-01-01T00:00:00.000000+00:00"] * 2


def test_lines_cannot_be_changed(book: Ledger) -> None:
    book.begin("x", ROWS, "a")
    book.finish(1, SCORE)
    with sqlite3.connect(book.path) as file:
        for table, column in (("openings", "nth"), ("scores", "score"), ("row_sets", "rows")):
            for statement in (f"DELETE FROM {table}", f"UPDATE {table} SET {column} = 1"):
                with pytest.raises(sqlite3.IntegrityError, match="lines are only added"):
                    file.execute(statement)
    file.close()
    assert len(book.openings()) == 1


def open_ten(path: Path, name: str) -> None:
    for turn in range(10):
        begun = Ledger(path).begin("x", ROWS, f"{name}-{turn}")
        Ledger(path).finish(begun.number, SCORE)


def test_openings_from_several_processes_are_all_there(book: Ledger) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=open_ten, args=(book.path, name)) for name in "abcd"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    lines = book.openings()
    assert [worker.exitcode for worker in workers] == [0] * 4
    assert {line.model for line in lines} == {f"{name}-{turn}" for name in "abcd" for turn in range(10)}
    assert [line.nth for line in lines] == [line.number for line in lines] == list(range(1, 41))
    assert all(line.score == SCORE for line in lines)
    assert all(one.time <= other.time for one, other in itertools.pairwise(lines))


def test_a_locked_ledger(book: Ledger) -> None:
    book.begin("x", ROWS, "a")
    holder = sqlite3.connect(book.path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    match = r"ledger.sqlite: the ledger was held by another process for more than 0.2 s. Try again"
    with pytest.raises(GoodfitError, match=match) as caught:
        book.begin("x", ROWS, "b")
    assert caught.value.exit_code == 1
    with pytest.raises(GoodfitError, match=match):
        book.openings()
    holder.close()
    assert book.begin("x", ROWS, "b").nth == 2


@pytest.mark.parametrize("damage", ["not SQLite at all, but a text that is long enough to have a header" * 3, "torn"])
def test_a_damaged_ledger(damage: str, book: Ledger) -> None:
    book.begin("x", ROWS, "a")
    content = damage.encode()
    if damage == "torn":
        content = book.path.read_bytes()
        content = content[:4096] + b"\x7f" * (len(content) - 4096)
    book.path.write_bytes(content)
    for work in (book.openings, lambda: book.begin("x", ROWS, "b")):
        with pytest.raises(InputError, match=r"must be a ledger of goodfit, but it is damaged. Restore a backup, or"):
            work()
    assert book.path.read_bytes() == content


def test_a_line_with_a_score_that_is_none(book: Ledger) -> None:
    book.begin("x", ROWS, "a")
    with sqlite3.connect(book.path) as file:
        file.execute("INSERT INTO scores VALUES (1, 'no JSON')")
    file.close()
    with pytest.raises(InputError, match=r"but it is damaged"):
        book.openings()


@pytest.mark.parametrize(
    ("statement", "match"),
    [
        (f"PRAGMA user_version = {FORMAT + 1}", rf"format {FORMAT}, the newest .* got {FORMAT + 1}. Update goodfit"),
        (
            f"PRAGMA application_id = {APPLICATION + 1}",
            r"it is another SQLite file. Name another file with GOODFIT",
        ),
    ],
)
def test_a_ledger_of_a_newer_version_and_a_file_of_others(statement: str, match: str, book: Ledger) -> None:
    book.begin("x", ROWS, "a")
    with sqlite3.connect(book.path) as file:
        file.execute(statement)
    file.close()
    with pytest.raises(InputError, match=match):
        book.begin("x", ROWS, "b")
    with pytest.raises(InputError, match=match):
        book.openings()


def test_an_empty_file_becomes_a_ledger(book: Ledger) -> None:
    book.path.parent.mkdir()
    book.path.touch()
    assert book.openings() == []
    assert book.begin("x", ROWS, "a").nth == 1


def test_a_folder_in_its_place(book: Ledger) -> None:
    book.path.mkdir(parents=True)
    with pytest.raises(InputError, match=r"must be the file of the ledger; it is a folder. No test set is opened"):
        book.begin("x", ROWS, "a")
    with pytest.raises(InputError, match=r"it is a folder"):
        book.openings()


def test_a_file_in_the_place_of_its_folder(book: Ledger) -> None:
    book.path.parent.write_text("")
    with pytest.raises(InputError, match=r"a folder: must be writable: File exists"):
        book.begin("x", ROWS, "a")


def test_a_read_only_file_can_be_read_but_not_added_to(book: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    book.begin("x", ROWS, "a")
    real = sqlite3.connect

    def as_if_read_only(address: str, **more: Any) -> sqlite3.Connection:  # root may write to a read-only file
        file: sqlite3.Connection = real(address.replace("mode=rwc", "mode=ro"), **more)
        return file

    monkeypatch.setattr(sqlite3, "connect", as_if_read_only)
    with pytest.raises(InputError, match=r"must be readable and writable: attempt to write a readonly database. Make"):
        book.begin("x", ROWS, "b")
    assert len(book.openings()) == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(book: Ledger) -> None:
    book.path.parent.mkdir(mode=0o500)
    with pytest.raises(InputError, match=r"must be readable and writable: unable to open database file"):
        book.begin("x", ROWS, "a")


def test_a_full_disk(book: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    book.begin("x", ROWS, "a")
    pages = f"PRAGMA max_page_count = {os.path.getsize(book.path) // 4096}"
    real = sqlite3.connect

    def small(address: str, **more: Any) -> sqlite3.Connection:
        file: sqlite3.Connection = real(address, **more)
        file.execute(pages)
        return file

    monkeypatch.setattr(sqlite3, "connect", small)
    large = RowSet.of(RNG.integers(0, 2**64, 5000, np.uint64))
    with pytest.raises(
        GoodfitError, match=r"could not be written: database or disk is full. Free some space"
    ) as caught:
        book.begin("x", large, "a")
    assert caught.value.exit_code == 1
    assert len(book.openings()) == 1


def test_where_the_ledger_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOODFIT_LEDGER")
    inner = tmp_path / "project" / "deep" / "deeper"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert ledger_path() == inner / ".goodfit" / "ledger.sqlite"
    (tmp_path / "project" / ".goodfit").mkdir()
    assert ledger_path() == tmp_path / "project" / ".goodfit" / "ledger.sqlite"
    monkeypatch.setenv("GOODFIT_LEDGER", "mine.sqlite")
    assert ledger_path() == Path("mine.sqlite")
    assert Ledger().begin("x", ROWS, "a").number == 1
    assert (inner / "mine.sqlite").exists()
