"""`goodfit predict` as a process: pipes, broken pipes, and files that are whole or not there."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import goodfit as gf

ROWS = 60_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path, rng = tmp_path_factory.mktemp("predict"), np.random.default_rng(0)
    table = {"size": rng.normal(size=80), "town": rng.choice(["Oslo", "Rome"], 80)}
    table["rich"] = np.where(table["size"] + rng.normal(size=80) > 0, "yes", "no")
    gf.train(gf.Recipe(hidden=(4,), epochs=1), gf.data.table(table, "rich"), out=path / "run", leaks="off")
    (path / "new.csv").write_text("id,size,town\n" + "".join(f"n{row},{row % 7},Rome\n" for row in range(ROWS)))
    (path / "bad.csv").write_text((path / "new.csv").read_text() + "1,2\n")
    return path


def goodfit(*words: str, folder: Path) -> subprocess.Popen[bytes]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-m", "goodfit", "predict", "run", *words], cwd=folder, stdin=pipe, stdout=pipe, stderr=pipe
    )


def test_a_pipe_in_and_a_pipe_out(folder: Path) -> None:
    out, err = goodfit("-", "--keep", "id", folder=folder).communicate((folder / "new.csv").read_bytes())
    rows = list(csv.DictReader(io.StringIO(out.decode())))
    assert err == b""
    assert [row["id"] for row in rows] == [f"n{row}" for row in range(ROWS)]
    assert set(rows[0]) == {"row", "prediction", "probability of no", "probability of yes", "id"}
    expected = gf.load_model(folder / "run").predict({"size": [0, 1, 2], "town": ["Rome"] * 3})
    assert [row["prediction"] for row in rows[:3]] == expected.tolist()


def test_lines_of_json_and_the_same_file(folder: Path) -> None:
    out, err = goodfit("new.csv", "--json", "--out", "p.jsonl", folder=folder).communicate()
    assert (out, err.splitlines()[-1]) == (b"", b"Predictions: p.jsonl")
    lines = (folder / "p.jsonl").read_text().splitlines()
    assert len(lines) == ROWS
    assert json.loads(lines[-1])["row"] == ROWS - 1


def test_a_reader_that_leaves_is_no_failure(folder: Path) -> None:
    with goodfit("new.csv", "--quiet", folder=folder) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"row,prediction")
        process.stdout.close()
        assert (process.stderr.read(), process.wait()) == (b"", 0)


def test_predictions_go_to_stdout_where_messages_go_to_a_terminal(folder: Path) -> None:
    ours, theirs = os.openpty()
    words = [sys.executable, "-m", "goodfit", "predict", "run", "-"]
    found = subprocess.run(
        words, cwd=folder, input=b"size,town\n1,Rome\n", stdout=subprocess.PIPE, stderr=theirs, check=True
    )
    for each in (ours, theirs):
        os.close(each)
    assert [line.partition(b",")[0] for line in found.stdout.splitlines()] == [b"row", b"0"]


def test_a_strict_command_prints_all_or_nothing(folder: Path) -> None:
    lines = (folder / "new.csv").read_text().splitlines(keepends=True)
    good, bad = "".join(lines[:100]), "".join([*lines, "n,old,Rome\n", "n,young,Rome\n"])
    plain, _ = goodfit("-", "--quiet", folder=folder).communicate(good.encode())
    assert plain.count(b"\n") == 100
    assert goodfit("-", "--strict", "--quiet", folder=folder).communicate(good.encode()) == (plain, b"")
    process = goodfit("-", "--strict", folder=folder)
    out, err = process.communicate(bad.encode())
    assert (process.returncode, out) == (2, b"")
    told = f"standard input: column 'size' must hold numbers; 2 rows ({ROWS}, {ROWS + 1}) do not; got 'old'."
    assert err.decode().startswith(told)


def test_a_file_is_whole_or_not_there(folder: Path) -> None:
    process = goodfit("bad.csv", "--out", "q.csv", folder=folder)
    _, err = process.communicate()
    assert process.returncode == 2
    assert f"bad.csv: every row must have 3 cells, as many as the header; row {ROWS} has not" in err.decode()
    assert not [path for path in folder.iterdir() if "q.csv" in path.name]
