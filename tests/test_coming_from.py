"""The pages for whoever comes from another library: code runs, names exist, tables are those of the script."""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import re
from pathlib import Path

import pytest
from benchmarks import parity

import goodfit as gf
from docs_blocks import check_command, commands, run_blocks
from goodfit.nets.activations import ACTIVATIONS
from goodfit.nets.initialisers import INITIALISERS

FOLDER = Path(__file__).parents[1] / "docs" / "coming-from"
PAGES = sorted(path.name for path in FOLDER.glob("*.md"))
# one worker has all of them: their nets are of few shapes, each compiled once
TOGETHER = [pytest.param(name, marks=pytest.mark.xdist_group("coming-from")) for name in PAGES]


def text(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


def section(page: str, heading: str) -> str:
    return text(page).partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


@pytest.mark.parametrize("name", TOGETHER)
def test_the_code_runs(name: str, tmp_path: Path) -> None:
    with contextlib.chdir(tmp_path):
        run_blocks(text(name), str(FOLDER / name))
    for words in commands(text(name)):
        check_command(words)


def test_every_library_has_a_page() -> None:
    assert {f"{name}.md" for name in parity.LIBRARIES} | {"README.md"} == set(PAGES)
    assert set(re.findall(r"\]\(([\w-]+\.md)\)", text("README.md"))) == set(PAGES) - {"README.md"}


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    for address in re.findall(r"\]\(([^)\s]+)\)", text(name)):
        target, _, anchor = address.partition("#")
        path = FOLDER / (target or name)
        assert path.exists(), f"{name}: {address}"
        titles = [re.sub(r"[^\w -]", "", t.lower()) for t in re.findall(r"^#+ (.+)$", path.read_text("utf-8"), re.M)]
        assert not anchor or anchor in {title.replace(" ", "-") for title in titles}, f"{name}: {address}"


@pytest.mark.parametrize("name", [name for name in PAGES if name != "README.md"])
def test_names_in_the_table_are_fields_of_a_recipe_with_values_that_it_takes(name: str) -> None:
    """`field=value` in the column of goodfit's names must be a recipe's, with that value among its choices."""
    fields, known = gf.Recipe.fields(), set()
    for row in section(name, "Names").splitlines():
        if row.startswith("| ") and "---" not in row:
            for code in re.findall(r"`([^`]+)`", row.split("|")[2]):
                known |= {code} & set(fields)
                for field, value in re.findall(r'(\w+)=("[\w-]+")?', code):
                    if field in fields:
                        known.add(field)
                        assert not value or value.strip('"') in {*fields[field].choices, *ACTIVATIONS, *INITIALISERS}
                    else:
                        assert field in {"seeds", "out", "start", "score_test"}, f"{name}: {code}"
    assert len(known) >= 4


@pytest.mark.parametrize("library", parity.LIBRARIES)
def test_the_table_of_differences_is_what_the_script_measures(library: str) -> None:
    package, module = parity.LIBRARIES[library]
    found = text(f"{library}.md").partition("<!-- begin: parity -->\n")[2].partition("<!-- end: parity -->")[0]
    rows = re.findall(r"^\| (.+?) \| ([\d.e+-]+) \|$", found, re.MULTILINE)
    assert all(float(number) < 0.02 for _, number in rows)
    assert f"with {package} " in found
    if importlib.util.find_spec(package.replace("-", "_").replace("scikit_learn", "sklearn")) is None:
        source = (Path(parity.__file__).parent / f"{module}.py").read_text("utf-8")
        assert rows
        assert all(what.partition(": ")[2].partition(" / ")[0][:12] in source for what, _ in rows)
    else:
        assert [what for what, _ in rows] == list(importlib.import_module(f"benchmarks.{module}").ROWS[library])


@pytest.mark.xdist_group("coming-from")
def test_parity_is_measured(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """One row in earnest; a library that is not there is left out with a sentence."""
    from benchmarks import parity_torch

    monkeypatch.setitem(
        parity_torch.ROWS, "pytorch", {"SGD": parity_torch.ROWS["pytorch"]["weights after 15 steps: SGD"]}
    )
    monkeypatch.setitem(parity.LIBRARIES, "keras", ("no-such-package", "parity_keras"))
    assert parity.main(["pytorch", "keras"]) == 0
    printed = capsys.readouterr().out
    assert "keras: left out, as no-such-package is not installed." in printed
    assert float(re.findall(r"  SGD +(\S+)", printed)[0]) < 1e-13


def test_a_difference_would_be_seen() -> None:
    import numpy as np

    ones = [np.ones((2, 3)), np.zeros(2)]
    assert parity.furthest(ones, ones) == 0
    assert parity.furthest(ones, [np.ones((2, 3)), np.array([0.0, -0.25])]) == 0.25
    with pytest.raises(ValueError, match="reshape"):
        parity.furthest(ones, [np.ones((3, 3)), np.zeros(2)])
