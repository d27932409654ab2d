"""Which alternatives a verdict tries."""

from __future__ import annotations

from typing import Any

import pytest

from goodfit import Recipe
from goodfit.inspection.variants import variant_recipes
from goodfit.verdicts.probes import HALF, far_rates, probes_of


def fields(recipe: Recipe, **how: bool) -> dict[str, dict[str, Any]]:
    return {probe.name: dict(probe.fields) for probe in probes_of(recipe, **how)}


def test_a_plain_net_is_made_larger_smaller_longer_and_penalised() -> None:
    found = fields(Recipe(hidden=(64, 32), dropout=0, epochs=30, learning_rate=0.01))
    assert found == {
        "wider": {"hidden": (256, 128)},
        "deeper": {"hidden": (64, 32, 32)},
        "narrower": {"hidden": (16, 8)},
        "longer": {"epochs": 60},
        "stronger penalty": {"l2": 0.01},
        "much stronger penalty": {"l2": 0.1},
        "dropout": {"dropout": 0.3},
        "lower learning rate": {"learning_rate": 0.001},
        "higher learning rate": {"learning_rate": 0.1},
        "half the data": {},
    }


def test_what_a_recipe_has_is_made_stronger_and_switched_off() -> None:
    found = fields(Recipe(hidden=(512,), dropout=0.2, l1=1e-4, weight_decay=0.01, epochs=5))
    assert found["wider"] == {"hidden": (1024,)}
    assert found["longer"] == {"epochs": 20}
    assert found["stronger penalty"] == {"l1": pytest.approx(1e-3), "weight_decay": pytest.approx(0.1)}
    assert found["no penalty"] == {"l1": 0, "weight_decay": 0}
    assert found["more dropout"] == {"dropout": pytest.approx(0.6)}
    assert found["no dropout"] == {"dropout": 0}
    assert "dropout" not in found


def test_a_schedule_goes_with_what_it_is_of() -> None:
    how: Any = {"dropout_schedule": "flat-cosine", "decay_schedule": "flat-cosine", "optimizer": "adamw"}
    recipe = Recipe(hidden=(16,), dropout=0.2, **how)
    found = fields(recipe)
    assert found["no dropout"] == {"dropout": 0, "dropout_schedule": "constant"}
    assert found["no penalty"] == {"weight_decay": 0, "decay_schedule": "constant"}
    assert fields(recipe.replace(input_dropout=0.1))["no dropout"] == {"dropout": 0}
    variants = variant_recipes(recipe)  # of which each has what it tests as the recipe has it
    on = {name: (each.dropout_schedule, each.decay_schedule) for name, each in variants.items()}
    flat, off = "flat-cosine", "constant"
    expected = {"mended": (off, off), "dropout": (flat, off), "weight_decay": (off, flat), "penalties": (flat, flat)}
    assert on == expected


def test_fields_of_one_value_a_layer_follow_the_layers() -> None:
    recipe = Recipe(hidden=(40, 20), activation=("relu", "tanh"), dropout=(0.0, 0.5))
    found = {probe.name: probe.applied(recipe) for probe in probes_of(recipe)}
    assert found["deeper"].activations == ("relu", "tanh", "tanh")
    assert found["deeper"].dropouts == (0.0, 0.5, 0.5)
    assert found["more dropout"].dropouts == (0.0, 0.75)
    assert found["no dropout"].dropouts == (0.0, 0.0)


def test_a_net_without_hidden_layers_is_given_one() -> None:
    found = fields(Recipe(hidden=()))
    assert found["a hidden layer"]["hidden"] == (64,)
    assert {"wider", "deeper", "narrower", "dropout", "more dropout"}.isdisjoint(found)


def test_what_a_recipe_cannot_take_is_left_out() -> None:
    found = fields(Recipe(hidden=(1,), optimizer="lbfgs"))
    assert {"narrower", "dropout", "lower learning rate", "higher learning rate"}.isdisjoint(found)


def test_quick_leaves_out_what_a_neighbour_tells() -> None:
    recipe = Recipe(hidden=(64,))
    assert set(fields(recipe)) - set(fields(recipe, quick=True)) == {"deeper", "much stronger penalty"}


def test_every_probe_says_what_it_changes_and_half_the_rows_come_last() -> None:
    probes = probes_of(Recipe(hidden=(64, 32), dropout=0.25, l2=1e-3))
    assert probes[-1] is HALF
    assert {probe.name: probe.change for probe in probes[:4]} == {
        "wider": "hidden 64x32 -> 256x128",
        "deeper": "hidden 64x32 -> 64x32x32",
        "narrower": "hidden 64x32 -> 16x8",
        "longer": "epochs 25 -> 50",
    }
    assert all(probe.change for probe in probes)


def test_rates_further_away_reach_as_far_as_a_range_test() -> None:
    found = {probe.name: probe.fields["learning_rate"] for probe in far_rates(Recipe(learning_rate=1e-8))}
    assert found == {
        "much lower learning rate": pytest.approx(1e-10),
        "much higher learning rate": pytest.approx(1e-6),
        "far lower learning rate": pytest.approx(1e-11),
        "far higher learning rate": pytest.approx(1e-5),
        "usual learning rate": 1e-3,
    }
    sides = {probe.name: probe.side for probe in far_rates(Recipe(learning_rate=1e-8))}
    assert sides["usual learning rate"] == "longer"
    assert len(far_rates(Recipe(optimizer="sgd", learning_rate=50.0))) == 4
    assert far_rates(Recipe(optimizer="lbfgs")) == []


def test_short_trainings_do_not_ask_for_longer_ones_and_ample_nets_for_wider_ones() -> None:
    whole = {probe.name for probe in probes_of(Recipe(hidden=(64,)), quick=True)}
    brief = {probe.name for probe in probes_of(Recipe(hidden=(64,)), quick=True, brief=True)}
    ample = {probe.name for probe in probes_of(Recipe(hidden=(64,)), quick=True, ample=True)}
    assert whole - brief == {"longer", "higher learning rate"}
    assert whole - ample == {"wider"}
