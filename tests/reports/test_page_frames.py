"""Figures with a slider, and the section on what went on inside the nets."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from reports_help import made_layers

import goodfit as gf
from goodfit.errors import InputError
from goodfit.figures import FlowLayer, FlowTable, flow_bands
from goodfit.inspection.layer_table import TABLE, read_layers
from goodfit.reports import Frames, Grid, Page, PageFrame, Section, spread, write
from goodfit.reports.frames import MOST_FRAMES
from goodfit.reports.inside import inside_section
from goodfit.reports.page import theme
from goodfit.runs import load
from page_check import check, section, tables

SIZE = 30_000  # characters of a drawing


def flow_of(scale: float, layers: int = 3) -> FlowTable:
    steps = np.arange(1.0, 6.0)
    made = [
        FlowLayer(f"hidden {k + 1}", scale * (steps - 3), scale * steps * 10.0**-k, None, ()) for k in range(layers)
    ]
    return FlowTable(tuple(made), (), "")


def frames(count: int) -> list[PageFrame]:
    drawn = flow_bands([flow_of(1.0 + k) for k in range(count)])
    return [
        PageFrame(f"{10 * k}", figure, Grid(f"Numbers {k}", ("layer", "size"), [["1", "2"]]), f"Words {k}.")
        for k, figure in enumerate(drawn)
    ]


def test_a_slider_is_a_group_of_radio_buttons() -> None:
    pair = [Frames("Flow", "Epoch", frames(count), "How to read it.") for count in (5, 2)]
    root = check(Page("Title", [Section("One", pair)]).html())
    first, second = root.all("figure")
    assert [legend.text for legend in root.all("legend")] == ["Epoch", "Epoch"]
    assert [label.text for label in first.all("label")] == ["0", "10", "20", "30", "40"]
    printed = [each.attributes["class"] for each in first.all("div") if "frame" in each.attributes["class"].split()]
    assert printed == ["frame printed", "frame", "frame printed", "frame", "frame printed"]
    assert [summary.text for summary in second.all("summary")] == [
        "Table of figure 2: Epoch 0", "Table of figure 2: Epoch 10",
    ]  # fmt: skip
    assert first.all("figcaption")[0].text == "Figure 1. Flow. How to read it."


def test_one_frame_has_no_slider() -> None:
    root = check(Page("Title", [Section("One", [Frames("Flow", "Epoch", frames(1))])]).html())
    assert root.all("fieldset", "input") == []
    assert len(root.all("svg")) == 1


@pytest.mark.parametrize("count", [0, MOST_FRAMES + 1])
def test_too_many_frames_are_refused(count: int) -> None:
    with pytest.raises(InputError, match=rf"a slider must have from 1 to 12 frames; got {count}\. `spread` chooses"):
        Frames("Flow", "Epoch", frames(1) * count)


def test_the_theme_knows_every_frame() -> None:
    rules = re.findall(r"\.frames:has\(label:nth-of-type\((\d+)\) :checked\) > \.frame:nth-of-type\((\d+)\)", theme())
    assert rules == [(str(k), str(k)) for k in range(1, MOST_FRAMES + 1)]


def test_spread() -> None:
    assert spread(3) == [0, 1, 2]
    assert spread(12) == list(range(12))
    assert spread(100, 5) == [0, 25, 50, 74, 99]
    some = spread(1000)
    assert (len(set(some)), some[0], some[-1]) == (12, 0, 999)
    assert max(np.diff(some)) - min(np.diff(some)) <= 1


@pytest.mark.parametrize("width", [7.8, 4.2])
def test_all_frames_have_the_same_scales(width: float) -> None:
    drawn = flow_bands([flow_of(1.0), flow_of(100.0), flow_of(np.nan), flow_of(0.0)], width=width)
    limits = [[(*axes.get_xlim(), *axes.get_ylim()) for axes in figure.axes] for figure in drawn]
    assert all(each == limits[0] for each in limits)
    assert limits[0][0][2:] == pytest.approx((-220.0, 220.0))  # -200 to 200, and a twentieth of that to each side
    assert limits[0][1][2:] == pytest.approx((1e-2, 1e3))
    assert drawn[0].axes[0].lines[0].get_ydata().tolist() == [0.0, 0.0, 0.0]


def test_nothing_to_draw_is_drawn_empty() -> None:
    (drawn,) = flow_bands([flow_of(np.nan)])
    assert [axes.get_ylim() for axes in drawn.axes] == [pytest.approx((-0.05, 1.05)), (0.1, 1.0)]


def test_many_layers_are_named_in_part() -> None:
    (drawn,) = flow_bands([flow_of(1.0, 40)])
    names = [label.get_text() for label in drawn.axes[0].get_xticklabels()]
    assert len(names) <= 15
    assert names[-1] == "40"


def test_the_report_shows_the_epochs_that_were_looked_at(folder: Path) -> None:
    made_layers(folder, range(1, 31))
    page = write(load(folder)).read_text("utf-8")
    root = check(page)
    inside = section(root, "Inside the nets")
    labels = [label.text for label in inside.all("label")]
    assert labels == [str(1 + at) for at in spread(30)]
    text = inside.all("p")[0].text
    assert text.startswith(
        "During training the nets were inspected after 30 epochs, as often as a small fraction of the"
    )
    assert "12 of them, spread evenly, are shown here." in text
    rows = tables(inside)["Layers after epoch 30"]
    assert [row[0] for row in rows[1:]] == ["hidden 1", "hidden 2", "output"]
    # medians over two nets, whose gradients are 1 and 2 times 10^-3 ... / epoch
    assert rows[1][1:] == ["0 (−60 to 60)", "0.00015 (5e−05 to 0.00025)", "0 %", "0 %", "0.1"]
    assert rows[3][3:] == ["–", "–", "–"]
    assert "10 % of the values in hidden 2 saturated." in inside.text
    assert "the median over 2 nets" in inside.text
    sizes = [len(each) for each in re.findall("<svg.*?</svg>", page, re.DOTALL) if "layer by layer" in each]
    assert len(sizes) == 24
    assert max(sizes) < SIZE


def test_one_look_is_a_figure_without_a_slider(folder: Path) -> None:
    made_layers(folder, [7], nets=1)
    inside = section(check(write(load(folder)).read_text("utf-8")), "Inside the nets")
    assert inside.all("input") == []
    assert "Activations and gradients, layer by layer, after epoch 7" in inside.all("figcaption")[0].text
    assert "The first 1 of 2 nets were inspected." in inside.text


def test_nobody_looked(folder: Path) -> None:
    assert inside_section(load(folder)) is None
    assert read_layers(folder) == []
    assert "Inside the nets" not in write(load(folder)).read_text("utf-8")


def test_nets_that_diverged_are_left_out_of_the_medians(folder: Path) -> None:
    path = made_layers(folder, [1, 2])
    lines = path.read_text().splitlines()
    broken = [re.sub(r"(output|hidden \d),.*", lambda found: found[1] + ",nan" * 19, line) if ",1,1," in line else line
              for line in lines]  # fmt: skip
    path.write_text("\n".join(broken) + "\n")
    assert sum(",nan,nan,nan,nan" in line for line in broken) == 6
    rows = tables(section(check(write(load(folder)).read_text("utf-8")), "Inside the nets"))["Layers after epoch 2"]
    assert rows[1][2] == "0.0015 (0.0005 to 0.0025)"
    made_layers(folder, [1, 2], **dict.fromkeys(("a_50", "gradient_05", "gradient_50"), np.nan))
    check(write(load(folder)).read_text("utf-8"))


@pytest.mark.parametrize(
    ("old", "new"),
    [("epoch,net", "epoch,nets"), ("hidden 1", ""), ("1,0,0,hidden 1", "one,0,0,hidden 1"), (",0.5,", ",half,"),
     (",0.5,", ",,"), (",0.5,", ",NaN,")],
)  # fmt: skip
def test_a_damaged_table(folder: Path, old: str, new: str) -> None:
    path = made_layers(folder, [1, 2])
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(InputError, match=rf"{TABLE}: must be what goodfit wrote there, but it is damaged\. Use a copy"):
        write(load(folder))


def test_a_table_that_cannot_be_read(folder: Path) -> None:
    (folder / TABLE).mkdir()
    with pytest.raises(InputError, match=rf"{TABLE}: must be readable: Is a directory"):
        read_layers(folder)


def test_what_a_training_leaves_is_shown(tmp_path: Path) -> None:
    watcher = gf.inspection.Watcher(share=1e9)
    recipe = gf.Recipe(hidden=(5, 4), activation="sigmoid", epochs=30, batch_size=32)
    run = gf.train(recipe, "iris", out=tmp_path / "run", watch=watcher)
    watcher.write(tmp_path / "run")
    assert read_layers(tmp_path / "run")[0].keys() == watcher.rows[0].keys()
    inside = section(check(write(run).read_text("utf-8")), "Inside the nets")
    epochs = sorted({row["epoch"] for row in watcher.rows})
    assert [label.text for label in inside.all("label")] == [str(epochs[at]) for at in spread(len(epochs))]
