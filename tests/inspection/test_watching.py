"""Looking inside nets while they train."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from inspection_help import random_net, subject

import goodfit as gf
from goodfit.inspection.layer_table import QUANTILE_FIELDS, read_layers
from goodfit.inspection.measuring import measure
from goodfit.inspection.watching import MOST_NETS, Watcher, _subject, summary

RECIPE = gf.Recipe(hidden=(8, 6), activation=("relu", "prelu"), dropout=0, epochs=4, batch_size=32)


def test_a_summary_is_that_of_a_measurement() -> None:
    found = subject(random_net((4, 6, 5, 3), "sigmoid"))
    measured = measure(found, curvature=False)
    for row, layer in zip(summary(found), measured.layers, strict=True):
        assert row.pop("layer") == layer.name
        drawn = [row.pop(name) for name in QUANTILE_FIELDS]
        last = layer is measured.layers[-1]
        values = measured.passes.z[-1] if last else measured.passes.a[layer.layer]
        gradients = np.abs(measured.passes.z_gradients[layer.layer])
        np.testing.assert_allclose(drawn[:5], np.percentile(values, [5, 25, 50, 75, 95]))
        np.testing.assert_allclose(drawn[5:], np.percentile(gradients, [5, 25, 50, 75, 95]))
        for name, value in row.items():
            np.testing.assert_equal(value, getattr(layer, name))


def test_the_last_look_is_at_the_trained_nets(tmp_path: Path) -> None:
    watcher = Watcher(share=1e9)
    data = gf.data.split(gf.data.load("moons", n_train=120, n_test=0), valid=0, test=0)
    run = gf.train(RECIPE.replace(keep_best=False, valid=0), data, seeds=[4, 2], watch=watcher)
    last = [row for row in watcher.rows if row["epoch"] == 4]
    assert [(row["net"], row["seed"], row["layer"]) for row in last[:4]] == [
        (0, 4, "hidden 1"), (0, 4, "hidden 2"), (0, 4, "output"), (1, 2, "hidden 1"),
    ]  # fmt: skip
    own = gf.inspection.subject_of(run.nets[0], data.x("train"), data.y("train"))
    expected = measure(own, curvature=False).layers  # all rows are fewer than a look takes
    assert last[0]["variance"] == pytest.approx(expected[0].variance, rel=1e-5)
    assert last[2]["z_gradient"] == pytest.approx(expected[2].z_gradient, rel=1e-5)
    written = list(csv.DictReader(watcher.write(tmp_path).read_text().splitlines()))
    assert len(written) == len(watcher.rows)
    assert float(written[0]["mean"]) == watcher.rows[0]["mean"]
    np.testing.assert_equal(read_layers(tmp_path), watcher.rows)


def test_looking_keeps_to_its_share_of_the_time() -> None:
    """A look that cost a second is followed by the next when two seconds more, for one at the end, are a tenth."""
    cohorts: list[Any] = []
    data = gf.data.split(gf.data.load("iris"), valid=0, test=0)
    gf.train(
        RECIPE, data, seeds=range(MOST_NETS + 1), watch=lambda report, cohort: cohorts.append((report.nets(), cohort))
    )
    nets, cohort = cohorts[0]
    watcher, active = Watcher(share=0.1), np.ones(len(nets), bool)

    def at(seconds: float, epoch: int) -> None:
        told = {"epoch": epoch, "seconds": {"train": seconds}, "nets": lambda: nets, "active": active}
        watcher(SimpleNamespace(**told), cohort)  # type: ignore[arg-type]

    at(0.1, 1)
    assert {row["net"] for row in watcher.rows} == set(range(MOST_NETS))
    watcher.spent, watcher._last, watcher.compiling = 1.0, 1.0, 5.0
    at(35.9, 2)  # 29.9 s of training: three looks would be more than a tenth of it
    assert {row["epoch"] for row in watcher.rows} == {1}
    at(36.1, 2)
    assert {row["epoch"] for row in watcher.rows} == {1, 2}
    assert watcher.spent > 1.0
    watcher.spent = 100.0
    at(36.1, 3)
    assert {row["epoch"] for row in watcher.rows} == {1, 2}
    at(36.1, RECIPE.epochs)  # the end is seen whatever it costs
    assert {row["epoch"] for row in watcher.rows} == {1, 2, RECIPE.epochs}
    watcher.rows, active = watcher.rows[:3], np.zeros(len(nets), bool)
    at(36.1, 3)  # all nets have stopped
    assert {row["epoch"] for row in watcher.rows} == {1, 3}


def test_fetching_the_nets_is_part_of_a_look_and_compiling_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a clock that only these two move: nets take 2 s to fetch, and preparing the first look 50 s."""
    seen: list[Any] = []
    gf.train(RECIPE, "iris", seeds=range(8), watch=lambda report, cohort: seen.append((report, cohort, report.nets())))
    (report, cohort, nets), *_ = seen
    now = [0.0]

    def fetch() -> Any:
        now[0] += 2.0
        return nets

    def drawn(*given: Any) -> Any:
        now[0] += 50.0
        return _subject(*given)

    watcher = Watcher()
    monkeypatch.setattr("goodfit.inspection.watching.time.perf_counter", lambda: now[0])
    monkeypatch.setattr("goodfit.inspection.watching._subject", drawn)
    watcher(replace(report, nets=fetch), cohort)
    assert (watcher.spent, watcher.compiling) == (2.0, 50.0)
    watcher(replace(report, nets=fetch, seconds={"train": 10.0 + 50.0 + 2.0}), cohort)
    assert watcher.spent == 2.0  # another look would be 4 s of 10


def test_every_net_of_a_population_has_its_own_numbers() -> None:
    """The nets of a population in one table are those of each seed alone."""
    many, alone = Watcher(share=1e9), Watcher(share=1e9)
    recipe = RECIPE.replace(epochs=1)
    gf.train(recipe, "iris", seeds=range(8), watch=many)
    gf.train(recipe, "iris", seeds=[5], watch=alone)
    assert [row["seed"] for row in many.rows] == [seed for seed in range(8) for _ in range(3)]
    of_five = [row for row in many.rows if row["seed"] == 5]
    for row, other in zip(of_five, alone.rows, strict=True):
        assert row["net"] == 5
        for name in ("mean", "variance", "z_gradient", "gradient_50"):
            assert row[name] == pytest.approx(other[name], rel=1e-3)
    assert len({row["z_gradient"] for row in many.rows}) == len(many.rows)


@pytest.mark.parametrize("data", ["diabetes", "iris"])
def test_numbers_and_classes(data: str) -> None:
    watcher = Watcher()
    gf.train(RECIPE.replace(epochs=1), data, watch=watcher)
    assert len(watcher.rows) == 3
    assert all(np.isfinite(row["variance"]) for row in watcher.rows)


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from goodfit.cli import main

    folder = tmp_path / "run"
    assert main(("train", "iris", "--hidden", "4", "--epochs", "1", "--inspect", "--out", str(folder), "--json")) == 0
    assert f"Layer statistics by epoch: {folder / 'layers.csv'}" in capsys.readouterr().err
    assert (folder / "layers.csv").read_text().startswith("epoch,net,seed,layer,mean,")
    assert main(("train", "--resume", str(folder), "--inspect")) == 2
    assert "cannot be combined with --inspect" in capsys.readouterr().err
