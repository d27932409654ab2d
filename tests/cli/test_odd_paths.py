"""Paths and names that no command expects: one clear error with exit code 2, on every command."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import goodfit as gf
from goodfit.cli import main
from goodfit.runs import Predictions

LONG = "n" * 256
PATHS = (
    "train {}", "train {}.csv --target y", "show {}", "show {}/m.safetensors", "predict {} iris", "report {}",
    "inspect {}", "verdict {}", "test {}", "train --resume {}", "select --resume {}", "curve --resume {}",
    "study --resume {}", "inspect --resume {}", "verdict --resume {}", "data show {}", "train iris --recipe {}",
    "train iris --epochs 1 --quiet --fit never --out {}", "select iris --vary l2=0,1 --epochs 1 --out {}",
)  # fmt: skip


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("words", PATHS)
def test_a_name_of_256_bytes(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(words.format(LONG).split())
    err = capsys.readouterr().err
    assert (code, err.count("\n")) == (2, 1), err
    assert "bug" not in err
    assert "Traceback" not in err
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("words", PATHS)
def test_an_empty_path_is_not_the_current_folder(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    given = [word.replace("{}", "") for word in words.split()]
    code = main(given)
    err = capsys.readouterr().err
    assert (code, err.count("\n")) == (2, 1), err
    if "" in given:
        named = given[given.index("") - 1]
        told = repr(named) if named.startswith("--") else "an argument"
        assert err == f"Command line: {told} must not be empty. Is a variable of your shell empty?\n"
    assert list(Path().iterdir()) == []


def test_a_flag_with_nothing_behind_its_sign(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["train", "iris", "--out="]) == 2
    assert capsys.readouterr().err.startswith("Command line: '--out' must not be empty.")


@pytest.mark.parametrize("out", ["", "a\0b"])
def test_python_has_no_folder_without_a_name(out: str) -> None:
    for call in (
        lambda: gf.train(gf.Recipe(epochs=1, hidden=(2,)), "iris", out=out),
        lambda: gf.select(gf.Recipe(epochs=1, hidden=(2,)), "iris", vary={"l2": [0.0, 1.0]}, folds=2, out=out),
    ):
        with pytest.raises(gf.InputError, match="the name of a folder must have letters"):
            call()


@pytest.mark.parametrize("name", ["\x1b]0;owned\x07", "a\nb", "\u202egpj", "\x9b31m"])
def test_what_steers_a_terminal_is_written_out(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["runs", name], ["show", name], ["train", f"{name}.csv", "--target", "y"], ["test", name]):
        main(words)
        said = capsys.readouterr()
        assert all(line.isprintable() for line in (said.out + said.err).split("\n")), words
    with pytest.raises(gf.InputError) as caught:
        gf.load_model(name)
    assert str(caught.value).isprintable()


def test_no_prediction_is_a_formula(tmp_path: Path) -> None:
    """A cell that begins so is carried out by spreadsheets; see OWASP's page on CSV injection."""
    classes = ("=HYPERLINK(1)", "@sum", "+cmd", "-cmd", "-1.5", "plain", "\tx")
    values = np.eye(len(classes), dtype=np.float32)
    found = Predictions("classification", classes, values, np.arange(len(classes)), 1)
    found.write_csv(tmp_path / "p.csv")
    rows = (tmp_path / "p.csv").read_text().splitlines()[1:]
    cells = [row.split(",")[1].strip('"') for row in rows]
    assert cells == ["'=HYPERLINK(1)", "'@sum", "'+cmd", "'-cmd", "-1.5", "plain", "'\tx"]
    labels = Predictions("multilabel", ("=a", "b"), values[:2, :2], np.eye(2), 1)
    labels.write_csv(tmp_path / "l.csv")
    assert (tmp_path / "l.csv").read_text().startswith("row,'=a,b,probability of =a,probability of b\n")


def test_a_table_may_have_so_many_columns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from goodfit.data.tables.frames import MOST_COLUMNS

    Path("t.csv").write_text("," * MOST_COLUMNS + "\n" + "1," * MOST_COLUMNS + "1\n")
    np.savez("t.npz", x=np.zeros((2, MOST_COLUMNS + 1)), y=np.zeros(2))
    for name in ("t.csv", "t.npz"):
        assert main(["data", "show", name]) == 2
        err = capsys.readouterr().err
        assert err.startswith(f"{name}: must have at most 10,000 columns; got {MOST_COLUMNS + 1}.")


def test_matplotlib_does_not_tell_of_its_caches(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["runs"]) == 0
    assert not logging.getLogger("matplotlib.font_manager").isEnabledFor(logging.WARNING)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("cell", ["-inf", "1e400", "-1e400", "1e308", "nan", "9" * 400])
@pytest.mark.parametrize("column", ["x", "y"])
def test_numbers_that_no_float_holds_give_no_warning(cell: str, column: str, capsys: Any) -> None:
    rng = np.random.default_rng(0)
    rows = [f"{a:.3f},{b:.3f}" for a, b in rng.normal(size=(40, 2))]
    rows[3] = f"{cell},0.5" if column == "x" else f"0.5,{cell}"
    Path("t.csv").write_text("x,y\n" + "\n".join(rows) + "\n")
    code = main(["train", "t.csv", "--target", "y", "--epochs", "1", "--hidden", "2", "--fit", "never", "--quiet"])
    err = capsys.readouterr().err
    assert code in (0, 2)
    assert "RuntimeWarning" not in err
    assert "encountered" not in err
    assert "bug" not in err


@pytest.mark.filterwarnings("error")
def test_infinite_numbers_of_a_binary_table_give_no_warning(tmp_path: Path) -> None:
    from goodfit.data.tables.making import look

    x = np.random.default_rng(0).normal(size=(40, 2))
    for rows in ([0], [3, 4], range(40)):
        for value in (np.inf, -np.inf, 1e308, -1e308):
            changed = x.copy()
            changed[rows, 0] = value
            np.savez("t.npz", x=changed, y=x[:, 1])
            look("t.npz")
