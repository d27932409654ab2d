"""A CSV file in parts is the file: whatever stands in it, and wherever the parts begin."""

from __future__ import annotations

import csv
import io
import random
from typing import Any

import pytest

from goodfit.data.tables.csv_file import read_csv
from goodfit.data.tables.csv_parts import csv_parts, end_of_records
from goodfit.data.tables.frames import Frame
from goodfit.errors import InputError

SIZES = (1, 3, 7, 20, 64)


def shown(frames: list[Frame]) -> dict[str, list[Any]]:
    return {
        name: [
            None if frame.columns[name].missing[row] else frame.columns[name].shown(row)
            for frame in frames
            for row in range(frame.rows)
        ]
        for name in frames[0].columns
    }


def in_parts(content: bytes, size: int) -> list[Frame]:
    return [part.frame() for part in csv_parts("f", io.BytesIO(content), None, size)]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_cells_are_those_that_the_csv_module_reads(size: int, mark: bytes) -> None:
    rows = [["1", 'say "hi"'], ["a\nb", "x,y"], ["", "\n"], ['"', "ü\r\n€"], ["", ""], ["5", "end"]] * 3
    text = io.StringIO()
    csv.writer(text).writerows([["first", "the\nother"], *rows])
    found = [
        part.values(["first", "the\nother"])
        for part in csv_parts("f", io.BytesIO(mark + text.getvalue().encode()), None, size)
    ]
    cells = [list(pair) for part in found for pair in zip(part["first"], part["the\nother"], strict=True)]
    assert cells == rows
    assert len(found) > 1


def odd_cell(rng: random.Random, separator: str) -> str:
    """With quotes where they open a text, in the middle of one without, doubled, and after one that closed."""
    kind = rng.random()
    if kind < 0.4:
        inside = (rng.choice(["a", '""', "\n", separator, "\r\n", "b"]) for _ in range(rng.randrange(5)))
        return f'"{"".join(inside)}"' + rng.choice(["", "", "", "x", 'x"'])
    if kind < 0.6:
        return rng.choice(["a", "1", ",;".replace(separator, "")]) + '"' + rng.choice(["", "z"])
    return "".join(rng.choice("ab1 ") for _ in range(rng.randrange(4)))


@pytest.mark.parametrize("seed", range(4))
def test_odd_quotes_are_read_as_in_a_whole_file(seed: int) -> None:
    rng, several, errors = random.Random(seed), 0, 0
    for _ in range(100):
        width, separator = rng.choice([1, 2, 3]), rng.choice(",;")
        lines = [separator.join(f"c{place}" for place in range(width)) + "\n"]
        for _ in range(rng.randrange(1, 12)):
            cells = (odd_cell(rng, separator) for _ in range(width))
            lines.append(separator.join(cells) + rng.choice(["\n", "\n", "\r\n", "\n\n"]))
        content = "".join(lines).encode()
        try:
            whole = shown([read_csv("f", content)])
        except InputError as error:
            errors += 1
            with pytest.raises(InputError, match=str(error)[:20]):
                in_parts(content, rng.choice(SIZES))
            continue
        found = in_parts(content, rng.choice(SIZES))
        assert shown(found) == whole, content
        several += len(found) > 1
    assert several > 30
    assert errors < 50


def test_where_records_end() -> None:
    assert end_of_records(b"a,b\nc", ",") == 4
    assert end_of_records(b'a,"b\nc', ",") == 0  # in a text
    assert end_of_records(b'a,"b\nc"\nd', ",") == 8
    assert end_of_records(b'a,"b""\nc\n', ",") == 0  # two quotes are a sign of the text
    assert end_of_records(b'5" pipe,1\nb,2\nc', ",") == 14  # no text begins in the middle of a cell
    assert end_of_records(b'a;"b\nc', ",") == 5  # nor after what is no separator here
    assert end_of_records(b'a"\r', ",") == 0  # perhaps \r\n


@pytest.mark.parametrize("size", SIZES)
def test_faults_are_named_as_in_a_whole_file(size: int) -> None:
    for content, message in (
        (b"", "must hold a line of column names and rows; it is empty"),
        (b"\n\n \n", "must hold a line of column names and rows; it is empty"),
        (b"a,b\n1,2\n\n3,4\n5\n", r"as many as the header; row 2 has not; got 1\."),
        (b"a,b\n1,2\n3,\x81\n", "must be text in UTF-8; got 'byte 0x81 in line 3'"),
        (b"a,b\n1,2\n3,4\n5,\0\n", "must be text in UTF-8; got 'a zero byte'"),
        (b"\xff\xfea\0", "must be text in UTF-8; got 'UTF-16'"),
    ):
        for read in (lambda content: read_csv("f", content), lambda content: in_parts(content, size)):
            with pytest.raises(InputError, match=message):
                read(content)


def test_a_column_that_counts_the_rows_is_left_out_of_all_parts() -> None:
    content = b",a,\n" + b"".join(b"%d,%d,x\n" % (row, 2 * row) for row in range(50))
    found = in_parts(content, 40)
    assert len(found) > 5
    assert all(frame.names == ["a", "column 3"] for frame in found)
    assert shown(found) == shown([read_csv("f", content)])
    assert found[0].notes == ("Column 1 has no name and counts the rows: left out.",)


@pytest.mark.parametrize("size", [1, 7, 300])
def test_whether_a_column_counts_the_rows_is_judged_on_rows(size: int) -> None:
    """A record that is longer than a part leaves the line of names alone in the first one."""
    content = b',a\n5,"' + b"long " * 50 + b'"\n\n6,b\n'
    found = list(csv_parts("f", io.BytesIO(content), None, size))
    assert all(len(part.values(["a"])["a"]) for part in found)
    assert all(part.frame().names == ["a"] for part in found)
    assert [list(part.notes) for part in found if part.notes] == [list(read_csv("f", content).notes)]
    (only,) = in_parts(b"a,b\n\n", size)
    assert (only.rows, only.names) == (0, ["a", "b"])
    for read in (lambda: read_csv("f", b"a\n\n1,2\n"), lambda: in_parts(b"a\n\n1,2\n", size)):
        with pytest.raises(
            InputError, match="every row must have 1 cells, as many as the header; row 0 has not; got 2"
        ):
            read()


class Endless(io.RawIOBase):
    """A file without an end; it counts what was read of it."""

    given, left = 0, b"a,b\n"

    def read(self, size: int = -1) -> bytes:
        self.left += b'1,"two\n2"\n' * (size // 10 + 1)
        content, self.left = self.left[:size], self.left[size:]
        self.given += size
        return content


def test_no_more_is_read_than_the_part_at_hand_needs() -> None:
    file, size = Endless(), 1000
    for number, part in enumerate(csv_parts("f", file, None, size), start=1):  # type: ignore[arg-type]
        assert set(part.values(["b"])["b"]) == {"two\n2"}
        assert file.given <= (number + 1) * size
        if number == 20:
            break
