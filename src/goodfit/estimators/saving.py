"""A fitted estimator as a model file, which strangers can read without running code from it."""

import os
from typing import Any

import numpy as np

from goodfit.estimators.inputs import fitted_before
from goodfit.estimators.prediction import Weights
from goodfit.estimators.targets import TASKS
from goodfit.models.model_file import save_model
from goodfit.models.trained_net import TrainedNet


def save(estimator: Any, path: str | os.PathLike[str], activations: list[str]) -> None:
    """Write the nets that predict. activations: one a hidden layer, in goodfit's names."""
    seeds, nets = estimator._seeds, estimator.nets_
    made = [_trained_net(estimator, nets[net], activations, seeds[net]) for net in estimator._sound]
    parameters = {name: _plain(value) for name, value in estimator.get_params().items() if name != "validation_data"}
    save_model(path, made, {"estimator": type(estimator).__name__, "parameters": parameters})


def _trained_net(estimator: Any, net: Weights, activations: list[str], seed: int) -> TrainedNet:
    link = estimator.out_activation_
    classes = tuple(map(str, getattr(estimator, "classes_", ())))
    weights = [np.asarray(w.T, np.float32) for w in net.coefs]
    biases = [np.asarray(b, np.float32) for b in net.intercepts]
    task: Any = TASKS[link]
    if task == "multilabel" and estimator._label_binarizer.y_type_ == "binary":  # softmax of (0, z) is sigmoid of z
        task = "classification"
        weights[-1] = np.concatenate([np.zeros_like(weights[-1]), weights[-1]])
        biases[-1] = np.concatenate([np.zeros_like(biases[-1]), biases[-1]])
    return TrainedNet(
        tuple(weights),
        tuple(biases),
        tuple(activations),
        task,
        classes=classes,
        slopes=net.slopes,
        link="exp" if link == "exp" else "identity",
        seed=seed,
        encoding=fitted_before(estimator),
    )


def _plain(value: Any) -> Any:
    """A parameter as JSON has it, or in words."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    finite = not isinstance(value, float) or np.isfinite(value)
    return value if value is None or (isinstance(value, bool | int | float | str) and finite) else repr(value)
