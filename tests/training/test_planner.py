from __future__ import annotations

import itertools
import time
from typing import Any

import numpy as np
import pytest
from engine_reference import PLAIN, make_examples, train
from hypothesis import given
from hypothesis import strategies as st

from goodfit.training import session
from goodfit.training.examples import Examples
from goodfit.training.fitting import Report
from goodfit.training.jobs import fit_jobs
from goodfit.training.machine import machine
from goodfit.training.observer import Observer
from goodfit.training.planner import Plan, plan
from goodfit.training.population import Job
from goodfit.training.turns import Turn

SMALL = make_examples()


def digits() -> Examples:
    """As large as scikit-learn's digits."""
    rows = np.arange(1500, dtype=np.int32)
    zeros = np.zeros((1500, 64), np.float32)
    return make_examples(x=zeros, y=np.zeros(1500, np.int32), train=rows, parts={}, outputs=10)


def jobs_of(*changes: dict[str, Any]) -> list[Job]:
    return [Job(PLAIN.replace(**each)) for each in changes]


def groups(planned: Plan) -> list[tuple[int, ...]]:
    return [cohort.jobs for cohort in planned.cohorts]


hidden = st.lists(st.sampled_from([1, 8, 64, 1024]), max_size=3).map(tuple)
recipes = st.builds(
    lambda sizes, **fields: PLAIN.replace(hidden=sizes, **fields),
    hidden,
    activation=st.sampled_from(["relu", "tanh"]),
    optimizer=st.sampled_from(["sgd", "adam"]),
    batch_size=st.sampled_from([5, 6]),
    keep_best=st.booleans(),
    epochs=st.sampled_from([1, 500]),
)


@given(st.lists(recipes, min_size=1, max_size=12), st.sampled_from([0.0, 0.4, 1e9]))
def test_every_job_once_and_kinds_never_mixed(each: list[Any], compile_seconds: float) -> None:
    planned = plan([Job(recipe) for recipe in each], SMALL, compile_seconds)
    assert sorted(job for cohort in planned.cohorts for job in cohort.jobs) == list(range(len(each)))
    for cohort in planned.cohorts:
        members = [each[job] for job in cohort.jobs]
        kinds = {(r.optimizer, r.batch_size, r.keep_best, bool(r.hidden), r.hidden and r.activation) for r in members}
        assert len(kinds) == 1
        for recipe in members:  # every net fits, and a shallow one passes through
            assert len(recipe.hidden) <= len(cohort.widths)
            assert all(own <= width for own, width in zip(recipe.hidden, cohort.widths, strict=False))
            assert all(width >= recipe.hidden[-1] for width in cohort.widths[len(recipe.hidden) :])
        assert 0 <= cohort.padding < 1
        assert cohort.seconds > 0
        if len({recipe.hidden for recipe in members}) == 1:
            assert cohort.padding == pytest.approx(0, abs=1e-12)
    apart = {}
    for recipe in each:
        key = (
            recipe.hidden,
            recipe.hidden and recipe.activation,
            recipe.optimizer,
            recipe.batch_size,
            recipe.keep_best,
        )
        apart.setdefault(key, []).append(Job(recipe))
    assert len(planned.cohorts) <= len(apart)
    singly = sum(plan(jobs, SMALL).cohorts[0].seconds + compile_seconds for jobs in apart.values())
    shared = sum(cohort.seconds + compile_seconds for cohort in planned.cohorts)
    assert shared <= singly * (1 + 1e-9)  # padding is done only where it pays


def test_small_nets_are_padded_to_share_a_program() -> None:
    sizes = [(16,), (32,), (48,), (64,), (16, 16), (32, 32), (48, 48), (64, 64)]
    planned = plan(jobs_of(*[{"hidden": size, "epochs": 20} for size in sizes * 8]), digits())
    assert len(planned.cohorts) < len(sizes)
    assert "8 architectures share" in " ".join(planned.reasons)
    assert "padding costs less than compiling" in " ".join(planned.reasons)
    assert 0 < max(cohort.padding for cohort in planned.cohorts) < 0.7


def test_padding_that_costs_more_than_a_program_is_not_done() -> None:
    sizes = [{"hidden": (8,), "epochs": 500}, {"hidden": (2048, 2048), "epochs": 500}]
    jobs = jobs_of(*sizes * 20)
    planned = plan(jobs, digits())
    assert groups(planned) == [tuple(range(0, 40, 2)), tuple(range(1, 40, 2))]
    assert all(cohort.padding == pytest.approx(0) for cohort in planned.cohorts)
    text = str(planned)
    assert "2 cohorts, one compiled program each" in text
    assert "20 nets padded to 8: 0% of the arithmetic is padding" in text
    assert "20 nets padded to 2048-2048" in text
    assert "stay apart: padding would cost" in text
    together = plan(jobs, digits(), compile_seconds=1e9)
    assert groups(together) == [tuple(range(40))]
    assert together.cohorts[0].widths == (2048, 2048)
    assert 0.45 < together.cohorts[0].padding < 0.5  # half of the nets are nearly all padding


def test_more_work_takes_longer() -> None:
    def seconds(**changes: Any) -> float:
        return plan(jobs_of({"hidden": (64,)} | changes), digits()).cohorts[0].seconds

    base = seconds()
    assert seconds(epochs=30) == pytest.approx(10 * base)
    assert seconds(hidden=(128,)) > base
    assert seconds(hidden=(64, 64)) > base
    assert seconds(batch_size=500) < base  # fewer steps


def test_seconds_and_padding_by_hand() -> None:
    """Three epochs of 300 steps of 5 rows, from what was measured for a multiplication, a step and a layer."""
    jobs = jobs_of({"hidden": (64, 32)}, {"hidden": (20,)})
    both = plan(jobs, digits(), compile_seconds=1e9).cohorts[0]
    large = 64 * 64 + 64 * 32 + 32 * 10 + 4 * machine().layer_overhead
    small = 64 * 20 + 20 * 10 + 3 * machine().layer_overhead
    assert both.widths == (64, 32)
    products = 3 * 3 * 1500 * 2 * large / machine().multiplications_a_second  # forward, and twice as many back
    assert both.seconds == pytest.approx(products + 3 * 300 * 3 * machine().step_seconds)  # a step has three layers
    assert both.padding == pytest.approx(1 - (large + small) / (2 * large))


def test_nets_without_hidden_layers_stay_apart_from_deeper_ones() -> None:
    changes: list[dict[str, Any]] = [{"hidden": ()}, {"hidden": (4,)}, {"hidden": (), "activation": "relu"}]
    planned = plan(jobs_of(*changes), SMALL, compile_seconds=1e9)
    assert groups(planned) == [(0, 2), (1,)]
    assert planned.cohorts[0].widths == ()
    assert "padded to no hidden layer" in str(planned)
    assert "2 kinds that cannot share a program" in planned.reasons[0]


def test_activations_that_differ_by_layer_are_shared_by_nets_of_that_depth_only() -> None:
    mixed = ("relu", "tanh")
    planned = plan(
        jobs_of(
            {"hidden": (4, 4), "activation": mixed},
            {"hidden": (3, 5), "activation": mixed},
            {"hidden": (3, 5), "activation": mixed[::-1]},
            {"hidden": (4, 4), "activation": "relu"},
            {"hidden": (4,), "activation": ("relu",)},
            {"hidden": (4, 4), "activation": ("relu", "relu")},
        ),
        SMALL,
        compile_seconds=1e9,
    )
    assert groups(planned) == [(0, 1), (2,), (3, 4, 5)]


@pytest.mark.parametrize(
    "changes",
    [
        {"learning_rate": 0.5, "momentum": 0.9, "l1": 0.1, "l2": 0.1, "dropout": 0.5, "clip_norm": 1.0},
        {"seed": 3, "patience": 4, "monitor": "score", "schedule": "cosine", "epochs": 9, "class_weight": "balanced"},
    ],
)
def test_traced_values_share_a_program(changes: dict[str, Any]) -> None:
    planned = plan(jobs_of({}, changes), SMALL, compile_seconds=0.0)
    assert groups(planned) == [(0, 1)]
    assert planned.reasons == ()


def test_mixed_jobs_are_fitted_and_given_back_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "prepare", lambda: 1)  # one device: programs for several take longer to compile
    jobs = jobs_of({"hidden": ()}, {"hidden": (4,)}, {"hidden": (), "l2": 0.5}, {"hidden": (2,)})
    told: list[tuple[int, int]] = []

    class Telling(Observer):
        def chunk(self, turn: Turn, report: Report) -> None:
            told.append((turn.jobs[0], report.epoch))

    fitted = fit_jobs(jobs, SMALL, observers=[Telling()])
    assert fitted.place == ((0, 0), (1, 0), (0, 1), (1, 1))
    assert [[w.shape for w in fitted.net(job).weights] for job in range(4)] == [
        [(3, 3)],
        [(4, 3), (3, 4)],
        [(3, 3)],
        [(2, 3), (3, 2)],
    ]
    assert {first for first, _ in told} == {0, 1}
    assert told[-1] == (1, 3)
    assert fitted.seconds["compile"] > 0
    assert fitted.seconds["train"] > 0
    expected = train(jobs[0].recipe, SMALL)
    np.testing.assert_allclose(fitted.metrics(0), np.hstack([expected.train, expected.valid]), rtol=1e-5)
    np.testing.assert_allclose(fitted.net(0).biases[0], expected.biases[0], rtol=1e-4)
    assert fitted.metrics(3).shape == (3, 4)


def merged_by_hand(jobs: list[Job], examples: Examples, compile_seconds: float) -> list[tuple[int, ...]]:
    """The greedy plan as it is described: of all pairs join the one that costs least, until none is worth it."""
    able, rows = machine(), len(examples.train)

    def seconds(members: tuple[int, ...]) -> float:
        sizes = [jobs[number].recipe.hidden for number in members]
        depth, epochs = max(map(len, sizes)), max(jobs[number].recipe.epochs for number in members)
        widths = [max(each[min(layer, len(each) - 1)] for each in sizes) for layer in range(depth)]
        layers = [examples.x.shape[1], *widths, examples.outputs]
        products = sum(a * b for a, b in itertools.pairwise(layers)) + able.layer_overhead * len(layers)
        steps = epochs * max(1, rows // jobs[members[0]].recipe.batch_size)
        work = 3 * epochs * rows * products * len(members)
        return work / able.multiplications_a_second + steps * able.step_seconds * (depth + 1)

    def more(pair: tuple[tuple[int, ...], tuple[int, ...]]) -> float:
        return seconds(tuple(sorted(pair[0] + pair[1]))) - seconds(pair[0]) - seconds(pair[1])

    alike: dict[tuple[int, ...], tuple[int, ...]] = {}
    for number, job in enumerate(jobs):
        alike[job.recipe.hidden] = (*alike.get(job.recipe.hidden, ()), number)
    found = list(alike.values())
    while len(found) > 1:
        best = min(itertools.combinations(found, 2), key=more)
        if more(best) >= compile_seconds:
            break
        found = [each for each in found if each not in best] + [tuple(sorted(best[0] + best[1]))]
    return found


@pytest.mark.parametrize("seed", range(12))
def test_cohorts_are_merged_as_by_hand(seed: int) -> None:
    rng = np.random.default_rng(seed)
    widths = [tuple(rng.integers(1, 700, rng.integers(1, 4)).tolist()) for _ in range(14)]
    made = jobs_of(*({"hidden": each, "epochs": int(rng.integers(1, 90))} for each in widths))
    limit = float(rng.choice([0.0, 0.1, 1.0, 10.0]))
    assert groups(plan(made, digits(), limit)) == sorted(merged_by_hand(made, digits(), limit))


def test_hundreds_of_architectures_are_planned_at_once() -> None:
    """As a search over a range of widths has them: it took time with the third power of their number, a minute here."""
    made = jobs_of(*({"hidden": (width, width + 7)} for width in range(1, 301)))
    began = time.process_time()
    assert sum(map(len, groups(plan(made, digits())))) == 300
    assert time.process_time() - began < 8  # 0.6 s


def test_steps_of_l_bfgs_see_all_rows() -> None:
    """Its batch size means nothing, so it must not count as so many steps."""
    fields = {"optimizer": "lbfgs", "learning_rate": 1.0, "dropout": 0.0, "schedule": "constant"}
    small, large = (plan(jobs_of({**fields, "batch_size": size}), digits()).cohorts[0] for size in (5, 500))
    assert small.seconds == large.seconds
    rows = plan(jobs_of({"optimizer": "sgd", "batch_size": 1500}), digits()).cohorts[0]
    assert small.seconds == pytest.approx(rows.seconds)
