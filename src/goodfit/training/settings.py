"""What is traced of the jobs' recipes: rates, schedules, dropout, which units exist."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.nets.embedding import CategoryBlock
from goodfit.nets.forms import Forms, factors_of
from goodfit.nets.forward import Architecture, Present
from goodfit.training.embeddings import blocks_of
from goodfit.training.examples import Examples
from goodfit.training.population import Job, NetGrid
from goodfit.training.recipe import Recipe
from goodfit.training.schedules import ENDING, Schedule
from goodfit.training.state import PART_SCHEDULES, RATE_FACTORS, Rates, Settings
from goodfit.training.stopping import NEVER

UNLIMITED = np.inf  # the clipping norm of a net without clipping


def settings_of(
    jobs: Sequence[Job],
    schedules: Sequence[Schedule],
    architecture: Architecture,
    examples: Examples,
    grid: NetGrid,
    dtype: Any,
) -> Settings:
    """Everything traced that the jobs' recipes decide, [K, S, M, ...]. schedules: the program's table of schedules."""
    recipes = [job.recipe for job in jobs]

    def numbers(values: Sequence[Any], kind: Any = dtype) -> Any:
        return grid.lay(np.asarray(values, kind))

    names = [
        ("learning_rate", "learning_rate"),
        ("momentum", "momentum"),
        ("epsilon", "epsilon"),
        ("l1", "l1"),
        ("l2", "l2"),
    ]
    rates = {to: numbers([getattr(recipe, name) for recipe in recipes]) for name, to in names}
    epochs = numbers([recipe.epochs for recipe in recipes], np.int32)
    # never active: an empty place keeps no loop going, and what is computed there is not taken
    epochs[grid.empty] = 0
    return Settings(
        rates=Rates(
            **rates,
            beta1=numbers([recipe.betas[0] for recipe in recipes]),
            beta2=numbers([recipe.betas[1] for recipe in recipes]),
            weight_decay=numbers([recipe.weight_decay for recipe in recipes]),
            penalize_biases=numbers([recipe.penalize_biases for recipe in recipes]),
            clip_norm=numbers([recipe.clip_norm or UNLIMITED for recipe in recipes]),
            factors={
                kind: numbers([getattr(recipe, name) for recipe in recipes])
                for kind, name in RATE_FACTORS.items()
                if any(getattr(recipe, name) != 1 for recipe in recipes)
            },
            forms=_forms(recipes, architecture, blocks_of(recipes[0], examples.categories), numbers),
        ),
        smoothing=numbers([recipe.label_smoothing for recipe in recipes]),
        huber_delta=numbers([recipe.huber_delta for recipe in recipes]),
        dropout=numbers([_padded(recipe.dropouts, len(architecture.widths)) for recipe in recipes]),
        input_dropout=numbers([recipe.input_dropout for recipe in recipes]),
        class_weight=numbers([class_weights(job, examples) for job in jobs]),
        schedule=numbers([schedules.index(schedule_of(job)) for job in jobs], np.int32),
        dropout_schedule=_part_schedule(jobs, schedules, "dropout_schedule", numbers),
        decay_schedule=_part_schedule(jobs, schedules, "decay_schedule", numbers),
        row_weights=numbers([job.rows for job in jobs], np.int32),
        epochs=epochs,
        patience=numbers([recipe.patience or NEVER for recipe in recipes], np.int32),
        min_change=numbers([recipe.min_change for recipe in recipes]),
        on_score=numbers([recipe.monitor == "score" for recipe in recipes], bool),
        on_tempered=_marked([recipe.monitor == "tempered-loss" for recipe in recipes], numbers),
        takes_equals=_marked([recipe.ties == "last" for recipe in recipes], numbers),
        plateau_factor=numbers([job.plateau.factor if job.plateau else 1.0 for job in jobs]),
        plateau_floor=numbers([job.plateau.floor if job.plateau else np.inf for job in jobs]),
        present=_present(recipes, architecture, grid, dtype),
    )


def _marked(values: Sequence[bool], numbers: Callable[..., Any]) -> Any:
    """Which nets do what few do; None where none does."""
    return numbers(values, bool) if any(values) else None


def _forms(
    recipes: Sequence[Recipe],
    architecture: Architecture,
    blocks: tuple[CategoryBlock, ...],
    numbers: Callable[..., Any],
) -> Forms:
    """In which forms the nets train; a layer that a net lacks has the factor 1."""
    factors = None
    if any(recipe.parametrization != "standard" for recipe in recipes):
        table = np.ones((len(recipes), len(architecture.widths) + 1))
        for net, recipe in enumerate(recipes):
            sizes = [architecture.inputs, *recipe.hidden, architecture.outputs]
            *hidden, last = factors_of(recipe.parametrization, sizes)
            table[net, : len(hidden)], table[net, -1] = hidden, last
        factors = tuple(map(numbers, table.T))
    marks = ([getattr(recipe, name) for recipe in recipes] for name in ("train_scaling", "train_mixture"))
    scales, mixes = (_marked(each, numbers) for each in marks)
    return Forms(factors, scales, mixes, blocks)


def schedules_of(jobs: Sequence[Job]) -> tuple[Schedule, ...]:
    """The distinct schedules of all that jobs schedule, those of learning rates first."""
    parts = [part_schedule(job, name) for name in PART_SCHEDULES if _any_scheduled(jobs, name) for job in jobs]
    return tuple(dict.fromkeys([*map(schedule_of, jobs), *parts]))


def _any_scheduled(jobs: Sequence[Job], name: str) -> bool:
    return any(getattr(job.recipe, name) != "constant" for job in jobs)


def _part_schedule(jobs: Sequence[Job], schedules: Sequence[Schedule], name: str, numbers: Callable[..., Any]) -> Any:
    """Which schedule of the table every net has for one field of `PART_SCHEDULES`; None where all are constant."""
    if not _any_scheduled(jobs, name):
        return None
    return numbers([schedules.index(part_schedule(job, name)) for job in jobs], np.int32)


def part_schedule(job: Job, name: str) -> Schedule:
    """The schedule of a job's dropout or weight decay, by the name of its field."""
    kind = getattr(job.recipe, name)
    return Schedule() if kind == "constant" else Schedule(kind, epochs=job.length or job.recipe.epochs)


def schedule_of(job: Job) -> Schedule:
    """The schedule of a job's learning rate; what its kind does not read is left out, so that equal ones are equal."""
    if job.schedule is not None:
        return job.schedule
    recipe = job.recipe
    schedule = Schedule(kind=recipe.schedule, warmup=recipe.warmup)
    if recipe.schedule in ("step", "exponential"):
        schedule = replace(schedule, rate=recipe.schedule_rate, every=recipe.schedule_epochs)
    if recipe.schedule in ENDING:
        schedule = replace(schedule, final=recipe.final_rate, epochs=job.length or recipe.epochs)
    return schedule


def class_weights(job: Job, examples: Examples) -> NDArray[np.float64]:
    """The weight of each class in a job's loss, [C]. Balanced: rows / (classes * rows of the class).

    Of streamed rows, all that train are counted.
    """
    given = job.recipe.class_weight
    if given is None:
        return np.ones(examples.outputs)
    if given != "balanced":
        return np.asarray(given, np.float64)
    sets = examples.learning_weights
    weights = np.ones(len(examples.y)) if sets is None else sets[min(job.rows, len(sets) - 1)]
    rows = examples.train + examples.set_rows * job.rows
    counts: NDArray[np.number] = np.bincount(examples.y[rows], weights=weights[rows], minlength=examples.outputs)
    if examples.streamed is not None:
        counts = np.zeros(examples.outputs)
        counts[: len(examples.streamed.class_rows)] = examples.streamed.class_rows
    return np.where(counts > 0, counts.sum() / (examples.outputs * np.maximum(counts, 1e-12)), 0.0)


def _padded(values: Sequence[float], length: int) -> list[float]:
    return [*values, *([0.0] * (length - len(values)))]


def _present(recipes: Sequence[Recipe], architecture: Architecture, grid: NetGrid, dtype: Any) -> Present:
    units = []
    for layer, width in enumerate(architecture.widths):
        real = np.asarray([r.hidden[layer] if len(r.hidden) > layer else 0 for r in recipes])
        units.append(grid.lay((np.arange(width) < real[:, None]).astype(dtype)))
    depths = np.asarray([len(recipe.hidden) for recipe in recipes])
    return Present(tuple(units), grid.lay(np.arange(len(architecture.widths)) < depths[:, None]))
