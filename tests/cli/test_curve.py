"""`goodfit curve`, with the real library below."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from goodfit.cli.curve_summary import SHOWN, shown_points

SMALL = ("--folds", "3", "--epochs", "3", "--dropout", "0", "--hidden", "4", "--batch-size", "16", "--quiet")


@pytest.mark.parametrize(
    ("over", "first", "points"),
    [
        ("epochs", "epochs", ["1", "2", "3"]),
        ("epochs=2,4", "epochs", ["2", "4"]),
        ("rows=20,60", "rows", ["20", "60"]),
        ("hidden=2,4x3", "hidden", ["2", "4x3"]),
        ("noise=0.1..0.3:2", "noise", ["0.1", "0.3"]),
    ],
)
def test_a_curve_is_printed_and_written(call: Any, over: str, first: str, points: list[str]) -> None:
    flags = [word for word in SMALL if not over.startswith("hidden") or word not in ("--hidden", "4")]
    code, out, err = call("curve", "moons", "--over", over, *flags, "--by", "loss", "--out", "c")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split()[:3] == [first, "train", "loss"]
    assert [line.split()[0] for line in lines[2 : 2 + len(points)]] == points
    (best,) = [line for line in lines if line.startswith("Best: ")]
    assert f"Best: {first} " in best
    assert ", held-out loss " in best
    assert "this score is slightly optimistic" in out
    assert lines[-1] == "Curve: c/curve.svg, c/curve.csv"
    rows = list(csv.DictReader(Path("c/curve.csv").read_text().splitlines()))
    assert [row[first] for row in rows] == points
    assert [row["best"] for row in rows].count("True") == 1
    assert Path("c/curve.svg").exists()
    assert Path("c/curve.png").exists()


def test_json_and_the_same_folder_again(call: Any) -> None:
    arguments = ("curve", "moons", "--over", "epochs", *SMALL, "--out", "c", "--json")
    first, again = call(*arguments), call(*arguments)
    assert first == again
    found = json.loads(first[1])
    assert found["over"] == "epochs"
    assert len(found["points"]) == 3
    assert found["best"]["best"] is True
    code, _, err = call("curve", "moons", "--over", "epochs", *SMALL, "--l2", "0.5", "--out", "c")
    assert code == 2
    assert "c: holds a different curve." in err


def test_a_table_file(call: Any) -> None:
    rows = [f"{a},{'red' if a % 3 else 'blue'},{'yes' if a * 7 % 11 > 5 else 'no'}" for a in range(60)]
    Path("things.csv").write_text("\n".join(["size,colour,sold", *rows]) + "\n")
    code, out, err = call("curve", "things.csv", "--target", "sold", "--over", "epochs", *SMALL)
    assert code == 0, err
    assert "Curve: curves/things-" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("curve",), "'DATA' must be given"),
        (("curve", "moons"), "'--over' must be given"),
        (("curve", "--resume", "nowhere"), "nowhere: must be the folder of a curve; it has no curve.json"),
        (("curve", "moons", "--resume", "c", "--by", "loss", "--l2", "0"), "cannot be combined with DATA, --by, --l2"),
        (("curve", "moons", "--over", "hiden=3"), "Curve: 'hiden' cannot be varied. Did you mean 'hidden'?"),
        (("curve", "moons", "--over", "bogus"), "Curve: 'bogus' cannot be varied. Valid: rows, hidden,"),
        (("curve", "moons", "--over", "hidden"), "Curve: '--over' must list the values of 'hidden'; got 'hidden'."),
        (("curve", "moons", "--over", "l2=0..x"), "Curve: a range must be LOW..HIGH[:log][:POINTS]; got 'l2=0..x'."),
        (("curve", "moons", "--over", "l2=-1,0"), "Recipe: 'l2' must be a finite number >= 0"),
        (("curve", "moons", "--over", "seed=1,2"), "Curve: 'seed' is not a field that can be varied."),
        (("curve", "moons", "--over", "l2=1e-4..1:log"), "Curve: a grid needs the number of points of"),
        (("curve", "moons", "--over", "rows=1"), "'rows' must be integers from 2 to 320"),
        (("curve", "moons", "--over", "noise=-1"), "'noise' must be a finite number >= 0"),
        (("curve", "digits", "--over", "noise=1"), "Curve: 'noise' cannot be varied. Valid: rows,"),
        (("curve", "moons", "--over", "epochs", "--by", "accuracy"), "'by' must be score or loss"),
    ],
)
def test_bad_input_is_one_clear_message(call: Any, arguments: tuple[str, ...], message: str) -> None:
    code, out, err = call(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert "Search:" not in err
    assert "--vary" not in err


@pytest.mark.parametrize("over", ["epochs", "rows=20,60", "noise=0.1,0.3", "l2=0,0.1"])
def test_ctrl_c_says_how_to_go_on(over: str, call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def pressed(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("goodfit.training.session.fit", pressed)
        code, out, err = call("curve", "moons", "--over", over, *SMALL, "--out", "a c")
    assert (code, out, err) == (1, "", "Interrupted. Resume with: goodfit curve --resume 'a c'\n")
    resumed = call("curve", "--resume", "a c", "--json", "--quiet")
    whole = call("curve", "moons", "--over", over, *SMALL, "--json", "--out", "whole")
    assert resumed == (0, whole[1].replace('"whole"', '"a c"'), "")
    assert Path("a c/curve.csv").read_bytes() == Path("whole/curve.csv").read_bytes()


def test_a_curve_over_epochs_may_be_of_losses_of_numbers(call: Any) -> None:
    """The same nets are scored in another unit then: what was kept of the one is not taken for the other."""
    arguments = ("curve", "diabetes", "--over", "epochs", *SMALL, "--out", "c")
    assert call(*arguments)[0] == 0
    code, _, err = call(*arguments, "--by", "loss")
    assert (code, "c: holds a different curve." in err) == (2, True)


def test_long_curves_are_thinned_in_the_table() -> None:
    assert shown_points(SHOWN, 3) == list(range(SHOWN))
    found = shown_points(200, 33)
    assert len(found) in (SHOWN - 1, SHOWN)
    assert {0, 33, 199} <= set(found)
