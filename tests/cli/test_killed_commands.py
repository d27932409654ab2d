"""Commands beside `train` that are killed at random moments, and resume to the same bits."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from killing import kill_at_random, start

from goodfit.studies import run
from goodfit.studies.writing import as_csv, as_json

STUDIES: dict[str, dict[str, Any]] = {
    "polynomial": {"seeds": 3, "epochs": 20, "long_epochs": 20},
    "symmetry": {"seeds": 3, "width": 4, "noise": (1e-2, 1e-4), "epochs": 8},
}
# Its figures stay empty: drawing would take most of the time.
SMALL_CHAPTER = f"""
from dataclasses import replace
from goodfit.figures import files
from goodfit.studies import running, studies
files._rendered = lambda *_, **__: b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"></svg>'
def small(study, given):
    chosen = [replace(each, default=given.get(each.name, each.default)) for each in study.parameters]
    return replace(study, parameters=tuple(chosen))
chapter = {{name: small(studies()[name], given) for name, given in {STUDIES}.items()}}
running.studies = lambda: chapter
"""


def test_a_killed_chapter_resumes_to_the_same_bits(tmp_path: Path) -> None:
    whole = {name: run(name, **given) for name, given in STUDIES.items()}
    out = tmp_path / "killed"
    again = ("study", "--resume", str(out), "--quiet")
    first = ("study", "all", "--out", str(out), "--quiet")
    kill_at_random(*first, again=again, patch=SMALL_CHAPTER, seed=5, times=2, most=100)
    assert list((out / "unfinished").rglob("turn-*"))
    with start(*again, patch=SMALL_CHAPTER) as process:
        _, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    assert (out / "index.html").exists()
    assert not (out / "unfinished").exists()
    for name, expected in whole.items():
        result = json.loads((out / name / "result.json").read_text("utf-8"))
        assert result | {"seconds": 0} == json.loads(as_json(expected.to_dict())) | {"seconds": 0}
        assert expected.tables
        for table, columns in expected.tables.items():
            assert (out / name / f"{table}.csv").read_text("utf-8") == as_csv(columns)


def test_a_killed_trial_resumes_to_the_same_bits(call: Any, tmp_path: Path) -> None:
    net = ("--hidden", "4", "--epochs", "30", "--init", "constant", "--dropout", "0", "--l2", "0.1")
    assert call("train", "iris", *net, "--quiet", "--out", "run")[0] == 0
    shutil.copytree("run", "killed")
    flags = ("--try", "--seeds", "3", "--quick", "--json")
    whole = json.loads(call("inspect", "run", *flags)[1])["trial"]
    assert whole is not None
    killed = str(tmp_path / "killed")
    again = ("inspect", "--resume", killed, "--json")
    kill_at_random("inspect", killed, *flags, again=again, patch="", seed=3, times=2, most=30)
    assert (Path(killed) / "trial" / "trial.json").exists()
    with start(*again) as process:
        out, err = process.communicate(timeout=120)
    assert (process.returncode, err) == (0, "")
    assert json.loads(out)["trial"] == whole
    assert not (Path(killed) / "trial").exists()


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (("study", "--resume", "nowhere"), "nowhere: must hold a study that was interrupted; there is none."),
        (
            ("study", "--resume", "nowhere", "--seeds", "4"),
            "cannot be combined with --seeds. Use only --resume, ",
        ),
        (("study", "--seeds", "4"), "'--seeds' is not an option of 'goodfit study'. Name the study first"),
        (("study", "4.9"), "Study: the name must be a known one; got '4.9'. Did you mean '4.8'?"),
        (("study", "--resume", "nowhere", "symmetry"), "cannot be combined with symmetry. Use only --resume,"),
        (("inspect", "--resume", "nowhere"), "nowhere: must hold a trial that was interrupted; there is none."),
        (("inspect", "run", "--resume", "run", "--quick"), "cannot be combined with NET, --quick."),
        (("inspect",), "'NET' must be given"),
    ],
)
def test_what_cannot_be_resumed(call: Any, command: tuple[str, ...], message: str) -> None:
    code, out, err = call(*command)
    assert (code, out) == (2, "")
    assert message in err
