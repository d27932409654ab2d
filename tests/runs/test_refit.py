"""Refit: nets of the same settings that learn from validation rows too, beside the scores of those before."""

from __future__ import annotations

import json
import signal
from pathlib import Path

import numpy as np
import pytest
from run_help import interrupt_at, make_chunks_short, numbers, same_results

import goodfit as gf
from goodfit.cli.going_on import base_recipe
from goodfit.data import Dataset, Split
from goodfit.errors import InputError
from goodfit.models import TrainedNet, load_model
from goodfit.models.stacked import score_nets
from goodfit.reports import write
from goodfit.runs import resume, training
from goodfit.runs.refitting import BEFORE, FOLDER, Refit
from goodfit.training.progress import Progress
from goodfit.training.recipe import Recipe

RECIPE = Recipe(hidden=(6,), epochs=6, batch_size=8, dropout=0.25, learning_rate=0.1, valid=0.3, refit=True)


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    make_chunks_short(monkeypatch)


def on_all_rows(run: gf.Run, recipe: Recipe, net: int) -> gf.Run:
    """What `gf.train` makes of training and validation rows, for as many epochs as validation chose."""
    parts = run.split
    assert parts is not None
    rows = np.sort(np.concatenate([parts.train, parts.valid]))
    union = Split(parts.data, rows, rows[:0], parts.rows("test"))
    own = recipe.replace(refit=False, valid=0.0, fold_members=0, patience=0, epochs=run.best_epochs[net])
    return gf.train(own.replace(seed=run.seeds[net]), union, leaks="off")


def same_net(one: TrainedNet, other: TrainedNet) -> bool:
    arrays = [(*net.weights, *net.biases, net.shift, net.scale, net.target_shift, net.target_scale)
              for net in (one, other)]  # fmt: skip
    return all(map(np.array_equal, *arrays))


def test_the_nets_that_predict_are_those_of_a_training_on_all_rows() -> None:
    recipe = RECIPE.replace(epochs=10)
    run = gf.train(recipe, numbers(rows=60), leaks="off")
    assert run.refit is not None
    assert run.refit.epochs == run.best_epochs
    assert 0 < run.best_epochs[0] < recipe.epochs  # else a refit that ignored them would pass
    again = on_all_rows(run, run.recipe, 0)
    assert same_net(run.model.nets[0], again.nets[0])
    assert not same_net(run.model.nets[0], run.nets[0])
    x = numbers(rows=60).x
    np.testing.assert_array_equal(run.predict(x), again.predict(x))


def test_scores_are_of_the_nets_before() -> None:
    data = numbers(rows=60)
    run, before = gf.train(RECIPE, data, leaks="off"), gf.train(RECIPE.replace(refit=False), data, leaks="off")
    assert {part: score.value for part, score in run.scores.items()} == {
        part: score.value for part, score in before.scores.items()
    }
    assert run.measures("valid").to_dict() == before.measures("valid").to_dict()
    np.testing.assert_array_equal(run.history["valid_loss"], before.history["valid_loss"])
    x = data.x[:5]
    half = np.diff(run.predict_interval(x), axis=2), np.diff(before.predict_interval(x), axis=2)
    np.testing.assert_allclose(*half, rtol=1e-6)  # as wide, around other predictions


def test_fold_members_are_trained_on_all_rows_each_as_long_as_its_own_fold_chose() -> None:
    recipe = RECIPE.replace(fold_members=3, valid=0.0)
    run = gf.train(recipe, numbers(rows=60), leaks="off")
    assert run.refit is not None
    assert run.out_of_fold is not None
    assert (len(run.model.nets), run.refit.rows) == (3, len(run.split.train))  # type: ignore[union-attr]
    assert run.refit.epochs == run.best_epochs
    for net in range(3):  # a net of a population is the same alone but for rounding
        again = on_all_rows(run, run.recipe, net)
        for one, other in zip(run.model.nets[net].weights, again.nets[0].weights, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("when", ["before", "during"])
def test_an_interrupted_refit_goes_on_to_the_same_bits(when: str, tmp_path: Path) -> None:
    data, last = numbers(rows=60), 0
    whole = gf.train(RECIPE, data, seeds=2, out=tmp_path / "whole", leaks="off")

    def stop(progress: Progress) -> None:
        nonlocal last
        if progress.phase == "train":
            if progress.epoch < last:  # the second training has begun
                signal.raise_signal(signal.SIGINT)
            last = progress.epoch

    with pytest.raises(KeyboardInterrupt):
        gf.train(RECIPE, data, seeds=2, out=tmp_path / "run", leaks="off",
                 progress=stop if when == "during" else interrupt_at(3))  # fmt: skip
    assert not (tmp_path / "run" / "model.safetensors").exists()
    assert (tmp_path / "run" / FOLDER).exists() == (when == "during")
    again = resume(tmp_path / "run", data)
    assert same_results(tmp_path / "whole", tmp_path / "run")
    assert (tmp_path / "whole" / BEFORE).read_bytes() == (tmp_path / "run" / BEFORE).read_bytes()
    assert not (tmp_path / "run" / FOLDER).exists()
    assert again.refit is not None
    assert whole.refit is not None
    assert again.refit.to_json() == whole.refit.to_json()


def test_a_run_is_loaded_with_both(tmp_path: Path) -> None:
    data = numbers(rows=60)
    run = gf.train(RECIPE, data, seeds=2, out=tmp_path / "run", leaks="off")
    found = gf.runs.load(tmp_path / "run")
    assert all(map(same_net, found.nets, run.nets))
    assert all(map(same_net, found.final, run.final))
    np.testing.assert_array_equal(load_model(tmp_path / "run").predict(data.x), run.predict(data.x))
    record = json.loads((tmp_path / "run" / "run.json").read_text())["results"]["refit"]
    assert record["rows"] == 48
    for text in (record["note"], str(found.refit), found.card().markdown(), write(tmp_path / "run").read_text()):
        assert "2 nets trained anew on all 48 training and validation rows" in text
        assert "scores and intervals here are of the nets before" in text
    (tmp_path / "run" / BEFORE).unlink()
    with pytest.raises(InputError, match="before-refit"):
        gf.runs.load(tmp_path / "run")


def test_the_sealed_test_rows_are_opened_for_what_predicts() -> None:
    run = gf.train(RECIPE, numbers(rows=80), leaks="off")
    parts = run.split
    assert parts is not None
    rows = parts.rows("test")
    assert run.refit is not None
    assert run.refit.rows == len(parts.train) + len(parts.valid)
    expected = score_nets(run.refit.nets, parts.data.x[rows], parts.data.y[rows])
    assert run.test().score.value == pytest.approx(expected.value, abs=1e-12)


def test_validation_rows_are_looked_at_by_the_nets_before_and_new_ones_by_those_that_predict() -> None:
    data = numbers("multilabel", rows=80)
    classes = Dataset("mine", data.x, data.y[:, 0].astype(np.int32), "classification", ("a", "b"))
    recipe = RECIPE.replace(loss="auto")
    run, before = gf.train(recipe, classes, leaks="off"), gf.train(recipe.replace(refit=False), classes, leaks="off")
    own, theirs = gf.calibration(run), gf.calibration(before)
    assert own.scores == theirs.scores
    assert any("trained anew" in note for note in own.notes)
    assert not any("trained anew" in note for note in theirs.notes)
    new = Dataset("new", classes.x + 0.5, classes.y, "classification", ("a", "b"))
    assert gf.measures(run, new)["log loss"].value == gf.measures(run.model, new)["log loss"].value


@pytest.mark.parametrize(
    ("changes", "how", "text"),
    [
        ({"valid": 0.0}, {}, "'refit' needs a validation set or fold members, which choose how long to train"),
        ({"keep_best": False}, {}, "'refit' needs 'keep_best' or 'patience', by which validation chooses how long"),
        ({}, {"score_test": True}, "'refit' cannot stand beside 'score_test'"),
        ({}, {"start": True}, "'refit' trains nets anew, so it cannot go on from others"),
    ],
)
def test_what_cannot_be_refit_is_one_sentence(
    changes: dict[str, float], how: dict[str, bool], text: str, tmp_path: Path
) -> None:
    data = numbers(rows=60)
    given = (
        {**how, "start": gf.train(RECIPE.replace(refit=False), data, leaks="off").model} if how.get("start") else how
    )
    with pytest.raises(InputError, match=text):
        gf.train(RECIPE.replace(**changes), data, out=tmp_path / "run", leaks="off", **given)
    assert not (tmp_path / "run").exists()


def test_searches_train_their_nets_once() -> None:
    data = numbers(rows=60)
    found = gf.select(RECIPE, data, vary=["hidden=4,8"], folds=3, leaks="off")
    assert not any(recipe.refit for recipe in found.recipes)


@pytest.mark.parametrize("best", [(1,), (2, 4)])
def test_a_warmup_that_is_longer_than_the_best_epoch_is_cut(
    best: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Validation may choose fewer epochs than the warm-up has; the others keep the whole of it."""
    monkeypatch.setattr(training, "lengths", lambda seeds, history: (tuple(seeds), best))
    run = gf.train(RECIPE.replace(warmup=3.0), numbers(rows=60), seeds=len(best), leaks="off")
    assert run.refit is not None
    assert run.refit.epochs == best
    for net, epochs in enumerate(best):
        parts = run.split
        assert parts is not None
        rows = np.sort(np.concatenate([parts.train, parts.valid]))
        own = run.recipe.replace(refit=False, valid=0.0, epochs=epochs, warmup=min(3, epochs - 1), seed=run.seeds[net])
        again = gf.train(own, Split(parts.data, rows, rows[:0], parts.rows("test")), leaks="off")
        for one, other in zip(run.refit.nets[net].weights, again.nets[0].weights, strict=True):
            np.testing.assert_allclose(one, other, atol=1e-5)


@pytest.mark.parametrize(("count", "epochs"), [(1, 1), (2, 5)])
def test_the_sentence_is_one_of_one_or_of_several(count: int, epochs: int) -> None:
    nets = tuple(TrainedNet((np.ones((1, 2)),), (np.zeros(1),), (), "regression") for _ in range(count))
    text = Refit(nets, (False,) * count, 9, (epochs,) * count).text
    told = ("1 epoch,", "chose, predicts. It has") if count == 1 else ("5 epochs,", "chose, predict. They have")
    assert all(part in text for part in told), text


def test_others_go_on_from_the_nets_before_and_comparisons_say_whose_scores_they_are(tmp_path: Path) -> None:
    data = numbers(rows=60)
    run = gf.train(RECIPE, data, out=tmp_path / "run", leaks="off")
    more = gf.train(None, data, start=tmp_path / "run", leaks="off")
    assert (more.refit, more.recipe.refit, base_recipe(None, tmp_path / "run").refit) == (None, False, False)
    found = gf.compare(run, more)
    assert any("trained anew" in note for note in found.notes), found.notes
    assert "Looked at is a net from before" in gf.inspect(run, retrain=False, curvature=False).note
