"""Verdicts from tables of errors that were made up, so that the answer is known."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.special import digamma

from goodfit.verdicts.deciding import MARGIN, OFFSET, Decision, decide, together
from goodfit.verdicts.gains import OWN_MARGIN, moderated

FOLDS, REPEATS = 5, 3
COLUMNS = FOLDS * REPEATS
WAVE = np.sin(np.arange(COLUMNS) * 2.1)  # a spread over the columns that no two probes share by chance


def errors(*means: float, spread: float = 0.01) -> np.ndarray:
    """One row a mean; rows of the same mean differ."""
    shifts = [np.roll(WAVE, 2 * row) for row in range(len(means))]
    return np.stack([mean * (1 + spread * shift) for mean, shift in zip(means, shifts, strict=True)])


def judged(table: np.ndarray, sides: list[Any], training: np.ndarray | None = None, **how: Any) -> Decision:
    usual: dict[str, Any] = {"half": table[0] * 1.005, "constant": 1.0, "folds": FOLDS}
    given = {**usual, **how}
    constant, folds = given.pop("constant"), given.pop("folds")
    return decide(table, table if training is None else training, sides, constant, folds, **given)


@pytest.mark.parametrize(("side", "kind"), [("freer", "underfit"), ("tighter", "overfit")])
def test_the_side_of_the_better_probe_names_the_fault(side: str, kind: str) -> None:
    found = judged(errors(0.5, 0.3, 0.5), [side, "freer"])
    assert (found.kind, found.best) == (kind, 0)


@pytest.mark.parametrize(
    ("own", "its", "kind"),
    [(0.4, 0.2, "underfit"), (0.1, 0.2, "overfit"), (1.3, 0.2, "diverged")],
)
def test_smaller_steps_tell_by_the_training_rows(own: float, its: float, kind: str) -> None:
    found = judged(errors(0.6, 0.3), ["slower"], training=errors(own, its))
    assert (found.kind, found.best) == (kind, 0)


def test_what_diverged_is_told_to_take_smaller_steps_even_where_a_penalty_helps_more() -> None:
    table = errors(9000.0, 1.0, 90.0)  # held-out rows fare far worse than those that it learns from
    found = judged(table, ["tighter", "slower"], training=errors(5.0, 1.0, 2.0))
    assert (found.kind, found.best) == ("diverged", 1)


def test_a_net_that_learned_nothing_has_not_diverged() -> None:
    found = judged(errors(1.0, 0.5, 0.6), ["freer", "slower"], training=errors(1.001, 0.5, 0.6))
    assert (found.kind, found.best) == ("underfit", 0)


def test_the_advice_is_the_probe_with_the_best_lower_bound() -> None:
    table = errors(0.5, 0.28, 0.3)
    table[1] = 0.28 * (1 + 0.5 * WAVE)  # better on average, and less sure
    assert judged(table, ["tighter", "freer"]).best == 1


def test_nothing_better_is_a_good_fit_or_noise() -> None:
    assert judged(errors(0.1, 0.1, 0.11), ["freer", "tighter"]).kind == "good fit"
    assert judged(errors(0.5, 0.5, 0.51), ["freer", "tighter"]).kind == "limited by noise"


def test_rows_that_still_help_are_told_only_where_no_recipe_does() -> None:
    table = errors(0.3, 0.3)
    assert judged(table, ["freer"], half=table[0] * 1.5).kind == "limited by data"
    assert judged(errors(0.3, 0.2), ["freer"], half=table[0] * 1.5).kind == "underfit"


def test_a_doubling_must_promise_the_margin_once_more() -> None:
    table = errors(0.3, 0.3)
    gained = {share: judged(table, ["freer"], half=table[0] + share).kind for share in (0.035, 0.045)}
    assert gained == {0.035: "limited by noise", 0.045: "limited by data"}  # half of it is below and above 0.02


def test_a_gain_that_is_sure_and_small_is_none() -> None:
    table = errors(0.3, 0.3)
    table[1] = table[0] - 0.9 * MARGIN
    assert judged(table, ["freer"]).kind == "limited by noise"
    table[1] = table[0] - 1.1 * MARGIN
    assert judged(table, ["freer"]).kind == "underfit"


def test_the_margin_grows_with_the_error() -> None:
    assert judged(errors(0.8, 0.8), ["freer"]).margin == pytest.approx(OWN_MARGIN * 0.8, rel=1e-3)
    assert judged(errors(0.1, 0.1), ["freer"]).margin == MARGIN


def test_where_less_than_the_margin_remains_nothing_can_be_better() -> None:
    table = errors(0.01, 0.001)
    table[1, ::5] = 0.2  # so spread that its interval says nothing
    gain = judged(table, ["freer"]).gains[0]
    assert gain.low < -MARGIN
    assert gain.at_most > 0
    assert gain.status == "no better"


@pytest.mark.parametrize("spread", [0.28, 0.3, 0.32, 0.6])
def test_wide_intervals_cannot_tell_and_say_what_would(spread: float) -> None:
    table = errors(0.4, 0.4, spread=spread)
    table[1] *= 1.01  # a little worse, if anything
    found = judged(table, ["freer"])
    assert (found.kind, found.best) == ("cannot tell", None)
    values = np.log(table[0] + OFFSET) - np.log(table[1] + OFFSET)
    own = math.exp(np.log(table[0] + OFFSET).mean()) - OFFSET
    least = -math.log1p(-MARGIN / (own + OFFSET))

    def settled(repeats: int) -> bool:
        limit = values.mean() + stats.t.ppf(0.95, FOLDS * repeats - 1) * values.std(ddof=1) / math.sqrt(FOLDS)
        return bool(limit < least)

    assert found.repeats == next((repeats for repeats in range(REPEATS + 1, 21) if settled(repeats)), None)


def test_gains_are_the_interval_of_logarithms_in_the_unit_of_errors() -> None:
    table = errors(0.5, 0.45, 0.6, spread=0.05)
    found = judged(table, ["freer", "tighter"], constant=2.0)
    offset = OFFSET * 2.0
    logs = np.log(table + offset)
    values = logs[0] - logs[1]
    level = 1 - 2 * 0.05 / 2
    assert found.level == level == together(2)
    half = stats.t.ppf((1 + level) / 2, COLUMNS - 1) * values.std(ddof=1) / math.sqrt(FOLDS)
    whole = math.exp(logs[0].mean())
    wanted = [whole * (1 - math.exp(-each)) for each in (values.mean(), values.mean() - half, values.mean() + half)]
    gain = found.gains[0]
    np.testing.assert_allclose([gain.mean, gain.low, gain.high], wanted, rtol=1e-12)
    doubling = found.doubling
    assert doubling is not None
    last = np.log(table[0] * 1.005 + offset) - logs[0]
    assert doubling.mean == pytest.approx(whole * (math.exp(last.mean()) - 1))
    assert found.remaining[1] == pytest.approx(whole - offset)


def test_a_recipe_that_diverges_is_repaired_by_what_beats_a_constant() -> None:
    table = errors(0.5, 0.4, 0.95, 0.3)
    table[0, 4] = np.nan
    table[3, 2] = np.nan
    found = judged(table, ["slower", "freer", "tighter"])
    assert (found.kind, found.best) == ("diverged", 0)
    assert {gain.status for gain in found.gains} == {"diverged"}
    hopeless = errors(0.5, 1.4)
    hopeless[0, 0] = np.nan
    found = judged(hopeless, ["slower"])
    assert (found.kind, found.best) == ("diverged", None)


def test_a_probe_that_diverges_is_no_rival() -> None:
    table = errors(0.1, 0.05, 0.1)
    table[1, 0] = np.nan
    found = judged(table, ["freer", "tighter"])
    assert [gain.status for gain in found.gains] == ["diverged", "no better"]
    assert found.kind == "good fit"


def test_without_probes_and_halves_there_is_nothing_to_fear() -> None:
    assert decide(errors(0.05), errors(0.05), [], 1.0, FOLDS).kind == "good fit"


def test_more_data_are_the_answer_where_they_promise_more_than_another_recipe_gained() -> None:
    table = errors(0.4, 0.4)
    table[1] = table[0] * (0.85 + 0.5 * WAVE)  # on average better, by about 0.06, and far from sure
    kinds = {}
    for factor in (1.2, 1.6):
        found = judged(table, ["tighter"], half=table[0] * factor)
        promised = 0.5 * found.doubling.mean  # type: ignore[union-attr]
        assert found.gains[0].status == "open"
        assert found.gains[0].at_most > promised
        assert found.kind == ("limited by data" if found.gains[0].mean < promised else "cannot tell")
        assert found.blocking == (() if found.kind == "limited by data" else (0,))
        assert found.kind == "limited by data" or found.repeats or found.rows
        kinds[factor] = found.kind
    assert kinds == {1.2: "cannot tell", 1.6: "limited by data"}


def test_the_claim_is_shrunk_by_the_share_that_is_error() -> None:
    found = judged(errors(0.5, 0.4, 0.6, spread=0.15), ["freer", "tighter"])
    logs = np.log(errors(0.5, 0.4, 0.6, spread=0.15) + OFFSET)
    values = logs[0] - logs[1]
    error = values.std(ddof=1) / math.sqrt(FOLDS)
    expected = values.mean() * (1 - (error / values.mean()) ** 2)
    assert found.gains[0].claim == pytest.approx(np.exp(logs[0].mean()) * (1 - math.exp(-expected)))
    assert found.best == 0
    assert found.claim == pytest.approx(found.gains[0].claim)  # the same probe is best on all other folds, whichever
    assert found.gains[0].low < found.claim < found.gains[0].mean


def test_the_claim_is_what_the_best_of_the_other_folds_gains() -> None:
    table = np.full((3, FOLDS), 0.5)
    table[1] = [0.30, 0.301, 0.302, 0.303, 0.42]
    table[2] = [0.31, 0.311, 0.312, 0.313, 0.2]
    found = judged(table, ["freer", "freer"], half=table[0])
    logs = np.log(table + OFFSET)
    values = logs[0] - logs[1:]
    best = [values[:, [other for other in range(FOLDS) if other != fold]].mean(1).argmax() for fold in range(FOLDS)]
    crossed = np.mean([values[probe, fold] for fold, probe in enumerate(best)])
    assert found.claim == pytest.approx(min(found.gains[found.best].claim, 0.6 * (1 - math.exp(-crossed))))  # type: ignore[index]
    assert found.claim < found.gains[found.best].mean  # type: ignore[index]


def test_where_few_rows_decide_every_fold_must_show_a_gain() -> None:
    table = errors(0.5, 0.4)
    assert judged(table, ["tighter"], careful=True).kind == "overfit"
    table[1, ::FOLDS] = 0.501  # one fold of every repeat
    assert judged(table, ["tighter"]).kind == "overfit"
    assert judged(table, ["tighter"], careful=True).kind == "cannot tell"


@pytest.mark.parametrize(("own", "kind"), [(1.2, "underfit"), (0.3, "overfit")])
def test_a_constant_prediction_is_an_alternative(own: float, kind: str) -> None:
    table = errors(1.2, 1.2)
    found = judged(table, ["freer"], training=errors(own, own))
    assert (found.kind, found.best, found.learned) == (kind, None, "worse")


def test_where_few_rows_decide_only_twice_the_error_is_surely_worse_than_a_constant() -> None:
    for own, learned in ((1.2, "no"), (3.0, "worse")):
        found = judged(errors(own, own), ["freer"], training=errors(0.3, 0.3), careful=True)
        assert found.learned == learned
        assert (found.kind == "overfit") is (learned == "worse")


def test_pure_noise_is_no_fault() -> None:
    found = judged(errors(1.0, 1.0), ["freer"], training=errors(0.99, 0.9))
    assert (found.kind, found.learned) == ("limited by noise", "no")


def test_gains_on_some_rows_count_as_far_as_all_rows_keep_them() -> None:
    table = errors(0.5, 0.38)  # a gain of 0.12; the margin is 0.025
    kinds = {share: judged(table, ["tighter"], share=share).kind for share in (1.0, 0.25, 0.1, 0.01)}
    assert kinds == {1.0: "overfit", 0.25: "overfit", 0.1: "cannot tell", 0.01: "limited by noise"}
    assert judged(table, ["freer"], share=0.01).kind == "underfit"
    assert judged(table, ["longer"], lasting=[True]).kind == "cannot tell"
    assert {lasts: judged(table, ["freer"], lasting=[lasts]).kind for lasts in (True, False)} == {
        True: "underfit",
        False: "cannot tell",
    }
    whole = errors(0.5, 0.5)
    halves = {share: judged(whole, ["freer"], half=whole[0] + 0.2, share=share).kind for share in (1.0, 0.1, 0.01)}
    assert halves == {1.0: "limited by data", 0.1: "cannot tell", 0.01: "good fit"}


@pytest.mark.parametrize("own", [1.0, 1.2])
@pytest.mark.parametrize(("side", "other"), [("freer", 0.5), ("longer", 0.5), ("tighter", 0.9), ("freer", 1.2)])
def test_a_recipe_that_has_learned_nothing_in_fewer_steps_may_only_be_slow(own: float, side: str, other: float) -> None:
    table = errors(own, other)
    for lasts in (True, False):
        found = judged(table, [side], training=errors(1.0, other), lasting=[lasts])
        assert (found.kind, found.best) == ("cannot tell", None)
    assert judged(table, ["freer"], training=errors(own, 0.5)).kind != "cannot tell"


def test_fewer_steps_show_what_more_would_not_mend() -> None:
    assert judged(errors(1.2, 1.2), ["freer"], training=errors(0.3, 0.3), lasting=[False]).kind == "overfit"
    assert judged(errors(0.6, 0.3), ["slower"], training=errors(1.3, 0.2), lasting=[False]).kind == "diverged"


@pytest.mark.parametrize("margin", [0.15, 0.2, 0.3, 0.9])
def test_a_margin_of_more_than_there_is_to_gain_is_reached_by_nothing(margin: float) -> None:
    found = judged(errors(0.1, 0.0), ["freer"], margin=margin)
    assert (found.kind, found.gains[0].status) == ("good fit", "no better")


def test_variances_are_moderated_by_those_of_all_probes() -> None:
    same, freedom = moderated(np.full(6, 0.2), 4)
    assert freedom == 8  # a prior that weighs as much as each of them
    centre = math.exp(math.log(0.2) - digamma(2) + math.log(2))  # of variances whose mean logarithm is that of 0.2
    np.testing.assert_allclose(same, (centre + 0.2) / 2)
    rng = np.random.default_rng(0)
    drawn = 0.2 * rng.chisquare(4, (500, 8)) / 4
    found = np.stack([moderated(each, 4)[0] for each in drawn])
    assert np.log(found / 0.2).std() < 0.7 * np.log(drawn / 0.2).std()
    assert found.mean() == pytest.approx(0.2, rel=0.05)
    apart, freedom = moderated(np.array([1e-6, 1e-3, 1.0, 1e3]), 4)
    assert freedom < 4.6  # which have hardly anything in common
    np.testing.assert_allclose(apart[1:], [1e-3, 1.0, 1e3], rtol=0.6)
