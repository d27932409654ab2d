from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from goodfit import __version__
from goodfit.data.tables.preprocessing import Preprocessing
from goodfit.models import TrainedNet, save_model
from goodfit.models.quantile_head import QuantileHead
from goodfit.training.recipe import Recipe
from goodfit.words import visible

FILE = "model.safetensors"


def net(*sizes: int, **fields: Any) -> TrainedNet:
    rng = np.random.default_rng(0)
    shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
    fields = {"task": "classification", "classes": tuple("abcdefghijklmno"[: sizes[-1]]), **fields}
    return TrainedNet(
        tuple(rng.normal(size=shape) for shape in shapes),
        tuple(rng.normal(size=out) for out, _ in shapes),
        ("relu",) * (len(sizes) - 2),
        **fields,
    )


def rows(out: str) -> list[list[str]]:
    return [line.split() for line in out.splitlines()]


def test_what_a_person_sees(call) -> None:  # type: ignore[no-untyped-def]
    nets = [replace(net(4, 5, 5, 3), seed=seed) for seed in (3, 4)] + [net(4, 3, seed=9)]
    recipe = Recipe(hidden=(5, 5), activation="relu", dropout=0.5)
    about = {"recipe": recipe.to_dict(), "data": "mine", "note": "for Ann"}
    save_model(FILE, nets, about, data={"name": "mine", "fingerprint": "ab12", "rows": 1500})
    code, out, err = call("show", FILE)
    assert (code, err) == (0, "")
    told = rows(out)
    digest = hashlib.sha256(Path(FILE).read_bytes()).hexdigest()
    for cells in (
        ["model.safetensors"],
        ["task", "classification"],
        ["3", "classes", "a,", "b,", "c"],
        ["features", "4"],
        ["outputs", "3"],
        ["trained", "on", "mine,", "1,500", "rows"],
        ["fingerprint", "ab12"],
        ["note", "for", "Ann"],
        ["written", "by", "goodfit", f"{__version__},", "format", "2"],
        ["size", f"{Path(FILE).stat().st_size:,}", "bytes"],
        ["SHA-256", digest],
        ["Nets,", "161", "parameters"],
        ["2", "4", "-", "5", "-", "5", "-", "3", "2", "x", "relu", "73", "3,", "4"],
        ["1", "4", "-", "3", "-", "15", "9"],
        ["hidden", "[5,", "5]"],
        ["dropout", "0.5"],
    ):
        assert cells in told, cells
    assert not any(cells[:1] in (["data"], ["epochs"], ["recipe"]) for cells in told)


def test_json_is_the_whole_of_it(call) -> None:  # type: ignore[no-untyped-def]
    save_model(FILE, [net(4, 5, 3)], {"note": [1, 2]})
    code, out, _ = call("show", FILE, "--json")
    found = json.loads(out)
    assert code == 0
    assert found.pop("sha256") == hashlib.sha256(Path(FILE).read_bytes()).hexdigest()
    assert found == {
        "path": FILE,
        "bytes": Path(FILE).stat().st_size,
        "format": 2,
        "goodfit": __version__,
        "task": "classification",
        "link": "identity",
        "classes": ["a", "b", "c"],
        "inputs": 4,
        "outputs": 3,
        "parameters": 43,
        "nets": [{"sizes": [4, 5, 3], "activations": ["relu"], "parameters": 43, "seed": 0, "members": 1}],
        "data": None,
        "columns": None,
        "about": {"note": [1, 2]},
        "target_transform": [],
        "clipped": False,
        "encoded": 0,
        "bins": 0,
        "frequencies": 0,
        "components": 0,
        "targets": [],
        "levels": [],
        "mixed": 0,
    }


def test_the_columns_of_a_table_are_listed(call) -> None:  # type: ignore[no-untyped-def]
    table = {"size": [1.0, 2.0, None], "kind": ["a", "b", "c"]} | {f"more {i}": [1.0, 2.0, 3.0] for i in range(30)}
    kinds = {name: "categorical" if name == "kind" else "numeric" for name in table}
    made = Preprocessing.fit(table, kinds)
    save_model(FILE, [net(made.n_inputs, 2, task="regression", classes=(), link="exp")], preprocessing=made)
    out = call("show", FILE)[1]
    for cells in (
        ["task", "regression,", "prediction", "=", "exp(output)"],
        ["features", "35,", "from", "32", "columns"],
        ["size", "numeric", "2"],
        ["kind", "categorical", "3"],
        ["and", "12", "more:", "--json", "lists", "all."],
    ):
        assert cells in rows(out), cells
    assert json.loads(call("show", FILE, "--json")[1])["columns"][1] == {
        "name": "kind",
        "kind": "categorical",
        "inputs": 3,
    }


def test_many_and_long_names_are_cut(call) -> None:  # type: ignore[no-untyped-def]
    classes = ("x" * 5000, *map(str, range(14)))
    nets = [replace(net(2, 15, classes=classes), seed=seed) for seed in range(300)]
    save_model(FILE, nets, {f"entry {i}": "y" * 5000 for i in range(100)})
    out = call("show", FILE)[1]
    assert "0, 1, 2, 3, 4, 5, 6, 7, 8 and 5 more" in " ".join(out.split())
    assert "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 290 more" in " ".join(out.split())
    assert len(out) < 8000


BAD = "\x1b[31m\x1b]0;owned\x07\x9b2J\u202eevil\u200b\r\x7f"
HOSTILE: list[dict[str, Any]] = [
    {"recipe": BAD, BAD: BAD},
    {"recipe": {BAD: BAD, "hidden": BAD, "epochs": {"a": [BAD]}}},
    {"recipe": [1, 2], "data": {"name": 3}},
    {"recipe": {"hidden": [[[[]]]], "seed": 10**299, "epochs": 1e308, "unknown": None}},
    {"recipe": None, "data": None, "[bold]x[/bold]": "[link=file:///x]y[/link] :smile:"},
    {"recipe": {str(i): i for i in range(1000)}},
]


@pytest.mark.parametrize("about", HOSTILE)
def test_whatever_stands_in_about_is_shown_and_steers_no_terminal(call, about: Any) -> None:  # type: ignore[no-untyped-def]
    save_model(FILE, [net(2, 2, classes=(BAD, "b\nc"))], about, data={"name": BAD, "fingerprint": BAD, "rows": 1})
    code, out, err = call("show", FILE)
    assert (code, err) == (0, "")
    assert not re.search("[^\n -~\xa1-\u1fff\u2026\u2500-\u257f]", out)
    assert "\\x1b[31m" in out
    assert "b\\nc" in out
    code, out, err = call("show", FILE, "--json")
    assert (code, err) == (0, "")
    assert not re.search("[^\n -~]", out)
    assert json.loads(out)["about"] == json.loads(json.dumps(about))
    assert json.loads(out)["classes"] == [BAD, "b\nc"]


def test_markup_is_not_followed(call) -> None:  # type: ignore[no-untyped-def]
    save_model(FILE, [net(2, 2)], HOSTILE[4])
    assert "[bold]x[/bold]" in call("show", FILE)[1]
    assert ":smile:" in call("show", FILE)[1]


def test_what_is_hidden_becomes_visible_and_the_rest_stays() -> None:
    assert visible("Zürich 東京 \U0001f600 a\nb") == "Zürich 東京 \U0001f600 a\nb"
    assert visible("\x1b\x00\t\x9b\u202e\U000e0041\ud800") == "\\x1b\\x00\\t\\x9b\\u202e\\U000e0041\\ud800"


def test_a_bad_file_is_one_line_and_exit_code_2(call) -> None:  # type: ignore[no-untyped-def]
    Path("text").write_text("hello, I am no model")
    Path("table.csv").write_text("a,b\n1,2\n3,4\n")
    for name, message in (
        ("text", "must be a model file of goodfit's; got 'another file'."),
        ("table.csv", "must be a model file of goodfit's; got 'another file'."),
        ("missing", "must be a model file: No such file or directory."),
    ):
        assert call("show", name) == (2, "", f"{name}: {message}\n")
        assert call("show", name, "--json") == (2, "", f"{name}: {message}\n")
    Path("folder").mkdir()
    code, out, err = call("show", "folder")
    assert (code, out) == (2, "")
    assert err.startswith(
        "folder: must be a model file, or the folder of a finished run or search; it has no model.saf"
    )
    assert err.count("\n") == 1


def test_quantiles_and_mixtures_are_told(call) -> None:  # type: ignore[no-untyped-def]
    head = QuantileHead((0.1, 0.5, 0.9), np.ones((2, 3), np.float32), np.ones(2, np.float32))
    plain = net(4, 3, 1, task="regression", classes=(), head=head)
    save_model(FILE, [plain, replace(plain, mixtures=(np.ones(3),))])
    told = rows(call("show", FILE)[1])
    assert ["quantiles", "0.1,", "0.5,", "0.9;", "predictions", "are", "the", "medians"] in told
    assert [line[-4:] for line in told if line[:1] == ["mixtures"]] == [["1", "of", "2", "nets"]]
