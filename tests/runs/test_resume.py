"""A run that is stopped at any moment goes on, and ends with the same bits as one that was not."""

from __future__ import annotations

import json
import re
import shutil
import signal
from pathlib import Path

import jax
import numpy as np
import pytest
from run_help import RECIPE, SEEDS, Camera, interrupt_at, make_chunks_short, numbers, same_results

import goodfit as gf
from goodfit.data import load, split
from goodfit.errors import InputError
from goodfit.runs import list_runs, resume
from goodfit.runs import load as load_run
from goodfit.runs.record import RunRecord, read_recipe
from goodfit.runs.record_parts import TableOrigin
from goodfit.training import session, store
from goodfit.training.checkpoints import Checkpoint, load_checkpoint
from goodfit.training.cohort import cohort_of
from goodfit.training.compile import fresh_state
from goodfit.training.examples import Examples
from goodfit.training.fitting import fit
from goodfit.training.population import Job
from goodfit.training.progress import Progress


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    make_chunks_short(monkeypatch)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was never stopped; its one chunk after the first is as long as it likes."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    gf.train(RECIPE, "iris", seeds=SEEDS, out=folder)
    return folder


@pytest.fixture
def stopped(tmp_path: Path) -> Path:
    """A run that was interrupted after its third epoch."""
    with pytest.raises(KeyboardInterrupt):
        gf.train(RECIPE, "iris", seeds=SEEDS, out=tmp_path / "run", progress=interrupt_at(3))
    return tmp_path / "run"


def test_killed_at_any_moment(whole: Path, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        camera = Camera(tmp_path / "run", tmp_path / "album", patch)
        gf.train(RECIPE, "iris", seeds=SEEDS, out=tmp_path / "run")
    names = {shot.name[4:] for shot in camera.shots}
    assert {"torn events", "before run.json", "after epoch-000003.safetensors", "before model.safetensors"} <= names
    assert same_results(camera.shots[-1], whole)
    for shot in camera.shots:
        if (shot / "run.json").exists():
            resume(shot)
        else:  # killed before it had begun: nothing is lost, and the folder can be used
            with pytest.raises(InputError, match=r"must be the folder of a run; it has no run.json"):
                resume(shot)
            gf.train(RECIPE, "iris", seeds=SEEDS, out=shot)
        assert same_results(shot, whole), shot.name
        assert not list(shot.rglob(".epoch-*.part"))
    loaded, expected = load_run(camera.shots[40]).history, load_run(whole).history
    assert all(np.array_equal(loaded[metric], expected[metric]) for metric in expected.metrics)


def test_an_older_run_on_a_table_says_how_to_train_it_anew(whole: Path, tmp_path: Path) -> None:
    fields = json.loads((whole / "recipe.json").read_text("utf-8"))
    del fields["momentum"]  # which goodfit had not yet
    (tmp_path / "recipe.json").write_text(json.dumps(fields), "utf-8")
    origin = {"path": "a b/*.parquet", "target": "$y", "ids": ["x"], "task": "regression", "kinds": {}}
    table = TableOrigin.model_validate_json(json.dumps(origin))
    record = RunRecord.read(whole).model_copy(update={"table": table, "recipe_print": "of then", "goodfit": "0.1.0"})
    command = "goodfit train 'a b/*.parquet' --target '$y' --id x --task regression --recipe"
    with pytest.raises(InputError, match=re.escape(f"Train a new run: {command} {tmp_path}")):
        read_recipe(tmp_path, record)
    rows = record.model_copy(update={"table": None, "data": "table"})
    with pytest.raises(InputError, match=re.escape(f"goodfit.train(goodfit.Recipe.from_file('{tmp_path}'), data)")):
        read_recipe(tmp_path, rows)


def test_killed_again_and_again(whole: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        gf.train(RECIPE, "iris", seeds=SEEDS, out=tmp_path / "run", progress=interrupt_at(1))
    for epoch in (2, 4):
        with pytest.raises(KeyboardInterrupt):
            resume(tmp_path / "run", progress=interrupt_at(epoch))
    told: list[Progress] = []
    run = resume(tmp_path / "run", progress=told.append)
    assert [(each.phase, each.epoch) for each in told] == [("data", 4), ("compile", 4), ("train", 5), ("evaluate", 5)]
    assert same_results(tmp_path / "run", whole)
    assert run.history.epochs.tolist() == [1, 2, 3, 4, 5]


def test_early_stopping_goes_on_where_it_was(tmp_path: Path) -> None:
    recipe = RECIPE.replace(epochs=60, patience=4, learning_rate=0.05, monitor="score", schedule="constant")
    gf.train(recipe, "iris", seeds=SEEDS, out=tmp_path / "whole")
    history = load_run(tmp_path / "whole").history
    assert len(set(history.stopped_epoch.tolist())) > 1
    assert history.stopped_epoch.max() < 60
    last = int(history.stopped_epoch.max())
    for epoch in (int(history.stopped_epoch.min()) - 1, int(history.stopped_epoch.min()), last - 1, last):
        folder = tmp_path / f"from {epoch}"
        with pytest.raises(KeyboardInterrupt):
            gf.train(recipe, "iris", seeds=SEEDS, out=folder, progress=interrupt_at(epoch))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(session, "fit", fit)  # long chunks
            resume(folder)
        assert same_results(folder, tmp_path / "whole")


def test_frozen_nets_stay_frozen(tmp_path: Path) -> None:
    wild = gf.Recipe(hidden=(6,), optimizer="sgd", learning_rate=1e9, epochs=6, loss="cross-entropy", batch_size=8)
    gf.train(wild, "iris", seeds=SEEDS, out=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        gf.train(wild, "iris", seeds=SEEDS, out=tmp_path / "run", progress=interrupt_at(1))
    assert resume(tmp_path / "run").frozen == (0, 1, 2)
    assert same_results(tmp_path / "run", tmp_path / "whole")


def test_test_scores_go_on_being_measured(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        gf.train(RECIPE, "iris", seeds=SEEDS, out=tmp_path / "run", progress=interrupt_at(2), score_test=True)
    assert np.isfinite(resume(tmp_path / "run").history["test_score"]).all()


@pytest.mark.parametrize("optimizer", ["lbfgs", "adam", "sgd"])
def test_the_state_of_every_optimiser_survives(optimizer: str) -> None:
    recipe = gf.Recipe(hidden=(4, 3), activation=("prelu", "relu"), optimizer=optimizer, bias=optimizer != "sgd")
    examples = Examples.of_split(split(load("iris")))
    cohort = cohort_of([Job(recipe.replace(seed=seed)) for seed in (0, 1, 2)], examples, 2)
    state = fresh_state(cohort.program, cohort.settings(), cohort.initial_parameters())
    arrays = store.state_arrays(state, cohort.grid)
    assert {len(array) for array in arrays.values()} == {3}
    again = store.restored(Checkpoint(1, {**arrays, store.METRICS: np.zeros(0)}, {}, Path("c")), state, cohort.grid)
    leaves, others = jax.tree.leaves(state), jax.tree.leaves(again)
    for leaf, other in zip(leaves, others, strict=True):
        assert leaf.dtype == other.dtype
        assert np.array_equal(cohort.grid.take(leaf), cohort.grid.take(other))
    assert np.array_equal(again.active, ~cohort.grid.empty)


def test_seconds_add_up(stopped: Path) -> None:
    first = load_checkpoint(stopped / "checkpoints").metadata["seconds"]
    run = resume(stopped)
    assert all(run.seconds[name] >= first[name] > 0 for name in ("data", "train"))


def test_on_other_devices_it_goes_on_up_to_rounding(stopped: Path, whole: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(session, "prepare", lambda: 1)
    again, expected = resume(stopped), load_run(whole)
    for net, other in zip(again.nets, expected.nets, strict=True):
        assert np.allclose(net.weights[0], other.weights[0], rtol=1e-4, atol=1e-6)
    assert np.array_equal(again.history["train_loss"][:3], expected.history["train_loss"][:3])


def test_a_run_that_is_done_is_loaded(whole: Path) -> None:
    before = (whole / "run.json").read_bytes()
    assert len(resume(whole).nets) == 3
    assert (whole / "run.json").read_bytes() == before


def test_a_damaged_checkpoint_is_passed_over(stopped: Path, whole: Path) -> None:
    files = sorted((stopped / "checkpoints").iterdir())
    assert [file.name for file in files] == ["epoch-000002.safetensors", "epoch-000003.safetensors"]
    files[1].write_bytes(files[1].read_bytes()[:-100])
    with pytest.warns(UserWarning, match="cut off or its bytes have changed.* Resuming from the checkpoint before it"):
        resume(stopped)
    assert same_results(stopped, whole)


def test_only_damaged_checkpoints(stopped: Path) -> None:
    for file in (stopped / "checkpoints").iterdir():
        file.write_bytes(b"")
    with pytest.raises(InputError, match=r"epoch-000003.safetensors: must be a whole checkpoint file") as error:
        resume(stopped)
    assert len(error.value.problems) == 2


def test_a_checkpoint_of_another_recipe(stopped: Path, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        gf.train(RECIPE, "iris", seeds=(0, 1), out=tmp_path / "other", progress=interrupt_at(4))
    shutil.copy(tmp_path / "other" / "checkpoints" / "epoch-000004.safetensors", stopped / "checkpoints")
    with pytest.raises(InputError, match=r"epoch-000004.safetensors: must hold the state of this run's recipe"):
        resume(stopped)


def test_events_that_are_missing_are_written_anew(stopped: Path, whole: Path) -> None:
    """The checkpoint knows them."""
    lines = (stopped / "events.jsonl").read_text().splitlines(keepends=True)
    (stopped / "events.jsonl").write_text("".join(line for line in lines if '"epoch":2' not in line))
    resume(stopped)
    assert same_results(stopped, whole)
    assert (stopped / "events.jsonl").read_bytes() == (whole / "events.jsonl").read_bytes()


def test_a_changed_recipe_is_refused(stopped: Path) -> None:
    path = stopped / "recipe.json"
    path.write_text(path.read_text().replace('"epochs": 5', '"epochs": 6'))
    with pytest.raises(InputError, match=r"recipe.json: must be the recipe that the run was started with"):
        resume(stopped)
    path.write_text('{"hiden": 3}')
    with pytest.raises(InputError, match=r"'hiden' is not a field. Did you mean 'hidden'"):
        resume(stopped)


def test_other_data_are_refused(stopped: Path) -> None:
    with pytest.raises(InputError, match="must be resumed with the data that it was started with; 'wine' has diff"):
        resume(stopped, load("wine"))


def test_data_that_goodfit_cannot_find_must_be_given(tmp_path: Path) -> None:
    data, recipe = numbers(), RECIPE.replace(batch_size=8)
    gf.train(recipe, data, out=tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        gf.train(recipe, data, out=tmp_path / "run", progress=interrupt_at(2))
    rule = r"was trained on 'mine', which is not a built-in data set. Give it from Python: goodfit.runs.resu"
    with pytest.raises(InputError, match=rule):
        resume(tmp_path / "run")
    resume(tmp_path / "run", data)
    assert same_results(tmp_path / "run", tmp_path / "whole")


def test_a_data_set_with_other_parameters_must_be_given(tmp_path: Path) -> None:
    data = load("moons", n_train=60, n_test=20)
    with pytest.raises(KeyboardInterrupt):
        gf.train(RECIPE, data, out=tmp_path / "run", progress=interrupt_at(2))
    with pytest.raises(InputError, match=r"'moons' has different rows. Draw it with the parameters that it had"):
        resume(tmp_path / "run")
    assert len(resume(tmp_path / "run", data).split.test) == 20


def test_two_trainings_of_one_run_are_refused(stopped: Path) -> None:
    def again(progress: Progress) -> None:
        assert [run.state for run in list_runs(stopped.parent)] == ["training"]
        with pytest.raises(InputError, match="is in use by another training"):
            resume(stopped)

    assert [run.state for run in list_runs(stopped.parent)] == ["interrupted"]
    resume(stopped, progress=again)
    assert [run.state for run in list_runs(stopped.parent)] == ["done"]


def test_a_second_ctrl_c_does_not_wait(tmp_path: Path) -> None:
    """It comes while the first is being heard; no checkpoint is written after it."""
    told: list[str] = []

    def impatient(progress: Progress) -> None:
        told.append(progress.phase)
        if progress.phase == "stop" or (progress.phase == "train" and progress.epoch == 2):
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        gf.train(RECIPE, "iris", seeds=SEEDS, out=tmp_path / "run", progress=impatient)
    assert told[-1] == "stop"
    names = [path.name for path in (tmp_path / "run" / "checkpoints").iterdir()]
    assert names == ["epoch-000001.safetensors"]
    assert resume(tmp_path / "run").history.stopped_epoch.tolist() == [5, 5, 5]
