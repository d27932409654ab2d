"""Verdicts that go on from their folders."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import goodfit as gf
from goodfit import verdicts
from goodfit.training import session
from goodfit.training.fitting import fit

RECIPE = gf.Recipe(hidden=(3,), epochs=4, batch_size=32, dropout=0, schedule="constant")
ASKED: dict[str, Any] = {"folds": 3, "repeats": 2, "seeds": [4, 9], "by": "score", "seed": 5}


class Killed(BaseException):
    """What stands for a kill."""


def killing(monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """Kill when this many trainings have begun."""
    begun = []

    def killed(*given: Any, **how: Any) -> Any:
        begun.append(how)
        if len(begun) == after:
            raise Killed
        return fit(*given, **how)

    monkeypatch.setattr(session, "fit", killed)


def test_a_verdict_goes_on_from_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = gf.verdict(RECIPE, "xor", **ASKED)
    with monkeypatch.context() as patched:
        killing(patched, 2)
        with pytest.raises(Killed):
            gf.verdict(RECIPE, "xor", **ASKED, out=tmp_path)
    assert (tmp_path / "repeat-1" / "turn-0000.safetensors").exists()
    assert not (tmp_path / "verdict.json").exists()
    found = verdicts.resume(tmp_path)
    np.testing.assert_array_equal(found.errors, whole.errors)
    assert (found.sentence, found.what) == (whole.sentence, whole.what)
    assert (tmp_path / "verdict.json").exists()
    with pytest.raises(gf.InputError, match="holds a different verdict"):
        gf.verdict(RECIPE, "xor", **{**ASKED, "margin": 0.1}, out=tmp_path)


def test_the_sizes_are_those_that_were_chosen_when_it_began(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: dict[str, Any] = {"folds": 3, "minutes": 0.5}
    with monkeypatch.context() as patched:
        killing(patched, 1)
        with pytest.raises(Killed):
            gf.verdict(RECIPE, "xor", **asked, out=tmp_path)
    # as on a machine that has become so slow that it would choose other ones
    monkeypatch.setattr(verdicts.judging, "choose_sizes", lambda *given: verdicts.sizing.Sizes(epochs=2, repeats=1))
    found = gf.verdict(RECIPE, "xor", **asked, out=tmp_path)
    assert found.shortened is None
    assert verdicts.resume(tmp_path).sentence == found.sentence
    with pytest.raises(gf.InputError, match="holds a different verdict"):
        gf.verdict(RECIPE, "xor", **{**asked, "minutes": 0.4}, out=tmp_path)


def test_only_what_a_file_holds_goes_on(tmp_path: Path) -> None:
    gf.verdict(RECIPE, gf.data.load("xor"), folds=2, quick=True, out=tmp_path)
    with pytest.raises(gf.InputError, match="Start the verdict again from Python"):
        verdicts.resume(tmp_path)


def test_a_run_keeps_its_verdict_before_it_drops_what_led_to_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill before the removal leaves a verdict that can be resumed; the same call goes on without training."""
    gf.train(RECIPE, "xor", out=tmp_path / "run")
    asked = verdicts.judging.VerdictRequest(folds=3, quick=True)
    written = verdicts.Verdict.write

    def killed(self: verdicts.Verdict, folder: Path) -> None:
        written(self, folder)
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(verdicts.Verdict, "write", killed)
        with pytest.raises(Killed):
            verdicts.judge_run(tmp_path / "run", asked=asked)
    assert (tmp_path / "run/verdict.json").exists()
    unfinished = verdicts.judging_runs.unfinished_request(tmp_path / "run")
    assert unfinished is not None
    assert unfinished[0].sizes is not None
    assert (dataclasses.replace(unfinished[0], sizes=None), unfinished[1]) == (asked, None)
    with monkeypatch.context() as patched:
        killing(patched, 1)
        # a machine that has become slower changes nothing: the sizes are those that were chosen when it began
        patched.setattr("goodfit.verdicts.judging_runs.pace_of", lambda run: 1e6)
        verdicts.judge_run(tmp_path / "run", asked=asked)
    assert not (tmp_path / "run/verdict").exists()
