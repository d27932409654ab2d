"""A model as an ONNX file: columns in, labels and probabilities or numbers out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from goodfit import __version__
from goodfit.errors import GoodfitError, InputError, problem
from goodfit.interop.export.onnx_columns import OnnxColumns, dtype_of
from goodfit.interop.export.onnx_graph import ML, OnnxGraph, Value
from goodfit.interop.export.onnx_nets import mean_of_nets
from goodfit.models.model_file import Model

OPSET, ML_OPSET, IR_VERSION = 17, 3, 8
OPSETS = f"ai.onnx {OPSET}, {ML} {ML_OPSET}"
ARRAY = "x"  # the input of nets that were trained on arrays
VALUES = {"classification": "probabilities", "multilabel": "probabilities", "regression": "prediction"}
DATE_ORIGIN = "days since 1970-01-01, in UTC"


def onnx_bytes(model: Model, known: Mapping[str, Sequence[str]], precision: Any) -> bytes:
    """The file. known: categories of the training rows by column; precision: float type of the layers."""
    import onnx

    columns = () if model.preprocessing is None else model.preprocessing.columns
    names = [column.name for column in columns] or [ARRAY]
    graph = OnnxGraph(names)
    unread = None
    if columns:
        read = OnnxColumns(graph, columns, known)
        x, unread = read.inputs(), read.unread()
        kinds = {column.name: (dtype_of(column), ("N", 1)) for column in columns}
    else:
        x, kinds = ARRAY, {ARRAY: (np.dtype(np.float32), ("N", model.nets[0].n_inputs))}
    outputs = _outputs(graph, model, mean_of_nets(graph, model.nets, x, precision), unread)
    made = onnx.helper.make_model(
        onnx.helper.make_graph(
            graph.nodes,
            "goodfit",
            [_described(name, *facts) for name, facts in kinds.items()],
            [_described(name, *facts) for name, facts in outputs.items()],
            graph.constants,
        ),
        opset_imports=[onnx.helper.make_opsetid("", OPSET), onnx.helper.make_opsetid(ML, ML_OPSET)],
        ir_version=IR_VERSION,
        producer_name="goodfit",
        producer_version=__version__,
    )
    onnx.helper.set_model_props(made, _properties(model))
    try:
        content: bytes = made.SerializeToString()
        onnx.checker.check_model(content, full_check=True)
    except (ValueError, onnx.checker.ValidationError) as error:
        text = str(error).strip().partition("\n")[0]
        raise GoodfitError(problem("Export", f"the nets could not be written as an ONNX file: {text}")) from error
    return content


def _outputs(
    graph: OnnxGraph, model: Model, mean: Value, unread: Value | None
) -> dict[str, tuple[Any, tuple[Any, ...]]]:
    """Add the outputs; name -> (type, shape). A row that was not read gets nan, and an empty label or -1."""
    width = model.nets[0].n_outputs
    values = graph.cast(mean, np.float32)
    name = graph.name(VALUES[model.task])
    kinds: dict[str, tuple[Any, tuple[Any, ...]]] = {}

    def end(value: Value, instead: Any, output: Value, rows: Value | None = unread) -> None:
        if rows is None:
            graph.add("Identity", value, output=output)
        else:
            graph.add("Where", rows, graph.constant(instead), value, output=output)

    if model.task == "classification":
        label = graph.name("label")
        places = graph.add("ArgMax", values, axis=1, keepdims=0)
        rows = None if unread is None else graph.add("Squeeze", unread, graph.constant(np.array([1])))
        end(graph.add("Gather", graph.constant(np.array(model.classes)), places), np.array(""), label, rows)
        kinds[label] = (np.dtype(object), ("N",))
    elif model.task == "multilabel":
        labels = graph.name("labels")
        chosen = graph.add("Greater", values, graph.constant(np.float32(0.5)))
        end(graph.cast(chosen, np.int64), np.int64(-1), labels)
        kinds[labels] = (np.dtype(np.int64), ("N", width))
    end(values, np.float32(np.nan), name)
    return kinds | {name: (np.dtype(np.float32), ("N", width))}


def _described(name: str, kind: Any, shape: tuple[Any, ...]) -> Any:
    import onnx

    element = onnx.TensorProto.STRING if kind.kind == "O" else onnx.helper.np_dtype_to_tensor_dtype(kind)
    return onnx.helper.make_tensor_value_info(name, element, shape)


def _properties(model: Model) -> dict[str, str]:
    """What the file says of itself."""
    columns = () if model.preprocessing is None else model.preprocessing.columns
    read = {"numeric": "number, nan where missing", "date": f"{DATE_ORIGIN}, nan where missing"}
    texts = "text, empty where missing"
    return {
        "goodfit": __version__,
        "opset": OPSETS,
        "task": model.task,
        "classes": json.dumps(list(model.classes), ensure_ascii=False),
        "targets": json.dumps(list(model.targets), ensure_ascii=False),
        "columns": json.dumps({each.name: read.get(each.kind, texts) for each in columns}, ensure_ascii=False),
        "nets": str(len(model.nets)),
    }


def output_of(content: bytes, feed: Mapping[str, np.ndarray]) -> tuple[np.ndarray, str]:
    """(probabilities or numbers [N, C] of the file for these inputs, what ran it): ONNX Runtime, or onnx itself."""
    try:
        import onnxruntime
    except ImportError:
        import onnx.reference

        evaluator = onnx.reference.ReferenceEvaluator(content)
        return np.asarray(list(evaluator.run(None, dict(feed)))[-1]), "the reference evaluator of onnx"
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4  # what fails is raised
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, dict(feed))[-1]), f"ONNX Runtime {onnxruntime.__version__}"


def check_names(model: Model) -> None:
    """InputError for columns that no ONNX input can be named after."""
    columns = () if model.preprocessing is None else model.preprocessing.columns
    if any(not column.name for column in columns):
        raise InputError(problem("Export", "every column must have a name to become an ONNX input; one has none"))
