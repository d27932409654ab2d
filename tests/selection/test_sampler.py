"""Searches that ask as they go: by Optuna, and by a sampler of one's own."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest

from goodfit.errors import GoodfitError, InputError
from goodfit.selection import Range, Selection, select
from goodfit.selection.sampler import OptunaSampler, SamplingPlan
from goodfit.selection.space import Setting, Space
from goodfit.training import Cohort, Fitted, fit, session
from searching import BASE, Stop, dataset, killed_after

VARY: dict[str, Any] = {
    "learning_rate": Range(1e-4, 1.0, log=True),
    "hidden": [3, (5, 4)],
    "epochs": Range(4, 9),
}
HOW: dict[str, Any] = {"vary": VARY, "folds": 3, "by": "loss", "method": "optuna", "budget": 14, "ask": 5}


def asked(**more: Any) -> Selection:
    return select(BASE.replace(epochs=4), dataset(), **{**HOW, **more})


def test_optuna_is_asked_in_turns_each_of_which_is_one_population(monkeypatch: pytest.MonkeyPatch) -> None:
    trained: list[int] = []

    def watched(cohort: Cohort, **how: Any) -> Fitted:
        trained.append(len(cohort.jobs))
        return fit(cohort, **how)

    monkeypatch.setattr(session, "fit", watched)
    plans: list[SamplingPlan] = []
    vary = {name: VARY[name] for name in ("learning_rate", "hidden")}
    found = asked(vary=vary, plan=lambda _, planned: plans.append(planned))
    assert sum(trained) == 14 * 3
    assert trained == [15, 15, 12]
    assert (plans[0].turns, plans[0].ask, plans[0].nets) == (3, 5, 42)
    assert "3 turns of at most 5 settings, 42 nets in all, " in str(plans[0])
    assert len({str(each) for each in found.settings}) == 14
    assert "earlier scores on the same held-out data" in found.uncorrected
    assert not found.stopped


def test_what_is_asked_for_is_optunas_own_and_comes_again(capfd: pytest.CaptureFixture[str]) -> None:
    """The same study by hand, told the losses that the search found."""
    found, again = asked(), asked()
    assert found.settings == again.settings
    np.testing.assert_array_equal(found.losses, again.losses)
    assert asked(seed=1).settings != found.settings
    values, kinds = [(3,), (5, 4)], optuna.distributions
    choices = {
        "learning_rate": kinds.FloatDistribution(1e-4, 1.0, log=True),
        "hidden": kinds.CategoricalDistribution([0, 1]),
        "epochs": kinds.IntDistribution(4, 9),
    }
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(seed=0, constant_liar=True)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    expected = []
    for count in (5, 5, 4):
        trials = [study.ask(choices) for _ in range(count)]
        for trial in trials:
            value = -float(found.losses[len(expected)].mean())
            expected.append({**trial.params, "hidden": values[trial.params["hidden"]]})
            study.tell(trial, value)
    assert list(found.settings) == expected
    assert isinstance(found.settings[0]["epochs"], int)
    assert optuna.logging.get_verbosity() == optuna.logging.ERROR  # as it was
    optuna.logging.set_verbosity(optuna.logging.INFO)
    assert "study" not in capfd.readouterr().err


@pytest.mark.parametrize("reports", [0, 1, 2, 4])
def test_killed_at_any_turn_it_goes_on(tmp_path: Path, reports: int, monkeypatch: pytest.MonkeyPatch) -> None:
    vary = {"learning_rate": VARY["learning_rate"]}
    whole = asked(vary=vary, budget=8, ask=4)
    with pytest.raises(Stop):
        asked(vary=vary, budget=8, ask=4, out=tmp_path, progress=killed_after(reports))
    again = asked(vary=vary, budget=8, ask=4, out=tmp_path)
    assert again.settings == whole.settings
    np.testing.assert_array_equal(again.losses, whole.losses)

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("nothing is left to be trained")

    monkeypatch.setattr(session, "fit", refuse)
    np.testing.assert_array_equal(asked(vary=vary, budget=8, ask=4, out=tmp_path).losses, whole.losses)


def test_another_version_that_asks_otherwise_is_noticed(tmp_path: Path) -> None:
    vary = {"learning_rate": VARY["learning_rate"]}
    asked(vary=vary, budget=4, out=tmp_path)
    path = tmp_path / "asked-000" / "asked.json"
    path.write_text(path.read_text().replace("0.", "0.1"))
    with pytest.raises(InputError, match="it suggested other settings when the search started"):
        asked(vary=vary, budget=4, out=tmp_path)


def test_optuna_comes_nearer_than_the_first_draws() -> None:
    """Of settings asked for after the first ten, most learn better than the median of those ten."""
    vary = {"learning_rate": Range(1e-6, 1.0, log=True)}
    found = asked(vary=vary, budget=25, ask=5)
    means = found.losses.mean(axis=1)
    assert (means[10:] < np.median(means[:10])).mean() >= 0.6


class Own:
    """A sampler of the user's: two given settings, then values that do not go together, then the first again."""

    def __init__(self) -> None:
        self.asked: list[list[Setting]] = [
            [{"l2": 0.0, "momentum": 0.0}, {"l2": 0.1, "momentum": 0.5}],
            [{"l2": 0.1, "momentum": 7.0}, {"l2": 0.0, "momentum": 0.0}],
            [{"l2": 0.2, "momentum": 0.5}, {"l2": 0.2, "momentum": 0.5}],
        ]
        self.told: list[tuple[Sequence[Setting], Sequence[float | None]]] = []

    def ask(self, count: int) -> list[Setting]:
        assert count <= 2
        return self.asked.pop(0) if self.asked else []

    def tell(self, settings: Sequence[Setting], scores: Sequence[float | None]) -> None:
        self.told.append((settings, scores))


def test_a_sampler_of_ones_own() -> None:
    sampler = Own()
    found = asked(vary={"l2": [0.0, 0.1, 0.2], "momentum": [0.0, 0.5]}, method=sampler, ask=2, budget=6)
    assert found.settings == (
        {"l2": 0.0, "momentum": 0.0},
        {"l2": 0.1, "momentum": 0.5},
        {"l2": 0.2, "momentum": 0.5},
    )
    losses = found.losses.mean(axis=1)
    assert sampler.told[0][1] == pytest.approx([-losses[0], -losses[1]])
    assert sampler.told[1][1] == [None, pytest.approx(-losses[0])]  # what is known is told, and not trained again
    assert sampler.told[2][1] == pytest.approx([-losses[2]] * 2)


def test_samplers_that_ask_for_nothing_or_for_something_else() -> None:
    empty, strange = Own(), Own()
    empty.asked.clear()
    vary: dict[str, Any] = {"l2": [0.0, 0.1], "momentum": [0.0, 0.5]}
    with pytest.raises(GoodfitError, match="the sampler suggested no setting that could be trained"):
        asked(vary=vary, method=empty, ask=2)
    strange.asked.insert(0, [{"l1": 0.0}])
    with pytest.raises(InputError, match=r"must suggest values of 'l2', 'momentum'; got \{'l1': 0.0\}"):
        asked(vary=vary, method=strange, ask=2)


def test_a_space_that_is_used_up_ends_the_search() -> None:
    found = asked(vary={"l2": [0.0, 0.1, 0.2]}, budget=50)
    assert len(found.settings) == 3


def test_a_setting_that_diverges_is_told_as_failed() -> None:
    space = Space(BASE, {"l2": [0.0, 0.1]})
    sampler = OptunaSampler(space, 0)
    settings = sampler.ask(2)
    sampler.tell(settings, [None, 0.5])
    states = [trial.state.name for trial in sampler._study.trials]
    assert states == ["FAIL", "COMPLETE"]
    found = asked(vary={"learning_rate": [3e38, 0.1]}, budget=2)
    assert sorted(row["failed folds"] for row in found.rows()) == [0, 3]
    assert math.isnan(found.rows()[-1]["loss"])


def test_values_that_the_recipe_refuses_are_said_before_it_starts() -> None:
    with pytest.raises(InputError, match="'momentum' must be"):
        asked(vary={"momentum": Range(0.0, 5.0)})


def test_without_optuna_it_says_how_to_get_it() -> None:
    code = """
import sys
sys.modules["optuna"] = None
import goodfit
try:
    goodfit.select(None, "moons", vary=["l2=0,1"], method="optuna")
except goodfit.InputError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == (
        "Search: method optuna needs Optuna, which is not installed. Install it: pip install goodfit[optuna].\n"
    )


def test_bad_turns() -> None:
    with pytest.raises(InputError, match="'ask' must be an integer >= 1; got 0"):
        asked(ask=0)
    with pytest.raises(InputError, match="'factor' is for the methods halving and hyperband; got 3"):
        asked(factor=3)
