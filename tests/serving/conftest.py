"""Two served models that every test here may ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from serving_help import Client, array_model, served, table_model


@pytest.fixture(scope="session")
def people() -> Iterator[Client]:
    with served(table_model()) as client:
        yield client


@pytest.fixture(scope="session")
def numbers() -> Iterator[Client]:
    with served(array_model()) as client:
        yield client
