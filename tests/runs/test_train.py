from __future__ import annotations

import json
import math
import threading
from dataclasses import replace

import numpy as np
import pytest
from run_help import RECIPE, SEEDS, interrupt_at, make_chunks_short, numbers, same_results
from sklearn.metrics import r2_score

import goodfit as gf
from goodfit.data import load, split
from goodfit.errors import GoodfitError, InputError
from goodfit.files import write_error
from goodfit.runs import load as load_run
from goodfit.runs import record_of
from goodfit.training.events import EventLog
from goodfit.training.progress import Progress


@pytest.fixture(scope="module")
def iris():  # type: ignore[no-untyped-def]
    return split(load("iris"))


@pytest.fixture(scope="module")
def done(iris, tmp_path_factory):  # type: ignore[no-untyped-def]
    folder = tmp_path_factory.mktemp("runs") / "deep" / "run"
    told: list[Progress] = []
    return gf.train(RECIPE, iris, seeds=SEEDS, out=folder, progress=told.append, score_test=True), told


def test_a_run_holds_nets_history_and_scores(done, iris) -> None:  # type: ignore[no-untyped-def]
    run, _ = done
    assert [net.seed for net in run.nets] == list(SEEDS)
    assert run.history["train_loss"].shape == (5, 3)
    assert set(run.history.metrics) == {f"{p}_{w}" for p in ("train", "valid", "test") for w in ("loss", "score")}
    probabilities = run.nets[0].predict_proba(iris.x("test"))
    assert probabilities.shape == (30, 3)
    assert np.allclose(probabilities.sum(1), 1)
    assert set(run.scores) == {"train", "valid"}  # the test rows stay sealed
    for part in ("train", "valid"):
        hits = np.stack([net.predict(iris.x(part)) == iris.y(part) for net in run.nets])
        assert run.scores[part].value == pytest.approx(hits.mean())
        assert run.scores[part].rows == hits.shape[1]
    assert set(run.seconds) == {"data", "compile", "train", "evaluate"}
    assert min(run.seconds.values()) >= 0


def test_the_weights_kept_are_those_of_the_best_validation_loss(done, iris) -> None:  # type: ignore[no-untyped-def]
    run, _ = done
    losses = run.history["valid_loss"]
    assert run.best_epochs == tuple(losses.argmin(0) + 1)
    for net, best, column in zip(run.nets, run.best_epochs, losses.T, strict=True):
        chosen = net.predict_proba(iris.x("valid"))[np.arange(12), iris.y("valid")]
        assert -np.log(chosen).mean() == pytest.approx(column[best - 1], rel=1e-5)


def test_the_folder_of_a_run(done) -> None:  # type: ignore[no-untyped-def]
    run, _ = done
    assert {path.name for path in run.folder.iterdir()} == {
        "recipe.json", "run.json", "split.safetensors", "events.jsonl", "history.csv", "model.safetensors",
        "curves.svg", "curves.png", "optimizer.safetensors",
    }  # fmt: skip
    assert gf.Recipe.from_file(run.folder) == run.recipe
    assert len((run.folder / "history.csv").read_text().splitlines()) == 1 + 5 * 3


def test_a_run_is_loaded_as_it_was(done, iris) -> None:  # type: ignore[no-untyped-def]
    run, _ = done
    again = load_run(run.folder)
    assert json.dumps(again.to_json()) == json.dumps(run.to_json())
    assert record_of(run.folder).task == "classification"
    for name in ("epochs", "seeds", "best_epoch", "stopped_epoch", "frozen"):
        assert np.array_equal(getattr(again.history, name), getattr(run.history, name))
    for metric in run.history.metrics:
        assert np.array_equal(again.history[metric], run.history[metric], equal_nan=True)
    assert np.array_equal(again.nets[2].outputs(iris.x("test")), run.nets[2].outputs(iris.x("test")))


def test_progress_is_told_in_order(done) -> None:  # type: ignore[no-untyped-def]
    run, told = done
    phases = [each.phase for each in told]
    assert phases[:2] == ["data", "compile"]
    assert phases[-1] == "evaluate"
    trained = [each for each in told if each.phase == "train"]
    assert trained[-1].epoch == 5
    assert trained[-1].seconds_left == 0.0
    assert trained[-1].active == 3
    for metric in run.history.metrics:
        assert trained[-1].values[metric] == pytest.approx(float(run.history[metric][-1].mean()), rel=1e-6)
        every = [value for each in trained for value in each.recent[metric]]
        assert np.allclose(every, run.history[metric].mean(1))


def test_without_a_folder_nothing_is_written(iris, tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(tmp_path)
    run = gf.train(RECIPE, iris, seeds=np.array([3, 4, 5]))
    assert run.folder is None
    assert run.seeds == (3, 4, 5)
    assert all(type(seed) is int for seed in run.seeds)
    assert list(tmp_path.iterdir()) == []


def test_one_seed_alone_is_the_same_net(done, iris) -> None:  # type: ignore[no-untyped-def]
    run, _ = done
    alone = gf.train(RECIPE, iris, seeds=iter([7]))
    assert np.allclose(alone.nets[0].weights[0], run.nets[2].weights[0], rtol=1e-4, atol=1e-6)


def test_the_example_of_the_readme() -> None:
    parts = split(load("digits"), valid=0.1, seed=0)
    run = gf.train(gf.Recipe(hidden=(16,), dropout=(0.2,), epochs=2), parts, seeds=range(2))
    assert run.figure().axes
    page = run._repr_html_()
    assert "digits, 2 nets" in page
    assert f"{run.measured['valid']['ROC AUC'].value:.4f}" in page
    assert page.count("<svg") == page.count("</svg>") == 1
    assert "<!DOCTYPE" not in page


def test_a_name_is_loaded_and_divided_by_the_recipe() -> None:
    steps: list[object] = []
    run = gf.train(RECIPE.replace(epochs=1, valid=0.3), "iris", data_progress=steps.append)
    assert {part: score.rows for part, score in run.scores.items()} == {"train": 84, "valid": 36}
    assert run.split is not None
    assert len(run.split.test) == 30
    assert run.layers[0].parameters == 4 * 6 + 6
    with pytest.raises(InputError, match="Did you mean 'iris'"):
        gf.train(RECIPE, "irs")


@pytest.mark.parametrize("task", ["regression", "multilabel"])
def test_scores_of_a_history_are_those_of_the_nets(task: str) -> None:
    parts = split(replace(numbers(task), scale_targets=task == "regression"), valid=0.25, test=0.25)
    loss = "huber" if task == "regression" else "auto"
    recipe = RECIPE.replace(epochs=4, learning_rate=0.01, loss=loss, batch_size=8)
    run = gf.train(recipe, parts, score_test=True)
    net, best = run.nets[0], run.best_epochs[0]
    prediction, target = net.predict(parts.x("test")), parts.data.y[parts.rows("test")]
    told = run.history["test_score"][best - 1, 0]
    if task == "regression":
        assert told == pytest.approx(r2_score(target, prediction), rel=1e-4)
        assert run.scores["valid"].name == "R²"
        assert "Huber" in run.figure().axes[0].get_ylabel()
    else:
        assert told == pytest.approx((prediction == target).all(1).mean())
        assert run.scores["valid"].name == "exact match"


def test_nets_that_stop_early_end_the_run(tmp_path) -> None:  # type: ignore[no-untyped-def]
    told: list[Progress] = []
    recipe = RECIPE.replace(epochs=300, patience=2, min_change=10.0)
    run = gf.train(recipe, "iris", seeds=(0, 1), out=tmp_path / "run", progress=told.append)
    assert run.history.stopped_epoch.tolist() == [3, 3]  # the first epoch improves on nothing, two more do not
    assert len(run.history) == 3
    assert [each.epoch for each in told if each.phase == "train"][-1] == 3
    assert [each.seconds_left for each in told if each.phase == "train"][-1] == 0.0
    assert len(load_run(tmp_path / "run").history) == 3
    assert run.to_json()["epochs"] == 3


def test_nets_that_are_no_longer_finite_are_left_out_of_the_scores(tmp_path) -> None:  # type: ignore[no-untyped-def]
    parts = split(load("iris"))
    wild = gf.Recipe(hidden=(6,), optimizer="sgd", learning_rate=1e9, epochs=6, loss="cross-entropy", batch_size=8)
    run = gf.train(wild, parts, seeds=SEEDS, out=tmp_path / "run")
    assert run.frozen == (0, 1, 2)
    assert all(np.isfinite(weight).all() for net in run.nets for weight in net.weights)
    assert all(math.isfinite(score.value) for score in run.scores.values())
    assert load_run(tmp_path / "run").frozen == (0, 1, 2)


@pytest.mark.parametrize("wrong", ["same", "full"])
def test_a_refused_folder_is_left_as_it_was(wrong: str, tmp_path) -> None:  # type: ignore[no-untyped-def]
    folder = tmp_path / "mine"
    folder.mkdir()
    name = "run.json" if wrong == "same" else "recipe.json"
    (folder / name).write_text("my own")
    rule = "already holds a run" if wrong == "same" else "holds files that a run would overwrite"
    with pytest.raises(InputError, match=rule):
        gf.train(RECIPE, "iris", out=folder)
    assert [path.name for path in folder.iterdir()] == [name]
    assert (folder / name).read_text() == "my own"


def test_bad_input_leaves_no_folder_behind(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match="'batch_size' must not exceed the 108 training examples of 'iris'"):
        gf.train(RECIPE.replace(batch_size=109), "iris", out=tmp_path / "a" / "b")
    with pytest.raises(InputError, match=r"'data' must be a Dataset, a Table, a Split or a text; got \["):
        gf.train(RECIPE, [1], out=tmp_path / "a" / "b")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"must be writable: .*Give a folder that you may write to"):
        gf.train(RECIPE, "iris", out=tmp_path / "file" / "run")


def test_a_disk_that_fills_up_loses_nothing(iris, tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    make_chunks_short(monkeypatch)
    append, calls = EventLog.append, []

    def full(self: EventLog, text: str) -> None:
        calls.append(text)
        if len(calls) == 3:
            raise write_error(self.path, OSError(28, "No space left on device"))
        append(self, text)

    whole = gf.train(RECIPE, iris, seeds=SEEDS, out=tmp_path / "whole")
    monkeypatch.setattr(EventLog, "append", full)
    with pytest.raises(GoodfitError, match=r"could not be written: No space left on device. Free some space") as error:
        gf.train(RECIPE, iris, seeds=SEEDS, out=tmp_path / "full")
    assert error.value.exit_code == 1
    assert not list((tmp_path / "full").rglob("*.part"))
    again = gf.runs.resume(tmp_path / "full")
    assert np.array_equal(again.history["valid_loss"], whole.history["valid_loss"])
    assert same_results(tmp_path / "full", tmp_path / "whole")


def test_a_training_in_another_thread_works(iris, tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Signals belong to the main thread: Ctrl-C is then not waited for, but nothing breaks."""
    found: list[object] = []
    thread = threading.Thread(target=lambda: found.append(gf.train(RECIPE, iris, seeds=SEEDS, out=tmp_path / "run")))
    thread.start()
    thread.join()
    assert len(found) == 1


def test_ctrl_c_without_a_folder_is_not_held_back(iris) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(KeyboardInterrupt):
        gf.train(RECIPE, iris, seeds=SEEDS, progress=interrupt_at(1))


def test_what_is_wrong_is_refused_before_a_device_is_started(iris, tmp_path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """Starting a GPU takes seconds, and the end of the process waits for it."""
    started: list[int] = []
    monkeypatch.setattr("goodfit.runs.training.start_ahead", lambda: started.append(1))
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "run.json").write_text("{}")
    for data, more in (
        (iris, {"seeds": 0}),
        (iris, {"leaks": "maybe"}),
        (iris, {"out": tmp_path / "taken"}),
        ("irsi", {}),
        (3, {}),
    ):
        with pytest.raises(InputError, match=r"seeds|leaks|taken|irsi|'data'"):
            gf.train(RECIPE, data, **more)
    assert not started
    gf.train(RECIPE, iris, seeds=1)
    assert started == [1]
