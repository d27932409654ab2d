"""Findings: one code a diagnosis, each with its evidence, its limit and the change of recipe that mends it."""

from __future__ import annotations

from goodfit.inspection.findings import data, gradients, layers, outcomes, starts, steps, units
from goodfit.inspection.findings.finding import Check as Check
from goodfit.inspection.findings.finding import Evidence as Evidence
from goodfit.inspection.findings.finding import Finding as Finding
from goodfit.inspection.findings.finding import Losses as Losses

_MODULES = (outcomes, data, layers, starts, units, gradients, steps)
CHECKS: dict[str, Check] = {check.code: check for module in _MODULES for check in module.CHECKS}
"""Code -> check, in the order in which findings are told."""


def examine(evidence: Evidence) -> tuple[Finding, ...]:
    """The finding of every check, in their order."""
    return tuple(check.examine(evidence) for check in CHECKS.values())
