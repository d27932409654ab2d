"""Trainings with two faults planted in each: both have to be named.

The pairs of DEVELOPMENT are trained on the data sets that limits are set on; those of HELD_OUT, of other kinds, on
other data sets alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.planted import BASE, FAULTS, Case, Fault, data_sets, divided
from goodfit.data import Dataset

OF = {fault.name: fault for fault in FAULTS}
LOW, STEEP = "learning rate too low", "steps as large as the weights"
L2, L1, DECAY, DROPOUT = "l2 too strong", "l1 too strong", "weight decay too strong", "dropout too strong"
NARROW, DEEP, TINY = "bottleneck", "too many layers", "targets in millionths"
HUNDREDS, FAR, THOUSANDTHS = "inputs in hundreds", "inputs far from 0", "inputs in thousandths"
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


def cases() -> Iterator[Case]:
    """Every training of the pairs that limits were looked at with."""
    for name, data in data_sets().items():
        for pair in DEVELOPMENT:
            if data.task in pair.tasks:
                parts = divided(data if pair.data is None else pair.data(data))
                yield Case(name, parts, BASE.replace(**pair.changes[0]), pair)
