"""Trained nets whose members share weights: they predict by their mean, are kept in files, and are taken apart."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from member_reference import X, matrices
from scipy.special import expit, log_softmax, softmax

import goodfit as gf
from goodfit.data.target_transform import fit_transform
from goodfit.errors import InputError
from goodfit.inspection.folding import fold
from goodfit.inspection.subject import subject_of
from goodfit.models import Model, TrainedNet, load_model
from goodfit.models.averaging import mean_values
from goodfit.models.member_nets import member_nets, taken_apart
from goodfit.models.stacked import stacked_outputs
from goodfit.models.tempering import tempered_net
from goodfit.nets.member_parts import Members, member_parts, members_of, named_parts, together
from goodfit.runs.model_facts import describe_model
from goodfit.runs.opening import model_print
from goodfit.training import Recipe


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


def test_stored_members_that_lack_a_layer_or_have_another_part_are_refused() -> None:
    found = named_parts(drawn().members)
    assert members_of(dict(found)) is not None
    for names in ({**dict(found[1:])}, {**dict(found), "members.foo.0": np.ones((2, 3))}, {"members.foo": np.ones(1)}):
        with pytest.raises(ValueError, match="members have other parts, or not of all layers from the first"):
            members_of(names)
