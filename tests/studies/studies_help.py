"""Shared by the tests of studies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from goodfit.studies import Result

Small = Callable[[str], Result]  # a study's name -> the result of its small form
Written = Callable[[str], tuple[Path, ...]]  # a study's name -> the English and the Chinese page of its small form
