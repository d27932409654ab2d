"""Runs on tables that are read in parts: as good, resumable, opened, and refused where all rows are needed."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from run_help import interrupt_at, make_chunks_short, same_results

import goodfit as gf
from goodfit.cli import main
from goodfit.data import Table, read_table
from goodfit.data.tables import streamed
from goodfit.data.tables.streamed_rows import StreamLimits
from goodfit.errors import InputError
from goodfit.reports.reproducing import command
from goodfit.reports.source import source_of
from goodfit.runs import load as load_run
from goodfit.runs import resume
from goodfit.runs.telling import streamed_rows
from goodfit.training.progress import Progress
from goodfit.verdicts import judge_run

ROWS = 2000
RECIPE = gf.Recipe(hidden=(8,), epochs=4, batch_size=32, optimizer="adam", learning_rate=0.02, dropout=0.1)
FEW = StreamLimits(sample_rows=600, held_rows=400, window_bytes=4 * 8 * 250, block_rows=16)  # 8 inputs: 6 windows


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    make_chunks_short(monkeypatch)
    monkeypatch.setattr(streamed, "LIMITS", FEW)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file that is sorted by its target: windows of neighbouring rows would have one class each."""
    import pyarrow as pa
    from pyarrow import parquet

    rng = np.random.default_rng(0)
    x, kind = rng.normal(size=(ROWS, 3)), rng.choice(["a", "b", "c", "d", "e"], ROWS)
    y = x[:, 0] + x[:, 1] ** 2 + (kind == "a") + 0.3 * rng.normal(size=ROWS) > 1
    rows = np.argsort(y, kind="stable")
    columns = {f"x{place}": own[rows] for place, own in enumerate(x.T)} | {"kind": kind[rows], "y": y[rows]}
    found = tmp_path_factory.mktemp("streamed") / "sorted.parquet"
    parquet.write_table(pa.table(columns), found, row_group_size=300)
    return found


def _table(path: Path, **choices: Any) -> Table:
    return read_table(path, "y", stream=True, **choices)


@pytest.fixture(scope="module")
def whole(path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole") / "run"
    with pytest.MonkeyPatch.context() as patch:
        make_chunks_short(patch)
        patch.setattr(streamed, "LIMITS", FEW)
        gf.train(RECIPE, _table(path), seeds=2, out=folder)
    return folder


def test_a_streamed_run_is_that_in_memory_with_one_window_and_as_good_with_six(
    path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = load_run(whole)
    monkeypatch.setattr(streamed, "LIMITS", StreamLimits())  # one window, and all rows in memory as well
    table = _table(path)
    assert table.stream is not None
    one, parts = gf.train(RECIPE, table, seeds=2), table.stream.split(table, RECIPE.valid, RECIPE.seed)
    memory = gf.train(RECIPE, replace(parts, data=replace(parts.data, streamed=None)), seeds=2)
    assert_allclose(one.history["train_loss"], memory.history["train_loss"], rtol=1e-5)
    assert one.scores["valid"].value == memory.scores["valid"].value
    assert run.scores["valid"].low < memory.scores["valid"].value < run.scores["valid"].high
    assert_allclose(run.history["train_loss"][-1], memory.history["train_loss"][-1], atol=0.06)
    assert run.scores["train"].rows < 500  # a sample
    trained = run.origin["stream"]["train"]  # type: ignore[index]
    assert 1100 < trained < 1500
    assert streamed_rows(run).startswith(f"Trained on {trained:,} rows, read in parts from disk; the training score")


def test_an_interrupted_run_resumes_with_the_same_bits(path: Path, whole: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        gf.train(RECIPE, _table(path), seeds=2, out=tmp_path / "run", progress=interrupt_at(2))
    resume(tmp_path / "run")
    assert same_results(tmp_path / "run", whole)


@pytest.mark.parametrize(("presses", "kept"), [(1, 3), (2, 2)])
def test_ctrl_c_within_an_epoch_finishes_it_and_a_second_one_leaves_it(
    path: Path, whole: Path, tmp_path: Path, presses: int, kept: int
) -> None:
    told: list[Progress] = []

    def press(progress: Progress) -> None:
        told.append(progress)
        if progress.epoch == 2 and progress.window == 3 and progress.phase == "train":
            for _ in range(presses):
                signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        gf.train(RECIPE, _table(path), seeds=2, out=tmp_path / "run", progress=press)
    windows = [(each.epoch, each.window, each.windows) for each in told if each.windows and each.phase == "train"]
    assert windows == [(epoch, n, 7) for epoch in (0, 1) for n in range(1, 7)] + [(2, n, 7) for n in (1, 2, 3)]
    assert max((tmp_path / "run" / "checkpoints").iterdir()).name == f"epoch-{kept:06}.safetensors"
    resume(tmp_path / "run")
    assert same_results(tmp_path / "run", whole)


def test_a_changed_file_is_not_taken_for_the_one_before(path: Path, whole: Path, tmp_path: Path) -> None:
    from pyarrow import parquet

    copy = tmp_path / "sorted.parquet"
    parquet.write_table(parquet.read_table(path), copy)
    with pytest.raises(KeyboardInterrupt):
        gf.train(RECIPE, _table(copy), seeds=2, out=tmp_path / "run", progress=interrupt_at(2))
    table = parquet.read_table(path)
    x = table["x0"].to_numpy().copy()
    x[ROWS // 2 : ROWS // 2 + 5] += 0.01  # rows that are most likely not in memory
    parquet.write_table(table.set_column(0, "x0", [x]), copy)
    with pytest.raises(InputError, match="must be resumed with the data that it was started with"):
        resume(tmp_path / "run")


def test_its_test_rows_are_opened_from_the_file(whole: Path) -> None:
    run = load_run(whole)
    opened = run.test()
    assert opened.score.rows == run.test_rows
    assert opened.score.value > 0.8


def test_its_report_tells_all_rows_and_repeats_the_command(path: Path, whole: Path) -> None:
    source = source_of(load_run(whole))
    assert source.sizes["train"] > 1100
    words = command(source)
    assert words is not None
    assert words[:6] == ["goodfit", "train", str(path), "--target", "y", "--task"]
    assert "--stream" in words
    assert words[-2:] == ["--seeds", "2"]


@pytest.mark.parametrize(
    ("fields", "more", "what"),
    [
        ({"optimizer": "lbfgs"}, {}, "'optimizer' lbfgs"),
        ({"fold_members": 3}, {}, "'fold_members'"),
        ({"refit": True}, {}, "'refit'"),
        ({"valid": 0.0, "patience": 3}, {}, "'patience' without validation rows"),
        ({}, {"leaks": "error"}, "a thorough leakage check"),
        ({}, {"executor": ThreadPoolExecutor(1)}, "training by workers"),
    ],
)
def test_what_needs_all_rows_is_refused_before_they_are_read(
    path: Path, monkeypatch: pytest.MonkeyPatch, fields: dict[str, Any], more: dict[str, Any], what: str
) -> None:
    table = _table(path)
    monkeypatch.setattr(streamed, "file_parts_of", None)  # nothing is read any more
    with pytest.raises(InputError, match=rf"{what}.* needs all rows in memory, and the file is streamed"):
        gf.train(fields, table, **more)


def test_searches_and_verdicts_are_refused(path: Path, whole: Path) -> None:
    with pytest.raises(InputError, match="this needs all rows in memory"):
        gf.select(RECIPE, _table(path), vary={"dropout": [0.0, 0.1]})
    with pytest.raises(InputError, match="a verdict, which trains on parts of the rows, needs all rows in memory"):
        judge_run(whole)


def test_a_file_that_may_not_fit_is_streamed_by_itself(
    path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from goodfit.cli import streaming
    from goodfit.cli.summary import print_run

    def begin(_: Any, data: Table, **__: Any) -> None:
        raise InputError(f"Streams: {data.stream is not None}.")

    monkeypatch.setattr(streaming, "host_total", lambda: 2e5)
    monkeypatch.setattr("goodfit.runs.train", begin)
    assert main(["train", str(path), "--target", "y"]) == 2
    told = capsys.readouterr().err
    assert "its rows are read in parts, as with --stream" in told
    assert "Streams: True." in told
    print_run(load_run(whole))
    assert "read in parts from disk" in capsys.readouterr().out
    assert main(["train", "iris", "--stream"]) == 2
    assert "'--stream' reads the rows of a table file in parts" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("flags", "what"),
    [
        (["--group", "kind"], "'--group'"),
        (["--test", "other.csv"], "a test file"),
        (["--fold-members", "3"], "'fold_members'"),
        (["--optimizer", "lbfgs"], "'optimizer' lbfgs"),
        (["--leaks", "error"], "a thorough leakage check"),
    ],
)
def test_a_file_is_not_streamed_by_itself_where_all_rows_are_needed(
    path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], flags: list[str], what: str
) -> None:
    from goodfit.cli import going_on, streaming

    def read(*_: Any) -> Table:
        raise InputError("Reading all rows.")

    monkeypatch.setattr(streaming, "host_total", lambda: 2e5)
    monkeypatch.setattr(going_on, "data_to_go_on_with", read)
    words = ["train", str(path), "--target", "y", *flags]
    assert main(words) == 2
    told = capsys.readouterr().err
    assert f"is read at once all the same: all rows are needed for {what}" in told
    assert "Reading all rows." in told
    assert main([*words, "--stream"]) == 2
    assert "or read all rows at once: --no-stream" in capsys.readouterr().err
