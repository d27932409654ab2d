"""The benchmark of the default for tables: its tables, scores, ratios and page, and what is kept between calls."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from benchmarks import processes, table_page, table_peers, table_sets, tables
from benchmarks.table_fit import fitted
from benchmarks.table_peers import ABLATIONS, FOR_CLASSES, FOR_NUMBERS, GOODFIT, LINEAR, MODELS
from benchmarks.table_scores import best_of, calibration_error, half_a_row, mean_ranks, ratio, scores
from benchmarks.table_sets import CLASSES, NUMBERS, Rows, TableSet, divided
from sklearn.linear_model import Ridge
from sklearn.metrics import accuracy_score, log_loss, root_mean_squared_error

from goodfit.models.calibration import of_top_class
from goodfit.runs import defaults
from goodfit.runs.checks import FEWEST_STEPS, SMALLEST_BATCH, fitting_batch
from goodfit.training.recipe import Recipe

RNG = np.random.default_rng(8)
PAGE = Path(__file__).parents[1] / "docs" / "tables-default.md"


def two_tables(task: str = CLASSES) -> Rows:
    """Training rows of two classes, test rows with a third."""
    train = pd.DataFrame({"x": [0.0, 1.0, 2.0, 3.0], "y": ["b", "a", "b", "a"] if task == CLASSES else [0, 1, 2, 3]})
    return Rows(
        train, pd.DataFrame({"x": [5.0, 6.0, 7.0], "y": ["b", "a", "c"] if task == CLASSES else [5, 6, 9]}), "y", task
    )


def test_tables_with_a_known_truth_have_it() -> None:
    found = table_sets.friedman1(4000)
    x = found[[f"x{column}" for column in range(10)]].to_numpy()
    smooth = 10 * np.sin(np.pi * x[:, 0] * x[:, 1]) + 20 * (x[:, 2] - 0.5) ** 2 + 10 * x[:, 3] + 5 * x[:, 4]
    assert (found["y"] - smooth).std() == pytest.approx(1, abs=0.05)
    found = table_sets.steps(4000)
    jumps = found["y"] - np.floor(2 * found["a"])
    assert jumps[found["b"] <= 0.3].std() == pytest.approx(0.3, abs=0.02)
    assert np.abs(jumps[found["b"] > 0.3]).mean() == pytest.approx(2, abs=0.05)
    found = table_sets.census(4000)
    assert found.groupby("education")["rich"].apply(lambda own: (own == "yes").mean()).corr(pd.Series(range(1, 17),
        range(1, 17))) > 0.8  # fmt: skip
    found = table_sets.categories()
    groups = found.groupby("place")["y"]
    assert groups.size().tolist() == [13] * 300
    assert np.sqrt(groups.var().mean()) == pytest.approx(0.3, abs=0.01)
    assert groups.mean().std() == pytest.approx(1, abs=0.1)
    assert (table_sets.imbalance()["fraud"] == "yes").mean() == 0.008


def test_a_table_is_divided_the_same_way_for_everyone() -> None:
    frame = pd.DataFrame({"row": range(5000), "y": [None, *range(4999)]})
    table = TableSet("t", "here", lambda: frame, "y", NUMBERS)
    one, same, other = (divided(table, split) for split in (0, 0, 1))
    assert one.train.equals(same.train)
    assert not one.train.equals(other.train)
    assert (len(one.train), len(one.test)) == (2080, 520)
    assert set(one.train["row"]) & set(one.test["row"]) == set()
    assert 0 not in {*one.train["row"], *one.test["row"]}  # it has no target
    whole = divided(TableSet("t", "here", lambda: frame, "y", NUMBERS, whole=True), 0)
    assert len(whole.train) + len(whole.test) == 4999


def test_what_is_not_there_is_left_out_with_a_line(tmp_path: Path) -> None:
    found, left_out = table_sets.table_sets(tmp_path)
    assert {"wine", "steps", "300 categories"} <= {each.name for each in found}
    assert left_out[-1] == f"left out: the tables of R's modeldata, which is not in {tmp_path}: name it by --modeldata"
    assert len({each.name for each in found}) == len(found)
    for each in found:
        if each.source in ("scikit-learn", "generated"):
            assert each.target in each.frame()


def test_scores_are_those_of_scikit_learn() -> None:
    classes = [f"c{code}" for code in range(3)]
    codes = RNG.integers(0, 3, 400)
    frame = pd.DataFrame({"x": RNG.normal(size=400), "y": np.array(classes)[codes]})
    rows = Rows(frame, frame, "y", CLASSES)
    chances = RNG.dirichlet(np.ones(3), 400)
    found = scores(rows, chances)
    assert found["error"] == pytest.approx(1 - accuracy_score(codes, chances.argmax(1)))
    assert found["wrong"] == (codes != chances.argmax(1)).sum()
    assert found["log_loss"] == pytest.approx(log_loss(codes, chances))
    reliability = of_top_class(chances, codes)
    assert reliability is not None
    assert found["ece"] == pytest.approx(reliability.error)
    y = RNG.normal(size=50)
    numbers = Rows(pd.DataFrame({"y": y}), pd.DataFrame({"y": y}), "y", NUMBERS)
    assert scores(numbers, y + 1 - y**2) == {"error": pytest.approx(root_mean_squared_error(y, y + 1 - y**2))}


def test_calibration_error_by_hand() -> None:
    """40 rows make two bins: 20 with confidence 0.5 and 5 right, 20 with 0.9 and 20 right."""
    confidence = np.repeat([0.9, 0.5], 20)
    right = np.r_[np.ones(20, bool), np.arange(20) < 5]
    assert calibration_error(confidence, right) == pytest.approx((0.1 * 20 + 0.25 * 20) / 40)
    assert calibration_error(confidence[:7], right[:7]) == pytest.approx(0.1)


def test_a_class_that_no_training_row_has_is_wrong() -> None:
    rows = two_tables()
    assert rows.classes == ("a", "b")
    assert rows.truth(rows.test).tolist() == [1, 0, -1]
    found = scores(rows, np.array([[0.2, 0.8], [0.9, 0.1], [0.5, 0.5]]))
    assert found["wrong"] == 1
    assert found["log_loss"] == pytest.approx(-(np.log(0.8) + np.log(0.9) + np.log(1e-7)) / 3)


def test_ratios_by_hand() -> None:
    first = {("a", 0): 2.0, ("a", 1): 8.0, ("b", 0): 3.0, ("c", 0): 9.0}
    second = {("a", 0): 1.0, ("a", 1): 1.0, ("b", 0): 3.0, ("d", 0): 1.0}
    found = ratio(first, second)
    assert found is not None
    assert found[0] == pytest.approx(2)  # a: the mean of 2 and 8 is 4; b: 1
    # of 64 equal draws (both a table, and its splits) 16 are b twice, and the largest are 8 and 8 (1), 8 and 4 (4)
    assert found[1:] == (pytest.approx(1), pytest.approx(np.sqrt(8 * 4)), 2)
    alone = ratio({("a", 0): 3.0}, {("a", 0): 2.0})
    assert alone is not None
    assert alone[0] == pytest.approx(1.5)
    assert np.isnan(alone[1])
    assert ratio(first, {}) is None
    assert half_a_row(0, 50) == 0.01
    logs = RNG.normal(0.1, 0.3, 60)
    many = ratio(
        {(f"t{k}", 0): float(np.exp(own)) for k, own in enumerate(logs)}, {(f"t{k}", 0): 1.0 for k in range(60)}
    )
    assert many is not None
    normal = 2 * 1.96 * logs.std() / np.sqrt(60)
    assert np.log(many[2] / many[1]) == pytest.approx(normal, rel=0.1)


def test_the_best_of_each_table_is_chosen_by_the_mean_of_its_splits() -> None:
    one = {("a", 0): 1.0, ("a", 1): 5.0, ("b", 0): 1.0, ("c", 0): 1.0}
    other = {("a", 0): 2.0, ("a", 1): 3.0, ("b", 0): 2.0}
    assert best_of([one, other]) == {("a", 0): 2.0, ("a", 1): 3.0, ("b", 0): 1.0}
    assert best_of([]) == {}
    both = [*RESULTS, line("b", "LightGBM", 400.0), line("a", "LightGBM", 0.9, wrong=18.0, log_loss=0.2, ece=0.1)]
    last = tables.written_parts([], both)["peers"].splitlines()[-3]
    # a: (2 + ½) / (4 + ½) of CatBoost's, b: 1200 / 400 of LightGBM's; log-loss: 0.3 / 0.2
    assert last.startswith(
        "| of CatBoost, LightGBM the best on each table | 1.29 (0.56 to 3.00) | 0.56 | 3.00 | 1.50 |"
    )


def test_ranks_by_hand() -> None:
    values = {
        "x": {("a", 0): 1.0, ("b", 0): 2.0},
        "y": {("a", 0): 2.0, ("b", 0): 2.0},
        "z": {("a", 0): 3.0, ("b", 0): 9.0},
    }
    assert mean_ranks(values) == {"x": 1.25, "y": 1.75, "z": 3.0}
    assert mean_ranks({**values, "w": {}}) == {}


def line(table: str, model: str, error: float, **more: Any) -> dict[str, Any]:
    task = CLASSES if "wrong" in more else NUMBERS
    facts = {"task": task, "rows": 80, "test_rows": 20, "columns": 3, "cpu": 1.5, "settings": "s"}
    return {"table": table, "split": 0, "model": model, "error": error, **facts, **more}


RESULTS = [
    line("a", GOODFIT, 0.1, wrong=2.0, log_loss=0.3, ece=0.02),
    line("a", "CatBoost", 0.2, wrong=4.0, log_loss=0.6, ece=0.04),
    line("a", LINEAR, 0.0, wrong=0.0, log_loss=0.6, ece=0.05),
    line("b", GOODFIT, 1200.0),
    line("b", "CatBoost", 600.0),
    line("b", LINEAR, 1200.0),
    line("b", "8 bins", 600.0),
]


def test_the_page_says_what_came_of_it() -> None:
    parts = tables.written_parts([TableSet("b", "here", pd.DataFrame, "y", NUMBERS)], RESULTS)
    assert parts["sets"].splitlines()[2:] == ["| b | here | 100 | 3 | a number |"]
    rows = parts["peers"].splitlines()
    assert rows[2] == "| goodfit | - | - | - | - | 0.020 | 2.25 | 1.00 | 1.00 | 1.50 |"
    assert rows[3].startswith("| CatBoost | 1.05 (0.56 to 2.00) | 0.56 | 2.00 | 0.50 | 0.040 | 2.00 | 2.50 | 2.00 |")
    assert rows[-1] == "2 tables, 1 random split of each."
    assert parts["by table"].splitlines()[2:] == [
        "| a | wrong | 0.1 | 0.2 | **0** |",
        "| b | RMSE | 1,200 | **600** | 1,200 |",
    ]
    trees, linear = parts["wins"].splitlines()
    assert trees == "- Trees (the best of them): ahead on 1 of 2 tables, behind on 1. Ahead on b (0.50)."
    assert linear == "- The linear model: ahead on 1 of 2 tables, behind on 0. Ahead on a (0.20)."
    assert parts["ablations"].splitlines()[2] == "| 8 bins | 1 | 0.50 | - | 0.50 | - | 1.00 |"
    short = table_page.counted(RESULTS[:-2], [GOODFIT, LINEAR])
    assert short.endswith("Not all is measured: of 2 divisions, linear 1.")
    assert table_page.ablations(RESULTS[:3]) == "Nothing is measured yet."


def test_the_page_has_each_part_once() -> None:
    text = PAGE.read_text("utf-8")
    for part in tables.written_parts([], RESULTS):
        assert f"<!-- begin: {part} -->\nnew\n<!-- end: {part} -->" in tables.written(text, part, "new")
    with pytest.raises(ValueError, match="must have the marks <!-- begin: x -->"):
        tables.written(text, "x", "new")


def test_only_what_is_not_kept_is_fitted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    called: list[tuple[str, ...]] = []

    def run(command: list[str], extra: dict[str, str]) -> processes.Ended:
        assert extra["OMP_NUM_THREADS"] == "1"
        table, split, model = command[3:6]
        called.append((table, split, model))
        if model == "CatBoost":
            raise RuntimeError("it broke")
        told = json.dumps({**line(table, model, 1.0), "split": int(split)})
        return processes.Ended(1.0, 1, f"some library says hello\n{told}\n")

    monkeypatch.setattr(processes, "run", run)
    keep = tmp_path / "kept.jsonl"
    sets = [TableSet(name, "here", pd.DataFrame, "y", NUMBERS) for name in ("a", "b")]
    assert tables.fit_all(keep, sets, {GOODFIT: "1", "CatBoost": "1"}, 2, None) == 4
    assert len(called) == 8
    keep.write_text(keep.read_text("utf-8") + '{"table": "a", "spl', "utf-8")  # killed while it was writing
    called.clear()
    assert tables.fit_all(keep, sets, {GOODFIT: "1"}, 3, None) == 0
    assert called == [("a", "2", GOODFIT), ("b", "2", GOODFIT)]
    called.clear()
    assert tables.fit_all(keep, sets[:1], {GOODFIT: "2"}, 1, None) == 0
    assert called == [("a", "0", GOODFIT)]  # made with something else
    found = tables.known(keep, {"a"})
    assert [(each["split"], each["settings"]) for each in found] == [(0, "2"), (1, "1"), (2, "1")]


def test_the_command_fits_keeps_and_reports(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep = tmp_path / "kept.jsonl"
    call = ["--keep", str(keep), "--tables", "wine", "none such", "--models", LINEAR, "--splits", "1"]
    assert tables.main(call) == 0
    printed = capsys.readouterr().out
    assert "left out: the table 'none such', which is not there" in printed
    (kept,) = [json.loads(each) for each in keep.read_text("utf-8").splitlines()]
    assert (kept["table"], kept["rows"], kept["test_rows"], kept["model"]) == ("wine", 142, 36, LINEAR)
    assert kept["wrong"] / 36 == kept["error"] < 0.2
    assert 0 < kept["cpu"] < 60
    assert f"| wine | wrong | **{kept['error']:.3g}** |" in printed
    assert tables.main([*call, "--report"]) == 0
    assert "wine, split 0" not in capsys.readouterr().out  # nothing was fitted
    with pytest.raises(SystemExit, match="2"):
        tables.main([*call, "--models", "nothing"])
    assert "no such model: nothing" in capsys.readouterr().err


def test_the_command_has_a_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        tables.main(["--help"])
    assert "20 % validate" in " ".join(capsys.readouterr().out.split())


def test_changes_are_fields_of_a_recipe_and_numbers_are_not_smoothed() -> None:
    for fields, seeds in table_peers.CHANGES.values():
        assert seeds is None or seeds >= 1
        Recipe(**fields)
    sets = [TableSet("n", "", pd.DataFrame, "y", NUMBERS), TableSet("c", "", pd.DataFrame, "y", CLASSES)]
    assert [*tables.tasks(sets, FOR_CLASSES, 1)] == [("c", 0, name) for name in FOR_CLASSES]
    assert [*tables.tasks(sets, FOR_NUMBERS, 1)] == [("n", 0, name) for name in FOR_NUMBERS]
    assert set(MODELS) & set(ABLATIONS) == set()
    assert table_peers.settings("8 bins") != table_peers.settings("32 bins")


def test_models_get_the_same_rows_and_answer_in_one_order() -> None:
    """The linear model against a fit by hand; goodfit with few epochs; a column of more categories than trees take."""
    found = fitted("diabetes", 1, LINEAR)
    table = next(each for each in table_sets.table_sets()[0] if each.name == "diabetes")
    rows = divided(table, 1)
    x, test = (part.to_numpy(float) for part in rows.inputs())
    mean, deviation = x.mean(0), x.std(0)
    by_hand = Ridge().fit((x - mean) / deviation, rows.train["target"]).predict((test - mean) / deviation)
    assert found["error"] == pytest.approx(root_mean_squared_error(rows.test["target"], by_hand))
    names = np.where(RNG.random(200) < 0.5, "b", "a")
    frame = pd.DataFrame({"x": np.where(names == "b", 1.0, -1.0) + 0.1 * RNG.normal(size=200), "y": names})
    rows = Rows(frame[:150], frame[150:].reset_index(drop=True), "y", CLASSES)
    values = table_peers.goodfit({"hidden": (8,), "epochs": 20})()(rows, 0)
    assert scores(rows, values)["error"] == 0
    np.testing.assert_allclose(values.sum(1), 1, rtol=1e-5)
    many = pd.DataFrame({"k": [f"k{row % 260}" for row in range(2600)], "z": [None, 1.0] * 1300})
    many["y"] = [float(row % 260) for row in range(2600)]
    rows = Rows(many[:2080], many[2080:].reset_index(drop=True), "y", NUMBERS)
    values = MODELS["HistGradientBoosting"].load()(rows, 0)
    assert scores(rows, values)["error"] < 30  # of numbers with a standard deviation of 75


def test_the_page_has_the_fields_of_the_default() -> None:
    """Of the module's own constants, and the sizes that it computes."""
    text = PAGE.read_text("utf-8")
    bins, largest = Recipe().bins, Recipe().batch_size
    for told in (
        f"| `fold_members` | {defaults.FOLDS} | 0 where `valid`, ",
        f"or fewer than {defaults.FOLDS} seeds are given",
        f"as many as training rows, or groups, where there are fewer than {defaults.FOLDS};",
        f"| `hidden` | {', '.join(map(str, defaults.HIDDEN))} |",
        f"| `encoding` | `piecewise`, `bins` {bins} | `none` where the encoded features would make more than "
        f"{defaults.MOST_ENCODED:,} inputs |",
        f"| `epochs` | at most {defaults.EPOCHS} | fewer with more than {defaults.FULL_EPOCHS:,} training rows, in "
        f"proportion to 1 / √rows; at least {defaults.FEWEST_EPOCHS} |",
        f"| `batch_size` | rows / {FEWEST_STEPS}, from {SMALLEST_BATCH} to {largest} |",
        f"| `learning_rate` | {defaults.LEARNING_RATE} |",
        f"| `dropout` | {defaults.DROPOUT} |",
        f"| `train_scaling` | on, `scaling_rate` {defaults.SCALING_RATE:g} |",
        f"| `patience` | {defaults.PATIENCE} epochs |",
        " and ".join(f"`{name}`" for name in defaults.STOCHASTIC),
    ):
        assert told in text, told
    for rows in (100, 1000, 8192, 30_000, 100_000):
        batch, epochs = fitting_batch(Recipe(), rows), defaults._epochs(rows)
        assert f"| {rows:,} | {batch} | {epochs} | {-(-rows // batch) * epochs:,} |" in text
