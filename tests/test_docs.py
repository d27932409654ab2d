"""The pages in docs/ are executed and compared with the code: blocks, commands, links, tables."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import os
import re
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import pytest

import goodfit as gf
from docs_blocks import check_command, commands, run_blocks
from goodfit.training.recipe_rules import CHECKS

DOCS = Path(__file__).parents[1] / "docs"
Execute = Callable[[str], tuple[Path, dict[str, Any]]]
PAGES = sorted(path.name for path in DOCS.glob("*.md"))
BY_PAGE = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in PAGES]  # a worker runs its blocks once
STUDIES = sorted(path.name for path in (DOCS / "studies").glob("*.md"))


def page(name: str) -> str:
    return (DOCS / name).read_text("utf-8")


def reference() -> ModuleType:
    return script("reference")


def script(name: str) -> ModuleType:
    """A script that writes pages, as a module."""
    spec = importlib.util.spec_from_file_location(name, DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def section(text: str, heading: str) -> str:
    """What stands below a heading, up to the next of its rank or a higher one."""
    rank = heading.partition(" ")[0]
    _, found, rest = text.partition(f"\n{heading}\n")
    assert found, heading
    return re.split(rf"^#{{1,{len(rank)}}} ", rest, flags=re.MULTILINE)[0]


def tables(text: str) -> list[list[str]]:
    """For every table, the names in code in its first column."""
    found: list[list[str]] = []
    for rows in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        cells = [row.split("|")[1] for row in rows.splitlines()[2:]]
        found.append([name for cell in cells for name in re.findall(r"`([^`]+)`", cell)])
    return found


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.fixture(scope="module")
def execute(tmp_path_factory: pytest.TempPathFactory) -> Execute:
    """Runs the Python of a page, once: the folder in which it ran, and its names."""

    @functools.cache
    def execute(name: str) -> tuple[Path, dict[str, Any]]:
        folder = tmp_path_factory.mktemp(name)
        own = {"GOODFIT_LEDGER": str(folder / "ledger.sqlite")}
        with contextlib.chdir(folder), mock.patch.dict(os.environ, own):
            return folder, run_blocks(page(name), str(DOCS / name))

    return execute


@pytest.mark.parametrize("name", BY_PAGE)
def test_the_python_blocks_run(name: str, execute: Execute) -> None:
    execute(name)


@pytest.mark.parametrize("name", PAGES)
def test_the_commands_parse(name: str) -> None:
    for words in commands(page(name)):
        check_command(words)


@pytest.mark.parametrize("name", PAGES)
def test_the_links_lead_somewhere(name: str) -> None:
    for address in re.findall(r"\]\(([^)\s]+)\)", page(name)):
        target, _, anchor = address.partition("#")
        if "://" not in target:
            assert (DOCS / target).exists(), f"{name}: {address}"
            assert not anchor or anchor in anchors(page(target or name)), f"{name}: {address}"


def test_links_say_where_they_lead_by_a_title() -> None:
    """A name of a file says nothing to whoever reads the page as a page."""
    named = re.compile(r"\[`?[\w./-]+\.md`?\]\(")
    paths = {*DOCS.rglob("*.md"), *DOCS.parent.glob("*.md")}
    assert {path.name: found for path in paths if (found := named.findall(path.read_text("utf-8")))} == {}


def test_the_index_lists_every_page() -> None:
    assert set(re.findall(r"\]\(([\w-]+\.md)\)", page("README.md"))) >= set(PAGES) - {"README.md"}


def test_generated_pages_are_up_to_date() -> None:
    for path, text in reference().documents().items():
        assert path.read_text("utf-8") == text, f"docs/{path.name} is stale: run 'make docs'"


def test_the_pages_of_the_studies_are_up_to_date() -> None:
    found = script("study_pages").documents()
    assert sorted(path.name for path in found) == STUDIES
    for path, text in found.items():
        assert path.read_text("utf-8") == text, f"docs/studies/{path.name} is stale: run 'make docs'"


@pytest.mark.parametrize("name", STUDIES)
def test_the_links_of_the_studies_lead_somewhere(name: str) -> None:
    text = (DOCS / "studies" / name).read_text("utf-8")
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert links
    for link in links:
        assert (DOCS / "studies" / link).exists(), link


def test_what_the_studies_gave_is_what_they_declare() -> None:
    """The kept results are of the claims as they are now."""
    module = script("study_pages")
    for study in module.studies().values():
        found = module.kept(study)
        assert [each["claim"] for each in found["claims"]] == [each.name for each in study.claims]
        assert found["parameters"] == {
            each.name: list(each.default) if isinstance(each.default, tuple) else each.default
            for each in study.parameters
        }


def test_the_hand_written_parts_of_the_reference_are_complete() -> None:
    module, fields = reference(), gf.Recipe.fields()
    assert set(module.OPTIMISERS) == set(fields["optimizer"].choices)
    assert set(module.SCHEDULES) == set(fields["schedule"].choices)
    assert set(module.VARIANCES) == set(fields["init"].choices)
    assert set(module.CHECK_WORDS) == {check.__name__ for check in CHECKS}


def test_a_wrong_variance_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    module = reference()
    monkeypatch.setitem(module.VARIANCES, "he-normal", "2 * scale**2 / fan_in")
    with pytest.raises(ValueError, match="the variance of he-normal is not 2"):
        module.recipe_page()


@pytest.mark.xdist_group("runs.md")
def test_the_tables_of_runs_are_those_of_a_run(execute: Execute) -> None:
    folder, names = execute("runs.md")
    text, found = page("runs.md"), names["run"].to_json()
    (files,) = tables(section(text, "## Files"))
    written = {path.name for path in (folder / found["folder"]).iterdir()}
    assert set(files) == written | {"out-of-fold.safetensors", "before-refit.safetensors"}  # of other recipes
    keys, score_keys, error_keys, measure_keys, leak_keys = tables(section(text, "## `--json`"))
    assert keys == list(found)
    assert leak_keys == list(found["leaks"])
    assert set(measure_keys) == set(found["measures"]["valid"]["measures"][0])
    assert score_keys[:-2] == list(found["scores"]["valid"])
    numbers = gf.train(gf.Recipe(hidden=(4,), epochs=1), "diabetes").to_json()["scores"]["valid"]
    assert score_keys == list(numbers)
    assert set(error_keys) == {key for error in numbers["errors"] for key in error}
    for key in ("scores", "seconds"):
        row, *_ = re.findall(rf"^\| `{key}` \|.*$", text, re.MULTILINE)
        assert set(re.findall(r"`([^`]+)`", row)) == {key, *found[key]}


@pytest.mark.xdist_group("seal.md")
def test_the_tables_of_the_seal_are_those_of_an_opening(execute: Execute) -> None:
    from goodfit.cli.openings import opening_record

    _, names = execute("seal.md")
    opened, lines = tables(section(page("seal.md"), "## `--json`"))
    assert opened == list(names["opened"].to_json())
    assert sorted(set(lines) - {"curve"}) == sorted(opening_record(names["line"]))


def test_the_tables_of_the_engine_name_every_field_and_function() -> None:
    import goodfit.training as training

    text = page("engine.md")
    (kinds,) = re.findall(r"(?:^\| (?:arguments|drawn|compiled).*\n)+", text, re.MULTILINE)
    named = set(re.findall(r"`([^`]+)`", kinds))
    about_schedules = {field for field in gf.Recipe.fields() if field.startswith("schedule_")} | {"final_rate"}
    before = {"scaling", "target_transform", "clip_predictions", "valid", "fold_members", "refit"}
    assert named == set(gf.Recipe.fields()) - about_schedules - before  # which the program sees nothing of
    functions = tables(section(text, "### Training"))[0]
    assert set(functions) <= set(training.__all__)
