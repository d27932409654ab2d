"""Which rows variants are compared on, and the advice where several things hold a net back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from evidence_help import RECIPE, evidence, find, measured, variant_test
from inspection_help import random_net

import goodfit as gf
from goodfit.inspection import subject, variants
from goodfit.inspection.advising import advise
from goodfit.inspection.findings import Finding
from goodfit.inspection.findings.data import SPREAD_BELOW
from goodfit.inspection.measuring import measure
from goodfit.inspection.shapes import DEEP, WIDE
from goodfit.inspection.subject import subject_of
from goodfit.training.examples import Examples

SHORT = RECIPE.replace(hidden=(4, 1), epochs=1)


def rows_of(count: int = 200, **fields: Any) -> gf.data.Split:
    rng = np.random.default_rng(0)
    data = gf.data.Dataset.from_arrays(rng.standard_normal((count, 3)), rng.integers(0, 2, count), **fields)
    return gf.data.Split(data, np.arange(count), np.arange(0), np.arange(0))


def test_nets_too_wide_for_all_held_out_rows_are_compared_on_the_same_fewer(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (subject, variants):
        monkeypatch.setattr(module, "MOST_NUMBERS", 20 * WIDE)
    (test,) = variants.variant_tests([(SHORT, None)], rows_of())  # the variants are 4 and WIDE units wide
    assert test is not None
    assert {len(losses) for losses in test.losses.values()} == {20}
    assert test.sure("bottleneck") in (True, False)


def test_groups_and_times_are_kept_apart_in_the_comparison(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[gf.data.Split] = []
    whole = Examples.of_split

    def kept(rows: gf.data.Split, *given: Any, **more: Any) -> Examples:
        taken.append(rows)
        return whole(rows, *given, **more)

    monkeypatch.setattr(Examples, "of_split", kept)
    labels = np.random.default_rng(1).integers(0, 20, 200)
    for fields in ({"groups": labels}, {"time": labels.astype(float)}):
        assert variants.variant_tests([(SHORT, None)], rows_of(**fields))[0] is not None
        train, held = labels[taken[-1].train], labels[taken[-1].valid]
        assert len(train) + len(held) == 200
        assert not set(train) & set(held)
        assert "groups" in fields or train.max() < held.min()
    assert variants.variant_tests([(SHORT, None)], rows_of(groups=np.zeros(200, int))) == [None]


def test_the_penalty_that_acts_alone_is_the_one_in_the_text() -> None:
    recipe, stuck = RECIPE.replace(l2=3.0, dropout=0.5), measured().loss
    test = variant_test(mended=0.2, penalties=0.9, l2=0.8, dropout=0.3)
    found = find("over-regularised", constant=stuck, recipe=recipe, variants=test)
    assert found.place == "l2"
    assert found.value == pytest.approx(test.share("l2"))
    assert "is 0.8 with l2 3 alone, 0.2 without" in found.text
    test = variant_test(mended=0.2, penalties=0.9, l2=0.8, dropout=0.85)
    found = find("over-regularised", constant=stuck, recipe=recipe, variants=test)
    assert found.place == "l2, dropout"
    assert found.value == pytest.approx(test.share("dropout"))
    assert "with dropout 0.5 alone" in found.text
    assert found.text.endswith("L2 alone holds it back, too.")


def test_penalties_that_were_mended_before_the_trainings_are_not_judged() -> None:
    recipe = RECIPE.replace(l2=3.0, dropout=0.5)
    test = variant_test(mended=0.2, l2=0.8)
    found = find("over-regularised", constant=measured().loss, recipe=recipe, variants=test)
    assert (found.status, found.place) == ("issue", "l2")
    none = variant_test(mended=0.2, bottleneck=0.8)
    assert find("over-regularised", constant=measured().loss, recipe=recipe, variants=none).status == "cannot tell"


@pytest.mark.parametrize("codes", [("bottleneck",), ("too-deep",), ("bottleneck", "too-deep")])
@pytest.mark.parametrize("activation", ["relu", ("relu",) * 6])
def test_advice_on_width_and_on_depth_fit_together(codes: tuple[str, ...], activation: Any) -> None:
    recipe = RECIPE.replace(hidden=(9, 1, 9, 9, 9, 9), activation=activation, dropout=(0.1,) * 6)
    issues = [Finding(code, "issue", 0.1, 0.6, "", "") for code in codes]
    advised = advise(issues, evidence(recipe=recipe, plan=None), lambda advice: None).applied(recipe)
    wide = WIDE if "bottleneck" in codes else 1
    expected = (9, wide, 9, 9, 9, 9)
    assert advised.hidden == (expected[:DEEP] if "too-deep" in codes else expected)


def test_one_small_target_among_several_is_named() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((100, 4)), rng.standard_normal((100, 3))
    y[:, 0], y[:, 2] = 0.5, y[:, 2] * SPREAD_BELOW / 100  # the first does not vary: nothing is asked of it
    net = random_net((4, 6, 3), task="regression")
    found = find("targets-small", measure(subject_of(net, x, y), curvature=False), None)
    assert (found.status, found.place) == ("issue", "target 2")
    assert found.text.startswith("Target 2 has a standard deviation of ")
