"""The tables of docs/scikit-learn.md against the estimators: names, defaults, and every example run."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import numpy as np
import pytest
from estimators_help import FLOWERS, KINDS, NUMBER_X, NUMBERS, UNCONVERGED

from goodfit import MLPClassifier, MLPRegressor
from goodfit.estimators.parameters import BEYOND, CLASSIFIER, REGRESSOR, SCIKIT

pytestmark = UNCONVERGED

PAGE = (Path(__file__).parents[2] / "docs" / "scikit-learn.md").read_text("utf-8")


def table(first_line: str) -> list[list[str]]:
    """The cells of a table's rows, code without its marks. first_line: how the table begins."""
    _, found, rest = PAGE.partition(f"\n{first_line}")
    assert found, first_line
    rows = rest.split("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in row.strip().strip("|").split(" | ")] for row in rows]


def code(cell: str) -> str:
    found = re.fullmatch(r"`(.*)`", cell.strip())
    return found[1] if found else ""


NEW, MORE = table("| parameter | default |"), table("| parameter | what is new |")
EXAMPLES = [code(row[-1]) for row in (*NEW, *MORE)]


def test_every_new_parameter_is_listed_with_its_default() -> None:
    assert {code(row[0]) for row in NEW} == {*BEYOND, *CLASSIFIER, *REGRESSOR}
    for kind in (MLPClassifier, MLPRegressor):
        signature = inspect.signature(kind).parameters
        for name, default in ((code(row[0]), code(row[1])) for row in NEW):
            if name in signature and name != "loss":  # its default depends on the estimator
                assert repr(signature[name].default) == default, name


def test_what_takes_more_values_is_scikit_learns() -> None:
    assert {code(row[0]) for row in MORE} <= set(SCIKIT)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_trains(example: str) -> None:
    names = {"MLPClassifier": MLPClassifier, "MLPRegressor": MLPRegressor, "X_valid": FLOWERS, "y_valid": KINDS}
    net = eval(example, names).set_params(max_iter=2)
    net.fit(NUMBER_X, NUMBERS) if isinstance(net, MLPRegressor) else net.fit(FLOWERS, KINDS)
    assert len(net.loss_curve_) == 2


@pytest.mark.parametrize("row", [*NEW, *MORE], ids=EXAMPLES)
def test_every_example_is_about_its_parameter(row: list[str]) -> None:
    assert f"{code(row[0])}=" in code(row[-1])


def test_what_fitted_estimators_can_do_exists(tmp_path: Path) -> None:
    names = [code(row[0]).partition("(")[0] for row in table("| what | is |")]
    net = MLPRegressor(n_nets=2, max_iter=2, validation_data=(NUMBER_X, NUMBERS)).fit(NUMBER_X, NUMBERS)
    for name in names:
        assert getattr(net, name) is not None, name
    net.save(tmp_path / "net.safetensors")
    assert np.isfinite(net.predict_std(NUMBER_X)).all()


def test_all_parameters_are_described_once_for_both() -> None:
    """Each is in the docstring with its default, in the words of `parameters`; the two share what they share."""
    for kind, own in ((MLPClassifier, CLASSIFIER), (MLPRegressor, REGRESSOR)):
        text = " ".join((kind.__doc__ or "").split())
        for name, each in {**SCIKIT, **BEYOND, **own}.items():
            default = inspect.signature(kind).parameters[name].default
            assert f"{name} : {each.values}, default={default!r} {each.text}" in text
