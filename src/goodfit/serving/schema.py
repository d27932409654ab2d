"""The OpenAPI document of a served model: what it takes, column by column, and what it answers."""

from __future__ import annotations

from typing import Any

from goodfit import __version__
from goodfit.data.tables.dates import Moments
from goodfit.data.tables.fitted import FittedColumn
from goodfit.data.tables.typical import known_categories, typical_row
from goodfit.serving.answering import CSV, Answering
from goodfit.serving.replies import JSON
from goodfit.serving.rows import ENTRY

OPENAPI = "3.1.0"
SHOWN_CATEGORIES = 1000  # of a column
REFUSALS = {
    "400": "The body is not JSON. NaN and Infinity are not JSON.",
    "403": "The Host header does not name this machine.",
    "408": "The body did not arrive in time.",
    "413": "The body is too large, or has too many rows.",
    "415": "The content type is not one that is accepted.",
    "422": "The rows cannot be predicted for; every problem is named by column and row.",
    "500": "A bug.",
}
TYPES: dict[str, Any] = {  # kind of a column -> what its values may be
    "numeric": {"type": ["number", "null"], "description": "A number."},
    "boolean": {"type": ["boolean", "integer", "string", "null"], "description": "true, false, 1, 0, or yes and no."},
    "date": {"type": ["string", "null"], "description": "A date, as 2024-01-31, or with a time, as 2024-01-31T17:42."},
    "categorical": {"type": ["string", "number", "boolean", "null"], "description": "A category."},
}
QUERIES: dict[str, tuple[dict[str, Any], str]] = {
    "coverage": (
        {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
        "Add to each row the prediction interval of numbers (null where it has no end), or the set of classes, which "
        "hold what comes true with this probability. Refused for models without held-out errors.",
    ),
    "adaptive": ({"type": "boolean"}, "Wider intervals where errors at such predictions were larger."),
}
TIME = "A time of day, as 17:42."
MISSING = {
    True: "null is a missing value, as in training.",
    False: "null is a missing value, and is filled in with a note: training had none.",
}


def openapi(answering: Answering) -> dict[str, Any]:
    """The whole document, in OpenAPI 3.1, as JSON has it."""
    text = {"type": "string"}
    return {
        "openapi": OPENAPI,
        "info": {
            "title": "A model served by goodfit",
            "version": __version__,
            "description": f"Fingerprint of the model: {answering.about['fingerprint']}.",
        },
        "paths": {
            "/predict": {"post": _predict(answering)},
            "/health": {"get": _get("Whether the server answers, and for which model.", _ref("Health"))},
            "/schema": {"get": _get("This document.", {"type": "object"})},
            "/": {
                "get": {
                    **_get("A page for people.", text),
                    "responses": {"200": _content("A page.", text, "text/html")},
                }
            },
        },
        "components": {
            "schemas": {
                "Row": row_schema(answering),
                "Rows": {
                    "type": "object",
                    "properties": {
                        ENTRY: {
                            "type": "array",
                            "items": _ref("Row"),
                            "minItems": 1,
                            "maxItems": answering.most_rows,
                        }
                    },
                    "required": [ENTRY],
                    "additionalProperties": False,
                },
                "Prediction": prediction_schema(answering),
                "Model": _object({"fingerprint": text, "goodfit": text}),
                "Predictions": _object(
                    {
                        "model": _ref("Model"),
                        "predictions": {"type": "array", "items": _ref("Prediction")},
                        "notes": {
                            "type": "array",
                            "items": text,
                            "description": "Which columns were ignored, and what was filled in.",
                        },
                    }
                ),
                "Health": _object({"status": {"const": "ok"}, "model": _ref("Model"), "limits": {"type": "object"}}),
                "Problems": _object({"status": {"type": "integer"}, "problems": {"type": "array", "items": text}}),
            }
        },
    }


def row_schema(answering: Answering) -> dict[str, Any]:
    """One row: an object by column name, or a list of numbers."""
    preprocessing, width = answering.model.preprocessing, answering.model.nets[0].n_inputs
    if preprocessing is None:
        return {"type": "array", "items": {"type": "number"}, "minItems": width, "maxItems": width}
    return {
        "type": "object",
        "properties": {column.name: column_schema(column) for column in preprocessing.columns},
        "required": [column.name for column in preprocessing.columns],
        "additionalProperties": True,
        "description": "Further columns are ignored, with a note.",
        "examples": [typical_row(preprocessing)],
    }


def column_schema(column: FittedColumn) -> dict[str, Any]:
    """What a column may hold. Known categories stand in `x-categories`: others are allowed, and told in a note."""
    about = TYPES[column.kind]
    said = TIME if isinstance(column, Moments) and column.only_times else about["description"]
    found = {**about, "description": f"{said} {MISSING[column.missing]}", "x-kind": column.kind}
    if column.kind == "categorical":
        known = known_categories(column)
        found["x-categories"] = list(known[:SHOWN_CATEGORIES])
        found["description"] += f" {len(known):,} are known; others are predicted for, too."
    return found


def prediction_schema(answering: Answering) -> dict[str, Any]:
    """What is answered for one row."""
    model = answering.model
    share = {"type": "number", "minimum": 0, "maximum": 1}
    if model.task == "regression":
        outputs = model.nets[0].n_outputs
        number = {"type": "number"}
        ends = {"type": "array", "items": {"type": ["number", "null"]}, "minItems": 2, "maxItems": 2}

        def of_targets(one: dict[str, Any]) -> dict[str, Any]:
            if model.targets:
                return _object(dict.fromkeys(model.targets, one))
            return one if outputs == 1 else {"type": "array", "items": one, "minItems": outputs, "maxItems": outputs}

        return _object({"prediction": of_targets(number)}, interval=of_targets(ends))
    name = {"type": "string", "enum": list(model.classes)}
    chosen = name if model.task == "classification" else {"type": "array", "items": name}
    held = {"set": {"type": "array", "items": name}} if model.task == "classification" else {}
    return _object({"prediction": chosen, "probabilities": _object(dict.fromkeys(model.classes, share))}, **held)


def _predict(answering: Answering) -> dict[str, Any]:
    limits = f"At most {answering.most_rows:,} rows and {answering.limits.bytes:,} bytes in a request."
    content: dict[str, Any] = {JSON: {"schema": _ref("Rows")}}
    if CSV in answering.accepted:
        about = "A line of column names, then the rows; missing values are empty."
        content[CSV] = {"schema": {"type": "string", "description": about}}
    answers = {"200": _content("A prediction for each row, in their order.", _ref("Predictions"))}
    answers |= {status: _content(text, _ref("Problems")) for status, text in REFUSALS.items()}
    return {
        "summary": "Predict for rows.",
        "description": limits,
        "parameters": [
            {"name": name, "in": "query", "required": False, "schema": schema, "description": text}
            for name, (schema, text) in QUERIES.items()
        ],
        "requestBody": {"required": True, "content": content},
        "responses": answers,
    }


def _get(summary: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"summary": summary, "responses": {"200": _content(summary, schema)}}


def _content(description: str, schema: dict[str, Any], kind: str = JSON) -> dict[str, Any]:
    return {"description": description, "content": {kind: {"schema": schema}}}


def _object(properties: dict[str, Any], **optional: Any) -> dict[str, Any]:
    required, every = list(properties), {**properties, **optional}
    return {"type": "object", "properties": every, "required": required, "additionalProperties": False}


def _ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{name}"}
