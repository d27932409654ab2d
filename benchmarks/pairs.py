"""Trainings with two faults planted in each: both have to be named.

The pairs of DEVELOPMENT are trained on the data sets that limits are set on; those of HELD_OUT, of other kinds, on
other data sets alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from benchmarks.planted import BASE, FAULTS, Case, Fault, data_sets, divided, sound_variants
from goodfit.data import Dataset, Split
from goodfit.training import Recipe

OF = {fault.name: fault for fault in FAULTS}
LOW, STEEP = "learning rate too low", "steps as large as the weights"
L2, L1, DECAY, DROPOUT = "l2 too strong", "l1 too strong", "weight decay too strong", "dropout too strong"
NARROW, DEEP, TINY = "bottleneck", "too many layers", "targets in millionths"
HUNDREDS, FAR, THOUSANDTHS = "inputs in hundreds", "inputs far from 0", "inputs in thousandths"
MILD = (NARROW, DEEP)
CONSTANT, DEAD, SIGMOID = "constant initialisation", "dead from the start", "deep sigmoid layers"


def both(one: str, other: str) -> Fault:
    """Two faults in one training, each in its first form."""
    first, second = OF[one], OF[other]

    def change(data: Dataset) -> Dataset:
        for fault in (first, second):
            data = data if fault.data is None else fault.data(data)
        return data

    tasks = tuple(task for task in first.tasks if task in second.tasks)
    changes = ({**first.changes[0], **second.changes[0]},)
    return Fault(
        f"{one} + {other}", changes, set(), set(), change if first.data or second.data else None, tasks=tasks,
        of=(first, second),
    )  # fmt: skip


DEVELOPMENT = tuple(
    both(*names)
    for names in (
        (L2, LOW), (DROPOUT, HUNDREDS), (NARROW, LOW), (DEEP, LOW), (CONSTANT, HUNDREDS), (SIGMOID, LOW), (DEAD, LOW),
        (L2, DROPOUT), (TINY, LOW), (TINY, L2),
    )
)  # fmt: skip
HELD_OUT = tuple(
    both(*names)
    for names in (
        (DROPOUT, LOW), (L1, LOW), (DECAY, HUNDREDS), (L2, HUNDREDS), (L1, FAR), (DROPOUT, THOUSANDTHS),
        (NARROW, L2), (NARROW, DROPOUT), (NARROW, HUNDREDS), (NARROW, FAR), (NARROW, STEEP), (DEEP, L2),
        (DEEP, HUNDREDS), (DEEP, FAR), (CONSTANT, LOW), (CONSTANT, L2), (CONSTANT, FAR), (DEAD, L2),
        (DEAD, HUNDREDS), (SIGMOID, HUNDREDS), (SIGMOID, L2), (HUNDREDS, LOW), (FAR, LOW),
        ("weights too large", LOW), ("saturated from the start", LOW), ("saturated from the start", L2),
        ("no non-linearity", LOW), ("no non-linearity", L2), (L2, STEEP),
        (TINY, DROPOUT), (TINY, NARROW), (TINY, DEEP), (TINY, L1), ("targets in thousands", NARROW),
        ("targets in thousands", DEEP), ("targets in thousands", LOW),
    )
)  # fmt: skip


def in_turn(
    sets: Mapping[str, Dataset],
    divided: Callable[[Dataset], Split],
    base_of: Callable[[int], Recipe],
    pairs: Sequence[Fault],
) -> Iterator[Case]:
    """Trainings of which each kind takes turns over the data sets, so that it is trained somewhere and not everywhere.

    Every sound recipe on one data set, every fault on half of those that it fits, in one of its forms, and every pair
    on one; but faults that may do no harm, on all as in pairs, so that it is known where they do. divided: rows of a
    data set; base_of: the recipe for so many training rows.
    """
    for number, (name, data) in enumerate(sets.items()):
        base = base_of(len(divided(data).train))

        def planted(fault: Fault, form: int, *, data: Dataset = data, name: str = name, base: Recipe = base) -> Case:
            rows = divided(data if fault.data is None else fault.data(data))
            return Case(name, rows, base.replace(**fault.changes[form % len(fault.changes)]), fault)

        for sound, recipes in sound_variants(data):
            rows = divided(sound)
            for changes in recipes[number % len(sets) :: len(sets)] if sound is data else recipes:
                yield Case(name, rows, base.replace(**changes), None)
        for turn, fault in enumerate(FAULTS):
            form = (turn + number) % len(fault.changes)
            if data.task in fault.tasks and (fault.tasks == ("regression",) or (turn + number) % 2 == 0):
                yield planted(fault, form)
            if fault.name in MILD and (form or (turn + number) % 2):
                yield planted(fault, 0)
        for turn, pair in enumerate(pairs):
            fitting = [each for each, other in sets.items() if other.task in pair.tasks]
            if name == fitting[turn % len(fitting)]:
                yield planted(pair, 0)


def development() -> Iterator[Case]:
    """The trainings that limits may be looked at with."""
    return in_turn(data_sets(), divided, lambda _: BASE, DEVELOPMENT)
