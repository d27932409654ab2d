"""The number of compilations is a contract: what differs between nets is traced, and new values never compile again."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import replace
from typing import Any

import jax
import numpy as np
import pytest
from engine_reference import PLAIN, check_same, fit32, fit64, make_examples, train

from goodfit.host import cores
from goodfit.training import compile as programs
from goodfit.training import machine
from goodfit.training.cohort import cohort_of
from goodfit.training.compile import compilations
from goodfit.training.population import Job
from goodfit.training.recipe import Recipe

BASE = PLAIN.replace(
    hidden=(6, 5),
    momentum=0.5,
    l1=0.01,
    l2=0.01,
    penalize_biases=True,
    dropout=0.1,
    input_dropout=0.1,
    label_smoothing=0.1,
    clip_norm=1.0,
    class_weight=(1.0, 2.0, 3.0),
    schedule="cosine",
    patience=4,
    epochs=2,
)
SHALLOW = BASE.replace(hidden=(3,))

CHANGES: dict[str, dict[str, Any]] = {
    "learning rate": {"learning_rate": 0.7},
    "momentum": {"momentum": 0.95},
    "no momentum": {"momentum": 0.0},
    "l1": {"l1": 0.0},
    "l2": {"l2": 0.0},
    "no penalised biases": {"penalize_biases": False},
    "dropout": {"dropout": (0.3, 0.0), "input_dropout": 0.0},
    "smoothing": {"label_smoothing": 0.0},
    "clipping": {"clip_norm": 0.1},
    "no clipping": {"clip_norm": None},
    "class weights": {"class_weight": "balanced"},
    "no class weights": {"class_weight": None},
    "widths": {"hidden": (2, 4)},
    "depth": {"hidden": (4,)},
    "scale of the weights": {"init": "normal", "init_scale": 0.5},
    "biases": {"init_bias": "constant", "init_bias_value": 0.1},
    "seed": {"seed": 12},
    "epochs": {"epochs": 9},
    "patience": {"patience": 1, "min_change": 0.5},
    "no patience": {"patience": 0},
    "watched value": {"monitor": "score"},
    "warmup": {"warmup": 0.5},
    "another schedule": {"schedule": "one-cycle", "final_rate": 0.2},
    "a schedule of waves": {"schedule": "coslog4", "final_rate": 0.0},
    "scaling": {"scaling": "unit"},  # of the rows that the recipe is handed with
    "transform of the targets": {"target_transform": "auto"},  # likewise
    "encoding": {"encoding": "piecewise", "bins": 3},  # likewise
}


def population(recipe: Recipe) -> list[Job]:
    """Four nets, of which two keep every feature and the padded shape in the program."""
    recipes = [BASE.replace(seed=3), SHALLOW.replace(seed=4), recipe, recipe.replace(seed=recipe.seed + 1)]
    return [Job(each) for each in recipes]


@pytest.fixture(scope="module", autouse=True)
def base() -> int:
    # the changed nets have a schedule of their own, beside that of the others
    fit32(population(BASE.replace(final_rate=0.5)), make_examples())
    return compilations()


@pytest.mark.parametrize("case", CHANGES)
def test_new_values_do_not_compile_again(case: str, base: int) -> None:
    changes: dict[str, Any] = {"final_rate": 0.5} | CHANGES[case]
    fitted = fit32(population(BASE.replace(**changes)), make_examples())
    assert compilations() == base
    assert fitted.seconds["compile"] == 0.0
    assert not fitted.frozen.any()


def test_new_rows_of_the_same_shape_do_not_compile_again(base: int) -> None:
    examples = make_examples()
    scaling = replace(examples.scaling, shift=np.zeros(3), scale=np.ones(3))
    other = replace(examples, x=examples.x[::-1].copy(), train=examples.train[::-1].copy(), scaling=scaling)
    fit32(population(BASE.replace(final_rate=0.5)), other, chunk_seconds=0.0, score_every=2)
    assert compilations() == base


def test_a_new_shape_compiles_once_and_forgetting_compiles_again() -> None:
    recipe = PLAIN.replace(epochs=1)
    programs.forget()  # what other tests of this process have trained
    base = compilations()
    first = fit32([Job(recipe)], make_examples())
    assert compilations() == base + 1
    assert first.seconds["compile"] > 0
    fit32([Job(recipe.replace(learning_rate=0.5, epochs=4))], make_examples())
    assert compilations() == base + 1
    programs.forget()
    fit32([Job(recipe)], make_examples())
    assert compilations() == base + 2


NEW_OPTIONS = {"xla_backend_optimization_level": 1, "xla_cpu_parallel_codegen_split_count": cores()}
NO_FUSION = {"xla_cpu_use_fusion_emitters": False}


class Lowered:
    """A program whose compiler takes these options, or none; it gives back what it was asked for."""

    def __init__(self, *known: str) -> None:
        self.known = known

    def compile(self, compiler_options: dict[str, Any] | None = None) -> Any:
        if not set(compiler_options or {}) <= set(self.known):
            raise jax.errors.JaxRuntimeError("No such compile option")
        return compiler_options


def test_options_of_the_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fusion emitters for large programs alone; an option that JAX does not know is left out; none beyond CPUs."""
    program = cohort_of([Job(PLAIN)], make_examples(), 1).program  # 25 places for rows an epoch, 12 + 12 weights
    most = math.ceil(programs.LARGE / (25 * 24))  # the fewest nets that make it large
    monkeypatch.delenv("XLA_FLAGS")
    every, able = Lowered(*NEW_OPTIONS, *NO_FUSION), machine.machine()
    assert programs._compile(every, program, 1) == NEW_OPTIONS | NO_FUSION
    assert programs._compile(every, program, most - 1) == NEW_OPTIONS | NO_FUSION
    assert programs._compile(every, program, most) == NEW_OPTIONS
    assert programs._compile(Lowered(*NEW_OPTIONS), program, 1) == NEW_OPTIONS
    assert programs._compile(Lowered(), program, 1) is None
    monkeypatch.setenv("XLA_FLAGS", "--xla_backend_optimization_level=3 --xla_cpu_use_fusion_emitters=true")
    assert programs._compile(every, program, 1) == {"xla_cpu_parallel_codegen_split_count": cores()}
    monkeypatch.setattr(machine, "_described", lambda *_: dataclasses.replace(able, kind="gpu"))
    assert programs._compile(every, program, 1) is None


@pytest.mark.cpu
def test_a_program_as_users_compile_it_trains_as_the_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    """By goodfit's own options: all other tests leave out the optimisations of the compiler."""
    examples = make_examples()
    monkeypatch.delenv("XLA_FLAGS")
    programs.forget()
    check_same(fit64([Job(BASE)], examples), 0, train(BASE, examples))
    programs.forget()  # what follows is compiled as everywhere
