"""Every study in its small form, run once a process."""

from __future__ import annotations

import functools

import pytest
from studies_help import Small

from goodfit.studies import Result, run, studies


@functools.cache
def small_result(name: str) -> Result:
    return run(name, **studies()[name].small)


@pytest.fixture
def small() -> Small:
    """A study's name -> its small form's result."""
    return small_result
