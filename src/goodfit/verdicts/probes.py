"""The alternatives that a verdict measures beside a recipe: each changes one thing about it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from goodfit.errors import InputError
from goodfit.selection.space import text_of
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_rules import LEARNING_RATES, with_schedules_off

Side = Literal["freer", "longer", "tighter", "slower", "data"]

WIDER, NARROWER = 2, 4  # factors of every hidden layer's units
SMALL, MUCH_WIDER = 64, 4  # up to this many units a layer, "wider" means four times as many
FIRST_LAYER = 64  # units of the hidden layer that a net without one is given
LONGER, FEW_EPOCHS = 2, 20  # factor of the epochs, and at least so many
RATE = 10.0  # factor of the learning rate, up and down; half an order of magnitude would show less
FAR_RATES = (("much", 100.0), ("far", 1000.0))  # where the recipe learns nothing, as far as a range test looks
PENALTIES = ("l1", "l2", "weight_decay")
STRONGER = (10.0, 100.0)  # factors of the penalties that a recipe has
FIRST_PENALTIES = (0.01, 0.1)  # l2, where a recipe has no penalty at all
DROPOUT = 0.3  # where a recipe has none


@dataclass(frozen=True)
class Alternative:
    """One alternative to a recipe.

    name: "wider"; side: what it would tell if it were better. freer: the recipe has too little capacity or freedom;
    longer: too little time, or steps that are too small; tighter: too much of either; slower: steps that are too large,
    or too much time; data: the same recipe with half the rows, which tells what the last doubling of the rows has
    gained. fields: of the recipe that it changes; change: the same in words.
    """

    name: str
    side: Side
    fields: Mapping[str, Any] = field(default_factory=dict)
    change: str = ""

    def applied(self, recipe: Recipe) -> Recipe:
        """The recipe with the probe's fields."""
        return recipe.replace(**self.fields)


HALF = Alternative("half the data", "data", change="half of the training set of every fold, same number of steps")
EARLIER = "earlier"  # a probe that needs no training of its own: the recipe, stopped at its best epoch


def probes_of(recipe: Recipe, *, quick: bool = False, ample: bool = False, brief: bool = False) -> list[Alternative]:
    """Every alternative that makes sense for a recipe, half the rows last.

    quick: leaves out those of which a neighbour tells nearly the same: a deeper net, and the stronger of two penalties;
    and, of a net that is `ample` for its rows, the wider one, which takes longest and hardly ever gains.
    brief: leaves out what asks for more or larger steps, where trainings have fewer steps than the recipe's.
    """
    found = [*_capacity(recipe), *_time(recipe), *_penalties(recipe), *_dropout(recipe), *_rates(recipe)]
    if quick:
        near = ("deeper", "much stronger penalty", *["wider"] * ample)
        found = [probe for probe in found if probe.name not in near]
    if brief:
        found = [probe for probe in found if probe.side != "longer"]
    return [*(probe for probe in found if _valid(recipe, probe)), HALF]


def far_rates(recipe: Recipe) -> list[Alternative]:
    """Learning rates further away, for a recipe that learns nothing: up and down, and the optimiser's usual one."""
    if recipe.optimizer == "lbfgs":
        return []
    rate, usual = recipe.learning_rate, LEARNING_RATES[recipe.optimizer]
    found = []
    for word, factor in FAR_RATES:
        found.append(_changed(recipe, f"{word} lower learning rate", "slower", {"learning_rate": rate / factor}))
        found.append(_changed(recipe, f"{word} higher learning rate", "longer", {"learning_rate": rate * factor}))
    if not 1 / FAR_RATES[-1][1] <= usual / rate <= FAR_RATES[-1][1]:
        side: Side = "slower" if usual < rate else "longer"
        found.append(_changed(recipe, "usual learning rate", side, {"learning_rate": usual}))
    return [probe for probe in found if _valid(recipe, probe)]


def _valid(recipe: Recipe, probe: Alternative) -> bool:
    """Whether the recipe takes the probe's fields: one that was given for the old ones may not fit them."""
    try:
        probe.applied(recipe)
    except InputError:
        return False
    return True


def _capacity(recipe: Recipe) -> Iterator[Alternative]:
    hidden = recipe.hidden
    if not hidden:
        yield _changed(recipe, "a hidden layer", "freer", {"hidden": (FIRST_LAYER,), **_no_dropout(recipe)})
        return
    factor = MUCH_WIDER if max(hidden) <= SMALL else WIDER
    yield _changed(recipe, "wider", "freer", {"hidden": tuple(factor * units for units in hidden)})
    # Fields that hold one value a layer would not fit a deeper net; the last layer's value serves for the new one.
    by_layer = {name: getattr(recipe, name) for name in ("activation", "dropout")}
    by_layer = {name: (*value, value[-1]) for name, value in by_layer.items() if isinstance(value, tuple)}
    yield _changed(recipe, "deeper", "freer", {"hidden": (*hidden, hidden[-1]), **by_layer})
    narrow = tuple(max(1, units // NARROWER) for units in hidden)
    if narrow != hidden:
        yield _changed(recipe, "narrower", "tighter", {"hidden": narrow})


def _no_dropout(recipe: Recipe) -> dict[str, Any]:
    """Of the first hidden layer; a net without one may say what it likes."""
    return with_schedules_off(recipe, {"dropout": 0.0}) if recipe.dropout else {}


def _time(recipe: Recipe) -> Iterator[Alternative]:
    epochs = max(LONGER * recipe.epochs, FEW_EPOCHS)
    yield _changed(recipe, "longer", "longer", {"epochs": epochs})


def _penalties(recipe: Recipe) -> Iterator[Alternative]:
    own = {name: getattr(recipe, name) for name in PENALTIES if getattr(recipe, name) > 0}
    names = ("stronger penalty", "much stronger penalty")
    if not own:
        for name, strength in zip(names, FIRST_PENALTIES, strict=True):
            yield _changed(recipe, name, "tighter", {"l2": strength})
        return
    for name, factor in zip(names, STRONGER, strict=True):
        yield _changed(recipe, name, "tighter", {each: factor * value for each, value in own.items()})
    yield _changed(recipe, "no penalty", "freer", with_schedules_off(recipe, dict.fromkeys(own, 0.0)))


def _dropout(recipe: Recipe) -> Iterator[Alternative]:
    if not recipe.hidden or recipe.optimizer == "lbfgs":
        return
    dropped = recipe.dropouts
    if any(dropped):
        more = tuple(round((1 + rate) / 2, 6) if rate else rate for rate in dropped)
        yield _changed(recipe, "more dropout", "tighter", {"dropout": _one_or_each(more)})
        yield _changed(recipe, "no dropout", "freer", with_schedules_off(recipe, {"dropout": 0.0}))
    else:
        yield _changed(recipe, "dropout", "tighter", {"dropout": DROPOUT})


def _rates(recipe: Recipe) -> Iterator[Alternative]:
    if recipe.optimizer == "lbfgs":
        return
    yield _changed(recipe, "lower learning rate", "slower", {"learning_rate": recipe.learning_rate / RATE})
    yield _changed(recipe, "higher learning rate", "longer", {"learning_rate": recipe.learning_rate * RATE})


def _changed(recipe: Recipe, name: str, side: Side, fields: Mapping[str, Any]) -> Alternative:
    told = [
        f"{field} {text_of(getattr(recipe, field))} -> {text_of(value)}"
        for field, value in fields.items()
        if getattr(recipe, field) != value and not (field == "dropout" and not recipe.hidden)
    ]
    return Alternative(name, side, fields, ", ".join(told))


def _one_or_each(rates: tuple[float, ...]) -> float | tuple[float, ...]:
    return rates[0] if len(set(rates)) == 1 else rates
