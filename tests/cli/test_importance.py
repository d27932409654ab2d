"""`goodfit importance`, `goodfit dependence` and their section in a report."""

from __future__ import annotations

import contextlib
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import goodfit as gf


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("people")
    rng = np.random.default_rng(0)
    age, city = rng.normal(40, 10, 200), rng.choice(["a,b", "c"], 200)
    told = np.where(age + 8 * (city == "c") + rng.normal(0, 5, 200) > 44, "yes", "no")
    lines = [f'{a:.2f},{-a:.2f},"{c}",{t}' for a, c, t in zip(age, city, told, strict=True)]
    (folder / "people.csv").write_text("\n".join(["age,minus age,city,rich", *lines]), "utf-8")
    table = gf.data.read_table(folder / "people.csv", target="rich")
    gf.train({"epochs": 15, "hidden": (8,)}, table, out=folder / "run")
    return folder


def test_a_table_or_json(call: Any, trained: Path) -> None:
    code, out, err = call("importance", str(trained / "run"))
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert lines[0] == "Importance of columns in run: 160 rows, out of fold"
    assert "drop of accuracy 95 % interval rise of log loss 95 % interval verdict" in lines[1]
    assert any(line.startswith("age + 'minus age'") and line.endswith("needed") for line in lines)
    with contextlib.chdir(trained / "run"):
        assert "Importance of columns in run: 160 rows" in call("importance", ".", "--repeats", "1")[1]
    told = json.loads(call("importance", str(trained / "run"), "--json", "--repeats", "10")[1])
    assert told == gf.importance(trained / "run").to_dict()
    code, _, err = call("importance", str(trained / "run"), "--repeats", "0")
    assert (code, err) == (2, "importance: 'repeats' must be from 1 to 1,000; got 0.\n")


def test_dependence_prints_a_table_a_column_or_json(call: Any, trained: Path, tmp_path: Path) -> None:
    folder = str(trained / "run")
    code, out, err = call("dependence", folder, "--column", "age", "--column", "city", "--points", "4")
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert lines.count("run: mean over 160 training rows") == 2
    assert "age mean probability of yes disagreement of nets" in lines
    assert any(line.startswith("a,b 0.") for line in lines)
    drawn = tmp_path / "age.svg"
    told = json.loads(
        call("dependence", folder, "--column", "age", "--values", "30,50", "--json", "--figure", str(drawn))[1]
    )
    assert told == [gf.partial_dependence(folder, "age", values=["30", "50"]).to_dict()]
    assert drawn.read_bytes().startswith(b"<?xml")
    told = json.loads(call("dependence", folder, "--column", "city", "--values", '"a,b", c', "--json")[1])
    assert told[0]["values"] == ["a,b", "c"]
    told = json.loads(call("dependence", folder, "--column", "minus age", "--values", "-40.5,-30", "--json")[1])
    assert told[0]["values"] == [-40.5, -30.0]
    for words, why in (
        ((), "partial dependence: give the column to vary. For example, --column age."),
        (("--column", "age", "--column", "city", "--values", "1"), "values are of one column; got 'age, city'."),
        (
            ("--column", "age", "--column", "city", "--figure", str(drawn)),
            "'--figure' draws one column; got 'age, city'.",
        ),
    ):
        code, _, err = call("dependence", folder, *words)
        assert (code, why in err) == (2, True), err


def test_the_report_has_it_where_the_table_is_there(trained: Path, tmp_path: Path) -> None:
    from goodfit.reports import run_page
    from page_check import check, tables

    found = tables(check(run_page(trained / "run").html()))
    rows = found["Permutation importance, 160 rows, out of fold"]
    assert {row[0] for row in rows[1:]} == {"age", "minus age", "city", "age + 'minus age'"}
    assert "Mean prediction over 160 training rows by city" in found
    shutil.copytree(trained / "run", tmp_path / "run")
    (trained / "people.csv").rename(trained / "moved.csv")
    try:
        names = tables(check(run_page(tmp_path / "run").html()))
    finally:
        (trained / "moved.csv").rename(trained / "people.csv")
    assert not [name for name in names if "importance" in name]
