"""Nets of mixed widths and depths as the planner groups them, against training each alone or each architecture."""

from __future__ import annotations

import time
from collections import Counter

from benchmarks import processes
from benchmarks.bars import Bar, Measurement, seconds
from benchmarks.timing import alternate, timed
from benchmarks.training import train
from goodfit.data import load, split
from goodfit.training import Examples, Job, Recipe, fit_jobs, plan

WIDTHS, DEPTHS, SEEDS = (16, 32, 48, 64), (1, 2), 8
RECIPE = Recipe(
    activation="relu",
    dropout=0,
    optimizer="sgd",
    learning_rate=0.1,
    momentum=0.9,
    schedule="constant",
    batch_size=32,
    epochs=20,
)
WARM = Bar(
    "64 nets on digits, widths 16 to 64 and depths 1 and 2 mixed, warm / the sum of the 64 alone, warm",
    0.6,
    how="8 architectures of 8 seeds, batch 32, 20 epochs, validation set scored every epoch. The population is "
    "trained by `training.fit_jobs`, as the planner groups it; alone, every net is a cohort of its own. All programs "
    "are compiled before.",
)
COLD = Bar(
    "the same, cold / one program an architecture, cold",
    0.35,
    how="Both in new processes without cached programs, compiling included; the clock starts after the imports and the "
    "loading of the data. The reference trains the 8 seeds of each architecture together, one program after another.",
)


def measure(quick: bool) -> list[Measurement]:
    """Warm in this process, cold in others, in turn."""
    repeats = 1 if quick else 3
    jobs, examples = _jobs(quick), _examples()
    warm = alternate(
        {
            "planned": timed(lambda: fit_jobs(jobs, examples)),
            "alone": timed(lambda: [train([job], examples) for job in jobs]),
        },
        repeats,
    )
    cold = alternate(
        {
            "planned": lambda: float(processes.call("mixed:cold_planned", quick)),
            "apart": lambda: float(processes.call("mixed:cold_apart", quick)),
        },
        repeats,
        warm=False,
    )
    programs = len(plan(jobs, examples).cohorts)
    architectures = len({job.recipe.hidden for job in jobs})
    return [
        Measurement(
            WARM,
            warm["planned"] / warm["alone"],
            f"{seconds(f'planned ({programs} of {architectures} programs)', warm['planned'])}, "
            f"{seconds('alone', warm['alone'])}",
        ),
        Measurement(
            COLD,
            cold["planned"] / cold["apart"],
            f"{seconds('planned', cold['planned'])}, {seconds(f'{architectures} programs', cold['apart'])}",
        ),
    ]


def cold_planned(quick: bool) -> float:
    """In a new process: seconds from the imports to the trained nets, as planned."""
    jobs, examples = _jobs(quick), _examples()
    return timed(lambda: fit_jobs(jobs, examples))()


def cold_apart(quick: bool) -> float:
    """In a new process: the same, one program an architecture."""
    jobs, examples = _jobs(quick), _examples()
    began = time.perf_counter()
    for hidden in Counter(job.recipe.hidden for job in jobs):
        train([job for job in jobs if job.recipe.hidden == hidden], examples)
    return time.perf_counter() - began


def _jobs(quick: bool) -> list[Job]:
    widths, seeds, epochs = (WIDTHS[:2], 2, 2) if quick else (WIDTHS, SEEDS, RECIPE.epochs)
    return [
        Job(RECIPE.replace(hidden=(width,) * depth, seed=seed, epochs=epochs))
        for width in widths
        for depth in DEPTHS
        for seed in range(seeds)
    ]


def _examples() -> Examples:
    return Examples.of_split(split(load("digits"), valid=0.1))
