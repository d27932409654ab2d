"""A state of the lab: what its address, a lesson and an export hold. Declared once, checked in one grammar."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from goodfit import strict_json
from goodfit.data.catalogue import describe
from goodfit.errors import InputError, Problems, nearest, problem
from goodfit.lab.faults import add_fault
from goodfit.training.recipe import LARGEST_SEED, Recipe

WHERE = "State"
NOT_SHOWN = ("lbfgs",)  # optimisers that learn from all rows at once
MOST_NETS = 256
MOST_ROWS = 10_000  # that the lab trains on; of larger data so many are drawn at random
MOST_POINTS = 2_000  # drawn by hand
MOST_DEPTH = 64  # hidden layers of a net
MOST_WIDTH = 1024  # units of a hidden layer
MOST_EPOCHS = 20_000  # so that the curves of 256 nets stay below 100 MB
DRAWN_LAYERS = 6  # hidden, of a net that the page draws
DRAWN_UNITS = 64  # of a layer that it draws
MOST_ACTS = 200
MOST_CLASSES = 10  # of points drawn by hand
MOST_LETTERS = 400_000  # of a state as JSON: that of 2,000 points has some 120,000
ON_THE_WAY = "epoch", "acts", "branch"  # fields of a state that say how far it has come, and how
POINT = 2, 3  # numbers of a point: x and y of a curve; x1, x2 and the class of a plane

LIVE = (
    *("learning_rate", "bias_rate", "momentum", "nesterov", "beta1", "beta2", "epsilon", "optimizer", "clip_norm"),
    *("schedule", "warmup", "schedule_rate", "schedule_epochs", "final_rate", "batch_size"),
    *("epochs", "patience", "min_change", "monitor"),
    *("l1", "l2", "weight_decay", "penalize_biases", "dropout", "input_dropout"),
    *("label_smoothing", "class_weight", "loss", "huber_delta", "activation"),
)
"""Fields that may change while a net trains; all others say what the net is, or which rows there are."""

Count = Annotated[int, Field(ge=1, le=MOST_NETS)]
Epoch = Annotated[int, Field(ge=0, le=MOST_EPOCHS)]
Layer = Annotated[int, Field(ge=0, le=MOST_DEPTH)]
Place = Annotated[int, Field(ge=0, lt=10_000)]
Width = Annotated[int, Field(ge=1, le=MOST_WIDTH)]
Text = Annotated[str, Field(min_length=1, max_length=300)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class WeightAct(_Strict):
    """One weight (kind w: of unit i for input j) or bias (kind b: of unit i) set. net: None for all."""

    layer: Layer
    kind: Literal["w", "b"] = "w"
    i: Place
    j: Place = 0
    value: Annotated[float, Field(ge=-1e6, le=1e6)]
    net: Annotated[int, Field(ge=0, lt=MOST_NETS)] | None = None


class Act(_Strict):
    """A change on the way, after an epoch: of fields of the recipe, or of one weight, or of a layer to equal units."""

    epoch: Epoch
    change: dict[Text, Any] | None = None
    weight: WeightAct | None = None
    equal: Layer | None = None

    def to_json(self) -> dict[str, Any]:
        """It as JSON has it, without what it is not."""
        return {name: value for name, value in self.model_dump(mode="json").items() if value is not None}


class Beside(_Strict):
    """A second training, B. epoch: how far it is trained; acts: all its changes, those that it has in common with A
    among them; the last one is where it left A.
    """

    epoch: Epoch
    acts: list[Act] = Field(min_length=1, max_length=MOST_ACTS)

    def to_json(self) -> dict[str, Any]:
        """It as JSON has it."""
        return {"epoch": self.epoch, "acts": [act.to_json() for act in self.acts]}


class LabState(_Strict):
    """What is trained, whole: the same state gives the same nets to the bit.

    recipe: the fields that are not the recipe's defaults, without the seed
    data: {"name": of a data set, "rows": of the training part, and its own parameters}, {"points": [[x1, x2, class],
      ...]} or [[x, y], ...], or {"file": of an upload, "target": its column}
    nets: how many train together, with seeds counted up from `seed`
    widths: None; or the units of every hidden layer, one number a net, in the place of `nets`
    seed: of the first net
    epoch: how far it is trained when it is opened
    acts: changes on the way there, in order
    branch: None, or a second training of the same nets beside it
    """

    recipe: dict[Text, Any]
    data: dict[Text, Any]
    nets: Count = 8
    widths: list[Width] | None = Field(default=None, min_length=1, max_length=MOST_NETS)
    seed: int = Field(default=0, ge=0, le=LARGEST_SEED - MOST_NETS)
    epoch: Epoch = 0
    acts: list[Act] = Field(default=[], max_length=MOST_ACTS)
    branch: Beside | None = None

    @property
    def count(self) -> int:
        """How many nets there are."""
        return self.nets if self.widths is None else len(self.widths)

    @property
    def goal(self) -> int:
        """The last epoch that is trained before it is shown."""
        return max(self.epoch, 0 if self.branch is None else self.branch.epoch)

    def whole_recipe(self) -> Recipe:
        """The recipe of the first net, or of every width where they differ."""
        return Recipe(**{**self.recipe, "seed": self.seed})

    def to_json(self) -> dict[str, Any]:
        """All of it, as JSON has it."""
        found = self.model_dump(mode="json")
        del found["nets" if self.widths is not None else "widths"]
        found["acts"] = [act.to_json() for act in self.acts]
        found["branch"] = None if self.branch is None else self.branch.to_json()
        return {name: value for name, value in found.items() if name not in ON_THE_WAY or value}


def checked_state(value: object) -> LabState:
    """A state from JSON; one InputError names all that is wrong with it."""
    problems = Problems()
    if not isinstance(value, Mapping) or not all(isinstance(name, str) for name in value):
        raise InputError(problem(WHERE, "must be an object with 'recipe' and 'data'", got=value))
    try:
        found = LabState(**value)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            add_fault(problems, WHERE, LabState, each, "")
        _check_rest(problems, value)
        raise InputError(*problems.found) from error
    with problems.collecting():
        _check_recipe(found)
    with problems.collecting():
        _check_data(found.data)
    with problems.collecting():
        _check_acts("acts", found.acts, found.epoch)
    if found.branch is not None:
        with problems.collecting():
            _check_acts("branch.acts", found.branch.acts, found.branch.epoch)
    problems.raise_if_any()
    return found


def _check_rest(problems: Problems, value: Mapping[str, Any]) -> None:
    """What else is wrong with a state that is not whole."""
    recipe, data = value.get("recipe"), value.get("data")
    if isinstance(recipe, dict) and all(isinstance(name, str) for name in recipe):
        with problems.collecting():
            check_recipe(Recipe(**recipe))
    if isinstance(data, dict):
        with problems.collecting():
            _check_data(data)


def _check_recipe(state: LabState) -> None:
    if "seed" in state.recipe:
        raise InputError(problem(WHERE, "'seed' stands beside the recipe, not in it", got=state.recipe["seed"]))
    recipe = state.whole_recipe()
    check_recipe(recipe)
    if state.widths is not None and not recipe.hidden:
        raise InputError(problem(WHERE, "'widths' need a hidden layer", got=[]))


def check_recipe(recipe: Recipe) -> None:
    """InputError where a recipe is larger than the lab trains, or trains in another way."""
    problems = Problems()
    if len(recipe.hidden) > MOST_DEPTH or max(recipe.hidden, default=0) > MOST_WIDTH:
        rule = f"the lab trains nets of at most {MOST_DEPTH} hidden layers and {MOST_WIDTH:,} units a layer"
        problems.add(WHERE, rule, got=list(recipe.hidden), fix="Train larger ones with `goodfit train`.")
    if recipe.epochs > MOST_EPOCHS:
        problems.add(WHERE, f"the lab trains at most {MOST_EPOCHS:,} epochs", got=recipe.epochs)
    if recipe.optimizer in NOT_SHOWN:
        fix = "Use adam, adamw, sgd, rmsprop or lion; `goodfit train` trains with lbfgs."
        problems.add(WHERE, "the lab shows optimisers that learn from batches", got=recipe.optimizer, fix=fix)
    if recipe.members > 1:
        fix = "Leave members out; `goodfit train` trains them."
        problems.add(WHERE, "the lab shows nets of one member", got=recipe.members, fix=fix)
    problems.raise_if_any()


def _check_acts(place: str, acts: list[Act], epoch: int) -> None:
    problems, before = Problems(), 0
    for number, act in enumerate(acts):
        if sum(each is not None for each in (act.change, act.weight, act.equal)) != 1:
            problems.add(WHERE, f"'{place}.{number}' must have one of 'change', 'weight' and 'equal'")
        if not before <= act.epoch <= epoch:
            rule = f"'{place}.{number}.epoch' must not lie before the one above it, nor after 'epoch', {epoch}"
            problems.add(WHERE, rule, got=act.epoch)
        before = max(before, act.epoch)
    problems.raise_if_any()


def _check_data(data: Mapping[str, Any]) -> None:
    kinds = [kind for kind in ("name", "points", "file") if kind in data]
    if len(kinds) != 1:
        raise InputError(problem(WHERE, "'data' must have one of 'name', 'points' and 'file'", got=sorted(data)))
    if kinds[0] == "name":
        _check_named(data)
    elif kinds[0] == "points":
        _check_points(data)
    else:
        _check_file(data)


def _check_named(data: Mapping[str, Any]) -> None:
    name = data["name"]
    if not isinstance(name, str):
        raise InputError(problem(WHERE, "'data.name' must be the name of a data set", got=name))
    entry, problems = describe(name), Problems()
    known = ["rows" if each == "n_train" else each for each in entry.parameters]
    for each, value in data.items():
        if each in ("name", "rows"):
            continue
        if each not in known:
            fix = nearest(each, known) if known else "It has no parameters."
            problems.add(WHERE, f"{each!r} is not a parameter of {name!r}", got=value, fix=fix)
        elif isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > LARGEST_SEED:
            problems.add(WHERE, f"'data.{each}' must be a number", got=value)
    for each in ("rows", "n_test"):
        count = data.get(each, 1)
        if type(count) is not int or not 1 <= count <= MOST_ROWS:
            problems.add(WHERE, f"'data.{each}' must be an integer from 1 to {MOST_ROWS:,}", got=count)
    problems.raise_if_any()


def _check_points(data: Mapping[str, Any]) -> None:
    points, problems = data["points"], Problems()
    _no_more(data, ("points",))
    if not isinstance(points, list) or not 1 <= len(points) <= MOST_POINTS:
        got = len(points) if isinstance(points, list) else points
        raise InputError(problem(WHERE, f"'data.points' must be a list of 1 to {MOST_POINTS:,} points", got=got))
    width = len(points[0]) if isinstance(points[0], list) else 0
    for number, each in enumerate(points):
        right = isinstance(each, list) and len(each) == width and width in POINT and all(map(_is_number, each))
        if right and width == max(POINT):
            right = type(each[2]) is int and 0 <= each[2] < MOST_CLASSES
        if not right:
            rule = (
                f"every point must be [x1, x2, class], with a class from 0 to {MOST_CLASSES - 1}, or every one [x, y]; "
                f"point {number} is not"
            )
            problems.add(WHERE, rule, got=each)
            break
    problems.raise_if_any()


def _check_file(data: Mapping[str, Any]) -> None:
    problems = Problems()
    _no_more(data, ("file", "target"))
    for each in ("file", "target"):
        if not isinstance(data.get(each), str) or not data[each]:
            problems.add(WHERE, f"'data.{each}' must be a name", got=data.get(each))
    problems.raise_if_any()


def _no_more(data: Mapping[str, Any], names: tuple[str, ...]) -> None:
    problems = Problems()
    for each in data.keys() - set(names):
        problems.add(WHERE, f"'data.{each}' is not known beside {names[0]!r}", fix=nearest(each, names))
    problems.raise_if_any()


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= 1e6


def own_rows(name: str) -> bool:
    """Whether a data set is drawn by a formula, with as many rows as are asked for."""
    return "n_train" in describe(name).parameters


def to_address(state: LabState) -> str:
    """A state as the address of the page holds it: base64url of its compact JSON."""
    text = json.dumps(state.to_json(), separators=(",", ":"), ensure_ascii=True)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def from_address(text: str) -> LabState:
    """The state in an address; InputError where it holds none."""
    try:
        if len(text) > 2 * MOST_LETTERS:
            raise ValueError("too long")
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True).decode()
        value = strict_json.parse(content)
    except (ValueError, binascii.Error) as error:
        fix = "It may have been cut when it was copied."
        raise InputError(problem(WHERE, "the address must hold a state of the lab", got=text, fix=fix)) from error
    return checked_state(value)


DEFAULT: dict[str, Any] = {
    "recipe": {
        "hidden": [16, 16],
        "activation": "tanh",
        "init": "xavier-normal",
        "dropout": 0.0,
        "optimizer": "adam",
        "learning_rate": 0.003,
        "schedule": "constant",
        "epochs": 1000,
        "valid": 0.3,
        "keep_best": False,
    },
    "data": {"name": "moons", "rows": 300, "noise": 0.2, "seed": 0},
    "nets": 8,
    "seed": 0,
}
"""What the lab opens with."""
