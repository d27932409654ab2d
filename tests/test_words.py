"""Names in lists: where one ends and the next begins can be read off, whatever they hold."""

import ast
from pathlib import Path

import pytest

from goodfit.data import read_table, table
from goodfit.errors import InputError, nearest
from goodfit.reports.markup import joined
from goodfit.words import as_listed, digits

ODD = "城市, x", "don't", 'a "b"', "two words", " led", "", "a;b"


@pytest.mark.parametrize("name", ODD)
def test_a_name_that_could_be_taken_for_several_is_quoted(name: str) -> None:
    assert ast.literal_eval(as_listed(name)) == name
    assert nearest("§", ["age", name]) == f"Valid: age, {name!r}."
    assert joined(["age", name, "x"], 2) == f"age, {name!r} and 1 more"


@pytest.mark.parametrize("name", ["age", "body_mass", "T-shirt/top", "城市", "±1.5"])
def test_a_plain_name_is_not(name: str) -> None:
    assert as_listed(name) == name


def test_every_list_of_columns_or_classes_quotes_them(tmp_path: Path) -> None:
    columns = {"age": [1, 2, 3, 4], "城市, x": [1.5, 2, 2, 1], "y": ["no, never", "yes", "yes", "no, never"]}
    with pytest.raises(InputError, match=r"Valid: age, '城市, x', y\."):
        table(columns, "nothere")
    (tmp_path / "a.csv").write_text('age,"城市, x"\n1,2\n3,4\n', "utf-8")
    with pytest.raises(InputError, match=r"Columns: age, '城市, x'\."):
        read_table(tmp_path / "a.csv")
    assert table(columns, "y").target.about == "binary classification: 'no, never' (2), yes (2)"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.12345, "0.1235"),
        (1234.6, "1235"),
        (9999.6, "10,000"),
        (25118.9, "25,120"),
        (-184938.0, "-184,900"),
        (-99999.9, "-100,000"),
        (3e12, "3e+12"),
    ],
)
def test_numbers_of_everyday_sizes_have_no_exponent(value: float, text: str) -> None:
    assert digits(value) == text
    assert digits(abs(value), sign=True) == "+" + text.removeprefix("-")
