"""The scikit-learn face: `MLPClassifier`, `PopulationSearchCV`, `TableClassifier` and their like."""

from goodfit.estimators.classifier import MLPClassifier as MLPClassifier
from goodfit.estimators.regressor import MLPRegressor as MLPRegressor
from goodfit.estimators.search import PopulationSearchCV as PopulationSearchCV
from goodfit.estimators.tables import TableClassifier as TableClassifier
from goodfit.estimators.tables import TableRegressor as TableRegressor
