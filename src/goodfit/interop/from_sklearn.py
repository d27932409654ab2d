"""A fitted multilayer perceptron of scikit-learn as a goodfit model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.arguments import public
from goodfit.errors import InputError, Problems, problem
from goodfit.interop.taking_over import Layers, model_from, no_such
from goodfit.models.model_file import Model
from goodfit.training.recipe import Recipe

WHERE = "from_sklearn"
ACTIVATIONS = {"identity": "identity", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}
SCALERS = "StandardScaler, MinMaxScaler, MaxAbsScaler and RobustScaler"
Numbers = NDArray[np.float64]


@dataclass(frozen=True)
class Affine:
    """factor * x + offset, a number for each column."""

    factor: Numbers
    offset: Numbers

    def then(self, other: Affine) -> Affine:
        """This, and then another."""
        return Affine(self.factor * other.factor, self.offset * other.factor + other.offset)


@public
def from_sklearn(estimator: Any) -> Model:
    """A fitted `MLPClassifier` or `MLPRegressor` of scikit-learn as a goodfit model.

    The model predicts what the estimator does, up to rounding in float32. It can be saved, inspected, compared, scored
    on a sealed test set, and trained further: `goodfit.train(model.recipe, data, start=model)`.
    One logit s of a binary classifier becomes the two of a softmax, -s/2 and s/2, which is exactly the same.

    estimator: it, or a Pipeline that ends in it, whose other steps scale each column (StandardScaler, MinMaxScaler,
    MaxAbsScaler, RobustScaler); for regression also a TransformedTargetRegressor that scales the targets so.
    InputError names every step that cannot be taken over.
    """
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    problems = Problems()
    inner, targets = _inside_target(estimator, problems)
    steps, mlp = _steps(inner)
    if not isinstance(mlp, MLPClassifier | MLPRegressor):
        fix = "Give search.best_estimator_." if hasattr(mlp, "best_estimator_") else ""
        fix = "It is goodfit's own: estimator.save(path) writes a model." if _is_own(mlp) else fix
        raise no_such(WHERE, "'estimator' must be an MLPClassifier or MLPRegressor", type(mlp).__name__, fix)
    if not hasattr(mlp, "coefs_"):
        problems.add(WHERE, "'estimator' must be fitted", fix="Call its fit(x, y) first.")
    problems.raise_if_any()
    inputs = len(mlp.coefs_[0])
    scaled = Affine(np.ones(inputs), np.zeros(inputs))
    for name, step in steps:
        own = _affine(name, step, problems)
        scaled = scaled if own is None else scaled.then(own)
    problems.raise_if_any()
    layers, fields = _layers(mlp, problems), dict[str, Any]()
    if steps:
        fields = _scaled_into(layers, scaled)
    if targets is not None:
        fields |= {"target_shift": -targets.offset / targets.factor, "target_scale": targets.factor}
    return _model(mlp, layers, fields, scaled_inputs=bool(steps))


def _inside_target(estimator: Any, problems: Problems) -> tuple[Any, Affine | None]:
    """What predicts, and how its targets were scaled."""
    from sklearn.compose import TransformedTargetRegressor

    if not isinstance(estimator, TransformedTargetRegressor):
        return estimator, None
    if not hasattr(estimator, "regressor_"):
        raise InputError(problem(WHERE, "'estimator' must be fitted", fix="Call its fit(x, y) first."))
    return estimator.regressor_, _affine("transformer", estimator.transformer_, problems)


def _steps(estimator: Any) -> tuple[list[tuple[str, Any]], Any]:
    """(name, transformer) of the steps before the last of pipelines, nested ones too, and the last of all."""
    from sklearn.pipeline import Pipeline

    if not isinstance(estimator, Pipeline):
        return [], estimator
    before: list[tuple[str, Any]] = []
    for name, step in estimator.steps[:-1]:
        inner, last = _steps(step)
        before += [*((f"{name}.{each}", own) for each, own in inner), (name, last)]
    inner, last = _steps(estimator.steps[-1][1])
    return [(name, step) for name, step in [*before, *inner] if step not in (None, "passthrough")], last


def _affine(name: str, step: Any, problems: Problems) -> Affine | None:
    """What a scaler does to a column; None, and a problem, where it is none of those that are known."""
    from sklearn import preprocessing

    kinds = ("StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler")
    known = [each for each in kinds if isinstance(step, getattr(preprocessing, each))]
    where = f"Step {name!r} ({type(step).__name__})"
    if not known:
        fix = f"{SCALERS} can be. Apply the step to the data before they come in, and give the rest of the pipeline."
        problems.add(where, "cannot be taken over", fix=fix)
    elif not hasattr(step, "n_features_in_"):
        problems.add(where, "must be fitted", fix="Fit the pipeline first.")
    elif getattr(step, "clip", False):
        problems.add(where, "clips, which is no shift and scale", fix="Use clip=False.")
    else:
        return _fitted(step, known[0])
    return None


def _fitted(step: Any, kind: str) -> Affine:
    columns = step.n_features_in_
    if kind == "MinMaxScaler":
        return Affine(step.scale_, step.min_)
    center = {"StandardScaler": "mean_", "RobustScaler": "center_"}.get(kind, "")
    shift, scale = getattr(step, center, None), step.scale_
    if kind == "StandardScaler" and not step.with_mean:
        shift = None
    factor = np.ones(columns) if scale is None else 1 / np.asarray(scale, np.float64)
    return Affine(factor, np.zeros(columns) if shift is None else -np.asarray(shift, np.float64) * factor)


def _layers(mlp: Any, problems: Problems) -> Layers:
    layers = Layers(problems)
    for number, (weight, bias) in enumerate(zip(mlp.coefs_, mlp.intercepts_, strict=True), 1):
        layers.linear(str(number), weight.T, bias)
        if number < len(mlp.coefs_):
            layers.activation(f"{number} ({mlp.activation})", ACTIVATIONS[mlp.activation])
    if mlp.out_activation_ == "softmax":
        layers.softmax = "softmax"
    elif mlp.out_activation_ == "logistic":
        layers.activation("logistic", "sigmoid")
    return layers


def _scaled_into(layers: Layers, scaled: Affine) -> dict[str, Any]:
    """The scaling as a shift and a scale in float32; what rounds away of them goes into the first layer.

    factor x + offset = ratio (x - shift) scale + rest, with the ratio and the rest exact in float64.
    """
    shift, scale = (-scaled.offset / scaled.factor).astype(np.float32), scaled.factor.astype(np.float32)
    ratio = scaled.factor / scale.astype(np.float64)
    rest = scaled.offset + scaled.factor * shift.astype(np.float64)
    first = layers.found[0]
    first.bias = first.weight @ rest + (0 if first.bias is None else first.bias)
    first.weight = first.weight * ratio
    return {"shift": shift, "scale": scale}


def _model(mlp: Any, layers: Layers, fields: dict[str, Any], *, scaled_inputs: bool) -> Model:
    classifier = hasattr(mlp, "classes_")
    link: Any = "exp" if mlp.out_activation_ == "exp" else "identity"
    several = classifier and mlp.out_activation_ == "logistic" and mlp.n_outputs_ > 1
    one_label = classifier and getattr(mlp._label_binarizer, "y_type_", "") == "multilabel-indicator"
    task = "regression" if not classifier else "multilabel" if several or one_label else "classification"
    described = {
        "scaling": "standard" if scaled_inputs else "none",
        "loss": "poisson" if link == "exp" else "auto",
        "init": "xavier-uniform",
        **_described(mlp),
    }
    kind = f"sklearn.neural_network.{type(mlp).__name__}"
    classes = [_word(name) for name in mlp.classes_] if classifier else None
    return model_from(layers, kind, task=task, classes=classes, link=link, fields=fields, described=described)


def _word(name: Any) -> str:
    """A class as goodfit names it: whole numbers without a point, as in a table."""
    return str(int(name)) if isinstance(name, float | np.floating) and float(name).is_integer() else str(name)


def _described(mlp: Any) -> dict[str, Any]:
    """How it was trained, as far as a recipe says it: scikit-learn divides its penalty by the rows of a batch."""
    fields: dict[str, Any] = {"optimizer": mlp.solver, "epochs": max(1, int(mlp.n_iter_)), "schedule": "constant"}
    if mlp.solver != "lbfgs":
        batch = 200 if mlp.batch_size == "auto" else int(mlp.batch_size)
        fields |= {"learning_rate": mlp.learning_rate_init, "batch_size": batch, "l2": mlp.alpha / batch}
    if mlp.solver == "adam":
        fields |= {"beta1": mlp.beta_1, "beta2": mlp.beta_2, "epsilon": mlp.epsilon}
    if mlp.solver == "sgd" and mlp.momentum > 0:
        fields |= {"momentum": mlp.momentum, "nesterov": mlp.nesterovs_momentum}
    try:
        Recipe(**fields)
    except InputError:  # values at the edge of what a recipe takes, such as a momentum of 1
        return {"epochs": fields["epochs"]}
    return fields


def _is_own(estimator: Any) -> bool:
    return type(estimator).__module__.startswith("goodfit.")
