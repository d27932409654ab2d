"""What trains on a table where little was asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import goodfit as gf
from goodfit.cli import main
from goodfit.cli.flags import recipe_with
from goodfit.cli.going_on import asked_recipe, base_recipe, searched_recipe
from goodfit.errors import InputError
from goodfit.runs import load, starting
from goodfit.runs.defaults import FOLDS, MOST_ENCODED, settled
from goodfit.runs.start_from import start_of
from goodfit.training.named_recipes import CHAPTER
from goodfit.training.recipe import Recipe

RNG = np.random.default_rng(3)


def frame(rows: int = 120, columns: int = 3) -> pd.DataFrame:
    x = RNG.normal(size=(rows, columns))
    return pd.DataFrame(
        {
            **{f"x{number}": x[:, number] for number in range(columns)},
            "y": x[:, 0] * 30 + 15 * RNG.normal(size=rows) + 200,
        }
    )


def table(**more: Any) -> gf.data.Table:
    return gf.data.table(frame(), target="y", **more)


def test_the_default_of_a_table_has_folds_and_encodings() -> None:
    recipe, parts = settled(None, table(), None)
    assert recipe.fold_members == FOLDS
    assert recipe.encoding == "piecewise"
    assert parts.folds is not None
    assert len(parts.train) == 96
    assert recipe == gf.table_recipe(table())
    for same in ("table", {}, Recipe()):
        assert settled(same, table(), None)[0] == recipe
    assert settled(Recipe(seed=7), table(), None)[0] == recipe.replace(seed=7)


def test_what_was_asked_for_stays() -> None:
    asked: dict[str, Any] = {"hidden": (4,), "epochs": 3, "batch_size": 7, "encoding": "none", "learning_rate": 0.5}
    recipe, _ = settled(asked, table(), None)
    assert {name: getattr(recipe, name) for name in asked} == asked
    assert recipe.fold_members == FOLDS
    assert gf.table_recipe(table(), optimizer="sgd").learning_rate == 0.1  # the rate of another optimiser
    assert gf.table_recipe(table(), optimizer="lbfgs", hidden=()).dropout == 0
    assert (gf.table_recipe(table(), bins=8).bins, gf.table_recipe(table(), bins=8).encoding) == (8, "piecewise")
    whole = Recipe(hidden=(4,))
    assert settled(whole, table(), None)[0].fold_members == 0
    assert settled(whole, table(), None)[0].encoding == "none"


def test_folds_stand_back_where_something_else_validates() -> None:
    def members(recipe: Any, data: Any, seeds: Any = None) -> int:
        return settled(recipe, data, seeds)[0].fold_members

    assert members({"valid": 0.3}, table()) == 0
    assert members(None, table().split(valid=0.2)) == 0
    assert members(None, table().split(valid=0.0)) == FOLDS
    assert members(None, table(), seeds=1) == 0
    assert members(None, table(), seeds=7) == FOLDS
    assert members({"fold_members": 3}, table(), seeds=3) == 3
    assert members({"patience": 0}, table().split(valid=0.0), seeds=4) == 0
    assert members(None, gf.data.table(frame().assign(day=range(120)), target="y", time="day")) == 0
    grouped = frame().assign(who=[f"p{number // 40}" for number in range(120)])
    assert members(None, gf.data.table(grouped, target="y", group="who")) == 2  # the groups that are no test rows


@pytest.mark.parametrize("test", [0.0, 0.2, 0.7])
@pytest.mark.parametrize("more", [{}, {"group": "who"}, {"time": "day"}])
@pytest.mark.parametrize("rows", [2, 3, 4, 6, 9, 12])
def test_no_field_that_nobody_gave_is_refused_however_few_the_rows(
    rows: int, more: dict[str, str], test: float
) -> None:
    few = frame(rows, 1).assign(who=[f"p{row}" for row in range(rows)], day=range(3, rows + 3))
    data = gf.data.table(few, target="y", ids=() if more else ("who", "day"), test=test, **more)
    try:
        training = len(data.bare_split(valid=0.0).train)
    except InputError:
        return  # the test rows alone are too many
    for seeds in (None, 1, 3):
        recipe, parts = settled(None, data, seeds)
        expected = 0 if "time" in more or training < 2 else min(FOLDS, training)
        assert recipe.fold_members == (expected if seeds is None or seeds >= expected else 0)
        assert (parts.folds is None) == (not recipe.fold_members)
        assert recipe.patience == 0 or parts.folds is not None or len(parts.valid)


def test_validation_rows_beside_folds_are_refused() -> None:
    with pytest.raises(InputError, match="'valid' has no effect with 'fold_members'"):
        settled({"valid": 0.2, "fold_members": 5}, table(), None)
    assert settled({"valid": 0.2, "fold_members": 0}, table(), None)[0].valid == 0.2


def test_arrays_keep_the_default_of_arrays() -> None:
    data = gf.data.Dataset("a", RNG.normal(size=(60, 2)).astype(np.float32), RNG.integers(0, 2, 60), "classification",
                           ("a", "b"))  # fmt: skip
    assert settled(None, data, None)[0] == settled(Recipe(), data, None)[0]
    assert settled(None, data, None)[0].fold_members == 0
    assert settled("table", data, None)[0].fold_members == FOLDS


def test_the_size_follows_rows_and_columns() -> None:
    small, large = (gf.table_recipe(gf.data.table(frame(rows), target="y")) for rows in (100, 60_000))
    assert large.epochs < small.epochs
    assert small.batch_size < large.batch_size
    wide = gf.data.table(frame(60, MOST_ENCODED // 16 + 1), target="y")
    assert gf.table_recipe(wide).encoding == "none"


def test_names_and_what_is_none_of_them() -> None:
    digits = gf.data.load("digits")
    assert gf.train("chapter", digits, seeds=1).recipe.hidden == CHAPTER.hidden
    with pytest.raises(InputError, match=r"'recipe' must be a Recipe, fields of one, or a name; got 'tabel'\."):
        gf.train("tabel", table())
    with pytest.raises(InputError, match="'recipe' must be a Recipe, a Mapping, a text or None"):
        gf.train(3, table())  # type: ignore[arg-type]
    with pytest.raises(InputError, match="hiden"):
        gf.train({"hiden": (3,)}, table())


def test_the_default_of_tables_is_there_for_any_data_wherever_a_recipe_is_named(tmp_path: Path) -> None:
    digits = gf.data.load("digits")
    expected = settled("table", digits, None)[0]
    assert (expected.fold_members, expected.hidden) == (FOLDS, (256, 128))
    chosen = recipe_with(base_recipe("table", None), {"dropout": "0.3"})
    assert asked_recipe("table", chosen, "digits") == settled({"dropout": 0.3}, digits, None, table=True)[0]
    assert asked_recipe("table", chosen, "digits", seeds=1).fold_members == 0  # type: ignore[union-attr]
    assert asked_recipe("table", chosen, table()) == {"dropout": 0.3}
    for data in ("digits", table()):
        searched = searched_recipe("table", chosen, data)
        assert (searched.fold_members, searched.dropout, searched.hidden) == (0, 0.3, (256, 128))
    first = gf.train(Recipe(hidden=(4,), epochs=1), digits, out=tmp_path / "run")
    own = starting.asked_of(start_of(first), "table", digits, 5)
    rest = {
        name: getattr(expected, name) for name in ("epochs", "learning_rate", "dropout", "patience", "fold_members")
    }
    assert {name: getattr(own, name) for name in rest} == rest
    assert (own.hidden, own.encoding) == ((4,), "none")  # those of the start
    assert starting.asked_of(start_of(first), "table", digits, None).fold_members == 0  # one net, as the start has
    asked = asked_recipe("table", base_recipe("table", tmp_path), "digits", tmp_path / "run", 5)
    assert isinstance(asked, Recipe)
    assert starting.recipe_for(start_of(first), asked) == own
    with pytest.raises(InputError, match="Did you mean 'table'"):
        base_recipe("tabel", None)


def test_the_command_trains_it_and_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame().to_csv(tmp_path / "t.csv", index=False)
    call = ["train", str(tmp_path / "t.csv"), "--target", "y", "--fit", "never", "--quiet", "--epochs", "4"]
    assert main([*call, "--hidden", "8", "--out", str(tmp_path / "run")]) == 0
    printed = capsys.readouterr().out
    assert "out of fold" in printed
    assert "5 nets predict together; each left out one of 5 folds." in printed
    run = load(tmp_path / "run")
    assert (run.recipe.hidden, run.recipe.epochs, run.recipe.encoding) == ((8,), 4, "piecewise")
    assert run.scores["valid"].value > 0
    assert main([*call, "--valid", "0.2", "--seeds", "2", "--out", str(tmp_path / "other")]) == 0
    assert "validation" in capsys.readouterr().out
    assert load(tmp_path / "other").out_of_fold is None
