"""What older versions had: it works until a version that is named, with one warning that says what to write instead."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

import goodfit
from goodfit.deprecated import ENDS, MOVED

NAMES = [(old, new, name) for old, news in MOVED.items() for new, names in news.items() for name in names]
SCRIPT = """
import goodfit.models, goodfit.runs
goodfit.models.load_model  # what it imports resets what was warned of
for _ in range(3):
    goodfit.runs.load_model
"""


@pytest.mark.parametrize(("old", "new", "name"), NAMES)
def test_a_moved_name_is_the_new_one_and_says_where_it_is(old: str, new: str, name: str) -> None:
    before = importlib.import_module(old)
    with pytest.warns(DeprecationWarning, match=rf"^{old}\.{name} is deprecated; .*Use {new}\.{name}\.$") as told:
        found = getattr(before, name)
    assert found is getattr(importlib.import_module(new), name)
    assert told[0].filename == __file__
    assert name not in before.__all__


def test_other_names_are_missing_as_ever() -> None:
    with pytest.raises(AttributeError, match=r"^module 'goodfit\.runs' has no attribute 'nonsense'$"):
        goodfit.runs.nonsense  # noqa: B018


def test_a_script_is_told_once() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, encoding="utf-8", check=True)
    assert done.stderr.count("DeprecationWarning: goodfit.runs.load_model is deprecated; goodfit 0.3 refuses it.") == 1


def test_nothing_outlives_its_version() -> None:
    """Fails as soon as the version is ENDS: then remove what is deprecated, and set the next one."""
    own, ends = ([int(part) for part in text.split(".")[:2]] for text in (goodfit.__version__, ENDS))
    assert own < ends
