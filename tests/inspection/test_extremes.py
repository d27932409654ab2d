"""Ties, infinities and nan, fed to every finding: none hides what the others have, none is called both of two."""

from __future__ import annotations

import math
import re
import warnings
from dataclasses import fields, replace

import numpy as np
import pytest
from evidence_help import RECIPE, evidence, find, measured, range_test, variant_test
from hypothesis import given, settings
from hypothesis import strategies as st

from goodfit.inspection.advising import Advice, advise, plan_of
from goodfit.inspection.findings import CHECKS, Evidence, Finding, Losses, examine
from goodfit.inspection.findings.finding import worst
from goodfit.inspection.findings.steps import FACTOR, FASTEST
from goodfit.inspection.learning_rates import RangeTest, advised_rate, suited_rate
from goodfit.inspection.measuring import LayerMeasure, Measurement
from goodfit.inspection.probe import PassProbe

WILD = (math.nan, math.inf, 0.0, 1e-300, 1e-9, 0.3, 0.5, 1.0, 1.0, 1e300)
SHARES = (math.nan, 0.0, 0.3, 1.0, 1.0)
SHARED = ("saturated", "dead", "zeros", "underflow", "overflow", "twins")
LOSSES = (math.nan, math.inf, 0.0, 0.1, 0.1, 0.9, 1.0, 1.0, 1e300)
RECIPES = (
    None,
    RECIPE,
    RECIPE.replace(l2=3.0, dropout=0.9),
    RECIPE.replace(optimizer="adamw", weight_decay=300.0, l1=1.0),
)


@st.composite
def measurements(draw: st.DrawFn, epoch: int) -> Measurement:
    """A net whose layers have any numbers, equal ones among them, and whose values overflow here and there."""
    task = draw(st.sampled_from(("classification", "regression")))
    found = replace(measured(draw(st.sampled_from(("tanh", "relu"))), task, epoch=5), epoch=epoch)
    layers = []
    for layer in found.layers:
        some = draw(st.sets(st.sampled_from([f.name for f in fields(LayerMeasure) if f.type in (float, "float")])))
        chosen = {name: draw(st.sampled_from(SHARES if name in SHARED else WILD)) for name in sorted(some)}
        layers.append(replace(layer, **chosen))
    row_losses = np.array(found.passes.row_losses)
    row_losses[draw(st.integers(0, 5))] = draw(st.sampled_from(WILD))
    z = list(found.passes.z)
    z[-1] = np.where(draw(st.booleans()), z[-1], draw(st.sampled_from((math.nan, math.inf, -math.inf, 0.0))))
    return replace(found, layers=tuple(layers), passes=replace(found.passes, row_losses=row_losses, z=tuple(z)))


@st.composite
def wild(draw: st.DrawFn) -> Evidence:
    """Evidence of which any number may be anything."""
    losses = draw(st.lists(st.sampled_from(LOSSES), min_size=9, max_size=9))
    test = replace(range_test(losses, draw(st.integers(0, 8)), draw(st.sampled_from(WILD))), whole=draw(st.booleans()))
    names = ("mended", "l1", "l2", "weight_decay", "dropout", "penalties", "bottleneck", "depth")
    variants = variant_test(draw(st.sampled_from(WILD)), **{name: draw(st.sampled_from(LOSSES)) for name in names})
    probe = PassProbe(draw(st.sampled_from(WILD)), draw(st.sampled_from(WILD)), True, draw(st.sampled_from((10, 500))))
    trained = Losses(np.asarray(losses), draw(st.booleans()), draw(st.integers(1, 9)))
    return evidence(
        draw(measurements(5)),
        draw(st.one_of(st.none(), measurements(0))),
        recipe=draw(st.sampled_from(RECIPES)),
        constant=draw(st.sampled_from(WILD)),
        losses=draw(st.sampled_from((None, trained))),
        rates=draw(st.sampled_from((None, test))),
        variants=draw(st.sampled_from((None, variants))),
        probe=probe,
    )


def judged(given: Evidence) -> dict[str, Finding]:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return {finding.code: finding for finding in examine(given)}


@settings(max_examples=60, deadline=None)
@given(wild())
def test_whatever_is_measured_every_finding_answers(known: Evidence) -> None:
    """Without an error or a warning; its advice is a recipe; and of each pair of opposites one is told at most."""
    found = judged(known)
    assert set(found) == set(CHECKS)
    issues = {code for code, each in found.items() if each.status == "issue"}
    assert not {"learning-rate-high", "learning-rate-low"} <= issues
    assert not {"updates-small", "updates-large"} <= issues
    for each in found.values():
        assert each.status in ("issue", "ok", "cannot tell")
        assert "nan" not in re.findall(r"\w+", each.text)
        assert each.advice == {} or each.status == "issue"
        for value in each.advice.values():
            assert not isinstance(value, float) or math.isfinite(value)
        if known.recipe is not None:
            known.recipe.replace(**each.advice)
    plan_of(known)
    advice = advise(tuple(found.values()), known, lambda _: known.rates)
    if known.recipe is not None:
        advice.applied(known.recipe)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.sampled_from(LOSSES), min_size=9, max_size=9),
    st.integers(0, 8),
    st.sampled_from((math.nan, math.inf, 0.0, 1e-300, 1.0)),
    st.booleans(),
)
def test_rates_are_cited_only_for_what_they_reached(losses: list[float], at: int, constant: float, whole: bool) -> None:
    """Too high: a rate FACTOR times lower truly ended lower. Too low: a higher one did, and the net did not diverge."""
    test = replace(range_test(losses, at, constant), whole=whole)
    own = test.rates[at]
    for code, side in (("learning-rate-high", -1), ("learning-rate-low", 1)):
        found = find(code, rates=test)
        if found.status != "issue":
            continue
        cited = float(re.findall(r", (\S+) at ", found.text)[-1])
        at_cited = losses[int(np.abs(np.log(test.rates / cited)).argmin())]
        assert side * math.log(cited / own) >= math.log(FACTOR) - 0.01
        assert math.isfinite(at_cited)
        assert at_cited == min(
            loss
            for loss, rate in zip(losses, test.rates, strict=True)
            if side * math.log(rate / own) >= math.log(FACTOR) and not math.isnan(loss)
        )
        assert not losses[at] <= at_cited
        assert code == "learning-rate-high" or math.isfinite(losses[at])
        assert math.isfinite(test.losses[int(np.abs(np.log(test.rates / found.advice["learning_rate"])).argmin())])


INF, NAN = math.inf, math.nan


def test_a_rate_is_not_low_because_all_higher_ones_diverged() -> None:
    """The places of infinities are equal to one another: none of them is the best of the higher rates."""
    diverged = range_test([1, 1, 1, 0.2, 0.0, 0.5, INF, INF, INF])
    assert find("learning-rate-high", rates=diverged).status == "issue"
    low = find("learning-rate-low", rates=diverged)
    assert (low.status, low.advice) == ("ok", {})
    assert low.text == "No learning rate that is 9 times higher ends with a finite loss below a constant prediction's."
    unknown = range_test([1, 1, 1, 0.2, 0.0, 0.5, NAN, NAN, NAN])
    assert find("learning-rate-low", rates=unknown).text == low.text


def test_the_nearest_of_equal_rates_is_taken() -> None:
    tied = range_test([0.1, 0.1, 0.1, 0.1, 0.1, 0.5, 0.9])
    assert ", 0.01 at 0.1;" in find("learning-rate-high", rates=tied).text
    assert range_test([0.1] * 9, at=3).best == 3
    assert range_test([1, 0.1, 0.5, 0.1, 1], at=2).best == 1  # as near on either side: the lower
    assert range_test([NAN, NAN, 0.5, INF], at=0).best == 2


def test_a_net_between_two_better_rates_is_told_one_of_them() -> None:
    both = range_test([0.3, 0.3, 0.3, 0.3, 1.0, 1.0, 1.0, 1.0, 0.2, 0.2], at=6)
    assert [find(code, rates=both).status for code in ("learning-rate-high", "learning-rate-low")] == ["ok", "issue"]
    equal = range_test([0.2, 0.2, 0.2, 0.2, 1.0, 1.0, 1.0, 1.0, 0.2, 0.2], at=6)
    assert [find(code, rates=equal).status for code in ("learning-rate-high", "learning-rate-low")] == ["issue", "ok"]
    broken = range_test([1, 1, 1, 1, 1, 1, INF, INF, 0.1])
    assert find("learning-rate-low", rates=broken).status == "ok"  # a net that diverged is not too slow


def test_a_lower_rate_that_diverged_is_not_advised() -> None:
    """The tolerance is a share of a constant prediction's loss, not of that at the lowest rate, which may be inf."""
    assert advised_rate(range_test([INF, INF, 0.0, 1.0], at=2)) == pytest.approx(0.1)
    assert suited_rate(range_test([INF, INF, INF], at=1)) == {}
    assert suited_rate(range_test([1.0, NAN, 0.0], at=1, constant=NAN)) == {}


def test_nan_neither_wins_nor_hides() -> None:
    for order in ([NAN, 0.9, 0.1], [0.9, NAN, 0.1], [0.1, 0.9, NAN]):
        assert worst(order, float) == 0.9
        assert worst(order, float, least=True) == 0.1
    assert worst([NAN, NAN], float) is None
    assert worst([("b", 1.0), ("a", 1.0)], lambda each: each[1]) == ("b", 1.0)  # the first, not the least name


FIELDS = {
    "saturated-units": ("saturated", 1.0),
    "dead-units": ("dead", 1.0),
    "vanishing-gradient": ("z_gradient", 0.0),
    "exploding-gradient": ("z_gradient", 1e30),
    "updates-large": ("update", 1e3),
}


@pytest.mark.parametrize("code", FIELDS)
@pytest.mark.parametrize("unknown", [0, 1])
def test_an_issue_of_one_layer_is_told_whatever_is_unknown_of_another(code: str, unknown: int) -> None:
    """In both orders: `max` of Python keeps a nan that comes first, and passes over one that comes later."""
    name, bad = FIELDS[code]
    layers = list(measured().layers)
    layers[unknown] = replace(layers[unknown], **{name: NAN})
    layers[1 - unknown] = replace(layers[1 - unknown], **{name: bad})
    stage = replace(measured(), layers=tuple(layers))
    assert find(code, stage, replace(stage, epoch=0)).status == "issue"


def test_of_equal_layers_the_one_nearest_to_the_inputs_is_named() -> None:
    """By place, not by name: "hidden 10" comes before "hidden 2" in the alphabet."""
    layers = [replace(measured().layers[0], name=f"hidden {k}", z_gradient=0.0, update=5.0) for k in (2, 10)]
    stage = replace(measured(), layers=(*layers, replace(measured().layers[-1], update=NAN)))
    assert find("vanishing-gradient", stage, None).place == "hidden 2"
    assert find("updates-large", None, stage).place == "hidden 2"
    highest = [replace(layer, z_gradient=1e30) for layer in layers]
    assert find("exploding-gradient", replace(stage, layers=(*highest, stage.layers[-1])), None).place == "hidden 2"


def test_a_gradient_of_zero_is_not_answered_by_a_rate() -> None:
    still = replace(measured(), layers=tuple(replace(layer, update=0.0) for layer in measured().layers))
    found = find("updates-small", None, still)
    assert (found.status, found.advice) == ("cannot tell", {})
    tiny = replace(measured(), layers=tuple(replace(layer, update=1e-30) for layer in measured().layers))
    assert find("updates-small", None, tiny).advice == {"learning_rate": pytest.approx(0.1 * FASTEST)}


def test_depths_that_both_diverge_are_equally_good() -> None:
    broken = range_test([INF] * 3, at=1)
    wrong = Finding("wrong-initialiser", "issue", 0, 0, "", "", {"init": "he-normal"})
    deep = RECIPE.replace(hidden=(6,) * 6)
    advice = advise([wrong], evidence(recipe=deep), lambda _: broken)
    assert advice.recipe["hidden"] == (6,) * 4
    assert isinstance(advice, Advice)
    assert isinstance(broken, RangeTest)
