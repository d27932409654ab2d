"""Tables of people's own as data: columns of any kind, brought into the form that a net takes, and told about."""

from goodfit.data.tables.files import is_table_path as is_table_path
from goodfit.data.tables.files import read_frame as read_frame
from goodfit.data.tables.leaks import Leak as Leak
from goodfit.data.tables.making import look as look
from goodfit.data.tables.making import read_table as read_table
from goodfit.data.tables.making import table as table
from goodfit.data.tables.preprocessing import Preprocessing as Preprocessing
from goodfit.data.tables.survey import Survey as Survey
from goodfit.data.tables.survey import SurveyedColumn as SurveyedColumn
from goodfit.data.tables.survey import split_names as split_names
from goodfit.data.tables.tabular import Table as Table
from goodfit.data.tables.targets import Target as Target
from goodfit.data.tables.typical import typical_row as typical_row
