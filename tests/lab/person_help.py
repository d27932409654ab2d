"""A person at the lab's page: opens it, clicks, types, presses keys, and reads what it says."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from browser import Browser
from goodfit.lab.app import LabApp, lab_app
from goodfit.lab.shelves import PLAIN, LessonMode
from goodfit.serving.web_server import LOOPBACK, WebServer

TOKEN = "a-token-of-the-tests"
PATIENCE = 60.0  # seconds until a page must show what is waited for
SMALL: dict[str, Any] = {
    "recipe": {
        "hidden": [4, 3],
        "activation": "tanh",
        "init": "xavier-normal",
        "dropout": 0.0,
        "optimizer": "adam",
        "learning_rate": 0.01,
        "schedule": "constant",
        "batch_size": 32,
        "epochs": 400,
        "valid": 0.3,
        "keep_best": False,
    },
    "data": {"name": "moons", "rows": 120, "noise": 0.2, "seed": 0},
    "nets": 4,
    "seed": 0,
}
"""A state that trains in no time."""
FIND = "(() => {{ const found = document.querySelector({selector}); return {what}; }})()"
MIDDLE = """(() => {
  found.scrollIntoView({block: "center"});
  const box = found.getBoundingClientRect();
  return [box.x + box.width * %s, box.y + box.height * %s];
})()"""

STATE = """JSON.parse(atob(
  new URLSearchParams(location.hash.slice(1)).get("state").replaceAll("-", "+").replaceAll("_", "/")))"""
GO = """(async () => {
  const main = document.querySelector("main");
  const ended = new Promise(done => {
    const looking = new MutationObserver(() => {
      if (main.getAttribute("aria-busy") === "true") return;
      looking.disconnect();
      done();
    });
    looking.observe(main, {attributes: true, attributeFilter: ["aria-busy"]});
  });
  location.hash = %s;
  await ended;
})()"""  # the page says that it is busy for as long as it opens something


@contextmanager
def serving(mode: LessonMode = PLAIN) -> Iterator[tuple[str, LabApp]]:
    """The address of a lab that runs in a thread of this process, and the lab. mode: what lessons it shows."""
    app = lab_app(TOKEN, mode=mode)
    server = WebServer(app, LOOPBACK, 0, sockets=True)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield server.url, app
    finally:
        server.stop()
        thread.join(20)


class Person:
    """Somebody with a browser."""

    def __init__(self, browser: Browser, url: str, app: LabApp) -> None:
        self.browser, self.url, self.app, self.seed = browser, url, app, 0

    def open(
        self,
        state: Mapping[str, Any] | None = SMALL,
        *,
        view: str = "play",
        width: int = 1440,
        scheme: str = "light",
        reduced: bool = False,
    ) -> None:
        """Open the lab, with a state in its address, as in a new tab; wait until its nets are there."""
        self.browser.ask("Page.navigate", url="about:blank")
        parts = [f"view={view}", *([] if state is None else [f"state={encoded(state)}"])]
        self.browser.visit(f"{self.url}/?token={TOKEN}#{'&'.join(parts)}", width=width, scheme=scheme, reduced=reduced)
        self.until("document.querySelectorAll('#legend li').length && document.querySelector('#recipe .field')")

    def begin(self) -> None:
        """Come back to a page as it was opened: wide, light, in English, with nothing to complain of."""
        self.look(1440)
        self.browser.events.clear()
        if self.value("document.documentElement.lang") != "en":
            self.click("#language")
            self.until("document.documentElement.lang === 'en'")

    def look(self, width: int, scheme: str = "light") -> None:
        """Make the window wider or narrower, or its colours others."""
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.browser.ask("Emulation.setDeviceMetricsOverride", **size)
        features = {"prefers-color-scheme": scheme, "prefers-reduced-motion": "reduce"}  # or colours change slowly
        named = [{"name": name, "value": value} for name, value in features.items()]
        self.browser.ask("Emulation.setEmulatedMedia", media="screen", features=named)

    def settled(self) -> None:
        """Wait until the address says what the page shows."""
        self.until(f"{STATE}.epoch === parseInt(document.querySelector('#epoch').textContent)")

    def go(self, *, view: str = "play", **changed: Any) -> dict[str, Any]:
        """Put an address with a state into the same tab; wait until it is open. The state.

        changed: parts of SMALL. Without a seed it is one that no state before had, so that there is something to open.
        """
        self.seed += 10
        state = {**SMALL, "seed": self.seed, **changed}
        self.until("document.querySelector('main').getAttribute('aria-busy') !== 'true'")
        self.value(GO % json.dumps(f"#view={view}&state={encoded(state)}"))
        return state

    def value(self, expression: str) -> Any:
        """What a JavaScript expression gives."""
        return self.browser.value(expression)

    def until(self, expression: str, seconds: float = PATIENCE) -> None:
        """Wait until an expression is true."""
        end = time.monotonic() + seconds
        while not self.browser.value(f"Boolean({expression})"):
            assert time.monotonic() < end, f"the page never had {expression}: {self.browser.value(ALERTS)}"
            time.sleep(0.05)

    def of(self, selector: str, what: str) -> Any:
        """Something of the element `found`."""
        return self.value(FIND.format(selector=json.dumps(selector), what=what))

    def text(self, selector: str) -> str:
        """What an element says."""
        return str(self.of(selector, "found.textContent"))

    def click(self, selector: str, right: float = 0.5, down: float = 0.5) -> None:
        """Click on an element, at a share of its width and height, once it can be clicked and has stopped moving."""
        self.until(FIND.format(selector=json.dumps(selector), what="found && !found.disabled"))
        before, at = None, self.of(selector, MIDDLE % (right, down))
        while at != before:
            time.sleep(0.02)
            before, at = at, self.of(selector, MIDDLE % (right, down))
        self.browser.click(*at)

    def write(self, selector: str, text: str) -> None:
        """Put a text in the place of what an input has, and leave it."""
        self.until(FIND.format(selector=json.dumps(selector), what="found && !found.disabled"))
        self.of(selector, "(found.focus(), found.select())")
        self.browser.ask("Input.insertText", text=text)
        self.browser.press("Tab", 9)

    def give(self, path: Path) -> None:
        """Choose a file for the place of a table of one's own."""
        found = self.browser.ask("Runtime.evaluate", expression="document.querySelector('#file')")["result"]
        self.browser.ask("DOM.setFileInputFiles", files=[str(path)], objectId=found["objectId"])

    def choose(self, selector: str, value: str) -> None:
        """Choose of a list, as the keys do: the browser draws its list outside the page."""
        assert value in self.of(selector, "[...found.options].map(each => each.value)")
        self.of(
            selector,
            f"(found.value = {json.dumps(value)}, found.dispatchEvent(new Event('change', {{bubbles: true}})))",
        )

    def press(self, key: str, code: int, times: int = 1, text: str = "") -> None:
        """Press a key."""
        for _ in range(times):
            self.browser.press(key, code, text)

    @property
    def epoch(self) -> int:
        """The epoch that the page shows."""
        return int(self.text("#epoch").partition(" ")[0])

    def play(self, epochs: int) -> int:
        """Play until an epoch, and pause; the epoch where it stands."""
        self.click("#play")
        self.until(f"parseInt(document.querySelector('#epoch').textContent) >= {epochs}")
        self.click("#play")
        self.settled()
        return self.epoch

    def step(self) -> None:
        """One epoch on."""
        before = self.epoch
        self.click("#step")
        self.until(f"document.querySelector('#epoch').textContent === '{before + 1}'")

    def table(self, host: str) -> list[list[str]]:
        """The table beside a picture, opened anew, so that it is of what is shown now: head and rows."""
        for shown in ("false", "true"):
            self.of(f"{host} .twin", f"found.open = {shown}")
            self.until(f"Boolean(document.querySelector('{host} .twin table')) === {shown}")
        return self.rows(f"{host} .twin table")

    def rows(self, selector: str) -> list[list[str]]:
        """The words of a table, the head first."""
        found: list[list[str]] = self.of(
            selector, "[...found.rows].map(row => [...row.cells].map(cell => cell.textContent))"
        )
        return found

    def state(self) -> dict[str, Any]:
        """The state in the address."""
        found: dict[str, Any] = self.value(STATE)
        return found

    def complaints(self) -> list[Any]:
        """All that the console was told, that failed, and that was asked of another origin."""
        told = self.browser.told("Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown")
        failed = self.browser.told("Network.loadingFailed")
        asked = [each["request"]["url"] for each in self.browser.told("Network.requestWillBeSent")]
        own = (self.url, self.url.replace("http", "ws"), "blob:", "data:", "about:")
        return [*told, *failed, *(each for each in asked if not each.startswith(own))]


ENGLISH = """[...document.querySelectorAll("%s")].map(each => each.textContent)
  .filter(each => !/[\\u4e00-\\u9fff]/.test(each))"""  # what has no Chinese in it
ALERTS = "[...document.querySelectorAll('#alerts, #notes, .error')].map(each => each.textContent).join(' ')"


def encoded(state: Mapping[str, Any]) -> str:
    """A state as the address holds it."""
    return base64.urlsafe_b64encode(json.dumps(state).encode()).decode().rstrip("=")
