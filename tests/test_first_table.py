"""The figures of docs/first-table.md are those that its commands give, up to what machines round differently."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import goodfit as gf
from docs_blocks import run_blocks

TEXT = (Path(__file__).parents[1] / "docs" / "first-table.md").read_text("utf-8")
CLOSE = 0.05


def told(words: str) -> float:
    """The number that the page prints first after these words."""
    found = re.search(rf"^{re.escape(words)}\s+([\d.,]+)", TEXT, re.MULTILINE)
    assert found, words
    return float(found[1].replace(",", ""))


def test_the_page_shows_what_its_commands_give(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run_blocks(TEXT, "first-table.md")
    run = gf.train(None, gf.data.read_table("flats.csv", target="price", ids="flat"))
    found = run.measures()
    for name in ("R²", "root mean squared error", "mean absolute error"):
        assert found[name].value == pytest.approx(told(name), rel=CLOSE)
    alone = re.search(r"against ([\d.]+) of the default recipe alone", TEXT)  # the fit itself takes a minute
    assert alone
    assert 1 - found["R²"].value == pytest.approx(float(alone[1]), rel=CLOSE)
    new = pd.read_csv("new.csv")
    predicted = np.asarray(run.predict(new))[:, 0]
    lines = re.findall(r"^\d,([\d.]+),([\d.]+),([\d.]+)$", TEXT, re.MULTILINE)
    np.testing.assert_allclose(predicted, [float(line[0]) for line in lines], rtol=CLOSE)
    bounds = np.asarray(run.predict_interval(new, coverage=0.9)).reshape(3, 2)
    np.testing.assert_allclose(bounds, [[float(end) for end in line[1:]] for line in lines], rtol=2 * CLOSE)
    curve = gf.partial_dependence(run, "built", points=8)
    low = curve.values[int(np.argmin(curve.mean[:, 0]))]
    assert 1945 <= float(low) <= 1975  # the valley that the text speaks of
    order = [each.label for each in gf.importance(run, repeats=2).columns]
    assert order[:2] == re.findall(r"^(area|quarter)\s+\d\.\d{4}", TEXT, re.MULTILINE)
