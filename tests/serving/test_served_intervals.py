"""Prediction intervals and sets over HTTP: those of the model, where the request or the server asks for them."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from serving_help import Client, array_model, served

from goodfit.errors import InputError
from goodfit.models import Model
from goodfit.models.conformal import ENTRY, conformal_classes, conformal_numbers
from goodfit.serving import app

ROWS = np.random.default_rng(0).standard_normal((40, 3))
BODY = {"rows": ROWS[:4].tolist()}


def bounded(task: str, outputs: int = 2) -> Model:
    fields: dict[str, Any] = {"task": "regression", "classes": ()} if task == "regression" else {}
    model = array_model(outputs, **fields)
    rng = np.random.default_rng(1)
    if task == "regression":
        values = model.predict(ROWS)
        found = conformal_numbers(values, values + rng.standard_normal(values.shape), "validation")
    else:
        found = conformal_classes(model.predict_proba(ROWS), rng.integers(0, outputs, 40), "validation")
    assert found is not None
    return dataclasses.replace(model, about={ENTRY: found.to_json()})


def asked(client: Client, query: str = "") -> Any:
    status, _, answer = client.ask("POST", f"/predict{query}", json.dumps(BODY), {"Content-Type": "application/json"})
    return status, json.loads(answer)


@pytest.mark.parametrize("outputs", [1, 2])
def test_numbers_have_the_intervals_of_the_model(outputs: int) -> None:
    model = bounded("regression", outputs)
    with served(model) as client:
        for query, how in (("?coverage=0.8", {}), ("?coverage=0.8&adaptive=True", {"adaptive": True})):
            told = asked(client, query)[1]["predictions"]
            expected = model.predict_interval(ROWS[:4], 0.8, **how)
            found = np.array([each["interval"] for each in told]).reshape(4, outputs, 2)
            np.testing.assert_array_equal(found, expected)
        assert "interval" not in asked(client)[1]["predictions"][0]
        wide = asked(client, "?coverage=0.99")[1]
    assert np.ravel([each["interval"] for each in wide["predictions"]]).tolist() == [None] * (8 * outputs)
    assert "needs 99 rows with validation predictions" in wide["notes"][0]


def test_classes_have_the_sets_of_the_model_and_the_server_may_ask() -> None:
    model = bounded("classification")
    with served(model, coverage=0.7) as client:
        for query, coverage in (("", 0.7), ("?coverage=0.9", 0.9)):
            told = asked(client, query)[1]["predictions"]
            held = model.predict_sets(ROWS[:4], coverage)
            names = [[name for name, own in zip("ab", row, strict=True) if own] for row in held]
            assert [each["set"] for each in told] == names
        schema = json.loads(client.ask("GET", "/schema")[2])
    assert schema["components"]["schemas"]["Prediction"]["properties"]["set"]["items"]["enum"] == ["a", "b"]
    assert "set" not in schema["components"]["schemas"]["Prediction"]["required"]
    assert {each["name"] for each in schema["paths"]["/predict"]["post"]["parameters"]} == {"coverage", "adaptive"}


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("?coverage=1.5", "Coverage: must be above 0 and below 1; got 1.5. 0.9 is usual."),
        ("?coverage=nan", "Coverage: must be above 0 and below 1; got nan. 0.9 is usual."),
        ("?coverage=much", "Request: 'coverage' must be a number; got 'much'. 0.9 is usual."),
        ("?coverage=0.9&adaptive=yes", "Request: 'adaptive' must be true or false; got 'yes'."),
        ("?coverage=0.9&adaptive=true", "Request: 'adaptive' is for prediction intervals of numbers."),
        ("?covrage=0.9", "got 'covrage'. Did you mean 'coverage'?"),
    ],
)
def test_what_cannot_be_asked_for(query: str, told: str) -> None:
    with served(bounded("classification")) as client:
        status, answer = asked(client, query)
    assert status == 422
    assert told in answer["problems"][0]


def test_a_model_without_errors_has_none(numbers: Client) -> None:
    told = "has no held-out errors, so there are no intervals or sets"
    with pytest.raises(InputError, match=told):
        app(array_model(), coverage=0.9)
    with pytest.raises(InputError, match="must be above 0 and below 1; got 2"):
        app(bounded("classification"), coverage=2)
    status, answer = asked(numbers, "?coverage=0.9")
    assert (status, told in answer["problems"][0]) == (422, True)
