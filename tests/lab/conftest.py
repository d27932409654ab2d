"""One lab and one page for all tests that look at it in a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from person_help import Person, serving

from browser import Browser


@pytest.fixture(scope="session")
def lab_address() -> Iterator[str]:
    with serving() as address:
        yield address


@pytest.fixture(scope="session")
def opened_page(browser: Browser, lab_address: str) -> Person:
    """Somebody at a page that is open: opening it anew for each test would start a process each time."""
    person = Person(browser, lab_address)
    person.open()
    return person


@pytest.fixture
def person(opened_page: Person) -> Iterator[Person]:
    """Somebody at the page, of whom the console hears nothing."""
    opened_page.begin()
    yield opened_page
    assert opened_page.complaints() == []
