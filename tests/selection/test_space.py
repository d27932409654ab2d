from __future__ import annotations

import math

import pytest

from goodfit.errors import InputError
from goodfit.selection.space import Range, Space, describe, parse, parse_all, text_of
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_rules import with_idle_off

BASE = Recipe(hidden=(8,), dropout=0.0, schedule="constant")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hidden=64,256,256x128", ("hidden", [64, 256, (256, 128)])),
        ("hidden=none,8", ("hidden", [(), 8])),
        ("l2=0,1e-4", ("l2", [0, 1e-4])),
        ("activation=relu,tanh", ("activation", ["relu", "tanh"])),
        ("bias=true,false", ("bias", [True, False])),
        ("encoding=none,piecewise", ("encoding", ["none", "piecewise"])),  # none is a name here
        ("clip-norm=none,1", ("clip-norm", [None, 1])),
        ("init=xavier-normal,orthogonal", ("init", ["xavier-normal", "orthogonal"])),  # and an x no list
        ("l2=1e-5..1e-2:log", ("l2", Range(1e-5, 1e-2, log=True))),
        ("l2=1e-5..1e-2:log:4", ("l2", Range(1e-5, 1e-2, log=True, points=4))),
        ("momentum=0..0.9:10", ("momentum", Range(0.0, 0.9, points=10))),
    ],
)
def test_texts_of_the_command_line(text: str, expected: object) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("l2", "must be FIELD=VALUES; got 'l2'"),
        ("l2=", "must be FIELD=VALUES"),
        ("=3", "must be FIELD=VALUES"),
        ("l2=1..b", r"a range must be LOW..HIGH\[:log\]\[:POINTS\]"),
        ("l2=1..2:ln", r"a range must be LOW..HIGH\[:log\]"),
        ("l2=1..2:log:3:4", r"a range must be LOW..HIGH\[:log\]"),
    ],
)
def test_texts_that_are_none(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse(text)


def test_a_grid_has_every_combination_once_in_order() -> None:
    space = Space(BASE, {"hidden": [4, (8, 2)], "l2": Range(1e-4, 1e-2, log=True, points=3)})
    assert space.size == 6
    settings = space.grid()
    assert [setting["hidden"] for setting in settings] == [(4,), (4,), (4,), (8, 2), (8, 2), (8, 2)]
    assert [setting["l2"] for setting in settings[:3]] == pytest.approx([1e-4, 1e-3, 1e-2])
    recipes = space.recipes(settings)
    assert recipes[4].hidden == (8, 2)
    assert recipes[4].l2 == pytest.approx(1e-3)
    assert recipes[4].schedule == "constant"  # what all share


def test_random_settings_differ_keep_to_the_range_and_are_the_first_of_more() -> None:
    space = Space(BASE, {"l2": Range(1e-5, 1e-1, log=True), "epochs": Range(2, 9), "dropout": [0.0, 0.5]})
    assert space.size == math.inf
    settings = space.random(200, seed=3)
    assert len(settings) == 200
    assert len({tuple(setting.values()) for setting in settings}) == 200
    assert all(1e-5 <= setting["l2"] <= 1e-1 for setting in settings)
    assert {setting["epochs"] for setting in settings} == set(range(2, 10))
    below = sum(setting["l2"] < 1e-3 for setting in settings)  # the middle of the range on a logarithmic scale
    assert abs(below - 100) < 4 * math.sqrt(200) / 2  # four standard deviations of a fair coin
    assert space.random(20, seed=3) == settings[:20]
    assert space.random(20, seed=4) != settings[:20]


def test_a_space_that_is_used_up_gives_what_it_has() -> None:
    space = Space(BASE, {"l2": [0.0, 1.0], "l1": [0.0, 1.0]})
    found = space.random(100, seed=0)
    assert sorted(tuple(setting.values()) for setting in found) == [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)]


@pytest.mark.parametrize(
    ("vary", "messages"),
    [
        ({}, ["'vary' must name at least one field"]),
        ({"hiden": [1]}, ["'hiden' is not a field that can be varied. Did you mean 'hidden'?"]),
        ({"seed": [1]}, ["'seed' is not a field that can be varied. Use 'seeds' of the search."]),
        ({"l2": []}, ["'l2' must have a list of values"]),
        ({"l2": "12"}, ["'l2' must have a list of values"]),
        ({"l2": [0.1, 0.1]}, ["'l2' must have distinct values; one is repeated; got '0.1'"]),
        ({"hidden": [8, (8,)]}, ["'hidden' must have distinct values"]),
        ({"activation": Range(1, 2)}, ["'activation' cannot be a range"]),
        ({"l2": Range(2, 1)}, ["the range of 'l2' must be increasing"]),
        ({"l2": Range(0, 1, log=True)}, ["a logarithmic range must be above 0"]),
        ({"l2": Range(0, math.inf)}, ["the range of 'l2' must be increasing"]),
        ({"l2": Range(0, 1, points=1)}, ["must have at least two points"]),
        ({"hiden": [1], "l2": []}, ["'hiden' is not a field", "'l2' must have a list"]),
    ],
)
def test_what_cannot_be_varied(vary: dict[str, object], messages: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        Space(BASE, vary)  # type: ignore[arg-type]
    assert len(caught.value.problems) == len(messages)
    for text, message in zip(caught.value.problems, messages, strict=True):
        assert message in text


def test_a_grid_of_an_open_range_is_refused() -> None:
    with pytest.raises(InputError, match="a grid needs the number of points of every range; 'l2' has none"):
        Space(BASE, {"l2": Range(0, 1)}).grid()


def test_settings_that_the_recipe_refuses_are_named() -> None:
    space = Space(BASE, {"l2": [0.1, -1.0]})
    with pytest.raises(InputError, match=r"'l2' must be a finite number >= 0; got -1.0.*\(setting 1: l2 -1\)"):
        space.recipes(space.grid())


def test_what_is_switched_off_takes_its_schedule_along() -> None:
    base = Recipe(dropout_schedule="flat-cosine", decay_schedule="flat-cosine", optimizer="adamw")
    space = Space(base, {"dropout": [0, 0.2], "weight_decay": [0.0, 0.1]})
    made = space.recipes(space.grid())
    assert [each.dropout_schedule for each in made] == ["constant", "constant", "flat-cosine", "flat-cosine"]
    assert [each.decay_schedule for each in made] == ["constant", "flat-cosine"] * 2
    with pytest.raises(InputError, match="Use dropout_schedule=constant"):  # a recipe that is given anew says so itself
        base.replace(dropout=0)


def test_what_all_settings_share_is_off_where_it_has_no_effect() -> None:
    base = Recipe(decay_schedule="flat-cosine", optimizer="adamw")  # whose decay is that of adamw
    space = Space(base, {"optimizer": ["sgd", "lion", "adamw"]})
    sgd, lion, adamw = space.recipes(space.grid())
    assert sgd == Recipe(optimizer="sgd")
    assert lion == Recipe(optimizer="lion")
    assert adamw == base
    base = base.replace(weight_decay=0.1, dropout=0.2, dropout_schedule="flat-cosine", beta1=0.8)
    sgd, lbfgs = (base.replace(**with_idle_off(base, {"optimizer": name})) for name in ("sgd", "lbfgs"))
    assert sgd == Recipe(optimizer="sgd", dropout=0.2, dropout_schedule="flat-cosine")
    assert lbfgs == Recipe(optimizer="lbfgs", dropout=0)
    space = Space(base, {"optimizer": ["sgd"], "weight_decay": [0.1]})
    with pytest.raises(InputError, match="'weight_decay' must be 0 with optimizer 'sgd'") as caught:
        space.recipes(space.grid())
    assert len(caught.value.problems) == 1  # not of the schedule, too


def test_settings_in_words() -> None:
    assert (
        describe({"hidden": (256, 128), "l2": 0.001, "activation": "relu"})
        == "hidden 256x128, l2 0.001, activation relu"
    )
    assert text_of(()) == text_of(None) == "none"


def test_a_field_is_varied_once() -> None:
    assert list(parse_all(["l2=0,1", "hidden=3"])) == ["l2", "hidden"]
    with pytest.raises(InputError, match=r"Search: 'l2' is varied twice; got 'l2=3'\. Give all its values at once"):
        parse_all(["l2=0,1", "l2=3"])
    with pytest.raises(InputError, match="Search: 'batch-size' is varied twice"):
        parse_all(["batch_size=8", "batch-size=16"])
    with pytest.raises(InputError, match=r"Search: 'batch-size' is varied twice\. Give all"):
        Space(Recipe(), {"batch_size": [8], "batch-size": [16]})
