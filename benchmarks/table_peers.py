"""The models that `benchmarks.tables` compares, with their own defaults, and goodfit's default with fields changed.

Each gets missing values and categories in the way that its documentation says. Numbers are columns that pandas reads as
numbers or booleans; everything else is a category. A library is imported before the clock runs, by what stands here
under its name, and what comes back fits and predicts: probabilities [N, C] in the order of `Rows.classes`, or numbers
[N].
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.table_sets import CLASSES, Rows

Fit = Callable[[Rows, int], np.ndarray]  # (rows, seed) -> predictions for the test rows
ONE_THREAD = {  # environment of every fit
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "JAX_NUM_CPU_DEVICES"), "1"),
    "JAX_PLATFORMS": "cpu",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "CUDA_VISIBLE_DEVICES": "",
}
MOST_KINDS = 255  # categories of a column that HistGradientBoosting takes
GOODFIT = "goodfit"
TWO_CORES = {"JAX_NUM_CPU_DEVICES": "2", "XLA_FLAGS": ""}  # environment of fits in a given time, beside the others'


@dataclass(frozen=True)
class Model:
    """What is compared. package: whose it is; load: imports it; tree: whether it is made of trees."""

    package: str
    load: Callable[[], Fit]
    tree: bool = False

    @property
    def installed(self) -> str:
        """The package and its version; "" where it is not installed."""
        try:
            return f"{self.package} {version(self.package)}"
        except PackageNotFoundError:
            return ""


def goodfit(fields: Mapping[str, Any], seeds: int | None = None) -> Callable[[], Fit]:
    """The default recipe for tables, with fields that are others. seeds: how many nets, None for the default's."""

    def load() -> Fit:
        import jax
        import narwhals  # noqa: F401

        import goodfit as gf
        from goodfit.models.averaging import mean_values  # noqa: F401

        jax.devices()
        make, train = gf.data.table, gf.train

        def fit(rows: Rows, seed: int) -> np.ndarray:
            table = make(rows.train, target=rows.target, task=rows.task)  # type: ignore[arg-type]
            # nothing is sealed: the rows that test are apart already, as they are for the others
            parts = table.split(valid=fields.get("valid", 0.0), test=0.0, seed=seed)
            return _of_test(train({"seed": seed, **fields}, parts, seeds=seeds).model, rows)

        return fit

    return load


def timed(seconds: float) -> Callable[[], Fit]:
    """`goodfit.fit` in so many seconds, on two cores."""

    def load() -> Fit:
        import jax
        import narwhals  # noqa: F401

        import goodfit as gf

        jax.devices()
        make, whole = gf.data.table, gf.fit

        def fit(rows: Rows, seed: int) -> np.ndarray:
            table = make(rows.train, target=rows.target, task=rows.task, test=0)  # type: ignore[arg-type]
            return _of_test(whole(table, seconds=seconds, seed=seed).model, rows)

        return fit

    return load


def _of_test(model: Any, rows: Rows) -> np.ndarray:
    """What a model of goodfit's predicts for the test rows."""
    if rows.task != CLASSES:
        return np.asarray(model.predict(rows.inputs()[1])[:, 0])
    found: np.ndarray = model.predict_proba(rows.inputs()[1])[:, [model.classes.index(name) for name in rows.classes]]
    return found


def categories_of(x: pd.DataFrame) -> list[str]:
    """The columns that are no numbers."""
    return [name for name in x if x[name].dtype.kind not in "ifb"]


def as_texts(x: pd.DataFrame) -> pd.DataFrame:
    """Categories as texts, a missing one as "nan"; numbers and booleans as floats, a missing one as NaN."""
    kinds = categories_of(x)
    return pd.DataFrame(
        {name: x[name].map(str).astype(object) if name in kinds else x[name].astype(float) for name in x}
    )


def as_categories(rows: Rows) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(train, test) with pandas categories, those of the training rows; columns have plain names."""
    train, test = (as_texts(x) for x in rows.inputs())
    for name in categories_of(train):
        kinds = pd.CategoricalDtype(sorted(train[name].unique()))
        train[name], test[name] = train[name].astype(kinds), test[name].astype(kinds)
    return plainly(train), plainly(test)


def plainly(x: pd.DataFrame) -> pd.DataFrame:
    """The same with columns named c0, c1, ...: LightGBM refuses some signs."""
    return x.set_axis([f"c{place}" for place in range(x.shape[1])], axis=1)


def filled(train: pd.DataFrame, test: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Missing numbers filled in with the median of the training rows, for nets that take no NaN."""
    numbers = [name for name in train if train[name].dtype.kind == "f"]
    medians = train[numbers].median().fillna(0.0)
    return train.fillna(medians), test.fillna(medians)


def said(model: Any, x: pd.DataFrame, rows: Rows) -> np.ndarray:
    """Probabilities, or numbers in one dimension."""
    return np.asarray(model.predict_proba(x) if rows.task == CLASSES else model.predict(x).reshape(-1))


def _sklearn(mlp: bool) -> Fit:
    """One-hot categories, medians and unit variance, as scikit-learn's guide on mixed types has it; the target of the
    net is scaled, too, for it has no default that is.
    """
    from sklearn.compose import TransformedTargetRegressor, make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    def fit(rows: Rows, seed: int) -> np.ndarray:
        train, test = (plainly(as_texts(x)) for x in rows.inputs())
        kinds = categories_of(train)
        numbers = [name for name in train if name not in kinds]
        scaled = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
        one_hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
        if rows.task == CLASSES:
            last: Any = MLPClassifier(random_state=seed) if mlp else LogisticRegression(max_iter=2000)
        else:
            last = TransformedTargetRegressor(MLPRegressor(random_state=seed), transformer=StandardScaler())
            last = last if mlp else Ridge()
        model = make_pipeline(make_column_transformer((scaled, numbers), (one_hot, kinds)), last)
        return said(model.fit(train, rows.truth(rows.train)), test, rows)

    return fit


def _histograms() -> Fit:
    """Categories by their type; columns with more of them than it takes are encoded by the target."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.model_selection import KFold, StratifiedKFold
    from sklearn.preprocessing import TargetEncoder

    def fit(rows: Rows, seed: int) -> np.ndarray:
        train, test = as_categories(rows)
        known = train.columns[train.notna().any()]  # it cannot bin a column without a value
        train, test = train[known].copy(), test[known].copy()
        y = rows.truth(rows.train)
        kind = HistGradientBoostingClassifier if rows.task == CLASSES else HistGradientBoostingRegressor
        for name in [name for name in train if name in categories_of(train) and train[name].nunique() > MOST_KINDS]:
            kind_of_folds = StratifiedKFold if rows.task == CLASSES else KFold
            folds = kind_of_folds(5, shuffle=True, random_state=seed)
            encoder = TargetEncoder(target_type="auto" if rows.task == CLASSES else "continuous", cv=folds)
            texts = [x[[name]].astype(object) for x in (train, test)]
            own = encoder.fit_transform(texts[0], y), encoder.transform(texts[1].where(texts[1].notna(), "nan"))
            for x, values in zip((train, test), own, strict=True):
                x[name] = values[:, 0]
        return said(kind(random_state=seed).fit(train, y), test, rows)

    return fit


def _catboost() -> Fit:
    """Categories by name, as texts; numbers may be missing."""
    from catboost import CatBoostClassifier, CatBoostRegressor

    def fit(rows: Rows, seed: int) -> np.ndarray:
        train, test = (as_texts(x) for x in rows.inputs())
        kind = CatBoostClassifier if rows.task == CLASSES else CatBoostRegressor
        model = kind(random_seed=seed, thread_count=1, verbose=0, allow_writing_files=False)
        return said(model.fit(train, rows.truth(rows.train), cat_features=categories_of(train)), test, rows)

    return fit


def _lightgbm() -> Fit:
    """pandas categories; numbers may be missing."""
    from lightgbm import LGBMClassifier, LGBMRegressor

    def fit(rows: Rows, seed: int) -> np.ndarray:
        train, test = as_categories(rows)
        kind = LGBMClassifier if rows.task == CLASSES else LGBMRegressor
        model = kind(random_state=seed, n_jobs=1, verbose=-1)
        return said(model.fit(train, rows.truth(rows.train)), test, rows)

    return fit


def _pytabkit(name: str) -> Fit:
    """pandas categories; missing numbers are refused, and filled in with medians here."""
    import pytabkit
    import torch
    from pytabkit.models.alg_interfaces import nn_interfaces, tabm_interface  # noqa: F401

    torch.set_num_threads(1)

    def fit(rows: Rows, seed: int) -> np.ndarray:
        train, test = filled(*as_categories(rows))
        kind = getattr(pytabkit, f"{name}_{'Classifier' if rows.task == CLASSES else 'Regressor'}")
        model = kind(random_state=seed, n_threads=1, device="cpu", verbosity=0)
        return said(model.fit(train, rows.truth(rows.train)), test, rows)

    return fit


LINEAR = "linear"
MODELS: dict[str, Model] = {
    GOODFIT: Model("goodfit", goodfit({})),
    "scikit-learn MLP": Model("scikit-learn", lambda: _sklearn(mlp=True)),
    "RealMLP-TD": Model("pytabkit", lambda: _pytabkit("RealMLP_TD")),
    "TabM-D": Model("pytabkit", lambda: _pytabkit("TabM_D")),
    "CatBoost": Model("catboost", _catboost, tree=True),
    "LightGBM": Model("lightgbm", _lightgbm, tree=True),
    "HistGradientBoosting": Model("scikit-learn", _histograms, tree=True),
    LINEAR: Model("scikit-learn", lambda: _sklearn(mlp=False)),
}
CHANGES: dict[str, tuple[dict[str, Any], int | None]] = {  # what changes -> (fields, how many nets)
    "no encoding": ({"encoding": "none"}, None),
    "8 bins": ({"encoding": "piecewise", "bins": 8}, None),  # on wide tables too, where the default has no encoding
    "32 bins": ({"encoding": "piecewise", "bins": 32}, None),
    "periodic encoding": ({"encoding": "pbld", "encoding_rate": 0.1}, None),
    "embedded categories": ({"train_embedding": True}, None),
    "dropout 0": ({"dropout": 0.0}, None),
    "dropout 0.3": ({"dropout": 0.3}, None),
    "dropout of inputs 0.1": ({"input_dropout": 0.1}, None),
    "learning rate 0.001": ({"learning_rate": 0.001}, None),
    "learning rate 0.006": ({"learning_rate": 0.006}, None),
    "weight decay 0.1 (AdamW)": ({"optimizer": "adamw", "weight_decay": 0.1}, None),
    "label smoothing 0.02": ({"label_smoothing": 0.02}, None),
    "no patience": ({"patience": 0}, None),
    "100 epochs": ({"epochs": 100}, None),
    "hidden 128, 64": ({"hidden": (128, 64)}, None),
    "hidden 512, 256": ({"hidden": (512, 256)}, None),
    "hidden 256, 256, 256": ({"hidden": (256, 256, 256)}, None),
    "ReLU": ({"activation": "relu"}, None),
    "SiLU": ({"activation": "silu"}, None),
    "batches of 64": ({"batch_size": 64}, None),
    "rate flat, then falling": ({"schedule": "flat-cosine"}, None),
    "rate in four waves": ({"schedule": "coslog4"}, None),
    "rate in four waves, dropout 0.05": ({"schedule": "coslog4", "dropout": 0.05}, None),
    "rate in four waves, best epoch by tempered loss": ({"schedule": "coslog4", "monitor": "tempered-loss"}, None),
    "dropout that falls": ({"dropout_schedule": "flat-cosine"}, None),
    "best epoch by score, the last of equals": ({"monitor": "score", "ties": "last"}, None),
    "best epoch by tempered loss": ({"monitor": "tempered-loss"}, None),
    "predictions within the range": ({"clip_predictions": True}, None),
    "mixed activations": ({"train_mixture": True, "mixture_rate": 0.1}, None),
    "8 members": ({"members": 8}, None),
    "16 members": ({"members": 16}, None),
    "32 members": ({"members": 32}, None),
    "16 members, scaled inputs alone": ({"members": 16, "member_form": "tabm-mini"}, None),
    "32 members, scaled inputs alone": ({"members": 32, "member_form": "tabm-mini"}, None),
    "one net, 20 % validate": ({"valid": 0.2}, 1),
    "two nets a fold": ({}, 10),
    "10 folds": ({"fold_members": 10}, 10),
}
FOR_CLASSES = (  # changes that numbers do not have
    "label smoothing 0.02",
    "best epoch by tempered loss",
    "rate in four waves, best epoch by tempered loss",
)
FOR_NUMBERS = ("predictions within the range",)  # changes that classes do not have
ABLATIONS: dict[str, Model] = {name: Model("goodfit", goodfit(*change)) for name, change in CHANGES.items()}

FITS: dict[str, Model] = {
    "goodfit fit, 1 minute": Model("goodfit", timed(60)),
    "goodfit fit, 5 minutes": Model("goodfit", timed(300)),
}
ALL = {**MODELS, **ABLATIONS, **FITS}


def settings(name: str) -> str:
    """What a result was made with: another text means that it must be made anew. "" where it cannot be made here."""
    model = ALL[name]
    if model.package != "goodfit" or not model.installed:
        return model.installed
    from goodfit.runs import defaults

    if name in FITS:
        from goodfit.ensembles import choosing, planning, space

        parts = [
            repr(vars(each)[key]) for each in (space, planning, choosing) for key in sorted(vars(each)) if key.isupper()
        ]
        return f"{model.installed}, {parts}"
    own = {
        key: value for key, value in vars(defaults).items() if key.isupper() and isinstance(value, int | float | tuple)
    }
    return f"{model.installed}, {json.dumps([own, CHANGES.get(name, ())])}"
