"""Arguments of public functions, checked against their annotations before anything else is done with them.

A value of a wrong type would otherwise fail somewhere inside, in words that name nothing that the user wrote.
"""

import collections.abc
import functools
import inspect
import itertools
import numbers
import os
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, Literal, ParamSpec, TypeVar

from goodfit.deprecated import deprecated
from goodfit.errors import Problems

P = ParamSpec("P")
R = TypeVar("R")

ABSTRACT = (collections.abc.Iterable, collections.abc.Sequence, list, tuple)  # whatever can be gone through will do
ARRAYS = ("NDArray", "ndarray")  # of what shape and type they are is checked where they are used
WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", type(None): "None"}
PATHS = ("Path", "PathLike")
RECIPE = "recipe"  # the first argument of every public function that takes one beside data


def public(function: Callable[P, R]) -> Callable[P, R]:
    """Have every call raise one InputError that names all arguments of a wrong type, and says so if two are swapped.

    Where the first argument is the recipe, a call of older versions, which gave it after the data, is put right with a
    DeprecationWarning (see `recipe_first`).

    What an annotation does not say (ranges, shapes, names that exist) is left to the function; so are missing and
    unknown arguments to Python.
    """
    signature = inspect.signature(function)
    leads = recipe_leads(signature)

    @functools.cache
    def expected() -> dict[str, list[Any]]:  # at the first call: then whatever the annotations name is defined
        return _expected(function, signature)

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        arguments: tuple[Any, ...] = recipe_first(function.__name__, signature, args, kwargs) if leads else args
        try:
            given = signature.bind(*arguments, **kwargs).arguments
        except TypeError:
            return function(*arguments, **kwargs)  # which says what is missing or unknown, in its own name
        _check(function, expected(), given)
        return function(*arguments, **kwargs)

    return call


def recipe_leads(signature: inspect.Signature) -> bool:
    """Whether a function takes the recipe as its first argument, and what it is for as the second."""
    names = list(signature.parameters)
    return len(names) > 1 and names[0] == RECIPE


def recipe_first(
    where: str, signature: inspect.Signature, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, ...]:
    """The positional arguments with the recipe in front, where a call has it elsewhere or leaves it out.

    The type alone tells: a call is left as it is where its first argument is a recipe or None, and where there is no
    recipe among the others to put there. kwargs: a recipe that stands among them moves as well.
    """
    names = list(signature.parameters)
    if _is_recipe(args[0]) if args else names[1] not in kwargs or RECIPE in kwargs:
        return args
    place = next((number for number, value in enumerate(args) if number and _is_recipe(value)), None)
    if not args:
        moved: tuple[Any, ...] = (None,)
    elif place is not None:
        moved = (args[place], *args[:place], *args[place + 1 :])
    elif RECIPE in kwargs and names[1] not in kwargs:
        moved = (kwargs.pop(RECIPE), *args)
    elif len(args) == 1 and names[1] not in kwargs and not isinstance(args[0], Mapping | type):
        moved = (None, *args)
    else:
        return args
    fix = f"Put the recipe first, or None for the default one: {where}({RECIPE}, {names[1]}, ...)."
    deprecated(f"{where}: this order of arguments", fix)
    return moved


def _is_recipe(value: Any) -> bool:
    """Whether a value can stand for a recipe; by the name of its class, so that nothing is imported here."""
    return value is None or any(each.__name__ == "Recipe" for each in type(value).__mro__)


def _expected(function: Callable[..., Any], signature: inspect.Signature) -> dict[str, list[Any]]:
    """What each argument may be."""
    names = getattr(inspect.unwrap(function), "__globals__", {})
    return {
        name: _alternatives(each.annotation, names)
        for name, each in signature.parameters.items()
        if each.kind not in (each.VAR_POSITIONAL, each.VAR_KEYWORD)
    }


def _check(function: Callable[..., Any], expected: Mapping[str, list[Any]], given: Mapping[str, Any]) -> None:
    wrong = {name: given[name] for name in expected if name in given and not _fits(given[name], expected[name])}
    problems = Problems()
    for name, value in wrong.items():
        problems.add(
            function.__name__,
            f"'{name}' must be {_in_words(expected[name])}",
            got=value,
            fix=_fix(function.__name__, name, value, wrong, expected),
        )
    problems.raise_if_any()


def _fix(where: str, name: str, value: Any, wrong: Mapping[str, Any], expected: Mapping[str, list[Any]]) -> str:
    """What to do about a wrong argument: swap it with another, give what a class makes, or call its method."""
    for other, its in wrong.items():
        if other != name and _fits(value, expected[other]) and _fits(its, expected[name]):
            order = [each for each in expected if each in (name, other)]
            return f"Swap the two: {where}({', '.join(order)})."
    if isinstance(value, type):
        return f"Give an object of it: {value.__name__}(...)."
    words = " ".join(_word(each) for each in expected[name])
    if isinstance(value, dict) and words.startswith("a Recipe"):
        return "Make a recipe of it: goodfit.Recipe(**it)."
    if hasattr(value, "columns") and "a Table" in words:
        return "Make a table of a data frame first: goodfit.data.table(frame, target=...)."
    if type(value).__module__.startswith("goodfit.") and callable(getattr(value, where, None)):
        return f"A {type(value).__name__} does that itself, by its method '{where}'."
    return ""


def _alternatives(annotation: Any, names: Mapping[str, Any]) -> list[Any]:
    """What an annotation allows, one by one: types, or the last part of a name that only type checkers import.

    A name stands for every class that has it, so that nothing is imported to check against.
    """
    if isinstance(annotation, str):
        found = [_evaluated(part.strip(), names) for part in _parts(annotation)]
        return [each for one in found for each in (_alternatives(one, names) if not isinstance(one, str) else [one])]
    if annotation is inspect.Parameter.empty:
        return [Any]
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        return [each for part in typing.get_args(annotation) for each in _alternatives(part, names)]
    return [type(None)] if annotation is None else [annotation]


def _parts(text: str) -> list[str]:
    """The alternatives of a union as it is written: "A | B[C | D]" has two."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign in "[(") - (sign in "])")
        if sign == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += sign
    return parts


def _evaluated(text: str, names: Mapping[str, Any]) -> Any:
    try:
        return eval(text, dict(names))  # the annotation of a function of ours, as `typing.get_type_hints` does it
    except (NameError, AttributeError, TypeError, SyntaxError):
        return text.partition("[")[0].rpartition(".")[2]


def _fits(value: Any, expected: list[Any]) -> bool:
    return any(_is(value, kind) for kind in expected)


def _is(value: Any, kind: Any) -> bool:
    """Whether a value is what one alternative asks for; True where that cannot be told."""
    if isinstance(kind, str):
        return _is_array(value) if kind in ARRAYS else any(kind == each.__name__ for each in type(value).__mro__)
    if typing.get_origin(kind) is Literal:  # which of them it must be is for the function to say
        return any(type(value) is type(each) for each in typing.get_args(kind))
    origin = typing.get_origin(kind) or kind
    if origin is collections.abc.Callable:
        return callable(value)
    if not isinstance(origin, type):
        return True
    if origin.__name__ in ARRAYS:
        return _is_array(value)
    if getattr(origin, "_is_protocol", False):  # which a class of somebody's own may fulfil
        return type(value).__module__ not in ("builtins", "numpy")
    if origin in ABSTRACT:
        return _gone_through(value, origin, typing.get_args(kind))
    if origin is int:
        return isinstance(value, numbers.Integral)
    if origin is float:
        return isinstance(value, numbers.Real)
    if origin.__name__ in PATHS:
        return isinstance(value, os.PathLike)
    try:
        return isinstance(value, origin)
    except TypeError:  # a type that cannot be asked
        return True


def _is_array(value: Any) -> bool:
    return hasattr(value, "__array__") or isinstance(value, list | tuple | range)


def _gone_through(value: Any, origin: Any, inside: tuple[Any, ...]) -> bool:
    """Whether a value can be gone through, and holds what its annotation says, where it says one type for all."""
    if not isinstance(value, collections.abc.Iterable) or getattr(value, "ndim", 1) == 0:
        return False
    placed = hasattr(value, "__len__") and hasattr(value, "__getitem__") and not isinstance(value, Mapping)
    if origin is not collections.abc.Iterable and not placed:
        return False
    if not (len(inside) == 1 or inside[1:] == (...,)):
        return True
    allowed = _alternatives(inside[0], {})
    if isinstance(value, str | bytes):
        return _fits(value, allowed)
    if Any in allowed or iter(value) is value:  # an iterator is used up by looking
        return True
    # the values of an array are of one type, but for objects: looking at a million of them would take seconds
    alike = getattr(getattr(value, "dtype", None), "kind", "O") != "O"
    return all(_fits(each, allowed) for each in itertools.islice(value, 1 if alike else None))


def _in_words(expected: list[Any]) -> str:
    """`a Dataset, a Table or None`."""
    words = list(dict.fromkeys(_word(kind) for kind in expected))
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _word(kind: Any) -> str:
    if typing.get_origin(kind) is Literal:
        return " or ".join(repr(each) for each in typing.get_args(kind))
    origin = typing.get_origin(kind) or kind
    if origin in WORDS:
        return WORDS[origin]
    name = origin if isinstance(origin, str) else origin.__name__
    if name in ARRAYS:
        return "an array"
    if name in PATHS:
        return "a path"
    if origin is collections.abc.Callable:
        return "a function"
    if origin in ABSTRACT:
        inside = typing.get_args(kind)
        told = inside and inside[0] is not Any and not isinstance(inside[0], TypeVar)
        return f"a sequence, each {_word(inside[0])}" if told else "a sequence"
    return f"an {name}" if name[0] in "AEIOU" else f"a {name}"
