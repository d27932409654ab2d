"""Parameters: declared once, checked all at once, read from flags as from Python."""

from __future__ import annotations

import numpy as np
import pytest

from goodfit.errors import InputError
from goodfit.studies.parameters import StudyParameter, checked, seeds
from goodfit.studies.words import Words

ABOUT = Words("What it is.", "说明。")
PARAMETERS = (
    *seeds(10),
    StudyParameter("l2", ABOUT, 3.0, low=0, high=100, flag="lambda"),
    StudyParameter("widths", ABOUT, (1, 2), "whole", 1, 512, many=True),
    StudyParameter("kind", ABOUT, "relu", "choice", choices=("relu", "tanh")),
)


def test_defaults_and_plain_values() -> None:
    given = checked("study", PARAMETERS, {"l2": np.float32(2), "widths": np.array([4, 8]), "seeds": np.int64(3)})
    assert given.to_dict() == {"seeds": 3, "seed": 0, "l2": 2.0, "widths": (4, 8), "kind": "relu"}
    assert list(checked("study", PARAMETERS, {"seeds": 3, "seed": 5}).all_seeds) == [5, 6, 7]


def test_a_whole_number_will_do_for_a_number_and_one_for_several() -> None:
    given = checked("study", PARAMETERS, {"l2": 1, "widths": 7})
    assert (given.l2, type(given.l2), given.widths) == (1.0, float, (7,))


def test_all_problems_at_once() -> None:
    with pytest.raises(InputError) as error:
        checked(
            "study weight-decay",
            PARAMETERS,
            {"l2": -1, "seeds": 1.5, "widths": (4, 4), "kind": "rleu", "lambda": 3, "seed": True},
        )
    assert error.value.problems == (
        "study weight-decay: 'l2' must be a number from 0 to 100; got -1.0.",
        "study weight-decay: 'seeds' must be a whole number from 2 to 10000; got 1.5.",
        "study weight-decay: 'widths' must not repeat a value; got (4, 4).",
        "study weight-decay: 'kind' must be one of relu, tanh; got 'rleu'. Did you mean 'relu'?",
        "study weight-decay: 'lambda' is not a parameter. Valid: seeds, seed, l2, widths, kind.",
        "study weight-decay: 'seed' must be a whole number from 0 to 1000000000; got True.",
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "3", None, [1.0]])
def test_what_is_no_number(value: object) -> None:
    with pytest.raises(InputError, match="'l2' must be a number from 0 to 100"):
        checked("study", PARAMETERS, {"l2": value})


@pytest.mark.parametrize("value", [(), tuple(range(1, 52)), (0,), (2.5,)])
def test_what_is_no_list(value: object) -> None:
    with pytest.raises(InputError, match="'widths' must be a whole number from 1 to 512, or a list of up to 50"):
        checked("study", PARAMETERS, {"widths": value})


@pytest.mark.parametrize("each", PARAMETERS, ids=lambda each: each.name)
def test_flags_read_what_they_write(each: StudyParameter) -> None:
    assert each.plain(each.read(each.text(each.default))) == each.default


def test_the_flag_and_its_range() -> None:
    assert [each.option for each in PARAMETERS] == ["--seeds", "--seed", "--lambda", "--widths", "--kind"]
    assert PARAMETERS[2].read("3e-1") == 0.3
    assert PARAMETERS[3].read("4, x") == (4, "x")
    assert PARAMETERS[2].range("zh") == "数，0 到 100"


def test_a_parameter_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="the study has no parameter 'lambd'"):
        _ = checked("study", PARAMETERS, {}).lambd
