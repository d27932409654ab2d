"""Formulas as people type them: their values against Python's, and whatever may be typed wrongly."""

from __future__ import annotations

import math
import re
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goodfit.errors import InputError
from goodfit.studies.universal_approximation.formula import parse

X = np.linspace(-2, 2, 41)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("sin(3*x) + abs(x)", np.sin(3 * X) + abs(X)),
        ("x^3 - 2*x", X**3 - 2 * X),
        ("-x^2", -(X**2)),
        ("2^-1*x", X / 2),
        ("x**2", X**2),
        ("2^3^2 + 0*x", 512 + 0 * X),
        ("1 - 2 - 3", -4 + 0 * X),
        ("8/4/2", 1 + 0 * X),
        ("--x", X),
        ("-(x - 1)*+2", -2 * (X - 1)),
        ("exp(-8*x^2)", np.exp(-8 * X**2)),
        ("step(x)", (X > 0) * 1.0),
        ("sign(x)*sqrt(abs(x))", np.sign(X) * np.sqrt(abs(X))),
        ("\n  pi * e\t+ .5e1 + 1.e-1 ", math.pi * math.e + 5.1 + 0 * X),
        ("tanh(x)/cos(x/2) + floor(x) + tan(x/4) + log(x^2 + 1) + atan(x)",
         np.tanh(X) / np.cos(X / 2) + np.floor(X) + np.tan(X / 4) + np.log(X**2 + 1) + np.arctan(X)),
    ],
)  # fmt: skip
def test_values(text: str, value: np.ndarray) -> None:
    formula = parse(text)
    np.testing.assert_allclose(formula(X), value, rtol=1e-12)
    assert formula.finite(X).shape == X.shape
    assert formula.text == text


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Formula: must not be empty; got ''. \"sin(3*x) + abs(x)\" is one."),
        (" \n", "Formula: must not be empty"),
        ("sin(3*x", "Formula 'sin(3*x', character 8: a bracket must be closed; got 'the end'."),
        ("(x 2)", "character 4: a bracket must be closed; got '2'. Write * between factors."),
        ("3x", "Formula '3x', character 2: an operator or the end must follow; got 'x'. Write * between factors."),
        ("x)", "character 2: an operator or the end must follow; got ')'."),
        ("x +", "character 4: a number, x, a function or a bracket must stand here; got 'the end'."),
        ("()", "character 2: a number, x, a function or a bracket must stand here; got ')'."),
        ("*x", "character 1: a number, x, a function or a bracket must stand here"),
        ("x^", "character 3: a number, x, a function or a bracket must stand here"),
        ("sin x", "character 5: the argument of sin must stand in brackets; got 'x'. Write sin(...)."),
        ("sine(x)", "character 1: a name must be a known one; got 'sine'. Did you mean 'sin'?"),
        ("y + 1", "character 1: a name must be a known one; got 'y'. Valid: x, pi, e, abs"),
        ("x.real", "character 2: a character must be one of a formula; got '.'."),
        ("__import__('os')", "character 1: a name must be a known one; got '__import__'."),
        ("x.__class__.__mro__", "character 2: a character must be one of a formula; got '.'."),
        ("(lambda: x)()", "character 2: a name must be a known one; got 'lambda'."),
        ("[x for x in x]", "character 1: a character must be one of a formula; got '['."),
        ("x if x else 1", "character 3: an operator or the end must follow; got 'if'"),
        ("x; x", "character 2: a character must be one of a formula; got ';'."),
        ("sin(x, x)", "character 6: a character must be one of a formula; got ','."),
        ("x > 0", "character 3: a character must be one of a formula; got '>'."),
        ("3 × x", "character 3: a character must be one of a formula; got '×'. Write * in its place."),
        ("x − 1", "character 3: a character must be one of a formula; got '−'. Write - in its place."),
        ("x²", "character 2: a character must be one of a formula; got '²'. Write ^2 in its place."),
        ("٣*x", "character 1: a character must be one of a formula; got '٣'."),
        ("ｘ", "character 1: a character must be one of a formula; got 'ｘ'."),
        ("正弦(x)", "character 1: a character must be one of a formula; got '正'."),
        ("x\0", "character 2: a character must be one of a formula"),
        ("\ud800", "character 1: a character must be one of a formula"),
        ("1e400*x", "character 1: a number must be within what float64 holds, 1.8e308; got '1e400'."),
        ("nan", "a name must be a known one; got 'nan'."),
        ("inf*x", "a name must be a known one; got 'inf'."),
        ("(" * 41 + "x" + ")" * 41, "character 41: brackets, signs and powers must nest at most 40 deep"),
        ("-" * 150 + "x", "must nest at most 40 deep"),
        ("^".join("x" * 90), "must nest at most 40 deep"),
        ("x" + "+x" * 100, "Formula: must have at most 200 characters; got 201."),
    ],
)  # fmt: skip
def test_what_is_no_formula(text: str, message: str) -> None:
    with pytest.raises(InputError) as error:
        parse(text)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1/x", "Formula '1/x': must have a finite value everywhere; at x = 0 it has not; got inf."),
        ("log(x)", "at x = -2 it has not; got nan."),
        ("9^9^9^9*x", "at x = -2 it has not; got -inf."),
        ("exp(exp(exp(exp(x))))", "it has not; got inf."),
        ("sqrt(x)", "at x = -2 it has not; got nan."),
        ("step(sqrt(x))", "at x = -2 it has not; got nan."),
        ("(0*x)/(0*x)", "it has not; got nan."),
    ],
)
def test_values_that_are_not_finite(text: str, message: str) -> None:
    with pytest.raises(InputError, match=re.escape(message)):
        parse(text).finite(X)


def test_huge_powers_take_no_time() -> None:
    """Python's whole numbers would need 370 million digits for 9^9^9; floats are infinite at once."""
    began = time.perf_counter()
    assert np.isinf(parse("9^9^9^9^9")(X)).all()
    assert time.perf_counter() - began < 5


@given(st.text(max_size=60) | st.text("x0123.e+-*/^() sincoabt", max_size=60))
def test_any_text_is_a_formula_or_an_input_error(text: str) -> None:
    try:
        formula = parse(text)
    except InputError:
        with pytest.raises(InputError, match=r"^Formula"):
            parse(text)
        return
    assert formula(X).shape == X.shape


@given(st.recursive(st.sampled_from(["x", "2", "0.5", "pi"]), lambda inner: st.tuples(
    inner, st.sampled_from(["+", "-", "*", "/"]), inner).map(lambda parts: f"({parts[0]} {parts[1]} {parts[2]})"),
    max_leaves=8))  # fmt: skip
def test_as_python_reckons(text: str) -> None:
    with np.errstate(all="ignore"):
        expected = np.broadcast_to(eval(text, {"x": X, "pi": np.float64(math.pi)}), X.shape)
    np.testing.assert_allclose(parse(text)(X), expected, rtol=1e-12)
