from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from engine_reference import PLAIN, make_examples
from hypothesis import given
from hypothesis import strategies as st

from goodfit.training.cohort import blocks_of, cohort_of
from goodfit.training.initialise import initial_layers
from goodfit.training.population import (
    GROUP_COST,
    Job,
    lay_out,
    pad_architecture,
    padded_widths,
    take_net,
)
from goodfit.training.schedules import Schedule
from goodfit.training.settings import class_weights, schedule_of
from goodfit.training.stopping import NEVER


@given(st.lists(st.integers(0, 5), min_size=1, max_size=20), st.integers(1, 4))
def test_every_net_has_a_place_among_those_of_its_seed(seeds: list[int], devices: int) -> None:
    grid = lay_out(seeds, devices)
    assert grid.devices == min(devices, len(seeds))
    assert len({tuple(place) for place in grid.place.tolist()}) == len(seeds)
    assert (grid.place >= 0).all()
    assert (grid.place < grid.shape).all()
    numbers = np.arange(len(seeds)) * 10
    np.testing.assert_array_equal(grid.take(grid.lay(numbers)), numbers)
    assert grid.empty.sum() == np.prod(grid.shape) - len(seeds)
    assert (grid.lay(numbers)[grid.empty] == 0).all()  # net 0 stands in
    for net, seed in enumerate(seeds):
        assert grid.keys[tuple(grid.place[net, :2])] == seed
    assert np.prod(grid.shape) <= (1 + GROUP_COST) * (len(seeds) + devices - 1)  # no more than with a group a net


@pytest.mark.parametrize(
    ("seeds", "devices", "shape"),
    [
        ([3], 1, (1, 1, 1)),
        ([3], 4, (1, 1, 1)),  # no more devices than nets
        ([1] * 8, 1, (1, 1, 8)),  # one group: nets share their rows
        ([1] * 8, 2, (2, 1, 4)),  # and are shared by the devices
        ([1, 2, 3, 4], 1, (1, 4, 1)),
        ([1, 2, 3, 4], 2, (2, 2, 1)),  # or whole groups are
        ([1, 1, 1, 2, 2, 2], 2, (2, 1, 3)),
        ([1, 1, 1, 2], 1, (1, 4, 1)),  # uneven groups would leave too many places empty
        ([1, 2, 3], 2, (2, 2, 1)),
    ],
)
def test_shapes(seeds: list[int], devices: int, shape: tuple[int, int, int]) -> None:
    assert lay_out(seeds, devices).shape == shape


@pytest.mark.parametrize(
    ("cost", "shape"),
    [
        (0.1, (2, 13, 1)),  # 26 places for 25 nets, and 13 groups a device
        (1.0, (2, 3, 5)),  # 30 places, and 3 groups: 3 * (5 + 1) < 13 * (1 + 1)
    ],
)
def test_nets_of_one_key_are_cut_into_groups_where_that_leaves_fewer_places_empty(
    cost: float, shape: tuple[int, int, int]
) -> None:
    assert lay_out([key for key in range(5) for _ in range(5)], 2, cost).shape == shape


def test_take_along_a_later_axis() -> None:
    grid = lay_out([5, 6, 5, 6], 2)
    values = np.stack([grid.lay(np.arange(4.0)), grid.lay(np.arange(4.0) + 10)])
    np.testing.assert_array_equal(grid.take(values, axis=1), [[0, 1, 2, 3], [10, 11, 12, 13]])


@pytest.mark.parametrize(
    ("hidden", "widths"),
    [
        ([(4,)], (4,)),
        ([()], ()),
        ([(4, 8), (6, 2)], (6, 8)),
        ([(9,), (4, 8)], (9, 9)),  # layer 2 must pass the nine on
        ([(9,), (4, 8), (2, 3, 1)], (9, 9, 9)),
        ([(3,), (4, 8), (2, 3, 1)], (4, 8, 8)),
    ],
)
def test_padded_widths(hidden: list[tuple[int, ...]], widths: tuple[int, ...]) -> None:
    assert padded_widths(hidden) == widths


def jobs_of(*changes: dict[str, Any]) -> list[Job]:
    return [Job(PLAIN.replace(**each)) for each in changes]


def test_an_architecture_says_only_what_its_nets_need() -> None:
    examples = make_examples()
    same = pad_architecture(jobs_of({}, {"learning_rate": 0.5}), examples)
    assert (same.inputs, same.widths, same.outputs, same.activations) == (3, (4,), 3, ("tanh",))
    assert not any((same.masked, same.ragged, same.dropout, same.input_dropout))
    wide = pad_architecture(jobs_of({}, {"hidden": (2,), "dropout": 0.1}), examples)
    assert (wide.masked, wide.ragged, wide.dropout, wide.input_dropout) == (True, False, True, False)
    deep = pad_architecture(jobs_of({}, {"hidden": (4, 4), "input_dropout": 0.1}), examples)
    assert (deep.masked, deep.ragged, deep.dropout, deep.input_dropout) == (True, True, False, True)
    assert deep.activations == ("tanh", "tanh")


def test_padded_parameters_hold_each_nets_own_draw_and_zeros() -> None:
    changes = [{"hidden": (2,), "seed": 1}, {"hidden": (4, 3)}, {"hidden": (1, 2), "seed": 2}]
    jobs, examples = jobs_of(*changes), make_examples()
    cohort = cohort_of(jobs, examples, 1)
    parameters = cohort.initial_parameters()
    for job, place in zip(jobs, cohort.grid.place, strict=True):
        net = take_net(parameters, job.recipe, place)
        for w, b, (own_w, own_b) in zip(net.weights, net.biases, initial_layers(job.recipe, 3, 3), strict=True):
            np.testing.assert_array_equal(w, own_w)
            np.testing.assert_array_equal(b, own_b)
    drawn = sum(w.size for job in jobs for w, _ in initial_layers(job.recipe, 3, 3))
    assert sum(np.count_nonzero(w) for w in parameters.weights) == drawn
    present = cohort.settings().present
    np.testing.assert_array_equal(cohort.grid.take(present.layers), [[1, 0], [1, 1], [1, 1]])
    np.testing.assert_array_equal(cohort.grid.take(present.units[0]), [[1, 1, 0, 0], [1, 1, 1, 1], [1, 0, 0, 0]])
    np.testing.assert_array_equal(cohort.grid.take(present.units[1]), [[0, 0, 0], [1, 1, 1], [1, 1, 0]])


def test_settings_are_the_recipes_values() -> None:
    changes = [
        {"learning_rate": 0.3, "momentum": 0.9, "l1": 0.1, "l2": 0.2, "clip_norm": 2.0, "patience": 3, "epochs": 7},
        {"dropout": 0.25, "input_dropout": 0.5, "label_smoothing": 0.1, "monitor": "score", "min_change": 0.5},
        {"penalize_biases": True, "schedule": "cosine", "seed": 9},
    ]
    jobs = [Job(job.recipe, rows) for rows, job in enumerate(jobs_of(*changes))]
    cohort = cohort_of(jobs, make_examples(weights=np.ones((3, 32))), 2)
    settings, take = cohort.settings(), cohort.grid.take
    rates = settings.rates
    np.testing.assert_allclose(take(rates.learning_rate), [0.3, 0.1, 0.1])
    np.testing.assert_allclose(take(rates.momentum), [0.9, 0, 0])
    np.testing.assert_allclose(take(rates.l1), [0.1, 0, 0])
    np.testing.assert_allclose(take(rates.l2), [0.2, 0, 0])
    np.testing.assert_allclose(take(rates.beta1), 0.9)
    np.testing.assert_allclose(take(rates.beta2), 0.999)
    np.testing.assert_array_equal(take(rates.penalize_biases), [0, 0, 1])
    assert take(rates.clip_norm)[0] == 2.0
    assert (take(rates.clip_norm)[1:] > 1e38).all()
    np.testing.assert_allclose(take(settings.dropout)[:, 0], [0, 0.25, 0])
    np.testing.assert_allclose(take(settings.input_dropout), [0, 0.5, 0])
    np.testing.assert_allclose(take(settings.smoothing), [0, 0.1, 0])
    np.testing.assert_array_equal(take(settings.patience), [3, NEVER, NEVER])
    np.testing.assert_array_equal(take(settings.epochs), [7, 3, 3])
    np.testing.assert_array_equal(take(settings.on_score), [False, True, False])
    np.testing.assert_array_equal(take(settings.row_weights), [0, 1, 2])
    assert settings.epochs[cohort.grid.empty].tolist() == [0]  # a place without a net trains nothing
    assert [cohort.schedules[i].kind for i in take(settings.schedule)] == ["constant", "constant", "cosine"]
    assert cohort.epochs == 7


def test_a_program_has_the_features_that_some_net_needs() -> None:
    def program(*changes: dict[str, Any], **more: Any) -> Any:
        return cohort_of(jobs_of(*changes), make_examples(**more), 1).program

    plain = program({}, {"seed": 4})
    flags = ("uses_momentum", "nesterov", "uses_l1", "uses_clipping", "uses_class_weights", "uses_row_weights")
    assert not any(getattr(plain, flag) for flag in flags)
    assert (plain.loss, plain.optimizer, plain.parts, plain.monitor) == ("cross-entropy", "sgd", ("valid",), "valid")
    assert (plain.batch, plain.steps, plain.keep_best, plain.weighted_parts) == (5, 5, True, ())
    assert program({}, {"momentum": 0.1}).uses_momentum
    assert program({}, {"l1": 0.1}).uses_l1
    assert program({}, {"clip_norm": 0.1}).uses_clipping
    assert program({}, {"class_weight": "balanced"}).uses_class_weights
    assert program({}, weights=np.ones((1, 32))).uses_row_weights
    assert program({}, part_weights={"valid": np.ones((1, 32))}).weighted_parts == ("valid",)
    assert not program({"keep_best": False}).keep_best
    without = program({}, parts={})
    assert (without.monitor, without.keep_best) == ("train", False)
    whole = program({"optimizer": "lbfgs", "batch_size": 2, "learning_rate": 1.0})
    assert (whole.batch, whole.steps) == (23, 1)


def test_schedules_that_do_the_same_are_the_same() -> None:
    base = PLAIN.replace(schedule="cosine", epochs=9, warmup=1.0, final_rate=0.1)
    assert schedule_of(Job(base)) == Schedule("cosine", warmup=1.0, final=0.1, epochs=9)
    assert schedule_of(Job(PLAIN.replace(epochs=9))) == schedule_of(Job(PLAIN)) == Schedule()
    step = PLAIN.replace(schedule="step", schedule_rate=0.5, schedule_epochs=2.0)
    assert schedule_of(Job(step)) == schedule_of(Job(step.replace(epochs=77))) == Schedule("step", rate=0.5, every=2.0)


def test_class_weights() -> None:
    y = np.array([0, 0, 0, 1, 1, 0, 2, 2], np.int32)
    examples = make_examples(x=np.zeros((8, 3), np.float32), y=y, train=np.arange(6, dtype=np.int32), parts={})
    job = Job(PLAIN.replace(class_weight="balanced"))
    np.testing.assert_allclose(class_weights(job, examples), [6 / (3 * 4), 6 / (3 * 2), 0.0])  # class 2 is not learned
    weights = np.ones((2, 8))
    weights[1] = [0.5, 0.5, 0.5, 2.0, 0.0, 0.5, 9.0, 9.0]
    weighted = make_examples(x=examples.x, y=y, train=examples.train, parts={}, weights=weights)
    np.testing.assert_allclose(class_weights(Job(job.recipe, 1), weighted), [4 / (3 * 2), 4 / (3 * 2), 0.0])
    np.testing.assert_array_equal(class_weights(Job(PLAIN), examples), [1, 1, 1])
    np.testing.assert_array_equal(class_weights(Job(PLAIN.replace(class_weight=(1, 2, 3))), examples), [1, 2, 3])


@given(st.integers(1, 50), st.integers(1, 60))
def test_blocks_hold_every_row_once(count: int, largest: int) -> None:
    blocks = blocks_of(np.arange(count, dtype=np.int32), largest)
    assert blocks.shape[1] <= largest
    flat = blocks.ravel()
    np.testing.assert_array_equal(flat[flat >= 0], np.arange(count))
    assert (flat < 0).sum() < len(blocks) + blocks.shape[1]


def test_a_chunk_tells_what_is_scored() -> None:
    cohort = cohort_of(jobs_of({"epochs": 10}), make_examples(), 1)
    scored = np.asarray(cohort.chunk(0, 10, 4).scored)[:10]
    np.testing.assert_array_equal(np.flatnonzero(scored) + 1, [4, 8])  # the program adds the last epoch of each net
    np.testing.assert_array_equal(np.asarray(cohort.chunk(5, 3, 4).scored)[:3], [False, False, True])


@pytest.mark.parametrize(
    ("hidden", "seeds", "shape"),
    [
        ((4,), [0, 0], (1, 2000)),  # 2048 rows at most
        ((4096,), [0, 0], (4, 500)),  # 2^22 / (2 nets * 4096 units) = 512 rows at most
        ((4096,), [0, 1], (4, 500)),  # groups count as nets do
        ((3, 4096, 5), [0], (2, 1000)),  # the widest layer decides
        ((2**20,), [0], (32, 63)),  # 64 rows at least, as near as equal blocks come
    ],
)
def test_scoring_holds_four_million_numbers_of_a_layer_at_once(
    hidden: tuple[int, ...], seeds: list[int], shape: tuple[int, int]
) -> None:
    rows = np.arange(2010, dtype=np.int32)
    arrays = {"x": np.zeros((2010, 3), np.float32), "y": np.zeros(2010, np.int32)}
    examples = make_examples(**arrays, train=rows[:10], parts={"valid": rows[10:]})
    cohort = cohort_of(jobs_of(*({"hidden": hidden, "seed": seed} for seed in seeds)), examples, 1)
    assert cohort.rows().parts[0][0].shape == shape


@pytest.mark.parametrize(("rows", "chunk"), [(23, 512), (2**13, 512), (10_000, 256), (2**22, 1), (2**22 + 8, 1)])
def test_a_chunk_has_room_for_four_million_row_numbers(rows: int, chunk: int) -> None:
    """A power of two epochs: the largest of which 2^22 row numbers are enough, 512 at most."""
    examples = make_examples(train=np.zeros(rows, np.int32), parts={})
    assert cohort_of(jobs_of({"batch_size": rows}), examples, 1).program.chunk == chunk
    if rows == 10_000:  # in batches, of three groups
        jobs = jobs_of(*({"batch_size": 100, "seed": seed} for seed in range(3)))
        assert cohort_of(jobs, examples, 1).program.chunk == 128


@pytest.mark.parametrize(("nets", "groups", "epochs"), [(1, 1, 8), (2, 1, 4), (2, 2, 4), (4, 2, 2), (16, 1, 1)])
def test_a_chunk_has_no_room_for_more_epochs_than_it_will_run(nets: int, groups: int, epochs: int) -> None:
    """2^36 multiplications of forward passes: 64 rows of 3 * 2^15 + 2^15 * 2^11 + 2^11 * 3 are 15.97 times in it."""
    examples = make_examples(train=np.zeros(64, np.int32), parts={})
    jobs = jobs_of(*({"batch_size": 64, "hidden": (2**15, 2**11), "seed": net % groups} for net in range(nets)))
    assert cohort_of(jobs, examples, 1).program.chunk == epochs
