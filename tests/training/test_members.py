"""Members that share a net: trained as separate weight matrices in PyTorch, and they predict by their mean."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from engine_reference import PLAIN, fit64, make_examples, scaled
from scipy.special import expit, log_softmax, softmax
from sklearn.metrics import mean_poisson_deviance, r2_score

import goodfit as gf
from goodfit.cli.devices import _nets_that_fit
from goodfit.data import Dataset, Split, split
from goodfit.data.target_transform import fit_transform
from goodfit.errors import InputError
from goodfit.inspection.folding import fold
from goodfit.inspection.gradient_check import check_gradient
from goodfit.inspection.inspecting import rows_of, subject_for
from goodfit.inspection.subject import subject_of
from goodfit.models import Model, TrainedNet, load_model
from goodfit.models.averaging import mean_values
from goodfit.models.member_nets import member_nets, taken_apart
from goodfit.models.stacked import stacked_outputs
from goodfit.models.tempering import tempered_net
from goodfit.nets import forward
from goodfit.nets.dropout import stream_key
from goodfit.nets.member_parts import Members, member_parts, members_of, named_parts, together
from goodfit.runs.calibrating import calibration
from goodfit.runs.model_facts import describe_model
from goodfit.runs.opening import model_print
from goodfit.training import Examples, Job, Recipe, cohort_of, fit, part_scores, program
from goodfit.training.batches import RowOrder
from goodfit.training.compile import compilations
from goodfit.training.initialise import initial_layers
from goodfit.training.member_arrays import initial_members
from goodfit.training.memory import member_bytes
from goodfit.training.moving import lay_states, take_states
from goodfit.training.population import NetArrays
from goodfit.training.settings import schedule_of
from goodfit.training.turns import JobList, plan_session

FULL = PLAIN.replace(hidden=(5, 4), members=3, optimizer="adamw", learning_rate=0.03, weight_decay=0.0)
WEIGHTS = np.random.default_rng(8).uniform(0.1, 2.0, (2, 32))
WEIGHTS[1, ::3] = 0.0
X = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)


def matrices(recipe: Recipe, leaves: dict[str, Any], member: int) -> list[tuple[Any, Any]]:
    """The weights W * s r^T and biases of one member, written out."""
    made = []
    for layer in range(len(recipe.hidden)):
        w, b = leaves[f"w{layer}"], leaves[f"b{layer}"]
        if f"inputs{layer}" in leaves:
            w = w * leaves[f"inputs{layer}"][member][None, :]
        if f"outputs{layer}" in leaves:
            w = w * leaves[f"outputs{layer}"][member][:, None]
            b = b + leaves[f"offsets{layer}"][member]
        made.append((w, b))
    last = len(recipe.hidden)
    outputs = len(leaves[f"w{last}"]) // recipe.members
    own = slice(member * outputs, (member + 1) * outputs)
    return [*made, (leaves[f"w{last}"][own], leaves[f"b{last}"][own])]


def torch_net(recipe: Recipe, examples: Examples, rows: int) -> tuple[dict[str, Any], list[float]]:
    """What PyTorch trains in float64, a net of weights of its own for every member; and its validation losses.

    A row of weight 0 is left out: nothing is computed of it.
    """
    inputs, _ = scaled(examples)
    x, y = torch.tensor(inputs), torch.tensor(examples.y.astype(np.int64))
    weights = np.ones(len(inputs)) if examples.weights is None else examples.weights[rows]
    layers = initial_layers(recipe, x.shape[1], examples.outputs * recipe.members)
    leaves = {f"w{layer}": torch.tensor(w.astype(float)) for layer, (w, _) in enumerate(layers)}
    decayed = [*leaves.values()]
    leaves |= {f"b{layer}": torch.tensor(b.astype(float)) for layer, (_, b) in enumerate(layers)}
    own = initial_members(recipe, np.arange(x.shape[1]))
    leaves |= {f"{name}{layer}": torch.tensor(np.asarray(each, float)) for name, layer, each in member_parts(own)}
    others = [leaf for leaf in leaves.values() if not any(leaf is each for each in decayed)]
    for leaf in leaves.values():
        leaf.requires_grad_()
    biases = [leaves[f"b{layer}"] for layer in range(len(layers))]
    others = [leaf for leaf in others if not any(leaf is each for each in biases)]
    rate = recipe.learning_rate
    groups = [
        {"params": decayed, "lr": rate, "weight_decay": recipe.weight_decay},
        {"params": others, "lr": rate, "weight_decay": 0.0},
        {"params": biases, "lr": rate * recipe.bias_rate, "weight_decay": 0.0},
    ]
    of_class = torch.tensor(np.asarray(recipe.class_weight or np.ones(examples.outputs), float))  # type: ignore[arg-type]
    optimizer = torch.optim.AdamW(groups)
    losses, smoothing = [], recipe.label_smoothing

    def logits(at: Any) -> Any:
        found = []
        for member in range(recipe.members):
            h = x[at]
            *hidden, (w, b) = matrices(recipe, leaves, member)
            for own_w, own_b in hidden:
                h = torch.tanh(h @ own_w.T + own_b)
            found.append(h @ w.T + b)
        return torch.stack(found)

    for batches in RowOrder(examples.train, recipe.batch_size, recipe.seed, None).epochs(0, recipe.epochs):
        for batch in batches:
            at = torch.tensor([int(row) for row in batch if row >= 0 and weights[row] > 0])
            share = torch.tensor(weights[at]) * of_class[y[at]]
            share = share / share.sum()
            each = torch.nn.functional.cross_entropy(
                logits(at).flatten(0, 1), y[at].repeat(recipe.members), None, None, -100, None, "none", smoothing
            )
            loss = (each.reshape(recipe.members, -1) * share).sum(1).mean()
            loss = loss + sum(recipe.l2 / 2 * (leaves[f"w{layer}"] ** 2).sum() for layer in range(len(layers)))
            optimizer.zero_grad()
            loss.backward()
            if recipe.clip_norm is not None:
                torch.nn.utils.clip_grad_norm_([*leaves.values()], recipe.clip_norm)
            optimizer.step()
            with torch.no_grad():
                for leaf in decayed:  # the proximal step of L1, of weights alone
                    leaf -= leaf.clamp(-rate * recipe.l1, rate * recipe.l1)
        valid = torch.tensor(examples.parts["valid"].astype(np.int64))
        with torch.no_grad():
            chances = torch.softmax(logits(valid), -1).mean(0)
        losses.append(float(-torch.log(chances[torch.arange(len(valid)), y[valid]]).mean()))
    return {name: leaf.detach().numpy() for name, leaf in leaves.items()}, losses


def same(net: NetArrays, leaves: dict[str, Any], tolerance: float = 1e-6) -> None:
    found = {f"w{layer}": w for layer, w in enumerate(net.weights)}
    found |= {f"b{layer}": b for layer, b in enumerate(net.biases)}
    assert net.members is not None
    found |= {f"{name}{layer}": own for name, layer, own in member_parts(net.members)}
    assert found.keys() == leaves.keys()
    for name, expected in leaves.items():
        np.testing.assert_allclose(found[name], expected, rtol=tolerance, atol=tolerance, err_msg=name)


def test_a_population_of_them_is_trained_as_separate_matrices_are_by_pytorch() -> None:
    """Widths, depths, weights of rows and rates differ: what is padded, or of weight 0, is as if it were not there."""
    examples = make_examples(weights=WEIGHTS)
    changes: list[dict[str, Any]] = [
        {},
        {"hidden": (3,), "member_init": "normal", "weight_decay": 0.3},
        {"hidden": (6, 2), "l2": 0.1, "clip_norm": 0.2, "seed": 1},
        {"hidden": (4, 4), "learning_rate": 0.1},
        {"l1": 0.02, "bias_rate": 0.3, "label_smoothing": 0.1, "class_weight": (0.5, 2.0, 1.0)},
    ]
    jobs = [Job(FULL.replace(keep_best=False, **each), rows % 2) for rows, each in enumerate(changes)]
    fitted = fit64(jobs, examples)
    for number, job in enumerate(jobs):
        leaves, losses = torch_net(job.recipe, examples, job.rows)
        same(fitted.nets[number], leaves)
        np.testing.assert_allclose(fitted.metrics[:, 2, number], losses, rtol=1e-6)
    compiled = compilations()
    again = [
        Job(j.recipe.replace(learning_rate=0.01, member_init="signs", seed=j.recipe.seed + 5), j.rows) for j in jobs
    ]
    fit64(again, examples)
    assert compilations() == compiled


def test_the_mini_form_has_the_first_scaling_alone() -> None:
    recipe = FULL.replace(member_form="tabm-mini", keep_best=False)
    examples = make_examples()
    fitted = fit64([Job(recipe)], examples)
    same(fitted.nets[0], torch_net(recipe, examples, 0)[0])
    assert fitted.nets[0].members is not None
    assert [name for name, _ in named_parts(fitted.nets[0].members)] == ["members.inputs.0"]


def test_one_member_leaves_nothing_of_them_in_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that lays members out, scales by them or averages them is traced, neither to train nor to score."""

    def of_members(*_: Any) -> None:
        raise AssertionError("of members")

    places = (
        (forward, ("heads", "moved", "of_members", "scaled", "side_by_side")),
        (program, ("apart", "side_by_side")),
        (part_scores, ("apart", "together")),
    )
    for module, names in places:
        for name in names:
            monkeypatch.setattr(module, name, of_members)
    assert cohort_of([Job(PLAIN)], make_examples(), 1).initial_parameters().members is None
    fit64([Job(PLAIN.replace(hidden=(7,), epochs=1))], make_examples())
    with pytest.raises(AssertionError, match="of members"):
        fit64([Job(PLAIN.replace(hidden=(7,), epochs=1, members=2))], make_examples())
    with pytest.raises(InputError, match="'members' must be those of the first net"):
        cohort_of([Job(PLAIN), Job(PLAIN.replace(members=2))], make_examples(), 1)


def drawn(task: Any = "classification", form: str = "tabm", **fields: Any) -> TrainedNet:
    """A net of 3 inputs, 5 and 4 units and 3 outputs, whose two members differ."""
    rng = np.random.default_rng(3)
    sizes = (3, 5, 4, 6)
    scalings: list[tuple[Any, ...]] = [
        tuple(rng.normal(size=(2, units)) for units in of) for of in ((3, 5), (5, 4), (5, 4))
    ]
    members = Members(*scalings) if form == "tabm" else Members(scalings[0][:1])
    return TrainedNet(
        tuple(rng.normal(size=(o, i)) for i, o in itertools.pairwise(sizes)),
        tuple(rng.normal(size=o) for o in sizes[1:]),
        ("tanh", "relu"),
        task,
        classes=() if task == "regression" else ("a", "b", "c"),
        members=members,
        **fields,
    )


def by_hand(net: TrainedNet) -> np.ndarray:
    """The outputs of each member, [K, N, C], in float64."""
    leaves: dict[str, Any] = {f"w{layer}": w.astype(float) for layer, w in enumerate(net.weights)}
    leaves |= {f"b{layer}": b.astype(float) for layer, b in enumerate(net.biases)}
    assert net.members is not None
    leaves |= {f"{name}{layer}": own.astype(float) for name, layer, own in member_parts(net.members)}
    recipe, found = Recipe(hidden=(5, 4), members=2), []
    for member in range(2):
        (w0, b0), (w1, b1), (w2, b2) = matrices(recipe, leaves, member)
        found.append(np.maximum(np.tanh(X @ w0.T + b0) @ w1.T + b1, 0) @ w2.T + b2)
    return np.stack(found)


@pytest.mark.parametrize("form", ["tabm", "tabm-mini"])
def test_they_predict_the_mean_of_probabilities_or_numbers(form: str) -> None:
    net = drawn(form=form)
    np.testing.assert_allclose(net.predict_proba(X, np.float64), softmax(by_hand(net), -1).mean(0), rtol=1e-5)
    labels = drawn("multilabel", form)
    np.testing.assert_allclose(labels.predict_proba(X, np.float64), expit(by_hand(labels)).mean(0), rtol=1e-5)
    numbers = drawn("regression", form, target_shift=np.full(3, 2.0), target_scale=np.full(3, 4.0))
    np.testing.assert_allclose(numbers.predict(X, np.float64), by_hand(numbers).mean(0) / 4 + 2, rtol=1e-5)
    counts = drawn("regression", form, link="exp")
    np.testing.assert_allclose(counts.predict(X, np.float64), np.exp(by_hand(counts)).mean(0), rtol=1e-5)
    for each in (net, labels, numbers, counts):
        (_, outputs), *_ = stacked_outputs([each], X)
        np.testing.assert_allclose(outputs, each.outputs(X, np.float64), rtol=1e-4, atol=1e-4)
        apart = taken_apart([each, replace(each, count=3)])
        np.testing.assert_allclose(mean_values(apart, X), mean_values([each], X), rtol=1e-5)


def test_what_they_predict_stays_finite_where_members_are_sure() -> None:
    z = np.array([[[800.0, -800.0], [-800.0, 800.0]]])  # [N, C, K]: two that contradict one another
    np.testing.assert_allclose(softmax(together(z, -1, "softmax", np), -1), [[0.5, 0.5]])
    np.testing.assert_allclose(together(z, -1, "sigmoid", np), [[0.0, 0.0]], atol=1e-12)
    np.testing.assert_allclose(together(z + 0.0, -1, "exp", np), [[800 - np.log(2)] * 2])
    chances = log_softmax(np.random.default_rng(0).normal(size=(4, 3, 5)), 1)
    np.testing.assert_allclose(np.exp(together(chances, -1, "softmax", np)), np.exp(chances).mean(-1))


def test_members_whose_scalings_are_1_are_the_net_itself() -> None:
    net = next(member_nets(drawn()))
    ones = Members(
        *(tuple(np.full((2, units), value) for units in of) for of, value in (((3, 5), 1), ((5, 4), 1), ((5, 4), 0)))
    )
    doubled = (*net.weights[:-1], np.concatenate([net.weights[-1]] * 2)), (*net.biases[:-1], np.tile(net.biases[-1], 2))
    both = replace(net, weights=doubled[0], biases=doubled[1], members=ones)
    np.testing.assert_allclose(both.predict_proba(X), net.predict_proba(X), rtol=1e-5)


def test_files_hold_them_and_exports_take_them_apart(tmp_path: Path) -> None:
    model = Model((drawn(), replace(drawn(form="tabm-mini"), count=2), next(member_nets(drawn()))))
    model.save(tmp_path / "model.safetensors")
    loaded = load_model(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(loaded.predict_proba(X), model.predict_proba(X))
    assert model_print(loaded.nets) == model_print(model.nets)
    assert model_print([drawn()]) != model_print([drawn(form="tabm-mini")])
    facts = describe_model(tmp_path / "model.safetensors")
    assert (facts.format, facts.outputs, facts.nets[0].sizes) == (8, 3, (3, 5, 4, 3))
    assert [each.members for each in facts.nets] == [2, 2, 1]
    assert facts.nets[0].parameters == (3 + 1) * 5 + (5 + 1) * 4 + (4 + 1) * 6 + 2 * (3 + 5 + 2 * (5 + 4))
    for kind in ("numpy", "torch", "onnx"):
        assert model.export(kind, tmp_path / f"{kind}_net", rows=X).difference <= 1e-5
    relu = Model((replace(drawn(), activations=("relu", "relu")),))
    assert relu.export("sklearn", tmp_path / "net", rows=X).difference <= 1e-5
    logs = Model((drawn("regression", transform=fit_transform(np.abs(X) + 1, "log")),))
    with pytest.raises(InputError, match=r"a target transform follows their mean\. .* or target_transform none"):
        logs.export("numpy", tmp_path / "net", rows=X)
    clipped = Model((drawn("regression", transform=fit_transform(X, "none", clip=True)),))
    with pytest.raises(InputError, match=r"predictions are clipped\. .* or without clip_predictions"):
        clipped.export("numpy", tmp_path / "net", rows=X)


def test_what_members_cannot_do_is_said(tmp_path: Path) -> None:
    net = drawn()
    with pytest.raises(InputError, match="must have one member to have a temperature; got 2"):
        tempered_net(net, 2.0)
    with pytest.raises(InputError, match="'net' must have one member; got 2"):
        subject_of(net, X, np.zeros(len(X), np.int32))
    with pytest.raises(InputError, match="must have one member to be folded; got 2"):
        fold(replace(net, activations=("identity", "relu")))
    assert net.members is not None
    large = replace(net.members, inputs=(np.full((2, 3), 3e38), *net.members.inputs[1:]))
    with pytest.raises(InputError, match=r"as scaled, must be finite in float32; got 'member 0 beyond 3.4e\+38'"):
        replace(net, members=large)
    small = [each * np.float32(1e-3) for each in net.weights]
    spread = replace(net.members, inputs=(np.full((2, 3), 1e38), *net.members.inputs[1:]))
    assert np.isfinite(replace(net, weights=(small[0] * np.float32(1e-3), *small[1:]), members=spread).outputs(X)).all()
    for members, rule in (
        (Members(()), "must scale the inputs of the first hidden layer, or inputs and outputs of all"),
        (Members((np.ones((2, 4)),)), "'members.inputs' of layer 0 must have a number for each member and unit"),
        (Members((np.full((2, 3), np.nan),)), "'members.inputs' of layer 0 must be finite"),
        (Members((np.ones((4, 3)),)), "as many outputs for each of 4 members"),
    ):
        with pytest.raises(InputError, match=rule):
            replace(
                net,
                members=members,
                classes=("a",) * (6 // 4 if len(members.inputs) and len(members.inputs[0]) == 4 else 3),
            )
    for fields, rule in (
        ({"hidden": ()}, "'members' must be 1 without hidden layers; got 4"),
        ({"loss": "quantile"}, "'members' must be 1 with loss quantile"),
        ({"init_data": "variance"}, "'members' must be 1 with init_data 'variance'"),
        ({"optimizer": "lbfgs"}, "'members' must be 1 with optimizer 'lbfgs'"),
    ):
        with pytest.raises(InputError, match=rule):
            gf.Recipe(members=4, **fields)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="'member_form' must be tabm with one member"):
        gf.Recipe(member_form="tabm-mini")


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


def test_members_drop_units_and_inputs_each_by_masks_of_its_own() -> None:
    """Two members with the same numbers, which see the same rows, differ by what they drop alone."""
    ones = [jnp.ones((1, 1, 2, units)) for units in (3, 6)]
    members = Members((ones[0],), (ones[1],), (0 * ones[1],))
    weights = (jnp.ones((1, 1, 6, 3)), jnp.ones((1, 1, 2, 6)))
    parameters = forward.Parameters(weights, (None, None), (None,), members=members)
    x, present = jnp.ones((1, 8, 3)), forward.Present((jnp.ones((1, 1, 6)),), jnp.ones((1, 1, 1), bool))
    keys = jnp.asarray(stream_key(0, 0, 0, np.arange(2)))[None]
    shape = forward.Architecture(3, (6,), 2, ("identity",), members=2, dropout=True, input_dropout=True)

    @jax.jit
    def outputs(units: Any, inputs: Any) -> Any:
        dropout = forward.Dropout(keys, jnp.full((1, 1, 1), units), jnp.full((1, 1), inputs))
        return forward.forward(parameters, x, shape, present, dropout)

    for units, inputs in ((0.0, 0.0), (0.5, 0.0), (0.0, 0.5)):
        first, second = np.asarray(outputs(units, inputs)).reshape(2, 8)
        assert (first == second).all() == (units + inputs == 0)


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


def test_the_plan_counts_what_members_hold() -> None:
    """Every member's units, before and after its scalings; the inputs once, however many, where none are dropped."""
    examples = make_examples()

    def planned(**fields: Any) -> int:
        recipe = PLAIN.replace(hidden=(64,), batch_size=16, **fields)
        return plan_session([JobList((Job(recipe),), examples)]).bytes

    one, few, many = planned(), planned(members=2), planned(members=32)
    per_member = (many - few) / 30
    assert per_member >= 8 * 16 * 64 * 4  # eight numbers of float32 a unit and row of a batch
    assert few > one
    assert planned(members=32, input_dropout=0.1) != many
    wide = (4000, 32, 32)  # as of categories: the weights of each member, and not its rows
    assert member_bytes(32, wide, 512) < 4 * 512 * 4000 * 32 < member_bytes(32, wide, 512, drops=True)
    assert member_bytes(1, wide, 512) == 0
    nets = [_nets_that_fit(PLAIN.replace(hidden=(64,), members=count), 3, 3, 1000)[0] for count in (1, 32)]
    assert nets[0] is None or (nets[1] is not None and nets[1] < nets[0] / 10)


def test_stored_members_that_lack_a_layer_or_have_another_part_are_refused() -> None:
    found = named_parts(drawn().members)
    assert members_of(dict(found)) is not None
    for names in ({**dict(found[1:])}, {**dict(found), "members.foo.0": np.ones((2, 3))}, {"members.foo": np.ones(1)}):
        with pytest.raises(ValueError, match="members have other parts, or not of all layers from the first"):
            members_of(names)


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
