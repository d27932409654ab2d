"""How successive halving and Hyperband share out the epochs: which brackets, of which rungs."""

import itertools
import math
from collections.abc import Iterator
from dataclasses import dataclass

from goodfit.errors import InputError, problem

WHERE = "Search"
FACTOR = 3
FEWEST_FINALISTS = 2  # of a halving, so that the winner is compared with another


@dataclass(frozen=True)
class Rung:
    """settings: that train on, up to this many epochs."""

    settings: int
    epochs: int


Bracket = tuple[Rung, ...]
"""Rungs, each with fewer settings and more epochs than the one before; the last has all epochs."""


def halving(settings: int, epochs: int, factor: int = FACTOR, least_epochs: int = 1) -> Bracket:
    """One bracket: as many rungs as the epochs and the settings allow.

    A rung has a factor-th of the settings of the one before, rounded down, but FEWEST_FINALISTS at least, and factor
    times its epochs, rounded; the first has `least_epochs` or more. InputError where that makes no two rungs.
    """
    if settings <= FEWEST_FINALISTS:
        rule = f"halving needs more than {FEWEST_FINALISTS} settings, since it ends with {FEWEST_FINALISTS} finalists"
        raise InputError(problem(WHERE, rule, got=settings, fix="Try more settings, or use method grid."))
    steps = _steps(epochs, factor, least_epochs)
    counts = [settings]
    while len(counts) <= steps and counts[-1] > FEWEST_FINALISTS:
        counts.append(max(FEWEST_FINALISTS, counts[-1] // factor))
    return _bracket(counts, epochs, factor)


def hyperband(settings: int, epochs: int, factor: int = FACTOR, least_epochs: int = 1) -> tuple[Bracket, ...]:
    """Several brackets that halve more and less boldly, with this many different settings in all.

    The last one trains its settings for all epochs, as a search at random does: it is the safeguard where few epochs
    tell nothing. The shares of the brackets are those of the paper. InputError where the epochs allow no two rungs, or
    the settings no two brackets. Source: Li, Jamieson, DeSalvo, Rostamizadeh & Talwalkar (2018), Hyperband.
    """
    most = _steps(epochs, factor, least_epochs)
    fitting = [steps for steps in range(1, most + 1) if sum(_shares(steps, factor)) <= settings]
    if not fitting:
        least = sum(_shares(1, factor))
        rule = f"hyperband needs at least {least} settings with reduction factor {factor}"
        raise InputError(problem(WHERE, rule, got=settings, fix="Increase the budget, or use method halving."))
    shares = _shares(fitting[-1], factor)
    counts = [settings * share // sum(shares) for share in shares]
    counts[0] += settings - sum(counts)
    made = []
    for steps, count in zip(range(fitting[-1], -1, -1), counts, strict=True):
        rungs = [max(1, count // factor**step) for step in range(steps + 1)]
        made.append(_bracket(rungs, epochs, factor))
    return tuple(made)


def _shares(steps: int, factor: int) -> list[int]:
    """The settings of Hyperband's brackets, the boldest first, as the paper has them."""
    return [math.ceil((steps + 1) / (each + 1) * factor**each) for each in range(steps, -1, -1)]


def _steps(epochs: int, factor: int, least_epochs: int) -> int:
    """How often epochs can be divided; at least once."""
    steps = 0
    while epochs >= least_epochs * factor ** (steps + 1):
        steps += 1
    if not steps:
        rule = f"two rungs need at least {factor * least_epochs} epochs, {factor} times those of the first rung"
        fix = "Train for more epochs, or reduce 'least_epochs' or 'factor'."
        raise InputError(problem(WHERE, rule, got=epochs, fix=fix))
    return steps


def _bracket(counts: list[int], epochs: int, factor: int) -> Bracket:
    last = len(counts) - 1
    return tuple(Rung(count, round(epochs / factor ** (last - step))) for step, count in enumerate(counts))


def trained_epochs(bracket: Bracket) -> int:
    """Epochs times settings of a bracket; survivors go on, and train no epoch twice."""
    return sum(rung.settings * more for rung, more in zip(bracket, more_epochs(bracket), strict=True))


def more_epochs(bracket: Bracket) -> Iterator[int]:
    """The epochs that each rung adds."""
    return (after - before for before, after in itertools.pairwise([0, *(rung.epochs for rung in bracket)]))
