"""The scikit-learn face: `MLPClassifier` and `MLPRegressor`, with scikit-learn's parameters and goodfit's own."""

from __future__ import annotations

from goodfit.estimators.classifier import MLPClassifier as MLPClassifier
from goodfit.estimators.regressor import MLPRegressor as MLPRegressor
from goodfit.estimators.search import PopulationSearchCV as PopulationSearchCV
