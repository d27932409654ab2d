"""`goodfit compare`, `goodfit runs --group` and what `goodfit ledger` says of the next opening, on small runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import goodfit as gf
import goodfit.figures
from goodfit.data import Ledger
from goodfit.files import write_atomically

RECIPE = gf.Recipe(batch_size=32, epochs=3, learning_rate=0.01, dropout=0)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("trained")
    with pytest.MonkeyPatch.context() as patch:
        without_figures(patch)
        for name, width in (("a", 4), ("b", 8)):
            gf.train(RECIPE.replace(hidden=(width,)), "iris", seeds=2, out=root / "runs" / name)
    return root


def without_figures(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(goodfit.figures, "write_figure", lambda figure, path: write_atomically(path, b"a figure"))


@pytest.fixture
def here(call: Any, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.delenv("GOODFIT_LEDGER")
    without_figures(monkeypatch)
    shutil.copytree(trained / "runs", tmp_path / "runs")
    return tmp_path


def squeezed(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


def test_compare_prints_a_table_and_a_sentence(call: Any, here: Path) -> None:
    code, out, err = call("compare", "runs/a", "runs/b")
    found = gf.compare("runs/a", "runs/b")
    assert (code, err) == (0, "")
    assert found.sentences[0] in out.splitlines()
    assert "measure a b gain 95 % interval" in squeezed(out)
    assert [line.split()[0] for line in out.splitlines()[3:6]] == ["accuracy", "log", "Brier"]
    assert "The validation rows chose the epoch of each net (all)" in out
    told = json.loads(call("compare", "runs/a", "runs/b", "--json", "--quiet")[1])
    assert told == json.loads(json.dumps(found.to_json()))
    three = json.loads(call("compare", "runs/a", "runs/b", "runs/a", "--against", "first", "--json")[1])
    assert [pair["second"] for pair in three["pairs"]] == ["b (B)", "a (C)"]
    assert three["level"] == 0.975
    assert not Ledger().openings()


def test_new_rows_are_recorded(call: Any, here: Path) -> None:
    code, out, _ = call("compare", "runs/a/model.safetensors", "runs/b", "--data", "iris")
    assert code == 2  # the rows that b was trained on
    lines = ["x,y,class"] + [f"{(row * 7) % 11 / 3},{(row * 5) % 13 / 4},{'ab'[row % 3 > 0]}" for row in range(120)]
    Path("old.csv").write_text("\n".join(lines[:81]) + "\n")
    Path("new.csv").write_text("\n".join(lines[:1] + lines[81:]) + "\n")
    for name, width in (("c", "4"), ("d", "6")):
        made = ("--target", "class", "--hidden", width, "--epochs", "2", "--quiet", "--leaks", "off", "--valid", "0.1")
        assert call("train", "old.csv", *made, "--out", f"runs/{name}")[0] == 0
    code, out, err = call("compare", "runs/c", "runs/d", "--data", "new.csv", "--quiet")
    assert (code, err) == (0, "")
    assert "on 40 new rows" in out
    assert "McNemar's p" in out  # one net each
    assert "Recorded in the ledger: no. 1, 2." in out
    assert [line.kind for line in Ledger().openings()] == ["compare", "compare"]
    told = json.loads(call("ledger", "--width", "0.5", "--json")[1])
    assert [line["kind"] for line in told["openings"]] == ["compare", "compare"]
    (after,) = told["next"]
    assert (after["openings"], after["rows"]) == (2, 40)
    assert [look["kind"] for look in after["looks"]] == ["planned", "lasting", "adaptive"]
    assert after["looks"][0]["left"] >= after["looks"][1]["left"] >= after["looks"][2]["left"] == 0


def test_the_ledger_says_what_the_next_opening_costs(call: Any, here: Path) -> None:
    out = call("test", "runs/a")[1]
    assert "An interval that no later opening widens: 0." in out
    code, out, err = call("ledger", "--width", "0.6")
    assert (code, err) == (0, "")
    assert "data openings newest score next one level interval half-width left to 0.6" in squeezed(out)
    for kind, level in (("planned", "97.5 %"), ("lasting", "99.17 %"), ("adaptive", "99.99913 %")):
        assert any(f" on 30 {kind} {level} " in line for line in squeezed(out)), out
    assert "adaptive: the same, also for models that were built or chosen by scores on this test set;" in out
    code, _, err = call("ledger", "--width", "-1")
    assert (code, err) == (2, "Ledger: 'width' must be a number > 0; got -1.0. It is high - low: 0.05.\n")


def test_groups_of_runs(call: Any, here: Path) -> None:
    code, out, err = call("runs", "--group", "recipe", "--metric", "valid_accuracy")
    assert (code, err) == (0, "")
    rows = {line.split()[1]: line.split() for line in out.splitlines() if line.startswith("iris")}
    assert rows.keys() == {"4", "8"}
    assert rows["4"][2] == "accuracy"
    told = json.loads(call("runs", "--group", "hidden", "--metric", "loss", "--json")[1])
    assert [(line["fields"], line["count"]) for line in told] in (
        [({"hidden": "4"}, 2), ({"hidden": "8"}, 2)],
        [({"hidden": "8"}, 2), ({"hidden": "4"}, 2)],
    )
    assert call("runs", "--metric", "loss")[0] == 2
    assert "There are no finished runs with this metric in" in call("runs", "--group", "recipe", "--metric", "r2")[2]
    mixed = call("runs", "--group", "data")[1]
    assert "Within a group, these differ beside the seed: hidden." in mixed


def test_bad_input(call: Any, here: Path) -> None:
    for words, message in (
        (("compare", "runs/a"), "compare: it takes two runs or more; got 1. Name another run.\n"),
        (
            ("compare", "runs/a", "runs/z"),
            "runs/z: must be a finished run or search, or a model file. See 'goodfit runs'.\n",
        ),
        (("runs", "--group", "hiden"), "got 'hiden'. Did you mean 'hidden'?\n"),
    ):
        code, out, err = call(*words)
        assert (code, out) == (2, "")
        assert err.endswith(message)
