"""The gallery has every figure that goodfit draws, and a notebook shows it. The site runs the page; here it is read."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import goodfit as gf
from goodfit import figures

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "gallery.md").read_text("utf-8")
CELLS = re.findall(r"^```\{code-cell\} ipython3\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
OF_RESULTS = {  # class with a method `figure` -> how the page calls it
    "Run": "run.figure()",
    "SettingCurve": "search.curve().figure()",
    "Calibration": "gf.calibration(run).figure()",
    "Dependence": "gf.partial_dependence(",
    "Inspection": "found.figure()",
    "StudyFindings": "study.figure(",
}


def drawing_classes() -> set[str]:
    """Classes with a method `figure` that gives one of Matplotlib's."""
    return {
        each.name
        for path in (ROOT / "src" / "goodfit").rglob("*.py")
        if "d2l" not in path.parts
        for each in ast.parse(path.read_text("utf-8")).body
        if isinstance(each, ast.ClassDef)
        for method in each.body
        if isinstance(method, ast.FunctionDef) and method.name == "figure"
        if method.returns is not None and ast.unparse(method.returns) == "Figure"
    }


def test_every_public_function_and_class_of_figures_is_on_the_page() -> None:
    names = re.findall(r" as (\w+)$", (ROOT / "src/goodfit/figures/__init__.py").read_text("utf-8"), re.MULTILINE)
    assert len(names) > 10
    code = "\n".join(CELLS)
    assert [name for name in names if f"figures.{name}(" not in code] == []


def test_every_result_that_draws_itself_is_on_the_page() -> None:
    assert drawing_classes() == set(OF_RESULTS)
    assert [call for call in OF_RESULTS.values() if call not in "\n".join(CELLS)] == []


def test_each_figure_is_drawn_by_one_line() -> None:
    """The last of its cell; the site's build runs them."""
    drawn = [ast.parse(cell).body[-1] for cell in CELLS if "figure" in cell]
    assert len(drawn) > 20
    assert [ast.unparse(each) for each in drawn if each.lineno != each.end_lineno] == []


def test_what_the_cells_name_is_there() -> None:
    for cell in CELLS:
        for node in ast.walk(ast.parse(cell)):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                face = {"gf": gf, "figures": figures}.get(node.value.id)
                assert face is None or hasattr(face, node.attr), f"{node.value.id}.{node.attr}"


def test_a_figure_shows_itself_in_a_notebook_as_its_file_would() -> None:
    """Matplotlib's own figures are a line of text there until pyplot has been loaded."""
    figure = figures.residuals([1.0, 2.0], [1.5, 1.0], width=5.0)
    picture, size = figure._repr_png_()  # type: ignore[attr-defined]
    assert picture == figures.png(figure)
    assert size == {"width": 480, "height": 384}
