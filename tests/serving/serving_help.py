"""Models that nobody trained, behind a server on a free port, and a client of the standard library for it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from goodfit.data.tables.frames import frame_of
from goodfit.data.tables.preprocessing import Preprocessing
from goodfit.models import Model, TrainedNet
from goodfit.serving import Limits, WebServer, app
from http_asking import ask

KINDS: dict[str, Any] = {"age": "numeric", "城市": "categorical", "member": "boolean", "since": "date"}
PEOPLE: dict[str, list[Any]] = {
    "age": [20.0, 30.0, 40.5, None, 60.0],
    "城市": ["Bergen", "北京", "a|b", "3", "3"],
    "member": ["yes", "no", "no", "no", "yes"],
    "since": ["2020-01-05", "2021-02-01", "2022-07-09", "2023-12-31", "2020-05-05"],
    "income": [1.0, 2.0, 3.0, 4.0, 5.0],
}
ROW = {"age": 33, "城市": "北京", "member": False, "since": "2021-04-01"}


def net(inputs: int, outputs: int, seed: int, **fields: Any) -> TrainedNet:
    rng = np.random.default_rng(seed)
    return TrainedNet(
        weights=(rng.normal(size=(4, inputs)), rng.normal(size=(outputs, 4))),
        biases=(rng.normal(size=4), rng.normal(size=outputs)),
        activations=("relu",),
        seed=seed,
        **({"task": "classification", "classes": tuple("abcdef"[:outputs])} | fields),
    )


def table_model(**fields: Any) -> Model:
    """Three classes, two nets, four columns of a table of five rows; "income" is known and left out."""
    preprocessing = Preprocessing.fit(frame_of(PEOPLE), KINDS, ignored=("income",))
    width = preprocessing.n_inputs
    return Model(tuple(net(width, 3, seed, **fields) for seed in (0, 1)), preprocessing=preprocessing)


def array_model(outputs: int = 2, inputs: int = 3, **fields: Any) -> Model:
    return Model((net(inputs, outputs, 0, **fields),))


@contextmanager
def served(
    model: Model, limits: Limits | None = None, host: str = "127.0.0.1", coverage: float | None = None
) -> Iterator[Client]:
    """The model on a free port, for as long as the block lasts."""
    server = WebServer(app(model, limits, coverage=coverage), host)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield Client(server)
    finally:
        server.stop()
        server.stop()
        thread.join(10)
        assert not thread.is_alive()


class Client:
    """Asks a server, each time by a connection of its own."""

    def __init__(self, server: WebServer) -> None:
        self.server = server

    def ask(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers in lower case, and body."""
        return ask(self.server.port, method, path, body, headers)

    def predict(self, body: Any, kind: str = "application/json", **headers: str) -> tuple[int, Any]:
        """Status and JSON; a body that is no text is sent as JSON."""
        content = body if isinstance(body, str | bytes) else json.dumps(body)
        sent = content.encode() if isinstance(content, str) else content
        status, got, answer = self.ask("POST", "/predict", sent, {"Content-Type": kind, **headers})
        assert got["content-type"] == "application/json"
        return status, json.loads(answer)

    def problems(self, body: Any, kind: str = "application/json") -> tuple[int, list[str]]:
        """Status and problems of a refusal."""
        status, answer = self.predict(body, kind)
        assert answer.keys() == {"status", "problems"}, answer
        assert answer["status"] == status
        return status, answer["problems"]
