from __future__ import annotations

import math
import time

import numpy as np
import pytest
from rich.console import Console

from goodfit.cli import progress as shown
from goodfit.cli.pictures import coloured, example_rows, examples, levels, shaded, title
from goodfit.cli.search_summary import SearchWatcher
from goodfit.data import Dataset, Step
from goodfit.training.progress import Progress, SessionProgress
from goodfit.words import duration


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([], ""),
        ([1.0], "▁"),
        ([0, 1, 2, 3, 4, 5, 6, 7], "▁▂▃▄▅▆▇█"),
        ([3.0, 3.0], "▁▁"),
        ([1.0, math.nan, 0.0], "█ ▁"),
        ([math.inf, math.nan], "  "),
    ],
)
def test_sparkline(values: list[float], line: str) -> None:
    assert shown.sparkline(values) == line


def test_a_long_sparkline_is_thinned_out() -> None:
    assert shown.sparkline(range(80), width=8) == "▁▂▃▄▅▆▇█"
    assert shown.sparkline([*[0.0] * 8, 7.0], width=8) == "▁▁▁▁▁▁▁█"


@pytest.mark.parametrize(("value", "text"), [(0.12345, "0.1235"), (-99999.0, "-99999.0000"), (1e26, "1.00e+26")])
def test_numbers(value: float, text: str) -> None:
    assert shown.number(value) == text


def test_rates_say_how_many_nets_still_train() -> None:
    told = Progress("train", 1, 9, {}, 1000.0, 3.0, 2, 4)
    assert shown.line(told) == "epoch 1/9  2 of 4 nets  1,000 rows/s  3.00 s left"
    assert shown.line(Progress("train", 9, 9, {}, 0.0, 0.0, 4, 4)) == "epoch 9/9  4 nets"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.004, "0.00 s"), (9.99, "9.99 s"), (9.996, "10.0 s"), (59.94, "59.9 s"), (59.96, "1 min 00 s"),
     (185, "3 min 05 s"), (3600, "1 h 00 min"), (7385, "2 h 03 min")],
)  # fmt: skip
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def report(epoch: int, epochs: int = 100, **parts: object) -> Progress:
    values = parts.get("values", {"train_loss": 1.0})
    recent = {name: [value] for name, value in values.items()}  # type: ignore[attr-defined]
    left = 0.0 if epoch == epochs else None
    usual = {"phase": "train", "values": values, "rows_per_second": 0.0, "seconds_left": left, "recent": recent}
    return Progress(**{**usual, "epoch": epoch, "epochs": epochs, "active": 1, "nets": 1, **parts})  # type: ignore[arg-type]


def test_plain_lines_are_few(capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    lines = shown.Lines()
    for epoch in range(1, 101):
        clock[0] += 0.125
        lines.report(report(epoch))
    lines.report(report(100, phase="evaluate"))
    lines.report(report(35, seconds_left=0.0))
    lines.report(report(40, phase="stop"))
    lines.report(report(100, values={}))
    told = capsys.readouterr().err.splitlines()
    assert [line.split()[1] for line in told[:-1]] == ["1/100", "41/100", "81/100", "100/100", "35/100"]
    assert told[-1] == shown.STOPPING
    assert told[0] == "epoch 1/100  train loss 1.0000"


def test_lines_within_an_epoch_of_windows_are_few_too(capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    lines = shown.Lines()
    for window in range(1, 13):
        clock[0] += 1
        phase = "train" if window < 11 else "stop"
        lines.report(report(2, 9, phase=phase, values={}, window=window, windows=1200, rows_per_second=2e4))
    assert capsys.readouterr().err.splitlines() == [
        "epoch 2/9, window 5/1,200  20,000 rows/s",
        "epoch 2/9, window 10/1,200  20,000 rows/s",
        shown.STOPPING,
    ]


def test_plain_lines_on_the_search_for_data(capsys) -> None:  # type: ignore[no-untyped-def]
    lines = shown.Lines()
    for state, detail in (("looking", ""), ("fetching", "a"), ("fetching", "b"), ("wrong", "bad sum"), ("found", "")):
        lines.step(Step("a mirror", state, detail, 0.5 if detail == "a" else None))  # type: ignore[arg-type]
    assert capsys.readouterr().err == "Data: fetching, a mirror 50%: a\nData: wrong, a mirror: bad sum\n"


def test_plain_lines_on_what_is_computed_are_few(capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    lines = shown.Lines()
    for done in range(1, 13):
        clock[0] += 1
        lines.step(Step("importance", "computing", f"{done} of 12 columns", done / 12))
    assert capsys.readouterr().err == "Importance 42%: 5 of 12 columns\nImportance 83%: 10 of 12 columns\n"


def test_silence(capsys) -> None:  # type: ignore[no-untyped-def]
    with shown.watch(quiet=True) as watcher:
        watcher.step(Step("a mirror", "wrong"))
        watcher.report(report(1))
    assert capsys.readouterr() == ("", "")


class Live:
    def __init__(self) -> None:
        self.drawn: list[object] = []

    def update(self, drawn: object, *, refresh: bool) -> None:
        assert refresh
        self.drawn.append(drawn)


def test_the_display_is_not_drawn_more_often_than_eyes_see(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    live = Live()
    display = shown.Display(live)  # type: ignore[arg-type]
    for epoch in range(1, 101):
        clock[0] += 0.01
        display.report(report(epoch, values={"train_loss": float(epoch), "valid_score": 0.5}))
    assert 10 <= len(live.drawn) <= 12
    console = Console(width=120, record=True, force_terminal=False)
    console.print(live.drawn[-1])
    text = console.export_text()
    assert "Training" in text
    assert "epoch 100/100" in text
    assert f"loss 100.0000  {shown.sparkline(range(1, 101))}" in text
    assert "validation" in text
    display.report(report(100, phase="evaluate", recent={}))
    display.report(report(100, phase="stop", recent={}))
    console.print(live.drawn[-1])
    assert shown.STOPPING in console.export_text()
    display.step(Step("a mirror", "found"))
    assert live.drawn[-1] == "Data: found, a mirror"


def pictures() -> Dataset:
    x = np.array([[0, 255, 0], [255, 255, 0]] * 2, np.uint8).reshape(2, 6)
    return Dataset("two", x, np.array([1, 0]), "classification", ("left", "right"), image_shape=(2, 3), scaling="unit")


def test_examples_are_one_a_class_with_its_name() -> None:
    data = pictures()
    assert example_rows(data) == [1, 0]
    assert title(data, 0) == "right"
    console = Console(width=80, record=True, color_system=None)
    console.print(examples(data, console))
    assert [line.split() for line in console.export_text().splitlines()][:2] == [["left", "right"], ["▒█", "▒█"]]


def test_rows_stand_in_where_there_are_no_classes() -> None:
    data = Dataset("numbers", np.ones((20, 4), np.float32), np.arange(20.0), "regression", image_shape=(2, 2))
    assert example_rows(data) == list(range(10))
    assert title(data, 3) == "row 3"


def test_grey_levels() -> None:
    assert levels(np.array([[2.0, 4.0], [3.0, 2.0]])).tolist() == [[0, 255], [128, 0]]
    assert levels(np.full((1, 2), 7, np.uint8)).tolist() == [[0, 0]]


def test_shades_and_half_blocks() -> None:
    image = np.array([[0, 255], [0, 255], [128, 0]], np.uint8)
    assert shaded(image).plain == " █\n░ \n"
    text = coloured(image)
    assert text.plain == "▀▀\n▀▀\n"
    colours = [(span.style.color.name, span.style.bgcolor.name) for span in text.spans]  # type: ignore[union-attr]
    assert colours == [
        ("rgb(0,0,0)", "rgb(0,0,0)"),
        ("rgb(255,255,255)", "rgb(255,255,255)"),
        ("rgb(128,128,128)", "rgb(0,0,0)"),
        ("rgb(0,0,0)", "rgb(0,0,0)"),
    ]


def test_a_terminal_with_colours_gets_half_blocks() -> None:
    console = Console(width=80, record=True, color_system="truecolor", force_terminal=True)
    console.print(examples(pictures(), console))
    assert "▀▀▀" in console.export_text()


def test_a_session_of_many_minutes_has_few_lines_and_its_estimate_is_corrected_once(capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    watcher = SearchWatcher(quiet=False)
    watcher.estimate(125.0)
    for percent in range(1, 101):
        clock[0] += 4.93
        left = clock[0] * (100 - percent) / percent
        watcher.report(SessionProgress(100, percent, percent / 100, left))
    told = capsys.readouterr().err.splitlines()
    assert len(told) <= 13
    corrected = [text for text in told if text.startswith("This takes")]
    assert corrected == ["This takes longer than estimated: about 8 min 13 s in all, not 2 min 05 s."]
    assert told[-1] == "100%, 100 of 100 nets trained"
    assert not any("left" in text for text in told if float(text.partition("%")[0] if "%" in text else 10) < 10)


def test_an_estimate_that_holds_is_not_corrected(capsys, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    clock = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    watcher = SearchWatcher(quiet=False)
    watcher.estimate(60.0)
    for percent in range(10, 101, 10):
        clock[0] += 10
        watcher.report(SessionProgress(None, percent, percent / 100, clock[0] * (100 - percent) / percent))
    assert "longer" not in capsys.readouterr().err
