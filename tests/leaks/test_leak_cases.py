"""The tables that the leak guard is measured on: how many there are, and that a few are judged as the page says."""

from __future__ import annotations

from itertools import islice

import numpy as np
from benchmarks import leak_cases, leak_clean, leak_planted


def test_as_many_tables_as_the_page_says() -> None:
    clean = [len(list(some())) for some in (leak_clean.development, leak_clean.held_out)]
    leaky = [len(list(some())) for some in (leak_planted.development, leak_planted.held_out)]
    assert (clean, leaky) == ([24, 32], [31, 62])


def test_some_of_them_are_judged() -> None:
    name, made = next(iter(leak_clean.held_out()))
    honest = leak_cases.judged_clean(name, "held-out", made(np.random.default_rng(0)))
    assert honest.right
    assert not honest.warned
    for plant in islice(leak_planted.held_out(), 2):
        found = leak_cases.judged_leak("held-out", plant(np.random.default_rng(0)))
        assert found.right
        assert found.planted
