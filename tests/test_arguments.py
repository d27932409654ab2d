"""Public functions say in one sentence what argument is wrong; nothing wrong gets inside."""

from __future__ import annotations

import importlib
import inspect
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd
import polars as pl
import pytest
from numpy.typing import NDArray

import goodfit as gf
from goodfit import arguments
from goodfit.arguments import public
from goodfit.data import Dataset
from goodfit.errors import GoodfitError, InputError
from goodfit.training import Recipe

FACES = (
    *("", ".data", ".data.tables", ".curves", ".figures", ".inspection", ".leaks", ".models", ".reports", ".runs"),
    *(".selection", ".studies", ".training", ".verdicts"),
)
RNG = np.random.default_rng(0)
DATA = gf.data.Dataset.from_arrays(RNG.normal(size=(30, 2)), RNG.integers(0, 2, 30))
RECIPE = gf.Recipe(hidden=(3,), epochs=1, valid=0.2)


def functions() -> Iterator[tuple[str, Callable[..., Any]]]:
    for face in FACES:
        module = importlib.import_module(f"goodfit{face}")
        for name in dir(module):
            found = getattr(module, name)
            if inspect.isfunction(found) and not name.startswith("_"):
                yield f"goodfit{face}.{name}", found


def test_every_public_function_checks_its_arguments() -> None:
    unchecked = [
        name for name, each in functions() if inspect.signature(each).parameters and not hasattr(each, "__wrapped__")
    ]
    assert not unchecked


def test_a_path_may_be_a_text() -> None:
    """Also in the methods of public classes."""
    modules = [importlib.import_module(f"goodfit{face}") for face in FACES]
    names = [(module, name) for module in modules for name in getattr(module, "__all__", ())]
    classes = {found for module, name in names if inspect.isclass(found := getattr(module, name))}
    methods = [
        (f"{kind.__qualname__}.{name}", each)
        for kind in classes
        for name, each in vars(kind).items()
        if inspect.isfunction(each) and not name.startswith("_")
    ]
    assert len(methods) > 50
    kinds = [(name, str(p.annotation)) for name, each in [*functions(), *methods] for p in _parameters(each)]
    assert not [name for name, kind in kinds if re.search(r"\bPath\b", kind) and "str" not in kind]


def _parameters(function: Callable[..., Any]) -> Iterable[inspect.Parameter]:
    return inspect.signature(function).parameters.values()


def test_swapped_arguments_are_named_and_put_right() -> None:
    table = gf.data.table({"a": [1.0, 2.0, 3.0, 4.5] * 8, "b": [0, 1, 0, 1] * 8}, target="b")
    with pytest.raises(InputError) as caught:
        gf.train(recipe=table, data=RECIPE)  # type: ignore[arg-type]
    first, second = caught.value.problems
    assert first.startswith("train: 'recipe' must be a Recipe, a Mapping, a text or None; got ")
    assert first.endswith("Swap the two: train(recipe, data).")
    assert second.startswith("train: 'data' must be a Dataset, a Table, a Split or a text; got Recipe(")
    with pytest.raises(InputError, match=r"Swap the two: verdict\(recipe, data\)\."):
        gf.verdict(recipe=DATA, data=RECIPE)  # type: ignore[arg-type]


@public
def both(recipe: Recipe | None, data: Dataset | str, more: int = 0, *, seed: int = 0) -> tuple[object, ...]:
    """What it is given."""
    return recipe, data, more, seed


ORDERS: list[tuple[Callable[[Any], Any], tuple[object, ...]]] = [
    (lambda call: call("iris", RECIPE), (RECIPE, "iris", 0, 0)),
    (lambda call: call(DATA, RECIPE, seed=3), (RECIPE, DATA, 0, 3)),
    (lambda call: call("iris", 2, RECIPE), (RECIPE, "iris", 2, 0)),
    (lambda call: call("iris", None, 2), (None, "iris", 2, 0)),
    (lambda call: call("iris", recipe=RECIPE), (RECIPE, "iris", 0, 0)),
    (lambda call: call("iris"), (None, "iris", 0, 0)),
    (lambda call: call("iris", seed=1), (None, "iris", 0, 1)),
    (lambda call: call(data="iris"), (None, "iris", 0, 0)),
    (lambda call: call(data="iris", more=2), (None, "iris", 2, 0)),
]


@pytest.mark.parametrize("number", range(len(ORDERS)))
def test_the_old_order_is_put_right_by_type_with_one_warning(number: int) -> None:
    made, expected = ORDERS[number]
    rule = r"^both: this order of arguments is deprecated; .* Put the recipe first.*both\(recipe, data, \.\.\.\)\.$"
    with pytest.warns(DeprecationWarning, match=rule) as told:
        assert made(both) == expected
    assert len(told) == 1
    assert told[0].filename == __file__


def test_the_order_of_today_is_left_alone() -> None:
    for call in (
        lambda: both(RECIPE, "iris", 4),
        lambda: both(RECIPE, data="iris", more=4),
        lambda: both(recipe=RECIPE, data="iris", more=4),
        lambda: both(data="iris", recipe=RECIPE, more=4),
    ):
        assert call() == (RECIPE, "iris", 4, 0)
    assert both(None, "iris") == (None, "iris", 0, 0)
    assert both(None, data=DATA) == (None, DATA, 0, 0)


def test_the_old_order_gives_the_same_results() -> None:
    recipe, data = RECIPE.replace(epochs=1), gf.data.load("iris")
    with pytest.warns(DeprecationWarning, match="^train: this order of arguments is deprecated"):
        old = gf.train(data, recipe)  # type: ignore[arg-type]
    new = gf.train(recipe, data)
    np.testing.assert_array_equal(old.nets[0].weights[0], new.nets[0].weights[0])


def test_every_public_function_takes_the_recipe_first_where_it_takes_data() -> None:
    """Data by whatever name: what `train` takes as its second argument."""
    wrong = []
    for name, each in functions():
        places = list(inspect.signature(each).parameters)
        positional = [p.name for p in inspect.signature(each).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
        if "recipe" in positional and {"data", "name"} & set(positional) and places[0] != "recipe":
            wrong.append(name)
    assert not wrong
    found = {
        name.rpartition(".")[2]
        for name, each in functions()
        if next(iter(inspect.signature(each).parameters), "") == "recipe"
    }
    assert {"train", "select", "verdict", "learning_curve", "epoch_curve", "data_curve"} <= found


WRONG: list[tuple[Callable[[], Any], str]] = [
    (
        lambda: gf.train(gf.Recipe, DATA),
        r"'recipe' must be a Recipe, a Mapping, a text or None; .* Give an object of it: Recipe\(\.\.\.\)\.",
    ),  # type: ignore[arg-type]
    (
        lambda: gf.select({"epochs": 3}, DATA, vary={"l2": [0]}),
        r"'recipe' must be a Recipe or None; .* Make a recipe of it: goodfit\.Recipe\(\*\*it\)\.",
    ),  # type: ignore[arg-type]
    (
        lambda: gf.train(RECIPE, pd.DataFrame({"a": [1]})),
        r"'data' must be .* goodfit\.data\.table\(frame, target=\.\.\.\)\.",
    ),  # type: ignore[arg-type]
    (
        lambda: gf.select(None, pl.DataFrame({"a": [1]}), vary={"l2": [0]}),
        r"goodfit\.data\.table\(frame, target=\.\.\.\)\.",
    ),  # type: ignore[arg-type]
    (lambda: gf.train(RECIPE, None), "'data' must be a Dataset, a Table, a Split or a text; got None"),  # type: ignore[arg-type]
    (lambda: gf.train(RECIPE, DATA, seeds=2.5), "'seeds' must be a whole number, a sequence, each a whole number or N"),  # type: ignore[arg-type]
    (lambda: gf.train(RECIPE, DATA, progress=3), "'progress' must be a function or None; got 3"),  # type: ignore[arg-type]
    (lambda: gf.load_model(3), "load_model: 'path' must be a text or a path; got 3"),  # type: ignore[arg-type]
    (lambda: gf.inspect(DATA), "inspect: 'net' must be a Run, a Model or a TrainedNet; got Dataset"),  # type: ignore[arg-type]
    (lambda: gf.data.split("iris"), "split: 'data' must be a Dataset"),  # type: ignore[arg-type]
    (lambda: gf.data.make_folds(DATA, None), "make_folds: 'rows' must be an array; got None"),  # type: ignore[arg-type]
    (lambda: gf.data.make_folds(DATA, np.zeros(3)), "'rows' must be whole numbers, one a row to divide"),
    (lambda: gf.leaks.guard(gf.data.split(DATA), groups=3), "guard: 'groups' must be a sequence, an array or None"),  # type: ignore[arg-type]
    (lambda: gf.models.save_model("m", "net"), "'nets' must be a sequence, each a TrainedNet; got 'net'"),  # type: ignore[arg-type]
    (lambda: gf.models.save_model("", []), "''|at least one net"),
    (lambda: gf.studies.run(3), "run: 'name' must be a text or a Study; got 3"),  # type: ignore[arg-type]
    (lambda: gf.inspection.describe_net(None, [], "relu"), "'weights' must be a sequence of arrays, one a layer"),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_wrong_types(number: int) -> None:
    call, message = WRONG[number]
    with pytest.raises(InputError, match=message):
        call()


JUNK: list[Any] = [
    None,
    3,
    2.5,
    "nope",
    b"x",
    [1],
    {"a": 1},
    object(),
    np.zeros((2, 2)),
    np.array(3),
    RECIPE,
    DATA,
    gf.Recipe,
]
TRAINS = ("run_all", "fetch", "train", "select", "verdict", "inspect", "data_curve", "epoch_curve", "learning_curve")


def test_nothing_wrong_gets_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every function with every pair of the values above for what it needs: it works, or it says what is wrong."""
    monkeypatch.chdir(tmp_path)
    found = []
    for name, function in functions():
        if name.rpartition(".")[2] in TRAINS:
            continue
        needed = [each.name for each in inspect.signature(function).parameters.values() if each.default is each.empty]
        needed = [each for each in needed if each not in ("parameters", "choices", "fields")]
        for values in itertools.islice(itertools.product(JUNK, repeat=len(needed)), 300):
            try:
                function(**dict(zip(needed, values, strict=True)))
            except GoodfitError:
                continue
            except Exception as error:  # noqa: BLE001 - this is what the test looks for
                found.append(f"{name}{tuple(type(value).__name__ for value in values)}: {error!r}")
    assert not found, "\n".join(found[:20])


class Speaks(Protocol):
    def speak(self) -> str: ...


@public
def example(
    number: int,
    *,
    real: float = 0.0,
    words: Sequence[str] = (),
    some: Iterable[int] = (),
    pair: tuple[int, str] = (0, ""),
    path: Path | None = None,
    rows: NDArray[np.int64] | None = None,
    by: Literal["a", "b"] = "a",
    mapping: Mapping[str, int] | None = None,
    speaker: Speaks | None = None,
    later: Unknown | None = None,
    free: Any = None,
) -> int:
    """An example."""
    return number


class Unknown:
    pass


class Speaker:
    def speak(self) -> str:
        return "yes"


GOOD: list[dict[str, Any]] = [
    *({"number": 3}, {"number": np.int64(3)}, {"number": True}, {"real": 3}, {"real": np.float32(2)}),
    *({"words": ["a"]}, {"words": ("a", "b")}, {"words": np.array(["a"])}, {"some": range(3)}, {"some": iter([1])}),
    *({"some": {1, 2}}, {"some": np.arange(3)}, {"pair": (1, "a")}, {"path": Path("x")}, {"rows": [1, 2]}),
    *({"rows": np.arange(2)}, {"by": "c"}, {"mapping": {"a": 1}}, {"speaker": Speaker()}, {"later": Unknown()}),
    *({"later": None}, {"free": object()}),
]
BAD: list[tuple[dict[str, Any], str]] = [
    ({"number": "3"}, "example: 'number' must be a whole number; got '3'."),
    ({"number": 2.5}, "example: 'number' must be a whole number; got 2.5."),
    ({"real": "x"}, "example: 'real' must be a number; got 'x'."),
    ({"words": [1]}, "example: 'words' must be a sequence, each a text; got [1]."),
    ({"words": {"a": 1}}, "example: 'words' must be a sequence, each a text; got {'a': 1}."),
    ({"words": iter(["a"])}, "example: 'words' must be a sequence, each a text; got <list_iterator"),
    ({"some": "12"}, "example: 'some' must be a sequence, each a whole number; got '12'."),
    ({"some": np.zeros(1)}, "example: 'some' must be a sequence, each a whole number; got array([0.])."),
    ({"path": "x"}, "example: 'path' must be a path or None; got 'x'."),
    ({"rows": 3}, "example: 'rows' must be an array or None; got 3."),
    ({"by": 3}, "example: 'by' must be 'a' or 'b'; got 3."),
    ({"speaker": "x"}, "example: 'speaker' must be a Speaks or None; got 'x'."),
    ({"later": 3}, "example: 'later' must be an Unknown or None; got 3."),
]


@pytest.mark.parametrize("given", GOOD)
def test_what_fits_passes(given: dict[str, Any]) -> None:
    assert example(**{"number": 3, **given}) == given.get("number", 3)


@pytest.mark.parametrize(("given", "message"), BAD)
def test_what_does_not_fit_is_named(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as caught:
        example(**{"number": 3, **given})
    assert str(caught.value).startswith(message)


def test_missing_and_unknown_arguments_are_python_s_own() -> None:
    with pytest.raises(TypeError, match=r"example\(\) missing 1 required positional argument: 'number'"):
        example()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"train\(\) got an unexpected keyword argument 'epoch'"):
        gf.train(RECIPE, DATA, epoch=3)  # type: ignore[call-arg]


def test_a_warning_points_at_the_line_that_called(tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="without a validation set") as caught:
        gf.train(RECIPE.replace(valid=0, patience=3), DATA)
    assert {Path(each.filename).name for each in caught} == {Path(__file__).name}


def test_the_values_of_a_long_array_are_not_looked_at_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A million groups or rows: seconds of Python for what the array's type says of all."""
    looked, fits = [], arguments._fits
    monkeypatch.setattr(arguments, "_fits", lambda *given: looked.append(1) or fits(*given))
    assert example(1, some=np.arange(1000)) == 1
    assert len(looked) < 10
    for wrong in (np.arange(3) / 2, np.array([1, "a"], object), np.array(3)):
        with pytest.raises(InputError, match="'some' must be a sequence, each a whole number"):
            example(1, some=wrong)
