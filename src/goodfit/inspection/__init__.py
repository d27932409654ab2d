"""Inspection: both passes of a net measured layer by layer, and findings with advice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from goodfit.lazy import lazily

if TYPE_CHECKING:
    from goodfit.inspection.findings import CHECKS as CHECKS
    from goodfit.inspection.findings import Finding as Finding
    from goodfit.inspection.folding import fold as fold
    from goodfit.inspection.gradient_check import check_gradient as check_gradient
    from goodfit.inspection.inspecting import Inspection as Inspection
    from goodfit.inspection.inspecting import inspect as inspect
    from goodfit.inspection.inspecting import rows_of as rows_of
    from goodfit.inspection.measuring import Measurement as Measurement
    from goodfit.inspection.measuring import measure as measure
    from goodfit.inspection.raw_tables import TableRows as TableRows
    from goodfit.inspection.raw_tables import table_rows as table_rows
    from goodfit.inspection.steps import Graph as Graph
    from goodfit.inspection.steps import trace as trace
    from goodfit.inspection.subject import Subject as Subject
    from goodfit.inspection.subject import describe_net as describe_net
    from goodfit.inspection.subject import subject_of as subject_of
    from goodfit.inspection.tables import flow_table as flow_table
    from goodfit.inspection.watching import Watcher as Watcher

_PLACES = {
    "CHECKS": "findings",
    "Finding": "findings",
    "Graph": "steps",
    "Inspection": "inspecting",
    "fold": "folding",
    "inspect": "inspecting",
    "Measurement": "measuring",
    "Subject": "subject",
    "TableRows": "raw_tables",
    "Watcher": "watching",
    "check_gradient": "gradient_check",
    "describe_net": "subject",
    "flow_table": "tables",
    "measure": "measuring",
    "rows_of": "inspecting",
    "subject_of": "subject",
    "table_rows": "raw_tables",
    "trace": "steps",
}
__all__ = sorted(_PLACES)
__getattr__, __dir__ = lazily(__name__, _PLACES)
