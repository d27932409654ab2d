"""Compiled programs that are kept: the most recent ones, within a number and a size; the memory of the others goes."""

from __future__ import annotations

import weakref
from pathlib import Path

import jax
import jax.numpy as jnp
import pytest
from engine_reference import PLAIN, fit32, make_examples

from goodfit.training import compilations, kept
from goodfit.training import compile as programs
from goodfit.training.kept import (
    BYTES_A_CHARACTER,
    BYTES_A_PROGRAM,
    CLEARED_EVERY,
    MOST_BYTES,
    MOST_PROGRAMS,
    Compiled,
    RecentPrograms,
)
from goodfit.training.population import Job

ONE = Compiled(lambda: None, 0.1)


def test_the_programs_used_longest_ago_are_dropped() -> None:
    some = RecentPrograms()
    for number in range(MOST_PROGRAMS):
        some.put(number, ONE, 1)
    assert some.get(0) is ONE  # used now, so that 1 is the oldest
    some.put("new", ONE, 1)
    assert len(some) == MOST_PROGRAMS
    assert some.get(1) is None
    assert some.get(0) is some.get(2) is some.get("new") is ONE
    some.clear()
    assert len(some) == 0


def test_programs_are_kept_within_a_size_but_the_newest_always() -> None:
    some = RecentPrograms()
    for number in range(4):
        some.put(number, ONE, MOST_BYTES // 3)
    assert [some.get(number) is not None for number in range(4)] == [False, True, True, True]
    some.put("large", ONE, 2 * MOST_BYTES)
    assert len(some) == 1
    assert some.get("large") is ONE
    some.put("small", ONE, 1)
    assert some.get("large") is None
    assert some.get("small") is ONE


def test_memory_is_handed_back_where_programs_are_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    returned: list[int] = []
    some = RecentPrograms()
    monkeypatch.setattr(kept, "return_memory", lambda: returned.append(len(some)))
    for number in range(MOST_PROGRAMS + 2):
        some.put(number, ONE, 1)
    assert returned == [MOST_PROGRAMS] * 2


def test_what_jax_traced_is_cleared_once_in_many_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    cleared: list[int] = []
    some = RecentPrograms()
    monkeypatch.setattr(jax, "clear_caches", lambda: cleared.append(some._dropped))
    for number in range(MOST_PROGRAMS + 2 * CLEARED_EVERY + 1):
        some.put(number, ONE, 1)
    assert cleared == [CLEARED_EVERY, 2 * CLEARED_EVERY]


def test_the_size_of_a_program_grows_with_it() -> None:
    def compiled(times: int) -> int:
        def function(x: jax.Array) -> jax.Array:
            for _ in range(times):
                x = jnp.sin(x) @ x
            return x

        return kept.size_of(jax.jit(function).lower(jnp.zeros((8, 8))).compile())

    small, large = compiled(1), compiled(30)
    assert BYTES_A_PROGRAM < small < large
    assert small < BYTES_A_PROGRAM + 20_000 * BYTES_A_CHARACTER

    class Unknown:
        def memory_analysis(self) -> None:
            raise RuntimeError("unknown")

        def as_text(self) -> None:
            return None

    assert kept.size_of(Unknown()) == BYTES_A_PROGRAM


def test_a_system_without_glibc_keeps_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept.ctypes, "CDLL", lambda _: object())
    kept.return_memory()
    monkeypatch.setattr(kept.sys, "platform", "darwin")
    monkeypatch.setattr(kept.ctypes, "CDLL", None)
    kept.return_memory()


def test_a_program_that_was_dropped_compiles_again_and_lets_go_of_its_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "MOST_PROGRAMS", 2)
    examples = make_examples()

    def fit(width: int) -> int:
        before = compilations()
        fit32([Job(PLAIN.replace(hidden=(width,), epochs=1))], examples)
        return compilations() - before

    programs.forget()
    assert [fit(width) for width in (11, 12, 11, 13)] == [1, 1, 0, 1]  # which drops 12
    executable = weakref.ref(next(reversed(programs._programs._programs.values()))[0].call)
    assert [fit(width) for width in (11, 13, 12)] == [0, 0, 1]  # which drops 11
    assert fit(11) == 1  # which drops 13
    assert executable() is None


def test_engine_page_states_the_bounds() -> None:
    text = (Path(__file__).parents[2] / "docs" / "engine.md").read_text(encoding="utf-8")
    page = " ".join(text.split())  # wherever its lines end
    assert f"keeps its {MOST_PROGRAMS} most recently used programs ready" in page
    assert f"as long as they take at most about {MOST_BYTES // 2**20} MiB" in page
