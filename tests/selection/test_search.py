"""Searches from end to end: each net is that of a training alone, nothing leaks, nothing computed is lost."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import GroupKFold, TimeSeriesSplit

import goodfit
from goodfit.data import Dataset, split, table
from goodfit.data.tables.preprocessing import Preprocessing
from goodfit.errors import GoodfitError, InputError
from goodfit.selection.layout import lay_out
from goodfit.selection.methods import SearchRequest
from goodfit.selection.preparing import learning_rows
from goodfit.selection.result import parameters_of
from goodfit.selection.search import SEARCH, resume, select
from goodfit.selection.sheets import row_values
from goodfit.training import Examples, Job, Recipe, cohort_of, fit, session
from goodfit.training.examples import fit_scaling
from goodfit.training.turns import SessionPlan

BASE = Recipe(
    hidden=(5,),
    activation="tanh",
    dropout=0.0,
    optimizer="sgd",
    learning_rate=0.3,
    schedule="constant",
    epochs=4,
    batch_size=10,
    valid=0.0,
)
VARY: dict[str, Any] = {"hidden": [3, (5, 4)], "l2": [0.0, 0.1]}


def dataset(task: str = "classification", rows: int = 50, seed: int = 0) -> Dataset:
    """40 rows that may learn and 10 test rows, standardised on the way in."""
    rng = np.random.default_rng(seed)
    x = rng.normal(3.0, 5.0, (rows, 4)).astype(np.float32)
    signal = (x @ rng.normal(size=(4, 2)) + rng.normal(size=(rows, 2))).astype(np.float32)
    test = np.arange(rows - 10, rows, dtype=np.int32)
    if task == "regression":
        return Dataset("d", x, signal * 7, "regression", test=test, scale_targets=True)
    if task == "multilabel":
        return Dataset("d", x, (signal > 0).astype(np.float32), "multilabel", ("a", "b"), test=test)
    codes = np.argsort(np.argsort(signal[:40, 0])) % 40 // 20  # twenty rows a class
    y = np.concatenate([codes, np.zeros(10, int)]).astype(np.int32)
    return Dataset("d", x, y, "classification", ("a", "b"), test=test)


@pytest.mark.parametrize("task", ["classification", "multilabel", "regression"])
def test_each_fit_is_a_training_alone_on_the_rows_of_its_fold(task: str) -> None:
    """With all rows of a fold in one batch, so that their order does not matter."""
    data, whole = dataset(task), BASE.replace(batch_size=32)
    found = lay_out(data, VARY, SearchRequest(whole, folds=5, seeds=2, by="loss"))
    selection = select(whole, data, vary=VARY, folds=5, seeds=2, by="loss")
    for setting, recipe in enumerate(found.recipes):
        for number, fold in enumerate(found.folds.all):
            losses, scores = [], []
            for seed in found.seeds:
                scaling = fit_scaling(data, fold.train)
                examples = Examples(data.x, data.y, data.task, data.n_outputs, fold.train, scaling)
                job = Job(recipe.replace(seed=seed))
                nets = fit(cohort_of([job], examples, 1)).nets
                sheet = replace(found.sheets()[0], examples=examples, jobs=(job,))
                net = sheet.net(0, nets[0])
                score, loss = row_values(net, net.outputs(data.x[fold.valid]), data.y[fold.valid])
                losses.append(loss.mean())
                scores.append(score.mean())
            assert selection.losses[setting, number] == pytest.approx(np.mean(losses), rel=2e-4)
            if task == "regression":
                assert selection.scores[setting, number] == pytest.approx(np.mean(scores), rel=2e-4, abs=1e-4)


def test_test_rows_and_held_out_rows_change_nothing_of_a_net() -> None:
    data = dataset()
    search = lay_out(data, VARY, SearchRequest(BASE, folds=5))
    held_out = search.folds.all[0].valid
    usual = select(BASE, data, vary=VARY, folds=5)
    x = data.x.copy()
    x[held_out[0]] *= 1000.0  # of the first fold
    x[data.test] = 1e6
    changed = select(BASE, replace(data, x=x), vary=VARY, folds=5)
    assert not np.array_equal(usual.losses[:, 1:], changed.losses[:, 1:])  # the other folds learn from that row
    sheets = [lay_out(each, VARY, SearchRequest(BASE, folds=5)).sheets()[0] for each in (data, replace(data, x=x))]
    fits = [fit(cohort_of(sheet.jobs, sheet.examples, 1)) for sheet in sheets]
    for job, (one, other) in enumerate(zip(fits[0].nets, fits[1].nets, strict=True)):
        same = [np.allclose(a, b, rtol=1e-3, atol=1e-5) for a, b in zip(one.weights, other.weights, strict=True)]
        assert all(same) is (sheets[0].fits[job].fold == 0)


def test_the_winner_is_a_sound_recipe_and_the_losers_are_starved() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(240, 2)).astype(np.float32)
    y = (x[:, 0] * x[:, 1] > 0).astype(np.int32)  # a net without hidden units can do nothing with it
    data = Dataset("xor", x, y, "classification", ("a", "b"))
    recipe = BASE.replace(epochs=60, learning_rate=0.5, batch_size=16)
    found = select(recipe, data, vary={"hidden": [(), 8, 16], "learning_rate": [1e-5, 0.5]}, folds=4, seeds=2)
    assert found.best.hidden
    assert found.best.learning_rate == 0.5
    assert found.rows()[0]["accuracy"] > 0.85
    assert [row["accuracy"] < 0.7 for row in found.rows()[2:]] == [True] * 4
    assert found.comparison.chance_not_best <= 0.5
    assert found.optimism is not None
    assert found.optimism.corrected <= found.optimism.winner_score
    assert found.score_name == "accuracy"
    assert "6 settings" in repr(found)


def test_a_setting_that_diverges_ranks_last_and_is_said_to() -> None:
    data = dataset("regression")
    found = select(BASE.replace(epochs=30), data, vary={"learning_rate": [0.05, 1e6]}, folds=4)
    last = found.rows()[-1]
    assert last["learning_rate"] == 1e6
    assert last["failed folds"] == 4
    assert math.isnan(last["R²"])
    with pytest.raises(GoodfitError, match="in every setting a net diverged on some fold"):
        select(BASE.replace(epochs=30), data, vary={"learning_rate": [1e6, 1e7]}, folds=4)


@pytest.mark.parametrize("folds", [TimeSeriesSplit(3), 4])
def test_turns_that_fit_a_small_memory_give_the_same(folds: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    data = dataset()
    whole = select(BASE, data, vary=VARY, folds=folds, seeds=2, repeats=1)
    monkeypatch.setattr("goodfit.selection.layout.MOST_MEMORY", 0.0)
    plans: list[SessionPlan] = []
    turns = select(BASE, data, vary=VARY, folds=folds, seeds=2, plan=lambda search, planned: plans.append(planned))
    assert len(plans[0].turns) == 4 * 2 * len(turns.scores[0])
    assert "turns to fit in memory" in str(plans[0])
    np.testing.assert_allclose(turns.losses, whole.losses, rtol=1e-4)


class Stop(Exception):
    pass


def killed_after(turns: int) -> Any:
    def watch(progress: SessionProgress) -> None:
        if progress.done >= turns:
            raise Stop

    return watch


def test_what_was_computed_is_not_computed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, vary = dataset(), {"activation": ["tanh", "relu"], "l2": [0.0, 0.1]}
    whole = select(BASE, data, vary=vary, folds=4)
    with pytest.raises(Stop):
        select(BASE, data, vary=vary, folds=4, out=tmp_path, progress=killed_after(8))
    assert sorted(path.name for path in tmp_path.glob("turn-*")) == ["turn-0000.safetensors"]
    trained: list[int] = []
    usual = session.fit
    monkeypatch.setattr(session, "fit", lambda cohort, **how: trained.append(len(cohort.jobs)) or usual(cohort, **how))  # type: ignore[func-returns-value]
    again = select(BASE, data, vary=vary, folds=4, out=tmp_path)
    assert trained == [8, 1]  # and the winner on all rows
    np.testing.assert_array_equal(again.losses, whole.losses)
    select(BASE, data, vary=vary, folds=4, out=tmp_path)
    assert trained == [8, 1]  # a search that is done trains nothing
    text = (tmp_path / "settings.csv").read_text().splitlines()
    assert text[0].startswith("rank,activation,l2,accuracy,low,high,difference")
    assert len(text) == 5
    assert json.loads((tmp_path / "selection.json").read_text())["best"]["hidden"] == [5]


def test_a_population_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed in the middle of a population: the state of the last checkpoint is taken up, and the end is the same."""
    data, recipe = dataset(), BASE.replace(epochs=600)
    whole = select(recipe, data, vary={"l2": [0.0, 0.1]}, folds=4)
    monkeypatch.setattr("goodfit.training.store.FEWEST_SECONDS", 0.0)
    monkeypatch.setattr("goodfit.training.store.SHARE_OF_TIME", math.inf)
    seen: list[float] = []

    def watch(progress: SessionProgress) -> None:
        seen.append(progress.share)
        if 0 < progress.share < 1 and len(list(tmp_path.glob("checkpoints/*"))):
            raise Stop

    monkeypatch.setattr("goodfit.training.fitting.CHUNK_SECONDS", 0.0)
    monkeypatch.setattr(session, "fit", lambda *a, **k: fit(*a, **{**k, "chunk_seconds": 0.0}))
    with pytest.raises(Stop):
        select(recipe, data, vary={"l2": [0.0, 0.1]}, folds=4, out=tmp_path, progress=watch)
    assert seen[-1] < 0.1
    again = select(recipe, data, vary={"l2": [0.0, 0.1]}, folds=4, out=tmp_path)
    np.testing.assert_array_equal(again.losses, whole.losses)
    assert not (tmp_path / "checkpoints").exists()


def test_a_folder_of_another_search_is_refused(tmp_path: Path) -> None:
    data = dataset()
    select(BASE, data, vary={"l2": [0.0, 0.1]}, folds=4, out=tmp_path)
    for changes in ({"folds": 5}, {"seeds": 2}, {"by": "loss"}, {"seed": 1}):
        with pytest.raises(InputError, match="holds a different search"):
            select(BASE, data, vary={"l2": [0.0, 0.1]}, out=tmp_path, **{"folds": 4, **changes})
    with pytest.raises(InputError, match="holds a search of other data, or its data have changed since"):
        select(BASE, dataset(seed=5), vary={"l2": [0.0, 0.1]}, folds=4, out=tmp_path)
    (tmp_path / SEARCH).write_text("{")
    with pytest.raises(InputError, match="must be the record of a search, but it is damaged"):
        select(BASE, data, vary={"l2": [0.0, 0.1]}, folds=4, out=tmp_path)
    (tmp_path / SEARCH).unlink()
    with pytest.raises(InputError, match=r"holds results of a search, or of another training, but no search\.json"):
        select(BASE, data, vary={"l2": [0.0, 0.1]}, folds=4, out=tmp_path)


def test_a_damaged_result_is_named(tmp_path: Path) -> None:
    data = dataset()
    select(BASE, data, vary={"l2": [0.0, 0.1]}, folds=4, out=tmp_path)
    path = tmp_path / "turn-0000.safetensors"
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(InputError, match=r"turn-0000\.safetensors: must be a whole search file"):
        select(BASE, data, vary={"l2": [0.0, 0.1]}, folds=4, out=tmp_path)


def test_a_search_from_a_name_can_be_resumed_from_its_folder(tmp_path: Path) -> None:
    vary = ["hidden=2,3", "l2=1e-4..1e-2:log:2"]
    recipe = BASE.replace(epochs=2)
    found = select(recipe, "moons", vary=vary, folds=3, out=tmp_path)
    np.testing.assert_array_equal(resume(tmp_path).scores, found.scores)
    select(BASE, dataset(), vary={"l2": [0.0, 0.1]}, folds=4, out=tmp_path / "objects")
    with pytest.raises(InputError, match="was started from Python with objects that cannot be stored"):
        resume(tmp_path / "objects")
    with pytest.raises(InputError, match=r"must be the folder of a search; it has no search\.json"):
        resume(tmp_path / "nothing")


def test_a_table_is_preprocessed_by_every_fold_alone() -> None:
    """A category of one row is known to the folds that learn from it, and to the one that holds it out it is not."""
    rng = np.random.default_rng(0)
    colour = rng.choice(["red", "green"], 60)
    colour[7] = "blue"
    frame = {"colour": colour, "size": rng.normal(size=60), "kind": np.where(rng.random(60) > 0.5, "a", "b")}
    made = table(frame, "kind")
    search = lay_out(made, {"l2": [0.0, 0.1]}, SearchRequest(BASE, folds=4))
    sheets = search.sheets()
    rows = set(search.rows.tolist())
    for sheet in sheets:
        fold = search.folds.all[sheet.fits[0].fold]
        assert set(sheet.examples.train.tolist()) == set(fold.train.tolist())
        assert sheet.data.preprocessing is not None
        known = any("blue" in name for name in sheet.data.features)
        assert known is (7 in set(fold.train.tolist()))
    assert 7 in rows
    found = select(BASE, made, vary={"l2": [0.0, 0.1]}, folds=4)
    assert np.isfinite(found.scores).all()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"budget": 0}, "'budget', the maximum number of settings, must be an integer >= 1"),
        ({"method": "bayes"}, "'method' must be auto, grid, random, halving, hyperband or optuna; got 'bayes'"),
        ({"by": "accurate"}, "'by' must be score, loss, a measure of 'goodfit measure', .*; got 'accurate'"),
        ({"method": "grid", "budget": 3}, "the grid has 4 settings, more than the budget; got 3. Set budget=4"),
        ({"seeds": 0}, "'seeds' must be an integer >= 1"),
        ({"seeds": [1, 1]}, "'seeds' must be distinct"),
        ({"folds": 60}, "60 folds need at least 60 rows; got 40"),
        ({"vary": {"batch_size": [8, 99]}}, "'batch_size' must not exceed the 32 training examples"),
    ],
)
def test_searches_that_cannot_be(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        select(BASE, dataset(), **{"vary": VARY, **changes})


def test_a_split_gives_its_training_and_validation_rows() -> None:
    parts = split(dataset(), valid=0.25)
    search = lay_out(parts, VARY, SearchRequest(BASE, folds=4))
    np.testing.assert_array_equal(search.rows, np.arange(40))
    assert goodfit.InputError is InputError


def test_rows_are_divided_by_a_column_of_a_table_or_a_value_for_each_row() -> None:
    rng = np.random.default_rng(0)
    who = np.arange(120) % 24
    frame = {"who": who, "day": np.arange(120) % 60, "a": rng.normal(size=120), "b": rng.normal(size=120)}
    table = goodfit.data.table({**frame, "y": np.where(rng.random(120) > 0.5, "yes", "no")}, "y")
    recipe = Recipe(hidden=(2,), epochs=1, dropout=0, batch_size=16)
    laid: list[Any] = []
    vary, plan = {"l2": [0, 0.1]}, lambda search, _: laid.append(search)
    for found in (
        select(recipe, table, vary=vary, folds=3, groups="who", plan=plan),
        select(recipe, table, vary=vary, folds=3, time="day", plan=plan),
    ):
        assert found.uncorrected.startswith("the interval takes rows as independent")
    for search in laid:
        assert search.data.name == "table"
        assert len(search.rows) == (100 if search.folds.partitions else 96)
    by_group, by_time = laid
    assert isinstance(by_group.data, goodfit.data.Table)
    assert "who" not in by_group.data.kinds
    assert "day" in by_group.data.kinds
    tested = np.setdiff1d(np.arange(120), by_group.rows)
    assert not set(who[tested]) & set(who[by_group.rows])
    assert all(not set(who[fold.train]) & set(who[fold.valid]) for fold in by_group.folds.all)
    assert np.array_equal(np.sort(np.concatenate([fold.valid for fold in by_group.folds.all])), by_group.rows)
    day = frame["day"]
    assert day[by_time.rows].max() < day[np.setdiff1d(np.arange(120), by_time.rows)].min()
    assert all(day[fold.train].max() < day[fold.valid].min() for fold in by_time.folds.all)

    data = goodfit.data.Dataset.from_arrays(np.stack([frame["a"], frame["b"]], 1), np.arange(120) % 2)
    how = {"folds": GroupKFold(3), "plan": lambda search, _: laid.append(search)}
    select(recipe, data, vary={"l2": [0, 0.1]}, groups=who, **how)
    assert all(not set(who[fold.train]) & set(who[fold.valid]) for fold in laid[-1].folds.all)
    parts = goodfit.data.split(data, seed=1)
    how = {"folds": TimeSeriesSplit(3), "plan": lambda search, _: laid.append(search)}
    select(recipe, parts, vary={"l2": [0, 0.1]}, time=np.arange(120)[::-1], **how)
    assert all(fold.train.min() > fold.valid.max() for fold in laid[-1].folds.all)
    for wrong, message in (
        ({"groups": "who"}, "'groups' can be a column name only for a table"),
        ({"groups": who[:50]}, "'groups' must hold a value for each of the 120 rows; got 50"),
    ):
        with pytest.raises(InputError, match=message):
            select(recipe, data, vary={"l2": [0, 0.1]}, **wrong)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="'group' must be the name of a column"):
        select(recipe, table, vary={"l2": [0, 0.1]}, groups=who)


def test_a_search_tells_what_its_folds_share() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(80, 3)), rng.integers(0, 2, 80)
    x[40:60], y[40:60] = x[:20], y[:20]
    data = goodfit.data.Dataset.from_arrays(x, y)
    recipe = Recipe(hidden=(2,), epochs=1, dropout=0, batch_size=16)
    with pytest.warns(goodfit.leaks.LeakWarning, match="also occur in the training set of their fold") as caught:
        found = select(recipe, data, vary={"l2": [0, 0.1]}, folds=3)
    assert Path(caught[0].filename).name == Path(__file__).name
    assert found.leaks is not None
    assert found.to_json()["leaks"]["findings"][0]["code"] == "exact"
    with pytest.raises(InputError, match=r"Leaks: .* also occur in the training set of their fold"):
        select(recipe, data, vary={"l2": [0, 0.1]}, folds=3, leaks="error")
    same = np.arange(80)
    same[40:60] = same[:20]
    assert select(recipe, data, vary={"l2": [0, 0.1]}, folds=3, groups=same, leaks="error").leaks is not None
    assert select(recipe, data, vary={"l2": [0, 0.1]}, folds=3, leaks="off").leaks is None


def test_rows_of_a_table_are_divided_without_encoding_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folds encode it, each on its own rows."""
    rng = np.random.default_rng(0)
    words = rng.choice(["a", "b", "c"], 60).tolist()
    data = table({"size": rng.normal(size=60), "word": words, "y": [0, 1] * 30}, "y")
    wanted = np.sort(np.concatenate([data.split(valid=0.0).rows(part) for part in ("train", "valid")]))
    monkeypatch.setattr(Preprocessing, "fit", lambda *_, **__: pytest.fail("encoded"))
    found = learning_rows(Recipe(), data, None, None)
    assert found.source is data
    np.testing.assert_array_equal(found.rows, wanted)


def test_parameters_are_counted_on_the_rows_that_train() -> None:
    x = np.zeros((12, 3), np.float32)
    x[:8, 0], x[:8, 1], x[:, 2] = range(8), [0, 1] * 4, np.arange(12) >= 9
    x[8:, 1] = 7  # a third value, only in rows that no fold has
    data = Dataset.from_arrays(x, np.arange(12) % 2)
    plain, encoded = Recipe(hidden=(4,)), Recipe(hidden=(4,), encoding="piecewise", bins=5)
    of_net = (3 * 4 + 4) + (4 * 2 + 2)
    assert parameters_of([plain, encoded, plain], data, np.arange(8)) == [of_net, of_net + 5 * 4, of_net]
    assert parameters_of([encoded], data, np.arange(12)) == [of_net + 2 * 5 * 4]
