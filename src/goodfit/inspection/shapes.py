"""Shapes of nets that hold learning back, and the recipe fields that mend them: too many layers, too few units."""

from typing import Any

from goodfit.training.recipe import Recipe
from goodfit.training.recipe_rules import with_schedules_off

DEEP = 4  # hidden layers; see `shorter`
NARROW = 2  # units of a hidden layer that may be a bottleneck; wider ones are a matter of tuning
WIDE = 16  # units that a bottleneck gets, or as many as the widest hidden layer has


def shorter(recipe: Recipe | None) -> dict[str, Any]:
    """Recipe fields that leave the first DEEP hidden layers; {} where there are no more, or the recipe is not known.

    Where start and layers are right, depth itself is what is left: outputs of deeper ReLU layers depend less and less
    on the row. Own trials: nets of up to DEEP layers with He's initialiser learned on all data sets with all seeds; of
    those with 6 layers some did not, with 14 most, by SGD with momentum.
    """
    if recipe is None or len(recipe.hidden) <= DEEP:
        return {}
    fields: dict[str, Any] = {"hidden": recipe.hidden[:DEEP]}
    for name in ("activation", "dropout"):
        if isinstance(value := getattr(recipe, name), tuple):
            fields[name] = value[:DEEP]
    return with_schedules_off(recipe, fields)


def narrow_layers(hidden: tuple[int, ...]) -> list[int]:
    """The hidden layers, from 0, that may be a bottleneck."""
    return [layer for layer, units in enumerate(hidden) if units <= NARROW]


def widened(recipe: Recipe) -> dict[str, Any]:
    """Recipe fields without a bottleneck; {} where there is none."""
    if not narrow_layers(recipe.hidden):
        return {}
    wide = max(WIDE, *recipe.hidden)
    return {"hidden": tuple(wide if units <= NARROW else units for units in recipe.hidden)}
