"""`export`: a model out of goodfit, checked against goodfit's own predictions before anything is written."""

from __future__ import annotations

import importlib.util
import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from goodfit.arguments import public
from goodfit.data.tables.categories import Frequent
from goodfit.data.tables.raw import DAY, truth_of
from goodfit.errors import GoodfitError, InputError, nearest, problem
from goodfit.files import write_atomically
from goodfit.interop.export import onnx_file
from goodfit.interop.export.onnx_columns import dtype_of
from goodfit.interop.export.packing import numpy_files, torch_files
from goodfit.interop.export.rows import CheckRows, check_rows
from goodfit.interop.export.sklearn_object import joblib_bytes, sklearn_object
from goodfit.interop.export.spelling import blanks_note, import_note, reading_notes
from goodfit.models.member_nets import taken_apart
from goodfit.models.model_file import Model, load_model
from goodfit.models.whereabouts import MODEL_FILE, existing_model_path
from goodfit.runs import record
from goodfit.runs.run import Run

LARGEST_DIFFERENCE = 1e-5  # relative, above which nothing is written
FLOAT32_DIFFERENCE = 5e-6  # relative to each prediction alone, up to which the layers of an ONNX file are float32
SHOWN = 20  # inputs that are named
TINY = 1e-30  # probabilities below it have too few digits in float32 to be compared
ENDINGS = {"onnx": (".onnx",), "torch": (".pt", ".py"), "numpy": (".npz", ".py"), "sklearn": (".joblib",)}
NEEDED = {"onnx": "onnx", "torch": "torch"}  # modules, which are extras of the same names


@dataclass(frozen=True)
class Exported:
    """What was written, and how near it is to goodfit.

    kind: "onnx", "torch", "numpy" or "sklearn"
    files: their paths
    difference: the largest relative one to goodfit's predictions, see `relative_difference`
    rows: which rows that was measured on
    by: what predicted for them
    about: what a user of the files must know, one line each.
    """

    kind: str
    files: tuple[str, ...]
    difference: float
    rows: str
    by: str
    about: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """All of it in words."""
        checked = f"largest relative difference to goodfit {self.difference:.1e}, on {self.rows}, by {self.by}"
        return [f"Export: {', '.join(self.files)}", f"Checked: {checked}", *self.about]

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON has them."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class _Made:
    """Contents by the endings of their files' names, what they predict for the rows of the check, and by what."""

    files: Mapping[str, bytes]
    values: np.ndarray
    by: str
    about: tuple[str, ...] = ()


@public
def export(
    source: Run | Model | str | os.PathLike[str], kind: str, path: str | os.PathLike[str], *, rows: Any = None
) -> Exported:
    """Write a model with its preprocessing in a form that needs no goodfit: its nets, averaged as goodfit does.

    source: a run, a model, or the path of a run's folder or of a model file
    kind: "onnx" (one file), "torch" (.py and .pt), "numpy" (.py and .npz) or "sklearn" (one .joblib file)
    path: of the file, or of both without their endings; what is there is overwritten
    rows: rows to check the export on, as the model takes them, or the path of a table file; None for the run's training
      rows or, where those are not found, for rows that are drawn within the ranges of the preprocessing

    InputError for what the form cannot hold, by name. GoodfitError where a package is missing that the form needs, and
    where the export differs from goodfit by more than 1e-5, relative: nothing is written then. Members that share
    weights are written as nets of their own, so that files are as many times as large. docs/export.md says what each
    form takes and gives.
    """
    if kind not in ENDINGS:
        raise InputError(problem("export", "'kind' must be a known one", got=kind, fix=nearest(kind, ENDINGS)))
    base = _base(path, kind)
    if kind in NEEDED:
        _check_installed(kind, NEEDED[kind], f"goodfit[{NEEDED[kind]}]")
    given, folder = _resolved(source)
    model = replace(given.predictor, nets=taken_apart(given.predictor.nets))
    found = check_rows(model, rows, folder, source.split if isinstance(source, Run) else None)
    made = MAKERS[kind](model, found)
    difference = relative_difference(made.values, found.expected)
    if not difference <= LARGEST_DIFFERENCE:
        rule = f"must predict as goodfit does, within {LARGEST_DIFFERENCE:g}, relative; on {found.about} it does not"
        fix = "Nothing was written. Please report it, or export to another form."
        raise GoodfitError(problem(f"Export to {kind}", rule, got=float(difference), fix=fix))
    files = _write(base, made.files)
    columns = () if model.preprocessing is None else model.preprocessing.columns
    about = (*made.about, *reading_notes(columns), *(import_note(base.name) if ".py" in ENDINGS[kind] else ()))
    return Exported(kind, files, difference, found.about, made.by, about)


def relative_difference(values: np.ndarray, expected: np.ndarray) -> float:
    """The largest relative difference between predictions [N, C]; nan where they cannot be compared.

    Each is relative to the magnitude of what is expected there, or to the mean magnitude of its output over the rows,
    whichever is larger: a prediction near 0 has no digits of its own.
    """
    if values.shape != expected.shape:
        return float("nan")
    wide, right = np.asarray(values, np.float64), np.asarray(expected, np.float64)
    scale = np.maximum(np.abs(right), np.abs(right).mean(0))
    away = np.abs(wide - right)
    return float(np.divide(away, scale, out=away.copy(), where=scale > 0).max(initial=0.0))


def _base(path: str | os.PathLike[str], kind: str) -> Path:
    """The path without one of the kind's endings."""
    given = Path(path)
    if not given.name or "\0" in os.fspath(path):
        raise InputError(problem(repr(os.fspath(path)), "must be the path of a file", fix="Give it a name."))
    if os.path.isdir(given):
        raise InputError(problem(str(given), "must be the path of a file; it is a folder", fix="Add a name to it."))
    return given.with_suffix("") if given.suffix.lower() in ENDINGS[kind] else given


def _check_installed(kind: str, name: str, package: str) -> None:
    """GoodfitError where a module is not there. package: what installs it."""
    if importlib.util.find_spec(name) is None:
        fix = f"Install it: pip install '{package}'."
        raise GoodfitError(problem(f"Export to {kind}", f"needs the package {name}, which is not installed", fix=fix))


def _resolved(source: Run | Model | str | os.PathLike[str]) -> tuple[Model, Path | None]:
    """The model, and the folder of its run, where it has one."""
    if isinstance(source, Model):
        return source, None
    if isinstance(source, Run):
        return source.model, source.folder
    path = existing_model_path(source)
    beside = path.parent if path.name == MODEL_FILE and os.path.exists(path.parent / record.RUN) else None
    return load_model(path), beside


def _write(base: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Write all files; where one fails, those that were not there before are removed again."""
    new: list[Path] = []
    try:
        for ending, content in files.items():
            target = base.with_name(base.name + ending)
            there = os.path.lexists(target)
            write_atomically(target, content)
            new += [] if there else [target]
    except BaseException:
        for target in new:
            target.unlink(missing_ok=True)
        raise
    return tuple(str(base.with_name(base.name + ending)) for ending in files)


def _to_onnx(model: Model, found: CheckRows) -> _Made:
    """In float32, as other systems expect, or in float64 where that loses digits of a prediction, as of one near 0."""
    onnx_file.check_names(model)
    _check_hashed(model, found)
    feed = _feed(model, found)
    for precision in (np.float32, np.float64):
        content = onnx_file.onnx_bytes(model, found.known, precision)
        values, by = onnx_file.output_of(content, feed)
        if np.allclose(values, found.expected, FLOAT32_DIFFERENCE, TINY):
            break
    about = [f"ONNX opset: {onnx_file.OPSETS}; layers in {np.dtype(precision).name}", f"Inputs: {_inputs(feed)}"]
    columns = () if model.preprocessing is None else model.preprocessing.columns
    hashed = [column for column in columns if isinstance(column, Frequent)]
    unseen = "categories that the training rows had not give nan and no label, for ONNX has no hash"
    about += [*(f"Column {column.name!r}: {unseen}." for column in hashed), *blanks_note(columns)]
    return _Made({".onnx": content}, values, by, tuple(about))


def _inputs(feed: Mapping[str, np.ndarray]) -> str:
    """The names and types of ONNX inputs, for people."""
    types = {np.dtype(object): "string", np.dtype(np.float32): "float", np.dtype(np.float64): "double"}
    shown = [f"{name!r} {types[values.dtype]}" for name, values in feed.items()]
    return ", ".join(shown if len(shown) <= SHOWN else [*shown[:SHOWN], f"and {len(shown) - SHOWN:,} more"])


def _check_hashed(model: Model, found: CheckRows) -> None:
    columns = () if model.preprocessing is None else model.preprocessing.columns
    lost = [column.name for column in columns if isinstance(column, Frequent) and column.name not in found.known]
    if lost:
        rule = f"needs the training rows for the rare categories of {', '.join(map(repr, lost))}, which are hashed"
        fix = "Give them with rows= (--rows), or export to numpy or torch, which compute the hash."
        raise InputError(problem("Export to onnx", rule, fix=fix))


def _feed(model: Model, found: CheckRows) -> dict[str, np.ndarray]:
    """The rows of the check as the ONNX file takes them: texts without blanks around them."""
    if not isinstance(found.rows, dict) or model.preprocessing is None:
        return {onnx_file.ARRAY: np.asarray(found.rows, np.float32)}
    feed = {}
    for column in model.preprocessing.columns:
        values = found.rows[column.name]
        if values.dtype.kind == "M":
            values = np.where(np.isnat(values), np.nan, values.astype(np.int64) / DAY)
        elif values.dtype == object:
            values = np.array([text.strip() for text in values], object)
        feed[column.name] = values.astype(dtype_of(column))[:, None]
    return feed


def _to_code(files: Callable[[Model], dict[str, bytes]], by: str) -> Callable[[Model, CheckRows], _Made]:
    """An export to a Python file and one of numbers, which predicts from another folder, as a user's would."""

    def make(model: Model, found: CheckRows) -> _Made:
        contents = files(model)
        with tempfile.TemporaryDirectory() as folder:
            for ending, content in contents.items():
                Path(folder, f"exported{ending}").write_bytes(content)
            spec = importlib.util.spec_from_file_location("exported", Path(folder, "exported.py"))
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            values = module.predict_proba(found.rows)
        ordered = dict(sorted(contents.items()))  # the numbers first: code without them would be of no use
        return _Made(ordered, np.asarray(values), by)

    return make


def _to_sklearn(model: Model, found: CheckRows) -> _Made:
    rows: Any = found.rows
    if model.preprocessing is not None:
        _check_installed("sklearn", "pandas", "pandas")
        import pandas

        truths = {column.name for column in model.preprocessing.columns if column.kind == "boolean"}
        read = {name: [truth_of(word.strip()) for word in values] for name, values in rows.items() if name in truths}
        numbers = {name: np.array(values, np.float64) for name, values in read.items()}
        rows = pandas.DataFrame(rows | numbers)
    made = sklearn_object(model)
    predicted = made.predict(rows) if model.task == "regression" else made.predict_proba(rows)
    values = np.asarray(predicted).reshape(len(found.expected), -1)
    if model.task == "classification":  # whose classes scikit-learn sorts
        values = values[:, [made.classes_.tolist().index(name) for name in model.classes]]
    return _Made({".joblib": joblib_bytes(made)}, values, "scikit-learn")


MAKERS: dict[str, Callable[[Model, CheckRows], _Made]] = {
    "onnx": _to_onnx,
    "torch": _to_code(torch_files, "PyTorch"),
    "numpy": _to_code(numpy_files, "NumPy"),
    "sklearn": _to_sklearn,
}
