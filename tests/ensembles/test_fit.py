"""`goodfit.fit` from a table to a run: what predicts, what is told of it, and what a kill leaves."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from few_rounds import limit

import goodfit as gf
from goodfit.cli import main
from goodfit.ensembles import job, resume
from goodfit.ensembles.planning import Planner, Timing, length_of
from goodfit.ensembles.rounds import Trained, bounded
from goodfit.ensembles.space import FIRST_KINDS, drawn, kind_of
from goodfit.errors import InputError
from goodfit.reports.reproducing import command
from goodfit.reports.run_report import run_page
from goodfit.reports.source import source_of
from goodfit.runs import load
from goodfit.runs.record_parts import EnsembleFacts
from goodfit.training.recipe import Recipe
from goodfit.training.store import SessionRecord

RNG = np.random.default_rng(8)
X = RNG.normal(size=(60, 3))
SIGNAL = X[:, 0] + X[:, 1] ** 2


NONE = {"train": 0.0, "compile": 0.0}
DATA = gf.data.Dataset.from_arrays(X, SIGNAL, name="numbers", task="regression")


def columns(task: str = "classification") -> dict[str, Any]:
    y = np.where(SIGNAL + 0.5 * RNG.normal(size=60) > 0.7, "yes", "no") if task == "classification" else SIGNAL
    return {"a": X[:, 0], "b": X[:, 1], "c": X[:, 2], "y": y}


def csv(path: Path) -> Path:
    found = columns()
    rows = zip(*found.values(), strict=True)
    path.write_text("\n".join([",".join(found), *(",".join(map(str, row)) for row in rows)]) + "\n")
    return path


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few rounds, and so little time that a test can wait."""
    limit(monkeypatch.setattr)


def by_hand(run: Any, x: Any) -> np.ndarray:
    """The mean of the nets' own predictions, each as often as it counts."""
    values = [net.predict(x) if run.task == "regression" else net.predict_proba(x) for net in run.nets]
    mean: np.ndarray = np.average(values, axis=0, weights=[net.count for net in run.nets])
    return mean


def check_parts(run: Any) -> None:
    """What predicts is the weighed mean of the nets; each row is predicted by the nets that left its fold out."""
    parts, out, facts = run.split, run.out_of_fold, run.ensemble
    x, y, numbers = parts.data.x, parts.data.y[out.rows], run.task == "regression"
    for fold in range(5):
        own = out.folds == fold
        nets = [net for place, net in enumerate(run.nets) if place % 5 == fold]
        values = [(net.predict if numbers else net.predict_proba)(x[out.rows[own]]) for net in nets]
        mean = np.average(values, axis=0, weights=[net.count for net in nets])
        np.testing.assert_allclose(out.values[own], mean, rtol=1e-3, atol=1e-4)
    loss = np.mean(((out.values - y) / y.std(0)) ** 2) if numbers else -np.log(out.values[np.arange(len(y)), y]).mean()
    assert facts["chosen"] == pytest.approx(loss, rel=1e-3)
    assert facts["nested"] <= facts["default"] * (1 + 1e-6)  # equal where the default stays, but summed otherwise
    assert (facts["rounds"], facts["settings"], facts["nets"]) == (4, 7, 35)
    assert sum(member["share"] for member in facts["members"]) == pytest.approx(1, abs=0.01)
    assert len(run.nets) == 5 * len(facts["members"])


@pytest.mark.usefixtures("rounds")
def test_what_comes_back_is_the_ensemble_as_its_parts_make_it(tmp_path: Path) -> None:
    run = gf.fit(columns(), "y", seconds=60, out=tmp_path / "run", leaks="off", test=0.2)
    check_parts(run)
    assert run.split is not None
    np.testing.assert_allclose(run.predict_proba(columns()), by_hand(run, run.split.data.x), rtol=1e-4)
    again = load(tmp_path / "run")
    assert again.ensemble == json.loads(json.dumps(run.ensemble))
    assert (again.seeds, again.scores) == (run.seeds, run.scores)
    assert [net.count for net in again.nets] == [net.count for net in run.nets]
    assert run.test().score.rows == 12
    assert not (tmp_path / "run" / "rounds").exists()
    model = run.model
    model = replace(model, about={**model.about, "ensemble": {"members": 3}})
    model.save(tmp_path / "run" / "model.safetensors")
    with pytest.raises(InputError, match=r"'ensemble' in 'about' must be what goodfit writes"):
        load(tmp_path / "run")


def of_another_version(folder: Path) -> None:
    """Have a fit be one that other code began: all else is the same."""
    found = SessionRecord.read(folder / "fit.json", "fit")
    (folder / "fit.json").write_text(replace(found, print="0" * 32).to_json())


@contextmanager
def stopped_after(monkeypatch: pytest.MonkeyPatch, rounds: int) -> Iterator[None]:
    """Ctrl-C, once so many rounds are trained."""
    trained = job.train_round

    def train_round(rows: Any, number: int, *others: Any) -> Any:
        if number == rounds:
            raise KeyboardInterrupt
        return trained(rows, number, *others)

    with monkeypatch.context() as patched:
        patched.setattr(job, "train_round", train_round)
        with pytest.raises(KeyboardInterrupt):
            yield


@pytest.mark.usefixtures("rounds")
def test_a_fit_that_was_stopped_keeps_its_rounds_and_ends_with_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = csv(tmp_path / "t.csv")
    whole = gf.fit(path, "y", seconds=60, out=tmp_path / "whole", leaks="off")
    with stopped_after(monkeypatch, 2):
        gf.fit(path, "y", seconds=60, out=tmp_path / "run", leaks="off")
    before = sorted((tmp_path / "run" / "rounds").iterdir())
    kept = {each.name: (each / "round.json").read_bytes() for each in before}
    assert len(kept) == 3  # the third was planned, and then interrupted
    with pytest.raises(InputError, match=r"must be the folder of a run; it has no run\.json"):
        load(tmp_path / "run")
    finish = re.escape(f"Finish it with: goodfit fit --resume {tmp_path / 'run'}")
    for door in (load, gf.load_model, source_of):
        with pytest.raises(InputError, match=finish):
            door(tmp_path / "run")
    with pytest.raises(InputError, match=re.escape("Finish that one with: goodfit fit --resume")):
        gf.fit(path, "y", seconds=61, out=tmp_path / "run", leaks="off")
    own = (tmp_path / "run" / "fit.json").read_text()
    of_another_version(tmp_path / "run")
    with pytest.raises(InputError, match=r"another version of goodfit started\. Finish that one with that"):
        resume(tmp_path / "run")  # whose advice is not the call itself
    (tmp_path / "run" / "fit.json").write_text(own)
    resumed = resume(tmp_path / "run")
    assert resumed.ensemble is not None
    assert whole.ensemble is not None
    assert resumed.ensemble["members"] == whole.ensemble["members"]
    for one, other in zip(whole.nets, resumed.nets, strict=True):
        for first, second in zip(one.weights, other.weights, strict=True):
            np.testing.assert_array_equal(first, second)
    assert resume(tmp_path / "run").seeds == whole.seeds  # what is done is loaded


BEGUN = """
import few_rounds
import goodfit as gf
few_rounds.limit()
gf.fit({path!r}, "y", seconds=60, out={out!r}, leaks="off")
"""


@pytest.mark.usefixtures("rounds")
def test_a_fit_that_was_killed_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = csv(tmp_path / "t.csv"), tmp_path / "run"
    code = BEGUN.format(path=str(path), out=str(out))
    begun = subprocess.Popen([sys.executable, "-c", code], cwd=Path(__file__).parent)
    patience = time.monotonic() + 120
    while not (out / "rounds" / "0002" / "round.json").exists() and time.monotonic() < patience:
        assert begun.poll() is None
        time.sleep(0.02)
    os.kill(begun.pid, signal.SIGKILL)
    begun.wait()
    plans = [each.read_bytes() for each in sorted((out / "rounds").glob("*/round.json"))]
    assert len(plans) >= 3
    assert not (out / "run.json").exists()
    run = resume(out)
    assert run.ensemble is not None
    assert run.ensemble["rounds"] == 4
    assert load(out).seeds == run.seeds
    told_of(out, path, capsys)


def told_of(out: Path, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What the command and the report say of a fit that is done, by whatever version, and of its rows."""
    of_another_version(out)
    assert main(["fit", "--resume", str(out)]) == 0
    printed = capsys.readouterr().out
    for line in ("of 7 that were tried", "loss out of fold", f"Run: {out}", "Trained 35 nets in 4 rounds"):
        assert line in printed
    assert re.search(r"Test set: 12 rows, sealed\. Score it once, after all choices are made: goodfit test ", printed)
    assert main(["fit", "--resume", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ensemble"]["nets"] == 35
    assert "of 7 that were tried" in run_page(out).html()
    facts = load(out).ensemble
    assert facts is not None
    note = f"The members were chosen by these rows: nested log-loss {facts['nested']:.4g}, see goodfit report {out}."
    assert main(["measure", str(out)]) == 0
    assert note in capsys.readouterr().out
    text = load(out).card().markdown()
    nets, settings = 5 * len(facts["members"]), len(facts["members"])
    average = "a weighted average" if settings > 1 else "the average"
    assert f"{average} of {nets} nets of {settings} setting" in text
    assert note.partition(", see")[0] in text
    assert all(sentence in text for sentence in facts["sentences"])
    assert "the files do not tell" not in text
    words = command(source_of(out))
    assert words is not None
    assert (words[:5], words[-2:]) == (["goodfit", "fit", str(path), "--target", "y"], ["--minutes", "1"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["t.csv", "--target", "y", "--minutes", "0"], "'--minutes' must be a number > 0, and at most 43200"),
        (["no such table.csv", "--target", "y", "--minutes", "inf"], "'--minutes' must be a number > 0, and at most"),
        (["no such table.csv", "--target", "y", "--minutes", "nan"], "'--minutes' must be a number > 0, and at most"),
        (["--minutes", "1"], "'DATA' must be given"),
        (["t.csv", "--resume", "runs/x", "--minutes", "2"], "cannot be combined with DATA, --minutes"),
        (["--resume", "runs/x"], "must be the folder of a fit; it has no fit.json"),
        (["t.csv", "--target", "z"], "z"),
    ],
)
def test_the_command_refuses_what_makes_no_sense(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: list[str], message: str
) -> None:
    csv(tmp_path / "t.csv")
    with contextlib.chdir(tmp_path):
        assert main(["fit", *words]) == 2
    printed = capsys.readouterr()
    assert message in printed.err
    assert not printed.out


def refused(match: str, data: Any = None, target: str | None = "y", **how: Any) -> None:
    with pytest.raises(InputError, match=re.escape(match)):
        gf.fit(columns() if data is None else data, target, **{"seconds": 1.0, **how})


def test_what_cannot_be_fitted_is_told_in_one_sentence() -> None:
    refused("fit: 'seconds' must be > 0", seconds=0.0)
    refused("fit: 'seconds' must be > 0", seconds=float("nan"))
    refused("fit: 'target' must name the column to predict", target=None)
    grouped = {**columns(), "who": np.arange(60) % 2}
    refused("takes folds, for which there must be 2 groups or more", grouped, group="who", test=0.5)
    timed = {**columns(), "day": np.arange(60)}
    refused("takes folds, and rows with a time have none", timed, time="day")
    refused("fit: takes target for table files and data frames only; got 'Table'", gf.data.table(columns(), "y"))
    refused("and this split has validation rows. Give a split without them", gf.data.split(DATA, valid=0.2), None)
    one = {**columns(), "y": np.array(["yes"] * 60)}
    with pytest.raises(InputError, match="class"):
        gf.fit(one, "y", seconds=1.0)


@pytest.mark.usefixtures("rounds")
def test_a_default_that_diverges_is_refused_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that was tried later could be compared with it."""
    monkeypatch.setattr(job, "train_round", lambda _, number, planned, *rest: Trained(planned, (), NONE, 1.0, 1))
    refused("fit of 'numbers': a net of the default recipe diverged", DATA, None, seconds=60)


def test_settings_are_drawn_from_the_space_and_differ() -> None:
    base = Recipe(fold_members=5, encoding="piecewise", batch_size=16, epochs=50, patience=12)
    for number in range(12):
        kind = kind_of(base, number, [base], number, 100)
        settings = drawn(base, kind, 6, [base], "classification", number)
        assert len({each.to_json() for each in settings}) == 6
        for each in settings:
            assert all(getattr(each, name) == value for name, value in kind.items())
            assert (each.fold_members, each.epochs, each.patience) == (5, 50, 12)
    assert {kind_of(base, number, [], number, 20)["batch_size"] for number in range(12)} == {
        16,
        20,
    }  # no more than rows
    plain = base.replace(encoding="none")
    assert all(kind_of(plain, number, [], number, 100)["encoding"] == "none" for number in range(12))


def test_a_kind_that_cannot_go_on_is_left_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be it for want of time for all epochs, or since every net diverged: what is tried next is of another kind."""
    base = Recipe(fold_members=5, encoding="piecewise", batch_size=16, epochs=8, patience=3)
    rows = SimpleNamespace(fold_count=5, parts=gf.data.split(DATA, valid=0))
    planner, pace = Planner(rows, base, 0), Timing(time.perf_counter(), time.perf_counter() + 1e6)  # type: ignore[arg-type]
    for stage, members in (("whole", (SimpleNamespace(loss=0.4, recipe=base),)), ("none", ())):
        long = {stage: 1e9}
        monkeypatch.setattr(Timing, "seconds", lambda _, rows, planned, long=long: long.get(planned.stage, 0.0))
        done = [Trained(planner.first(pace), (SimpleNamespace(loss=0.5, recipe=base),), {}, 1.0, 1)]  # type: ignore[arg-type]
        for _ in range(9):
            planned = planner.next(done, pace)
            assert planned is not None
            done.append(Trained(planned, members, {}, 1.0, 1))  # type: ignore[arg-type]
        assert [each.planned.stage for each in done] == ["default", *["short"] * 9]
        kinds = [Recipe.from_mapping(each.planned.recipes[0]).hidden for each in done[1:]]
        assert kinds == [kind.hidden for kind in FIRST_KINDS[:3] for _ in range(3)]


def test_rounds_get_longer_where_that_helps_and_shorter_where_it_harms() -> None:
    def trained(stage: str, *losses: float) -> Any:
        members = [SimpleNamespace(loss=loss) for loss in losses]
        return SimpleNamespace(planned=SimpleNamespace(stage=stage), members=members)

    first, few = trained("default", 0.5), [trained("short", 1.0, 0.9), trained("short", 0.8)]
    assert length_of([first, *few]) == 1.0
    better, same, worse = (trained("whole", loss) for loss in (0.7, 0.795, 0.81))
    assert [length_of([first, *few, whole]) for whole in (better, same, worse)] == [2.0, 1.0, 0.5]
    assert length_of([first, *[*few, better] * 5]) == 4.0
    assert length_of([first, *[*few, worse] * 5, *few, better]) == 1.0
    assert length_of([first, *few, better, trained("short"), better]) == 4.0  # all that were tried had diverged
    left = [trained("short", 0.1), trained("short", 0.2), trained("short", 0.1)]  # for want of time, and no measure of
    assert length_of([first, *left, *few, better]) == 2.0


@pytest.mark.usefixtures("rounds")
def test_the_estimators_for_tables_fit_in_a_given_time() -> None:
    nets = gf.TableRegressor(seconds=30, random_state=0, leaks="off").fit(X[:20], SIGNAL[:20])
    assert nets.run_.ensemble is not None
    check_parts(nets.run_)
    assert nets.predict(X[:20]).shape == nets.out_of_fold_.shape == (20,)
    with pytest.raises(ValueError, match="takes no 'recipe' and no 'n_nets' beside 'seconds', which tries many"):
        gf.TableRegressor({"epochs": 2}, n_nets=5, seconds=30).fit(X[:20], SIGNAL[:20])


def test_members_that_are_far_behind_are_let_go() -> None:
    def trained(*losses: float) -> Trained:
        return Trained(None, tuple(SimpleNamespace(loss=loss) for loss in losses), {}, 1.0, 1)  # type: ignore[arg-type]

    done = [trained(9.0), trained(0.4, 0.1, 0.9), trained(0.2, 0.8), trained(0.95, 0.99)]
    left = [[member.loss for member in each.members] for each in bounded(done, 3, 1)]
    assert left == [[9.0], [0.4, 0.1], [0.2], [0.95, 0.99]]
    assert bounded(done, 8, 0) == done


@pytest.mark.usefixtures("rounds")
def test_groups_stay_together_and_a_table_of_twenty_rows_is_enough() -> None:
    who = np.arange(20) % 10
    few = {**{name: values[:20] for name, values in columns("regression").items()}, "who": who}
    run = gf.fit(few, "y", seconds=np.float32(30), group="who", test=0, leaks="off")
    check_parts(run)
    assert run.ensemble is not None
    assert run.ensemble["groups"] == 10
    assert EnsembleFacts.model_validate_json(json.dumps(run.ensemble)).seconds == 30
    assert run.split is not None
    assert run.out_of_fold is not None
    np.testing.assert_allclose(run.predict(few), by_hand(run, run.split.data.x), rtol=1e-4, atol=1e-5)
    groups = who[run.out_of_fold.rows]
    assert all(len(set(run.out_of_fold.folds[groups == group])) == 1 for group in range(10))
