"""Reports and cards of fold members: every figure is of the out-of-fold predictions, and is called so."""

from __future__ import annotations

import numpy as np
import pytest

import goodfit as gf
from goodfit.reports import run_page
from page_check import check, section, tables

RECIPE = gf.Recipe(hidden=(8,), batch_size=32, epochs=6, learning_rate=0.01, dropout=0, fold_members=3)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> gf.Run:
    return gf.train(RECIPE, "iris", seeds=3, out=tmp_path_factory.mktemp("members") / "run")


def test_probabilities_are_those_of_the_folds(run: gf.Run) -> None:
    out = run.out_of_fold
    assert out is not None
    assert run.split is not None
    root = check(run_page(run).html())
    scores = next(rows for name, rows in tables(root).items() if name.startswith("Probabilities on"))
    shown = {row[0]: float(row[1].replace("−", "-")) for row in scores[1:]}
    truth = run.split.data.y[out.rows]
    assert shown["accuracy"] == pytest.approx((out.values.argmax(1) == truth).mean(), abs=1e-3)
    assert shown["log loss"] == pytest.approx(-np.log(out.values[np.arange(len(truth)), truth]).mean(), rel=1e-3)
    assert f"{len(truth)} rows, out of fold" in section(root, "Calibration").text


def test_no_row_is_called_a_validation_row(run: gf.Run) -> None:
    for text in (check(run_page(run).html()).text, run.card().markdown()):
        assert "out of fold" in text.lower()
        assert "validation rows" not in text.lower()
