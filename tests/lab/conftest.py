"""One lab and one page for all tests that look at it in a browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from person_help import Person, serving

from browser import running
from goodfit.lab.app import LabApp


@pytest.fixture(scope="session")
def served_lab() -> Iterator[tuple[str, LabApp]]:
    with serving() as served:
        yield served


@pytest.fixture(scope="session")
def opened_page(browser_file: str, served_lab: tuple[str, LabApp]) -> Iterator[Person]:
    """Somebody at a page that is open: opening it anew for each test would start a process each time.

    The browser is one of its own, for in the common one any test may open another page in between.
    """
    with running(browser_file) as browser:
        person = Person(browser, *served_lab)
        person.open()
        yield person


@pytest.fixture
def person(opened_page: Person) -> Iterator[Person]:
    """Somebody at the page, of whom the console hears nothing."""
    opened_page.begin()
    yield opened_page
    assert opened_page.complaints() == []
