"""Nets of PyTorch and scikit-learn as goodfit models: the same predictions, and one error for all that does not fit."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler
from torch import nn

import goodfit as gf
from goodfit.errors import InputError

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 6)).astype(np.float32)


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def outputs_of(module: nn.Module, x: Any = X) -> np.ndarray:
    """What the module gives in evaluation mode, in float64."""
    with torch.no_grad():
        found: np.ndarray = module.double().eval()(torch.tensor(np.asarray(x, np.float64))).numpy()
    return found


ACTIVATIONS: list[tuple[Callable[[], nn.Module], str]] = [
    (nn.ReLU, "relu"), (nn.Sigmoid, "sigmoid"), (nn.Tanh, "tanh"), (nn.LeakyReLU, "leaky-relu"), (nn.ELU, "elu"),
    (nn.CELU, "elu"), (nn.SELU, "selu"), (nn.GELU, "gelu"), (nn.SiLU, "silu"), (nn.Softplus, "softplus"),
    (nn.Mish, "mish"), (nn.PReLU, "prelu"), (nn.Identity, "identity"),
]  # fmt: skip


@pytest.mark.parametrize(("activation", "name"), ACTIVATIONS)
def test_every_activation_predicts_as_in_torch(activation: Callable[[], nn.Module], name: str) -> None:
    module = nn.Sequential(nn.Linear(6, 9), activation(), nn.Linear(9, 5), activation(), nn.Linear(5, 2))
    model = gf.from_torch(module, task="regression")
    assert model.recipe is not None
    assert (model.recipe.hidden, model.recipe.activation) == ((9, 5), name)
    np.testing.assert_allclose(model.predict(X), outputs_of(module), rtol=1e-6, atol=1e-6)


def test_nested_modules_and_one_that_stands_there_twice() -> None:
    """Images of 2 x 3 pixels, a block in a block, dropout at all places, one activation for two layers."""
    act = nn.ReLU()
    block = nn.Sequential(nn.Linear(6, 8), act, nn.Dropout(0.5), nn.Dropout(0.2))
    module = nn.Sequential(nn.Flatten(), nn.Dropout(0.1), block, nn.Sequential(nn.Linear(8, 4), act), nn.Linear(4, 3))
    model = gf.from_torch(nn.Sequential(module, nn.Softmax(dim=1)), classes=["a", "b", "c"])
    recipe = model.recipe
    assert recipe is not None
    assert (recipe.hidden, recipe.dropout, recipe.input_dropout) == ((8, 4), (0.6, 0.0), 0.1)  # 1 - 0.5 * 0.8
    assert (model.task, model.classes) == ("classification", ("a", "b", "c"))
    logits = torch.tensor(outputs_of(module, X.reshape(60, 2, 3)))
    np.testing.assert_allclose(model.predict_proba(X), torch.softmax(logits, 1), atol=1e-6)


def test_one_logit_is_exactly_the_two_of_a_softmax() -> None:
    module = nn.Sequential(nn.Linear(6, 4), nn.Tanh(), nn.Linear(4, 1))
    with_end = gf.from_torch(nn.Sequential(*module, nn.Sigmoid()))
    without = gf.from_torch(module, task="classification")
    last = without.nets[0].weights[-1]
    np.testing.assert_array_equal(last[1] - last[0], module[2].weight.detach().numpy()[0])  # bit by bit
    for model in (with_end, without):
        probabilities = 1 / (1 + np.exp(-outputs_of(module)[:, 0]))
        np.testing.assert_allclose(model.predict_proba(X)[:, 1], probabilities, atol=1e-6)
    module.float()


def test_sigmoid_over_several_outputs_is_for_labels() -> None:
    module = nn.Sequential(nn.Linear(6, 3))
    model = gf.from_torch(nn.Sequential(module, nn.Sigmoid()), classes=("x", "y", "z"))
    assert model.task == "multilabel"
    np.testing.assert_allclose(model.predict_proba(X), 1 / (1 + np.exp(-outputs_of(module))), atol=1e-6)


def test_shift_and_scale_are_those_of_the_inputs() -> None:
    module = nn.Sequential(nn.Linear(6, 2))
    model = gf.from_torch(module, task="regression", shift=np.arange(6), scale=0.5)
    np.testing.assert_allclose(model.predict(X), outputs_of(module, (X - np.arange(6)) * 0.5), atol=1e-6)


class Own(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.inner = nn.Linear(2, 2)

    def forward(self, x: Any) -> Any:
        return self.inner(x) ** 2


class Squared(nn.Linear):
    def forward(self, x: Any) -> Any:
        return super().forward(x) ** 2


def test_all_that_cannot_be_taken_over_is_named_at_once() -> None:
    module = nn.Sequential(
        nn.Conv2d(1, 2, 3), nn.BatchNorm1d(3), nn.ReLU(), nn.Linear(3, 4), nn.Linear(5, 5), nn.Hardtanh(), nn.ELU(2.0),
        nn.Dropout(0.2), nn.Tanh(), nn.Softmax(dim=1), nn.Linear(5, 2), nn.ReLU(), nn.Tanh(), nn.Dropout(0.1), Own(),
        nn.GELU(approximate="tanh"), nn.Flatten(2), Squared(2, 2), nn.LayerNorm(2), nn.Softplus(beta=2),
    )  # fmt: skip
    with pytest.raises(InputError) as caught:
        gf.from_torch(module)
    named = [text.split("'")[1] for text in caught.value.problems if text.startswith("Layer '")]
    expected = ["0", "1", "2", "4", "5", "6", "8", "9", "12", "14", "15", "16", "17", "18", "19", "10", "11"]
    assert named == expected
    text = str(caught.value)
    for part in ("give goodfit what comes out of it as data", "fuse_linear_bn_eval", "takes 5 inputs, but the layer",
                 "must be the last layer", "follows the dropout of layer", "a forward method of its own",
                 "approximate='none'", "Use nn.Flatten()", "comes after the last linear layer"):  # fmt: skip
        assert part in text, part


REFUSED: list[tuple[Callable[[], Any], dict[str, Any], str]] = [
    (lambda: nn.Sequential(nn.Linear(2, 3)), {}, "ends in a linear layer, so 'task' must be given"),
    (lambda: nn.Sequential(nn.Linear(2, 3)), {"task": "classify"}, "'task' must be classification, multilabel or"),
    (lambda: nn.Sequential(nn.Linear(2, 3), nn.Softmax(1)), {"task": "regression"}, "'task' must fit the softmax over"),
    (lambda: nn.Sequential(nn.Linear(2, 1), nn.Softmax(1)), {}, "softmax over a single output is always 1"),
    (lambda: nn.Sequential(nn.Linear(2, 3), nn.Sigmoid()), {"task": "classification"}, "Give task='multilabel'"),
    (lambda: nn.Sequential(nn.Linear(2, 3), nn.ReLU()), {"task": "regression"}, r"'1' \(ReLU\): comes after the last"),
    (lambda: nn.Sequential(nn.Linear(2, 3)), {"task": "classification", "classes": ["a"]}, "must be 3 different names"),
    (lambda: nn.Sequential(nn.Linear(2, 3)), {"task": "regression", "classes": ["a"]}, "must be left out for regress"),
    (
        lambda: nn.Sequential(nn.Linear(2, 3)),
        {"task": "regression", "scale": 0},
        "'scale' must be a finite number, not",
    ),
    (lambda: nn.Sequential(nn.Linear(2, 3)), {"task": "regression", "shift": [1, 2, 3]}, "one for each of 2 inputs"),
    (lambda: nn.Sequential(), {}, "must have at least one linear layer"),
    (lambda: nn.Sequential(nn.LazyLinear(3)), {}, "Run the module once on a batch"),
    (lambda: nn.Linear(2, 3, device="meta"), {"task": "regression"}, "must have weights of real numbers in memory"),
    (lambda: [nn.Linear(2, 3)], {}, r"'module' must be a torch\.nn\.Sequential; got 'list'"),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_modules_that_are_refused(number: int) -> None:
    made, how, message = REFUSED[number]
    with pytest.raises(InputError, match=message):
        gf.from_torch(made(), **how)


@pytest.mark.parametrize("own", ["", "0", "1", "2"])
def test_a_forward_method_of_an_object_s_own_is_refused(own: str) -> None:
    """It is called in the place of its class's, whatever the class is."""
    module = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU()), nn.Linear(3, 2))
    changed = module.get_submodule(own)
    changed.forward = lambda x: 2 * x  # type: ignore[method-assign]
    with pytest.raises(InputError, match="has a forward method of its own, which cannot be read"):
        gf.from_torch(module, task="regression")
    del changed.forward
    assert gf.from_torch(module, task="regression").nets[0].sizes == (2, 3, 2)


def test_hooks_and_weights_that_are_not_finite_are_refused() -> None:
    layer = nn.Linear(2, 2)
    layer.register_forward_hook(lambda *_: None)
    with pytest.raises(InputError, match="has hooks"):
        gf.from_torch(nn.Sequential(layer), task="regression")
    broken = nn.Linear(2, 2)
    with torch.no_grad():
        broken.weight[0, 0] = float("nan")
    with pytest.raises(InputError, match="every weight of layer 0 must be finite"):
        gf.from_torch(broken, task="regression")


def test_what_training_would_change_is_told() -> None:
    module = nn.Sequential(nn.Linear(6, 4, bias=False), nn.LeakyReLU(0.2), nn.Linear(4, 2))
    with pytest.warns(UserWarning, match=r"^from_torch: '\d' \(L.*, which a further training changes\.$") as told:
        model = gf.from_torch(module, task="regression")
    assert ["has no bias" in str(each.message) for each in told] == [False, True]
    assert "became prelu" in str(told[0].message)
    np.testing.assert_allclose(model.predict(X), outputs_of(module), atol=1e-6)
    none = gf.from_torch(nn.Sequential(nn.Linear(6, 2, bias=False)), task="regression")
    assert none.recipe is not None
    assert not none.recipe.bias


def test_it_is_a_model_like_any_other(tmp_path: Path) -> None:
    """Saved, inspected, opened on sealed rows, compared, trained as a population."""
    iris = gf.data.load("iris")
    model = gf.from_torch(
        nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Dropout(0.1), nn.Linear(5, 3)),
        task="classification",
        classes=iris.classes,
    )
    model.save(tmp_path / "net.safetensors")
    again = gf.load_model(tmp_path / "net.safetensors")
    assert again.recipe == model.recipe
    np.testing.assert_array_equal(again.predict_proba(iris.x), model.predict_proba(iris.x))
    found = gf.inspect(again, iris, curvature=False, retrain=False)
    assert found.recipe is None  # nothing is known of its training
    assert found.evidence.initial is None
    parts = gf.data.split(iris, seed=0)
    hits = model.predict_proba(iris.x[parts.rows("test")]).argmax(1) == iris.y[parts.rows("test")]
    assert parts.test.open(again).score.value == pytest.approx(hits.mean())
    assert model.recipe is not None
    run = gf.train(model.recipe.replace(epochs=2), parts, start=again, seeds=3)
    assert len(run.nets) == 3
    assert run.recipe.dropout == 0.1
    new = gf.data.Dataset("new", iris.x[::3] + 0.01, iris.y[::3], "classification", iris.classes)
    assert "accuracy" in str(gf.compare(run, model, data=new))


def fitted(estimator: Any, x: Any, y: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return estimator.fit(x, y)


def mlp(kind: Any = MLPClassifier, **fields: Any) -> Any:
    return kind(hidden_layer_sizes=(7, 4), max_iter=15, random_state=0, **fields)


FAR = (X * np.array([1, 10, 100, 0.1, 5, 2]) + np.array([0, 50, 1e4, 3, -7, 1e3])).astype(np.float64)
THREE = np.digitize(X[:, 0] + X[:, 1], [-0.5, 0.5])
CLASSIFIERS: list[tuple[Any, Any]] = [
    (mlp(activation="relu"), THREE),
    (mlp(activation="identity", solver="sgd", momentum=0.9), THREE),
    (mlp(activation="logistic"), THREE > 0),
    (mlp(activation="tanh", solver="sgd"), np.array(["no", "yes"])[(THREE > 0).astype(int)]),
    (mlp(alpha=1.0), np.stack([THREE > 0, THREE > 1, X[:, 2] > 0], 1).astype(int)),
]


@pytest.mark.parametrize("number", range(len(CLASSIFIERS)))
def test_probabilities_are_those_of_scikit_learn(number: int) -> None:
    estimator, y = CLASSIFIERS[number]
    fitted(estimator, X, y)
    model = gf.from_sklearn(estimator)
    np.testing.assert_allclose(model.predict_proba(X), estimator.predict_proba(X), atol=1e-6)
    assert model.recipe is not None
    assert model.recipe.hidden == (7, 4)


@pytest.mark.parametrize("scaler", [StandardScaler, MinMaxScaler, MaxAbsScaler, RobustScaler])
def test_the_scaling_of_a_pipeline_comes_along(scaler: Any) -> None:
    """Also for columns far from 0, whose shift float32 cannot hold."""
    pipeline = fitted(make_pipeline("passthrough", scaler(), mlp()), FAR, THREE)
    model = gf.from_sklearn(pipeline)
    np.testing.assert_allclose(model.predict_proba(FAR), pipeline.predict_proba(FAR), atol=1e-6)
    twice = fitted(Pipeline([("a", MinMaxScaler((-1, 3))), ("b", make_pipeline(scaler(), mlp()))]), FAR, THREE)
    np.testing.assert_allclose(gf.from_sklearn(twice).predict_proba(FAR), twice.predict_proba(FAR), atol=1e-6)


def test_regression_of_scikit_learn() -> None:
    y = 1000 + 50 * X[:, 0]
    plain = fitted(make_pipeline(StandardScaler(), mlp(MLPRegressor)), FAR, y)
    scaled = TransformedTargetRegressor(
        make_pipeline(StandardScaler(), mlp(MLPRegressor)), transformer=StandardScaler()
    )
    for estimator in (plain, fitted(scaled, FAR, y)):
        model = gf.from_sklearn(estimator)
        np.testing.assert_allclose(model.predict(FAR)[:, 0], estimator.predict(FAR), rtol=1e-6, atol=1e-6)
    several = fitted(mlp(MLPRegressor), X, X[:, :2])
    np.testing.assert_allclose(gf.from_sklearn(several).predict(X), several.predict(X), atol=1e-6)


def test_labels_have_the_names_of_the_data_set_and_training_goes_on() -> None:
    data = gf.data.Dataset.from_arrays(FAR, THREE.astype(float))
    pipeline = fitted(make_pipeline(StandardScaler(), mlp()), FAR, THREE.astype(float))
    model = gf.from_sklearn(pipeline)
    assert model.recipe is not None
    run = gf.train(model.recipe.replace(epochs=1, learning_rate=1e-30), data, start=model, seeds=2)
    np.testing.assert_array_equal(run.nets[1].weights[0], model.nets[0].weights[0])
    np.testing.assert_allclose(run.nets[0].predict_proba(FAR), pipeline.predict_proba(FAR), atol=1e-5)


def test_what_is_no_net_of_scikit_learn() -> None:
    pipeline = Pipeline([("pca", PCA(3)), ("scale", MinMaxScaler(clip=True)), ("net", mlp())])
    with pytest.raises(InputError) as caught:
        gf.from_sklearn(fitted(pipeline, X, THREE))
    assert [text.split(":")[0] for text in caught.value.problems] == ["Step 'pca' (PCA)", "Step 'scale' (MinMaxScaler)"]
    with pytest.raises(InputError, match="'estimator' must be fitted"):
        gf.from_sklearn(mlp())
    with pytest.raises(InputError, match="must be an MLPClassifier or MLPRegressor; got 'PCA'"):
        gf.from_sklearn(PCA())
    with pytest.raises(InputError, match=r"estimator\.save\(path\) writes a model"):
        gf.from_sklearn(gf.MLPClassifier())
