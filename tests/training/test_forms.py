"""Forms in which weights are trained, and learning rates by kind: the same as PyTorch's, and plain nets come out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
import torch
from engine_reference import PLAIN, Numbers, fit64, make_examples, scaled

import goodfit as gf
from goodfit.data import Split, load, split
from goodfit.errors import InputError
from goodfit.inspection.inspecting import initial_net
from goodfit.inspection.passes import run_passes
from goodfit.inspection.subject import subject_of
from goodfit.inspection.updates import update_ratios
from goodfit.inspection.variances import predicted
from goodfit.models import TrainedNet
from goodfit.training import Cohort, Examples, Job, Recipe, cohort_of, fit
from goodfit.training.batches import RowOrder
from goodfit.training.compile import compilations
from goodfit.training.examples import scaled_by
from goodfit.training.fitting import nets_of
from goodfit.training.initialise import MOST_ROWS, POINTS, initial_layers
from goodfit.training.moving import lay_states, take_states
from goodfit.training.population import NetArrays
from goodfit.training.settings import schedule_of

BOTH: dict[str, Any] = {"parametrization": "ntk", "train_scaling": True}
ADAM: dict[str, Any] = {"optimizer": "adam", "learning_rate": 0.03}


def torch_net(recipe: Recipe, examples: Examples) -> NetArrays:
    """The net that PyTorch trains, in float64, on the engine's batches."""
    inputs, _ = scaled(examples)
    x, y = torch.tensor(inputs), torch.tensor(examples.y.astype(np.int64))
    layers = initial_layers(recipe, x.shape[1], examples.outputs)
    factors = [w.shape[1] ** -0.5 if recipe.parametrization == "ntk" else 1.0 for w, _ in layers]
    weights = [torch.tensor(w.astype(float) / f) for (w, _), f in zip(layers, factors, strict=True)]
    biases = [torch.tensor(b, dtype=torch.float64) for _, b in layers]
    scale = torch.ones(x.shape[1], dtype=torch.float64)
    shares = [torch.ones(h, dtype=torch.float64) for h in recipe.hidden]
    rate, decay = recipe.learning_rate, recipe.weight_decay
    groups = [
        {"params": weights, "lr": rate, "weight_decay": decay},
        {"params": biases, "lr": rate * recipe.bias_rate, "weight_decay": decay * recipe.penalize_biases},
        {"params": [scale], "lr": rate * recipe.scaling_rate, "weight_decay": 0.0},
        {"params": shares, "lr": rate * recipe.mixture_rate, "weight_decay": 0.0},
    ]
    trained = [*weights, *biases, *([scale] if recipe.train_scaling else []), *(shares * recipe.train_mixture)]
    for leaf in trained:
        leaf.requires_grad_()
    kinds: dict[str, Any] = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "adamw": torch.optim.AdamW}
    optimizer = kinds[recipe.optimizer](groups)

    def plain() -> list[torch.Tensor]:
        made = [w * f for w, f in zip(weights, factors, strict=True)]
        return [made[0] * scale, *made[1:]]

    for batches in RowOrder(examples.train, recipe.batch_size, recipe.seed, None).epochs(0, recipe.epochs):
        for batch in batches:
            rows = torch.tensor(batch[batch >= 0].astype(np.int64))
            h = x[rows]
            for layer, (w, b) in enumerate(zip(plain(), biases, strict=True)):
                z = h @ w.T + b
                h = z + shares[layer] * (torch.tanh(z) - z) if layer < len(recipe.hidden) else z
            loss = torch.nn.functional.cross_entropy(h, y[rows])
            loss = loss + sum(recipe.l2 / 2 * (w**2).sum() for w in plain())
            loss = loss + recipe.penalize_biases * sum(recipe.l2 / 2 * (b**2).sum() for b in biases)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            if recipe.clip_norm is not None:
                norm = torch.cat([leaf.grad.ravel() for leaf in trained if leaf.grad is not None]).norm()
                for leaf in trained:
                    leaf.grad = leaf.grad * min(1.0, recipe.clip_norm / float(norm))  # type: ignore[operator]
            optimizer.step()
    made = tuple(w.detach().numpy() for w in plain())
    mixtures = tuple(share.detach().numpy() for share in shares * recipe.train_mixture)
    return NetArrays(made, tuple(b.detach().numpy() for b in biases), (None,) * len(recipe.hidden), mixtures)


def same(found: NetArrays, expected: NetArrays, tolerance: float = 1e-7) -> None:
    numbers = ([*net.weights, *net.biases, *net.mixtures] for net in (found, expected))
    for one, other in zip(*numbers, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


MIXED = [
    PLAIN.replace(**{"hidden": (5, 4), **ADAM, **each})
    for each in (
        {"parametrization": "ntk"},
        {"train_scaling": True, "scaling_rate": 6.0},
        {"bias_rate": 0.1, "l2": 0.05, "penalize_biases": True},
        {**BOTH, "scaling_rate": 0.5, "bias_rate": 0.0, "l2": 0.1},
        {**BOTH, "clip_norm": 0.05},
        {"hidden": (3,), **BOTH, "train_mixture": True, "mixture_rate": 3.0},
        {"train_mixture": True, "clip_norm": 0.05, "l2": 0.1},
        {"hidden": (6, 2), "parametrization": "ntk", "clip_norm": 0.05},
        {},
    )
]


def test_nets_of_all_forms_are_each_trained_as_by_pytorch_in_one_population() -> None:
    """Widths and depths differ too: a padded net has the factors of its own sizes."""
    examples = make_examples(parts={})
    fitted = fit64([Job(recipe) for recipe in MIXED], examples, devices=2)
    for recipe, net in zip(MIXED, fitted.nets, strict=True):
        same(net, torch_net(recipe, examples))
    compiled = compilations()
    changes: list[dict[str, Any]] = [{"parametrization": "standard"}, {"scaling_rate": 2.0}, {"bias_rate": 0.3}]
    fit64([Job(r.replace(**c)) for r, c in zip(MIXED, [*changes, *[{}] * 6], strict=True)], examples, devices=2)
    assert compilations() == compiled


@pytest.mark.parametrize(
    "changes",
    [
        {**BOTH, "learning_rate": 0.2, "bias_rate": 0.5},
        {"learning_rate": 0.2, "train_mixture": True, "mixture_rate": 0.3},
        {**BOTH, "optimizer": "adamw", "learning_rate": 0.02, "weight_decay": 0.3, "penalize_biases": True}
        | {"bias_rate": 0.2, "train_mixture": True},
    ],
)
def test_other_optimisers_train_them_as_pytorch_does(changes: dict[str, Any]) -> None:
    recipe, examples = PLAIN.replace(hidden=(5,), **changes), make_examples(parts={})
    same(fit64([Job(recipe)], examples).nets[0], torch_net(recipe, examples))


def test_l1_is_of_the_weights_that_the_net_has() -> None:
    """One step by hand: plain weights W f s, which a proximal step of W moves f s times as far as W."""
    examples = make_examples(parts={})
    rows = {"batch_size": len(examples.train), "epochs": 1}
    free = PLAIN.replace(hidden=(), **BOTH, scaling_rate=0.0, **rows)
    before = fit64([Job(free)], examples).nets[0].weights[0]
    after = fit64([Job(free.replace(l1=0.4))], examples).nets[0].weights[0]
    shrunk = np.maximum(np.abs(before) - 0.1 * 0.4 / 3, 0)  # the rate, l1, and the square of 1/sqrt(3)
    np.testing.assert_allclose(after, np.sign(before) * shrunk, atol=1e-9)


def test_programs_without_them_have_nothing_of_them() -> None:
    cohort = cohort_of([Job(PLAIN), Job(PLAIN.replace(init_data="variance"))], make_examples(), 1)
    rates, parameters = cohort.settings().rates, cohort.initial_parameters()
    assert not jax.tree.leaves((rates.forms, rates.factors))
    assert parameters.input_scale is None
    assert parameters.mixtures is None
    one, two = (cohort_of([Job(PLAIN.replace(**form))], make_examples(), 1) for form in ({}, BOTH))
    first, other = (each.initial_parameters().weights[0][0, 0, 0] for each in (one, two))
    np.testing.assert_allclose(first, other / np.sqrt(3), rtol=1e-6)  # they begin as the same net


def test_trainings_go_on_to_the_same_bits_from_a_checkpoint_and_in_another_cohort() -> None:
    examples = make_examples()
    jobs = [Job(r.replace(epochs=4, keep_best=False)) for r in (MIXED[3], MIXED[8], MIXED[5])]
    cohort, states = cohort_of(jobs, examples, 1), dict[int, Any]()
    whole = fit(cohort, report=lambda r: states.setdefault(r.epoch, r.snapshot()) and None, chunk_epochs=2)
    epoch = min(states)
    again = fit(cohort, start=(epoch, states[epoch]))
    short = cohort_of([Job(j.recipe.replace(epochs=2), schedule=schedule_of(j)) for j in jobs], examples, 1)
    taken = take_states(fit(short).state, short)
    fewer = cohort_of([jobs[2], jobs[0]], examples, 1)
    moved = fit(fewer, start=(2, lay_states([taken[2], taken[0]], fewer)))
    for net, expected in enumerate(whole.nets):
        same(again.nets[net], expected, 0.0)
    same(moved.nets[0], whole.nets[2], 1e-5)
    same(moved.nets[1], whole.nets[0], 1e-5)


@pytest.fixture(scope="module")
def parts() -> Split:
    return split(load("moons", n_train=96, n_test=4))


GOING = Recipe(
    hidden=(8,),
    **BOTH,
    train_mixture=True,
    scaling_rate=6.0,
    bias_rate=0.5,
    dropout=0.0,
    optimizer="adam",
    learning_rate=0.05,
)


def test_a_run_goes_on_with_the_form_in_which_it_was_trained(parts: Split) -> None:
    """Full batches, so that the order of rows says nothing: 3 epochs and 3 more are 6."""
    recipe = GOING.replace(batch_size=len(parts.train), schedule="constant", keep_best=False, epochs=3)
    half = gf.train(recipe, parts)
    on = gf.train(recipe, parts, start=half, leaks="off")
    whole = gf.train(recipe.replace(epochs=6), parts)
    anew = gf.train(recipe, parts, start=half.model, leaks="off")
    weights = [run.nets[0].weights[0] for run in (on, whole, anew)]
    np.testing.assert_allclose(weights[0], weights[1], atol=1e-5)
    assert np.abs(weights[2] - weights[1]).max() > 1e-3
    other = gf.train(recipe.replace(train_scaling=False, scaling_rate=1.0), parts, start=half, leaks="off")
    assert other.start is not None
    assert other.start.told.optimizer is False  # its moments are those of other numbers


def test_the_trained_net_predicts_in_numpy_as_it_did_in_training(parts: Split) -> None:
    run = gf.train(GOING.replace(init_data="hyperplanes", encoding="piecewise", bins=4, epochs=4), parts, seeds=2)
    x, y = parts.x("valid"), parts.y("valid")
    for number, net in enumerate(run.nets):
        loss = -np.log(net.predict_proba(x)[np.arange(len(y)), y]).mean()
        best = int(run.history.best_epoch[number]) - 1
        assert loss == pytest.approx(run.history["valid_loss"][best, number], abs=1e-5)


def test_fields_that_have_no_effect_are_refused() -> None:
    for fields, match in (
        ({"scaling_rate": 2.0}, "'scaling_rate' must be 1 with train_scaling off"),
        ({"mixture_rate": 2.0}, "'mixture_rate' must be 1 with train_mixture off"),
        ({"bias_rate": 2.0, "optimizer": "lbfgs"}, "'bias_rate' must be 1 with optimizer 'lbfgs'"),
        ({"bias_rate": 2.0, "bias": False}, "'bias_rate' must be 1 with bias off"),
        ({"init_data": "hyperplanes", "bias": False}, "'bias' must be on with init_data 'hyperplanes'"),
        ({"init_data": "hyperplanes", "init_bias": "torch"}, "'init_bias' must be zeros with init_data 'hyperplanes'"),
    ):
        with pytest.raises(InputError, match=match):
            Recipe(**fields)


def initial_nets(cohort: Cohort) -> tuple[NetArrays, ...]:
    return nets_of(cohort, cohort.initial_parameters())


def by_hand(recipe: Recipe, x: Numbers, outputs: int) -> list[tuple[Numbers, Numbers]]:
    """A start from these rows, a unit at a time."""
    drawn = initial_layers(recipe.replace(init_data="none"), x.shape[1], outputs)
    found, h = [], x
    for layer, (w, b) in enumerate(drawn):
        generator = np.random.default_rng([recipe.seed, 0xDA7A, layer])
        points, shares = generator.integers(0, len(h), (len(b), 5)), generator.standard_exponential((len(b), 5))
        weights, biases = w.astype(float), b.astype(float)
        for unit in range(len(b)):
            weights[unit] = w[unit] / (h @ w[unit].astype(float)).std()
            if recipe.init_data == "hyperplanes":
                share = shares[unit] / shares[unit].sum()
                biases[unit] = -weights[unit] @ (share @ h[points[unit]])
        found.append((weights, biases))
        h = np.tanh(h @ weights.T + biases)
    return found


@pytest.mark.parametrize("kind", ["variance", "hyperplanes"])
def test_a_start_from_rows_is_as_by_hand(kind: Any) -> None:
    """Of each net by the rows that it learns from, on the scale on which it sees them, at its own widths."""
    whole = make_examples(parts={})
    folds = np.arange(len(whole.train), dtype=np.int32) % 3
    examples = whole.with_folds(folds)
    recipes = [PLAIN.replace(init_data=kind, init_bias="zeros", hidden=hidden, seed=3) for hidden in ((5, 4), (6,))]
    jobs = [Job(recipe, rows) for recipe in recipes for rows in (0, 2)]
    cohort = cohort_of(jobs, examples, 2)
    for job, net in zip(jobs, initial_nets(cohort), strict=True):
        rows = np.sort(whole.train[folds != job.rows])
        expected = by_hand(job.recipe, examples.scaling.inputs(examples.x[rows]), 3)
        for w, b, (weights, biases) in zip(net.weights, net.biases, expected, strict=True):
            np.testing.assert_allclose(w, weights, rtol=1e-5, atol=1e-6)
            np.testing.assert_allclose(b, biases, rtol=1e-5, atol=1e-6)


def test_a_row_of_weight_zero_is_none_to_start_from() -> None:
    whole = make_examples(parts={})
    recipe = PLAIN.replace(init_data="hyperplanes", init_bias="zeros")
    weights = np.ones(len(whole.y), np.float32)
    weights[whole.train[:9]] = 0
    weighed = replace(whole, row_weights=weights)
    fewer = replace(whole, train=whole.train[9:])
    one, two = (initial_nets(cohort_of([Job(recipe)], each, 1))[0] for each in (weighed, fewer))
    same(one, two, 0.0)


def test_the_documented_numbers_of_a_start_from_rows() -> None:
    page = " ".join((Path(__file__).parents[2] / "docs" / "engine.md").read_text("utf-8").split())
    assert f"at most {MOST_ROWS:,}, drawn by the seed" in page
    assert f"a random convex combination of {POINTS} rows" in page


def test_a_start_from_rows_takes_a_thousand_of_them_and_no_dead_unit_for_one() -> None:
    x = np.random.default_rng(0).normal(size=(3000, 4))
    x[:, 1] = 7.0
    recipe = PLAIN.replace(init_data="variance", init_bias="zeros", hidden=(6,))
    (weights, _), _ = initial_layers(recipe, 4, 2, x[:1024])
    np.testing.assert_allclose((x[:1024] @ weights.T).std(0), 1, rtol=1e-5)
    drawn = initial_layers(recipe.replace(init_data="none"), 4, 2)
    for value in (1.0, 0.1, 1e-30, 7e6):  # of which sums are rounded, so that 20 of them differ from their mean
        for (weights, biases), (before, _) in zip(
            initial_layers(recipe, 4, 2, np.full((20, 4), value)), drawn, strict=True
        ):
            np.testing.assert_array_equal(weights, before)
            assert not biases.any()
    with pytest.raises(InputError, match="'init_data' needs training rows"):
        initial_layers(recipe, 4, 2)
    large = make_examples(parts={}, x=np.repeat(make_examples().x, 50, 0), y=np.repeat(make_examples().y, 50))
    many = np.arange(1600, dtype=np.int32)
    cohorts = [cohort_of([Job(recipe, 0)], replace(large, train=train), 1) for train in (many, many[::-1].copy())]
    first, other = (cohort.initial_parameters().weights[0] for cohort in cohorts)
    np.testing.assert_array_equal(first, other)  # whatever the order in which rows are named


def test_inspection_begins_with_the_same_net(parts: Split) -> None:
    recipe = GOING.replace(init_data="hyperplanes", hidden=(), encoding="piecewise", bins=4)
    examples = Examples.of_split(parts, **scaled_by(recipe))
    (begun,) = initial_nets(cohort_of([Job(recipe)], examples, 1))
    net = TrainedNet.of(begun, recipe, parts.data, examples.scaling)
    again = initial_net(recipe, net, parts)
    assert again is not None
    same(NetArrays(again.weights, again.biases, ()), begun, 1e-6)
    assert initial_net(recipe, net, None) is None  # which rows it began from is not known
    assert all(np.isnan(layer.signal) for layer in predicted(recipe, net.first_inputs, 2, 1.0))


def test_a_step_is_measured_in_the_form_in_which_it_is_made(parts: Split) -> None:
    """One step of plain SGD by hand: weights move by rate * gradient / fan_in."""
    recipe = PLAIN.replace(hidden=(6,), parametrization="ntk", l2=0.3)
    examples = Examples.of_split(parts, **scaled_by(recipe))
    net = TrainedNet.of(initial_nets(cohort_of([Job(recipe)], examples, 1))[0], recipe, parts.data, examples.scaling)
    passes = run_passes(subject_of(net, parts.x("train"), parts.y("train")))
    expected = []
    for w, gradient, fan_in in zip(net.weights, passes.weight_gradients, (2, 6), strict=True):
        expected.append(0.1 / fan_in * np.linalg.norm(gradient + 0.3 * w) / np.linalg.norm(w))
    np.testing.assert_allclose(update_ratios(net, passes, recipe), expected, rtol=1e-6)
