"""The scikit-learn face: `MLPClassifier`, `MLPRegressor` and `PopulationSearchCV`."""

from goodfit.estimators.classifier import MLPClassifier as MLPClassifier
from goodfit.estimators.regressor import MLPRegressor as MLPRegressor
from goodfit.estimators.search import PopulationSearchCV as PopulationSearchCV
