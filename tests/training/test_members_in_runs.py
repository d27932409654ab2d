"""Runs whose nets have members that share weights: what they keep, score and say, and how they go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from member_reference import X
from sklearn.metrics import mean_poisson_deviance, r2_score

import goodfit as gf
from goodfit.data import Dataset, Split, split
from goodfit.errors import InputError
from goodfit.inspection.gradient_check import check_gradient
from goodfit.inspection.inspecting import rows_of, subject_for
from goodfit.models.member_nets import member_nets
from goodfit.nets.member_parts import member_parts
from goodfit.runs.calibrating import calibration
from goodfit.training import Examples, Job, Recipe, cohort_of, fit
from goodfit.training.moving import lay_states, take_states
from goodfit.training.population import NetArrays
from goodfit.training.settings import schedule_of


@pytest.fixture(scope="module")
def rows() -> Split:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(150, 3)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] > 0).astype(np.int32) + (x[:, 2] > 1)
    return split(Dataset("products", x, y.astype(np.int32), "classification", ("a", "b", "c")), test=0.2, valid=0.25)


RECIPE = gf.Recipe(
    hidden=(8, 6),
    members=4,
    epochs=6,
    learning_rate=0.02,
    dropout=0.2,
    input_dropout=0.1,
    encoding="piecewise",
    bins=4,
    patience=3,
    batch_size=16,
)


@pytest.fixture(scope="module")
def run(rows: Split, tmp_path_factory: pytest.TempPathFactory) -> gf.Run:
    return gf.train(RECIPE, rows, seeds=2, out=tmp_path_factory.mktemp("members") / "run", leaks="off")


def test_runs_keep_them_and_score_what_they_predict_together(run: gf.Run, rows: Split) -> None:
    assert run.folder is not None
    loaded = gf.runs.load(run.folder)
    for place, net in enumerate(loaded.nets):
        np.testing.assert_array_equal(net.predict_proba(X), run.nets[place].predict_proba(X))
        best = int(run.history.best_epoch[place]) - 1
        chances = net.predict_proba(rows.x("valid"))
        losses = -np.log(chances[np.arange(len(chances)), rows.y("valid")])
        assert run.history["valid_loss"][best, place] == pytest.approx(losses.mean(), rel=1e-4)
        assert run.history["valid_score"][best, place] == pytest.approx((chances.argmax(1) == rows.y("valid")).mean())
    layers = run.layers
    assert sum(layer.parameters for layer in layers) == run.nets[0].n_parameters
    assert layers[-1].outputs == 3
    first, second = (net.predict_proba(X) for net in list(member_nets(run.nets[0]))[:2])
    assert np.abs(first - second).max() > 0.01


def test_an_input_and_the_components_of_its_encoding_begin_with_one_scaling(rows: Split) -> None:
    examples = Examples.of_split(rows, encoding="piecewise", bins=4)
    cohort = cohort_of([Job(RECIPE)], examples, 1)
    members = cohort.initial_parameters().members
    assert members is not None
    first = np.asarray(members.inputs[0])[0, 0, 0]  # [K, 3 + 3 * 4]
    np.testing.assert_array_equal(first[:, 3:].reshape(4, 3, 4), np.repeat(first[:, :3, None], 4, -1))
    assert {*first.ravel().tolist()} == {-1.0, 1.0}


def test_what_looks_at_runs_takes_the_first_member_or_says_why_not(run: gf.Run, rows: Split) -> None:
    found = gf.inspect(run, retrain=False, curvature=False)
    assert "first of the members that share the net's weights" in found.note
    assert found.measurement.subject.net.members is None
    assert found.recipe == run.recipe
    assert found.to_json()["final"]
    assert all(tensor.right for tensor in check_gradient(subject_for(run)))
    step_rows = rows_of(run, [0, 3])
    np.testing.assert_array_equal(step_rows.net.weights[0], next(member_nets(run.nets[0])).weights[0])
    told = calibration(run)
    with pytest.raises(InputError, match=r"nets of one member alone have a temperature\. No temperature was fitted"):
        told.model()
    assert told.temperature is None
    assert any("No temperature was fitted" in note for note in told.notes)
    with pytest.raises(InputError, match="members that share weights, from which no training can start"):
        gf.train(None, rows, start=run, leaks="off")
    plain = next(member_nets(run.nets[0]))
    with pytest.raises(InputError, match="'members' must be 1 with a start"):
        gf.train(RECIPE, rows, start=plain, leaks="off")


@pytest.mark.parametrize(
    ("task", "fields"),
    [
        ("regression", {"target_transform": "log"}),
        ("multilabel", {}),
        ("counts", {"loss": "poisson"}),
    ],
)
def test_the_last_epoch_scores_what_the_net_predicts(task: str, fields: dict[str, Any]) -> None:
    rng = np.random.default_rng(4)
    x = rng.normal(size=(120, 3)).astype(np.float32)
    y = np.exp(x @ rng.normal(size=(3, 1)))
    y = {"regression": y, "counts": rng.poisson(y).astype(float), "multilabel": (x[:, :2] > 0).astype(float)}[task]
    kind: Any = "multilabel" if task == "multilabel" else "regression"
    data = Dataset("drawn", x, y.astype(np.float32), kind, ("a", "b") if kind == "multilabel" else ())
    recipe = gf.Recipe(hidden=(5,), members=3, epochs=2, learning_rate=0.02, batch_size=16, keep_best=False, **fields)
    run = gf.train(recipe, split(data, test=0.2, valid=0.25), leaks="off")
    rows, target, net = run.split.x("valid"), run.split.y("valid"), run.nets[0]
    if task == "multilabel":
        chances = net.predict_proba(rows)
        loss, score = -np.log(np.where(target > 0, chances, 1 - chances)).sum(1).mean(), (net.predict(rows) == target)
        expected = score.all(1).mean()
    else:
        predicted = net.predict(rows).ravel()
        expected = r2_score(target.ravel(), predicted)
        if task == "counts":
            loss = mean_poisson_deviance(target.ravel(), predicted) / 2
        else:
            assert net.transform is not None
            trained = (net.transform.forward(target) - net.target_shift) * net.target_scale
            loss = ((net.outputs(rows) - trained) ** 2).mean() / 2
    assert run.history["valid_loss"][-1, 0] == pytest.approx(loss, rel=1e-4)
    assert run.history["valid_score"][-1, 0] == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_trainings_go_on_to_the_same_bits_and_move_into_other_cohorts(rows: Split) -> None:
    examples = Examples.of_split(rows)
    base = Recipe(hidden=(8, 6), members=4, epochs=4, learning_rate=0.02, dropout=0.2, batch_size=16, keep_best=False)
    jobs = [Job(base), Job(base.replace(hidden=(5,), seed=1))]
    cohort, states = cohort_of(jobs, examples, 1), dict[int, Any]()
    whole = fit(cohort, report=lambda r: states.setdefault(r.epoch, r.snapshot()) and None, chunk_epochs=2)
    epoch = min(states)
    again = fit(cohort, start=(epoch, states[epoch]))
    short = cohort_of([Job(j.recipe.replace(epochs=2), schedule=schedule_of(j)) for j in jobs], examples, 1)
    taken = take_states(fit(short).state, short)
    moved = fit(alone := cohort_of(jobs[1:], examples, 1), start=(2, lay_states(taken[1:], alone)))
    for net, expected in enumerate(whole.nets):
        for one, other in zip(numbers(again.nets[net]), numbers(expected), strict=True):
            np.testing.assert_array_equal(one, other)
    for one, other in zip(numbers(moved.nets[0]), numbers(whole.nets[1]), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)  # dropout's masks too are those of the net alone


def test_they_go_with_all_that_trains_a_table(tmp_path: Path) -> None:
    """Embeddings, a trained scaling, mixtures, folds, the neural tangent form."""
    rng = np.random.default_rng(0)
    kind = rng.integers(0, 12, 200)
    size = rng.normal(size=200)
    table = gf.data.table(
        {"kind": [f"k{each}" for each in kind], "size": size, "y": np.sin(kind) + size**2}, target="y"
    )
    fields = {"train_embedding": True, "train_scaling": True, "train_mixture": True, "parametrization": "ntk"}
    recipe = gf.Recipe(hidden=(8,), members=3, fold_members=2, epochs=4, encoding="piecewise", bins=4, **fields)
    run = gf.train(recipe, table, seeds=2, out=tmp_path / "run", leaks="off")
    expected = np.stack([run.nets[0].predict(run.split.data.x), run.nets[1].predict(run.split.data.x)])
    kept = run.out_of_fold
    assert kept is not None
    for number in range(2):
        own = kept.folds == number
        np.testing.assert_allclose(kept.values[own], expected[number][kept.rows[own]], rtol=1e-4, atol=1e-4)
    loaded = gf.runs.load(tmp_path / "run")
    np.testing.assert_array_equal(loaded.nets[0].predict(X := run.split.data.x[:9]), run.nets[0].predict(X))


def numbers(net: NetArrays) -> list[Any]:
    assert net.members is not None
    return [*net.weights, *net.biases, *(own for *_, own in member_parts(net.members))]
