"""From findings to one changed recipe: what is built wrongly first, then the learning rate that suits what is left."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from goodfit.data import Split
from goodfit.inspection.findings import Evidence, Finding
from goodfit.inspection.findings.finding import shorter
from goodfit.inspection.findings.outcomes import restart
from goodfit.inspection.findings.steps import LEARNABLE, advised_rate
from goodfit.inspection.learning_rates import RangeTest
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
    "outputs-out-of-range",
)
RATES = ("learning-rate-high", "learning-rate-low")
STEPS = ("loss-not-finite", "updates-large", "updates-small")  # where no range test has found a rate
LAST = ("redundant-layer",)
SUITS = 0.9  # share of the best drop in loss with which a net that is built anew keeps its learning rate, or its depth
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
        if not self.data:
            return parts
        return Split(replace(parts.data, **self.data), parts.train, parts.valid, parts.test, parts.seed)


def advise(findings: Sequence[Finding], evidence: Evidence, test_again: Callable[[Advice], RangeTest | None]) -> Advice:
    """One change for all issues.

    A field is changed by the first finding that asks for it, in the order of BUILT, RATES, STEPS and LAST. Where the
    net is to be built otherwise, the range test of the present recipe says nothing: `test_again` tests the changed one,
    and where that is deep, a shorter one beside it.
    """
    issues = {finding.code: finding for finding in findings if finding.status == "issue"}
    built = _merged([issues[code] for code in BUILT if code in issues])
    steps: dict[str, Any] = {}
    if built:
        built, test = _deep_enough(built, evidence, test_again)
        steps = suited_rate(test, evidence.constant)
    else:
        chosen = RATES if any(code in issues for code in RATES) else STEPS
        steps = _merged([issues[code] for code in chosen if code in issues]).recipe
    recipe = {**steps, **built.recipe}
    if not recipe and not built.data and not any(code in issues for code in HOPELESS):
        recipe = _merged([issues[code] for code in LAST if code in issues]).recipe
        if not recipe and "constant-prediction" in issues:
            recipe = restart(evidence.recipe)
    return Advice(_changes(recipe, evidence.recipe), built.data)


def _deep_enough(
    built: Advice, evidence: Evidence, test_again: Callable[[Advice], RangeTest | None]
) -> tuple[Advice, RangeTest | None]:
    """The change with its range test; with fewer layers, unless the best rate then ends with a clearly higher loss.

    Whether a net of many layers trains is a matter of its seed, which one test cannot show; see `shorter`.
    """
    test = test_again(built)
    if test is None or evidence.recipe is None:
        return built, test
    fewer = shorter(evidence.recipe.replace(**built.recipe))
    if not fewer:
        return built, test
    short = Advice({**built.recipe, **fewer}, built.data)
    tested = test_again(short)
    if tested is None or _drop(tested, evidence) < SUITS * _drop(test, evidence):
        return built, test
    return short, tested


def _drop(test: RangeTest, evidence: Evidence) -> float:
    """How far below the loss of a constant prediction the best rate ends."""
    return evidence.constant - float(test.losses.min())


def suited_rate(test: RangeTest | None, constant: float) -> dict[str, Any]:
    """A learning rate for a net that is built anew, where its present one reaches less than SUITS of the best's drop.

    constant: the loss of a constant prediction.
    """
    if test is None:
        return {}
    drops = constant - test.losses
    if not drops.max() > LEARNABLE * max(constant, 1e-12) or drops[test.at] >= SUITS * drops.max():
        return {}
    return {"learning_rate": float(f"{advised_rate(test):.3g}")}


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
