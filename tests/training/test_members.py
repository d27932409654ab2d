"""Members that share a net: trained as separate weight matrices in PyTorch, with masks of their own, and planned."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from engine_reference import PLAIN, fit64, make_examples
from member_reference import FULL, torch_net

from goodfit.cli.devices import _nets_that_fit
from goodfit.errors import InputError
from goodfit.nets import forward
from goodfit.nets.dropout import stream_key
from goodfit.nets.member_parts import Members, member_parts, named_parts
from goodfit.training import Job, cohort_of, part_scores, program
from goodfit.training.compile import compilations
from goodfit.training.memory import member_bytes
from goodfit.training.population import NetArrays
from goodfit.training.turns import JobList, plan_session

WEIGHTS = np.random.default_rng(8).uniform(0.1, 2.0, (2, 32))
WEIGHTS[1, ::3] = 0.0


def same(net: NetArrays, leaves: dict[str, Any], tolerance: float = 1e-6) -> None:
    found = {f"w{layer}": w for layer, w in enumerate(net.weights)}
    found |= {f"b{layer}": b for layer, b in enumerate(net.biases)}
    assert net.members is not None
    found |= {f"{name}{layer}": own for name, layer, own in member_parts(net.members)}
    assert found.keys() == leaves.keys()
    for name, expected in leaves.items():
        np.testing.assert_allclose(found[name], expected, rtol=tolerance, atol=tolerance, err_msg=name)


def test_a_population_of_them_is_trained_as_separate_matrices_are_by_pytorch() -> None:
    """Widths, depths, weights of rows and rates differ: what is padded, or of weight 0, is as if it were not there."""
    examples = make_examples(weights=WEIGHTS)
    changes: list[dict[str, Any]] = [
        {},
        {"hidden": (3,), "member_init": "normal", "weight_decay": 0.3},
        {"hidden": (6, 2), "l2": 0.1, "clip_norm": 0.2, "seed": 1},
        {"hidden": (4, 4), "learning_rate": 0.1},
        {"l1": 0.02, "bias_rate": 0.3, "label_smoothing": 0.1, "class_weight": (0.5, 2.0, 1.0)},
    ]
    jobs = [Job(FULL.replace(keep_best=False, **each), rows % 2) for rows, each in enumerate(changes)]
    fitted = fit64(jobs, examples)
    for number, job in enumerate(jobs):
        leaves, losses = torch_net(job.recipe, examples, job.rows)
        same(fitted.nets[number], leaves)
        np.testing.assert_allclose(fitted.metrics[:, 2, number], losses, rtol=1e-6)
    compiled = compilations()
    again = [
        Job(j.recipe.replace(learning_rate=0.01, member_init="signs", seed=j.recipe.seed + 5), j.rows) for j in jobs
    ]
    fit64(again, examples)
    assert compilations() == compiled


def test_the_mini_form_has_the_first_scaling_alone() -> None:
    recipe = FULL.replace(member_form="tabm-mini", keep_best=False)
    examples = make_examples()
    fitted = fit64([Job(recipe)], examples)
    same(fitted.nets[0], torch_net(recipe, examples, 0)[0])
    assert fitted.nets[0].members is not None
    assert [name for name, _ in named_parts(fitted.nets[0].members)] == ["members.inputs.0"]


def test_one_member_leaves_nothing_of_them_in_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that lays members out, scales by them or averages them is traced, neither to train nor to score."""

    def of_members(*_: Any) -> None:
        raise AssertionError("of members")

    places = (
        (forward, ("heads", "moved", "of_members", "scaled", "side_by_side")),
        (program, ("apart", "side_by_side")),
        (part_scores, ("apart", "together")),
    )
    for module, names in places:
        for name in names:
            monkeypatch.setattr(module, name, of_members)
    assert cohort_of([Job(PLAIN)], make_examples(), 1).initial_parameters().members is None
    fit64([Job(PLAIN.replace(hidden=(7,), epochs=1))], make_examples())
    with pytest.raises(AssertionError, match="of members"):
        fit64([Job(PLAIN.replace(hidden=(7,), epochs=1, members=2))], make_examples())
    with pytest.raises(InputError, match="'members' must be those of the first net"):
        cohort_of([Job(PLAIN), Job(PLAIN.replace(members=2))], make_examples(), 1)


def test_members_drop_units_and_inputs_each_by_masks_of_its_own() -> None:
    """Two members with the same numbers, which see the same rows, differ by what they drop alone."""
    ones = [jnp.ones((1, 1, 2, units)) for units in (3, 6)]
    members = Members((ones[0],), (ones[1],), (0 * ones[1],))
    weights = (jnp.ones((1, 1, 6, 3)), jnp.ones((1, 1, 2, 6)))
    parameters = forward.Parameters(weights, (None, None), (None,), members=members)
    x, present = jnp.ones((1, 8, 3)), forward.Present((jnp.ones((1, 1, 6)),), jnp.ones((1, 1, 1), bool))
    keys = jnp.asarray(stream_key(0, 0, 0, np.arange(2)))[None]
    shape = forward.Architecture(3, (6,), 2, ("identity",), members=2, dropout=True, input_dropout=True)

    @jax.jit
    def outputs(units: Any, inputs: Any) -> Any:
        dropout = forward.Dropout(keys, jnp.full((1, 1, 1), units), jnp.full((1, 1), inputs))
        return forward.forward(parameters, x, shape, present, dropout)

    for units, inputs in ((0.0, 0.0), (0.5, 0.0), (0.0, 0.5)):
        first, second = np.asarray(outputs(units, inputs)).reshape(2, 8)
        assert (first == second).all() == (units + inputs == 0)


def test_the_plan_counts_what_members_hold() -> None:
    """Every member's units, before and after its scalings; the inputs once, however many, where none are dropped."""
    examples = make_examples()

    def planned(**fields: Any) -> int:
        recipe = PLAIN.replace(hidden=(64,), batch_size=16, **fields)
        return plan_session([JobList((Job(recipe),), examples)]).bytes

    one, few, many = planned(), planned(members=2), planned(members=32)
    per_member = (many - few) / 30
    assert per_member >= 8 * 16 * 64 * 4  # eight numbers of float32 a unit and row of a batch
    assert few > one
    assert planned(members=32, input_dropout=0.1) != many
    wide = (4000, 32, 32)  # as of categories: the weights of each member, and not its rows
    assert member_bytes(32, wide, 512) < 4 * 512 * 4000 * 32 < member_bytes(32, wide, 512, drops=True)
    assert member_bytes(1, wide, 512) == 0
    nets = [_nets_that_fit(PLAIN.replace(hidden=(64,), members=count), 3, 3, 1000)[0] for count in (1, 32)]
    assert nets[0] is None or (nets[1] is not None and nets[1] < nets[0] / 10)
