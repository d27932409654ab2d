from goodfit.interop.export.exporting import Exported as Exported
from goodfit.interop.export.exporting import export as export
