"""Tables of people's own as data: columns of any kind, brought into the form that a net takes, and told about."""

from __future__ import annotations

from goodfit.data.tables.files import is_table_path, read_frame
from goodfit.data.tables.leaks import Leak
from goodfit.data.tables.preprocessing import Preprocessing
from goodfit.data.tables.survey import Survey, SurveyedColumn, split_names
from goodfit.data.tables.tabular import Table, look, read_table, table
from goodfit.data.tables.targets import Target

__all__ = [
    "Leak",
    "Preprocessing",
    "Survey",
    "SurveyedColumn",
    "Table",
    "Target",
    "is_table_path",
    "look",
    "read_frame",
    "read_table",
    "split_names",
    "table",
]
