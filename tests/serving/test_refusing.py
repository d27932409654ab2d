"""What is refused: with the right status, in JSON, with every problem by column and row, within stated limits."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from serving_help import ROW, Client, array_model, net, served, table_model

from goodfit.data.tables.csv_file import read_csv
from goodfit.errors import InputError
from goodfit.models import Model
from goodfit.serving import Limits, app, replies
from goodfit.serving.answering import Answering

FORM = ' For example: {"rows": [...]}.'
NULL = " Write null for a value that is missing."
BAD = [
    ("[]", 422, [f"Request: the body must be an object with the entry 'rows'; got [].{FORM}"]),
    ({"rows": []}, 422, ["Request: 'rows' must be a list of at least one row; got []."]),
    ({"rows": ROW}, 422, [f"Request: 'rows' must be a list of at least one row; got {ROW}."]),
    (
        {"row": [ROW]},
        422,
        [
            "Request: the body must have no entry but 'rows'; got 'row'. Did you mean 'rows'?",
            "Request: the body must have the entry 'rows'.",
        ],
    ),
    (
        {"rows": [ROW, 5, [1]]},
        422,
        ["Request: every row must be an object of values by column name; 2 rows (1, 2) are not; got 5."],
    ),
    ('{"rows": [NaN]}', 400, [f"Request: the body must be JSON: NaN is not a JSON number.{FORM}{NULL}"]),
    ('{"rows": [-Infinity]}', 400, [f"Request: the body must be JSON: -Infinity is not a JSON number.{FORM}{NULL}"]),
    ('{"rows": [1e999]}', 400, [f"Request: the body must be JSON: a number is too large.{FORM}{NULL}"]),
    ('{"rows": [{"age": 1, "age": 2}]}', 400, [f"Request: the body must be JSON: a name is given twice.{FORM}{NULL}"]),
    ('{"rows": ["\\ud800"]}', 400, [f"Request: the body must be JSON: it is not text in UTF-8.{FORM}{NULL}"]),
    (b"\xff\xfe", 400, [f"Request: the body must be JSON: it is not text in UTF-8.{FORM}{NULL}"]),
    ("[" * 5000 + "]" * 5000, 400, [f"Request: the body must be JSON: more than 64 levels.{FORM}{NULL}"]),
]


@pytest.mark.parametrize(("body", "status", "problems"), BAD, ids=lambda each: str(each)[:20])
def test_what_is_not_rows_is_refused(people: Client, body: Any, status: int, problems: list[str]) -> None:
    assert people.problems(body) == (status, problems)


def test_every_problem_is_named_by_column_and_row(people: Client) -> None:
    rows = [
        ROW,
        {**ROW, "age": "old", "since": 5, "member": 7},
        {**ROW, "城市": ["x"], "age": "older"},
        {name: value for name, value in ROW.items() if name not in ("城市", "member")},
    ]
    assert people.problems({"rows": rows}) == (
        422,
        [
            f"Request: every row must have the column '城市'; row 3 does not.{NULL}",
            "Request: column '城市' must hold single values; row 2 does not; got ['x'].",
            f"Request: every row must have the column 'member'; row 3 does not.{NULL}",
            "Request: column 'age' must hold numbers; 2 rows (1, 2) do not; got 'old'. Fix them or leave them empty.",
            "Request: column 'since' must hold dates, as 2024-01-31; row 1 does not; got '5'. "
            "Fix them or leave them empty.",
        ],
    )
    problems = people.problems({"rows": [{"Age": 3, "city": "x"}, {"since": "x"}]})[1]
    assert problems == [
        f"Request: every row must have the column 'since'; row 0 does not.{NULL}",
        "Request: must have the columns that the net was trained on; missing: 'age', '城市', 'member'. "
        "Rename 'Age' to 'age': names are told apart by capitals and blanks.",
    ]


def test_the_words_are_those_of_predicting_for_a_file(people: Client) -> None:
    content = "age,member,since\nold,maybe,2021-04-01\n3,yes,yesterday\n"
    model = table_model()
    assert model.preprocessing is not None
    with pytest.raises(InputError, match="missing: '城市'") as caught:
        model.preprocessing.transform(read_csv("Request", content.encode()))
    assert len(caught.value.problems) == 4
    assert people.problems(content, "text/csv") == (422, list(caught.value.problems))
    names, *lines = (line.split(",") for line in content.splitlines())
    rows = [dict(zip(names, line, strict=True)) for line in lines]
    assert people.problems({"rows": rows}) == (422, list(caught.value.problems))


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "Request: must hold a line of column names and rows; it is empty."),
        ("age,城市\n", "Request: the CSV must have at least one row below the header."),
        ("age,age\n1,2\n", "Request: column names must be unique; repeated: 'age'. Rename one of them."),
    ],
)
def test_a_csv_without_rows_is_refused(people: Client, content: str, problem: str) -> None:
    assert people.problems(content, "text/csv") == (422, [problem])


def test_rows_of_arrays_are_checked_by_row_and_column(numbers: Client) -> None:
    rows = [[1, 2, 3], [1, 2], [1, None, "x"], [True, 2, 3], [1, 2, [3]]]
    takes = " This model takes no missing values."
    assert numbers.problems({"rows": rows}) == (
        422,
        [
            "Request: every row must have 3 numbers; row 1 does not; got '2 values'.",
            f"Request: column 0 must hold numbers; row 3 does not; got True.{takes}",
            f"Request: column 1 must hold numbers; row 2 does not; got None.{takes}",
            f"Request: column 2 must hold numbers; 2 rows (2, 4) do not; got 'x'.{takes}",
        ],
    )
    assert numbers.problems({"rows": [{"a": 1}]}) == (
        422,
        ["Request: every row must be a list of 3 numbers; row 0 is not; got {'a': 1}."],
    )
    assert numbers.problems("1,2,3\n4,5,6\n", "text/csv")[0] == 415


def test_predictions_that_are_not_finite_are_refused() -> None:
    with served(Model((net(1, 1, 0, task="regression", classes=(), scale=np.float32(1e30)),))) as client:
        status, (problem,) = client.problems({"rows": [[1.0], [1e30]]})
    assert status == 422
    assert problem.startswith("Net: must give finite predictions; for row 1 it does not")


PATHS = [
    ("GET", "/predict", 405, "this path does not take this method"),
    ("DELETE", "/health", 405, "this path does not take this method"),
    ("OPTIONS", "/schema", 405, "this path does not take this method"),
    ("GET", "/health/", 404, "there is nothing at this path"),
    ("POST", "/../etc/passwd", 404, "there is nothing at this path"),
    ("GET", "/%00", 404, "there is nothing at this path"),
]


@pytest.mark.parametrize(("method", "path", "status", "words"), PATHS)
def test_other_paths_and_methods_are_refused_in_json(
    people: Client, method: str, path: str, status: int, words: str
) -> None:
    found, headers, body = people.ask(method, path)
    assert (found, headers["content-type"]) == (status, "application/json")
    assert json.loads(body) == {"status": status, "problems": [f"Request: {words}. GET / lists what there is."]}
    assert ("allow" in headers) == (status == 405)


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_form_or_a_plain_text_of_another_web_page_is_refused(people: Client, kind: str) -> None:
    """Browsers send only these to other machines without asking them first."""
    assert people.problems({"rows": [ROW]}, kind) == (
        415,
        [
            "Request: the content type must be application/json or text/csv; "
            f"got {kind or 'none'!r}. Send the header Content-Type: application/json."
        ],
    )


def test_too_many_rows_are_refused_with_the_limit() -> None:
    with served(array_model(), Limits(rows=3)) as client:
        assert client.predict({"rows": [[1, 2, 3]] * 3})[0] == 200
        status, (problem,) = client.problems({"rows": [[1, 2, 3]] * 4})
        assert json.loads(client.ask("GET", "/health")[2])["limits"] == {"rows": 3, "bytes": 10_000_000}
    assert status == 413
    assert problem.startswith("Request: a request must have at most 3 rows; got 4. Send the rows in several requests;")


@pytest.mark.parametrize("chunked", [False, True])
def test_a_million_rows_are_refused_by_their_size(people: Client, chunked: bool) -> None:
    """The client, which sends all of it before it reads, gets the answer."""
    part = json.dumps(ROW).encode() + b","
    pieces = (part * 1000 for _ in range(1000))
    body = pieces if chunked else io.BytesIO(b"".join(pieces))
    length = {} if chunked else {"Content-Length": str(len(part) * 1_000_000)}
    status, headers, answer = people.ask("POST", "/predict", body, {"Content-Type": "application/json", **length})
    assert (status, headers["connection"]) == (413, "close")
    assert json.loads(answer)["problems"][0].startswith("Request: the body must have at most 10 MB.")
    assert people.ask("GET", "/health")[0] == 200


def asked_directly(headers: list[tuple[bytes, bytes]], chunks: Iterator[bytes]) -> tuple[int, int]:
    """Status of a request whose body comes in these chunks, and how many of them were taken."""
    taken, sent = [0], []

    async def receive() -> dict[str, Any]:
        for chunk in chunks:
            taken[0] += 1
            return {"type": "http.request", "body": chunk, "more_body": True}
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": "POST", "path": "/predict", "query_string": b"", "root_path": ""}
    kind = (b"content-type", b"application/json")
    asyncio.run(app(array_model())({**scope, "headers": [kind, *headers]}, receive, send))  # type: ignore[arg-type]
    return sent[0]["status"], taken[0]


def test_a_body_beyond_the_limit_is_never_held() -> None:
    import tracemalloc

    block = b" " * 2**16
    tracemalloc.start()
    with contextlib.closing(block for _ in range(2000)) as chunks:
        status, taken = asked_directly([], chunks)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (status, taken) == (413, 2000)  # of 131 MB
    assert peak < 25e6


def test_who_waits_to_be_asked_for_a_body_that_is_too_large_is_not_asked() -> None:
    headers = [(b"content-length", b"99999999999"), (b"expect", b"100-continue")]
    assert asked_directly(headers, iter([b"x"])) == (413, 0)


def test_a_body_that_does_not_arrive_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replies, "BODY_SECONDS", 0.2)
    with served(array_model()) as client:
        kind = {"Content-Type": "application/json", "Content-Length": "100"}
        status, headers, body = client.ask("POST", "/predict", b"{", kind)
    assert (status, headers["connection"]) == (408, "close")
    assert json.loads(body)["problems"] == ["Request: the body must arrive within 0.2 seconds."]


def test_a_model_of_many_inputs_takes_fewer_rows() -> None:
    wide = Answering(array_model(inputs=100_000))
    assert wide.most_rows == 2**25 // 100_000
    assert Answering(array_model(outputs=2)).most_rows == 10_000


@pytest.mark.parametrize("limits", [{"rows": 0}, {"megabytes": 0.5}, {"rows": 2**31}])
def test_limits_that_are_none_are_refused(limits: dict[str, Any]) -> None:
    (name,) = limits
    with pytest.raises(InputError, match=f"'{name}' must be from 1 to"):
        Limits(**limits)


def test_a_bug_is_answered_and_logged(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def answer(*_: Any) -> None:
        raise ZeroDivisionError("here")

    monkeypatch.setattr(Answering, "answer", answer)
    with served(array_model()) as client, caplog.at_level(logging.ERROR, "goodfit.serving"):
        status, (problem,) = client.problems({"rows": [[1, 2, 3]]})
    assert (status, problem.partition(".")[0]) == (500, "Server: this is a bug in goodfit")
    assert "POST /predict failed" in caplog.text
    assert "ZeroDivisionError: here" in caplog.text


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from([*ROW.values()]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
ROWS = st.lists(VALUES | st.fixed_dictionaries(dict.fromkeys(ROW, VALUES)), max_size=4)


@pytest.mark.parametrize("model", [table_model(), array_model()], ids=["table", "array"])
@given(body=st.fixed_dictionaries({"rows": ROWS}) | VALUES | st.binary(max_size=30))
@settings(max_examples=40, deadline=None)
def test_whatever_is_asked_is_answered_or_refused(model: Model, body: Any) -> None:
    """Never anything else: each other exception would be a bug, with status 500."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer: dict[str, Any] = {}
    problems: tuple[str, ...] = ()
    try:
        answer = Answering(model).answer(content, "application/json")
    except (replies.Refused, InputError) as error:
        problems = error.problems
    assert all(text.startswith("Request: ") for text in problems)
    assert problems or len(answer["predictions"]) == len(body["rows"])
    json.dumps(answer, allow_nan=False)
