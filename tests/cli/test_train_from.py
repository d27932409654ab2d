"""`goodfit train --from`: the nets, the recipe, the data and the reading of a table are those of the start."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np

from goodfit.models import load_model

SMALL = ("--hidden", "4", "--batch-size", "16", "--dropout", "0", "--fit", "never", "--quiet")
NEXT = ("--epochs", "1", "--learning-rate", "1e-30", "--fit", "never", "--quiet")


def write(path: Path, seed: int, rows: int = 80) -> None:
    rng = np.random.default_rng(seed)
    size = rng.normal(10 * seed, 1 + seed, rows)
    paid = size + rng.normal(size=rows) > 10 * seed
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["who", "size", "kind", "paid"][seed == 2 :])  # the new file has no ids
        for row in range(rows):
            cells = [row, size[row], "ab"[row % 2], int(paid[row])]
            writer.writerow(cells[seed == 2 :])


def test_a_run_goes_on_by_its_own_recipe_data_and_seeds(call: Any) -> None:
    assert call("train", "iris", *SMALL, "--epochs", "2", "--seeds", "2", "--out", "a")[0] == 0
    code, out, _ = call("train", "--from", "a", *NEXT, "--out", "b", "--json")
    told = json.loads(out)
    assert (code, told["data"], told["seeds"], told["recipe"]["hidden"]) == (0, "iris", [0, 1], [4])
    assert (told["start"]["source"], told["start"]["seen"]) == ("a", {"valid": 0, "test": 0})
    for old, new in zip(load_model("a").nets, load_model("b").nets, strict=True):
        np.testing.assert_array_equal(new.weights[0], old.weights[0])
    code, out, _ = call("train", "iris", "--from", "a/model.safetensors", *NEXT, "--seeds", "3", "--out", "c")
    assert code == 0
    assert "Started from a/model.safetensors (2 nets, fingerprint " in out
    assert len(load_model("c").nets) == 3


def test_a_new_table_is_read_as_that_of_the_start(call: Any) -> None:
    for seed in (1, 2):
        write(Path(f"{seed}.csv"), seed)
    first = ("train", "1.csv", "--target", "paid", "--id", "who", "--valid", "0.1")
    assert call(*first, *SMALL, "--epochs", "2", "--out", "a")[0] == 0
    code, _, err = call("train", "2.csv", "--from", "a", *NEXT, "--out", "b")
    assert (code, err) == (0, "")
    assert load_model("b").preprocessing == load_model("a").preprocessing
    Path("3.csv").write_text("q,w\n1,2\n3,4\n", "utf-8")
    code, _, err = call("train", "3.csv", "--from", "a", *NEXT, "--out", "c")
    told = "3.csv: must have the target column 'paid' (the target of a). Name another: --target NAME.\n"
    assert (code, err) == (2, f"goodfit: {told}" if err.startswith("goodfit:") else told)
    code, _, err = call("train", "3.csv", "--from", "a", "--target", "nothing", *NEXT, "--out", "c")
    assert (code, "got 'nothing'" in err, "the target of a" in err) == (2, True, False)


def test_what_does_not_go_together(call: Any) -> None:
    assert call("train", "iris", *SMALL, "--epochs", "1", "--out", "a")[0] == 0
    code, _, err = call("train", "--from", "a", "--hidden", "5", "--out", "b")
    assert (code, "'--hidden' must give layer 1 its 4 units, as the start has; got 5" in err) == (2, True)
    code, _, err = call("train", "--from", "nowhere", "--out", "b")
    assert (code, "must be a finished run or search, or a model file" in err) == (2, True)
    code, _, err = call("train", "--from", "a/model.safetensors", "--out", "b")
    assert (code, "does not say which data it was trained on" in err) == (2, True)
    code, _, err = call("train", "--resume", "a", "--from", "a")
    assert (code, "cannot be combined with --from" in err) == (2, True)
    assert not Path("b").exists()
