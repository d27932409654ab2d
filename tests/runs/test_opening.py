from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from run_help import RECIPE, numbers
from scipy import stats

import goodfit as gf
from goodfit.data import Dataset, Ledger, Split, split
from goodfit.errors import GoodfitError, InputError
from goodfit.models import TrainedNet, load_model
from goodfit.models.stacked import score_nets
from goodfit.runs import Run, list_runs, load
from goodfit.runs.opening import describe, model_print, percent, restated

SHORT = RECIPE.replace(epochs=2)


@pytest.fixture(autouse=True)
def book() -> Ledger:
    return Ledger()


@pytest.fixture(scope="module")
def iris() -> Split:
    return split(gf.data.load("iris"))


def net(seed: int, data: Dataset, bias: float = 0.0) -> TrainedNet:
    """A linear net with weights drawn at random, which costs no training."""
    weights = np.random.default_rng(seed).standard_normal((data.n_outputs, data.n_inputs))
    biases = np.full(data.n_outputs, bias)
    return TrainedNet((weights,), (biases,), (), data.task, data.classes, seed=seed)


def test_an_opening_is_scored_and_recorded(iris: Split, book: Ledger) -> None:
    one = net(0, iris.data)
    opened = iris.test.open(one)
    hits = one.predict(iris.x("test")) == iris.data.y[iris.rows("test")]
    assert opened.score == one.score(iris.x("test"), iris.data.y[iris.rows("test")])
    assert opened.score.value == hits.mean()
    assert (opened.nth, opened.again, opened.seen, opened.number, opened.cost) == (1, False, 0, 1, 1)
    (line,) = book.openings()
    assert line.score == opened.score.to_dict()
    assert (line.data, line.rows, line.run, line.kind) == ("iris", 30, None, "score")
    assert str(opened) == f"accuracy {opened.score}, First opening of this test set: 95 % interval."


def test_the_interval_widens_with_every_model(iris: Split, book: Ledger) -> None:
    opened = [iris.test.open(net(seed, iris.data)) for seed in range(3)]
    assert [each.nth for each in opened] == [1, 2, 3]
    assert [each.score.level for each in opened] == pytest.approx([0.95, 0.975, 1 - 0.05 / 3])
    hits = round(opened[2].score.value * 30)
    tail = 0.025 / 3
    assert opened[2].score.low == pytest.approx(stats.beta.ppf(tail, hits, 31 - hits), rel=1e-6)
    assert opened[2].first.level == 0.95
    assert opened[2].cost == opened[2].score.width / opened[2].first.width > 1
    now = [restated(line) for line in book.openings()]
    assert [score.level for score in now if score] == pytest.approx([1 - 0.05 / 3] * 3)
    assert "97.5 % intervals, so those of both scores hold jointly at 95 %. Intervals of other" in describe(opened[1])
    assert "98.3 % intervals, so those of all 3 scores hold jointly at 95 %." in describe(opened[2])
    assert describe(replace(opened[1], measures=None)).endswith("so those of both scores hold jointly at 95 %.")


def test_the_same_model_again_costs_nothing(iris: Split) -> None:
    first, again = (iris.test.open(net(0, iris.data)) for _ in range(2))
    assert again.again
    assert (again.score, again.nth, again.number) == (first.score, 1, 2)
    assert describe(again) == "These nets were scored on this test set before; repeating the same number costs nothing."
    iris.test.open(net(1, iris.data))
    third = iris.test.open(net(0, iris.data))
    assert (third.again, third.nth, third.score.level) == (True, 2, 0.975)
    assert "There are 2 openings of this test set: 97.5 % intervals for all." in describe(third)


def test_a_copy_and_another_split_are_recognised(iris: Split) -> None:
    data, order = iris.data, np.random.default_rng(0).permutation(150)
    iris.test.open(net(0, data))
    copy = Dataset("not iris", data.x[order], data.y[order], "classification", data.classes)
    where = np.argsort(order)
    same = Split(copy, where[iris.train], where[iris.valid], where[iris.rows("test")])
    opened = same.test.open(net(1, data))
    assert (opened.nth, opened.seen) == (2, 1)
    rows = iris.rows("test")
    half = Split(copy, where[rows[15:]], where[iris.valid], where[np.concatenate([rows[:15], iris.train[:15]])])
    opened = half.test.open(net(1, data))
    assert (opened.nth, opened.again) == (3, False)
    assert opened.seen == pytest.approx(0.5, abs=0.05)  # iris holds some rows twice
    assert f"3rd opening of this test set ({percent(opened.seen)} of its rows were opened before)" in describe(opened)


def test_other_data_are_not_confused(iris: Split) -> None:
    iris.test.open(net(0, iris.data))
    digits = split(gf.data.load("digits"))
    assert digits.test.open(net(0, digits.data)).nth == 1


@pytest.mark.parametrize("task", ["regression", "multilabel"])
def test_other_tasks(task: str) -> None:
    parts = split(numbers(task), test=0.5)
    opened = [parts.test.open(net(seed, parts.data)) for seed in range(2)]
    assert [each.nth for each in opened] == [1, 2]
    assert opened[1].score.name == ("R²" if task == "regression" else "exact match")
    assert opened[1].score.level == 0.975


def test_several_nets_are_one_model(iris: Split, tmp_path: Path) -> None:
    nets = tuple(net(seed, iris.data) for seed in range(3))
    opened = iris.test.open(nets)
    assert opened.score == score_nets(nets, iris.x("test"), iris.data.y[iris.rows("test")])
    assert "mean of 3 nets" in opened.score.method
    assert iris.test.open(nets[::-1]).again
    gf.models.save_model(tmp_path / "model.safetensors", nets)
    assert iris.test.open(load_model(tmp_path / "model.safetensors")).again
    assert not iris.test.open(nets[0]).again


def test_models_are_told_apart_by_what_they_predict_by(iris: Split) -> None:
    one = net(0, iris.data)
    assert model_print([one]) == model_print([replace(one, seed=5)])
    others = [
        net(1, iris.data),
        net(0, iris.data, bias=1.0),
        replace(one, shift=np.ones(4)),
        replace(one, scale=np.full(1, 2.0)),
    ]
    assert len({model_print([each]) for each in (one, *others)}) == 5


def test_a_run_opens_its_test_rows(tmp_path: Path, book: Ledger) -> None:
    run = gf.train(SHORT, "iris", out=tmp_path / "runs" / "a")
    assert set(run.scores) == {"train", "valid"}
    assert book.openings() == []
    assert list_runs(tmp_path / "runs")[0].scores.keys() == {"train", "valid"}
    opened = run.test()
    (line,) = book.openings()
    assert line.run == str(tmp_path / "runs" / "a")
    loaded = load(tmp_path / "runs" / "a").test()
    assert loaded.again
    assert loaded.score == opened.score
    assert run.split is not None
    assert run.split.test.open(run).again
    assert list_runs(tmp_path / "runs")[0].scores["test"] == opened.score


def test_a_damaged_ledger_does_not_hide_the_runs(tmp_path: Path, book: Ledger) -> None:
    gf.train(SHORT, "iris", out=tmp_path / "runs" / "a")
    book.path.write_text("damaged" * 500)
    with pytest.warns(UserWarning, match="Test scores are not shown: .*damaged"):
        assert list_runs(tmp_path / "runs")[0].scores.keys() == {"train", "valid"}


def test_only_sound_nets_are_scored(iris: Split) -> None:
    run = gf.train(SHORT, iris, seeds=(0, 1))
    frozen = replace(run, history=replace(run.history, frozen=np.array([True, False])))
    assert frozen.test().score == run.nets[1].score(iris.x("test"), iris.data.y[iris.rows("test")])
    assert replace(run, history=replace(run.history, frozen=np.array([True, True]))).sound == run.nets


def test_a_run_that_holds_a_test_score_still_loads(tmp_path: Path) -> None:
    gf.train(SHORT, "iris", out=tmp_path / "a")
    found = json.loads((tmp_path / "a" / "run.json").read_text())
    old = {k: v for k, v in found["results"]["scores"]["valid"].items() if k != "basis"}
    found["results"]["scores"]["test"] = old
    (tmp_path / "a" / "run.json").write_text(json.dumps(found))
    score = load(tmp_path / "a").scores["test"]
    assert score.value == old["value"]
    assert score.at_level(0.99) == score  # what an older version wrote cannot be widened


def test_a_curve_on_test_rows_is_an_opening(iris: Split, book: Ledger, tmp_path: Path) -> None:
    run = gf.train(SHORT, iris, score_test=True, out=tmp_path / "a")
    assert np.isfinite(run.history["test_score"]).all()
    assert "test" not in run.scores
    (line,) = book.openings()
    assert (line.kind, line.score, line.run, restated(line)) == ("curve", None, str(tmp_path / "a"), None)
    assert run.test().nth == 2
    gf.train(SHORT, iris, score_test=True)
    assert book.openings()[-1].again


def test_without_a_ledger_nothing_is_trained_with_a_test_curve(iris: Split, book: Ledger, tmp_path: Path) -> None:
    book.path.mkdir()
    with pytest.raises(InputError, match="it is a folder"):
        gf.train(SHORT, iris, score_test=True, out=tmp_path / "a")
    assert not (tmp_path / "a").exists()


def test_without_a_ledger_nothing_is_scored(iris: Split, book: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    monkeypatch.setattr(TrainedNet, "predict", lambda self, x: asked.append(x))
    book.path.mkdir()
    with pytest.raises(InputError, match=r"it is a folder. No test set is opened until the ledger can be written"):
        iris.test.open(net(0, iris.data))
    assert not asked


def test_without_its_score_in_the_ledger_an_opening_is_not_shown(iris: Split, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Ledger, number: int, score: Any) -> None:
        raise GoodfitError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "finish", full)
        with pytest.raises(GoodfitError, match="the disk is full"):
            iris.test.open(net(0, iris.data))
    assert iris.test.open(net(0, iris.data)).again  # it was an opening all the same, and costs no second one


KILLED = """
import os, signal, sys
import goodfit.runs.opening as opening
from goodfit.cli import main
import goodfit.cli.openings as shown
def kill(*_): os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[1] == "print": shown.print_opened = kill
else: opening.score_nets = kill
main(["test", sys.argv[2]])
"""


@pytest.mark.parametrize("when", ["score", "print"])
def test_an_opening_outlives_its_process(when: str, tmp_path: Path, book: Ledger) -> None:
    run = gf.train(SHORT, "iris", out=tmp_path / "a")
    command = [sys.executable, "-c", KILLED, when, str(tmp_path / "a")]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ}, check=False)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, ""), done.stderr
    (line,) = book.openings()
    assert (line.score is None) == (when == "score")
    assert run.test().again


def test_data_that_have_changed_are_refused(tmp_path: Path, book: Ledger) -> None:
    data = numbers()
    run = gf.train(SHORT.replace(batch_size=8), data, out=tmp_path / "a")
    loaded = load(tmp_path / "a")
    with pytest.raises(InputError, match=r"was trained on 'mine', .* Give it from Python: goodfit.runs.load"):
        loaded.test()
    other = Dataset("mine", data.x + 1, data.y, "regression")
    with pytest.raises(
        InputError, match=r"'mine' has different rows. If these are other data: goodfit.data.Sealed\(da"
    ):
        loaded.test(other)
    assert book.openings() == []
    assert gf.data.Sealed(other, range(len(other))).open(loaded).score.rows == len(other)  # what is advised works
    assert loaded.test(data).score.name == "R²"
    assert run.test().again


def test_what_cannot_be_opened(iris: Split, book: Ledger) -> None:
    bare = split(iris.data, test=0)
    with pytest.raises(InputError, match=r"Test rows of 'iris': there is no test set to open. Give test"):
        bare.test.open(net(0, iris.data))
    digits = gf.data.load("digits")
    with pytest.raises(InputError, match=r"only be opened by nets with 4 features and the same targets; got .Trained"):
        iris.test.open(net(0, digits))
    run = gf.train(SHORT, iris)
    rule = "what is scored must be a run, model or estimator, a net, or several nets; got "
    for wrong, got in ((3, "int"), ([], r"\[\]"), ([net(0, iris.data), run], "TrainedNet, Run")):
        with pytest.raises(InputError, match=rf"{rule}.*{got}"):
            iris.test.open(wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"runs and models are scored one at a time. Give the nets"):
        iris.test.open([run, run])
    with pytest.raises(InputError, match=r"Run: its split is unknown.* Open them with split.test.open\(run\)"):
        replace(run, split=None).test()
    with pytest.raises(
        InputError, match=r"Split: the targets of the test set are sealed. Score with split.test.open\(net\)"
    ):
        iris.y("test")
    assert book.openings() == []


def test_sealed_rows_look_like_their_numbers(iris: Split) -> None:
    rows = iris.rows("test")
    assert len(iris.test) == len(rows) == 30
    assert list(iris.test) == rows.tolist()
    assert np.array_equal(iris.data.x[iris.test], iris.x("test"))
    assert np.asarray(iris.test, np.int64).dtype == np.int64
    assert not rows.flags.writeable
    assert repr(iris.test) == "Sealed(30 rows of 'iris'; to score them: .open(net))"


def test_as_json(iris: Split) -> None:
    told = json.loads(json.dumps(iris.test.open(net(0, iris.data)).to_json()))
    assert " ".join(told) == "data score first lasting number nth again seen cost ledger notes measures"
    assert (told["data"], told["nth"], told["score"]["level"]) == ("iris", 1, 0.95)


def test_a_line_with_something_else_than_a_score(iris: Split, book: Ledger) -> None:
    iris.test.open(net(0, iris.data))
    for score in ({"value": 0.5}, {}):
        line = replace(book.openings()[0], score=score)
        with pytest.raises(InputError, match=r"Ledger: the score of no. 1 is not valid; got {"):
            restated(line)


def test_a_run_has_a_split_only_in_the_process_that_trained_it(iris: Split, tmp_path: Path) -> None:
    run: Run = gf.train(SHORT, iris, out=tmp_path / "a")
    assert run.split is iris
    assert load(tmp_path / "a").split is None
