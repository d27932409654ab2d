"""Findings: one code a diagnosis, each with its evidence, its limit and the change of recipe that mends it."""

import importlib
import tomllib
from collections.abc import Iterator
from pathlib import Path

from goodfit.inspection.findings.finding import Check as Check
from goodfit.inspection.findings.finding import Evidence as Evidence
from goodfit.inspection.findings.finding import Finding as Finding
from goodfit.inspection.findings.finding import Losses as Losses


def _checks() -> Iterator[Check]:
    """What `checks.toml` declares, with the functions and limits that it names."""
    for code, about in tomllib.loads(Path(__file__).with_name("checks.toml").read_text("utf-8")).items():
        place, _, function = about["examine"].partition(".")
        module = importlib.import_module(f"{__name__}.{place}")
        limits = {name: getattr(module, name) for name in about["limits"]}
        yield Check(code, about["finds"], limits, about["source"], getattr(module, function))


CHECKS: dict[str, Check] = {check.code: check for check in _checks()}
"""Code -> check, in the order in which findings are told."""


def examine(evidence: Evidence) -> tuple[Finding, ...]:
    """The finding of every check, in their order."""
    return tuple(check.examine(evidence) for check in CHECKS.values())
