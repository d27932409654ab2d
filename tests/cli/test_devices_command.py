"""`goodfit devices`: what it says fits is what a session plans."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from goodfit.cli import main
from goodfit.data import Dataset, split
from goodfit.training import Examples, Job
from goodfit.training.recipe import Recipe
from goodfit.training.turns import plan_session


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_as_many_nets_fit_as_a_session_takes_in_one_turn(capsys: pytest.CaptureFixture[str], optimizer: str) -> None:
    flags = ("--hidden", "300", "--optimizer", optimizer, "--inputs", "40", "--outputs", "2", "--rows", "900")
    assert main(["devices", *flags, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    rng = np.random.default_rng(0)
    data = Dataset("d", rng.normal(size=(900, 40)), rng.normal(size=(900, 2)), "regression")
    examples = replace(Examples.of_split(split(data, valid=0)), train=np.arange(900, dtype=np.int32))
    room, nets = told["bytes_of_a_turn"] // 64, told["nets_that_fit"] // 64  # fewer nets in less memory
    for more, turns in ((-2, 1), (2, 2)):
        jobs = [Job(Recipe(hidden=(300,), optimizer=optimizer, seed=seed)) for seed in range(nets + more)]
        assert len(plan_session([SimpleNamespace(jobs=jobs, examples=examples)], memory=room).turns) == turns


def test_sizes_that_nothing_has_are_refused_together(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["devices", "--inputs", "-5", "--rows", "0"]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "Command line: '--inputs' must be an integer >= 1; got -5.",
        "Command line: '--rows' must be an integer >= 1; got 0.",
    ]


def test_memory_that_the_system_does_not_tell_is_null(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows has no os.sysconf."""
    monkeypatch.delattr("os.sysconf")
    assert main(["devices", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["nets_that_fit"], told["bytes_of_a_turn"], told["devices"][0]["memory"]) == (None, None, None)
    assert main(["devices"]) == 0
    assert "unknown" in capsys.readouterr().out
