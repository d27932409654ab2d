"""Cells as pandas reads them from a file, with blanks around them: no export is silently wrong about them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from export_help import close, drawn_net, imported

from goodfit.data.tables import Preprocessing, read_frame
from goodfit.interop.export import export
from goodfit.models import Model

TOWNS = ["Oslo", " pad ", "  Rome", "a b\t", "Oslo ", "\u00a0Lima", "7", " 3", "NA ", ""]


def fitted(table: dict[str, Any], **kinds: Any) -> Model:
    made = Preprocessing.fit(table, kinds)
    return Model((drawn_net(made.n_inputs, activations=("relu",)),), preprocessing=made)


@pytest.mark.parametrize("kind", ["sklearn", "numpy", "torch"])
@pytest.mark.parametrize("names", [TOWNS, TOWNS[:8]])
def test_blanks_of_a_file_are_not_part_of_a_category(kind: str, names: list[str], tmp_path: Path) -> None:
    pd.DataFrame({"town": names, "size": np.arange(len(names))}).to_csv(tmp_path / "t.csv", index=False)
    model = fitted(read_frame(tmp_path / "t.csv"), town="categorical", size="numeric")
    export(model, kind, tmp_path / "net", rows=tmp_path / "t.csv")
    found = joblib.load(tmp_path / "net.joblib") if kind == "sklearn" else imported(tmp_path / "net.py")
    values = found.predict_proba(pd.read_csv(tmp_path / "t.csv"))
    order = list(found.classes_) if kind == "sklearn" else list(model.classes)
    expected = model.predict_proba(read_frame(tmp_path / "t.csv"))
    close(values, pd.DataFrame(expected, columns=model.classes)[order])


def test_what_a_reader_would_spell_otherwise_is_named(tmp_path: Path) -> None:
    names = {
        "zip": ["007", "010", "12"],
        "said": ["true", "false", "true"],
        "step": ["1.50", "2", "3"],
        "town": ["007", "Oslo", "Rome"],
        "count": ["1", "2", "3"],
        "half": ["1.5", "2", "3"],
    }
    model = fitted(names, **dict.fromkeys(names, "categorical"))
    pd.DataFrame(names).to_csv(tmp_path / "t.csv", index=False)
    back = pd.read_csv(tmp_path / "t.csv")
    read = {name: {*back[name].astype(str).str.removesuffix(".0")} for name in names}
    wrong = [name for name, cells in names.items() if not read[name] <= {*cells}]
    assert wrong == ["zip", "said", "step"]
    for kind in ("onnx", "numpy", "torch", "sklearn"):
        about = export(model, kind, tmp_path / "net", rows=names).about
        told = [line for line in about if "read it as texts" in line]
        assert [line.split("'")[1] for line in told] == wrong
        assert told[0].endswith("dtype={'zip': str}); '007' is a category, and '7' is not.")


def test_onnx_says_that_it_keeps_blanks(tmp_path: Path) -> None:
    model = fitted({"town": ["Oslo", "Rome"], "size": [1.0, 2]}, town="categorical", size="numeric")
    told = "Blanks around strings are not removed: strip the cells of 'town', as goodfit does."
    assert told in export(model, "onnx", tmp_path / "net").about
    assert told not in export(model, "sklearn", tmp_path / "net").about
    numbers = fitted({"size": [1.0, 2]}, size="numeric")
    assert not any("Blanks" in line for line in export(numbers, "onnx", tmp_path / "net").about)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("my net-1.py", "Module: 'my net-1' is no name that `import` takes; choose another name, as 'my_net_1'."),
        ("1st", "Module: '1st' is no name that `import` takes; choose another name, as 'net_1st'."),
        ("class.py", "Module: 'class' is no name that `import` takes; choose another name, as 'net_class'."),
        (
            "numpy",
            "Module: 'numpy' is the name of a module that is there already; choose another name, as 'net_numpy'.",
        ),
        ("net.txt", "Module: 'net.txt' is no name that `import` takes; choose another name, as 'net_txt'."),
        ("my_net.py", ""),
    ],
)
def test_a_name_that_cannot_be_imported_is_told(name: str, told: str, tmp_path: Path) -> None:
    model = Model((drawn_net(4, activations=("relu",)),))
    for kind in ("numpy", "torch"):
        assert export(model, kind, tmp_path / name).about == ((told,) if told else ())
    assert export(model, "sklearn", tmp_path / name).about == ()


@pytest.mark.parametrize(("kind", "path", "file"), [("onnx", "my.txt", "my.txt.onnx"), ("onnx", "my.ONNX", "my.onnx")])
def test_an_ending_of_another_form_is_part_of_the_name(kind: str, path: str, file: str, tmp_path: Path) -> None:
    assert export(Model((drawn_net(4),)), kind, tmp_path / path).files == (str(tmp_path / file),)
