"""Rows that are not in memory: which batches they make, and that windows train as the whole does."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from goodfit.data.tables.coded import CodedRows
from goodfit.data.tables.streamed_rows import Division, Record, StreamedRows, StreamLimits
from goodfit.training.batches import RowOrder
from goodfit.training.cohort import cohort_of
from goodfit.training.compile import place_rows
from goodfit.training.examples import Examples, Scaling
from goodfit.training.fitting import fit
from goodfit.training.population import Job
from goodfit.training.recipe import Recipe
from goodfit.training.schedules import Schedule
from goodfit.training.settings import class_weights
from goodfit.training.windows import StreamOrder, order_of

ROWS, INPUTS, VALID = 203, 3, 31
RECIPE = Recipe(
    hidden=(5,),
    epochs=12,
    batch_size=16,
    optimizer="adam",
    learning_rate=0.02,
    dropout=0.0,  # its draws are those of windows
    schedule="cosine",
    patience=2,
    min_change=0.1,
)
JOBS = [Job(RECIPE.replace(seed=seed)) for seed in (1, 2)]


@pytest.mark.parametrize(("rows", "batch", "block", "most"), [(203, 10, 7, 50), (64, 16, 16, 16), (5, 8, 2, 1)])
def test_every_epoch_has_every_row_once(rows: int, batch: int, block: int, most: int) -> None:
    order = StreamOrder(rows, batch, seed=3, shared=0, block=block, most=most)
    epochs = order.epochs(0, 3)
    assert epochs.shape == (3, order.steps, order.width)
    for epoch in epochs:
        assert_array_equal(np.sort(epoch[epoch >= 0]), np.arange(rows))
    if order.windows > 1:
        assert (epochs[0] != epochs[1]).any()


def test_windows_hold_whole_blocks_of_the_whole_file() -> None:
    order = StreamOrder(10_000, 10, seed=3, shared=0, block=20, most=1000)
    assert order.windows == 10
    firsts = [np.concatenate([np.arange(*each) for each in order.ranges(0, w)]).mean() for w in range(10)]
    # 50 blocks drawn of 500: their mean deviates from the middle by 1.3 standard deviations of 387 rows on average
    assert max(abs(np.array(firsts) - 5000)) < 4 * 10_000 / np.sqrt(12 * 50)


def test_one_window_has_the_batches_of_a_training_in_memory() -> None:
    order = StreamOrder(203, 10, seed=3, shared=0, block=7, most=10_000)
    assert order.windows == 1
    assert_array_equal(order.epochs(0, 4), RowOrder(np.arange(203, dtype=np.int32), 10, 3).epochs(0, 4))


def test_nets_share_windows_and_not_the_order_within() -> None:
    one, other = (StreamOrder(203, 10, seed, 0, 7, 50) for seed in (1, 2))
    assert one.ranges(2, 1) == other.ranges(2, 1)
    assert (one.order(2, 1) != other.order(2, 1)).any()


def test_of_a_sorted_wide_table_every_window_has_all_classes() -> None:
    """A file of two halves, whose rows are so wide that a window has 1/16 of them."""
    width, rows = 500, 4096
    limits = StreamLimits(window_bytes=4 * width * rows // 16)
    record = Record(width, np.arange(width), 0, 1, True)
    order = order_of(StreamedRows(Division(0.1, 0.2, 5, rows), limits, record, rows=rows), 16, 3)
    assert order.windows == 16
    for window in range(16):
        held = np.concatenate([np.arange(*each) for each in order.ranges(0, window)])
        assert abs(np.mean(held < rows // 2) - 0.5) < 4 / np.sqrt(4 * 128)


def test_balanced_weights_count_all_streamed_rows() -> None:
    examples, x, y = _examples(classes=True)
    y = np.where(np.arange(len(y)) < 3, 2, y).astype(np.int32)  # a class that no row in memory has
    streamed = _streamed(x, y, 50)
    given = replace(examples, outputs=3, streamed=streamed)
    found = class_weights(Job(RECIPE.replace(class_weight="balanced")), given)
    assert_allclose(found, len(y) / (3 * np.bincount(y)))


def _streamed(x: Any, y: Any, most: int) -> StreamedRows:
    limits = StreamLimits(window_bytes=4 * INPUTS * most, block_rows=8)
    codes = y.ndim == 1
    record = Record(INPUTS, np.arange(INPUTS), 0, 1 if codes else y.shape[1], codes)
    made = StreamedRows(Division(0.1, 0.2, 5, len(x)), limits, record, file=tempfile.TemporaryFile())  # noqa: SIM115 - closed with the rows
    made.add(CodedRows(INPUTS, np.arange(INPUTS), x, np.empty((len(x), 0), np.intp)), y)
    return made


def _examples(classes: bool) -> tuple[Examples, Any, Any]:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(ROWS + VALID, INPUTS)).astype(np.float32)
    y = x @ np.array([[1.0, -1.0], [0.5, 0.2], [0.0, 2.0]], np.float32)
    y = y.argmax(1).astype(np.int32) if classes else y
    outputs, task = 2, "classification" if classes else "regression"
    scaling = Scaling(*(make(size, np.float32) for size in (INPUTS, outputs) for make in (np.zeros, np.ones)))
    train, valid = np.arange(ROWS, dtype=np.int32), np.arange(ROWS, ROWS + VALID, dtype=np.int32)
    return Examples(x, y, task, outputs, train, scaling, {"valid": valid}), x[:ROWS], y[:ROWS]


@pytest.mark.parametrize(("classes", "most"), [(False, 50), (True, 1000)])
def test_windows_train_as_the_engine_does_in_memory_on_the_same_batches(classes: bool, most: int) -> None:
    examples, x, y = _examples(classes)
    streamed = _streamed(x, y, most)
    orders = {job.key: order_of(streamed, 16, job.key) for job in JOBS}
    assert {order.windows for order in orders.values()} == {5 if most == 50 else 1}
    whole = fit(cohort_of(JOBS, examples, 1, orders=orders))
    parts = fit(cohort_of(JOBS, replace(examples, streamed=streamed), 1))
    assert (parts.stopped_epoch < RECIPE.epochs).any() or classes
    assert_array_equal(parts.best_epoch, whole.best_epoch)
    assert_array_equal(parts.stopped_epoch, whole.stopped_epoch)
    assert_allclose(parts.metrics, whole.metrics, rtol=2e-6, atol=2e-6)
    for one, other in zip(parts.nets, whole.nets, strict=True):
        for own, same in zip(one.weights, other.weights, strict=True):
            assert_allclose(own, same, atol=1e-6)


def test_factors_are_made_once_an_epoch_and_held_rows_are_sent_once(monkeypatch: pytest.MonkeyPatch) -> None:
    examples, x, y = _examples(classes=False)
    cohort = cohort_of(JOBS, replace(examples, streamed=_streamed(x, y, 50)), 1)
    epochs, sent = list[int](), list[int]()
    make = Schedule.factors

    def factors(self: Schedule, first: int, count: int, steps: int) -> Any:
        epochs.append(first)
        return make(self, first, count, steps)

    def placed(program: Any, rows: Any) -> Any:
        sent.append(len(rows.x))
        return place_rows(program, rows)

    monkeypatch.setattr(Schedule, "factors", factors)
    monkeypatch.setattr("goodfit.training.streaming.place_rows", placed)
    fit(cohort, until=2)
    assert len(epochs) <= 3 * len(cohort.schedules)  # 2 epochs, and the one that is read ahead
    assert sorted(set(sent)) == [VALID, 48]
    assert sent.count(VALID) == 1


def test_a_training_resumes_at_an_epoch_with_the_same_bits() -> None:
    examples, x, y = _examples(classes=False)
    cohort = cohort_of(JOBS, replace(examples, streamed=_streamed(x, y, 50)), 1)
    whole, first = fit(cohort), fit(cohort, until=2)
    again = fit(cohort, start=(2, first.state))
    assert_array_equal(again.nets[0].weights[0], whole.nets[0].weights[0])
    assert_array_equal(np.concatenate([first.metrics, again.metrics]), whole.metrics)
