"""Claims: what pairs of nets decide, intervals that hold the truth, and how many pairs more it would take."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from scipy import stats

import goodfit as gf
from goodfit.errors import InputError
from goodfit.lab.claim_list import CLAIMS, claim
from goodfit.lab.claims import MOST_TOLD, POWER, decide, judge, pairs_needed
from goodfit.lab.states import LabState, checked_state

LOSS, HITS = claim("dropout"), claim("alike")
LAWS = {
    "normal": lambda rng, shape: rng.normal(size=shape),
    "heavy tails": lambda rng, shape: rng.standard_t(5, size=shape),
    "skewed": lambda rng, shape: rng.gamma(4.0, size=shape) / 2 - 2,
}


def a_state(**more: object) -> LabState:
    recipe = {"hidden": [4], "activation": "tanh", "dropout": 0.0, "optimizer": "adam", "epochs": 4, "valid": 0.3}
    recipe |= {"schedule": "constant", "keep_best": False, "learning_rate": 0.01, "batch_size": 16}
    return checked_state({"recipe": recipe | more, "data": {"name": "moons", "rows": 60}, "nets": 4, "seed": 3})


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("pairs", [8, 16, 64])
def test_the_interval_of_a_look_holds_the_truth(law: str, pairs: int) -> None:
    """In 97.5 % of draws at the first look; 95 % of 1,000 draws leaves three standard errors and a little skewness."""
    rng, held = np.random.default_rng(1), 0
    for apart in LAWS[law](rng, (1000, pairs)):
        found = judge(LOSS, np.zeros(pairs), -(apart + 0.3))
        held += found.low <= 0.3 <= found.high
    assert held >= 950


def test_the_intervals_of_all_looks_hold_together() -> None:
    """Somebody who looks at 8, 16, 32 and 64 pairs, and stops when it is decided, errs in 5 % of cases at most."""
    rng, wrong = np.random.default_rng(2), 0
    for apart in rng.normal(size=(1000, 64)):
        looks = (judge(LOSS, np.zeros(pairs), apart[:pairs], look) for look, pairs in enumerate((8, 16, 32, 64), 1))
        wrong += any(found.answer != "cannot-tell" for found in looks)
    assert wrong <= 50 + 3 * math.sqrt(1000 * 0.05 * 0.95)


def test_the_pairs_that_are_told_decide_in_four_of_five_cases() -> None:
    """Against the exact power of Student's test, by the noncentral t law."""
    for effect in (0.3, 0.5, 1.0):
        for level in (0.95, 0.975, 0.99):
            needed = pairs_needed(effect, 1.0, 4, level)
            assert needed is not None

            def power(pairs: int, effect: float = effect, level: float = level) -> float:
                return float(stats.nct.sf(stats.t.ppf((1 + level) / 2, pairs - 1), pairs - 1, effect * pairs**0.5))

            assert power(needed) == pytest.approx(POWER, abs=0.05)


def test_so_many_pairs_more_do_decide() -> None:
    """Trials of 8 pairs that could not tell: with the pairs that they asked for, most of them are decided."""
    rng, decided, asked = np.random.default_rng(3), 0, []
    for _ in range(400):
        apart = rng.normal(0.7, 1.0, 8)
        first = judge(LOSS, np.zeros(8), -apart)
        if first.answer != "cannot-tell" or first.more is None:
            continue
        asked.append(first.more)
        more = np.concatenate([apart, rng.normal(0.7, 1.0, first.more)])
        decided += judge(LOSS, np.zeros(len(more)), -more, look=2).answer != "cannot-tell"
    assert decided / len(asked) >= 0.7  # those that could not tell looked smaller than they are, so that more was asked
    known = pairs_needed(0.7, 1.0, 8, 0.9917)
    assert known is not None
    assert 0.5 * (known - 8) <= np.median(asked) <= 4 * (known - 8)


@pytest.mark.parametrize(
    ("apart", "answer"),
    [
        (np.full(8, 0.5) + 0.01 * np.arange(8), "holds"),
        (-np.full(8, 0.5) - 0.01 * np.arange(8), "does-not"),
        (np.array([1.0, -1.0] * 4), "cannot-tell"),
        (np.zeros(8), "does-not"),
    ],
)
def test_the_answer_is_what_the_interval_says(apart: np.ndarray, answer: str) -> None:
    """A difference speaks for "lowers" where the second net's loss is the lower one."""
    found = judge(LOSS, np.ones(8), np.ones(8) - apart)
    assert found.answer == answer
    assert (found.low > 0, found.high < 0) == (answer == "holds", answer == "does-not" and bool(apart.any()))
    assert found.more == (None if answer == "cannot-tell" else 0)


def test_nets_that_diverge_lose_their_pairs() -> None:
    """Their loss is infinite: then wins count, by Clopper and Pearson's interval."""
    second = np.array([math.inf] * 15 + [0.5])
    found = judge(LOSS, np.ones(16), second)
    low, high = stats.binomtest(1, 16).proportion_ci(0.975, "exact")
    assert (found.low, found.high) == pytest.approx((low - 0.5, high - 0.5))
    assert (found.answer, found.by_wins) == ("does-not", True)
    assert judge(LOSS, np.full(16, math.inf), np.full(16, math.inf)).answer == "cannot-tell"
    assert "wins" in found.told.en


def test_hits_have_an_interval_even_where_all_pairs_agree() -> None:
    found = judge(HITS, np.zeros(16), np.ones(16))
    assert found.answer == "holds"
    assert 0 < found.low < 0.9 < found.high <= 1


def test_no_difference_is_never_told_to_need_few_pairs() -> None:
    assert pairs_needed(0.0, 1.0, 8, 0.95) is None
    assert pairs_needed(0.001, 1.0, 8, 0.95) is None
    assert pairs_needed(math.nan, 1.0, 8, 0.95) is None
    assert pairs_needed(2.81 / math.sqrt(MOST_TOLD), 1.0, 8, 0.95) is not None


@pytest.mark.parametrize("said", CLAIMS, ids=lambda said: said.name)
def test_every_claim_is_about_one_thing(said: object) -> None:
    """Both languages, braces that are filled, and a pair that differs in what it names alone."""
    assert said.words.en.endswith(".")  # type: ignore[attr-defined]
    assert said.words.zh.endswith("。")  # type: ignore[attr-defined]
    recipe = gf.Recipe(hidden=(8, 8), dropout=0.0)
    pair = said.pair(recipe) if said.data is None else said.data({"name": "polynomial"})  # type: ignore[attr-defined]
    assert pair[0] != pair[1]
    assert pair[0].keys() == pair[1].keys()
    assert "{" not in said.told(pair).en + said.told(pair).zh  # type: ignore[attr-defined]
    if said.data is None:  # type: ignore[attr-defined]
        for each in pair:
            recipe.replace(**each)


def test_claims_about_hidden_layers_need_them() -> None:
    for name in ("dropout", "wider", "deeper", "relu"):
        with pytest.raises(InputError, match="is about hidden layers"):
            claim(name).pair(gf.Recipe(hidden=()))


@pytest.mark.filterwarnings("ignore:.*predict the same class")
def test_a_claim_is_decided_by_nets_that_are_alike_but_for_one_thing() -> None:
    """The numbers are those of nets that `gf.train` trains, one kind alone."""
    state, shares = a_state(), list[float]()
    found = decide("alike", state, pairs=8, watch=shares.append)
    assert found.answer == "holds"
    assert (found.first, found.second, found.pairs) == (0.0, 1.0, 8)
    assert shares[-1] == 1.0
    assert shares == sorted(shares)
    told = found.to_json()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert (told["name"], told["nets"], told["more"]) == ("alike", 16, 0)
    assert "left out" not in found.told.en
    acts = [{"epoch": 1, "change": {"learning_rate": 0.5}}]
    changed = decide("alike", checked_state({**state.to_json(), "epoch": 1, "acts": acts}), pairs=8)
    assert (changed.low, changed.left_out) == (found.low, True)
    assert "Changes on the way were left out" in changed.told.en
    rows = gf.data.load("moons", n_train=60)
    run = gf.train(state.whole_recipe().replace(activation="sigmoid"), rows, seeds=4, leaks="off")
    assert decide("tanh", state, pairs=4).first == pytest.approx(run.history["train_loss"].mean(), rel=1e-5)


@pytest.mark.parametrize(
    ("name", "more", "how", "message"),
    [
        ("dropuot", {}, {}, "unknown claim; got 'dropuot'. Did you mean 'dropout'"),
        ("dropout", {"hidden": []}, {}, "is about hidden layers"),
        ("dropout", {"valid": 0.0}, {}, "needs a validation set"),
        ("dropout", {"fold_members": 5}, {}, "'fold_members' must be 0"),
        ("dropout", {}, {"pairs": 3}, "'pairs' must be an integer from 4 to 128; got 3"),
        ("dropout", {}, {"look": 0}, "'look' must be an integer >= 1"),
        ("more-features", {}, {}, "is about powers of x"),
    ],
)
def test_a_claim_that_cannot_be_about_the_state_is_refused(
    name: str, more: dict[str, object], how: dict[str, int], message: str
) -> None:
    with pytest.raises(gf.InputError, match=message):
        decide(name, a_state(**more), **{"pairs": 4, **how})
