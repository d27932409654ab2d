from goodfit.selection.result import Selection as Selection
from goodfit.selection.search import resume as resume
from goodfit.selection.search import select as select
from goodfit.selection.setting_curve import SettingCurve as SettingCurve
from goodfit.selection.space import Range as Range
