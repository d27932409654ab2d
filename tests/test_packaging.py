"""What is released: one version, bounds that are tried, and checks of the distributions that can fail."""

from __future__ import annotations

import re
import tomllib
from email.message import Message
from pathlib import Path

import pytest
from tools import dist, environments

from goodfit import __version__

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
PLAIN = re.compile(r"^([\w.-]+)(?:==|>=)([\w.]+)(?:; python_version < \"3\.13\")?$")


def numbers(version: str) -> tuple[int, ...]:
    """2 and 2.0.0 are one version."""
    found = [int(part) for part in version.split(".")]
    while found[-1] == 0:
        found.pop()
    return tuple(found)


def bounds(lines: list[str]) -> dict[str, tuple[int, ...]]:
    return {found[1]: numbers(found[2]) for line in lines if (found := PLAIN.match(line))}


def test_the_oldest_versions_that_are_tried_are_those_that_are_allowed() -> None:
    pins = environments.OLDEST.read_text("utf-8").splitlines()
    assert bounds(pins) == bounds(PROJECT["dependencies"])
    assert len(bounds(PROJECT["dependencies"])) == len(PROJECT["dependencies"])


def test_the_version_stands_in_one_place() -> None:
    assert "version" in PROJECT["dynamic"]
    assert f"\n## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f"\nversion: {__version__}\n" in (ROOT / "CITATION.cff").read_text("utf-8")


def test_the_pythons_that_are_tried_are_those_that_are_named() -> None:
    named = {each.rpartition(" ")[2] for each in PROJECT["classifiers"] if re.search(r":: 3\.\d+$", each)}
    assert named == set(environments.PYTHONS)
    assert not [each for each in PROJECT["classifiers"] if "Windows" in each or "MacOS" in each]  # not run there


def test_quick_tests_are_there() -> None:
    assert all((ROOT / "tests" / name).exists() for name in environments.QUICK)


@pytest.mark.parametrize(
    ("said", "counted"),
    [
        ("F.\nE  1 passed in vain\n1 failed, 2 passed in 3.10s (0:00:03)\n\n", "1 failed, 2 passed in 3.10s (0:00:03)"),
        ("== 7 passed, 1 skipped in 0.30s ==\n", "7 passed, 1 skipped in 0.30s"),
        ("...\nUnknown flag in XLA_FLAGS", "not to the end"),
    ],
)
def test_the_count_of_a_run_of_pytest_is_told_where_tests_failed_and_where_it_ended_early(
    said: str, counted: str
) -> None:
    assert environments.counted(said) == counted


def metadata(**more: str) -> Message:
    found = Message()
    for name in dist.NEEDED:
        found[name] = "x"
    for name, value in more.items():
        found[name] = value
    return found


FILES = {"goodfit/__init__.py", "goodfit/py.typed", "goodfit/lab/page/lab.css"}


def test_a_sound_wheel_passes() -> None:
    assert dist.wheel_faults({*FILES, "goodfit-1.dist-info/METADATA"}, FILES, metadata()) == []


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        (FILES - {"goodfit/lab/page/lab.css"}, "the wheel lacks goodfit/lab/page/lab.css"),
        (FILES | {"tests/test_a.py"}, "the wheel should not have tests/test_a.py"),
        (FILES | {"goodfit/__pycache__/a.pyc"}, "the wheel should not have goodfit/__pycache__/a.pyc"),
    ],
)
def test_a_file_too_few_or_too_many_would_be_seen(names: set[str], fault: str) -> None:
    assert dist.wheel_faults(names, FILES, metadata()) == [fault]


def test_metadata_that_are_missing_or_say_the_licence_twice_would_be_seen() -> None:
    told = metadata(Classifier="License :: OSI Approved :: Apache Software License")
    del told["Keywords"]
    faults = dist.wheel_faults(FILES, FILES, told)
    assert faults == [
        "the metadata lack Keywords",
        "the licence stands in a classifier; it is an SPDX expression already",
    ]


def test_a_source_distribution_without_a_file_or_with_a_stray_one_would_be_seen() -> None:
    names = [f"goodfit-1/src/{name}" for name in FILES if "lab" not in name] + [
        "goodfit-1/.venv/bin/x",
        "goodfit-1/a/b",
    ]
    faults = dist.source_faults(names, FILES)
    assert "the source distribution lacks src/goodfit/lab/page/lab.css" in faults
    assert "the source distribution lacks LICENSE" in faults
    assert "the source distribution should not have .venv/bin/x" in faults
    assert "the source distribution should not have a/" in faults


def test_the_package_on_disk_has_its_data() -> None:
    names = dist.package_files(ROOT / "src" / "goodfit")
    assert {"goodfit/py.typed", "goodfit/lab/page/index.html", "goodfit/reports/templates/page.html"} <= names
    assert not [name for name in names if name.endswith(".pyc")]
