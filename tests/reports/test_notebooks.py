"""What a notebook shows: progress without being asked, and results as HTML; nothing of it elsewhere."""

from __future__ import annotations

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import goodfit as gf
from goodfit.inspection.trial import Trial
from goodfit.selection.setting_curve import Band, SettingCurve
from goodfit.training import notebooks

RECIPE = gf.Recipe(hidden=(4,), epochs=2, dropout=0)


@pytest.fixture
def notebook(monkeypatch: pytest.MonkeyPatch) -> None:
    shell = SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))


@pytest.mark.parametrize("module", [None, SimpleNamespace(get_ipython=lambda: None), SimpleNamespace(),
                                    SimpleNamespace(get_ipython=lambda: SimpleNamespace())])  # fmt: skip
def test_nothing_is_printed_outside_of_notebooks(
    module: Any, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "IPython", module)
    assert not notebooks.in_notebook()
    gf.train(RECIPE, "iris", leaks="off")
    gf.select(RECIPE, "iris", vary={"hidden": [(3,)]}, folds=2, leaks="off")
    notebooks.tell_line("a study says so")
    assert capfd.readouterr() == ("", "")


@pytest.mark.usefixtures("notebook")
def test_a_line_is_written_over_itself_and_ends(capfd: pytest.CaptureFixture[str]) -> None:
    gf.train(RECIPE, "iris", leaks="off")
    out, err = capfd.readouterr()
    assert (err, out.count("\n"), out[-1]) == ("", 1, "\n")
    assert out.rpartition("\r")[2].rstrip() == f"[{'#' * 20}] epoch 2 of 2"
    gf.select(RECIPE, "iris", vary={"hidden": [(3,), (4,)]}, folds=2, leaks="off")
    out, err = capfd.readouterr()
    assert (err, out.count("\n")) == ("", 1)
    assert out.rpartition("\r")[2].rstrip() == f"[{'#' * 20}] 4 of 4 nets"
    seen: list[Any] = []
    gf.train(RECIPE, "iris", leaks="off", progress=seen.append)
    assert capfd.readouterr() == ("", "")  # whoever asks for another gets that
    assert seen


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open.append(tag)
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def html_of(shown: Any) -> tuple[str, list[str]]:
    text = shown._repr_html_()
    parsed = Tags()
    parsed.feed(text)
    assert parsed.open == []
    return text, parsed.tags


EVIL = "<script>alert(1)</script>"


def evil_table() -> gf.data.Table:
    rng = np.random.default_rng(0)
    columns = {EVIL: rng.normal(size=90), "b": rng.choice(["<b>x", "y"], 90), "t": rng.choice(["<i>no", "yes"], 90)}
    return gf.data.table(columns, "t", name=EVIL)


def test_recipes_and_tables_as_html() -> None:
    text, tags = html_of(gf.Recipe(hidden=(4, 5), l2=0.5))
    assert re.search('<td style="text-align: left;[^>]*>l2</td><td style="text-align: left;[^>]*>0.5</td>', text)
    assert tags.count("tr") == 3  # the head, hidden and l2
    assert "default, unchanged" in html_of(gf.Recipe())[0]
    text, tags = html_of(evil_table())
    assert "script" not in tags
    assert "i" not in tags
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text


def test_searches_and_verdicts_as_html() -> None:
    table = evil_table()
    found = gf.select(RECIPE, table, vary={"hidden": [(3,), (4,)]}, folds=2, leaks="off")
    text, tags = html_of(found)
    assert "script" not in tags
    assert tags.count("tr") == 3
    assert f"{found.rows()[0]['accuracy']:.4f}" in text
    many = gf.select(RECIPE, "iris", vary={"l2": [i / 100 for i in range(15)]}, folds=2, leaks="off")
    text, tags = html_of(many)
    assert tags.count("tr") == 13
    assert "and 3 more" in text
    verdict = gf.verdict(RECIPE, table, folds=2, quick=True)
    text, tags = html_of(verdict)
    assert "script" not in tags
    assert tags.count("tr") == 1 + len(verdict.probes)


def test_what_was_trained_and_measured_as_html(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOODFIT_LEDGER", str(tmp_path / "ledger.sqlite"))
    run = gf.train(RECIPE, evil_table(), out=tmp_path / "run", leaks="off")
    found = gf.inspect(run, retrain=False, curvature=False)
    measured, opened, compared = run.measures(), run.test(), gf.compare(run, run)
    shown = (run, found, measured, gf.importance(run, repeats=2), opened, compared)
    for each in shown:
        tags = html_of(each)[1]
        assert "script" not in tags, each
        assert "i" not in tags, each
        assert "table" in tags, each
    assert f"{opened.score.value:.4f}" in html_of(opened)[0]
    assert html_of(measured)[1].count("table") == 2  # the confusion matrix too
    assert all(layer.name in html_of(found)[0] for layer in found.measurement.layers)


def test_a_trial_and_a_curve_as_html() -> None:
    ends = {"difference": 0.25, "low": 0.125, "high": 0.375, "train_loss": (1.5, 0.5)}
    trial = Trial("accuracy", "valid", (0, 1), np.array([0.5, 0.5]), np.array([0.75, 0.75]), **ends)
    text, tags = html_of(trial)
    assert "+0.2500 (+0.125 to +0.375) in accuracy" in text
    assert tags.count("tr") == 3
    nothing, some = np.full(2, np.nan), np.array([0.5, 0.75])
    band = Band(some, nothing, nothing)
    text, tags = html_of(SettingCurve("hidden", ((4,), (8,)), "accuracy", band, band, 1))
    assert "Best: hidden 8, held-out accuracy 0.7500" in text
    assert tags.count("svg") == 1


def test_a_study_s_result_as_html() -> None:
    found = gf.studies.run("linear-collapse", seeds=6, layers=2, epochs=60, rows=200, learning_rate=0.02)
    text, tags = html_of(found)
    assert tags.count("tr") == 1 + min(12, len(found.claims))
    assert found.claims[0].status in text
