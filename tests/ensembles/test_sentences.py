"""What a fit tells of itself: nothing without evidence, no figure left out, and how much of the default was trained."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import goodfit as gf
from goodfit.cli.ensemble_summary import print_ensemble
from goodfit.ensembles import job
from goodfit.ensembles.choosing import choose, difference
from goodfit.ensembles.finishing import epochs_of
from goodfit.ensembles.sentences import more_time, sentences
from goodfit.runs.chosen import choice_notes
from goodfit.runs.defaults import settled

DEFAULT = {"stage": "default", "count": 1}
CHOSEN = {"stage": "whole", "count": 2}


def facts(**changed: Any) -> dict[str, Any]:
    """Of a fit that chose two members."""
    found = {
        "loss": "log-loss", "epochs": 50, "default_epochs": 50, "settings": 9, "temperature": 1.0,
        "nested": 0.4, "chosen": 0.39, "default": 0.5, "gain": [0.1, 0.05, 0.15], "half": 0.5,
        "members": [CHOSEN, DEFAULT],
    }  # fmt: skip
    return {**found, **changed}


def test_an_interval_without_width_is_no_evidence() -> None:
    """Whatever it is around: the same predictions before and after, or a gain that differs by rounding alone."""
    for later in ([0.0, 0.0, 0.0], [1e-9, 9e-10, 1.1e-9], [-0.1, -0.1, -0.1], [0.1, 0.1, 0.1]):
        for members, why in (
            ([DEFAULT], "no choice has been better"),
            ([CHOSEN, DEFAULT], "did not change the choice"),
        ):
            told = more_time(facts(later=later, members=members))
            assert told.startswith("What more time would bring cannot be told")
            assert why in told
    assert more_time(facts(later=[1e-4, -1e-4, 3e-4])).endswith("more time would bring next to nothing.")
    open_still = facts(later=[0.01, -0.01, 0.03])
    assert "within its interval over rows" in more_time(open_still)
    assert "within its interval over 12 groups" in more_time({**open_still, "groups": 12})
    told = more_time(facts(half=1.6, nested=0.4, later=[1.2, 0.5, 1.9]))
    assert (
        "changed the nested log-loss by -75.0% (clear of 0): more time is likely to bring more." in told
    )  # 1.6 to 0.4


def test_halves_of_which_both_stay_with_the_default_cannot_tell() -> None:
    """Members that are of no use, in the first half and in the second: the choice itself gives the interval."""
    residuals = np.stack([np.full((30, 1), each, np.float32) for each in (0.1, 1.0, 1.1, 1.2)])
    half, full = (choose("regression", residuals[:count], np.arange(30) % 5).nested for count in (2, 4))
    later = list(difference(half, full))
    assert later == [0.0, 0.0, 0.0]
    assert "cannot be told" in more_time(facts(nested=0.01, later=later, members=[DEFAULT]))


@pytest.mark.parametrize("members", [[DEFAULT], [CHOSEN, DEFAULT], [CHOSEN]])
@pytest.mark.parametrize("settings", [1, 9])
@pytest.mark.parametrize("temperature", [1.0, 1.27])
def test_no_figure_is_left_out(members: list[Any], settings: int, temperature: float) -> None:
    """The nested loss, that on the rows that chose, what lies between them, and the temperature where there is one."""
    idle = members == [DEFAULT] and temperature == 1
    figures = {"nested": 0.5, "chosen": 0.5, "gain": [0.0, 0.0, 0.0]} if idle else {}
    given = facts(members=members, settings=settings, temperature=temperature, **figures)
    told = " ".join(sentences(given))
    assert f"{given['nested']:.4g}" in told
    assert f"optimistic by {given['nested'] - given['chosen']:.2g}." in told
    assert ("on the rows that chose it: 0.39" in told) is not idle
    assert ("Temperature: 1.27" in told) is (temperature != 1)
    assert bool(choice_notes(given, None)) is not idle
    if not idle:
        assert f"nested log-loss {given['nested']:.4g}." in choice_notes(given, None)[0]


def member(patience: int, *nets: tuple[int, int, bool], epochs: int = 50) -> Any:
    """nets: the best epoch, the last one, and whether it diverged."""
    best, last, frozen = (np.array(each) for each in zip(*nets, strict=True))
    trained = SimpleNamespace(best_epoch=best, stopped_epoch=last, frozen=frozen)
    recipe = SimpleNamespace(patience=patience, epochs=epochs)
    return SimpleNamespace(recipe=recipe, trained=tuple((trained, place) for place in range(len(nets))))


def test_epochs_are_those_that_the_deadline_left() -> None:
    assert epochs_of(member(12, (50, 50, False), (20, 32, False))) == 50
    assert epochs_of(member(12, (18, 20, False), (3, 15, False))) == 20  # the second ran out of patience
    assert epochs_of(member(12, (18, 30, False), (3, 15, False))) == 50  # both did, without a deadline
    assert epochs_of(member(12, (2, 4, True), (8, 9, False))) == 9
    assert epochs_of(member(0, (8, 30, False))) == 30


def test_a_default_that_was_cut_short_is_told_as_such(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With no time at all, one epoch of it is trained."""

    def small(fields: dict[str, Any], *others: Any, **how: Any) -> Any:
        return settled({**fields, "hidden": (4,), "epochs": 8}, *others, **how)

    monkeypatch.setattr(job, "settled", small)
    rng = np.random.default_rng(1)
    run = gf.fit({"a": rng.normal(size=20), "y": rng.normal(size=20)}, "y", seconds=0.1, test=0, leaks="off")
    assert run.ensemble is not None
    assert run.ensemble["epochs"] == run.history.epochs[-1] == 1
    assert run.ensemble["sentences"][0] == "The time sufficed for the default recipe, with 1 of 8 epochs, alone."
    assert "epochs" not in run.ensemble["members"][0]["fields"]
    print_ensemble(run, json=False)
    assert "Trained 5 nets in 1 round: " in capsys.readouterr().out
