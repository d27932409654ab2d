"""The grammar of errors."""

import pytest

from goodfit.errors import nearest, problem, shorten


def test_a_sentence_with_an_endless_name_keeps_its_beginning_and_its_end() -> None:
    told = problem("Table", f"has the column '{'x' * 10_000}'", fix="Rename it.")
    assert told.startswith("Table: has the column 'xxx")
    assert told.endswith("xxx'. Rename it.")
    assert len(told) < 2000
    assert "…" in told


@pytest.mark.parametrize(("value", "shown"), [("x" * 200, f"'{'x' * 77}…'"), (b"x" * 200, f"b'{'x' * 76}…'")])
def test_what_is_cut_keeps_its_closing_quote(value: object, shown: str) -> None:
    assert shorten(value) == shown
    assert shorten(["x" * 200]) == f"['{'x' * 77}…"
    assert shorten("x" * 78) == f"'{'x' * 78}'"


def test_names_that_differ_in_capitals_are_near() -> None:
    assert nearest("ID", ["id", "size"]) == "Did you mean 'id'?"
    assert nearest("id", ["ID", "ie"]) == "Did you mean 'ID'?"
    assert nearest("zzz", ["id", "size"]) == "Valid: id, size."
