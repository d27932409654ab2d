"""Every study's two pages and the index, opened in headless Chromium."""

from __future__ import annotations

from pathlib import Path

import pytest
from studies_help import Small, Written

from browser import Browser
from browser_checks import check_opened
from goodfit.studies import studies
from goodfit.studies.pages import index_page, page_name

NAMES = list(studies())
BY_STUDY = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in NAMES]  # a worker writes its pages


@pytest.mark.parametrize("name", BY_STUDY)
def test_a_study_opens_without_a_fault(name: str, written: Written, browser: Browser) -> None:
    english, chinese = written(name)
    check_opened(browser, english, (1280, "light"), (390, "dark"))
    check_opened(browser, chinese, (390, "light"), (820, "light"))
    assert browser.value("document.documentElement.lang") == "zh-Hans"


def test_the_index_opens_without_a_fault(small: Small, browser: Browser, tmp_path: Path) -> None:
    results = [small("polynomial"), small("weight-decay")]
    page = index_page(results, "en", {"mlp-fashion-mnist": "it was nowhere to be had"})
    path = page.write(tmp_path / page_name("index", "en"))
    check_opened(browser, path, (390, "light"), (1280, "light"))
    words = browser.value("document.body.innerText")
    assert "it was nowhere to be had" in words
    assert "Claims that do not hold" in words
