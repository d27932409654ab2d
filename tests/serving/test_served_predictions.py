"""What a served model answers is what the model predicts, to the bit, for whatever form the rows come in."""

from __future__ import annotations

import contextlib
import http.client
import itertools
import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from serving_help import PEOPLE, ROW, Client, array_model, served, table_model

from goodfit import __version__
from goodfit.runs.opening import model_print

CSV = "age;城市;member;since\n33;北京;no;2021-04-01\n;Rome;yes;2021/04/01\n"


def probabilities(answer: Any) -> np.ndarray:
    return np.array([list(each["probabilities"].values()) for each in answer["predictions"]])


def by_hand(row: dict[str, float]) -> np.ndarray:
    """The mean probabilities of the two nets for inputs by name, in float64, from the weights alone."""
    model = table_model()
    assert model.preprocessing is not None
    x = np.array([row.get(name, 0.0) for name in model.preprocessing.features])
    shares = []
    for net in model.nets:
        hidden = np.maximum(net.weights[0].astype(float) @ x + net.biases[0], 0)
        z = net.weights[1].astype(float) @ hidden + net.biases[1]
        shares.append(np.exp(z) / np.exp(z).sum())
    return np.mean(shares, 0)


def test_an_answer_worked_out_by_hand(people: Client) -> None:
    """Of the median age and date and the category "3", all that is not 0 is that category, and that it is no member."""
    row = {"age": 35.25, "城市": 3, "member": False, "since": "2021-02-01"}
    model = table_model()
    assert model.preprocessing is not None
    found, _ = model.preprocessing.transform({name: [value] for name, value in row.items()})
    inputs = dict(zip(model.preprocessing.features, found[0].tolist(), strict=True))
    assert inputs["城市=3"] == 1
    assert (inputs["age"], inputs["member"], inputs["since days"]) == (0, 0, 0)
    status, answer = people.predict({"rows": [row]})
    assert status == 200
    np.testing.assert_allclose(probabilities(answer)[0], by_hand(inputs), rtol=1e-6)
    assert answer["predictions"][0]["prediction"] == "abc"[by_hand(inputs).argmax()]


def test_probabilities_are_those_of_the_model_to_the_bit(people: Client) -> None:
    rows = [dict(zip(ROW, values, strict=True)) for values in zip(*(PEOPLE[name] for name in ROW), strict=True)]
    model = table_model()
    status, answer = people.predict({"rows": rows})
    assert status == 200
    expected = model.predict_proba({name: PEOPLE[name] for name in ROW})
    assert (probabilities(answer) == expected.astype(np.float64)).all()
    assert [each["prediction"] for each in answer["predictions"]] == [model.classes[at] for at in expected.argmax(1)]
    assert answer["model"] == {"fingerprint": model_print(model.nets), "goodfit": __version__}
    assert answer["notes"] == []


def test_csv_is_read_as_a_file_is(people: Client) -> None:
    """A missing age has an input of its own; the other notes are those of predicting for a file."""
    with pytest.warns(UserWarning, match="not seen"):
        expected = table_model().predict_proba(
            {"age": [33, None], "城市": ["北京", "Rome"], "member": ["no", "yes"], "since": ["2021-04-01"] * 2}
        )
    status, answer = people.predict(CSV, "text/csv; charset=utf-8")
    assert status == 200
    assert (probabilities(answer) == expected).all()
    assert answer["notes"] == ["Column '城市': 1 value is not seen in training: 'Rome'."]
    told = ["Read with a decimal comma, 1,5 as 1.5: 'age'.", *answer["notes"]]
    assert people.predict(CSV.replace("33", "33,0"), "text/csv")[1] == {**answer, "notes": told}
    as_json = [ROW, {**ROW, "age": None, "城市": "Rome", "member": True}]
    assert people.predict({"rows": as_json})[1] == answer


def test_further_columns_are_ignored_with_a_note(people: Client) -> None:
    """But for those that training left out, as the target is."""
    status, answer = people.predict({"rows": [{**ROW, "shoe": 43, "income": 2}, {**ROW, "deep": {"a": [1]}}]})
    assert status == 200
    assert answer["notes"] == ["2 columns 'shoe', 'deep' ignored: the net was not trained on them."]
    assert answer["predictions"] == people.predict({"rows": [ROW, ROW]})[1]["predictions"]


SAME = [  # spellings of one value, as JSON and as a CSV file have it
    ("age", [33, 33.0, "33", " 33.0 ", "3.3e1"]),
    ("城市", [3, 3.0, "3", "3.0"]),
    ("member", [True, 1, 1.0, "yes", "TRUE", "1"]),
    ("since", ["2021-04-01", "2021/04/01", "2021-04-01T00:00"]),
    ("age", [None, "", "NA"]),
]


@pytest.mark.parametrize(("name", "values"), SAME, ids=lambda each: str(each)[:12])
def test_a_value_is_read_alike_whatever_stands_beside_it(people: Client, name: str, values: list[Any]) -> None:
    alone = [people.predict({"rows": [{**ROW, name: value}]})[1]["predictions"][0] for value in values]
    together = people.predict({"rows": [{**ROW, name: value} for value in values]})[1]["predictions"]
    pairs = itertools.pairwise(alone)
    assert all(one == other for one, other in pairs)
    for one, other in zip(alone, together, strict=True):
        np.testing.assert_allclose(list(one["probabilities"].values()), list(other["probabilities"].values()))


def test_a_truth_value_is_no_number_whatever_stands_beside_it(people: Client) -> None:
    for rows, place in (([{**ROW, "age": True}], 0), ([ROW, {**ROW, "age": False}], 1)):
        status, (problem,) = people.problems({"rows": rows})
        assert status == 422
        assert problem.startswith(f"Request: column 'age' must hold numbers; row {place} does not; got '")


def test_an_array_model_takes_lists_of_numbers(numbers: Client) -> None:
    x = np.array([[0.1, -2, 1e6], [3, 4, 5]])
    status, answer = numbers.predict({"rows": x.tolist()})
    assert status == 200
    assert (probabilities(answer) == array_model().predict_proba(x)).all()


def test_numbers_and_labels() -> None:
    x = [[0.5, 1.0, -1.0]]
    for outputs in (1, 2):
        model = array_model(outputs, task="regression", classes=())
        with served(model) as client:
            ((found,),) = (client.predict({"rows": x})[1]["predictions"],)
        expected = model.predict(np.array(x))[0].tolist()
        assert found == {"prediction": expected if outputs == 2 else expected[0]}
    model = array_model(3, task="multilabel")
    with served(model) as client:
        (found,) = client.predict({"rows": x})[1]["predictions"]
    shares = model.predict_proba(np.array(x))[0].tolist()
    assert found["probabilities"] == dict(zip("abc", shares, strict=True))
    assert found["prediction"] == [name for name, share in zip("abc", shares, strict=True) if share > 0.5]


def test_a_connection_stays_open_for_further_requests(people: Client) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", people.server.port, timeout=20)
    with contextlib.closing(connection):
        found = []
        for body in ({"rows": [ROW]}, {"rows": []}, {"rows": [ROW]}):
            connection.request("POST", "/predict", json.dumps(body).encode(), {"Content-Type": "application/json"})
            found.append((connection.sock, connection.getresponse().read()))
    assert len({socket for socket, _ in found}) == 1
    assert found[0] == found[2] != found[1]


def test_parallel_requests_do_not_mix(people: Client) -> None:
    ages = list(range(20, 60))
    alone = [people.predict({"rows": [{**ROW, "age": age}]})[1] for age in ages]
    assert len({str(each["predictions"]) for each in alone}) == len(ages)
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda age: people.predict({"rows": [{**ROW, "age": age}]})[1], ages * 3))
    assert together == alone * 3
