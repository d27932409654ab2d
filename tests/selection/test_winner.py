"""The folder of a search holds the nets of the winner; other folders say what they lack."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import goodfit as gf
from goodfit.errors import InputError
from goodfit.runs import predict

RECIPE = gf.Recipe(hidden=(5,), epochs=2, batch_size=16, seed=3)


def test_the_folder_of_a_search_predicts_with_the_winner(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"size": rng.normal(size=80), "town": rng.choice(["Oslo", "Rome"], 80)})
    frame["rich"] = np.where(frame["size"] + (frame["town"] == "Oslo") + rng.normal(size=80) > 0.5, "yes", "no")
    frame.to_csv(tmp_path / "people.csv", index=False)
    table = gf.data.read_table(tmp_path / "people.csv", "rich")
    how = {"vary": {"hidden": [(2,), (7,)]}, "folds": 2, "seeds": 2, "leaks": "off", "out": tmp_path / "search"}
    found = gf.select(RECIPE, table, **how)
    model = gf.load_model(tmp_path / "search")
    assert {net.sizes[1:-1] for net in model.nets} == {found.best.hidden}
    assert [net.seed for net in model.nets] == [3, 4]
    assert (model.about["table"], model.data["rows"]) == ({"target": "rich"}, 80)
    # the features are scaled by the median of all rows that are not sealed
    parts = table.split(valid=RECIPE.valid, seed=RECIPE.seed)
    seen = np.setdiff1d(np.arange(80), parts.rows("test"))
    assert model.preprocessing.columns[0].scaling.median == pytest.approx(np.median(frame["size"].to_numpy()[seen]))
    assert predict(tmp_path / "search", frame).values.tobytes() == model.predict_proba(frame).tobytes()
    before = (tmp_path / "search" / "model.safetensors").stat().st_mtime_ns
    gf.select(RECIPE, table, **how)
    assert (tmp_path / "search" / "model.safetensors").stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("file", "message"),
    [
        (
            "curve.json",
            r"of a finished run or search; this is a curve\. Its nets were measured and not kept: train one",
        ),
        ("verdict-call.json", "this is a verdict. Its nets were measured and not kept"),
        ("search.json", "this search has no model.safetensors yet. Finish it with: goodfit select --resume"),
        ("notes.txt", r"it has no model.safetensors. 'goodfit runs' lists the runs"),
    ],
)
def test_a_folder_without_nets_says_what_to_do(file: str, message: str, tmp_path: Path) -> None:
    (tmp_path / file).write_text("{}")
    for use in (gf.load_model, lambda path: predict(path, {"size": [1.0]})):
        with pytest.raises(InputError, match=message):
            use(tmp_path)
