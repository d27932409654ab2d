"""Predicts with NumPy alone, as nets did in goodfit; their numbers are in the .npz file that has this file's name."""

import hashlib
import json
import math
import re
from datetime import UTC, datetime
from typing import Any

import numpy as np

FILE = dict(np.load(__file__.removesuffix(".py") + ".npz"))
ABOUT: dict[str, Any] = json.loads(str(FILE["about"]))
ACTIVATIONS: dict[str, Any] = {  # of z, and of the slope below 0
    "line": lambda z, slope: np.where(z > 0, z, slope * z),
    "sigmoid": lambda z, _: np.exp(-np.logaddexp(0, -z)),
    "tanh": lambda z, _: np.tanh(z),
    "elu": lambda z, _: np.where(z > 0, z, np.expm1(np.minimum(z, 0))),
    "selu": lambda z, _: 1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * np.expm1(np.minimum(z, 0))),
    "gelu": lambda z, _: z / 2 * np.vectorize(math.erfc, otypes=[float])(-z / math.sqrt(2)),
    "silu": lambda z, _: z * np.exp(-np.logaddexp(0, -z)),
    "softplus": lambda z, _: np.logaddexp(0, z),
    "mish": lambda z, _: z * np.tanh(np.logaddexp(0, z)),
}


def number(text: str, column: dict[str, Any]) -> float:
    """A number, yes or no as 1 or 0, or a date or time such as 2024-01-31T17:42 or 17:42 as days since 1970-01-01."""
    kind, day = column["kind"], {1: "1970-01-01T0", 2: "1970-01-01T"}.get(text.find(":"), "")
    word = {"date": text.replace("/", "-"), "boolean": ABOUT["truths"].get(text.lower(), text)}.get(kind, text)
    word = word if re.search(column["pattern"], word) else "unread"
    try:
        if kind == "date":
            return (at := datetime.fromisoformat(day + word)).replace(tzinfo=at.tzinfo or UTC).timestamp() / 86_400
        return [0.0, 1.0].index(float(word)) if kind == "boolean" else float(word)
    except ValueError:
        raise ValueError(f"column {column['name']!r} is {kind}: {text!r} cannot be read") from None


def place(text: str, column: dict[str, Any]) -> int:
    """Which input of its column a category sets, -1 for none; others than the known ones share inputs by their hash."""
    code = hashlib.blake2b(f"{column['name']}\0{text}".encode(), digest_size=8).digest()
    shared = len(column["places"]) + int.from_bytes(code, "little") % max(1, column["buckets"])
    return int(column["places"].get(text, shared if text and column["buckets"] else -1))


def column_inputs(cells: Any, column: dict[str, Any]) -> Any:
    """The inputs of one column, [N, W] or one more. A cell is read as text without blanks around it; 3.0 is 3."""
    ready = column["kind"] == "numeric" and cells.dtype.kind in "biuf"
    cells = cells.astype("M8[us]") if cells.dtype.kind == "M" else cells
    words = [] if ready else ["nan" if cell is None else str(cell).strip() for cell in cells]
    texts = ["" if text.lower() in column["missing"] else re.sub(r"^([+-]?[0-9]+)\.0+$", r"\1", text) for text in words]
    if "places" in column:
        at = np.array([*map({text: place(text, column) for text in {*texts}}.get, texts)], int)
        made = np.array(column["values"])[at] if column["values"] else at[:, None] == np.arange(column["own"])
        return np.column_stack([made, [not text for text in texts]])
    values = cells if ready else np.array([number(text, column) if text else np.nan for text in texts])
    values = np.where(np.isinf(values), np.nan, values).astype(float)
    z = np.clip((values - column["median"]) * column["factor"], -1e100, 1e100)
    found = {"value": [values], "trend": [z / np.sqrt(1 + (z / 3) ** 2)]}  # scaled robustly, clipped smoothly
    for part, turns in {"year": values // 1 / 365.2425, "week": (values // 1 + 3) / 7, "day": values % 1}.items():
        found[part] = [np.sin(2 * np.pi * turns), np.cos(2 * np.pi * turns)]
    made, gap = np.column_stack([each for part in column["parts"] for each in found[part]]), np.isnan(values)[:, None]
    return np.column_stack([np.where(gap, column["instead"], made), gap])


def back(t: Any, kind: str, numbers: Any, knots: Any) -> Any:
    """Targets [N] in their own unit from transformed ones. knots: of the quantiles, else none."""
    (shape, unit), t = numbers[:2].astype(float), np.clip(t, *numbers[2:].astype(float))
    if kind != "yeo-johnson":  # then it is a function of NumPy
        return np.interp(t, *knots) if kind == "interp" else getattr(np, kind)(t)
    power = np.where(t >= 0, shape, 2 - shape) + 1e-300  # where it is 0, this gives the limit
    return np.sign(t) * unit * np.expm1(np.log1p(np.maximum(power * np.abs(t), 2.0**-23 - 1)) / power)


def finished(z: Any, place: int, net: dict[str, Any]) -> Any:
    """Probabilities or numbers [N, C] from the outputs z of the net in this place."""
    if ABOUT["task"] != "regression":
        one = ABOUT["task"] == "classification"
        return np.exp(z - (np.logaddexp.reduce(z, axis=1, keepdims=True) if one else np.logaddexp(0, z)))
    z = z / net["target_scale"] + net["target_shift"]
    return np.column_stack([*map(back, z.T, ABOUT["kinds"][place], net["numbers"], net["knots"])])


def predict_proba(x: Any) -> Any:
    """Mean probabilities of ABOUT["classes"], or numbers, [N, C]; x: columns (dict, data frame), or an array [N, D]."""
    inputs = [column_inputs(np.asarray(x[each["name"]]), each)[:, : each["width"]] for each in ABOUT["columns"]]
    rows, total = np.column_stack(inputs).astype(np.float32) if inputs else np.asarray(x), np.zeros(1)
    for place, layers in enumerate(ABOUT["nets"]):
        net = {name.partition(".")[2]: FILE[name] for name in FILE if name.startswith(f"{place}.")}
        h = (z := (rows.astype(float) - net["shift"]) * net["scale"]) / np.sqrt(1 + (z * net["bend"]) ** 2)
        waves = np.cos(2 * np.pi * h[:, net["waved"], None] * net["frequencies"] + net["phases"])
        sums = (np.einsum("nef,eof->neo", waves, net["weights"]) + net["offsets"]).reshape(len(h), net["offsets"].size)
        h = np.column_stack([h, np.clip((h[:, net["encoded"]] - net["low"]) * net["slopes"], 0, 1), sums])
        for layer, (name, slope) in enumerate(layers):
            z, share = h @ net[f"weight{layer}"].T + net[f"bias{layer}"], np.float64(net.get(f"share{layer}", 1))
            h = share * ACTIVATIONS[name](z, slope) + (1 - share) * z  # of its activation, units may take a share
        total = total + ABOUT["counts"][place] * finished(h, place, net)
    return (total / sum(ABOUT["counts"])).astype(np.float32)


def predict(x: Any) -> Any:
    """Names of classes [N], labels of 0 and 1 [N, C], or numbers [N, C]."""
    values, task = predict_proba(x), ABOUT["task"]
    other = values if task == "regression" else (values > 0.5).astype(int)
    return np.array(ABOUT["classes"])[values.argmax(1)] if task == "classification" else other
