"""The leak guard inside `train`, and what a run keeps of it."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from run_help import RECIPE, interrupt_at, make_chunks_short

import goodfit as gf
from goodfit.data import Dataset, Split
from goodfit.errors import InputError
from goodfit.leaks import LeakCheck, LeakWarning
from goodfit.runs import load, resume

SHORT = RECIPE.replace(epochs=2, batch_size=16)


def leaky() -> Split:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(80, 4)), rng.integers(0, 2, 80)
    x[60:70], y[60:70] = x[:10], y[:10]
    return Split(Dataset.from_arrays(x, y), np.arange(50), np.arange(50, 60), np.arange(60, 80))


def test_a_training_warns_and_goes_on_and_its_run_keeps_what_was_found(tmp_path: Path) -> None:
    with pytest.warns(LeakWarning, match=r"^10 rows of the test set \(50 %\) also occur in the training set") as caught:
        run = gf.train(SHORT, leaky(), out=tmp_path / "run")
    assert [Path(each.filename).name for each in caught] == [Path(__file__).name]
    assert run.leaks is not None
    assert [each.code for each in run.leaks.findings] == ["exact"]
    kept = json.loads((tmp_path / "run" / "run.json").read_text())
    assert kept["leaks"] == kept["results"]["leaks"] == json.loads(json.dumps(run.to_json()["leaks"]))
    again = load(tmp_path / "run")
    assert again.leaks == run.leaks
    assert again.to_json()["leaks"] == run.to_json()["leaks"]


def test_who_wants_no_leaks_trains_on_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"Leaks: 10 rows of the test set \(50 %\) also occur in the training set"):
        gf.train(SHORT, leaky(), out=tmp_path / "run", leaks="error")
    assert not (tmp_path / "run").exists()
    assert gf.train(SHORT, gf.leaks.without_twins(leaky()), leaks="error").leaks is not None
    run = gf.train(SHORT, leaky(), leaks="off", out=tmp_path / "run")
    assert run.leaks is None
    assert load(tmp_path / "run").leaks is None


def test_a_run_that_goes_on_keeps_what_was_found_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_chunks_short(monkeypatch)
    parts = leaky()
    with pytest.warns(LeakWarning), pytest.raises(KeyboardInterrupt):
        gf.train(SHORT, parts, out=tmp_path / "run", progress=interrupt_at(1))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # it was told at the beginning
        run = resume(tmp_path / "run", parts.data)
    assert run.leaks is not None
    assert len(run.leaks.told) == 1


@pytest.mark.parametrize("damage", [{"leaks": 3}, {"leaks": {}}, {"leaks": {"findings": [{}]}}])
def test_a_damaged_record_is_refused(damage: dict[str, Any], tmp_path: Path) -> None:
    gf.train(SHORT, "iris", out=tmp_path / "run")
    path = tmp_path / "run" / "run.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **damage}))
    with pytest.raises(InputError, match="must be the record of a run, but it is damaged"):
        load(tmp_path / "run")


def test_runs_of_older_versions_have_none(tmp_path: Path) -> None:
    gf.train(SHORT, "iris", out=tmp_path / "run")
    path = tmp_path / "run" / "run.json"
    kept = json.loads(path.read_text())
    del kept["leaks"], kept["results"]["leaks"], kept["results"]["sealed"]
    path.write_text(json.dumps(kept))
    found = load(tmp_path / "run")
    assert (found.leaks, found.sealed) == (None, None)


def test_a_run_says_how_many_test_rows_are_sealed(tmp_path: Path) -> None:
    run = gf.train(SHORT, "iris", out=tmp_path / "a run")
    assert run.sealed == {"rows": 30, "open": f"goodfit test '{tmp_path / 'a run'}'"}
    assert load(tmp_path / "a run").sealed == run.to_json()["sealed"] == run.sealed
    alone = gf.train(SHORT, "iris")
    assert alone.sealed == {"rows": 30, "open": "run.test()"}
    assert gf.train(SHORT, gf.data.split(gf.data.load("iris"), test=0)).sealed is None


def test_a_table_is_divided_by_its_columns_and_goes_on_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_chunks_short(monkeypatch)
    rng = np.random.default_rng(0)
    person = rng.integers(0, 30, 120)
    lines = [
        f"p{p},{a:.4f},{b:.4f},{'yes' if a + c > 0 else 'no'}"
        for p, a, b, c in zip(person, *rng.normal(size=(3, 120)), strict=True)
    ]
    (tmp_path / "visits.csv").write_text("\n".join(["who,a,b,bought", *lines]) + "\n")
    table = gf.data.read_table(tmp_path / "visits.csv", "bought", group="who")
    with pytest.raises(KeyboardInterrupt):
        gf.train(SHORT, table, out=tmp_path / "run", progress=interrupt_at(1))
    run = resume(tmp_path / "run")
    assert run.nets[0].n_inputs == 2
    assert run.split is not None
    people = {part: set(person[run.split.rows(part)]) for part in ("train", "valid", "test")}
    assert sum(map(len, people.values())) == len(set(person))
    assert isinstance(run.leaks, LeakCheck)
    assert load(tmp_path / "run").test().score.rows == len(run.split.test)
