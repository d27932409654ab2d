"""A finding: one diagnosis with its evidence; and what checks look at to make one."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import numpy as np
from jaxtyping import Float

from goodfit.inspection.learning_rates import RangeTest
from goodfit.inspection.measuring import Measurement
from goodfit.inspection.probe import PassProbe
from goodfit.inspection.shapes import shorter
from goodfit.inspection.variants import Retraining, VariantTest
from goodfit.training.recipe import Recipe

Status = Literal["issue", "ok", "cannot tell"]
Item = TypeVar("Item")


@dataclass(frozen=True)
class Finding:
    """One diagnosis.

    code: of the check
    status: "issue", "ok" or "cannot tell"
    value: what was measured, nan where nothing could be
    limit: what it was compared with
    place: layer, unit, column or epoch, "" for the whole net
    text: a sentence for people.
    advice: fields of a recipe to change, {} where nothing is wrong or no recipe mends it
    data_advice: likewise, fields of the data set.
    """

    code: str
    status: Status
    value: float
    limit: float
    place: str
    text: str
    advice: Mapping[str, Any] = field(default_factory=dict)
    data_advice: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """All fields, as JSON has them."""
        return {**vars(self), "advice": dict(self.advice), "data_advice": dict(self.data_advice)}


@dataclass(frozen=True, eq=False)
class Losses:
    """What is known of a training. train: [E] the training loss of every epoch, nan after the net stopped; frozen:
    whether the net stopped because its loss was no longer finite; stopped: its last epoch.
    """

    train: Float[np.ndarray, " E"]
    frozen: bool
    stopped: int


@dataclass(frozen=True, eq=False)
class Evidence:
    """All that checks look at. None: not known.

    final: the net as it was given; initial: as its training began; recipe: that it was trained by; steps: of the
    optimiser in a whole training; constant: the least loss of a constant prediction on the measured rows; losses: of
    its training; probe: whether anything tells the targets. plan: what was trained again; rates: its learning-rate
    range test; variants: what holds the net back, where it learned little.
    """

    final: Measurement
    initial: Measurement | None
    recipe: Recipe | None
    steps: int | None
    constant: float
    losses: Losses | None
    rates: RangeTest | None
    probe: PassProbe | None
    plan: Retraining | None = None
    variants: VariantTest | None = None

    @property
    def reached(self) -> float:
        """The share of the constant prediction's loss that the net got rid of; -inf where its loss is not finite, nan
        where the constant prediction's tells nothing."""
        if not 0 < self.constant < math.inf:
            return math.nan
        return 1.0 - self.final.loss / self.constant if math.isfinite(self.final.loss) else -math.inf

    @property
    def start(self) -> Measurement:
        """The initial net, or the one given where that is not known."""
        return self.final if self.initial is None else self.initial

    @property
    def stages(self) -> tuple[Measurement, ...]:
        """The initial net, where it is known, and the one given."""
        return (self.final,) if self.initial is None else (self.initial, self.final)


@dataclass(frozen=True)
class Check:
    """One diagnosis that can be made. finds: what an issue means, in words; limits: the named constants that it
    compares with; source: of the limit; examine: makes the finding.
    """

    code: str
    finds: str
    limits: Mapping[str, float]
    source: str
    examine: Callable[[Evidence], Finding]


def words(measurement: Measurement) -> str:
    """Which net a measurement is of: "at the start", "after training"."""
    return (
        "at initialisation" if measurement.epoch == 0 else "as given" if measurement.epoch is None else "after training"
    )


def number(value: float) -> str:
    """A number for a sentence."""
    return "not known" if math.isnan(value) else "infinite" if math.isinf(value) else f"{value:.3g}"


def worst(items: Iterable[Item], value: Callable[[Item], float], *, least: bool = False) -> Item | None:
    """The item with the greatest value (or the least), the first of equal ones; None where none is known.

    nan is not known: it neither wins nor hides what others have, wherever among them it is. (`max` keeps a nan that
    comes first, and passes over one that comes later.)
    """
    known = [item for item in items if not math.isnan(value(item))]
    return (min if least else max)(known, key=value, default=None)


SOUND = {  # activation -> the initialiser that keeps its signals' size
    "tanh": "xavier-normal",
    "sigmoid": "xavier-normal",
    "softplus": "xavier-normal",
    "identity": "xavier-normal",
    "selu": "lecun-normal",
}


def sound_start(activation: str) -> dict[str, Any]:
    """Recipe fields of a start that suits an activation."""
    return {
        "init": SOUND.get(activation, "he-normal"),
        "init_scale": None,
        "init_bias": "zeros",
        "init_bias_value": 0.0,
    }


def sound_layers() -> dict[str, Any]:
    """Recipe fields of layers whose signals and gradients keep their size through any depth that is usual here."""
    return {"activation": "relu", **sound_start("relu")}


def mended(advice: dict[str, Any], recipe: Recipe | None) -> dict[str, Any]:
    """The advice; where the recipe is so already, and the fault is there all the same, fewer layers too."""
    if recipe is None:
        return advice
    has = {name: getattr(recipe, name) for name in advice}
    if len(set(recipe.activations)) == 1 and "activation" in advice:
        has["activation"] = recipe.activations[0]
    return {**shorter(recipe), **advice} if has == advice else advice
