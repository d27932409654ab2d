"""`goodfit inspect` from end to end, on a small run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import goodfit as gf

FLAGS = ["--hidden", "4", "--epochs", "2", "--dropout", "0", "--init", "constant", "--seeds", "2", "--l2", "0.1"]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from goodfit.cli import main

    folder = tmp_path_factory.mktemp("inspect") / "run"
    assert main(("train", "iris", *FLAGS, "--quiet", "--out", str(folder))) == 0
    return folder


def test_tables(run: Path, call: Any, tmp_path: Path) -> None:
    code, out, err = call("inspect", str(run), "--quick", "--figure", "flow.png", "--try", "--seeds", "2")
    assert (code, err) == (0, "")
    assert "symmetric-units" in out
    assert "Advice: --init he-normal" in out
    assert "Trial with 2 seeds" in out
    (untold,) = (line for line in out.splitlines() if line.startswith("Cannot tell: "))
    assert "learning-rate-high" in untold
    assert (tmp_path / "flow.png").stat().st_size > 10_000
    code, out, _ = call("inspect", str(run), "--quick", "--all")
    assert all(each in out for each in gf.inspection.CHECKS)


def test_json(run: Path, call: Any) -> None:
    code, out, _ = call("inspect", str(run / "model.safetensors"), "iris", "--which", "1", "--quick", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["advice"]["init"] == "he-normal"
    assert found["trial"] is None
    assert found["final"]["layers"][0]["name"] == "hidden 1"


def test_steps(run: Path, call: Any, tmp_path: Path) -> None:
    code, out, _ = call("inspect", str(run), "--steps", "--rows", "0,3", "--figure", "steps.svg")
    assert code == 0
    assert "dJ/dW2 = dJ/dz2 a1^T" in out
    assert "They agree to" in out
    assert (tmp_path / "steps.svg").read_bytes().startswith(b"<?xml")
    code, out, _ = call("inspect", str(run), "--steps", "--json")
    assert json.loads(out)["l2"] == 0.1


def test_check(run: Path, call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = call("inspect", str(run), "--check")
    assert (code, out.count(" ok\n")) == (0, 4)
    code, out, _ = call("inspect", str(run), "--check", "--json")
    assert all(each["right"] for each in json.loads(out))
    monkeypatch.setattr("goodfit.inspection.gradient_check._error", lambda own, other: 0.5)
    code, _, err = call("inspect", str(run), "--check")
    assert (code, err) == (1, "The gradient of W1, W2, b1, b2 differs from finite differences by more than 1e-06.\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("digits",), "Inspection: the net takes 4 features; 'digits' has a different number; got 64."),
        (("people.csv",), "Inspection: the nets were trained on numbers without column names, so they take a data set"),
        (("iris", "--target", "rich"), "Command line: '--target' names a column of a table file; got 'rich'. Give the"),
        (("--which", "7"), "Inspection: 'which' must be a net from 0 to 1; got 7."),
        (("--steps", "--rows", "x"), "Inspection: 'rows' must be row numbers such as 0,3,10-12; got 'x'."),
        (("--steps", "--rows", "900"), "Inspection: a row must be a training example, from 0 to 107; got 900."),
        (("--seeds", "0"), "Command line: '--seeds' must be an integer >= 1"),
    ],
)
def test_bad_input(run: Path, call: Any, arguments: tuple[str, ...], message: str) -> None:
    code, out, err = call("inspect", str(run), *arguments)
    assert (code, out) == (2, "")
    assert err.startswith(message)


def test_what_is_no_run(call: Any) -> None:
    code, _, err = call("inspect", "nothing")
    assert code == 2
    assert "nothing" in err


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a table, a later one, and a run on the first."""
    from goodfit.cli import main

    folder = tmp_path_factory.mktemp("people")
    rng = np.random.default_rng(0)
    for name, rows in (("people", 120), ("later", 60)):
        age, school = rng.integers(18, 90, rows), rng.choice(["doctor", "master"], rows)
        rich = np.where(age + 30 * (school == "doctor") > 70, "yes", "not yet")
        lines = [f"{a if a % 9 else ''},{s},{r}" for a, s, r in zip(age, school, rich, strict=True)]
        (folder / f"{name}.csv").write_text("\n".join(["age,school,rich", *lines]) + "\n")
    flags = ["--target", "rich", "--hidden", "4", "--epochs", "2", "--quiet", "--fit", "never"]
    assert main(("train", str(folder / "people.csv"), *flags, "--out", str(folder / "run"))) == 0
    return folder


def test_a_table_file(people: Path, call: Any) -> None:
    code, own, err = call("inspect", str(people / "run"), "--quick", "--json")
    assert (code, err) == (0, "")
    model = str(people / "run" / "model.safetensors")
    code, again, err = call("inspect", model, str(people / "people.csv"), "--quick", "--json")
    assert (code, err) == (0, "")
    assert json.loads(again)["final"]["layers"] == json.loads(own)["final"]["layers"]
    code, out, err = call("inspect", model, str(people / "later.csv"), "--quick")
    assert (code, err) == (0, "")
    assert "Forward pass, " in out
    for more in ("--steps", "--check"):
        assert call("inspect", model, str(people / "later.csv"), more)[0] == 0


def test_a_table_with_new_columns_and_gaps(people: Path, call: Any, tmp_path: Path) -> None:
    lines = (people / "later.csv").read_text().splitlines()
    rows = [f"{line},1" for line in lines[1:]]
    (tmp_path / "more.csv").write_text("\n".join([f"{lines[0]},extra", *rows, "40,master,,1"]) + "\n")
    code, _, err = call("inspect", str(people / "run"), str(tmp_path / "more.csv"), "--quick")
    assert code == 0
    assert err == (
        "Note: Column 'extra' ignored: the net was not trained on it.\n"
        "Note: 1 of 61 rows left out, since their target is missing.\n"
    )


def test_a_table_that_does_not_fit(people: Path, call: Any, tmp_path: Path) -> None:
    (tmp_path / "bad.csv").write_text("age,answer\n20,yes\n30,not yet\n")
    code, out, err = call("inspect", str(people / "run"), str(tmp_path / "bad.csv"))
    assert (code, out) == (2, "")
    assert "must have the target among its columns; got 'rich'. Valid: answer." in err
    assert "must have the columns that the net was trained on; missing: 'school'" in err
