"""Figures in the language of their page: no English is left in a Chinese one, and Chinese letters have room."""

from __future__ import annotations

import re
import tomllib
import warnings
from pathlib import Path

import pytest
from studies_help import Written

from goodfit.data.fashion_mnist import CLASSES
from goodfit.figures import png, svg
from goodfit.figures.shown import new_figure
from goodfit.figures.style import house_style
from goodfit.nets.activations import ACTIVATIONS
from goodfit.studies import studies
from goodfit.studies.folders import SHARED
from goodfit.studies.words import Labels
from page_check import Element, check

NAMES = list(studies())
BY_STUDY = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in NAMES]  # a worker writes its pages
FOLDERS = SHARED.parents[1]
WORD = re.compile(r"[A-Za-z][A-Za-z-]+")
SAME = {  # in both languages: names, symbols of formulas and units
    *ACTIVATIONS,
    *("ReLU", "Adam", "He", "Xavier", "xavier-normal", "xavier-uniform", "he-normal"),
    *("sin", "abs", "exp", "step", "log", "float", "MiB"),
}


def texts(page: Element) -> list[str]:
    """The live texts of all figures of a page; a formula's letters together."""
    return [text.text for drawn in page.all("svg") for text in drawn.all("text")]


@pytest.mark.parametrize("name", BY_STUDY)
def test_no_english_is_left_in_a_chinese_figure(name: str, written: Written) -> None:
    english, chinese = (check(path.read_text("utf-8")) for path in written(name))
    left = {word for text in texts(chinese) for word in WORD.findall(text)} - SAME
    assert left == set()
    assert not re.search("[\u4e00-\u9fff]", "".join(texts(english)))
    for drawn in chinese.all("svg"):
        assert drawn.attributes["role"] == "img"
        told = {each.attributes["id"]: each.text for each in drawn.all("title", "desc")}
        for kind in ("aria-labelledby", "aria-describedby"):
            assert re.search("[\u4e00-\u9fff]", told[drawn.attributes[kind]])


@pytest.mark.parametrize("name", NAMES)
def test_every_label_is_used(name: str) -> None:
    """By its English, in the study's code; what a label of all studies says stands in the code of some."""
    own = FOLDERS / name.replace("-", "_")
    code = "".join([*(path.read_text("utf-8") for path in own.glob("*.py")), *CLASSES])
    labels = tomllib.loads((own / "texts.toml").read_text("utf-8"))["labels"]
    shared = tomllib.loads(SHARED.read_text("utf-8"))
    assert not labels.keys() & shared.keys()
    for english, chinese in labels.items():
        parts = [part.strip() for part in re.split(r"\{\w*\}", english.replace("\n", "\\n"))]
        ends = (" initial weights", " predictions", " intervals")  # of labels that code puts together
        for end in ends:
            parts = [part.removesuffix(end) for part in parts]
        assert all(part in code for part in parts), english
        assert (
            sorted(re.findall(r"\{\w*\}", english)) == sorted(re.findall(r"\{\w*\}", chinese)) or "{space}" in english
        )
    every = "".join(path.read_text("utf-8") for path in FOLDERS.glob("*/*.py"))
    assert all(english in every for english in shared)


def test_labels() -> None:
    chinese = {"epoch": "轮次", "{units} units": "{units} 个单元", "{} folds": "{} 折", "L1": "一"}
    english, spoken = Labels(chinese), Labels(chinese, "zh")
    assert (english("epoch"), spoken("epoch")) == ("epoch", "轮次")
    assert (english("{units} units", units=3), spoken("{units} units", units=3)) == ("3 units", "3 个单元")
    assert (english.name("5 folds"), spoken.name("5 folds"), spoken.name("2.5 folds")) == ("5 folds", "5 折", "2.5 折")
    assert (spoken.name("Adam"), spoken.name("L1"), spoken.name("L2")) == ("Adam", "一", "L2")
    for say in (english, spoken):
        with pytest.raises(KeyError, match="unknown"):
            say("unknown")


def labelled(text: str) -> bytes:
    """A panel with a text left of it, so that the panel begins where the text ends."""
    with house_style():
        figure = new_figure(6, 2)
        figure.subplots().set_yticks([0], [text])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        png(figure)
        return svg(figure, live_text=True)


def left_edge(drawn: bytes) -> float:
    (path,) = re.findall(rb'id="patch_2">\s*<path d="M ([0-9.]+) ', drawn)
    return float(path)


def test_chinese_signs_have_the_room_that_they_take() -> None:
    """A sign is as wide as its size, 9.5 points; what is not drawn by Matplotlib is measured, and nothing warns."""
    wide = left_edge(labelled("训练样本数量")) - left_edge(labelled("训练"))
    assert wide == pytest.approx(4 * 9.5, abs=0.5)
    assert "训练样本数量".encode() in labelled("训练样本数量")


def test_a_figure_can_be_written_in_other_ways_after_it_stood_in_a_page(tmp_path: Path) -> None:
    with house_style():
        figure = new_figure(3, 2)
        figure.subplots().set_xlabel("x")
    before = svg(figure)
    svg(figure, live_text=True)
    assert svg(figure) == before
    assert png(figure).startswith(b"\x89PNG")
