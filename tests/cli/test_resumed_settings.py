"""What a command was asked for beside its recipe is asked for again when it resumes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from goodfit.inspection.layer_table import read_layers

SMALL = ("iris", "--hidden", "4", "--epochs", "2", "--quiet")


def pressed(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("fit", ["always", "never", None])
def test_train_remembers_what_it_was_to_look_at(fit: str | None, call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("--inspect",) if fit is None else ("--inspect", "--fit", fit)
    with monkeypatch.context() as patched:
        patched.setattr("goodfit.training.session.fit", pressed)
        assert call("train", *SMALL, *asked, "--out", "run")[0] == 1
    code, out, err = call("train", "--resume", "run", "--quiet")
    assert (code, err) == (0, "Layer statistics by epoch: run/layers.csv\n")
    assert {row["epoch"] for row in read_layers(Path("run"))} >= {1, 2}
    whole = call("train", *SMALL, *asked, "--out", "whole")[1]
    assert [line for line in out.splitlines() if line.startswith("Fit:")] == [
        line.replace("whole", "run") for line in whole.splitlines() if line.startswith("Fit:")
    ]
    assert Path("run/verdict.json").exists() == (fit == "always")


def test_what_was_seen_before_a_kill_stays(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first look is written at once, and a resumed run adds to it."""
    import goodfit.inspection.watching as watching

    looked = watching.Watcher.__call__

    def killed(self: Any, report: Any, cohort: Any) -> None:
        looked(self, report, cohort)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(watching.Watcher, "__call__", killed)
        assert call("train", *SMALL, "--inspect", "--fit", "never", "--out", "run")[0] == 1
    first = {row["epoch"] for row in read_layers(Path("run"))}
    assert len(first) == 1
    assert call("train", "--resume", "run", "--quiet")[0] == 0
    rows = read_layers(Path("run"))
    assert {row["epoch"] for row in rows} > first
    assert len({(row["epoch"], row["net"], row["layer"]) for row in rows}) == len(rows)


def test_a_changed_table_is_told_from_another_search(call: Any) -> None:
    rows = [f"{i % 17},{i * 7 % 13},{'yes' if i % 17 > i * 7 % 13 else 'no'}" for i in range(60)]
    Path("t.csv").write_text("\n".join(["a,b,wins", *rows]))
    asked = ("select", "t.csv", "--target", "wins", "--vary", "l2=0,1", "--epochs", "1", "--folds", "2", "--quiet")
    assert call(*asked, "--out", "s")[0] == 0
    Path("t.csv").write_text("\n".join(["a,b,wins", *rows[:-1], "3,3,yes"]))
    for again in (("select", "--resume", "s"), (*asked, "--out", "s")):
        code, out, err = call(*again)
        assert (code, out) == (2, "")
        assert "s: holds a search of other data, or its data have changed since." in err


def test_nothing_to_try_is_said(call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from goodfit.inspection.advising import Advice

    monkeypatch.setattr("goodfit.inspection.inspecting.examine", lambda *_, **__: ())
    monkeypatch.setattr("goodfit.inspection.inspecting.advise", lambda *_, **__: Advice({}, {}))
    assert call("train", *SMALL, "--fit", "never", "--out", "run")[0] == 0
    code, _, err = call("inspect", "run", "--try", "--quick")
    assert (code, err) == (0, "Nothing to try: no issues were found.\n")
