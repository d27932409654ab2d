"""What holds a net back, by trainings: the recipe with all that might do so taken away, and with each put back alone.

Put back one by one rather than taken away one by one: of two causes that each stop all learning, taking away either
changes nothing, while putting back either shows it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Float

from goodfit.data import Split
from goodfit.data.dividing import group_codes, own_groups, take_groups, take_latest
from goodfit.inspection.constant import constant_loss
from goodfit.inspection.learning_rates import (
    FREE,
    LEARNABLE,
    PENALTIES,
    RangeTest,
    fewer_epochs,
    fewer_rows,
    halvings_of,
    suited_rate,
    work_of,
)
from goodfit.inspection.precision import exact
from goodfit.inspection.shapes import narrow_layers, shorter, widened
from goodfit.inspection.subject import MOST_NUMBERS, subject_of
from goodfit.models.trained_net import TrainedNet
from goodfit.nets.losses import LOSSES
from goodfit.training.examples import Examples, Scaling, scaled_by
from goodfit.training.jobs import FittedJobs, fit_jobs
from goodfit.training.population import Job
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_rules import SCHEDULED, is_on

MENDED, TOGETHER, BOTTLENECK, DEPTH = "mended", "penalties", "bottleneck", "depth"
LEFT_BELOW = 0.6  # share of what the net learns without it: what holds it back leaves no more
THROUGH_BELOW = 0.85  # the same for layers of one or two units, which no net that is built soundly has
HELD_OUT = 0.25  # share of the training rows that the trainings do not see, and are compared on
FEWEST = 16  # rows held out: fewer do not tell one net from another
MOST = 4096
SURE = 2.5  # standard errors of the mean difference over held-out rows


@dataclass(frozen=True)
class Retraining:
    """What is trained again. base: the recipe, with what is built wrongly mended; data: likewise, fields of the data
    set; poor: whether the net learned little, so that what may hold it back is looked for.
    """

    base: Recipe
    data: Mapping[str, Any] = field(default_factory=dict)
    poor: bool = False

    @property
    def tested(self) -> Recipe:
        """Whose learning rates are tested."""
        return variant_recipes(self.base)[MENDED] if self.poor else self.base.replace(**FREE)

    def split(self, parts: Split) -> Split:
        """The rows with the data set mended."""
        return with_fields(parts, self.data)

    def tests(self, recipe: Recipe, data: Mapping[str, Any]) -> bool:
        """Whether the range test is that of this recipe, which penalties have no part in."""
        return dict(data) == dict(self.data) and recipe.replace(**FREE) == self.tested


@dataclass(frozen=True, eq=False)
class VariantTest:
    """Losses of variants on the same held-out rows. losses: variant -> [V], inf where the net diverged; constant: the
    least mean loss of a constant prediction there; whole: whether trainings were as long as the recipe says.
    """

    losses: Mapping[str, Float[np.ndarray, " V"]]
    constant: float
    whole: bool

    def reached(self, name: str) -> float:
        """The share of the constant prediction's loss that a variant got rid of; -inf where it diverged."""
        mean = float(np.mean(self.losses[name]))
        return 1.0 - mean / self.constant if math.isfinite(mean) and 0 < self.constant < math.inf else -math.inf

    @property
    def learns(self) -> bool:
        """Whether the net learns with all that might hold it back taken away."""
        return self.reached(MENDED) > LEARNABLE

    def share(self, name: str) -> float:
        """How much of that is left where one thing is put back; nan where the net learns in no case."""
        return max(self.reached(name), 0.0) / self.reached(MENDED) if self.learns else math.nan

    def sure(self, name: str) -> bool:
        """Whether the loss is higher with it by more than chance of the rows."""
        if not math.isfinite(self.reached(name)):
            return True
        gap = self.losses[name] - self.losses[MENDED]
        with np.errstate(over="ignore", invalid="ignore"):
            return bool(gap.mean() > SURE * gap.std(ddof=1) / math.sqrt(len(gap)))


def with_fields(parts: Split, fields: Mapping[str, Any]) -> Split:
    """The same rows of the data set with other fields."""
    if not fields:
        return parts
    return Split(replace(parts.data, **fields), parts.train, parts.valid, parts.test, parts.seed)


def active_penalties(recipe: Recipe) -> list[str]:
    """The recipe fields in PENALTIES that are not 0."""
    return [name for name in PENALTIES if np.any(np.asarray(getattr(recipe, name)) > 0)]


def variant_recipes(base: Recipe) -> dict[str, Recipe]:
    """Variant -> its recipe: MENDED has nothing that might hold it back, the others one thing each; TOGETHER all
    penalties and dropout, where there are several."""
    free = base.replace(**FREE)
    wide = free.replace(**widened(free))
    mended = wide.replace(**shorter(wide))
    layers, found = len(mended.hidden), {MENDED: mended}
    back = {}
    for name in active_penalties(base):
        value = getattr(base, name)
        back[name] = value[:layers] if isinstance(value, tuple) else value
        found[name] = _with(mended, base, {name: back[name]})
    if len(back) > 1:
        found[TOGETHER] = _with(mended, base, back)
    if narrow := narrow_layers(base.hidden):
        hidden = list(mended.hidden)
        for layer in narrow:
            hidden[min(layer, layers - 1)] = base.hidden[layer]
        found[BOTTLENECK] = mended.replace(hidden=tuple(hidden))
    if len(base.hidden) > layers:
        found[DEPTH] = wide
    return found


def _with(mended: Recipe, base: Recipe, rates: Mapping[str, Any]) -> Recipe:
    """A recipe with some of the penalties and rates of another, on the schedules that these have there."""
    schedules = {
        field: getattr(base, field)
        for field, (subjects, _) in SCHEDULED.items()
        if any(is_on(rates.get(name, 0.0)) for name in subjects)
    }
    return mended.replace(**rates, **schedules)


def suspects(base: Recipe) -> bool:
    """Whether there is anything that might hold the net back."""
    return len(variant_recipes(base)) > 1


def variant_tests(plans: Sequence[tuple[Recipe, RangeTest | None]], parts: Split) -> list[VariantTest | None]:
    """Train the variants of some recipes at once, and compare them on rows of the training part that they do not see.

    plans: (recipe with what is built wrongly mended, its range test), each; the variants have the rate that suits the
    test. The recipes share scaling, loss and target transform. None where there are too few rows.
    """
    first, held = plans[0][0], _held_out(parts)
    if len(held) < FEWEST:
        return [None] * len(plans)
    rows = Split(parts.data, parts.train[~np.isin(parts.train, held)], held, np.empty(0, np.int32), parts.seed)
    examples = Examples.of_split(rows, **scaled_by(first))
    named = [variant_recipes(recipe.replace(**suited_rate(test))) for recipe, test in plans]
    work = max(work_of(each, examples) * len(recipes) for recipes in named for each in recipes.values())
    halvings = halvings_of(work)
    used = replace(examples, train=fewer_rows(examples.train, halvings))
    jobs = [Job(_changed(each, halvings, len(used.train))) for recipes in named for each in recipes.values()]
    fitted = fit_jobs(jobs, used)
    return [
        _compared(fitted, jobs, place, recipes, rows, examples.scaling, halvings == 0)
        for place, recipes in zip(_places(named), named, strict=True)
    ]


def _held_out(parts: Split) -> np.ndarray:
    """Rows of the training part to compare on, sorted: groups stay together, and of rows with a time it is the latest,
    as in any split of such data; none where there is but one group or time.
    """
    data, train, rng = parts.data, np.sort(parts.train), np.random.default_rng(0)
    count = min(int(HELD_OUT * len(train)), MOST)
    try:
        if data.groups is not None:
            return train[take_groups(own_groups(group_codes(data.groups[train])), count, rng, leave=1)]
        if data.time is not None:
            return train[take_latest(data.time[train], count, leave=1)]
    except ValueError:
        return train[:0]
    return np.sort(rng.permutation(parts.train)[:count])


def _places(named: Sequence[Mapping[str, Recipe]]) -> list[int]:
    """The number of the first job of each."""
    return [sum(map(len, named[:number])) for number in range(len(named))]


def _compared(
    fitted: FittedJobs,
    jobs: Sequence[Job],
    first: int,
    names: Mapping[str, Recipe],
    rows: Split,
    scaling: Scaling,
    whole: bool,
) -> VariantTest:
    """The loss of every variant on the same held-out rows, as many as the widest allows; inf if one is not finite."""
    losses: dict[str, np.ndarray] = {}
    x, y = rows.x("valid"), rows.y("valid")
    widest = max(x.shape[1], *(units for recipe in names.values() for units in recipe.hidden))
    most = max(FEWEST, min(MOST, MOST_NUMBERS // widest))
    for job, name in enumerate(names, first):
        recipe = jobs[job].recipe
        net = TrainedNet.of(fitted.net(job), recipe, rows.data, scaling)
        subject = subject_of(net, x, y, loss=recipe.loss, huber_delta=recipe.huber_delta, rows=most)
        with exact():
            z = jnp.asarray(net.outputs(subject.raw_x, np.float64).T)
            found = LOSSES[subject.loss].per_row(z, jnp.asarray(subject.target), None, subject.huber_delta)[1]
            each = np.asarray(found, np.float64)
        losses[name] = each if np.isfinite(each).all() else np.full(len(each), math.inf)
    return VariantTest(losses, constant_loss(subject), whole)


def _changed(recipe: Recipe, halvings: int, rows: int) -> Recipe:
    """A short training that keeps its best epoch on the held-out rows."""
    epochs = fewer_epochs(recipe.epochs, halvings)
    return recipe.replace(
        epochs=epochs,
        patience=0,
        keep_best=True,
        monitor="loss",
        warmup=min(recipe.warmup, epochs / 2),
        batch_size=min(recipe.batch_size, rows),
    )
