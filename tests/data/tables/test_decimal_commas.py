"""Files of Europe's spreadsheets: decimal commas, points between thousands, Windows-1252; and what cannot be told."""

from __future__ import annotations

import io
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from goodfit.data import read_table
from goodfit.data.tables.csv_file import read_csv
from goodfit.data.tables.csv_parts import csv_parts
from goodfit.data.tables.preprocessing import Preprocessing, RowReader
from goodfit.data.tables.row_bytes import row_bytes
from goodfit.data.tables.stream_sample import sampled
from goodfit.data.tables.streamed_rows import StreamLimits
from goodfit.errors import InputError

ROWS = 60
LONG = [f"{each:.4f}" for each in np.random.default_rng(0).normal(0, 50, ROWS)]
PRICE = [f"{place * 37.25:.2f}" for place in range(ROWS)]
TOWN = ["Köln", "Bonn, Mitte", "Århus"] * (ROWS // 3)


def german(number: str) -> str:
    """1234.50 as 1.234,50."""
    return f"{float(number):,.2f}".translate(str.maketrans(",.", ".,"))


def table(long: list[str], price: list[str], separator: str = ";") -> str:
    lines = zip(long, [f'"{town}"' for town in TOWN], price, strict=True)
    return "".join(f"{separator.join(line)}\n" for line in [("Länge", "Ort", "Preis"), *lines])


EUROPE = table([each.replace(".", ",") for each in LONG], list(map(german, PRICE)))
PLAIN = table(LONG, PRICE, ",")


@pytest.fixture
def both(tmp_path: Path) -> tuple[Path, Path]:
    """The table as a spreadsheet of Europe writes it, and as others do."""
    europe, plain = tmp_path / "preise.csv", tmp_path / "plain.csv"
    europe.write_bytes(EUROPE.encode("cp1252"))
    plain.write_bytes(PLAIN.encode())
    return europe, plain


def test_a_file_of_a_european_spreadsheet_is_read_as_the_same_table(both: tuple[Path, Path]) -> None:
    """To the bit, so that a copy in the other form does not open a sealed test set as another table would."""
    europe, plain = (read_table(path, "Preis") for path in both)
    assert europe.kinds == plain.kinds == {"Länge": "numeric", "Ort": "categorical"}
    assert europe.target.y.tolist() == plain.target.y.tolist() == [float(each) for each in PRICE]
    assert row_bytes(europe.frame, "Preis").tolist() == row_bytes(plain.frame, "Preis").tolist()
    assert [each.about for each in europe.columns] == [
        "written with a decimal comma",
        "",
        "regression; written with a decimal comma, and points between thousands",
    ]
    assert europe.notes == (
        "Read as Windows-1252, since it is not UTF-8. If words look wrong, such as 'Länge', save it as 'CSV UTF-8'.",
    )


def test_new_rows_are_read_alike_in_either_form_and_in_parts_of_any_size(both: tuple[Path, Path]) -> None:
    frames = [read_table(path, "Preis").frame for path in both]
    kinds = {"Länge": "numeric", "Ort": "categorical", "Preis": "numeric"}
    wanted = Preprocessing.fit(frames[1], kinds).transform(frames[1])[0]  # type: ignore[arg-type]
    fitted = Preprocessing.fit(frames[0], kinds)  # type: ignore[arg-type]
    for content in (EUROPE.encode("cp1252"), PLAIN.encode()):
        for size in (40, 700, 10**6):
            reader = RowReader(fitted)
            parts = csv_parts("f", io.BytesIO(content), None, size)
            x = [reader.read(part.frame((), kinds))[0] for part in parts]  # type: ignore[arg-type]
            np.testing.assert_array_equal(np.vstack(x), wanted)
            assert reader.warnings() == []


def test_a_file_that_is_streamed_is_sampled_alike(both: tuple[Path, Path]) -> None:
    (europe, _, rows), (plain, _, _) = (sampled(str(path), StreamLimits()) for path in both)
    assert rows == ROWS
    assert europe.notes[0].startswith("Read as Windows-1252")
    for name in ("Länge", "Preis"):
        assert europe.columns[name].numbers().tolist() == plain.columns[name].numbers().tolist()


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["3,5", "4", "-1,25e2"], [3.5, 4, -125]),
        (["1.250,75", "1.250", "12", "1.234.567"], [1250.75, 1250, 12, 1234567]),
        (["3,5", "1.250"], [3.5, None]),  # may be 1.25
        (["1.250,75", "4.25"], [1250.75, None]),
        (["0.123,5", "12.34,5", "1,2,3", "1,"], [None] * 4),  # in no country
        (["3.5", "1.250"], [3.5, 1.25]),
    ],
)
def test_what_a_cell_is(cells: list[str], numbers: list[float | None]) -> None:
    found = read_csv("f", "".join(f"{line}\n" for line in ["a;b", *(f"{cell};1" for cell in cells)]).encode())
    assert [None if np.isnan(each) else each for each in found.columns["a"].numbers()] == numbers


def test_two_forms_in_a_column_are_one_error_with_a_line_that_mends_the_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("x;y\n" + "".join(f"{place},5;{place % 7}\n" for place in range(40)) + "4.25;3\n")
    with pytest.raises(InputError) as caught:
        read_table(path, "y", kinds={})
    (told,) = caught.value.problems
    rule = "column 'x' holds numbers with a decimal comma, but for row 40 with a point; got '4.25'. Other numbers have"
    assert told.startswith(f"{path}: {rule}")
    line = re.search(r"alone: python (.*)$", told)
    assert line is not None
    subprocess.run(f"{sys.executable} {line[1]}", shell=True, check=True)
    mended = read_table(tmp_path / "a-points.csv", "y")
    assert mended.frame.columns["x"].numbers().tolist() == [*np.arange(40) + 0.5, 4.25]


def test_a_point_that_may_stand_between_thousands_is_refused_beside_decimal_commas(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text(
        "x;km;y\n" + "".join(f"{place},5;{place % 3 + 1}.100;{place % 7}\n" for place in range(40)) + "1;999;3\n"
    )
    with pytest.raises(
        InputError, match=r"column 'km' holds numbers with a point, in a table with decimal commas, in 40"
    ):
        read_table(path, "y")


@pytest.mark.parametrize("text", ["Größe", "l’été", "« créée »", "20 °C", "m²", "Ñandú", "5 €", "øl"])
def test_texts_of_western_europe_are_read(text: str) -> None:
    found = read_csv("f", f"a,b\n1,{text}\n".encode("cp1252"))
    assert found.columns["b"].categories() == [text]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *(("价格", "gbk"), ("男", "gbk"), ("是", "gbk"), ("価格", "shift_jis"), ("가격", "euc_kr"), ("цена", "cp1251")),
        *(("złoty", "cp1250"), ("Größe", "cp437"), ("Größe", "mac_roman")),
    ],
)
def test_other_encodings_are_not_taken_for_it(text: str, encoding: str) -> None:
    with pytest.raises(InputError, match=r"must be text in UTF-8; got 'byte 0x.. in line 2'. Save it as 'CSV UTF-8'"):
        read_csv("f", f"a,b\n1,{text}\n".encode(encoding))


def test_a_damaged_utf_8_file_is_not_taken_for_it() -> None:
    content = "a,b\n1,Größe\n".encode() + b"2,\xe9\n"
    for read in (lambda: read_csv("f", content), lambda: list(csv_parts("f", io.BytesIO(content), None, 14))):
        with pytest.raises(InputError, match="must be text in UTF-8; got 'byte 0xe9 in line 3'"):
            read()
    turned = b"a,b\n2,\xe9\n" + "1,Größe\n".encode()
    with pytest.raises(InputError, match="must be text in UTF-8; got 'UTF-8 below what is not'"):
        list(csv_parts("f", io.BytesIO(turned), None, 8))
