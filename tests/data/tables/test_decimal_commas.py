"""Files of Europe's spreadsheets: decimal commas, points between thousands, Windows-1252; and what cannot be told."""

from __future__ import annotations

import io
import json
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
TOWN = ["Köln", "Bonn, Mitte", "Zürich"] * (ROWS // 3)


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
        "Read with a decimal comma, 1,5 as 1.5: 'Länge', 'Preis'.",
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
    line = re.search(r"too: python (.*)$", told)
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


@pytest.mark.parametrize("text", ["Größe", "l’été", "20 °C", "m²", "5 €", "Öl", "§ 5"])
def test_texts_of_western_europe_are_read(text: str) -> None:
    found = read_csv("f", f"a,b\n1,{text}\n".encode("cp1252"))
    assert found.columns["b"].categories() == [text]


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        *(("价格", "gbk"), ("男", "gbk"), ("是", "gbk"), ("価格", "shift_jis"), ("가격", "euc_kr"), ("цена", "cp1251")),
        *(("złoty", "cp1250"), ("Łódź", "cp1250"), ("ręka", "cp1250"), ("český", "iso8859_2"), ("šis", "cp1257")),
        *(("İstanbul", "cp1254"), ("ağaç", "cp1254"), ("là", "cp1252"), ("Spaß", "mac_roman")),
        *(("Größe", "cp437"), ("Größe", "mac_roman")),
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
    turned = b"a,b\n2,\xe9t\xe9\n" + "1,Größe\n".encode()
    with pytest.raises(InputError, match="must be text in UTF-8; got 'UTF-8 below what is not'"):
        list(csv_parts("f", io.BytesIO(turned), None, 8))


def test_a_file_of_another_encoding_is_converted_by_the_line_of_its_error(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("Größe à;y\n".encode("cp1252") + b"1;2\n2;3\n3;4\n")
    with pytest.raises(InputError) as caught:
        read_table(path, "y")
    line = caught.value.problems[0].partition("writes a copy: python ")[2]
    subprocess.run(f"{sys.executable} {line}", shell=True, check=True)
    assert read_csv("f", (tmp_path / "a-utf8.csv").read_bytes()).names == ["Größe à", "y"]


def test_english_thousands_in_a_file_with_tabs_are_refused_with_both_readings(tmp_path: Path) -> None:
    path = tmp_path / "a.tsv"
    cells = ["950", "1,234", "87", "45,210"] * 10
    path.write_text("sales\ty\n" + "".join(f"{cell}\t{place % 7}.5\n" for place, cell in enumerate(cells)))
    for kinds in ({}, {"sales": "numeric"}):
        with pytest.raises(InputError, match=r"got '1,234'. It may be 1234 or 1.234. Write them"):
            read_table(path, "y", kinds=kinds)  # type: ignore[arg-type]
    path.write_text(path.read_text().replace("87\t", "0,087\t"))
    found = read_table(path, "y")
    assert sorted(set(found.frame.columns["sales"].numbers())) == [0.087, 1.234, 45.21, 950]
    assert "Read with a decimal comma, 1,5 as 1.5: 'sales'." in found.notes


KM = {"km": "numeric", "x": "numeric"}


def read_in_parts(text: str, size: int, fitted: Preprocessing) -> tuple[list[float | None], list[str]]:
    """(what km is read as in all rows that can be read, warnings)."""
    reader, found = RowReader(fitted, encode=lambda _, frame, __: frame.columns["km"].numbers()), list[float | None]()
    for part in csv_parts("f", io.BytesIO(text.encode()), None, size):
        found += reader.read(part.frame((), KM))[0].tolist()  # type: ignore[arg-type]
    return found, reader.warnings()


def fitted_on(text: str) -> Preprocessing:
    made = Preprocessing.fit(read_csv("f", text.encode()), KM)  # type: ignore[arg-type]
    return Preprocessing.from_json(json.loads(json.dumps(made.to_json())))


POINTS, GROUPED = (fitted_on(f"km;x\n{cell};1\n{cell};2\n9;3\n") for cell in ("1.25", "1.234,50"))


@pytest.mark.parametrize(
    ("lines", "model", "wanted"),
    [
        (["1.500;1", "2.250,5;2", "1.500;3"], POINTS, "in another part with a decimal comma"),
        (["2.250,5;2", "1.500;3"], POINTS, [2250.5, 1500]),
        (["1.500;1", "2;0,25"], POINTS, "in another part other columns have numbers with a decimal comma"),
        (["1.25;1", "2,25;2"], POINTS, "in another part with a decimal comma"),
        (["1.500;1", "0.5;2", "1.500;3"], POINTS, [1.5, 0.5, 1.5]),
        (["1.500;1", "7;2"], POINTS, [1.5, 7]),
        (["1.500;1", "7;2"], GROUPED, [7]),  # a thousand times too small, or not
        (["0.5;1", "1.500;2"], GROUPED, [0.5, 1.5]),
        (["2;0,25", "1.500;0,5"], GROUPED, [2, 1500]),
        (["2;0,25", "1.500;0,5"], POINTS, [2]),
    ],
)
def test_a_file_is_read_in_one_way_wherever_its_parts_begin(
    lines: list[str], model: Preprocessing, wanted: list[float] | str
) -> None:
    text = "".join(f"{line}\n" for line in ["km;x", *lines])
    if isinstance(wanted, str):
        with pytest.raises(InputError, match=wanted):
            read_in_parts(text, 5, model)
        return
    found, warnings = read_in_parts(text, 5, model)
    assert found == wanted
    assert len(warnings) == (len(wanted) < len(lines))
    assert set(found) <= {*read_in_parts(text, 10**6, model)[0]}  # in one part no value is another one


def test_a_test_table_is_read_as_the_training_table_is_written(tmp_path: Path) -> None:
    train, test = tmp_path / "a.csv", tmp_path / "b.csv"
    train.write_text("km;y\n" + "".join(f"{place % 9 + 1}.1{place},5;{place}\n" for place in range(10, 40)))
    test.write_text("km;y\n1.500;3\n2.500;4\n")
    with pytest.raises(InputError, match=r"column 'km' must hold numbers; 2 rows \(0, 1\) do not; got '1.500'"):
        read_table(train, "y", test=test)


def test_classes_that_are_whole_numbers_have_one_name_in_either_form(tmp_path: Path) -> None:
    train, test = tmp_path / "a.csv", tmp_path / "b.csv"
    train.write_text("x;y\n" + "".join(f"{place};{place % 2 + 3}{',0' * (place % 3 > 0)}\n" for place in range(40)))
    assert read_table(train, "y").target.classes == ("3", "4")
    test.write_text("x;y\n1;3\n2;4,0\n")
    assert len(read_table(train, "y", test=test)) == 40
