from __future__ import annotations

import json
import re
import sys
import time
from pathlib import Path

import pytest

from goodfit.cli import train as train_module
from goodfit.errors import GoodfitError, InputError
from goodfit.training.named_recipes import CHAPTER
from goodfit.training.recipe import Recipe


def test_train_hands_over_recipe_data_seeds_and_folder(call, fake) -> None:  # type: ignore[no-untyped-def]
    code, _, err = call("train", "iris", "--recipe", "chapter", "--hidden", "8", "--seed", "3", "--seeds", "2")
    assert code == 0, err
    assert fake.last["recipe"] == CHAPTER.replace(hidden=(8,), seed=3)
    assert fake.last["seeds"] == (3, 4)
    assert fake.last["data"] == "iris"
    assert re.fullmatch(r"runs/iris-\d{8}-\d{6}", str(fake.last["out"]))


def test_train_prints_results_on_stdout_and_progress_on_stderr(call, fake) -> None:  # type: ignore[no-untyped-def]
    fake.run = {"best_epochs": (1, 2), "frozen": (1,)}
    _, out, err = call("train", "iris", "--out", "somewhere/a run", "--seeds", "2", "--epochs", "20")
    assert "epoch 1/2  train loss 1.0000 accuracy 0.5000  validation loss nan  2 nets  1,000 rows/s  3.00 s left" in err
    assert "epoch 2/2  train loss 0.5000 accuracy 1.0000" in err
    assert "Net, 67 parameters" in out
    for cells in (
        ["hidden", "1", "relu", "he-normal", "4", "8", "0.2", "40"],
        ["output", "-", "he-normal", "8", "3", "-", "27"],
        ["training", "accuracy", "0.9000", "0.8900", "to", "0.9100", "1,000", "-"],
        ["test", "accuracy", "0.8000", "0.7900", "to", "0.8100", "1,000", "0.0200"],
    ):
        assert cells in [line.split() for line in out.splitlines()]
    assert "95 % interval" in out
    assert "Intervals: Clopper-Pearson.\n" in out
    assert "Weights of the last epoch: 1 to 2 of 20." in out
    assert (
        "Net 1 of 2 was frozen because the loss was no longer finite. Try a lower --learning-rate or --clip-norm 1."
        in out
    )
    assert "Time: compilation 0.50 s, training 1 min 01 s, evaluation 12.3 s." in out
    assert out.endswith("Run: somewhere/a run\n")
    assert "epoch 1/2" not in out


def test_train_quiet_says_nothing_on_stderr(call, fake) -> None:  # type: ignore[no-untyped-def]
    code, out, err = call("train", "iris", "--quiet")
    assert (code, err) == (0, "")
    assert "Scores" in out


def test_train_json_is_one_object(call, fake) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = call("train", "iris", "--json", "--epochs", "2")
    told = json.loads(out)
    assert code == 0
    assert told["recipe"]["epochs"] == 2
    assert (told["loss"], told["parts"]) == (None, [1.0, 2])


def test_a_score_without_an_interval_says_why(call, fake, make_score) -> None:  # type: ignore[no-untyped-def]
    nan = float("nan")
    fake.run = {"scores": {"valid": make_score(0.5, low=nan, high=nan, method="too few rows", name="R²")}}
    out = call("train", "iris", "--quiet")[1]
    assert ["validation", "R²", "0.5000", "none", "1,000", "-"] in [x.split() for x in out.splitlines()]
    assert "Intervals: too few rows.\n" in out


def test_methods_of_intervals_stand_together(call, fake, make_score) -> None:  # type: ignore[no-untyped-def]
    methods = {"train": "mean of 2 nets at 90 rows", "valid": "none", "test": "mean of 2 nets at 30 rows"}
    fake.run = {"scores": {part: make_score(0.5, method=method) for part, method in methods.items()}}
    out = call("train", "iris", "--quiet", "--monitor", "score", "--epochs", "20")[1]
    assert "Intervals: mean of 2 nets at 90 / 30 rows (training, test); none (validation).\n" in out
    assert "Best epoch by validation accuracy: 2 of 20.\n" in out


def test_early_stopping_is_told(call, fake, make_score) -> None:  # type: ignore[no-untyped-def]
    fake.run = {"scores": {"valid": make_score(0.5)}, "stopped_epochs": (7, 9)}
    out = call("train", "iris", "--quiet", "--seeds", "2", "--epochs", "20")[1]
    assert "Best epoch by validation loss: 2 of 20; stopped early after 7 to 9.\n" in out
    fake.run["stopped_epochs"] = (7, 20)
    assert (
        "; stopped early after 7 (1 of 2 nets).\n"
        in call("train", "iris", "--quiet", "--seeds", "2", "--epochs", "20")[1]
    )
    fake.run |= {"stopped_epochs": (3, 4), "frozen": (0, 1)}
    out = call("train", "iris", "--quiet", "--seeds", "2", "--epochs", "20")[1]
    assert "stopped early" not in out
    assert "Nets 0, 1 of 2 were frozen" in out


def test_train_reads_a_recipe_file(call, fake, tmp_path) -> None:  # type: ignore[no-untyped-def]
    Recipe(hidden=(5,), epochs=3).to_file(tmp_path / "mine.json")
    assert call("train", "iris", "--recipe", "mine.json", "--epochs", "4")[0] == 0
    assert fake.last["recipe"] == Recipe(hidden=(5,), epochs=4)
    (tmp_path / "bad.json").write_text('{"hiden": 3}')
    assert call("train", "iris", "--recipe", "bad.json") == (
        2,
        "",
        "bad.json: 'hiden' is not a field. Did you mean 'hidden'?\n",
    )


def test_resume_knows_the_score_of_its_run(call, fake) -> None:  # type: ignore[no-untyped-def]
    assert "epoch 1/2  train loss 1.0000 R² 0.5000" in call("train", "--resume", "runs/x")[2]


def test_resume_goes_on_with_a_run(call, fake) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = call("train", "--resume", "runs/x", "--quiet")
    assert (code, fake.calls) == (0, [("resume", {"folder": Path("runs/x")})])
    assert out.endswith("Run: runs/x\n")


def test_ctrl_c_says_how_to_go_on(call, fake, tmp_path) -> None:  # type: ignore[no-untyped-def]
    fake.error = KeyboardInterrupt()
    assert call("train", "iris", "--out", "my run", "--quiet") == (
        1,
        "",
        "Interrupted before any training; nothing was written.\n",
    )
    (tmp_path / "my run").mkdir()
    (tmp_path / "my run" / "run.json").write_text("{}")
    assert call("train", "iris", "--out", "my run", "--quiet") == (
        1,
        "",
        "Interrupted. Resume with: goodfit train --resume 'my run'\n",
    )


def test_a_fault_of_the_machine_says_how_to_go_on(call, fake, tmp_path) -> None:  # type: ignore[no-untyped-def]
    fake.error = GoodfitError("events.jsonl: could not be written: No space left on device.")
    assert call("train", "iris", "--out", "r", "--quiet") == (1, "", f"{fake.error}\n")
    (tmp_path / "r").mkdir()
    (tmp_path / "r" / "run.json").write_text("{}")
    hint = "Resume with: goodfit train --resume r\n"
    assert call("train", "iris", "--out", "r", "--quiet") == (1, "", f"{fake.error} {hint}")
    fake.error = MemoryError()
    assert call("train", "--resume", "r", "--quiet")[2].endswith(f"or a smaller batch size. {hint}")
    fake.error = InputError("r: must be the folder of a run.")
    assert call("train", "--resume", "r", "--quiet") == (2, "", "r: must be the folder of a run.\n")


def test_two_runs_in_one_second_have_two_folders(tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(time, "strftime", lambda _: "20250301-120000")
    first = train_module.default_folder("iris")
    assert str(first) == "runs/iris-20250301-120000"
    first.mkdir(parents=True)
    assert str(train_module.default_folder("iris")) == "runs/iris-20250301-120000-2"


def test_runs_lists_what_is_there(call, fake, make_run) -> None:  # type: ignore[no-untyped-def]
    fake.found = [make_run("runs/a"), make_run("runs/b", state="interrupted", when="today", scores={})]
    code, out, err = call("runs")
    lines = [line.split() for line in out.splitlines()]
    assert (code, err) == (0, "")
    assert ["runs/a", "iris", "2025-03-01", "12:30", "done", "2", "-", "accuracy", "0.9000"] in lines
    assert ["runs/b", "iris", "today", "interrupted", "2", "-", "-"] in lines
    assert fake.last == {"root": Path("runs")}
    Path("elsewhere").mkdir()
    records = json.loads(call("runs", "elsewhere", "--json")[1])
    assert fake.last == {"root": Path("elsewhere")}
    assert records[0] == {
        "folder": "runs/a",
        "data": "iris",
        "when": "2025-03-01T12:30:00",
        "state": "done",
        "seeds": [0, 1],
        "scores": {"test": {"name": "accuracy", "value": 0.9, "low": 0.89, "high": 0.91}},
    }
    assert records[1]["when"] == "today"


def test_runs_says_so_where_there_are_none(call, fake) -> None:  # type: ignore[no-untyped-def]
    assert call("runs") == (0, "", "There are no runs in 'runs'.\n")
    code, out, err = call("runs", "nowhere")
    assert (code, out, err) == (2, "", "nowhere: must be a folder that holds runs; there is no such folder.\n")
    assert call("runs", "--json") == (0, "[]\n", "")


PREDICTED = "row,prediction,probability of setosa,probability of other\n0,setosa,0.75,0.25\n"


def test_predict_writes_to_stdout_or_to_a_file(call, fake, tmp_path) -> None:  # type: ignore[no-untyped-def]
    assert call("predict", "runs/a", "iris") == (0, PREDICTED, "")
    assert fake.last == {"folder": Path("runs/a"), "data": "iris"}
    assert call("predict", "runs/a", "iris", "--out", "p.csv") == (0, "", "Predictions: p.csv\n")
    assert (tmp_path / "p.csv").read_text() == PREDICTED


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["p.parquet"], "as CSV, so its name must not end in .parquet; got 'p.parquet'. Name it .csv."),
        (["p.JSON"], "as CSV, so its name must not end in .json; got 'p.JSON'. Add --json, or name it .csv."),
        (["p.csv.gz", "--json"], "as lines of JSON, so its name must not end in .gz; got 'p.csv.gz'. Name it .jsonl."),
    ],
)
def test_a_file_of_predictions_is_named_as_what_it_is(call, fake, words, message) -> None:  # type: ignore[no-untyped-def]
    told = f"Command line: '--out' is written {message}\n"
    assert call("predict", "runs/a", "iris", "--out", *words) == (2, "", told)
    assert not Path(words[0]).exists()


def test_data_list(call) -> None:  # type: ignore[no-untyped-def]
    code, out, err = call("data", "list")
    assert (code, err) == (0, "")
    assert {"fashion-mnist", "iris", "polynomial"} <= {line.split()[0] for line in out.splitlines() if line.strip()}
    entries = json.loads(call("data", "list", "--json")[1])
    assert next(entry for entry in entries if entry["name"] == "iris")["rows"] == 150


def test_data_show_a_table(call) -> None:  # type: ignore[no-untyped-def]
    code, out, _ = call("data", "show", "iris")
    assert code == 0
    assert "150, no official test set" in out
    assert ["setosa", "50", "0"] in [line.split() for line in out.splitlines()]
    assert json.loads(call("data", "show", "iris", "--json")[1])["rows"] == 150


def test_data_show_numbers_and_many_columns(call) -> None:  # type: ignore[no-untyped-def]
    out = call("data", "show", "diabetes")[1]
    assert "target" in out
    assert "Classes" not in out
    assert "and 10 more: --json lists all." in call("data", "show", "breast-cancer")[1]


def test_data_show_images_and_a_figure(call, tmp_path) -> None:  # type: ignore[no-untyped-def]
    code, out, err = call("data", "show", "digits", "--out", "digits.svg")
    assert code == 0, err
    assert any(set(line) <= set(" ░▒▓█") and "█" in line for line in out.splitlines())
    assert err == "Figure: digits.svg\n"
    assert (tmp_path / "digits.svg").read_text().startswith("<?xml")
    code, _, err = call("data", "show", "iris", "--out", "iris.txt")
    assert (code, "must end in .svg or .png" in err) == (2, True)


def test_data_fetch(call, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    import goodfit.data
    from goodfit.data import Attempt, FetchReport

    assert call("data", "fetch", "iris") == (0, "iris: from scikit-learn.\n", "")
    tried = (Attempt("a", "missing", "not there", (), 0.1), Attempt("b", "found", "", (), 2.0))
    report = FetchReport("fashion-mnist", "b", Path("cache"), tried, 2.1, "the disk is slow")
    monkeypatch.setattr(goodfit.data, "fetch", lambda name, progress: report)
    code, out, err = call("data", "fetch", "fashion-mnist")
    assert (code, err) == (0, "Warning: the disk is slow\n")
    assert ["a", "missing", "not", "there", "0.10", "s"] in [line.split() for line in out.splitlines()]
    assert out.endswith("fashion-mnist: from b, kept in cache.\n")
    assert json.loads(call("data", "fetch", "fashion-mnist", "--json")[1])["folder"] == "cache"

    def nowhere(name: str, progress: object) -> FetchReport:
        raise GoodfitError("fashion-mnist: could not be found.")

    monkeypatch.setattr(goodfit.data, "fetch", nowhere)
    assert call("data", "fetch", "fashion-mnist") == (1, "", "fashion-mnist: could not be found.\n")


def test_an_unknown_data_set_is_bad_input(call) -> None:  # type: ignore[no-untyped-def]
    for command in ("show", "fetch"):
        code, out, err = call("data", command, "irs")
        assert (code, out) == (2, "")
        assert "Did you mean 'iris'?" in err


@pytest.mark.parametrize(
    ("variable", "value"), [("JPY_PARENT_PID", "7"), ("MPLBACKEND", "module://matplotlib_inline.backend_inline")]
)
def test_a_cell_of_a_notebook_is_no_terminal(call, fake, monkeypatch, variable: str, value: str) -> None:  # type: ignore[no-untyped-def]
    """A kernel gives `!goodfit` a terminal of 80 columns with colours, on which nothing can be drawn over."""
    for name, given in {"TERM": "xterm-color", "FORCE_COLOR": "1", "COLUMNS": "40", variable: value}.items():
        monkeypatch.setenv(name, given)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    code, out, err = call("train", "iris")
    assert code == 0
    assert "\x1b" not in out + err
    assert err.startswith("epoch 1/2  train loss 1.0000")
    assert max(map(len, out.splitlines())) > 70  # no table is folded


def test_on_a_terminal_the_display_lives(call, fake, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    code, out, err = call("train", "iris")
    assert code == 0
    assert "Compiling" in err
    assert "accuracy 1.0000" in err
    assert "Evaluating" in err
    assert "█▁" in err
    assert "rows/s" in err
    assert "Scores" in out
    assert "\x1b[" not in out
