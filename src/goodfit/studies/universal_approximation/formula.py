"""Formulas of one variable as people type them, such as "sin(3*x) + abs(x)": read here, never run as code.

    sum      = product (("+" | "-") product)*
    product  = signed (("*" | "/") signed)*
    signed   = ("+" | "-") signed | power
    power    = atom (("^" | "**") signed)?
    atom     = number | "x" | constant | function "(" sum ")" | "(" sum ")"

-x^2 is -(x^2), and x^2^3 is x^(2^3), as on paper. All arithmetic is NumPy's in float64, so that 9^9^9 is infinite at
once rather than computed for hours.

Python's own parser (`ast`) was tried in the place of this one. It finds the place of 14 of the 31 errors that are
tested, reads "ｘ" as x and "x # 1" as x, and keeps no brackets, of which the depth is bounded: tokens, brackets and
what may follow what would have to be checked before it, which is this grammar already.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike, NDArray

from goodfit.errors import InputError, nearest, problem, shorten

Numbers = NDArray[np.float64]
Function = Callable[[Numbers], Any]

LONGEST = 200  # characters of a formula
DEEPEST = 40  # levels of brackets, signs and powers
VARIABLE = "x"
CONSTANTS = {"pi": math.pi, "e": math.e}
FUNCTIONS: dict[str, Function] = {
    "abs": np.abs,
    "atan": np.arctan,
    "cos": np.cos,
    "exp": np.exp,
    "floor": np.floor,
    "log": np.log,
    "sign": np.sign,
    "sin": np.sin,
    "sqrt": np.sqrt,
    "step": lambda x: np.where(x > 0, 1.0, np.where(np.isnan(x), np.nan, 0.0)),
    "tan": np.tan,
    "tanh": np.tanh,
}
OPERATORS: dict[str, Callable[[Numbers, Numbers], Any]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "^": np.power,
}
LOOK_ALIKE = {**dict(zip("×·∙⋅÷−–—∗＋－＊／（）", "****/---*+-*/()", strict=True)), "²": "^2", "³": "^3"}
_TOKEN = re.compile(
    r"\s*(?:([0-9]+\.?[0-9]*(?:[eE][+-]?[0-9]+)?|\.[0-9]+(?:[eE][+-]?[0-9]+)?)|([A-Za-z_][A-Za-z_0-9]*)|(.))", re.S
)


@dataclass(frozen=True)
class Formula:
    """A formula that was read. text: as it was given."""

    text: str
    _value: Function

    def __call__(self, x: ArrayLike) -> Numbers:
        """Its values, of the shape of x, in float64; nan or infinite where it has none. No warnings."""
        at = np.asarray(x, np.float64)
        with np.errstate(all="ignore"):
            return np.array(np.broadcast_to(self._value(at), at.shape), np.float64)

    def finite(self, x: ArrayLike) -> Numbers:
        """Its values; InputError, naming the first place, where one is not a finite number."""
        at, values = np.asarray(x, np.float64), self(x)
        bad = ~np.isfinite(values)
        if bad.any():
            rule = f"must have a finite value everywhere; at x = {at[bad][0]:.4g} it has not"
            raise InputError(problem(_named(self.text), rule, got=float(values[bad][0])))
        return values


def parse(text: str) -> Formula:
    """Read a formula; InputError says what is wrong with it, and at which character (from 1)."""
    if len(text) > LONGEST:
        raise InputError(problem("Formula", f"must have at most {LONGEST} characters", got=len(text)))
    reader = _Reader(text)
    if reader.kind == "end":
        raise InputError(problem("Formula", "must not be empty", got=text, fix='"sin(3*x) + abs(x)" is one.'))
    value = reader.sum()
    if reader.kind != "end":
        reader.wrong("an operator or the end must follow", fix=_after(reader))
    return Formula(text, value)


class _Reader:
    """A recursive descent over the text, one token ahead. kind: number, name, sign, end."""

    def __init__(self, text: str) -> None:
        self.text, self.at, self.end, self.depth = text, 0, 0, 0
        self.kind, self.token = "end", ""
        self.advance()

    def advance(self) -> None:
        """Take the next token."""
        found = _TOKEN.match(self.text, self.end)
        rest = self.text[self.end :].strip()
        if found is None or not rest:
            self.at, self.kind, self.token = len(self.text), "end", ""
            return
        group = int(found.lastindex or 3)
        self.at, self.end = found.start(group), found.end(group)
        self.kind, self.token = ("number", "name", "sign")[group - 1], found.group(group)
        if self.text[self.at : self.at + 2] == "**":
            self.token, self.end = "^", self.at + 2
        if self.kind == "sign" and self.token not in {*OPERATORS, "(", ")"}:
            like = LOOK_ALIKE.get(self.token)
            self.wrong("a character must be one of a formula", fix=f"Write {like} in its place." if like else "")

    def wrong(self, rule: str, fix: str = "") -> NoReturn:
        """Refuse the token that comes next."""
        got = self.token if self.kind != "end" else "the end"
        where = f"{_named(self.text)}, character {self.at + 1}"
        raise InputError(problem(where, rule, got=got, fix=fix))

    def take(self, *tokens: str) -> str:
        """The sign that comes next, passed over, if it is one of these; else ""."""
        token = self.token
        if self.kind == "sign" and token in tokens:
            self.advance()
            return token
        return ""

    def deeper(self) -> None:
        """Enter a level; levels are bounded, so that no text exhausts Python's stack."""
        self.depth += 1
        if self.depth > DEEPEST:
            self.wrong(f"brackets, signs and powers must nest at most {DEEPEST} deep")

    def sum(self) -> Function:
        """Products with + and - between them."""
        value = self.product()
        while sign := self.take("+", "-"):
            value = _both(sign, value, self.product())
        return value

    def product(self) -> Function:
        """Factors with * and / between them."""
        value = self.signed()
        while sign := self.take("*", "/"):
            value = _both(sign, value, self.signed())
        return value

    def signed(self) -> Function:
        """A power, or a sign and what it belongs to."""
        self.deeper()
        sign = self.take("+", "-")
        value = self.signed() if sign else self.power()
        self.depth -= 1
        return _negative(value) if sign == "-" else value

    def power(self) -> Function:
        """An atom, perhaps to a power, which may have a sign."""
        value = self.atom()
        return _both("^", value, self.signed()) if self.take("^") else value

    def atom(self) -> Function:
        """A number, a name, or something in brackets."""
        if self.kind == "number":
            return self.number()
        if self.kind == "name":
            return self.name()
        if not self.take("("):
            self.wrong("a number, x, a function or a bracket must stand here")
        return self.closed()

    def closed(self) -> Function:
        """What stands in a bracket that was opened."""
        value = self.sum()
        if not self.take(")"):
            self.wrong("a bracket must be closed", fix="" if self.kind == "end" else _after(self))
        return value

    def number(self) -> Function:
        """A constant that is written out."""
        value = float(self.token)
        if not math.isfinite(value):
            self.wrong("a number must be within what float64 holds, 1.8e308")
        self.advance()
        return lambda _: np.float64(value)

    def name(self) -> Function:
        """x, a constant, or a function with its argument."""
        name = self.token
        if name not in {VARIABLE, *CONSTANTS, *FUNCTIONS}:
            self.wrong("a name must be a known one", fix=nearest(name, [VARIABLE, *CONSTANTS, *FUNCTIONS]))
        self.advance()
        if name in FUNCTIONS:
            if not self.take("("):
                self.wrong(f"the argument of {name} must stand in brackets", fix=f"Write {name}(...).")
            return _of(FUNCTIONS[name], self.closed())
        if name in CONSTANTS:
            constant = np.float64(CONSTANTS[name])
            return lambda _: constant
        return lambda x: x


def _named(text: str) -> str:
    return f"Formula {shorten(text)}"


def _after(reader: _Reader) -> str:
    """What helps where a value follows a value."""
    return "Write * between factors." if reader.kind in ("number", "name") or reader.token == "(" else ""


def _both(sign: str, left: Function, right: Function) -> Function:
    operator = OPERATORS[sign]
    return lambda x: operator(left(x), right(x))


def _negative(value: Function) -> Function:
    return lambda x: np.negative(value(x))


def _of(function: Function, inner: Function) -> Function:
    return lambda x: function(inner(x))
