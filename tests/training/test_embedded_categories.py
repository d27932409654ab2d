"""`train_embedding`: vectors of categories are those that PyTorch trains, and fold into plain nets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from engine_reference import PLAIN, fit64

import goodfit as gf
from goodfit.errors import InputError
from goodfit.inspection.beginning import initial_net
from goodfit.inspection.variances import predicted_of
from goodfit.lab.explaining import explain
from goodfit.nets.embedding import CategoryBlock, gathered, spread
from goodfit.runs.training import resume
from goodfit.training import Examples, Job, Recipe, cohort_of, fit
from goodfit.training.batches import RowOrder
from goodfit.training.compile import compilations
from goodfit.training.devices import doubles
from goodfit.training.embeddings import blocks_of, categories_of, initial_vectors, size_of
from goodfit.training.examples import Scaling
from goodfit.training.initialise import initial_layers
from goodfit.training.machine import machine
from goodfit.training.memory import seed_bytes
from goodfit.training.moving import lay_states, take_states
from goodfit.training.planner import plan
from goodfit.training.population import NetArrays
from goodfit.training.turns import JobList, plan_session

CATEGORIES = ((1, 5, 2), (9, 3, 0), (12, 4, 0))  # behind a number each: 5 and 2 that share; 3, left alone; 4
INPUTS, ROWS = 16, 30
EMBEDDED = PLAIN.replace(train_embedding=True, embed_above=3, embedding_size=2, optimizer="adamw", weight_decay=0.0)
WITHOUT: dict[str, Any] = {"train_embedding": False, "embed_above": 8, "embedding_size": None}
BLOCKS = (CategoryBlock(1, 5, 2, 2), CategoryBlock(12, 4, 0, 2))


def rows() -> tuple[np.ndarray, list[np.ndarray]]:
    """Inputs [ROWS, INPUTS], and of each column the category of every row, -1 for none."""
    rng = np.random.default_rng(8)
    x, codes = np.zeros((ROWS, INPUTS), np.float32), []
    x[:, [0, 8]] = rng.normal(size=(ROWS, 2))
    for start, own, shared in CATEGORIES:
        chosen = rng.integers(-1, own + shared, ROWS)
        x[np.flatnonzero(chosen >= 0), start + chosen[chosen >= 0]] = 1
        codes.append(np.where(chosen >= own, own, chosen))  # those that share are one
    return x, codes


def examples() -> Examples:
    x, _ = rows()
    y = np.random.default_rng(9).integers(0, 3, ROWS).astype(np.int32)
    scaling = Scaling(np.zeros(INPUTS), np.ones(INPUTS), np.zeros(3), np.ones(3))
    return Examples(x, y, "classification", 3, np.arange(ROWS, dtype=np.int32), scaling, categories=CATEGORIES)


def torch_net(recipe: Recipe, given: Examples) -> NetArrays:
    """The net that PyTorch trains with `nn.Embedding`, in float64, on the engine's batches; its weights plain."""
    (x, codes), y = rows(), torch.tensor(given.y.astype(np.int64))
    tables = [torch.nn.Embedding(block.vectors + 1, 2, padding_idx=block.vectors).double() for block in BLOCKS]
    with torch.no_grad():
        for table, first in zip(tables, initial_vectors(recipe, BLOCKS), strict=True):
            table.weight[:-1] = torch.tensor(first.T)
    places = [
        torch.tensor(np.where(codes[at] < 0, len(t.weight) - 1, codes[at]))
        for at, t in zip((0, 2), tables, strict=True)
    ]
    numbers = torch.tensor(x.astype(np.float64))

    def first(at: Any) -> torch.Tensor:
        one, other = (table(place[at]) for table, place in zip(tables, places, strict=True))
        return torch.cat([numbers[at, :1], one, numbers[at, 8:12], other], 1)

    everything = first(slice(None)).detach().numpy()
    assert everything.shape[1] == 9
    layers = initial_layers(recipe, 9, 3, everything)
    factors = [w.shape[1] ** -0.5 if recipe.parametrization == "ntk" else 1.0 for w, _ in layers]
    weights = [torch.tensor(w.astype(float) / f) for (w, _), f in zip(layers, factors, strict=True)]
    biases, scale = [torch.tensor(b.astype(float)) for _, b in layers], torch.ones(9, dtype=torch.float64)
    vectors = [table.weight for table in tables]
    rate = recipe.learning_rate
    optimizer = torch.optim.AdamW(
        [
            {"params": weights, "lr": rate, "weight_decay": recipe.weight_decay},
            {"params": biases, "lr": rate, "weight_decay": 0.0},
            {"params": [scale], "lr": rate * recipe.scaling_rate, "weight_decay": 0.0},
            {"params": vectors, "lr": rate * recipe.embedding_rate, "weight_decay": 0.0},
        ]
    )
    for leaf in [*weights, *biases, *([scale] if recipe.train_scaling else [])]:
        leaf.requires_grad_()

    def plain() -> list[torch.Tensor]:
        made = [w * f for w, f in zip(weights, factors, strict=True)]
        return [made[0] * scale, *made[1:]]

    def folded() -> torch.Tensor:
        w = plain()[0]
        one, other = (table.weight[:-1].T for table in tables)
        pieces = [w[:, :1], w[:, 1:3] @ one[:, :5], *[w[:, 1:3] @ one[:, 5:]] * 2, w[:, 3:7], w[:, 7:] @ other]
        return torch.cat(pieces, 1)

    for batches in RowOrder(given.train, recipe.batch_size, recipe.seed, None).epochs(0, recipe.epochs):
        for batch in batches:
            at = torch.tensor(batch[batch >= 0].astype(np.int64))
            h = first(at)
            for layer, (w, b) in enumerate(zip(plain(), biases, strict=True)):
                z = h @ w.T + b
                h = torch.tanh(z) if layer < len(recipe.hidden) else z
            penalty = folded().square().sum() + sum(w.square().sum() for w in plain()[1:])  # of the net's own weights
            optimizer.zero_grad()
            (torch.nn.functional.cross_entropy(h, y[at]) + recipe.l2 / 2 * penalty).backward()
            optimizer.step()
    made = tuple(w.detach().numpy() for w in [folded(), *plain()[1:]])
    return NetArrays(made, tuple(b.detach().numpy() for b in biases), (None,) * len(recipe.hidden))


KINDS = [
    EMBEDDED.replace(weight_decay=0.3),
    EMBEDDED.replace(hidden=(5, 3), embedding_rate=0.1, l2=0.05, seed=1),
    EMBEDDED.replace(parametrization="ntk", train_scaling=True, scaling_rate=6.0, embedding_rate=3.0),
    EMBEDDED.replace(init_data="variance", seed=2),
]


def test_nets_are_trained_as_by_pytorch_in_one_population() -> None:
    given = examples()
    assert blocks_of(EMBEDDED, CATEGORIES) == BLOCKS
    with doubles(True):
        cohort = cohort_of([Job(recipe) for recipe in KINDS], given, 2, np.float64)
        fitted = fit(cohort)
        laid = lay_states(take_states(fitted.state, cohort), cohort)
    assert cohort.architecture.inputs == 9
    for recipe, net in zip(KINDS, fitted.nets, strict=True):
        expected = torch_net(recipe, given)
        for one, other in zip([*net.weights, *net.biases], [*expected.weights, *expected.biases], strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-7)
    for kept, own in zip(*(state.parameters.embeddings for state in (fitted.state, laid)), strict=True):
        np.testing.assert_array_equal(np.asarray(kept), np.asarray(own))  # states move between cohorts with them
    compiled = compilations()
    fit64([Job(recipe.replace(embedding_rate=0.5)) for recipe in KINDS], given, devices=2)
    assert compilations() == compiled


def test_weights_of_vectors_are_found_again_and_others_refused() -> None:
    """The gradient of `spread` beside differences; `gathered` undoes it, and says where it cannot."""
    rng = np.random.default_rng(0)
    w, tables = rng.normal(size=(6, 9)), [rng.normal(size=(2, block.vectors)) for block in BLOCKS]
    made = spread(w, tables, BLOCKS, np)
    assert made.shape == (6, INPUTS)
    np.testing.assert_array_equal(made[:, 6], made[:, 7])  # those that share
    first, found, whole = gathered(made, BLOCKS)
    assert whole == (True, True)
    np.testing.assert_allclose(spread(first, found, BLOCKS, np), made, atol=1e-12)
    assert gathered(rng.normal(size=(6, INPUTS)), BLOCKS)[2] == (False, False)
    with doubles(True):
        gradient = jax.grad(lambda own: (spread(jnp.asarray(w), own, BLOCKS, jnp) ** 2).sum())(
            [*map(jnp.asarray, tables)]
        )
    moved = [tables[0].copy(), tables[1]]
    moved[0][1, 5] += 1e-6
    difference = ((spread(w, moved, BLOCKS, np) ** 2).sum() - (made**2).sum()) / 1e-6
    assert float(gradient[0][1, 5]) == pytest.approx(difference, rel=1e-4)


def shops(rows: int = 300) -> Any:
    rng = np.random.default_rng(4)
    of = rng.integers(0, 40, rows)
    y = rng.normal(size=40)[of] + 0.1 * rng.normal(size=rows)
    names = np.array([f"shop {code}" for code in of], object)
    names[:9] = [f"once {code}" for code in range(9)]
    return gf.data.table({"shop": names, "size": rng.normal(size=rows), "y": y}, target="y")


RUN: dict[str, Any] = {"hidden": (8,), "epochs": 12, "batch_size": 16, "dropout": 0.0, "train_embedding": True}


def test_a_run_on_a_table_goes_on_with_the_same_bits_and_predicts_as_a_plain_net(tmp_path: Path) -> None:
    recipe, table = Recipe(**RUN, init_data="hyperplanes", learning_rate=0.01), shops()

    def stop(told: Any) -> None:
        if told.phase == "train" and told.epoch >= 3:
            raise KeyboardInterrupt

    run = gf.train(recipe, table, out=tmp_path / "whole", leaks="off")
    with pytest.raises(KeyboardInterrupt):
        gf.train(recipe, table, out=tmp_path / "run", progress=stop, leaks="off")
    resume(tmp_path / "run", table)
    files = [(tmp_path / name / "model.safetensors").read_bytes() for name in ("whole", "run")]
    assert files[0] == files[1]
    (net,) = run.nets
    (block,) = blocks_of(recipe, categories_of(net.preprocessing))
    assert block.size == size_of(block.vectors) == round(1.6 * block.vectors**0.56)
    assert block.shared > 1
    weights = net.weights[0][:, block.start : block.start + block.width]
    np.testing.assert_array_equal(weights[:, block.own :], weights[:, [block.own] * block.shared])
    last = run.history["valid_score"][run.history.best_epoch[0] - 1, 0]
    assert run.scores["valid"].value == pytest.approx(last, abs=1e-4)
    one, other = (run.model.predict({"shop": [name] * 2, "size": [0.0, 1.0]}) for name in ("never", "once 1"))
    np.testing.assert_array_equal(one, other)  # unseen and rare ones are alike
    first = initial_net(recipe, net, run.split)
    assert first is not None
    drawn = first.weights[0][:, block.start : block.start + block.width]
    vectors = initial_vectors(recipe, (block,))[0]
    assert block.own > block.size  # else any weights came of them
    fitted = np.linalg.lstsq(vectors[:, : block.own].T.astype(float), drawn[:, : block.own].T.astype(float), rcond=None)
    np.testing.assert_allclose(vectors[:, : block.own].T @ fitted[0], drawn[:, : block.own].T, atol=1e-5)
    x = net.entered(run.split.data.x, np.float64)
    theory, seen, plainly = [], [], recipe.replace(init_data="none")
    for seed in range(40):  # the first layer is drawn for vectors, whose numbers are its inputs
        begun = initial_net(plainly, replace(net, seed=seed), None)
        assert begun is not None
        seen.append(((x @ begun.weights[0].T + begun.biases[0]) ** 2).mean())
        theory.append(predicted_of(plainly, begun, x)[0].signal)
    assert np.mean(theory) == pytest.approx(np.mean(seen), rel=0.2)  # of inputs of 0 and 1, a tenth
    with pytest.raises(InputError, match="Step: vectors of categories are parameters before the first layer"):
        explain(net, recipe, run.split.data.x[:4], run.split.data.y[:4])
    going = gf.train(recipe.replace(init_data="none", epochs=1, learning_rate=1e-12), table, start=run, leaks="off")
    np.testing.assert_allclose(going.nets[0].weights[0], net.weights[0], atol=1e-5)
    plain = gf.train(Recipe(**{**RUN, "train_embedding": False, "epochs": 1}), table, leaks="off")
    with pytest.raises(
        InputError,
        match=r"Recipe: 'embedding_size' must be larger .* that the start has of column \"shop\"; got 2. Or leave "
        r"'train_embedding' out",
    ):
        gf.train(recipe.replace(embedding_size=2), table, start=plain, out=tmp_path / "none", leaks="off")
    assert not (tmp_path / "none").exists()


def test_numbers_alone_are_left_as_they_are_and_other_fields_need_it() -> None:
    given = replace(examples(), categories=())
    recipes = PLAIN, PLAIN.replace(train_embedding=True)
    jobs = [Job(recipe) for recipe in recipes]
    assert [cohort.jobs for cohort in plan(jobs, given).cohorts] == [(0, 1)]  # nothing keeps them apart
    one, other = fit64(jobs, given).nets
    np.testing.assert_array_equal(one.weights[0], other.weights[0])
    mixed = [Job(EMBEDDED), Job(EMBEDDED.replace(**WITHOUT))]
    assert len(plan(mixed, examples(), 1e9).cohorts) == 2
    with pytest.raises(InputError, match=r"'train_embedding' and its sizes must be those of the first .*net 1 of 2"):
        cohort_of(mixed, examples(), 1)
    with pytest.raises(InputError, match=r"'embedding_size' must be none with train_embedding off; got 4"):
        Recipe(embedding_size=4)
    with pytest.raises(InputError, match=r"'l1' must be 0 with train_embedding on; got 0.1. Use l2, or weight_decay"):
        Recipe(train_embedding=True, l1=0.1)


def test_vectors_are_counted_in_memory_and_time() -> None:
    given, recipe = examples(), EMBEDDED.replace(hidden=(4,), optimizer="adam")
    batch = min(recipe.batch_size, ROWS)
    planned = plan_session([JobList((Job(recipe),), given)])
    trained = (9 + 1) * 4 + (4 + 1) * 3 + 2 * 6 + 2 * 4  # vectors: 5 and 1 that is shared; 4
    rows = seed_bytes(INPUTS, batch, ROWS, recipe.epochs)
    assert planned.bytes == 4 * (7 * trained + 6 * batch * (4 + 3) + 2 * INPUTS * 4) + rows
    one, other = (plan([Job(each)], given) for each in (recipe, recipe.replace(**WITHOUT)))
    products = 3 * recipe.epochs * (ROWS // batch) * 4 * (2 * 6 + 2 * 4)
    more = one.cohorts[0].seconds - other.cohorts[0].seconds
    assert more * machine().multiplications_a_second == pytest.approx(products, rel=1e-3)
