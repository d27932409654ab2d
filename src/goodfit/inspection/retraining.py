"""The trainings of an inspection: learning rates tested, and what may hold the net back taken away and put back."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

from goodfit.data import Split
from goodfit.inspection.advising import plan_of
from goodfit.inspection.findings import Evidence
from goodfit.inspection.learning_rates import RangeTest, range_tests
from goodfit.inspection.variants import Retraining, VariantTest, suspects, variant_tests
from goodfit.training.examples import Examples, scaled_by
from goodfit.training.recipe import Recipe


def retrained(evidence: Evidence, parts: Split) -> Evidence:
    """The evidence with what trainings of its recipe on the training rows show."""
    return all_retrained([evidence], parts)[0]


def all_retrained(given: Sequence[Evidence], parts: Split) -> list[Evidence]:
    """`retrained` for nets of the same rows, trained together where recipes allow it."""
    groups: dict[str, list[int]] = defaultdict(list)
    plans = [plan_of(evidence) for evidence in given]
    for number, plan in enumerate(plans):
        if plan is not None:
            base = plan.base
            key = (sorted(plan.data.items()), scaled_by(base), base.huber_delta)
            groups[repr(key)].append(number)
    done = list(given)
    for members in groups.values():
        together = [plan for number in members if (plan := plans[number]) is not None]
        for number, (plan, test, variants) in zip(members, _together(together, parts), strict=True):
            done[number] = replace(given[number], plan=plan, rates=test, variants=variants)
    return done


def _together(plans: Sequence[Retraining], parts: Split) -> list[tuple[Retraining, RangeTest, VariantTest | None]]:
    """What the trainings of each plan show; the plans share data, scaling and loss."""
    rows = plans[0].split(parts)
    tests = range_tests([plan.tested for plan in plans], _examples(plans[0].base, rows))
    held = [number for number, plan in enumerate(plans) if plan.poor and suspects(plan.base)]
    found: dict[int, VariantTest | None] = {}
    if held:
        chosen = [(plans[number].base, tests[number]) for number in held]
        found = dict(zip(held, variant_tests(chosen, rows), strict=True))
    return [(plan, test, found.get(number)) for number, (plan, test) in enumerate(zip(plans, tests, strict=True))]


def range_test(recipe: Recipe, parts: Split) -> RangeTest | None:
    """The range test of a recipe on the training rows; None where its steps have no length."""
    return None if recipe.optimizer == "lbfgs" else range_tests([recipe], _examples(recipe, parts))[0]


def _examples(recipe: Recipe, parts: Split) -> Examples:
    return Examples.of_split(parts, **scaled_by(recipe))
