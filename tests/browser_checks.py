"""What every page must be when it is open in a browser, whatever it tells."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from browser import Browser

FAINT_TEXT = """
(() => {
  const channel = c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  const numbers = text => (text.match(/[\\d.]+/g) || []).map(Number);
  const grounds = new Map();  // elements of one parent ask for the same ones again
  const ground = element => {
    if (!element) return [255, 255, 255];
    if (!grounds.has(element)) {
      const colour = numbers(getComputedStyle(element).backgroundColor);
      grounds.set(element, colour.length === 3 || colour[3] === 1 ? colour : ground(element.parentElement));
    }
    return grounds.get(element);
  };
  const found = [];
  for (const element of document.querySelectorAll("body *")) {
    const words = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
    if (!words || !element.getClientRects().length || element.closest("desc, title")) continue;
    const style = getComputedStyle(element), size = parseFloat(style.fontSize);
    const ink = numbers(element.closest("svg") ? style.fill : style.color);
    const [low, high] = [light(ink), light(ground(element))].sort((a, b) => a - b);
    const needed = size >= 24 || (size >= 18.66 && +style.fontWeight >= 700) ? 3 : 4.5;
    if ((high + 0.05) / (low + 0.05) < needed) found.push([element.tagName, element.textContent.slice(0, 40)]);
  }
  return found;
})()
"""
OUTSIDE = """
[...document.querySelectorAll("svg")].filter(svg => svg.getClientRects().length).flatMap(svg => {
  const box = svg.getBoundingClientRect();
  return [...svg.querySelectorAll("text")].map(text => [text.textContent, text.getBoundingClientRect()])
    .filter(([_, at]) => at.left < box.left - 2 || at.right > box.right + 2)
    .map(([words]) => words);
})
"""
SMALLEST_LETTERS = """
Math.min(99, ...[...document.querySelectorAll("svg")].filter(svg => svg.getClientRects().length).flatMap(svg => {
  const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
  return [...svg.querySelectorAll("text")].filter(text => !text.querySelector("tspan") && text.textContent.trim())
    .map(text => scale * parseFloat(getComputedStyle(text).fontSize));
}))
"""


def check_opened(browser: Browser, page: Path, *views: tuple[int, str]) -> None:
    """Open a page; assert that nothing is told to the console or fetched, and that all of it can be read.

    views: (width, scheme) of the windows in which it is looked at, one after the other.
    """
    browser.show(page, width=views[0][0], scheme=views[0][1])
    for width, scheme in views:
        browser.look(width=width, scheme=scheme)
        _check_view(browser, width, scheme)
    assert browser.told("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown") == []
    assert browser.told("Network.loadingFailed") == []
    asked = [each["request"]["url"] for each in browser.told("Network.requestWillBeSent")]
    requests = [each for each in asked if not each.startswith("data:")]  # pictures that stand in the page itself
    assert requests == [page.absolute().as_uri()]


def _check_view(browser: Browser, width: int, scheme: str) -> None:
    assert browser.value("document.documentElement.scrollWidth") <= width
    assert browser.value("document.compatMode") == "CSS1Compat"
    assert browser.value(FAINT_TEXT) == []
    assert browser.value(OUTSIDE) == []
    assert browser.value(SMALLEST_LETTERS) >= 9
    image = np.asarray(Image.open(io.BytesIO(browser.picture())).convert("L"))
    assert image.shape[1] == width
    paper, spread = float(np.median(image)), float(image.std())
    assert paper > 240 if scheme == "light" else paper < 40
    assert spread > 10
