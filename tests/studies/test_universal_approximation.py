"""Section 4.1.1.2 in its small form: the claims, layers built by hand against interpolation, what may be asked."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from studies_help import Small

from goodfit.errors import InputError
from goodfit.studies import run
from goodfit.studies.universal_approximation.nets import as_large, built, parameters_of, values_of
from goodfit.studies.universal_approximation.targets import GRID, REACH, TargetFunction

pytestmark = pytest.mark.xdist_group("universal-approximation")  # a worker runs its small form once

TEXTS = ("sin(3*x)", "exp(-8*x^2)", "step(x)", "1e250*x^3 + 3e250", "abs(x) - 1000")


def test_the_claims(small: Small) -> None:
    result = small("universal-approximation")
    found = {each.claim.name: each.status for each in result.claims}
    assert found["any-function"] == "does not hold"
    assert found["wider"] == "holds"
    assert found["bounded"] != "does not hold"
    assert result.claim("any-function").found.value >= 0.5 - 1e-3


def test_no_net_comes_closer_to_a_step_than_half_of_it(small: Small) -> None:
    table = small("universal-approximation").tables["errors"]
    largest = [value for name, value in zip(table["target"], table["largest"], strict=True) if name == "step"]
    assert min(largest) >= 0.5 - 1e-3


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("units", [1, 7, 64])
def test_the_layer_built_by_hand_interpolates(text: str, units: int) -> None:
    target = TargetFunction(text)
    knots = np.linspace(-REACH, REACH, units + 1)
    expected = np.interp(GRID, knots, target(knots))
    np.testing.assert_allclose(values_of(built(target, units), "relu", GRID), expected, atol=1e-9)


def test_the_error_of_straight_lines_is_the_textbook_s() -> None:
    """At most h^2 max|f''| / 8; for the parabola that is reached in the middle of every piece."""
    target = TargetFunction("x^2")
    largest = target.errors(values_of(built(target, 50), "relu", GRID))[1]
    assert largest == pytest.approx((4 / 50) ** 2 * 2 / 8 / 4, rel=0.01)


@pytest.mark.parametrize("text", TEXTS)
def test_targets_are_scaled_and_come_back(text: str) -> None:
    target = TargetFunction(text)
    values = target(GRID)
    assert (values.mean(), values.std()) == pytest.approx((0, 1), abs=1e-9)
    np.testing.assert_allclose(target.unscaled(values), target.formula(GRID), rtol=1e-9, atol=1e-9)
    root, largest = target.errors(values + target.range / 4)
    assert (root, largest) == pytest.approx((0.25, 0.25))


def test_deeper_nets_are_as_large() -> None:
    assert parameters_of((256,)) == 769
    assert as_large(256, 2) == (25, 25)
    assert parameters_of((25, 25)) <= 769 < parameters_of((26, 26))
    assert as_large(1, 3) == (1, 1, 1)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1/x", "Formula '1/x': must have a finite value everywhere; at x = 0 it has not; got inf."),
        ("3", "Formula '3': must vary over the interval from -2 to 2; got 3.0. Let x decide."),
        ("0*x", "must vary over the interval"),
        ("1 + 1e-9*x", "must vary over the interval"),
        ("sin(y)", "a name must be a known one; got 'y'"),
    ],
)
def test_formulas_that_are_refused(text: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        run("universal-approximation", formula=text)
    assert message in str(error.value)


def test_a_formula_of_ones_own() -> None:
    result = run("universal-approximation", seeds=2, widths=(2, 1), epochs=2, formula="floor(3*x)", activation="tanh")
    assert result.claim("deeper").status == "cannot tell"
    values = [v for t, u, v in zip(*(result.tables["fits"][c] for c in ("target", "units", "value")), strict=True)
              if (t, u) == ("formula", 0)]  # fmt: skip
    assert {round(value) for value in values} == set(range(-6, 7))


def test_the_command_line_says_what_is_wrong() -> None:
    command = [sys.executable, "-m", "goodfit", "study", "universal-approximation", "--formula", "sin(x"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Formula 'sin(x', character 6: a bracket must be closed; got 'the end'." in done.stderr
    assert "Traceback" not in done.stderr
