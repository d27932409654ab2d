"""The grammar of errors."""

from goodfit.errors import problem


def test_a_sentence_with_an_endless_name_keeps_its_beginning_and_its_end() -> None:
    told = problem("Table", f"has the column '{'x' * 10_000}'", fix="Rename it.")
    assert told.startswith("Table: has the column 'xxx")
    assert told.endswith("xxx'. Rename it.")
    assert len(told) < 2000
    assert "…" in told
