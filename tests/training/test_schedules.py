from __future__ import annotations

from typing import Any, get_args

import jax
import numpy as np
import optax
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goodfit.errors import InputError
from goodfit.training.devices import doubles
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_names import ScheduleName
from goodfit.training.schedules import Schedule

STEPS = 10  # an epoch
EPOCHS = 6


def of_optax(schedule: optax.Schedule, steps: int) -> np.ndarray:
    with doubles(True):
        return np.asarray(jax.jit(jax.vmap(schedule))(np.arange(steps)))


def ours(schedule: Schedule) -> np.ndarray:
    return schedule.factors(0, EPOCHS, STEPS).ravel()


@pytest.mark.parametrize("final", [0.0, 0.2])
def test_cosine(final: float) -> None:
    theirs = optax.cosine_decay_schedule(1.0, EPOCHS * STEPS, alpha=final)
    got = ours(Schedule("cosine", final=final, epochs=EPOCHS))
    np.testing.assert_allclose(got, of_optax(theirs, 60), rtol=1e-6, atol=1e-12)
    assert got[0] == 1.0


@pytest.mark.parametrize("final", [0.0, 0.2])
def test_flat_cosine(final: float) -> None:
    falling = optax.cosine_decay_schedule(1.0, EPOCHS * STEPS // 2, alpha=final)
    theirs = optax.join_schedules([optax.constant_schedule(1.0), falling], [EPOCHS * STEPS // 2])
    got = ours(Schedule("flat-cosine", final=final, epochs=EPOCHS))
    np.testing.assert_allclose(got, of_optax(theirs, 60), rtol=1e-6, atol=1e-12)


def test_coslog4_has_four_waves_each_twice_as_long() -> None:
    """Zero at t = 0, 1/15, 3/15, 7/15 and 1; one where a wave is half over in the logarithm."""
    got = Schedule("coslog4", epochs=3).factors(0, 4, 500).ravel()  # what is after the end stays at the end
    np.testing.assert_allclose(got[[0, 100, 300, 700, 1500, 1600]], 0, atol=1e-12)
    tops = [round(100 * (2 ** (wave + 0.5) - 1)) for wave in range(4)]
    np.testing.assert_allclose(got[tops], 1, atol=1e-3)
    assert [int(at) for at in np.flatnonzero(np.diff(np.sign(np.diff(got[:1500]))) < 0) + 1] == tops


@pytest.mark.parametrize("final", [1e-4, 0.5])
def test_one_cycle(final: float) -> None:
    theirs = optax.cosine_onecycle_schedule(60, 1.0, pct_start=0.3, div_factor=25.0, final_div_factor=1 / (25 * final))
    got = ours(Schedule("one-cycle", final=final, epochs=EPOCHS))
    np.testing.assert_allclose(got, of_optax(theirs, 60), rtol=1e-5, atol=1e-7)
    assert got.argmax() == 18
    assert got.max() == pytest.approx(1.0)


@pytest.mark.parametrize(("kind", "staircase"), [("step", True), ("exponential", False)])
@pytest.mark.parametrize("every", [1.0, 0.5, 1.3, 4.0])
def test_step_and_exponential(kind: str, staircase: bool, every: float) -> None:
    theirs = optax.exponential_decay(1.0, round(every * STEPS), 0.3, staircase=staircase)
    got = ours(Schedule(kind, rate=0.3, every=every))
    np.testing.assert_allclose(got, of_optax(theirs, 60), rtol=1e-6)


def test_constant() -> None:
    assert (ours(Schedule()) == 1.0).all()


@pytest.mark.parametrize("kind", ["constant", "cosine", "step"])
def test_warmup_goes_before_the_schedule(kind: str) -> None:
    got = ours(Schedule(kind, warmup=2.0, rate=0.3, every=1.0, epochs=EPOCHS))
    rising = optax.linear_schedule(0.0, 1.0, 20)
    np.testing.assert_allclose(got[:20], of_optax(rising, 21)[1:], rtol=1e-6)  # the first step is not wasted on zero
    after = Schedule(kind, rate=0.3, every=1.0, epochs=EPOCHS - 2).factors(0, EPOCHS - 2, STEPS).ravel()
    np.testing.assert_allclose(got[20:], after, rtol=1e-9, atol=1e-12)


def test_warmup_may_end_inside_an_epoch() -> None:
    got = ours(Schedule(warmup=0.25))
    np.testing.assert_allclose(got[:4], [0.4, 0.8, 1.0, 1.0])


def test_a_warmup_that_leaves_little_more_than_a_step() -> None:
    """Of ten steps, warm-up takes 8.5; the last one is a third of the way from there to the end."""
    got = Schedule("cosine", warmup=0.85, final=0.2, epochs=1).factors(0, 1, 10)[0]
    assert got[9] == pytest.approx(0.2 + 0.8 * (1 + np.cos(np.pi / 3)) / 2)


@given(
    st.sampled_from(get_args(ScheduleName)),
    st.sampled_from([0.0, 0.4, 2.0]),
    st.integers(1, 9),
    st.data(),
)
def test_pieces_of_a_training_fit_together(kind: str, warmup: float, steps: int, data: st.DataObject) -> None:
    schedule = Schedule(kind, warmup=warmup, rate=0.5, every=0.7, final=0.1, epochs=8)
    cut = data.draw(st.integers(0, 8))
    whole = schedule.factors(0, 8, steps)
    assert whole.shape == (8, steps)
    np.testing.assert_array_equal(
        np.concatenate([schedule.factors(0, cut, steps), schedule.factors(cut, 8 - cut, steps)]), whole
    )
    assert (whole >= 0 if kind == "coslog4" else whole > 0).all()
    assert (whole <= 1 + 1e-12).all()


def test_a_schedule_without_effect_is_one_problem() -> None:
    cases: list[tuple[dict[str, Any], str]] = [
        (
            {"hidden": (), "dropout": 0.2, "dropout_schedule": "flat-cosine"},
            "where there is no hidden layer and 'input_d",
        ),
        ({"optimizer": "adam", "decay_schedule": "flat-cosine"}, "with optimizer 'adam'"),
    ]
    for fields, rule in cases:
        with pytest.raises(InputError, match=f"_schedule' must be constant {rule}") as caught:
            Recipe(**fields)
        assert len(caught.value.problems) == 1
