"""A stand-in for the library side of a training, so that the commands are tested without one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import goodfit.runs
from goodfit.cli import main
from goodfit.runs.predictions import Predictions
from goodfit.runs.run import PART_WORDS
from goodfit.training.progress import Progress
from goodfit.training.recipe import Recipe

NAN = float("nan")


def score(value: float, **parts: Any) -> SimpleNamespace:
    usual = {
        "name": "accuracy",
        "value": value,
        "low": value - 0.01,
        "high": value + 0.01,
        "level": 0.95,
        "rows": 1000,
        "method": "Clopper-Pearson",
        "spread": None,
        "errors": (),
    }
    return SimpleNamespace(**{**usual, **parts})


@dataclass
class FakeRun:
    recipe: Recipe
    seeds: tuple[int, ...]
    folder: Path | None
    data_name: str = "iris"
    frozen: tuple[int, ...] = ()
    parameters: int = 67
    best_epochs: tuple[int, ...] = (2,)
    seconds: dict[str, float] = field(default_factory=lambda: {"compile": 0.5, "train": 61.0, "evaluate": 12.34})
    scores: dict[str, Any] = field(default_factory=lambda: {"train": score(0.9), "test": score(0.8, spread=0.02)})
    stopped_epochs: tuple[int, ...] = ()
    sealed: Any = None
    split: Any = None
    leaks: Any = None
    start: Any = None
    refit: Any = None
    origin: Any = None
    measured: dict[str, Any] = field(default_factory=dict)
    out_of_fold: Any = None
    part_words: dict[str, str] = field(default_factory=lambda: PART_WORDS)
    metrics: tuple[str, ...] = ("train_loss", "train_score")

    @property
    def history(self) -> SimpleNamespace:
        frozen = np.isin(np.arange(len(self.seeds)), self.frozen)
        stopped = np.array(self.stopped_epochs or [self.recipe.epochs] * len(self.seeds))
        return SimpleNamespace(frozen=frozen, stopped_epoch=stopped, metrics=self.metrics)

    @property
    def layers(self) -> list[SimpleNamespace]:
        hidden = {"inputs": 4, "outputs": 8, "parameters": 40, "activation": "relu", "initialiser": "he-normal"}
        output = {"inputs": 8, "outputs": 3, "parameters": 27, "activation": "", "initialiser": "he-normal"}
        return [
            SimpleNamespace(name="hidden 1", dropout=0.2, **hidden),
            SimpleNamespace(name="output", dropout=0.0, **output),
        ]

    def to_json(self) -> dict[str, Any]:
        return {
            "recipe": self.recipe.model_dump(mode="json"),
            "seeds": list(self.seeds),
            "loss": NAN,
            "parts": (1.0, 2),
        }


class FakeStream(list[Any]):
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    def __init__(self, parts: list[Any], keep: Sequence[str]) -> None:
        super().__init__(parts)
        self.keep = keep


class FakeRuns:
    """Records how it was called, and reports two epochs of progress."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.error: BaseException | None = None
        self.run: dict[str, Any] = {}
        self.found: list[Any] = []

    def _work(self, folder: Path, progress: Any) -> None:
        if self.error is not None:
            raise self.error
        for phase, epoch in (("data", 0), ("compile", 0), ("train", 1), ("train", 2), ("evaluate", 2)):
            values = {"train_loss": 1 / epoch, "train_score": 0.5 * epoch, "valid_loss": NAN} if epoch else {}
            recent = {name: [value] for name, value in values.items()} if phase == "train" else {}
            left = 3.0 if epoch == 1 else 0.0 if phase == "train" else None
            progress(Progress(phase, epoch, 2, values, 1000.0 * epoch, left, 2, 2, recent))  # type: ignore[arg-type]

    def train(
        self,
        recipe: Recipe,
        data: Any,
        *,
        seeds: Any = None,
        start: Any = None,
        out: Any = None,
        progress: Any = None,
        data_progress: Any = None,
        leaks: str = "warn",
        call: Any = None,
    ) -> FakeRun:
        self.calls.append(("train", {"recipe": recipe, "data": data, "seeds": tuple(seeds), "out": out}))
        self._work(out, progress)
        return FakeRun(recipe, tuple(seeds), out, **self.run)

    def resume(self, folder: Path, *, progress: Any = None, data_progress: Any = None) -> FakeRun:
        self.calls.append(("resume", {"folder": folder}))
        self._work(folder, progress)
        return FakeRun(Recipe(), (0,), folder, **self.run)

    def list_runs(self, root: Path) -> list[Any]:
        self.calls.append(("list_runs", {"root": root}))
        return self.found

    def record_of(self, folder: Path) -> Any:
        return SimpleNamespace(task="regression", call={})

    def PredictionStream(self, folder: Path, data: str, *, keep: Sequence[str], **_: Any) -> Any:
        self.calls.append(("predict", {"folder": folder, "data": data}))
        values = np.array([[0.75, 0.25]], np.float32)
        found = Predictions("classification", ("setosa", "other"), values, np.array([0]), 1)
        return FakeStream([(found, {})], keep)

    @property
    def last(self) -> dict[str, Any]:
        return self.calls[-1][1]


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeRuns:
    made = FakeRuns()
    for name in ("train", "resume", "list_runs", "PredictionStream", "record_of"):
        monkeypatch.setattr(goodfit.runs, name, getattr(made, name), raising=False)
    return made


@pytest.fixture(autouse=True)
def dear_verdicts(monkeypatch: pytest.MonkeyPatch) -> None:
    """No training is so dear that a verdict is given unasked: `test_verdict_command.py` asks for it."""
    monkeypatch.setattr("goodfit.verdicts.judging_runs.SECONDS", 0.0)
    monkeypatch.setattr("goodfit.verdicts.judging_runs.SHARE", 0.0)


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Run a command in an empty folder: (exit code, stdout, stderr)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GOODFIT_DEBUG", raising=False)

    def calling(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        out, err = capsys.readouterr()
        return code, out, err

    return calling


def a_run(folder: str, **parts: Any) -> SimpleNamespace:
    usual = {
        "folder": Path(folder),
        "data": "iris",
        "when": datetime(2025, 3, 1, 12, 30),
        "state": "done",
        "seeds": (0, 1),
        "scores": {"test": score(0.9)},
        "problem": "",
    }
    return SimpleNamespace(**{**usual, **parts})


@pytest.fixture
def make_run() -> Any:
    return a_run


@pytest.fixture
def make_score() -> Any:
    return score


@pytest.fixture(autouse=True)
def steady_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trainings take what the planner predicts, however busy the machine: what a verdict measures depends on it."""
    monkeypatch.setattr("goodfit.verdicts.judging_runs.pace_of", lambda run: 1.0)
