"""A saved estimator predicts, from its file, what it predicted."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_iris, make_multilabel_classification
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from goodfit import MLPClassifier, MLPRegressor
from goodfit.models.model_file import load_model

X, Y = load_iris(return_X_y=True)


def fitted(estimator: Any, y: Any, x: Any = X) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return estimator.set_params(max_iter=5, random_state=0).fit(x, y)


@pytest.mark.parametrize("activation", ["logistic", "gelu", ["prelu", "tanh"]])
@pytest.mark.parametrize("y", [Y, np.where(Y > 0, "other", "setosa")])
def test_classes(tmp_path: Path, activation: Any, y: Any) -> None:
    estimator = fitted(MLPClassifier((9, 8), activation, n_nets=2, early_stopping=lambda e, x, y: 0.0), y)
    estimator.save(tmp_path / "net.safetensors")
    model = load_model(tmp_path / "net.safetensors")
    np.testing.assert_allclose(model.predict_proba(X), estimator.predict_proba(X), atol=1e-5)
    assert model.predict(X).tolist() == [str(label) for label in estimator.predict(X)]
    assert [net.seed for net in model.nets] == [0, 1]
    assert model.about["estimator"] == "MLPClassifier"
    assert model.about["parameters"]["n_nets"] == 2


def test_several_labels(tmp_path: Path) -> None:
    x, y = make_multilabel_classification(80, random_state=0)
    estimator = fitted(MLPClassifier(9), y, x / 10)
    estimator.save(tmp_path / "net.safetensors")
    model = load_model(tmp_path / "net.safetensors")
    np.testing.assert_allclose(model.predict_proba(x / 10), estimator.predict_proba(x / 10), atol=1e-5)


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
def test_numbers(tmp_path: Path, loss: str) -> None:
    estimator = fitted(MLPRegressor(loss, 9), Y.astype(float))
    estimator.save(tmp_path / "net.safetensors")
    model = load_model(tmp_path / "net.safetensors")
    np.testing.assert_allclose(model.predict(X)[:, 0], estimator.predict(X), rtol=1e-4, atol=1e-5)


def test_what_is_not_fitted_is_not_saved(tmp_path: Path) -> None:
    with pytest.raises(NotFittedError, match="not fitted yet"):
        MLPClassifier().save(tmp_path / "net.safetensors")
    assert not list(tmp_path.iterdir())
