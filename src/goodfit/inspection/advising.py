"""From findings to one changed recipe: what is built wrongly first, then the learning rate that suits what is left."""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from goodfit.data import Split
from goodfit.inspection.findings import CHECKS, Evidence, Finding
from goodfit.inspection.findings.outcomes import restart
from goodfit.inspection.learning_rates import SUITS, RangeTest, suited_rate
from goodfit.inspection.shapes import narrow_layers, shorter, widened
from goodfit.inspection.variants import LEFT_BELOW, THROUGH_BELOW, Retraining, with_fields
from goodfit.training.recipe import Recipe

BUILT = (  # findings on how a net is built or fed, those first that change the most
    "vanishing-gradient",
    "exploding-gradient",
    "linear-collapse",
    "dead-units",
    "wrong-initialiser",
    "initial-variance",
    "symmetric-units",
    "saturated-units",
    "inputs-unscaled",
    "targets-small",
    "outputs-out-of-range",
)
HELD_BACK = ("over-regularised", "bottleneck", "too-deep")  # what a net that is built soundly is held back by
SHAPES: dict[str, Callable[[Recipe], dict[str, Any]]] = {"bottleneck": widened, "too-deep": shorter}
RATES = ("learning-rate-high", "learning-rate-low")
STEPS = ("loss-not-finite", "updates-large", "updates-small")  # where no range test has found a rate
LAST = ("redundant-layer",)
HOPELESS = ("labels-constant", "labels-shuffled")  # no recipe mends these


@dataclass(frozen=True)
class Advice:
    """What to change. recipe: fields of the recipe; data: fields of the data set. Both empty: nothing."""

    recipe: dict[str, Any]
    data: dict[str, Any]

    def __bool__(self) -> bool:
        return bool(self.recipe or self.data)

    def applied(self, recipe: Recipe) -> Recipe:
        """The recipe, changed."""
        return recipe.replace(**self.recipe)

    def split(self, parts: Split) -> Split:
        """The same rows of the data set, changed."""
        return with_fields(parts, self.data)


def plan_of(evidence: Evidence) -> Retraining | None:
    """What is to be trained again for the findings that trainings tell; None where no step has a length, or the recipe
    is not known.

    What is built wrongly is mended first, since nothing would be learned at any rate: of two faults each is then named.
    """
    recipe = evidence.recipe
    if recipe is None or recipe.optimizer == "lbfgs":
        return None
    found = [CHECKS[code].examine(evidence) for code in BUILT]
    built = _merged([finding for finding in found if finding.status == "issue"])
    changes = {name: value for name, value in built.recipe.items() if name != "clip_norm"}  # it hides a rate too high
    enough = THROUGH_BELOW if narrow_layers(recipe.hidden) else LEFT_BELOW
    return Retraining(recipe.replace(**changes), built.data, not evidence.reached >= enough)


def advise(findings: Sequence[Finding], evidence: Evidence, test_again: Callable[[Advice], RangeTest | None]) -> Advice:
    """One change for all issues.

    A field is changed by the first finding that asks for it, in the order of BUILT, HELD_BACK, RATES, STEPS and LAST.
    Where the net is to be built otherwise, the range test of the present recipe says nothing: `test_again` tests the
    changed one, and where that is deep, a shorter one beside it.
    """
    issues = {finding.code: finding for finding in findings if finding.status == "issue"}
    built = _merged([issues[code] for code in (*BUILT, *HELD_BACK) if code in issues and code not in SHAPES])
    built = _reshaped(built, issues, evidence)
    steps: dict[str, Any] = {}
    if built:
        built, test = _deep_enough(built, evidence, test_again)
        steps = suited_rate(test)
    else:
        chosen = RATES if any(code in issues for code in RATES) else STEPS
        steps = _merged([issues[code] for code in chosen if code in issues]).recipe
    recipe = {**steps, **built.recipe}
    if not recipe and not built.data and not any(code in issues for code in HOPELESS):
        recipe = _merged([issues[code] for code in LAST if code in issues]).recipe
        if not recipe and "constant-prediction" in issues:
            recipe = restart(evidence.recipe)
    return Advice(_changes(recipe, evidence.recipe), built.data)


def _reshaped(built: Advice, issues: Collection[str], evidence: Evidence) -> Advice:
    """The change with wider, then fewer layers, where that is advised.

    Each is made of what the changes before it leave: the findings' own advice is for the recipe that was trained, and
    lists for different numbers of layers make no recipe.
    """
    if evidence.recipe is None:
        return built
    fields = dict(built.recipe)
    for code, change in SHAPES.items():
        if code in issues:
            fields |= change(evidence.recipe.replace(**fields))
    return Advice(fields, built.data)


def _deep_enough(
    built: Advice, evidence: Evidence, test_again: Callable[[Advice], RangeTest | None]
) -> tuple[Advice, RangeTest | None]:
    """The change with its range test; with fewer layers, unless the best rate then ends with a clearly higher loss.

    Whether a net of many layers trains is a matter of its seed, which one test cannot show; see `shorter`.
    """
    test = _test(built, evidence, test_again)
    if test is None or evidence.recipe is None:
        return built, test
    fewer = shorter(evidence.recipe.replace(**built.recipe))
    if not fewer:
        return built, test
    short = Advice({**built.recipe, **fewer}, built.data)
    tested = _test(short, evidence, test_again)
    if tested is None or _drop(tested) < SUITS * _drop(test):
        return built, test
    return short, tested


def _test(advice: Advice, evidence: Evidence, test_again: Callable[[Advice], RangeTest | None]) -> RangeTest | None:
    """The range test of a changed recipe: the one that there is, where it is the same."""
    plan, recipe = evidence.plan, evidence.recipe
    if plan is not None and recipe is not None and plan.tests(advice.applied(recipe), advice.data):
        return evidence.rates
    return test_again(advice)


def _drop(test: RangeTest) -> float:
    """The share of a constant prediction's loss that the best rate gets rid of; 0 where none does, or all diverge."""
    best = float(test.drops.max())
    return best if best > 0 and not math.isnan(best) else 0.0


def _merged(findings: Sequence[Finding]) -> Advice:
    recipe: dict[str, Any] = {}
    data: dict[str, Any] = {}
    for finding in findings:
        recipe = {**finding.advice, **recipe}
        data = {**finding.data_advice, **data}
    for name in ("activation", "dropout"):  # from findings that leave all layers
        if "hidden" in recipe and isinstance(recipe.get(name), tuple):
            recipe[name] = recipe[name][: len(recipe["hidden"])]
    return Advice(recipe, data)


def _changes(fields: dict[str, Any], recipe: Recipe | None) -> dict[str, Any]:
    """Those fields that the recipe has otherwise."""
    if recipe is None:
        return fields
    return {name: value for name, value in fields.items() if getattr(recipe, name) != value}
