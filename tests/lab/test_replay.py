"""Replays: what their script computes is what the library does; opened in Chromium, by keys and by a pointer."""

from __future__ import annotations

import itertools
import json
import re
import tomllib
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import goodfit as gf
from browser import Browser
from browser_checks import check_opened
from goodfit.lab.opening import open_state
from goodfit.lab.replay import Recorded, chosen_epochs, packed, record, replay, room_for, unpacked
from goodfit.lab.states import DEFAULT, checked_state
from goodfit.models.trained_net import TrainedNet
from goodfit.nets.numpy_activations import FUNCTIONS
from goodfit.training.population import NetArrays

BYTES = 300_000
CELLS = "[...document.querySelectorAll('#predicted tr')].map(row => [...row.cells].slice(1).map(c => +c.dataset.exact))"
CURVES = "[...document.querySelectorAll('#curve-rows tr')].map(row => [...row.cells].map(c => +c.textContent))"
PRESS = {"ArrowLeft": 37, "ArrowRight": 39, "Home": 36}


def a_state(data: dict[str, Any], **more: Any) -> dict[str, Any]:
    nets = {"widths": more.pop("widths")} if "widths" in more else {"nets": 3}
    shared = {name: value for name, value in DEFAULT.items() if name != "nets"}
    return {**shared, "recipe": {**DEFAULT["recipe"], "epochs": 3, **more}, "data": data, **nets}


def recorded(state: dict[str, Any], frames: int, seed: int = 0) -> Recorded:
    """A recording whose nets were never trained: with random weights in every frame."""
    opened, rng = open_state(checked_state(state), {}), np.random.default_rng(seed)
    kept = []
    scaling = opened.examples.scaling
    for _ in range(frames):
        nets = []
        for job in opened.jobs:
            sizes = (opened.data.x.shape[1], *job.recipe.hidden, opened.data.n_outputs)
            weights = [rng.normal(0, 1.5 / np.sqrt(i), (o, i)) for i, o in itertools.pairwise(sizes)]
            slopes = [0.3 if name == "prelu" else None for name in opened.recipe.activations]
            biases = [rng.normal(0, 0.5, o) for o in sizes[1:]]
            arrays = NetArrays(tuple(weights), tuple(biases), tuple(slopes))
            nets.append(TrainedNet.of(arrays, job.recipe, opened.data, scaling))
        kept.append(tuple(nets))
    epochs = np.linspace(0, opened.recipe.epochs, frames).round().astype(int).tolist()
    metrics = {
        name: rng.uniform(0.1, 1, (opened.recipe.epochs, len(opened.jobs))) for name in ("train_loss", "valid_loss")
    }
    return Recorded(opened, tuple(epochs), tuple(kept), metrics, len(opened.jobs))


def rounded(net: TrainedNet) -> TrainedNet:
    """The net as the page has it."""
    (numbers,), at = unpacked(packed([net]), [net]), 0
    parts: dict[str, list[Any]] = {"weights": [], "biases": [], "slopes": []}
    for layer, (weight, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
        for name, shape in (("weights", weight.shape), ("biases", bias.shape)):
            parts[name].append(numbers[at : at + int(np.prod(shape))].reshape(shape))
            at += int(np.prod(shape))
        if layer < len(net.slopes):
            parts["slopes"].append(None if net.slopes[layer] is None else numbers[at])
            at += net.slopes[layer] is not None
    return replace(net, **{name: tuple(arrays) for name, arrays in parts.items()})


def written(path: Path, made: Recorded, language: Any = "en") -> Path:
    path.write_text(replay(made, language), "utf-8")
    return path


def of_the_page(browser: Browser, points: list[list[float]], each: str) -> np.ndarray:
    """What the page's own script makes of every point `at`."""
    return np.asarray(browser.value(f"{json.dumps(points)}.map(at => {each})"), float)


@pytest.mark.parametrize(
    ("data", "more"),
    [
        ({"name": "moons", "rows": 60}, {"hidden": [5] * 12, "activation": list(FUNCTIONS)}),
        ({"name": "spirals", "rows": 90}, {"scaling": "robust"}),
        ({"name": "polynomial", "rows": 60, "n_features": 6}, {"activation": "gelu"}),
        ({"name": "digits", "rows": 200}, {"hidden": [4]}),
        ({"name": "linear", "rows": 60, "n_inputs": 2}, {}),
        ({"points": [[k / 30, k % 7] for k in range(30)]}, {"hidden": [], "batch_size": 8}),
        ({"name": "moons", "rows": 60}, {"widths": [1, 7, 3]}),
    ],
    ids=["every activation", "bent inputs", "powers", "main directions", "numbers", "a line", "widths"],
)
def test_the_page_predicts_as_the_library_does(
    browser: Browser, tmp_path: Path, data: dict[str, Any], more: dict[str, Any]
) -> None:
    """Of the weights that the file holds, to float64's rounding; and these are near those that were trained."""
    made = recorded(a_state(data, **({"init": "normal", "init_scale": None} | more)), 2)
    browser.show(written(tmp_path / "replay.html", made), width=900)
    assert browser.told("Log.entryAdded", "Runtime.exceptionThrown") == []
    plane = made.opened.plane
    assert plane is not None
    across, up = np.linspace(*plane.x, 5), np.linspace(*plane.y, 5)
    points = [[a, b] for b in up for a in across] if plane.kind == "plane" else [[a] for a in across]
    inputs = of_the_page(browser, points, "inputs(at)")
    assert inputs == pytest.approx(plane.inputs(5), rel=1e-5, abs=1e-6)
    found = of_the_page(browser, points, "frames[1].map(net => predict(net, inputs(at)))")  # [points, nets, outputs]
    for place, net in enumerate(made.frames[1]):
        for own, near in ((rounded(net), 1e-9), (net, 5e-3)):
            classifies = net.task == "classification"
            expected = (own.predict_proba if classifies else own.predict)(inputs, precision=np.float64)
            scale = max(1.0, float(np.abs(expected).max()))
            assert np.abs(found[:, place] - expected).max() <= near * scale


def test_a_number_is_kept_to_24_bits() -> None:
    numbers = np.float32([0, 1, -1.5, 3e38, -3.4028235e38, 1e-30, np.pi, 65504.1])
    net = TrainedNet((numbers.reshape(2, 4),), (np.zeros(2),), (), "classification", classes=("a", "b"))
    (found,) = unpacked(packed([net]), [net])
    assert np.isfinite(found).all()
    assert (np.abs(found[:8] - numbers) <= np.abs(numbers) * 2.0**-15).all()


def test_a_file_of_eight_nets_is_small_and_holds_no_test_rows() -> None:
    """The lab's own state: the most frames that fit."""
    frames, shown = room_for(354 + 17 + 17, 8)
    assert shown == 8
    state = {**DEFAULT, "recipe": {**DEFAULT["recipe"], "epochs": 400}}
    made = recorded(state, frames)
    page = replay(made)
    assert len(page.encode()) < BYTES
    found = json.loads(re.search(r'id="record">(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
    parts = made.opened.parts
    drawn = {(a, b) for a, b, *_ in found["points"]}
    held = {tuple(float(f"{value:.4g}") for value in row) for row in parts.x("test")}
    assert len(drawn) == 290  # at most 200 of a part
    assert not drawn & held


@pytest.mark.parametrize(("epochs", "frames"), [(1, 2), (3, 40), (1000, 20), (20_000, 40)])
def test_the_first_and_the_last_epoch_are_kept(epochs: int, frames: int) -> None:
    found = chosen_epochs(epochs, frames)
    assert (found[0], found[-1]) == (0, epochs)
    assert len(found) <= frames
    assert found == sorted(set(found))


def test_the_last_frame_is_what_train_gives() -> None:
    state = checked_state(a_state({"name": "moons", "rows": 60, "noise": 0.3}))
    shares: list[float] = []
    made = record(state, watch=shares.append)
    run = gf.train(state.whole_recipe(), gf.data.load("moons", n_train=60, noise=0.3), seeds=3, leaks="off")
    assert made.epochs == (0, 1, 2, 3)
    assert shares[-1] == 1
    for one, other in zip(made.frames[-1], run.nets, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one.weights, other.weights, strict=True))
    assert np.array_equal(made.metrics["valid_loss"], run.history["valid_loss"])


def test_changes_on_the_way_are_replayed(browser: Browser, tmp_path: Path) -> None:
    """Another activation and units made equal: the frames are those of the training that was changed."""
    acts = [{"epoch": 1, "change": {"activation": "relu", "epochs": 5}}, {"epoch": 2, "equal": 0}]
    made = record(checked_state({**a_state({"name": "moons", "rows": 60}), "epoch": 2, "acts": acts}))
    assert made.epochs == (0, 1, 2, 3, 4, 5)
    assert [frame[0].activations[0] for frame in made.frames] == ["tanh"] + ["relu"] * 5
    first = made.frames[2][1].weights[0]
    assert np.array_equal(first, np.broadcast_to(first[:1], first.shape))
    assert len(made.metrics["train_loss"]) == 5
    browser.show(written(tmp_path / "replay.html", made), width=900)
    inputs = [[0.3, -0.2], [1.5, 0.9]]
    for frame in (0, 5):
        found = of_the_page(browser, inputs, f"predict(frames[{frame}][1], at)")
        expected = rounded(made.frames[frame][1]).predict_proba(np.asarray(inputs), precision=np.float64)
        assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("width", "scheme", "language"), [(1200, "light", "en"), (360, "dark", "zh")])
def test_it_opens_without_a_fault(browser: Browser, tmp_path: Path, width: int, scheme: str, language: str) -> None:
    made = recorded(a_state({"name": "moons", "rows": 60}), 4)
    check_opened(browser, written(tmp_path / "replay.html", made, language), (width, scheme))
    assert browser.value("document.documentElement.lang") == {"en": "en", "zh": "zh-Hans"}[language]


def test_it_is_played_by_keys_and_tells_in_a_table(browser: Browser, tmp_path: Path) -> None:
    made = recorded(a_state({"name": "moons", "rows": 60}), 4)
    browser.show(written(tmp_path / "replay.html", made), width=900)

    def told() -> np.ndarray:
        return np.asarray(browser.value(CELLS))

    def expected(frame: int) -> np.ndarray:
        at = [[float(browser.value(f"moves[{axis}].value")) for axis in (0, 1)]]
        each = np.stack([net.predict_proba(at, precision=np.float64)[0] for net in made.frames[frame]], axis=1)
        return np.concatenate([each.mean(1, keepdims=True), each.std(1, keepdims=True), each], axis=1)

    assert told() == pytest.approx(expected(3), abs=1e-3)
    inks = re.search(r"CLASS_INKS = \[([\d, ]+)\]", files("goodfit.lab").joinpath("page/dom.js").read_text("utf-8"))
    assert inks is not None
    own = [f"var(--series-{code.strip()})" for code in inks[1].split(",")[:2]]  # as the lab has them
    assert (
        browser.value("[...document.querySelectorAll('.inked')].map(each => each.style.getPropertyValue('--own'))")
        == own
    )
    assert browser.value("[0, 1].map(code => `var(${inkOf(code)})`)") == own
    browser.value("at.focus()")
    browser.press("ArrowLeft", PRESS["ArrowLeft"])
    assert browser.value("document.getElementById('epoch').textContent") == "epoch 2"
    browser.value("moves[1].focus()")
    for _ in range(3):
        browser.press("ArrowRight", PRESS["ArrowRight"])
    assert told() == pytest.approx(expected(2), abs=1e-3)
    browser.value("at.focus()")
    browser.press("Home", PRESS["Home"])
    browser.value("play.focus()")
    browser.press(" ", 32, " ")
    assert browser.value("play.textContent") == "Pause"
    reached = "new Promise(done => setTimeout(() => done(frame), 1500))"
    assert browser.value(reached) == 3
    assert browser.value("play.textContent") == "Play"
    rows = browser.value(CURVES)
    losses = made.metrics["train_loss"]
    assert np.asarray(rows)[:, 1] == pytest.approx(losses.mean(1), rel=1e-3)
    assert browser.value("document.getElementById('picture').ariaHidden") == "true"


def test_a_ring_is_dragged_and_no_motion_is_shown_to_who_wants_none(browser: Browser, tmp_path: Path) -> None:
    made = recorded(a_state({"name": "moons", "rows": 60}), 4)
    browser.show(written(tmp_path / "replay.html", made), width=900, reduced=True)
    box = browser.value("(({left, top, width, height}) => [left, top, width, height])(picture.getBoundingClientRect())")
    x, y = box[0] + 0.25 * box[2], box[1] + 0.75 * box[3]
    for kind in ("mousePressed", "mouseReleased"):
        browser.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)
    low, high = made.opened.plane.x  # type: ignore[union-attr]
    assert float(browser.value("moves[0].value")) == pytest.approx(low + 0.25 * (high - low), abs=0.02)
    browser.value("(at.value = '0', at.dispatchEvent(new Event('input')), play.click(), play.click())")
    assert browser.value("new Promise(done => setTimeout(() => done(frame), 500))") == 2  # a step a press
    assert browser.value("play.textContent") == "Play"


def test_names_from_a_file_stay_text(tmp_path: Path) -> None:
    odd = "</script><img src=x onerror=alert(1)>"
    table = tmp_path / "mine.csv"
    lines = "\n".join(f"{np.cos(k):.3f},{np.sin(2 * k):.3f},{odd if k % 2 else 'b'}" for k in range(40))
    table.write_text(f"a,b,kind\n{lines}\n")
    state = a_state({"file": "mine.csv", "target": "kind"}, batch_size=8)
    opened = open_state(checked_state(state), {"mine.csv": table})
    nets = recorded(a_state({"name": "moons", "rows": 60}), 1).frames[0]
    named = tuple(replace(net, classes=opened.data.classes) for net in nets)
    metrics = {"train_loss": np.ones((3, 3))}
    page = replay(Recorded(opened, (0,), (named,), metrics, 3))
    assert odd not in page
    assert page.count("</script>") == 2


@pytest.mark.parametrize(
    ("data", "more", "message"),
    [
        ({"name": "moons", "rows": 60}, {"encoding": "piecewise"}, "features must not be encoded"),
        ({"name": "linear", "rows": 60, "n_inputs": 2}, {"loss": "quantile"}, "counts or quantiles"),
        ({"name": "moons", "rows": 60}, {"train_mixture": True}, "mixtures and clipped predictions"),
        ({"name": "digits"}, {"hidden": [512, 512]}, "nets of at most 104,166 numbers can be recorded"),
    ],
)
def test_what_cannot_be_replayed_is_refused(data: dict[str, Any], more: dict[str, Any], message: str) -> None:
    with pytest.raises(gf.InputError, match=message):
        record(checked_state(a_state(data, **more)))


@pytest.mark.parametrize(
    ("act", "message"),
    [
        ({"weight": {"layer": 9, "i": 0, "value": 1.0}}, "the net has no layer 10"),
        ({"change": {"batch_size": 500}}, "'batch_size' must not exceed"),
    ],
)
def test_what_cannot_be_replayed_is_refused_before_it_is_trained(act: dict[str, Any], message: str) -> None:
    state = {**a_state({"name": "moons", "rows": 60}), "epoch": 2, "acts": [{"epoch": 2, **act}]}
    with pytest.raises(gf.InputError, match=message):
        record(checked_state(state), watch=lambda _: pytest.fail("it trains"))


def test_both_languages_have_the_same_words() -> None:
    words = tomllib.loads(files("goodfit.lab").joinpath("replay_page", "words.toml").read_text("utf-8"))
    assert words["en"].keys() == words["zh"].keys()
    assert all(text.strip() for table in words.values() for text in table.values())
