"""Section 4.3.2 in its small form: the claims, and the folds and estimates by hand and by scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from studies_help import Small

from goodfit.studies import find, run
from goodfit.studies.k_fold import measure as folding
from goodfit.studies.parameters import checked

pytestmark = pytest.mark.xdist_group("k-fold")  # a worker runs its small form once


def test_the_claims(small: Small) -> None:
    result = small("k-fold")
    sure = ("apart", "each-once", "bias-falls")
    assert {name: result.claim(name).status for name in sure} == dict.fromkeys(sure, "holds")
    assert result.claim("half-pessimistic").found.value > 1.1
    assert result.claim("all-folds-no-nearer").status != "holds"


def test_costs_and_rows(small: Small) -> None:
    """Of 24 rows, 2 folds leave 12 to train, 5 folds 19.2 on average, leave-one-out 23."""
    table = small("k-fold").tables["methods"]
    assert table["method"] == ["hold-out 50 %", "hold-out 20 %", "2 folds", "5 folds", "leave-one-out"]
    assert table["nets"] == [1, 1, 2, 5, 24]
    assert table["rows"] == [12, 19.2, 12, 19.2, 23]
    assert table["passes"] == pytest.approx([0.5, 0.8, 1, 4, 23])


def test_fold_errors_are_those_of_nets_that_learn_without_the_fold() -> None:
    """One fold of one data set, trained alone through the plain engine and scored by hand."""
    from goodfit.data.folds import make_folds
    from goodfit.training import Examples, Job, fit_jobs
    from goodfit.training.examples import fit_scaling

    study = find("k-fold")
    given = checked("test", study.parameters, {"seeds": 2, "rows": 20, "epochs": 30})
    sets = [folding._data(*folding.rows_of(seed, 20, 0.5)) for seed in given.all_seeds]
    recipe = folding._recipe(given)
    found = folding.validate(recipe, given, sets, 3)  # folds of 7, 7 and 6 rows
    assert sorted(found.held[1].tolist()) == [6, 7, 7]
    fold = make_folds(sets[1], np.arange(20, dtype=np.int32), folds=3, seed=1).all[2]
    alone = Examples(sets[1].x, sets[1].y, "regression", 1, fold.train, fit_scaling(sets[1], fold.train))
    net = fit_jobs([Job(recipe.replace(seed=1))], alone).net(0)
    hidden = np.tanh(sets[1].x[fold.valid] @ net.weights[0].T + net.biases[0])
    error = np.square(hidden @ net.weights[1].T + net.biases[1] - sets[1].y[fold.valid]).mean()
    assert found.errors[1, 2] == pytest.approx(error, rel=1e-3)
    weighted = (found.errors * found.held).sum(1) / 20
    np.testing.assert_allclose(found.estimate, weighted)


def test_the_picture_holds_every_row_once(small: Small) -> None:
    table = small("k-fold").tables["folds"]
    validating = [row for row, validates in zip(table["row"], table["validates"], strict=True) if validates]
    assert sorted(validating) == list(range(24))
    assert len(table["row"]) == 5 * 24


def test_without_noise_and_with_the_fewest_rows_it_still_says_something() -> None:
    result = run("k-fold", seeds=3, rows=20, folds=(20,), noise=0.0, epochs=20)
    assert result.claim("each-once").status == "holds"
    assert result.tables["methods"]["method"] == ["hold-out 50 %", "2 folds", "leave-one-out"]
