"""A training that goes on from trained nets: with their scaling and optimiser, and honest about held-out rows."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from run_help import SEEDS, Camera, make_chunks_short, numbers, same_results

import goodfit as gf
from goodfit.data import Split, load
from goodfit.errors import InputError
from goodfit.leaks.check import LeakWarning
from goodfit.runs import load as load_run
from goodfit.runs import resume
from goodfit.runs.start_from import start_of
from goodfit.runs.start_seen import seen_before
from goodfit.runs.training import train_checked
from goodfit.training.optimizer_state import state_after

STILL = {"learning_rate": 1e-30, "epochs": 1}  # steps that float32 rounds away
RECIPE = gf.Recipe(hidden=(5,), activation="tanh", dropout=0.0, schedule="constant", epochs=4, batch_size=32)
WHOLE = gf.Recipe(  # all rows in every step, so that nothing but the state of a training matters
    hidden=(6,), activation="tanh", dropout=0.0, schedule="constant", batch_size=108, epochs=10, keep_best=False
)


@pytest.fixture(scope="module")
def iris() -> Any:
    return load("iris")


@pytest.fixture(scope="module")
def begun(iris: Any) -> gf.Run:
    return gf.train(RECIPE, iris, seeds=2)


def people(rows: int, seed: int) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    size = rng.normal(50 + 9 * seed, 5 + seed, rows)
    return {
        "size": size, "town": rng.choice(["a", "b", "c"], rows), "number": np.arange(rows) + 1000 * seed,
        "paid": np.where(size + rng.normal(size=rows) > 50 + 9 * seed, "yes", "no"),
    }  # fmt: skip


def table(rows: int, seed: int) -> Any:
    return gf.data.table(people(rows, seed), "paid", ids="number", name=f"people {seed}")


def weights(net: Any) -> np.ndarray:
    return np.concatenate([array.ravel() for array in (*net.weights, *net.biases)])


def test_no_step_leaves_the_net_as_it_was(begun: gf.Run, iris: Any) -> None:
    run = gf.train(begun.recipe.replace(**STILL), iris, start=begun)
    assert run.seeds == begun.seeds
    for old, new in zip(begun.nets, run.nets, strict=True):
        np.testing.assert_array_equal(weights(new), weights(old))
        np.testing.assert_array_equal(new.predict_proba(iris.x), old.predict_proba(iris.x))


def test_scaling_is_that_of_the_start_whatever_the_new_rows_are() -> None:
    """Inputs and targets 1000 times as large: fitted anew, the scaling would undo that."""
    data = numbers()
    recipe = RECIPE.replace(scaling="robust", target_transform="yeo-johnson", activation="prelu", batch_size=16)
    run = gf.train(recipe, gf.data.Dataset("mine", data.x, data.y, "regression", scale_targets=True))
    large = gf.data.Dataset("large", data.x * 1000, data.y * 1000, "regression", scale_targets=True)
    again = gf.train(run.recipe.replace(**STILL), large, start=run)
    np.testing.assert_array_equal(again.nets[0].predict(data.x), run.nets[0].predict(data.x))


@pytest.mark.parametrize(
    "optimizer",
    [
        {"optimizer": "sgd", "learning_rate": 0.1}, {"optimizer": "sgd", "learning_rate": 0.1, "momentum": 0.9},
        {"optimizer": "adam", "learning_rate": 0.01},
    ],
)  # fmt: skip
def test_five_epochs_and_five_are_ten(optimizer: dict[str, Any], iris: Any, tmp_path: Path) -> None:
    recipe = WHOLE.replace(**optimizer)
    whole = gf.train(recipe, iris, seeds=2)
    half = gf.train(recipe.replace(epochs=5), iris, seeds=2, out=tmp_path / "half")
    for start in (half, tmp_path / "half"):
        run = gf.train(None, iris, start=start)
        for one, other in zip(run.nets, whole.nets, strict=True):
            np.testing.assert_allclose(weights(one), weights(other), atol=2e-6)
    told = load_run(tmp_path / "half")
    assert (tmp_path / "half" / "optimizer.safetensors").exists() == (recipe.momentum > 0 or recipe.optimizer != "sgd")
    assert told.start is None


def test_without_its_state_an_optimiser_begins_anew(iris: Any) -> None:
    """Adam's first step is the learning rate long for every weight with a gradient, whatever came before."""
    half = gf.train(WHOLE.replace(optimizer="adam", epochs=5), iris, seeds=2)
    start = start_of(half)
    assert start.record(WHOLE.replace(optimizer="adam"), None).note == "taken over"
    other = start.record(WHOLE.replace(optimizer="rmsprop"), None)
    assert (other.note, other.optimizer) == ("new, as that of the start is of adam with other settings", False)
    assert start.record(WHOLE.replace(optimizer="sgd"), None).note == "none, as plain SGD has none"
    assert "L-BFGS begins anew" in start.record(WHOLE.replace(optimizer="lbfgs"), None).note
    net = gf.train(WHOLE.replace(optimizer="adam", epochs=1, learning_rate=1e-3), iris, start=half.nets[0], seeds=2)
    moved = np.abs(weights(net.nets[0]) - weights(half.nets[0]))
    assert np.median(moved) == pytest.approx(1e-3, rel=1e-2)
    assert net.start is not None
    assert net.start.told.note == "new, as the start comes without one"
    assert not net.start.told.optimizer


def test_a_state_is_of_the_last_epoch_and_not_of_the_best(iris: Any) -> None:
    wild = gf.train(RECIPE.replace(learning_rate=3.0, optimizer="sgd", momentum=0.9, epochs=6), iris, seeds=4)
    kept = np.asarray(wild.best_epochs) == 6
    assert wild.optimizer is not None
    np.testing.assert_array_equal(wild.optimizer.nets, kept)
    assert [wild.optimizer.of(net) is not None for net in range(4)] == kept.tolist()


def test_steps_are_those_of_torch(iris: Any) -> None:
    """Three epochs of plain SGD over all rows: by PyTorch, and by goodfit from PyTorch's net."""
    torch.manual_seed(0)
    module = torch.nn.Sequential(torch.nn.Linear(4, 7), torch.nn.Tanh(), torch.nn.Linear(7, 3))
    model = gf.from_torch(module, task="classification", classes=iris.classes)
    rows = np.arange(120, dtype=np.int32)
    parts = Split(iris, rows, rows[:0], np.arange(120, 150, dtype=np.int32))
    recipe = model.recipe.replace(epochs=3, batch_size=120, optimizer="sgd", learning_rate=0.05, schedule="constant")
    run = gf.train(recipe, parts, start=model, leaks="off")
    x, y = torch.tensor(iris.x[:120]), torch.tensor(iris.y[:120], dtype=torch.long)
    steps = torch.optim.SGD(module.parameters(), lr=0.05)
    for _ in range(3):
        steps.zero_grad()
        torch.nn.functional.cross_entropy(module(x), y).backward()
        steps.step()
    for ours, theirs in zip(run.nets[0].weights, (module[0].weight, module[2].weight), strict=True):
        np.testing.assert_allclose(ours, theirs.detach().numpy(), atol=2e-6)


def test_more_nets_than_the_start_has_begin_in_turn(begun: gf.Run, iris: Any, tmp_path: Path) -> None:
    run = gf.train(begun.recipe.replace(**STILL), iris, start=begun, seeds=[5, 6, 7])
    for net, place in zip(run.nets, (0, 1, 0), strict=True):
        np.testing.assert_array_equal(weights(net), weights(begun.nets[place]))
    model = begun.nets[1]
    gf.models.save_model(tmp_path / "m.safetensors", [model], {"recipe": begun.recipe.to_dict()})
    many = gf.train(None, iris, start=str(tmp_path / "m.safetensors"), seeds=[5, 6, 7])
    assert len({weights(net).tobytes() for net in many.nets}) == 3  # one start, other orders of rows


def test_killed_at_any_moment(iris: Any, tmp_path: Path) -> None:
    recipe = RECIPE.replace(optimizer="adam", dropout=0.2, learning_rate=0.01, keep_best=False)
    gf.train(recipe.replace(epochs=2), "iris", seeds=SEEDS, out=tmp_path / "start")
    with pytest.MonkeyPatch.context() as patch:
        make_chunks_short(patch)
        gf.train(recipe, "iris", start=tmp_path / "start", out=tmp_path / "whole")
        camera = Camera(tmp_path / "run", tmp_path / "album", patch)
        gf.train(recipe, "iris", start=tmp_path / "start", out=tmp_path / "run")
        (tmp_path / "start" / "model.safetensors").unlink()  # what a run needs of its start is in its own folder
        (tmp_path / "start" / "run.json").unlink()
        shots = [shot for shot in camera.shots if (shot / "run.json").exists()]
        for shot in shots[::9]:
            resume(shot)
            assert same_results(shot, tmp_path / "whole"), shot.name
    assert len(shots) > 20


def test_a_start_that_was_changed_is_refused(begun: gf.Run, iris: Any, tmp_path: Path) -> None:
    gf.train(None, iris, start=begun, out=tmp_path / "run")
    gf.models.save_model(tmp_path / "run" / "started-from.safetensors", begun.nets[:1])
    with pytest.raises(InputError, match=r"started-from\.safetensors: must hold the nets .* they were changed since"):
        load_run(tmp_path / "run")


def test_what_it_went_on_from_is_told(begun: gf.Run, iris: Any, tmp_path: Path) -> None:
    gf.train(RECIPE, "iris", out=tmp_path / "a", seeds=2)
    run = gf.train(None, "iris", start=tmp_path / "a", out=tmp_path / "b")
    told = json.loads((tmp_path / "b" / "run.json").read_text())["start"]
    assert told["source"] == str(tmp_path / "a")
    assert told["seen"] == {"valid": 0, "test": 0}
    loaded = load_run(tmp_path / "b")
    assert loaded.start is not None
    assert loaded.start.told == run.start.told  # type: ignore[union-attr]
    assert told["fingerprint"][:12] in str(loaded.start.told)
    assert loaded.to_json()["start"] == told
    assert gf.load_model(tmp_path / "b").about["started"]["print"] == told["fingerprint"]
    third = gf.train(None, "iris", start=loaded)
    assert third.start is not None
    assert third.start.told.seen == {"valid": 0, "test": 0}
    with pytest.raises(InputError, match="this run went on from trained nets"):
        gf.verdicts.judge_run(tmp_path / "b")
    page = gf.reports.write(tmp_path / "b").read_text()
    assert "--from" in page


def test_inspection_begins_where_the_run_did(begun: gf.Run, iris: Any) -> None:
    run = gf.train(None, iris, start=begun)
    found = gf.inspect(run, which=1, curvature=False)
    assert "went on from trained ones" in found.note
    assert found.evidence.initial is not None
    np.testing.assert_array_equal(found.evidence.initial.subject.net.weights[0], begun.nets[1].weights[0])


def test_a_table_goes_through_the_preprocessing_of_the_start() -> None:
    first = gf.train(RECIPE, table(150, 0))
    run = gf.train(first.recipe.replace(**STILL), table(150, 1), start=first)
    assert run.split is not None
    assert first.split is not None
    assert run.split.data.preprocessing == first.split.data.preprocessing
    rows = people(50, 2)
    one, other = (gf.Model(each.nets, preprocessing=each.split.data.preprocessing) for each in (first, run))  # type: ignore[union-attr]
    np.testing.assert_array_equal(other.predict_proba(rows), one.predict_proba(rows))
    assert run.test(table(150, 1)).seen == 0.0  # its own test rows, known again in the table that it was trained on


def test_rows_that_the_start_knew_are_not_held_out(tmp_path: Path) -> None:
    first = gf.train(RECIPE, table(150, 0), out=tmp_path / "first")
    both = {name: np.concatenate([people(150, 0)[name], people(150, 1)[name]]) for name in people(1, 0)}
    grown = gf.data.table(both, "paid", ids="number")
    with pytest.warns(LeakWarning) as told:
        run = gf.train(None, grown, start=first)
    assert run.split is not None
    assert first.split is not None
    known = {"valid": set(first.split.train), "test": {*first.split.train, *first.split.valid}}
    seen = {part: sum(row in known[part] for row in run.split.rows(part)) for part in ("valid", "test")}  # type: ignore[arg-type]
    assert run.start is not None
    assert run.start.told.seen == seen
    assert f"trained on {seen['valid']} of the {len(run.split.valid)} validation rows" in str(told[0].message)
    (note,) = run.test().notes
    assert f"knew {seen['test']} of these rows" in note
    with pytest.raises(InputError, match=r"are no test data: 120 of 150 rows"):
        gf.train(None, table(150, 1), start=first).test(table(150, 0))  # other data, which its start was trained on
    compared = gf.compare(run, run)
    assert any(f"knew {seen['valid']} of these rows" in note for note in compared.notes)
    assert any(f"knew {seen['valid']} of these rows" in note for note in gf.calibration(run).notes)
    with pytest.raises(InputError, match="so they are not held out"):
        gf.train(None, grown, start=first, leaks="error")
    lost = gf.train(None, table(150, 1), start=tmp_path / "first")  # whose table was in memory: it cannot be asked
    assert lost.start is not None
    assert lost.start.told.seen is None
    assert "unknown" in str(lost.start.told)


def other_columns(given: dict[str, Any]) -> dict[str, Any]:
    return {**given, "remark": np.zeros(len(given["paid"]))}


def fewer_columns(given: dict[str, Any]) -> dict[str, Any]:
    return {name: values for name, values in given.items() if name != "number"}


@pytest.mark.parametrize("changed", [other_columns, fewer_columns])
def test_rows_of_other_columns_are_not_said_to_be_held_out(changed: Any) -> None:
    """The rows of a file that gained or lost a column, used or not, cannot be told from new ones."""
    first = gf.train(RECIPE.replace(epochs=1), table(150, 0))
    again = gf.data.table(changed(people(150, 0)), "paid")
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # of the column that is not used
        run = gf.train(first.recipe.replace(seed=1), again, start=first)
    assert run.start is not None
    assert run.start.told.seen is None
    assert "unknown" in str(run.start.told)
    with pytest.warns(LeakWarning):  # what the first run knew of these columns is still known, through both starts
        third = gf.train(first.recipe.replace(seed=2), table(150, 0), start=run)
    assert third.start is not None
    assert third.start.told.seen is not None
    assert set(third.start.told.seen) == {"valid", "test"}


@pytest.mark.parametrize("name", ["", "model.safetensors"])
def test_validation_rows_of_a_search_are_known_to_its_winner(name: str, tmp_path: Path, iris: Any) -> None:
    rows = np.arange(120, dtype=np.int32)
    sealed = np.arange(120, 150, dtype=np.int32)
    winner = train_checked(RECIPE.replace(epochs=1), Split(iris, rows, rows[:0], sealed), (0,), 1e9, None)
    assert winner.optimizer is None  # nobody goes on with it
    winner.save(tmp_path / "model.safetensors")
    (tmp_path / "search.json").write_text("{}")
    begun = start_of(tmp_path / name)
    with pytest.warns(LeakWarning, match="winner of a search, .* validation rows are not held out"):
        assert seen_before(begun, Split(iris, rows[:100], rows[100:], sealed), "warn", 1) is None
    with pytest.raises(InputError, match="validation rows are not held out"):
        seen_before(begun, Split(iris, rows[:100], rows[100:], sealed), "error", 1)
    other = gf.data.Dataset("o", iris.x + 1, iris.y, "classification", iris.classes)
    assert seen_before(begun, Split(other, rows[:100], rows[100:], sealed), "error", 1) is None
    assert seen_before(start_of(winner.nets[0]), Split(iris, rows[:9], rows[9:], sealed), "error", 1) is None


def test_a_state_that_nobody_could_take_is_not_kept() -> None:
    def after(optimizer: str, array: np.ndarray) -> Any:
        counts = np.ones(len(array), np.int64)
        turn = SimpleNamespace(
            optimizer={"m": array}, best_epoch=counts, stopped_epoch=counts, frozen=np.zeros(len(array), bool)
        )
        return state_after(RECIPE.replace(optimizer=optimizer), [((0, 1), turn)], 2, best=False)

    assert after("lbfgs", np.ones((2, 3))) is None
    state = after("adam", np.array([[1.0, np.inf], [1.0, 2.0]]))
    assert state.nets.tolist() == [False, True]
    np.testing.assert_array_equal(state.arrays["m"], [[1.0, 2.0]])


def test_a_calibration_counts_rows_that_the_start_knew() -> None:
    first = gf.train(RECIPE.replace(epochs=1), table(150, 0))
    with pytest.raises(InputError, match=r"are no test data: 120 of 150 rows"):
        gf.calibration(gf.train(None, table(150, 1), start=first), table(150, 0))


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"hidden": (5, 5)}, r"'hidden' must have the 1 layers of the start, \[5\]; got \[5, 5\]"),
    ({"hidden": (6,)}, "'hidden' must give layer 1 its 5 units, as the start has; got 6"),
    ({"activation": "relu"}, "'activation' of layer 1 must be tanh, as in the start; got 'relu'"),
    ({"scaling": "none"}, "'scaling' must stay auto"),
    ({"bias": False}, "'bias' must be on: the start has biases"),
    ({"loss": "poisson"}, "'loss' cannot become poisson"),
]


@pytest.mark.parametrize(("changes", "message"), WRONG)
def test_recipes_that_do_not_fit(begun: gf.Run, iris: Any, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        gf.train(begun.recipe.replace(**changes), iris, start=begun)


def test_what_a_recipe_leaves_out_is_taken_from_the_start(begun: gf.Run, iris: Any) -> None:
    run = gf.train(gf.Recipe(epochs=1), iris, start=begun)
    assert (run.recipe.hidden, run.recipe.activations, run.recipe.epochs) == ((5,), ("tanh",), 1)


def test_data_that_do_not_fit(begun: gf.Run, iris: Any) -> None:
    other = gf.data.Dataset("o", iris.x, iris.y, "classification", ("setosa", "versicolor", "rosa"))
    with pytest.raises(InputError, match="unknown to it: 'rosa'; missing here: 'virginica'"):
        gf.train(None, other, start=begun)
    turned = gf.data.Dataset("o", iris.x, iris.y, "classification", iris.classes[::-1])
    with pytest.raises(InputError, match="in its order; the order differs"):
        gf.train(None, turned, start=begun)
    with pytest.raises(InputError) as caught:
        gf.train(None, numbers(), start=begun)
    assert len(caught.value.problems) == 2  # features and task, both named
    with pytest.raises(InputError, match="must be numbers as they are: the start has no preprocessing of tables"):
        gf.train(None, table(100, 0), start=begun)
    with pytest.raises(InputError, match="the target 'town', which is a feature of the start"):
        gf.train(None, gf.data.table(people(90, 0), "town"), start=gf.train(RECIPE, table(150, 0)))
    with pytest.raises(InputError, match="comes without a recipe, so one must be given"):
        gf.train(None, iris, start=begun.nets[0])
    with pytest.raises(InputError, match="must be a finished run or search, or a model file"):
        gf.train(None, iris, start="nowhere")
