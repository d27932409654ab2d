"""Every kind of file that goodfit reads: how a sound one is made, how it is changed, and what reads it."""

from __future__ import annotations

import functools
import json
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import feather, parquet

import goodfit as gf
from benchmarks import fuzz_changes as ways
from benchmarks.fuzz_changes import Change
from goodfit.cli.run_rows import run_record, run_row
from goodfit.data.idx import parse_idx, uncompress
from goodfit.data.ledger import Ledger
from goodfit.data.prints import RowSet
from goodfit.data.tables.making import look, read_table
from goodfit.ensembles.rounds import Planned
from goodfit.inspection.layer_table import FIELDS, read_layers
from goodfit.models.model_file import load_model
from goodfit.plain_json import plain
from goodfit.reading import read_bytes
from goodfit.reports import kept
from goodfit.runs import list_runs, load, record, rows_again
from goodfit.runs.opening import restated
from goodfit.runs.start_files import OPTIMIZER, read_state, write_state
from goodfit.runs.start_seen import seen_before
from goodfit.runs.starting import Start
from goodfit.selection.calls import resumed
from goodfit.selection.search import SEARCH
from goodfit.training import session
from goodfit.training.carrying import with_optimizers
from goodfit.training.compile import fresh_state
from goodfit.training.devices import prepare
from goodfit.training.examples import Examples
from goodfit.training.keeping import PackTrained, keep_nets
from goodfit.training.population import Job
from goodfit.training.store import SessionRecord, Store, session_folder
from goodfit.training.turns import JobList, plan_session
from goodfit.verdicts.judging_runs import kept_verdict, unfinished_request

RECIPE = gf.Recipe(hidden=(4,), epochs=3, batch_size=32)
TARGET = "target"


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    path: of the file that is changed, below a folder that `make` fills; changes: ways to change it, of which one is
    drawn; read: all that reads it.
    """

    make: Callable[[Path], None]
    path: str
    changes: Sequence[Change]
    read: Callable[[Path], object]


JSON = (ways.json_changed, ways.json_changed, ways.json_changed, ways.json_spliced, ways.bytes_changed)


# Runs


@functools.cache
def _trained() -> Path:
    """A run that is done, and one that was killed, in a folder that lasts as long as the process."""
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="goodfit-fuzz-"))
    gf.train(RECIPE, "iris", seeds=2, out=folder / "done", leaks="warn")
    gf.train(RECIPE.replace(fold_members=2), "iris", out=folder / "members", leaks="off")
    shutil.copytree(folder / "done", folder / "going")
    going = folder / "going" / "run.json"
    found = json.loads(going.read_text())
    going.write_text(json.dumps({**found, "state": "training", "results": None}))
    return folder


def _run(folder: Path) -> None:
    shutil.copytree(_trained() / "done", folder / "done")


def _members(folder: Path) -> None:
    shutil.copytree(_trained() / "members", folder / "done")


def _going(folder: Path) -> None:
    shutil.copytree(_trained() / "going", folder / "going")


def _list(folder: Path) -> None:
    found = list_runs(folder)
    for each in found:
        run_row(each)
        json.dumps(plain(run_record(each)), allow_nan=False)
    if len(found) != 1:
        raise AssertionError("a run is not listed")


def _load(folder: Path) -> None:
    _list(folder)
    run = load(folder / "done")
    str(run)
    json.dumps(plain(run.to_json()), allow_nan=False)
    str(run.sound)
    list(run.history.rows())
    for metric in run.history.metrics:
        run.history.mean(metric)


def _resume(folder: Path) -> None:
    _list(folder)
    where = folder / "going"
    found = record.RunRecord.read(where)
    record.read_recipe(where, found)
    data = rows_again.data_of(where, found, None, "resume")
    parts = rows_again.read_split(where, data, found, "resumed", "resume")
    str(parts)


def _optimizer(folder: Path) -> None:
    write_state(folder / OPTIMIZER, *_began_with())


@functools.cache
def _began_with() -> Any:
    """A state of two nets by Adam, and prints of rows."""
    run = gf.train(RECIPE.replace(keep_best=False), "iris", seeds=2)
    rows = np.arange(50, dtype=np.uint64)
    return run.optimizer, {"learned": rows, "chosen": rows[:5], "columns": rows[:1]}


def _go_on(folder: Path) -> None:
    work, _, _, cohort = _work()
    state, rows = read_state(folder / OPTIMIZER)
    nets = load(_trained() / "done").nets
    start = Start(nets, "here", RECIPE, state, known=rows)
    jobs = [start.job(number, job) for number, job in enumerate(work.jobs)]
    begun = fresh_state(cohort.program, cohort.settings(), cohort.initial_parameters())
    str(with_optimizers(begun, jobs, cohort.grid))
    str(start.record(RECIPE, seen_before(start, gf.data.split(gf.data.load("iris"), seed=0), "warn", len(nets))))


# Sessions


@functools.cache
def _work() -> Any:
    parts = gf.data.split(gf.data.load("iris"), seed=0)
    work = JobList((Job(RECIPE), Job(RECIPE.replace(seed=1))), Examples.of_split(parts, RECIPE.scaling, False, "auto"))
    planned = plan_session([work])
    (turn,) = planned.turns
    return work, planned, turn, session.plain_cohort(work, work.jobs, prepare())


class _Stop(Exception):
    pass


def _checkpoint(folder: Path) -> None:
    from goodfit.training.fitting import fit

    store = Store(folder, "run")

    def save(report: Any) -> None:
        store.save(0, _work()[3].grid, report, report.metrics, report.seconds)
        raise _Stop

    try:
        fit(_work()[3], report=save, chunk_seconds=0)
    except _Stop:
        return


def _unfinished(folder: Path) -> None:
    from goodfit.training.fitting import fit

    found = Store(folder, "run").unfinished(0, _work()[3])
    if found is not None:
        fit(_work()[3], start=(found.epoch, found.state))
        np.concatenate([found.metrics, found.metrics])
        sum(found.seconds.values())


def _turn(folder: Path) -> None:
    work, planned, _, _ = _work()
    session.run([work], keep_nets, planned=planned, kept_in=(Store(folder, "run"), PackTrained()))


def _finished(folder: Path) -> None:
    work, planned, _, _ = _work()
    (found,) = session.run([work], keep_nets, planned=planned, kept_in=(Store(folder, "run"), PackTrained()))
    str(found.nets)
    (folder / "turn-0000.safetensors").exists()


def _record(folder: Path) -> None:
    call = {"data": "iris", "recipe": {"hidden": [4]}, "vary": {"l2": [0.0, 0.1]}, "folds": 3, "by": "score"}
    (folder / SEARCH).write_text(SessionRecord("ab12", 1e9, "2 settings", call).to_json())


def _session(folder: Path) -> None:
    def again(recipe: Any, data: Any, **asked: Any) -> Any:
        if sorted(asked) != ["by", "folds", "out", "progress", "vary"] or asked["folds"] != 3 or data != "iris":
            raise AssertionError("a changed call would be carried out")

    with session_folder(folder, SEARCH, SessionRecord("ab12", 1e9), "search"):
        resumed(folder, SEARCH, "search", again, progress=None)


def _request(folder: Path) -> None:
    (folder / "verdict").mkdir()
    call = {"data": None, "quick": True}
    (folder / "verdict" / "verdict-call.json").write_text(SessionRecord("ab12", 1e9, "", call).to_json())


# Results


@functools.cache
def _searched() -> Path:
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="goodfit-fuzz-")) / "search"
    gf.select(RECIPE, "iris", vary={"l2": [0.0, 0.1, 1.0]}, folds=2, train_scores=True, out=folder).write(folder)
    return folder


def _search(folder: Path) -> None:
    shutil.copytree(_searched(), folder / "search")


def _read_search(folder: Path) -> None:
    from goodfit.reports import search_page

    kept.read_search(folder / "search")
    kept.read_curve(folder / "search", "l2")
    search_page(folder / "search")


VERDICT = {
    "kind": "underfits", "sentence": "Underfits: a wider net is better.", "reasons": ["one"], "measured_by": "score",
    "margin": 0.01, "base": {"score": 0.8, "low": 0.7, "high": 0.9, "train": 0.85},
    "probes": [
        {"name": "wider", "change": "hidden 4 -> 8", "status": "better", "difference": 0.1, "low": 0.05, "high": 0.15}
    ],
    "advice": {"probe": "wider", "change": "hidden 4 -> 8", "gain": 0.1, "low": 0.05, "high": 0.15,
               "recipe": RECIPE.to_dict()},
    "folds": 3, "seeds": 1, "level": 0.95, "seconds": 1.5,
}  # fmt: skip


def _verdict(folder: Path) -> None:
    (folder / "verdict.json").write_text(json.dumps(VERDICT))


def _read_verdict(folder: Path) -> None:
    str(kept_verdict(folder))
    str(kept.read_verdict(folder))


def _layers(folder: Path) -> None:
    row = ",".join("1" if name != "layer" else "hidden 1" for name in FIELDS)
    (folder / "layers.csv").write_text("\n".join([",".join(FIELDS), row, row, row]) + "\n")


def _ledger(folder: Path) -> None:
    book = Ledger(folder / "ledger.sqlite")
    score = gf.models.Score("accuracy", 0.9, 0.8, 0.95, 0.95, 50, "Clopper-Pearson", basis=50.0).to_dict()
    for number in range(3):
        begun = book.begin("iris", RowSet.of(np.arange(50, dtype=np.uint64) + 20 * number), f"model {number}")
        book.finish(begun.number, score)


def _read_ledger(folder: Path) -> None:
    from goodfit.cli.openings import opening_record, print_openings

    book = Ledger(folder / "ledger.sqlite")
    found = book.openings()
    for line in found:
        restated(line)
        json.dumps(plain(opening_record(line)), allow_nan=False)
    print_openings(book.path, found)
    book.begin("iris", RowSet.of(np.arange(10, dtype=np.uint64)), "model")


# Tables and models


@functools.cache
def _columns() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    rows = 40
    return {
        "size": rng.normal(size=rows).round(3),
        "count": rng.integers(0, 9, rows),
        "kind": rng.choice(["a", "b", "c"], rows),
        "sold": rng.choice([True, False], rows),
        "on": np.array("2024-01-01", "M8[D]") + rng.integers(0, 400, rows),
        TARGET: rng.normal(size=rows).round(3),
    }


def _csv(folder: Path) -> None:
    columns = _columns()
    lines = [",".join(columns), *(",".join(map(str, row)) for row in zip(*columns.values(), strict=True))]
    (folder / "t.csv").write_text("\n".join(lines) + "\n")


def _npz(folder: Path) -> None:
    np.savez(folder / "t.npz", **_columns())


def _parquet(folder: Path) -> None:
    parquet.write_table(pa.table(_columns()), folder / "t.parquet")


def _feather(folder: Path) -> None:
    feather.write_feather(pa.table(_columns()), folder / "t.feather")


def _table(name: str, folder: Path) -> None:
    look(folder / name, TARGET)
    parts = read_table(folder / name, TARGET).split(seed=0)
    if not np.isfinite(parts.data.x).all():
        raise AssertionError("inputs that are not finite")


def _idx(folder: Path) -> None:
    (folder / "t.idx").write_bytes(b"\0\0\x08\3" + np.array([2, 3, 4], ">u4").tobytes() + bytes(range(24)))


def _read_idx(folder: Path) -> None:
    content = read_bytes(folder / "t.idx")
    parse_idx(uncompress(content, where="t.idx", limit=10**6), where="t.idx")


def _model(folder: Path) -> None:
    shutil.copy(_trained() / "done" / record.MODEL, folder / "m.safetensors")


def _predict(folder: Path) -> None:
    load_model(folder / "m.safetensors").predict(np.zeros((3, 4), np.float32))


def tensors(kind: str) -> tuple[Change, ...]:
    changed = functools.partial(ways.tensors_changed, kind=kind)
    return changed, changed, changed, ways.bytes_changed


def database(random: Random, content: bytes) -> bytes:
    import tempfile

    return ways.database_changed(random, content, Path(tempfile.gettempdir()))


LINES = (ways.lines_changed, ways.lines_changed, ways.bytes_changed)
CELLS = (ways.cells_changed, ways.cells_changed, ways.bytes_changed)


KINDS = {
    "run.json": Kind(_run, "done/run.json", JSON, _load),
    "run.json, unfinished": Kind(_going, "going/run.json", JSON, _resume),
    "recipe.json": Kind(_run, "done/recipe.json", JSON, _load),
    "split.safetensors": Kind(_going, "going/split.safetensors", tensors("split"), _resume),
    "out of fold": Kind(
        _members, "done/out-of-fold.safetensors", tensors("out-of-fold predictions"), _load
    ),
    "events.jsonl": Kind(_run, "done/events.jsonl", LINES, _load),
    "model file": Kind(_model, "m.safetensors", tensors("model"), _predict),
    "optimizer.safetensors": Kind(_optimizer, OPTIMIZER, tensors("optimizer"), _go_on),
    "checkpoint": Kind(_checkpoint, "checkpoints/epoch-000001.safetensors", tensors("checkpoint"), _unfinished),
    "turn": Kind(_turn, "turn-0000.safetensors", tensors("run"), _finished),
    "round.json": Kind(Planned.of("short", 0, [RECIPE], 1.5).write, "round.json", JSON, Planned.read),
    "search.json": Kind(_record, SEARCH, JSON, _session),
    "verdict-call.json": Kind(_request, "verdict/verdict-call.json", JSON, unfinished_request),
    "selection.json": Kind(_search, "search/selection.json", JSON, _read_search),
    "curve.csv": Kind(_search, "search/curve.csv", CELLS, _read_search),
    "verdict.json": Kind(_verdict, "verdict.json", JSON, _read_verdict),
    "layers.csv": Kind(_layers, "layers.csv", CELLS, read_layers),
    "ledger": Kind(_ledger, "ledger.sqlite", (database, database, ways.bytes_changed), _read_ledger),
    "CSV": Kind(_csv, "t.csv", CELLS, functools.partial(_table, "t.csv")),
    "NPZ": Kind(
        _npz, "t.npz", (ways.npz_changed, ways.npz_changed, ways.bytes_changed), functools.partial(_table, "t.npz")
    ),
    "Parquet": Kind(_parquet, "t.parquet", (ways.bytes_changed,), functools.partial(_table, "t.parquet")),
    "Feather": Kind(_feather, "t.feather", (ways.bytes_changed,), functools.partial(_table, "t.feather")),
    "IDX": Kind(_idx, "t.idx", (ways.bytes_changed,), _read_idx),
}  # fmt: skip
