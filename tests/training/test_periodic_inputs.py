"""`encoding="pbld"`: nets that train frequencies, phases and sums of cosines are those that PyTorch trains."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
import torch
from engine_reference import PLAIN, fit64, make_examples, scaled

import goodfit as gf
from goodfit.cli.flags import naming_flags
from goodfit.data import Dataset
from goodfit.data.periodic import TRAINED, PeriodicColumns
from goodfit.errors import InputError
from goodfit.inspection.beginning import initial_net
from goodfit.lab.explaining import explain
from goodfit.models.quantile_head import split_head
from goodfit.nets.encoding import Edges
from goodfit.runs.start_from import start_of
from goodfit.runs.training import resume
from goodfit.selection.result import parameters_of
from goodfit.training import Examples, Job, Recipe, cohort_of, fit
from goodfit.training.batches import RowOrder
from goodfit.training.compile import compilations
from goodfit.training.devices import doubles
from goodfit.training.initialise import initial_layers, initial_waves
from goodfit.training.memory import seed_bytes
from goodfit.training.moving import lay_states, take_states
from goodfit.training.own_tables import bins_a_net
from goodfit.training.population import NetArrays
from goodfit.training.turns import JobList, plan_session

COLUMNS, SIZES = (0, 2), {"frequencies": 5, "components": 2}
CODE = PeriodicColumns(np.array(COLUMNS), **SIZES)
WAVES = PLAIN.replace(
    encoding="pbld", **SIZES, optimizer="adamw", weight_decay=0.0, learning_rate=0.03, frequency_scale=0.6
)


def periodic(task: str = "classification", **changes: Any) -> Examples:
    """Examples whose first and last input are encoded."""
    whole = make_examples(task, **changes)
    return replace(whole, scaling=replace(whole.scaling, encoding=CODE))


def torch_net(recipe: Recipe, examples: Examples) -> NetArrays:
    """The net that PyTorch trains, in float64, on the engine's batches."""
    x, y = torch.tensor(scaled(examples)[0]), torch.tensor(examples.y.astype(np.int64))
    waves = [torch.tensor(each.astype(np.float64)) for each in initial_waves(recipe, CODE)]

    def encoded(rows: torch.Tensor) -> torch.Tensor:
        w, p, a, c = waves
        parts = []
        for place, column in enumerate(COLUMNS):
            cosines = torch.cos(2 * torch.pi * rows[:, column, None] * w[place] + p[place])
            parts.append(cosines @ a[place].T + c[place])
        return torch.cat([rows, *parts], 1)

    layers = initial_layers(recipe, examples.inputs, examples.outputs, encoded(x[examples.train]).numpy())
    weights = [torch.tensor(w.astype(float)) for w, _ in layers]
    biases = [torch.tensor(b.astype(float)) for _, b in layers]
    scale, rate = torch.ones(examples.inputs, dtype=torch.float64), recipe.learning_rate
    groups = [
        {"params": weights, "lr": rate, "weight_decay": recipe.weight_decay},
        {"params": [scale], "lr": rate * recipe.scaling_rate, "weight_decay": 0.0},
        {"params": waves, "lr": rate * recipe.encoding_rate, "weight_decay": 0.0},
        {"params": biases, "lr": rate, "weight_decay": 0.0},
    ]
    trained = [*weights, *biases, *waves, *([scale] if recipe.train_scaling else [])]
    for leaf in trained:
        leaf.requires_grad_()
    optimizer = torch.optim.AdamW(groups)
    for batches in RowOrder(examples.train, recipe.batch_size, recipe.seed, None).epochs(0, recipe.epochs):
        for batch in batches:
            rows = torch.tensor(batch[batch >= 0].astype(np.int64))
            h = encoded(x[rows]) * scale
            for layer, (w, b) in enumerate(zip(weights, biases, strict=True)):
                z = h @ w.T + b
                h = torch.tanh(z) if layer < len(recipe.hidden) else z
            loss = torch.nn.functional.cross_entropy(h, y[rows])
            plain = [weights[0] * scale, *weights[1:]]
            optimizer.zero_grad()
            (loss + recipe.l2 / 2 * sum(w.square().sum() for w in plain)).backward()
            if recipe.clip_norm is not None:
                norm = torch.cat([leaf.grad.ravel() for leaf in trained if leaf.grad is not None]).norm()
                for leaf in trained:
                    leaf.grad = leaf.grad * min(1.0, recipe.clip_norm / float(norm))  # type: ignore[operator]
            optimizer.step()
    made = tuple(w.detach().numpy() for w in [weights[0] * scale, *weights[1:]])
    slopes = (None,) * len(recipe.hidden)
    found = tuple(each.detach().numpy() for each in waves)
    return NetArrays(made, tuple(b.detach().numpy() for b in biases), slopes, (), found)


def same(found: NetArrays, expected: NetArrays, tolerance: float = 1e-7) -> None:
    numbers = ([*net.weights, *net.biases, *net.waves] for net in (found, expected))
    for one, other in zip(*numbers, strict=True):
        np.testing.assert_allclose(one, other, rtol=tolerance, atol=tolerance)


KINDS = [
    WAVES.replace(weight_decay=0.3),
    WAVES.replace(hidden=(5, 3), encoding_rate=0.1, seed=1),
    WAVES.replace(train_scaling=True, scaling_rate=6.0, encoding_rate=3.0, l2=0.05),
    WAVES.replace(init_data="variance", frequency_scale=2.0, clip_norm=0.05, seed=2),
]


def test_nets_are_trained_as_by_pytorch_in_one_population() -> None:
    """Of several widths and depths, with encodings that learn at rates of their own, from starts fitted to rows.

    Decay is of weights alone; what is clipped is the norm of all gradients together.
    """
    examples = periodic(parts={})
    assert examples.inputs == 3 + 2 * 2
    with doubles(True):
        cohort = cohort_of([Job(recipe) for recipe in KINDS], examples, 2, np.float64)
        fitted = fit(cohort)
        laid = lay_states(take_states(fitted.state, cohort), cohort)
    for recipe, net in zip(KINDS, fitted.nets, strict=True):
        same(net, torch_net(recipe, examples))
    for name in TRAINED:  # states move between cohorts with the encoding
        kept, own = (getattr(state.parameters.waves, name) for state in (fitted.state, laid))
        np.testing.assert_array_equal(np.asarray(kept), np.asarray(own))
    compiled = compilations()
    changed = [KINDS[0].replace(frequency_scale=0.1, encoding_rate=0.0), *KINDS[1:]]
    fixed = fit64([Job(recipe) for recipe in changed], examples, devices=2).nets[0]
    assert compilations() == compiled  # rates and scales are arguments, columns too
    for one, other in zip(fixed.waves, initial_waves(changed[0], CODE), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_net_of_a_fold_is_that_of_its_scaling_alone() -> None:
    """Inputs are dropped with their components."""
    whole = replace(make_examples("regression"), train=np.arange(24, dtype=np.int32), parts={})
    folds = np.arange(24, dtype=np.int32) % 3

    def scaling(rows: Any) -> Any:
        x = whole.x[rows].astype(np.float64)
        own = replace(whole.scaling, shift=x.mean(0), scale=1 / x.std(0))
        return replace(own, encoding=CODE)

    examples = replace(whole.with_folds(folds, scaling), scaling=scaling(whole.train))
    recipe = WAVES.replace(input_dropout=0.4, epochs=2)
    fitted = fit64([Job(recipe, rows) for rows in range(3)], examples)
    for rows in (0, 2):
        alone = replace(examples, scaling=examples.scaling_of(rows), own_scalings=None)
        same(fitted.nets[rows], fit64([Job(recipe, rows)], alone).nets[0], 1e-6)
    apart = bins_a_net(Edges(jnp.array(COLUMNS), None), (2, 3))  # as L-BFGS takes nets apart
    assert apart is not None
    assert (apart.columns.shape, apart.edges) == ((2, 3, 2), None)


def waves_data(rows: int = 240) -> Dataset:
    rng = np.random.default_rng(3)
    x = rng.uniform(-2, 2, (rows, 2)).astype(np.float32)
    x[:, 1] = x[:, 1] > 0
    return Dataset.from_arrays(x, np.sin(9 * x[:, 0]) + x[:, 1], name="waves")


RUN: dict[str, Any] = {"hidden": (8,), "epochs": 30, "batch_size": 16, "learning_rate": 0.01, "dropout": 0.0}


def test_a_net_finds_a_wave_with_it_and_a_run_goes_on_with_the_same_bits(tmp_path: Path) -> None:
    """Predictions of the file are the program's; the column of two values is left as it is."""
    data, recipe = waves_data(), Recipe(**RUN, encoding="pbld", frequency_scale=1.0, frequencies=8)

    def stop(told: Any) -> None:
        if told.phase == "train" and told.epoch >= 9:
            raise KeyboardInterrupt

    run = gf.train(recipe, data, out=tmp_path / "whole")
    assert run.scores["valid"].value > 0.5  # without the encoding it is 0.38
    (net,) = run.nets
    assert net.encoding is not None
    assert (net.n_inputs, net.first_inputs, net.encoding.columns.tolist()) == (2, 5, [0])
    assert net.n_parameters == run.parameters == (5 * 8 + 8) + (8 + 1) + (2 * 8 + 3 * 8 + 3)
    last = run.history["valid_score"][run.history.best_epoch[0] - 1, 0]
    assert run.scores["valid"].value == pytest.approx(last, abs=1e-4)
    with pytest.raises(KeyboardInterrupt):
        gf.train(recipe, data, out=tmp_path / "run", progress=stop)
    resume(tmp_path / "run", data)
    files = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "run")]
    assert files[0] == files[1]
    first = initial_net(recipe, net, run.split)
    assert first is not None
    assert first.encoding is not None
    np.testing.assert_array_equal(first.encoding.trained[0], initial_waves(recipe, net.encoding.bare)[0])
    assert split_head(first.weights, first.biases, ())[0][0].shape == (8, 5)
    with pytest.raises(
        InputError, match="Step: trained frequencies are parameters before the first layer, which the graph"
    ):
        explain(net, Recipe(**RUN), data.x[:4], data.y[:4])  # whatever the recipe says


def test_a_training_that_goes_on_begins_with_the_encoding_of_its_start(tmp_path: Path) -> None:
    """Every net with its own; with its optimiser's state two halves are the whole."""
    parts = gf.data.split(waves_data(90), valid=0.2, test=0, seed=0)
    fields = {**RUN, "epochs": 6, "batch_size": len(parts.train)}  # of one batch, so that no order matters
    recipe = Recipe(**fields, encoding="pbld", components=2, keep_best=False, schedule="constant")
    half, whole = recipe.replace(epochs=3), gf.train(recipe, parts, seeds=2, leaks="off")
    start = gf.train(half, parts, seeds=2, out=tmp_path / "start", leaks="off")
    going = gf.train(half, parts, start=tmp_path / "start", leaks="off")
    for one, other, begun in zip(whole.nets, going.nets, start.nets, strict=True):
        assert begun.encoding is not None
        assert np.abs(one.encoding.trained[0] - begun.encoding.trained[0]).max() > 1e-3  # type: ignore[union-attr]
        assert one.encoding is not None
        assert other.encoding is not None
        for own, its in zip(one.encoding.trained, other.encoding.trained, strict=True):
            np.testing.assert_allclose(own, its, atol=1e-6)
    assert start_of(tmp_path / "start").takes(recipe) == 2
    with pytest.raises(InputError, match=r"'components' must stay 2: the weights of the start are only right with its"):
        gf.train(recipe.replace(components=4), parts, start=start)
    with pytest.raises(InputError, match=r"'encoding' must stay pbld"):
        gf.train(Recipe(**RUN, encoding="piecewise"), parts, start=start)


def test_its_numbers_count_as_trained() -> None:
    given = periodic(parts={})
    recipe, rows = WAVES.replace(hidden=(4,), optimizer="adam"), len(given.train)
    batch = min(recipe.batch_size, rows)
    trained = (7 + 1) * 4 + (4 + 1) * 3 + 2 * (5 + 5 + 2 * 5 + 2)
    held = 4 * (7 * trained + 6 * batch * (4 + 3) + 3 * batch * (7 + 2 * 5))
    planned = plan_session([JobList((Job(recipe),), given)])
    assert planned.bytes == held + seed_bytes(7, batch, rows, recipe.epochs)
    data = waves_data()
    recipes = [Recipe(hidden=(4,), **encoding) for encoding in ({}, {"encoding": "pbld", "components": 2})]
    assert parameters_of(recipes, data, np.arange(240)) == [17, 25 + 2 * 16 + 2 * 16 + 2]


def test_its_fields_need_it() -> None:
    assert [each.shape for each in initial_waves(PLAIN, CODE)] == [(2, 5), (2, 5), (2, 2, 5), (2, 2)]
    with pytest.raises(InputError, match=r"'frequency_scale' must be .* <= 1000; got 1e\+38"):
        Recipe(encoding="pbld", frequency_scale=1e38)
    with (
        pytest.raises(InputError, match=r"'--components' must be 3 .*; got 2. Add --encoding pbld"),
        naming_flags(),
    ):
        Recipe(components=2)
    with pytest.raises(InputError, match=r"'frequencies' must be 16 with encoding 'piecewise'; got 8"):
        Recipe(encoding="piecewise", frequencies=8)
    with pytest.raises(InputError, match=r"'encoding_rate' must be 1 with encoding 'none'"):
        Recipe(encoding_rate=0.1)
    assert (
        gf.table_recipe(gf.data.table({"a": np.arange(60.0), "y": np.arange(60.0)}, target="y"), components=2).encoding
        == "pbld"
    )
