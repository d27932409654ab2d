"""`goodfit inspect` from end to end, on a small run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

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
    assert "Tried with 2 seeds" in out
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
    assert (code, out.count("right")) == (0, 4)
    code, out, _ = call("inspect", str(run), "--check", "--json")
    assert all(each["right"] for each in json.loads(out))
    monkeypatch.setattr("goodfit.inspection.gradient_check._error", lambda own, other: 0.5)
    code, _, err = call("inspect", str(run), "--check")
    assert (code, err) == (1, "The gradient of W1, W2, b1, b2 is off by more than 1e-06.\n")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("digits",), "Inspection: the net takes 4 inputs; 'digits' has another number; got 64."),
        (("people.csv",), "Command line: 'DATA' must be a data set of goodfit's own"),
        (("--which", "7"), "Inspection: 'which' must be a net from 0 to 1; got 7."),
        (("--steps", "--rows", "x"), "Inspection: 'rows' must be row numbers such as 0,3,10-12; got 'x'."),
        (("--steps", "--rows", "900"), "Inspection: a row must be a training row, from 0 to 107; got 900."),
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
