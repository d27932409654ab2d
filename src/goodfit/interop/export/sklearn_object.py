"""A model as a fitted scikit-learn object: a pipeline of its own transformers, with MLPClassifier or MLPRegressor."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from goodfit.data.periodic import PeriodicEncoding
from goodfit.data.robust import CLIP
from goodfit.data.tables.categories import Frequent, OneHot
from goodfit.data.tables.fitted import Boolean, FittedColumn, Numeric
from goodfit.data.tables.raw import MISSING_WORDS
from goodfit.data.target_transform import TargetTransform
from goodfit.errors import InputError, Problems
from goodfit.interop.export.onnx_columns import in_any_case, spellings
from goodfit.models.model_file import Model
from goodfit.models.predicting import ENSEMBLE
from goodfit.models.trained_net import TrainedNet

ACTIVATIONS = {
    "identity": "identity",
    "relu": "relu",
    "sigmoid": "logistic",
    "tanh": "tanh",
}  # goodfit's: scikit-learn's
WHERE = "Export to sklearn"


@dataclass(frozen=True, eq=False)
class _Given:
    """What the transformers give to the nets, D' numbers a row.

    take: which of the nets' D inputs each is; factor: what it is to be multiplied by; clipped: [D] whether the scaling
    of that input is done already.
    """

    take: np.ndarray
    factor: np.ndarray
    clipped: np.ndarray


def sklearn_object(model: Model) -> Any:
    """The fitted pipeline; InputError names all parts of the model that scikit-learn cannot hold."""
    _check(model)
    from sklearn.pipeline import Pipeline

    net, size = model.nets[0], model.nets[0].n_inputs
    steps: list[tuple[str, Any]] = []
    if model.preprocessing is not None:
        transformer, given = _of_columns(model.preprocessing.columns)
        steps = [("columns", transformer)]
    elif net.bend.any():
        transformer, given = _of_arrays(net)
        steps = [("clip", transformer)]
    else:
        given = _Given(np.arange(size), np.ones(size), np.zeros(size, bool))
    nets = [_within(_mlp(each, given, model.classes), each.transform) for each in model.nets]
    return Pipeline([*steps, ("net", nets[0]) if len(nets) == 1 else ("nets", _voting(model, nets))])


def joblib_bytes(made: Any) -> bytes:
    """The object as a file for `joblib.load`."""
    import joblib

    content = io.BytesIO()
    joblib.dump(made, content)
    return content.getvalue()


def _check(model: Model) -> None:
    """Name whatever has no counterpart."""
    problems = Problems()
    again = "Use 'goodfit train' with" if ENSEMBLE in model.about else "Train again with"
    for layer, names in enumerate(zip(*(net.activations for net in model.nets), strict=False)):
        for name in dict.fromkeys(names):
            if name not in ACTIVATIONS:
                rule = f"layer {layer} must have an activation of scikit-learn's: {', '.join(ACTIVATIONS)}"
                problems.add(WHERE, rule, got=name, fix=f"{again} --activation relu.")
    for net in model.nets:
        if len(set(net.activations)) > 1:
            problems.add(WHERE, "all hidden layers must have one activation", got=net.activations)
            break
    if any(net.mixtures for net in model.nets):
        problems.add(WHERE, "cannot hold mixtures of activations", fix=f"{again} --no-train-mixture.")
    if any(net.encoding is not None for net in model.nets):
        trained = any(isinstance(net.encoding, PeriodicEncoding) for net in model.nets)
        rule = f"cannot hold the {'frequencies' if trained else 'bins'} of encoded features"
        problems.add(WHERE, rule, fix=f"{again} --encoding none.")
    if model.task != "regression" and model.nets[0].n_outputs == 1:
        problems.add(WHERE, f"a net for {model.task} must have at least two outputs", got=1)
    if named := next((net.transform.named for net in model.nets if net.transform and net.transform.named), None):
        problems.add(WHERE, "a target transform cannot be held", got=named)
    if any(net.link == "exp" for net in model.nets) and not _has_poisson():
        problems.add(WHERE, "the link exp needs scikit-learn 1.7 or later")
    if model.preprocessing is not None and any(net.bend.any() for net in model.nets):
        problems.add(WHERE, "inputs cannot be clipped once more by the nets' own scaling")
    columns = () if model.preprocessing is None else model.preprocessing.columns
    for column in columns:
        if not isinstance(column, Numeric | Boolean | OneHot):
            kind = "a date" if column.kind == "date" else "hashed" if isinstance(column, Frequent) else "ordered"
            problems.add(WHERE, f"column {column.name!r} cannot be held: it is {kind}")
    if len(model.nets) > 1 and (
        model.task == "multilabel" or (model.task == "regression" and model.nets[0].n_outputs > 1)
    ):
        problems.add(WHERE, f"the average of several nets cannot be held for {model.task} with several outputs")
    scalings = {b"".join(array.tobytes() for array in (net.shift, net.scale, net.bend)) for net in model.nets}
    if len(scalings) > 1 and any(net.bend.any() for net in model.nets):
        problems.add(WHERE, "all nets must have one scaling of the inputs where these are clipped")
    if problems.found:
        fix = "Export to onnx, torch or numpy, which hold all of it."
        raise InputError(*problems.found[:-1], f"{problems.found[-1]} {fix}")


def _has_poisson() -> bool:
    from sklearn.neural_network import MLPRegressor

    return "loss" in MLPRegressor().get_params()


def _clip(*before: tuple[str, Any]) -> Any:
    """sin(arctan(z)), which is z / sqrt(1 + z^2), of scaled numbers z."""
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    functions = [(function.__name__, FunctionTransformer(function)) for function in (np.arctan, np.sin)]
    return Pipeline([*before, ("scale", StandardScaler()), *functions])


def _set(clip: Any, scale: Any, shift: Any) -> None:
    """Have the fitted pipeline scale z = (x - shift) * scale."""
    scaler = clip.named_steps["scale"]
    scaler.mean_ = np.asarray(shift, np.float64)
    with np.errstate(divide="ignore"):
        scaler.scale_ = 1 / np.asarray(scale, np.float64)  # infinite for a constant, which becomes 0
    scaler.var_ = scaler.scale_**2


def _of_arrays(net: TrainedNet) -> tuple[Any, _Given]:
    """Of inputs that the net clips: these first, then the others as they are."""
    from sklearn.compose import ColumnTransformer

    bent, rest = np.flatnonzero(net.bend), np.flatnonzero(net.bend == 0)
    bend = net.bend[bent].astype(np.float64)
    parts = [("clipped", _clip(), bent.tolist()), ("plain", "passthrough", rest.tolist())]
    made = ColumnTransformer(parts, sparse_threshold=0).fit(np.zeros((2, net.n_inputs)))
    _set(made.named_transformers_["clipped"], net.scale[bent] * bend, net.shift[bent])
    return made, _Given(np.append(bent, rest), np.append(1 / bend, np.ones(len(rest))), net.bend != 0)


def _of_columns(columns: Sequence[FittedColumn]) -> tuple[Any, _Given]:
    """Of the columns of a table, by name: for a pandas data frame, or what else scikit-learn takes for one."""
    import pandas
    from sklearn.compose import ColumnTransformer

    parts: list[tuple[str, Any, list[str]]] = []
    take: list[int] = []
    factor: list[float] = []
    example: dict[str, Any] = {}
    numeric: dict[str, Numeric] = {}
    start = 0
    for number, column in enumerate(columns):
        own, last = [*range(start, start + column.own_width)], start + column.width - 1
        texts = isinstance(column, OneHot)
        example[column.name] = ["", ""] if texts else [0.0, 0.0]
        parts.append((f"column {number}", _part(column), [column.name]))
        if isinstance(column, OneHot):
            own = [start + place for place in _texts(column).values()]
        if isinstance(column, Numeric):
            numeric[f"column {number}"] = column
        if column.missing and not texts:
            parts.append((f"column {number} missing", _missing(), [column.name]))
            own.append(last)
        take += own
        factor += [CLIP if isinstance(column, Numeric) and place == start else 1.0 for place in own]
        start += column.width
    made = ColumnTransformer(parts, sparse_threshold=0).fit(pandas.DataFrame(example))
    for label, column in numeric.items():
        _set(made.named_transformers_[label], [column.scaling.factor / CLIP], [column.scaling.median])
    return made, _Given(np.array(take), np.array(factor), np.zeros(start, bool))


def _part(column: FittedColumn) -> Any:
    """The transformer of a column, but for the input for missing values of numbers."""
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder

    if isinstance(column, OneHot):
        known = np.array([*_texts(column)], str)
        encoder = OneHotEncoder(categories=[known], handle_unknown="ignore", sparse_output=False)
        text = FunctionTransformer(np.array, kw_args={"dtype": str})
        strip = FunctionTransformer(np.char.strip)  # as goodfit reads texts; a function that needs no goodfit
        return Pipeline([("text", text), ("strip", strip), ("categories", encoder)])
    middle = column.scaling.median if isinstance(column, Numeric) else float(getattr(column, "often", 0.0))
    filled = ("missing", SimpleImputer(strategy="constant", fill_value=middle))
    return _clip(_as_float(), filled) if isinstance(column, Numeric) else Pipeline([_as_float(), filled])


def _texts(column: OneHot) -> dict[str, int]:
    """Texts of a column, as `str` makes them of its cells, without blanks around -> which of its inputs they set."""
    words = {"None", *(text for word in MISSING_WORDS for text in in_any_case(word))} if column.missing else set()
    absent = dict.fromkeys(sorted(words), column.own_width)
    return absent | {text: place for place, name in enumerate(column.categories) for text in spellings(name)}


def _as_float() -> tuple[str, Any]:
    from sklearn.preprocessing import FunctionTransformer

    return "float", FunctionTransformer(np.float64)


def _missing() -> Any:
    """1 where a number is missing."""
    from sklearn.impute import MissingIndicator
    from sklearn.pipeline import Pipeline

    return Pipeline([_as_float(), ("missing", MissingIndicator(features="all"))])


def _mlp(net: TrainedNet, given: _Given, classes: tuple[str, ...]) -> Any:
    """The fitted net, with its scaling of inputs and targets taken into its first and last weights."""
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.preprocessing import LabelBinarizer

    scale = np.where(given.clipped, 1.0, net.scale)
    shift = np.where(given.clipped, 0.0, net.shift)
    weights, biases = ([array.astype(np.float64) for array in arrays] for arrays in (net.weights, net.biases))
    biases[0] = biases[0] - weights[0] @ (scale * shift)
    weights[0] = (weights[0] * scale)[:, given.take] * given.factor
    kind, end = MLPClassifier, "softmax"
    if net.task == "regression":
        kind, end = MLPRegressor, "exp" if net.link == "exp" else "identity"
        weights[-1] = weights[-1] / net.target_scale[:, None]
        biases[-1] = biases[-1] / net.target_scale + net.target_shift
    elif net.task == "multilabel" or len(classes) == 2:
        end = "logistic"
    if net.task == "classification":
        order = np.argsort(classes)  # scikit-learn's classes are sorted
        weights[-1], biases[-1] = weights[-1][order], biases[-1][order]
    if net.task == "classification" and len(classes) == 2:  # of two outputs, scikit-learn holds the difference
        weights[-1], biases[-1] = np.diff(weights[-1], axis=0), np.diff(biases[-1])
    activation = ACTIVATIONS[net.activations[0]] if net.activations else "identity"
    loss = {"loss": "poisson"} if end == "exp" else {}
    made = kind(hidden_layer_sizes=net.sizes[1:-1], activation=activation, **loss)
    made.n_features_in_, made.n_layers_, made.n_outputs_ = len(given.take), len(net.sizes), len(biases[-1])
    made.coefs_, made.intercepts_, made.out_activation_ = [each.T for each in weights], biases, end
    if net.task != "regression":
        names = np.array(classes) if net.task == "classification" else np.eye(len(classes), dtype=int)
        made._label_binarizer = LabelBinarizer().fit(names)
        made.classes_ = made._label_binarizer.classes_
    return made


def _within(made: Any, transform: TargetTransform | None) -> Any:
    """The fitted net with its predictions clipped, where they are."""
    from sklearn.compose import TransformedTargetRegressor
    from sklearn.preprocessing import FunctionTransformer

    if transform is None:
        return made
    least, largest = transform.numbers[:, 2:].T.astype(np.float64)
    limits = {"a_min": least, "a_max": largest}
    clip = FunctionTransformer(inverse_func=np.clip, inv_kw_args=limits, check_inverse=False)
    found = TransformedTargetRegressor(made, transformer=clip, check_inverse=False)
    found.regressor_, found.transformer_, found._training_dim = made, clip, 1 if len(least) == 1 else 2
    return found


def _voting(model: Model, nets: list[Any]) -> Any:
    """Nets that predict the mean of their probabilities or numbers."""
    from sklearn.ensemble import VotingClassifier, VotingRegressor
    from sklearn.preprocessing import LabelEncoder

    counts = [net.count for net in model.nets]
    weights = counts if len(set(counts)) > 1 else None
    named = [(f"net {place}", net) for place, net in enumerate(nets)]
    if model.task == "regression":
        made = VotingRegressor(named, weights=weights)
    else:
        made = VotingClassifier(named, voting="soft", weights=weights)
        made.le_ = LabelEncoder().fit(np.array(model.classes))
        made.classes_ = made.le_.classes_
    made.estimators_ = nets
    return made
