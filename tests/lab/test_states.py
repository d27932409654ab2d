"""A state of the lab: what holds, what is refused and in which words, and its way through an address."""

from __future__ import annotations

import base64
import contextlib
import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lab_help import SMALL

from goodfit.errors import InputError
from goodfit.lab.greeting import greeting
from goodfit.lab.opening import open_state
from goodfit.lab.states import DEFAULT, checked_state, from_address, to_address

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=4,
)
NAMES = ("recipe", "data", "nets", "widths", "seed", "epoch", "acts", "branch")


def state(**changes: Any) -> dict[str, Any]:
    return {**copy.deepcopy(SMALL), **changes}


def test_a_state_is_whole_and_goes_through_an_address() -> None:
    acts = [{"epoch": 3, "change": {"clip_norm": None}}, {"epoch": 3, "equal": 0}]
    acts.append({"epoch": 4, "weight": {"layer": 0, "kind": "b", "i": 2, "j": 0, "value": -1.5, "net": None}})
    for each in (
        DEFAULT,
        SMALL,
        state(epoch=9, acts=acts, branch={"epoch": 7, "acts": acts}),
        state(data={"points": [[0.5, 1, 0], [1, 2, 1]]}),
    ):
        found = checked_state(each)
        assert found.to_json() == each
        assert from_address(to_address(found)) == found


def test_the_default_state_says_what_it_trains() -> None:
    found = checked_state(DEFAULT)
    assert (found.count, found.whole_recipe().hidden, found.whole_recipe().seed) == (8, (16, 16), 0)
    widths = checked_state({name: value for name, value in state(widths=[2, 4, 4]).items() if name != "nets"})
    assert widths.count == 3
    assert "nets" not in widths.to_json()


@pytest.mark.parametrize(
    ("given_state", "match"),
    [
        ([], "State: must be an object with 'recipe' and 'data'"),
        ({}, "'recipe' must be given"),
        (state(nets=257), "the number of nets must be a whole number from 1 to 256; got 257"),
        (state(widths=[3, 2000]), "State: width 2 must be a whole number from 1 to 1,024; got 2000"),
        (state(net=2), "'net' is not a field. Did you mean 'nets'"),
        (state(recipe={"hiden": [3]}), "'hiden' is not a field. Did you mean 'hidden'"),
        (state(recipe={"seed": 3}), "'seed' stands beside the recipe"),
        (state(recipe={"hidden": [3] * 65}), "at most 64 hidden layers and 1,024 units"),
        (state(recipe={"optimizer": "lbfgs"}), "optimisers that learn from batches; got 'lbfgs'"),
        (state(recipe={"epochs": 20_001}), "at most 20,000 epochs"),
        (state(data={"name": "mons"}), "unknown name; got 'mons'. Did you mean 'moons'"),
        (state(data={"name": "moons", "factor": 0.5}), "'factor' is not a parameter of 'moons'"),
        (state(data={"name": "moons", "rows": 10_001}), "'data.rows' must be an integer from 1 to 10,000"),
        (state(data={"name": "moons", "file": "a.csv"}), "one of 'name', 'points' and 'file'"),
        (state(data={"points": [[0, 1, 0], [1, 2]]}), "point 1 is not; got \\[1, 2\\]"),
        (state(data={"points": [[0, 1, 10]]}), "with a class from 0 to 9"),
        (state(data={"points": []}), "a list of 1 to 2,000 points; got 0"),
        (state(data={"file": "a.csv"}), "'data.target' must be a name"),
        (state(acts=[{"epoch": 1, "equal": 0}]), "must not lie before the one above it, nor after 'epoch', 0"),
        (state(branch={"epoch": 2, "acts": [{"epoch": 3, "equal": 0}]}), "'branch.acts.0.epoch' must not lie .* 2"),
        (state(acts=[{"epoch": 0}]), "one of 'change', 'weight' and 'equal'"),
    ],
)
def test_what_is_refused(given_state: Any, match: str) -> None:
    with pytest.raises(InputError, match=match):
        checked_state(given_state)


def test_what_the_lab_refuses_it_does_not_offer() -> None:
    (optimizer,) = (field for field in greeting()["fields"] if field["name"] == "optimizer")
    assert "adam" in optimizer["choices"]
    assert "lbfgs" not in json.dumps(optimizer)


@pytest.mark.parametrize(
    ("rows", "told", "few"),
    [
        (3, "2 rows train, 1 row validates", ["Too few train", "Too few validate"]),
        (40, "28 rows train, 12 rows validate", []),
    ],
)
def test_it_is_said_how_many_rows_train_validate_and_are_sealed(rows: int, told: str, few: list[str]) -> None:
    given = checked_state(state(data={"name": "sine", "rows": rows}, recipe={"valid": 0.3, "batch_size": 1}))
    opened = open_state(given, {})
    assert opened.divided.en == f"{told}; 100 are sealed for the test."
    assert [text for text in ("Too few train", "Too few validate") if text in opened.few.en] == few
    assert opened.few.zh.count("太少") == len(few)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(InputError) as caught:
        checked_state(state(recipe={"l2": -1}, data={"name": "mons"}))
    assert len(caught.value.problems) == 2
    with pytest.raises(InputError) as caught:  # what is no state at all hides nothing either
        checked_state(state(nets=0, recipe={"l2": -1}, data={"name": "mons"}))
    assert len(caught.value.problems) == 3


@settings(max_examples=60)
@given(st.dictionaries(st.sampled_from(NAMES), json_values), st.sampled_from([None, *SMALL]), json_values)
def test_whatever_comes_is_a_state_or_refused(found: dict[str, Any], name: str | None, value: Any) -> None:
    changed = found if name is None else state(**{name: value})
    with contextlib.suppress(InputError):  # and no other error
        made = checked_state(changed)
        assert from_address(to_address(made)) == made


@settings(max_examples=200)
@given(st.text(max_size=40) | st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_whatever_an_address_holds(text: str) -> None:
    with pytest.raises(InputError, match="State"):
        from_address(text)
