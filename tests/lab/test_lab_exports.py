"""A state taken out of the lab: every form is executed, and gives the lab's nets to the bit."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import goodfit as gf
from goodfit.cli import main
from goodfit.lab.exporting import export
from goodfit.lab.opening import open_state
from goodfit.lab.states import checked_state
from goodfit.lab.tracks import Track
from goodfit.training import cohort_of, fit
from goodfit.training.devices import prepare

RECIPE = {"hidden": [4], "activation": "tanh", "dropout": 0.0, "optimizer": "adam", "learning_rate": 0.01}
RECIPE |= {"epochs": 3, "valid": 0.25, "keep_best": False, "schedule": "constant", "batch_size": 16}
POINTS = [[round(np.cos(k) + k % 2, 3), round(np.sin(3 * k), 3), k % 2] for k in range(40)]
LINE = [[k / 40, round(np.sin(k / 6), 3)] for k in range(40)]
STATES: dict[str, dict[str, Any]] = {
    "plain": {"data": {"name": "xor"}, "nets": 2, "seed": 5},
    "options": {"data": {"name": "moons", "rows": 60, "noise": 0.3, "seed": 2}, "nets": 2},
    "cut": {"data": {"name": "digits", "rows": 200}, "nets": 2},
    "points": {"data": {"points": POINTS}, "nets": 2},
    "line": {"data": {"points": LINE}, "nets": 2},
    "widths": {"data": {"name": "moons", "rows": 60}, "widths": [2, 5, 5]},
    "changed": {
        "data": {"name": "moons", "rows": 60},
        "nets": 2,
        "epoch": 2,
        "acts": [
            {"epoch": 1, "change": {"learning_rate": 0.1, "epochs": 4}},
            {"epoch": 2, "weight": {"layer": 0, "i": 1, "value": 2.5, "net": 0}},
            {"epoch": 2, "equal": 0},
        ],
    },
    "file": {"data": {"file": "mine.csv", "target": "kind"}, "nets": 2},
}


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    rows = "\n".join(f"{a},{b},{'yes' if code else 'no'}" for a, b, code in POINTS)
    (tmp_path / "mine.csv").write_text(f"a,b,kind\n{rows}\n")
    monkeypatch.chdir(tmp_path)
    return {"mine.csv": tmp_path / "mine.csv"}


def of_the_lab(name: str, files: dict[str, Path]) -> list[Any]:
    opened = open_state(checked_state({"recipe": RECIPE, **STATES[name]}), files)
    if opened.state.acts:
        track = Track(opened)
        for act in opened.state.acts:
            track.do(act)
        track.train(4)
        return track.nets()
    return list(fit(cohort_of(opened.jobs, opened.examples, prepare())).nets)


def same(found: Any, expected: list[Any]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        for a, b in zip((*one.weights, *one.biases), (*other.weights, *other.biases), strict=True):
            assert np.array_equal(a, b)


def executed(text: str) -> Any:
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(text, "cell", "exec"), names)
    return names["nets"]


@pytest.mark.parametrize(
    "name", [name for name in STATES if name not in ("plain", "options")]
)  # which the command and the notebook train
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_the_cell_trains_the_nets_of_the_lab(name: str, files: dict[str, Path]) -> None:
    state = checked_state({"recipe": RECIPE, **STATES[name]})
    same(executed(export(state, "python", files).text), of_the_lab(name, files))


def test_the_notebook_holds_the_cell_and_runs(files: dict[str, Path]) -> None:
    state = checked_state({"recipe": RECIPE, **STATES["options"]})
    made = export(state, "notebook", files)
    Path(made.name).write_text(made.text)
    document = gf.notes.read(made.name)  # which reads what Jupyter wrote
    assert [cell.kind for cell in document.cells if cell.kind in ("code", "heading")] == ["heading", "code", "code"]
    names: dict[str, Any] = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for place in document.code:
            exec(compile(document.cells[place].text, "cell", "exec"), names)
    same(names["nets"], of_the_lab("options", files))
    cells = json.loads(made.text)["cells"]
    assert len({cell["id"] for cell in cells}) == len(cells)


def test_the_command_and_the_recipe_file_train_them_too(files: dict[str, Path]) -> None:
    state = checked_state({"recipe": RECIPE, **STATES["plain"]})
    words = shlex.split(export(state, "command", files).text)
    assert words[:3] == ["goodfit", "train", "xor"]
    Path("recipe.json").write_text(export(state, "recipe", files).text)
    by_file = ["train", "xor", "--recipe", "recipe.json", "--seeds", "2"]
    for number, given in enumerate((words[1:], by_file)):
        assert main([*given, "--out", f"run-{number}", "--quiet", "--fit", "never"]) == 0
        same(gf.runs.load(f"run-{number}").nets, of_the_lab("plain", files))


@pytest.mark.parametrize("name", ["options", "points", "widths", "changed"])
def test_a_command_hands_python_what_the_command_line_has_no_words_for(name: str, files: dict[str, Path]) -> None:
    state = checked_state({"recipe": RECIPE, **STATES[name]})
    first, *lines, last = export(state, "command", files).text.splitlines()
    assert (first, last) == ("python - <<'GOODFIT'", "GOODFIT")
    assert "\n".join(lines) + "\n" == export(state, "python", files).text


def test_a_command_in_a_shell_prints_the_score_of_the_lab(files: dict[str, Path]) -> None:
    """Of a table that was dropped on the page, with changes on the way: run in its folder, as the text says."""
    given = {"recipe": RECIPE, **STATES["file"], "epoch": 2, "acts": [{"epoch": 1, "change": {"learning_rate": 0.1}}]}
    state = checked_state(given)
    text = export(state, "command", files).text
    assert "run this in its folder" in text
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    named = {**os.environ, "PATH": path}
    done = subprocess.run(["sh"], input=text, text=True, capture_output=True, env=named, check=True)
    track = Track(open_state(state, files))
    for act in state.acts:
        track.do(act)
    track.train(3)
    printed = {line.split()[0]: [float(each) for each in line.split()[1:]] for line in done.stdout.splitlines()}
    assert printed.keys() == {*track.names}
    for name, values in printed.items():
        assert values == pytest.approx(track.standing(name, 3).tolist(), rel=1e-6)  # as a float32 is printed


def test_names_in_a_state_stay_names(files: dict[str, Path]) -> None:
    """What a file or column is called is never run, by a shell or by Python."""
    odd = "'); import os; os.abort() # GOODFIT"
    path = files["mine.csv"]
    text = path.read_text().replace("kind", f'"{odd}"')
    path.write_text(text)
    state = checked_state({"recipe": RECIPE, "data": {"file": "mine.csv", "target": odd}, "nets": 2})
    command = export(state, "command", files).text
    assert command.splitlines().count("GOODFIT") == 1
    assert len(executed(export(state, "python", files).text)) == 2


@pytest.mark.parametrize(
    ("name", "kind", "message"),
    [
        ("plain", "pyhton", "unknown form; got 'pyhton'. Did you mean 'python'"),
        ("widths", "recipe", "a recipe has one width"),
        ("changed", "recipe", "a recipe has no changes on the way"),
        ("file", "python", "is not here any more"),
    ],
)
def test_a_form_that_cannot_be_had_is_refused(name: str, kind: str, message: str) -> None:
    with pytest.raises(gf.InputError, match=message):
        export(checked_state({"recipe": RECIPE, **STATES[name]}), kind)


def test_a_table_keeps_its_name_and_those_of_its_columns(files: dict[str, Path], tmp_path: Path) -> None:
    """An upload lies under a name that nobody gave it."""
    kept = files["mine.csv"].rename(tmp_path / "3f2a9b5c.csv")
    state = checked_state({"recipe": RECIPE, **STATES["file"]})
    told = open_state(state, {"mine.csv": kept}).told()
    assert told["inputs"] == told["picture"]["names"] == ["a", "b"]
    cells = json.loads(export(state, "notebook", {"mine.csv": kept}).text)["cells"]
    assert cells[0]["source"][0] == "# 2 nets on mine\n"
