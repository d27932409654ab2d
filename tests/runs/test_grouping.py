"""Runs in groups: means and spreads over the nets of several runs, by hand and by SciPy."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

import goodfit as gf
import goodfit.figures
from goodfit.errors import InputError
from goodfit.files import write_atomically
from goodfit.runs import group_runs
from goodfit.training.recipe import Recipe

RECIPE = Recipe(hidden=(4,), epochs=3, batch_size=32, dropout=0, learning_rate=0.01)


def without_figures(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(goodfit.figures, "write_figure", lambda figure, path: write_atomically(path, b"a figure"))


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    without_figures(monkeypatch)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs of one recipe, one of a wider net, one on other data, and one that holds a net of the first again."""
    root = tmp_path_factory.mktemp("grouped")
    parts = gf.data.split(gf.data.load("iris"))
    with pytest.MonkeyPatch.context() as patch:
        without_figures(patch)
        gf.train(RECIPE, parts, seeds=[0, 1], out=root / "a")
        gf.train(RECIPE, parts, seeds=[2, 3, 4], out=root / "b")
        gf.train(RECIPE.replace(hidden=(8,)), parts, seeds=[0, 1], out=root / "wide")
        gf.train(RECIPE, gf.data.load("wine"), seeds=[0, 1], out=root / "wine")
        gf.train(RECIPE, parts, seeds=[1, 2], out=root / "again")
    (root / "empty").mkdir()
    (root / "broken").mkdir()
    (root / "broken" / "run.json").write_text("{")
    return root


def kept(root: Path, names: str, metric: str) -> np.ndarray:
    """The metric at the kept epoch of each net of some runs, by seed."""
    found = {}
    for name in names.split():
        history = gf.runs.load(root / name).history
        for net, seed in enumerate(history.seeds.tolist()):
            found[seed] = history[metric][history.best_epoch[net] - 1, net]
    return np.array([found[seed] for seed in sorted(found)], float)


def test_nets_of_several_settings_are_in_no_group(root: Path, tmp_path: Path) -> None:
    """As of a fit, whose run has the recipe of one of them."""
    shutil.copytree(root / "a", tmp_path / "a")
    shutil.copytree(root / "b", tmp_path / "fitted")
    told = json.loads((tmp_path / "fitted" / "run.json").read_text())
    (tmp_path / "fitted" / "run.json").write_text(json.dumps({**told, "call": {"command": "fit", "seconds": 60.0}}))
    assert [group.runs for group in group_runs(tmp_path)] == [(tmp_path / "a",)]


def test_the_nets_of_all_runs_of_a_recipe(root: Path) -> None:
    groups = {(each.data, each.fields["hidden"]): each for each in group_runs(root, metric="valid_loss")}
    assert sorted(groups) == [("iris", "4"), ("iris", "8"), ("wine", "4")]
    found = groups["iris", "4"]
    values = kept(root, "a b", "valid_loss")
    assert found.count == 5  # seeds 1 and 2 of "again" are nets that are there already
    assert sorted(folder.name for folder in found.runs) == ["a", "again", "b"]
    assert found.mean == pytest.approx(values.mean())
    assert found.spread == pytest.approx(values.std(ddof=1))
    expected = stats.t.interval(0.95, 4, values.mean(), stats.sem(values))
    assert (found.low, found.high) == pytest.approx((max(0, expected[0]), expected[1]))
    assert found.name == "loss"
    assert not found.varied


def test_the_score_of_each_net_is_that_of_the_run(root: Path) -> None:
    (found,) = [each for each in group_runs(root, "hidden") if each.fields == {"hidden": "8"}]
    run = gf.runs.load(root / "wide")
    assert found.name == "accuracy"
    assert found.mean == pytest.approx(run.scores["valid"].value, abs=1e-6)
    assert found.spread == pytest.approx(run.scores["valid"].spread, abs=1e-6)


def test_data_of_one_name_are_not_averaged_and_a_table_is_one_whatever_its_split(tmp_path: Path) -> None:
    x = np.arange(60, dtype=np.float32)[:, None]
    for name, shift in (("a", 0), ("b", 3)):
        (tmp_path / name).mkdir()
        data = gf.data.Dataset("same", x + shift, np.arange(60) % 2, "classification", classes=("n", "y"))
        gf.train(RECIPE, data, out=tmp_path / "sets" / name)
        rows = "".join(f"{number + shift},{'ny'[number % 2]}\n" for number in range(60))
        (tmp_path / name / "file.csv").write_text(f"x,y\n{rows}")
        for seed in (0, 1):
            table = gf.data.read_table(tmp_path / name / "file.csv", "y")
            gf.train(RECIPE.replace(seed=seed), table, out=tmp_path / "tables" / f"{name}{seed}")
    assert [(each.data, each.count) for each in group_runs(tmp_path / "sets")] == [("same", 1)] * 2
    tables = group_runs(tmp_path / "tables")
    assert [(each.count, each.varied) for each in tables] == [(2, ("split",))] * 2
    assert {frozenset(run.name[0] for run in each.runs) for each in tables} == {frozenset("a"), frozenset("b")}
    for seed in (0, 1):
        frame = {"x": np.arange(60) % 7 + 0.5, "y": ["n", "y", "y"] * 20}
        gf.train(RECIPE.replace(seed=seed), gf.data.table(frame, target="y"), out=tmp_path / "frames" / str(seed))
    (found,) = group_runs(tmp_path / "frames")
    assert (found.count, found.varied) == (2, ("split",))


def test_a_run_whose_time_is_not_known_is_left_out(root: Path, tmp_path: Path) -> None:
    for name in ("a", "wine"):
        shutil.copytree(root / name, tmp_path / name)
    kept_json = json.loads((tmp_path / "a" / "run.json").read_text())
    del kept_json["results"]["seconds"]["train"]
    (tmp_path / "a" / "run.json").write_text(json.dumps(kept_json))
    assert [each.data for each in group_runs(tmp_path, metric="seconds")] == ["wine"]


def test_a_score_in_training_is_called_so(root: Path) -> None:
    assert {each.name for each in group_runs(root, metric="train_score")} == {"train accuracy"}
    assert {each.name for each in group_runs(root, metric="train_loss")} == {"train loss"}


def test_fields_data_and_what_varies(root: Path) -> None:
    by_data = group_runs(root, "data")
    assert [(each.data, each.fields) for each in by_data] == [("iris", {}), ("wine", {})]
    assert by_data[0].count == 7
    assert by_data[0].varied == ("hidden",)
    same = group_runs(root, "hidden,learning-rate", metric="valid_accuracy")
    assert [each.fields["hidden"] for each in same if each.data == "iris"] in (["4", "8"], ["8", "4"])
    assert list(same[0].fields) == ["hidden", "learning_rate"]
    assert group_runs(root, ["hidden"], metric="valid_r2") == []


def test_other_metrics(root: Path) -> None:
    seconds = {each.data: each for each in group_runs(root, "data", metric="seconds")}
    assert seconds["iris"].count == 4  # one a run
    assert seconds["iris"].mean > 0
    assert {each.name for each in group_runs(root, metric="best_epoch")} == {"best_epoch"}
    assert group_runs(root, metric="loss") == group_runs(root, metric="valid_loss")


def test_one_net_has_no_interval_and_another_split_is_told(root: Path, tmp_path: Path) -> None:
    gf.train(RECIPE, gf.data.split(gf.data.load("iris")), out=tmp_path / "one")
    (found,) = group_runs(tmp_path)
    assert found.reason == "no interval: it takes two seeds"
    assert found.to_json()["low"] is None
    gf.train(RECIPE, gf.data.split(gf.data.load("iris"), seed=5), out=tmp_path / "other")
    (found,) = group_runs(tmp_path)
    assert (found.count, found.varied) == (2, ("split",))  # the same seed on other rows is another net
    shutil.copytree(tmp_path / "one", tmp_path / "copy")
    assert group_runs(tmp_path)[0].count == 2


def test_nets_that_diverged_are_counted_and_left_out(tmp_path: Path) -> None:
    gf.train(RECIPE.replace(learning_rate=1e30, optimizer="sgd", momentum=0), "iris", seeds=2, out=tmp_path / "bad")
    found = group_runs(tmp_path)
    assert [(each.count, each.diverged) for each in found] == [(0, 2)]


@pytest.mark.parametrize(
    ("by", "metric", "message"),
    [
        ("width", "valid_loss", "runs: a group must be by 'recipe', 'data' or fields of the recipe; got 'width'"),
        ("hiden", "valid_loss", "Did you mean 'hidden'"),
        ("", "valid_loss", "fields of the recipe; got ''"),
        ([], "valid_loss", "runs: a group must be by something"),
        ("recipe", "valid_los", "runs: 'metric' must be a known one; got 'valid_los'. Did you mean 'valid_loss'"),
        ("recipe", "test_score", "runs: the test set is sealed: its scores are in the ledger; got 'test_score'"),
    ],
)
def test_what_cannot_be_grouped(root: Path, by: str, metric: str, message: str) -> None:
    with pytest.raises(InputError, match=message.replace("(", r"\(")):
        group_runs(root, by, metric=metric)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must be a folder that holds runs"):
        group_runs(tmp_path / "nothing")
