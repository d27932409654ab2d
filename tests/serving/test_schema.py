"""The OpenAPI document: valid, and true of what is taken and answered. The page for people: sound, and escaped."""

from __future__ import annotations

import json
from typing import Any

import pytest
from serving_help import ROW, Client, array_model, net, served, table_model

from goodfit.data.tables.frames import frame_of
from goodfit.data.tables.preprocessing import Preprocessing
from goodfit.models import Model
from goodfit.serving import app
from goodfit.serving.answering import Answering
from goodfit.serving.front_page import example_row
from goodfit.serving.schema import openapi
from page_check import check

TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
    "number": (int, float),
    "integer": int,
}
KNOWN = {  # keywords of JSON Schema that this reads, and those that say nothing of a value
    *("$ref", "type", "const", "enum", "minimum", "maximum", "items", "minItems", "maxItems"),
    *("properties", "required", "additionalProperties"),
    *("description", "examples", "x-kind", "x-categories"),
}


def faults(document: Any, schema: Any, value: Any) -> list[str]:
    """Where a value is not what a schema of the document says: JSON Schema 2020-12, as far as it is used here."""
    assert schema.keys() <= KNOWN, schema.keys() - KNOWN
    if "$ref" in schema:
        return faults(document, document["components"]["schemas"][schema["$ref"].rpartition("/")[2]], value)
    kinds = [schema["type"]] if isinstance(schema.get("type"), str) else schema.get("type", [])
    fits = [isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool)) for kind in kinds]
    found = [] if not kinds or any(fits) else [f"{value!r} is not of {kinds}"]
    if value not in schema.get("enum", [schema.get("const", value)]):
        found.append(f"{value!r} is no allowed value")
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, high = schema.get("minimum", value), schema.get("maximum", value)
        found += [f"{value} is out of range"] * (not low <= value <= high)
    if isinstance(value, list):
        low, high = schema.get("minItems", 0), schema.get("maxItems", len(value))
        found += [f"{len(value)} items"] * (not low <= len(value) <= high)
        found += [fault for each in value for fault in faults(document, schema.get("items", {}), each)]
    if isinstance(value, dict):
        known = schema.get("properties", {})
        found += [f"{name!r} lacks" for name in schema.get("required", []) if name not in value]
        more = value.keys() - known.keys() if schema.get("additionalProperties") is False else ()
        found += [f"{name!r} is unknown" for name in more]
        found += [fault for name in value.keys() & known.keys() for fault in faults(document, known[name], value[name])]
    return found


def references(value: Any) -> list[str]:
    if isinstance(value, dict):
        own = [value["$ref"]] if "$ref" in value else []
        return own + [each for part in value.values() for each in references(part)]
    return [each for part in value for each in references(part)] if isinstance(value, list) else []


def schema_of(document: Any, path: str, method: str, status: str) -> Any:
    return document["paths"][path][method]["responses"][status]["content"]["application/json"]["schema"]


def test_the_document_is_openapi_and_its_references_resolve(people: Client) -> None:
    status, headers, body = people.ask("GET", "/schema")
    assert (status, headers["content-type"]) == (200, "application/json")
    document = json.loads(body)
    assert document["openapi"] == "3.1.0"
    assert document["info"].keys() >= {"title", "version"}
    assert document.keys() == {"openapi", "info", "paths", "components"}
    assert references(document)
    for reference in references(document):
        assert reference.removeprefix("#/components/schemas/") in document["components"]["schemas"]
    for path, methods in document["paths"].items():
        assert path.startswith("/")
        for operation in methods.values():
            assert operation.keys() <= {"summary", "description", "parameters", "requestBody", "responses"}
            for answer in operation["responses"].values():
                assert answer.keys() == {"description", "content"}


def test_the_document_lists_every_path_and_no_other() -> None:
    made = app(array_model())
    assert {route.path for route in made.routes} == openapi(Answering(array_model()))["paths"].keys()  # type: ignore[attr-defined]


def test_columns_types_and_categories(people: Client) -> None:
    row = json.loads(people.ask("GET", "/schema")[2])["components"]["schemas"]["Row"]
    assert row["required"] == ["age", "城市", "member", "since"]
    kinds = {name: column["x-kind"] for name, column in row["properties"].items()}
    assert kinds == {"age": "numeric", "城市": "categorical", "member": "boolean", "since": "date"}
    assert row["properties"]["城市"]["x-categories"] == ["3", "Bergen", "a|b", "北京"]
    assert row["properties"]["age"]["description"] == "A number. null is a missing value, as in training."
    assert row["examples"] == [{"age": 35.25, "城市": "3", "member": False, "since": "2021-02-01"}]


@pytest.mark.parametrize(
    ("row", "right"),
    [
        (ROW, True),
        ({**ROW, "age": None, "member": "yes", "further": [1]}, True),
        ({**ROW, "age": "old"}, False),
        ({**ROW, "age": True}, False),
        ({**ROW, "城市": ["x"]}, False),
        ({"age": 3}, False),
    ],
    ids=lambda each: str(each)[:30],
)
def test_the_document_is_true_of_what_is_taken_and_answered(people: Client, row: Any, right: bool) -> None:
    document = json.loads(people.ask("GET", "/schema")[2])
    body = {"rows": [row]}
    assert (faults(document, {"$ref": "#/components/schemas/Rows"}, body) == []) is right
    status, answer = people.predict(body)
    assert status == (200 if right else 422)
    assert faults(document, schema_of(document, "/predict", "post", str(status)), answer) == []
    health = json.loads(people.ask("GET", "/health")[2])
    assert faults(document, schema_of(document, "/health", "get", "200"), health) == []


@pytest.mark.parametrize(
    "model",
    [
        array_model(),
        array_model(1, task="regression", classes=()),
        array_model(2, task="regression", classes=()),
        array_model(3, task="multilabel"),
    ],
    ids=lambda model: model.task,
)
def test_the_document_is_true_for_every_task(model: Model) -> None:
    document = openapi(Answering(model))
    with served(model) as client:
        status, answer = client.predict({"rows": [[1, 2, 3], [0.5, 0, 0]]})
        assert status == 200
        assert faults(document, schema_of(document, "/predict", "post", "200"), answer) == []
        assert client.predict({"rows": [example_row(Answering(model))]})[0] == 200


def test_the_example_row_can_be_sent(people: Client) -> None:
    assert people.predict({"rows": [example_row(Answering(table_model()))]})[1]["notes"] == []


def test_the_page_is_sound_and_shows_the_example(people: Client) -> None:
    status, headers, body = people.ask("GET", "/")
    assert (status, headers["content-type"]) == (200, "text/html; charset=utf-8")
    root = check(body.decode())
    (code,) = root.all("pre")
    assert code.text.startswith(
        f"curl http://127.0.0.1:{people.server.port}/predict -H 'Content-Type: application/json'"
    )
    assert "城市" in root.text


def test_names_that_could_be_markup_are_shown() -> None:
    odd = "<script>alert(1)</script>'\"&"
    made = Preprocessing.fit(
        frame_of({odd: ["<b>", "c"], "x" * 500: [1, 2]}), {odd: "categorical", "x" * 500: "numeric"}
    )
    model = Model((net(made.n_inputs, 2, 0, classes=("<i>", "b")),), preprocessing=made)
    with served(model) as client:
        page = client.ask("GET", "/")[2].decode()
        row = {odd: "<b>", "x" * 500: 1}
        assert client.predict({"rows": [row]})[0] == 200
    check(page)
    assert "<script>" not in page
    assert "x" * 100 not in check(page).all("table")[1].text
