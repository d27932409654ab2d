"""What a GPU does otherwise, on the devices that are here: orders drawn in the program, lean steps, halved turns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pytest
from engine_reference import PLAIN, check_same, fit32, make_examples, train
from scipy import stats

from goodfit.errors import GoodfitError, InputError
from goodfit.training import machine, session
from goodfit.training.batches import RowOrder, WithoutFold, can_be_drawn
from goodfit.training.cohort import Cohort, cohort_of
from goodfit.training.devices import doubles, prepare
from goodfit.training.examples import Examples
from goodfit.training.fitting import fit
from goodfit.training.keeping import PackTrained, keep_nets
from goodfit.training.observer import Clock
from goodfit.training.population import Job
from goodfit.training.program import drawn_order
from goodfit.training.state import Draws, Layout
from goodfit.training.store import Store
from goodfit.training.turns import JobList, plan_session

SGD = PLAIN.replace(activation="relu", hidden=(6, 4), keep_best=False)


@pytest.fixture
def accelerator(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine's own devices, taken to be good at what a GPU is good at."""
    able = replace(machine.machine(), memory_bound=True, shuffles=True, sequential_work=np.inf)
    monkeypatch.setattr(machine, "_described", lambda *_: able)


def orders_of(order: Any, seeds: list[int], epochs: range) -> np.ndarray:
    """What the device draws for some seeds, [E, steps, S, B]."""
    rows, strata = order.stratified()
    layout = Layout(rows, strata, order.slots()[None])  # type: ignore[arg-type]
    draws = Draws(np.asarray(seeds, np.uint32), np.zeros(len(seeds), np.int32))  # type: ignore[arg-type]
    return np.stack([np.asarray(drawn_order(layout, draws, epoch)) for epoch in epochs])


def test_every_epoch_has_every_row_once_in_the_places_that_the_host_fills() -> None:
    rows = np.random.default_rng(0).permutation(90).astype(np.int32)[:67]
    order = RowOrder(rows, 10, seed=3)
    drawn = orders_of(order, [3, 4], range(1, 4))
    assert drawn.shape == (3, order.steps, 2, order.width)
    np.testing.assert_array_equal(drawn[0, :, 0] < 0, order.epochs(0, 1)[0] < 0)
    flat = np.sort(drawn.transpose(0, 2, 1, 3).reshape(6, -1), axis=1)
    np.testing.assert_array_equal(flat[:, -67:], np.tile(np.sort(rows), (6, 1)))
    assert (
        len({each.tobytes() for each in drawn.transpose(0, 2, 1, 3)[:, :, :].reshape(6, -1)}) == 6
    )  # none like another


def test_rows_are_equally_likely_at_every_place() -> None:
    order = RowOrder(np.arange(12, dtype=np.int32), 4, seed=0)
    drawn = orders_of(order, list(range(2000)), range(1, 6)).transpose(0, 2, 1, 3).reshape(-1, 12)  # 10,000 orders
    counts = np.stack([np.bincount(drawn[:, place], minlength=12) for place in range(12)])
    assert stats.chisquare(counts.ravel(), ddof=22).pvalue > 0.001  # 121 degrees: rows and columns sum to a constant
    ahead = np.argsort(drawn, axis=1)
    pairs = np.bincount(ahead[:, 0] * 12 + ahead[:, 1], minlength=144).reshape(12, 12)  # where two rows stand
    assert (np.diag(pairs) == 0).all()
    assert stats.chisquare(pairs[~np.eye(12, dtype=bool)]).pvalue > 0.001


def test_folds_are_spread_over_batches_and_nets_that_leave_one_out_see_the_others_rows() -> None:
    rows, folds = np.arange(30, dtype=np.int32), np.arange(30, dtype=np.int32) % 3
    whole = RowOrder(rows, 8, 0, folds)
    every = orders_of(whole, [5], range(1, 3))
    for epoch in every[:, :, 0]:
        np.testing.assert_array_equal(np.sort(epoch[epoch >= 0]), rows)
        for at, batch in enumerate(whole.epochs(0, 1)[0]):  # as many rows of every fold as the host gives
            counts = [np.bincount(folds[one[one >= 0]], minlength=3) for one in (epoch[at], batch)]
            np.testing.assert_array_equal(*counts)
    without = WithoutFold(whole, 1)
    left = orders_of(without, [5], range(1, 3))
    assert not np.isin(left, rows[folds == 1]).any()
    np.testing.assert_array_equal(left, every[..., without.kept])


def test_only_goodfits_own_shuffled_orders_are_drawn() -> None:
    rows = np.arange(10, dtype=np.int32)
    assert can_be_drawn(RowOrder(rows, 4, 0))
    assert can_be_drawn(WithoutFold(RowOrder(rows, 4, 0, rows % 3), 1))
    assert not can_be_drawn(RowOrder(rows, 4, 0, shuffle=False))


@pytest.mark.usefixtures("accelerator")
@pytest.mark.parametrize("changes", [{}, {"momentum": 0.9, "l2": 0.1}, {"schedule": "cosine", "activation": "tanh"}])
def test_training_is_that_of_the_orders_drawn(changes: dict[str, Any]) -> None:
    recipe, examples = SGD.replace(**changes), make_examples()
    with doubles(True):
        cohort = cohort_of([Job(recipe)], examples, 1, np.float64)
        fitted = fit(cohort)
    assert cohort.program.draws_orders
    assert cohort.program.plain_descent == ("momentum" not in changes)
    order = orders_of(cohort.orders[0], [recipe.seed], range(1, recipe.epochs + 1))[:, :, 0]
    check_same(fitted, 0, train(recipe, examples, order=order))


@pytest.mark.usefixtures("accelerator")
def test_the_same_bits_wherever_chunks_end_and_whoever_else_trains() -> None:
    examples = make_examples()
    jobs = [Job(SGD.replace(seed=seed, epochs=6)) for seed in (0, 1, 2)]
    whole, pieces = fit32(jobs, examples), fit32(jobs, examples, chunk_seconds=0.0)
    np.testing.assert_array_equal(whole.metrics, pieces.metrics)
    sharded = fit32(jobs, examples, devices=prepare())
    np.testing.assert_allclose(sharded.metrics, whole.metrics, rtol=2e-5)
    alone = fit32(jobs[1:2], examples)
    np.testing.assert_allclose(alone.nets[0].weights[0], whole.nets[1].weights[0], rtol=2e-5, atol=1e-6)


@pytest.mark.usefixtures("accelerator")
@pytest.mark.parametrize(
    ("task", "activations"),
    [("classification", ("relu", "prelu")), ("multilabel", ("gelu",)), ("regression", ("sigmoid",))],
)
def test_lean_layers_and_steps_train_the_same_nets(
    task: str, activations: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Against the same orders without them: they are ways through memory, not other numbers.

    What a step takes depends on the task alone, and a layer on its activation alone: each is tried once.
    """
    examples = make_examples(task)
    recipes = [SGD.replace(activation=name, hidden=(6, 4), epochs=2) for name in activations]
    lean = [fit32([Job(recipe)], examples) for recipe in recipes]
    able = replace(machine.machine(), memory_bound=False)
    monkeypatch.setattr(machine, "_described", lambda *_: able)
    for recipe, ours in zip(recipes, lean, strict=True):
        plain = fit32([Job(recipe)], examples)
        np.testing.assert_allclose(ours.metrics, plain.metrics, rtol=1e-4, atol=1e-5)
        for one, other in zip(ours.nets[0].weights, plain.nets[0].weights, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.usefixtures("accelerator")
def test_frozen_nets_end_as_elsewhere() -> None:
    """A net that diverges goes back to its last finite epoch; its neighbours train on."""
    jobs = [Job(SGD.replace(learning_rate=rate, epochs=4)) for rate in (0.1, 1e30)]
    found = fit32(jobs, make_examples("regression"))
    assert found.frozen.tolist() == [False, True]
    assert all(np.isfinite(weights).all() for net in found.nets for weights in net.weights)


class TestHalves:
    """A device without room for a whole turn."""

    def trained(
        self, most: int, jobs: list[Job], examples: Examples, monkeypatch: pytest.MonkeyPatch, **more: Any
    ) -> Any:
        real = session.fit

        def tight(cohort: Cohort, **options: Any) -> Any:
            if len(cohort.jobs) > most:
                raise jax.errors.JaxRuntimeError("RESOURCE_EXHAUSTED: Out of memory while trying to allocate")
            return real(cohort, **options)

        monkeypatch.setattr(session, "fit", tight)
        return session.run([JobList(tuple(jobs), examples)], keep_nets, **more)

    def test_give_what_one_turn_gives_and_it_is_said(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        examples = make_examples()
        jobs = [Job(SGD.replace(seed=seed, epochs=2 + seed)) for seed in range(5)]
        [whole] = session.run([JobList(tuple(jobs), examples)], keep_nets)
        [halved] = self.trained(2, jobs, examples, monkeypatch)
        np.testing.assert_array_equal(np.isnan(halved.metrics), np.isnan(whole.metrics))
        np.testing.assert_allclose(halved.metrics, whole.metrics, rtol=2e-5)
        np.testing.assert_array_equal(halved.stopped_epoch, whole.stopped_epoch)
        for one, other in zip(halved.nets, whole.nets, strict=True):
            np.testing.assert_allclose(one.weights[0], other.weights[0], rtol=2e-4, atol=1e-6)
        assert caplog.messages == [
            "Out of memory with 5 nets: training 3 at a time.",
            "Out of memory with 3 nets: training 2 at a time.",
        ]

    def test_progress_never_goes_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Five nets in parts of 2, 1 and 2, each of which is told of as what it is of the whole."""
        examples, told = make_examples(), list[float]()
        jobs = [Job(SGD.replace(seed=seed, epochs=4)) for seed in range(5)]
        planned = plan_session([JobList(tuple(jobs), examples)])
        clock = Clock(planned, lambda progress: told.append(progress.share))
        pace = session.Pace(chunk_epochs=1)
        self.trained(2, jobs, examples, monkeypatch, planned=planned, observers=[clock], pace=pace)
        assert told == sorted(told)
        shares = [part * (epoch + 1) / 4 for part in (0.4, 0.2, 0.4) for epoch in range(4)]
        ends = np.repeat([0, 0.4, 0.6], 4)
        np.testing.assert_allclose(told, [*(ends + shares), 1.0], rtol=1e-9)

    def test_of_one_net_end_in_a_clear_error(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(GoodfitError, match="no room for one net"):
            self.trained(0, [Job(SGD)], make_examples(), monkeypatch)

    def test_are_for_want_of_memory_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(cohort: Cohort, **_: Any) -> Any:
            raise jax.errors.JaxRuntimeError("INTERNAL: something else")

        monkeypatch.setattr(session, "fit", broken)
        with pytest.raises(jax.errors.JaxRuntimeError, match="something else"):
            session.run([JobList((Job(SGD),), make_examples())], keep_nets)


@pytest.mark.cpu
def test_a_session_resumes_on_the_kind_of_device_that_it_began_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    able = machine.machine()
    works = [JobList((Job(SGD),), make_examples())]

    def run() -> Any:
        return session.run(works, keep_nets, kept_in=(Store(tmp_path, "training"), PackTrained()))

    [first] = run()
    monkeypatch.setattr(machine, "_described", lambda *_: replace(able, kind="gpu", precision="tf32"))
    with pytest.raises(
        InputError, match=r"was started on cpu, .* this process trains on gpu, tf32.*Resume with --device cpu"
    ):
        run()
    monkeypatch.setattr(machine, "_described", lambda *_: able)
    [again] = run()
    np.testing.assert_array_equal(again.metrics, first.metrics)
