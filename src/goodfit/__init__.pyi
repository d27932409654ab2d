from goodfit import curves as curves
from goodfit import data as data
from goodfit import inspection as inspection
from goodfit import leaks as leaks
from goodfit import models as models
from goodfit import notes as notes
from goodfit import reports as reports
from goodfit import runs as runs
from goodfit import selection as selection
from goodfit import studies as studies
from goodfit import verdicts as verdicts
from goodfit.errors import GoodfitError as GoodfitError
from goodfit.errors import InputError as InputError
from goodfit.estimators import MLPClassifier as MLPClassifier
from goodfit.estimators import MLPRegressor as MLPRegressor
from goodfit.estimators import PopulationSearchCV as PopulationSearchCV
from goodfit.inspection import inspect as inspect
from goodfit.models import Model as Model
from goodfit.models import load_model as load_model
from goodfit.runs import Run as Run
from goodfit.runs.training import train as train
from goodfit.selection.search import select as select
from goodfit.training.recipe import Recipe as Recipe
from goodfit.verdicts.judging import verdict as verdict
from goodfit.verdicts.result import Verdict as Verdict

__version__: str
