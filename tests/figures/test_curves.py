from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from goodfit.errors import InputError
from goodfit.figures import curves, png, svg, write_figure
from goodfit.figures.style import LINES
from goodfit.training.history import History


def history(nets: int = 1, epochs: int = 12, parts: tuple[str, ...] = ("train", "valid"), **changes: Any) -> History:
    rng = np.random.default_rng(nets)
    names = [f"{part}_{kind}" for part in parts for kind in ("loss", "score")]
    fields: dict[str, Any] = {
        "epochs": np.arange(1, epochs + 1),
        "seeds": np.arange(nets),
        "values": {name: rng.uniform(0.2, 0.9, size=(epochs, nets)) for name in names},
        "best_epoch": rng.integers(0, epochs + 1, nets),
        "stopped_epoch": np.full(nets, epochs),
        "frozen": np.zeros(nets, bool),
    }
    return History(**(fields | changes))


def line(axes: Any, part: str) -> Any:
    """The curve of a part: the line with its dashes that goes over all epochs."""
    look = LINES[part]
    (found,) = [each for each in axes.lines if each.get_color() == look.colour and each.get_linestyle() == look.dashes]
    return found


def legend_texts(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_one_net_draws_its_own_values_and_no_band() -> None:
    data = history()
    losses, scores = curves(data).axes
    for axes, kind in ((losses, "loss"), (scores, "score")):
        for part in ("train", "valid"):
            np.testing.assert_array_equal(line(axes, part).get_xdata(), data.epochs)
            np.testing.assert_allclose(line(axes, part).get_ydata(), data[f"{part}_{kind}"][:, 0])
        assert not axes.collections
        assert axes.get_xlabel() == "epoch"
    assert (losses.get_ylabel(), scores.get_ylabel()) == ("loss (nats per row)", "accuracy (fraction of rows)")
    assert losses.get_yscale() == "linear"


def test_the_epoch_whose_weights_were_kept_is_marked_on_the_validation_curve() -> None:
    data = history(best_epoch=[7])
    figure = curves(data)
    for axes, kind in zip(figure.axes, ("loss", "score"), strict=True):
        (mark,) = [each for each in axes.lines if each.get_marker() == LINES["valid"].marker]
        assert mark.get_xdata() == [7]
        np.testing.assert_allclose(mark.get_ydata(), data[f"valid_{kind}"][6])
    assert legend_texts(figure) == ["training", "validation", "weights kept: epoch 7"]
    assert figure.legends[0].get_title().get_text() == ""


def test_without_validation_rows_the_mark_is_on_the_training_curve() -> None:
    figure = curves(history(parts=("train", "test"), best_epoch=[12]))
    assert [each.get_xdata()[0] for each in figure.axes[0].lines if each.get_marker() == "o"] == [12]
    assert legend_texts(figure) == ["training", "test", "weights kept: epoch 12"]


@pytest.mark.parametrize(
    ("nets", "levels", "words"), [(8, (0, 1), "minimum to maximum"), (21, (0.05, 0.95), "central 90%")]
)
def test_several_nets_draw_mean_and_band_and_the_legend_says_which(
    nets: int, levels: tuple[float, float], words: str
) -> None:
    data = history(nets)
    figure = curves(data)
    losses = figure.axes[0]
    np.testing.assert_allclose(line(losses, "train").get_ydata(), data["train_loss"].mean(1), rtol=1e-6)
    corners = losses.collections[0].get_paths()[0].vertices
    low, high = np.quantile(data["train_loss"], levels, axis=1)
    for row, epoch in enumerate(data.epochs):
        drawn = corners[corners[:, 0] == epoch][:, 1]
        np.testing.assert_allclose((drawn.min(), drawn.max()), (low[row], high[row]), rtol=1e-6)
    assert (
        figure.legends[0].get_title().get_text() == f"line: mean of the nets still training (of {nets}); band: {words}"
    )
    (ticks,) = [each for each in losses.lines if each.get_marker() == "|"]
    np.testing.assert_array_equal(ticks.get_xdata(), np.sort(data.best_epoch))
    best = np.sort(data.best_epoch)
    assert legend_texts(figure)[-1] == f"weights kept: epoch {best[0]} to {best[-1]}, median {np.median(best):g}"


def test_frozen_nets_are_left_out_and_counted() -> None:
    data = history(3, frozen=[False, True, True], best_epoch=[4, 1, 2])
    figure = curves(data)
    np.testing.assert_allclose(line(figure.axes[0], "valid").get_ydata(), data["valid_loss"][:, 0])
    assert legend_texts(figure)[-1] == "weights kept: epoch 4"
    assert figure.get_suptitle() == "Training of 1 net, 12 epochs; 2 of 3 nets frozen and omitted"


def test_with_all_nets_frozen_they_are_drawn() -> None:
    figure = curves(history(2, frozen=[True, True]))
    assert figure.get_suptitle() == "Training of 2 nets, 12 epochs"
    assert len(figure.axes[0].collections) == 2


@pytest.mark.parametrize(("low", "scale"), [(0.031, "log"), (0.034, "linear"), (-0.1, "linear")])
def test_a_loss_that_spans_more_than_thirtyfold_is_drawn_on_a_log_scale(low: float, scale: str) -> None:
    table = np.array([[1.0], [low]])
    figure = curves(history(epochs=2, values={"train_loss": table}, best_epoch=[2]))
    assert figure.axes[0].get_yscale() == scale
    assert figure.axes[0].get_ylabel() == "loss (nats per row)" + (", log scale" if scale == "log" else "")


def test_few_epochs_get_markers() -> None:
    assert line(curves(history(epochs=4)).axes[0], "train").get_marker() == "o"
    assert line(curves(history(epochs=5)).axes[0], "train").get_marker() in {"", "None"}


def test_lines_differ_in_dashes_and_in_lightness() -> None:
    looks = list(LINES.values())
    assert len({look.dashes for look in looks}) == len({look.marker for look in looks}) == len(looks)
    red, green, blue = np.array([matplotlib.colors.to_rgb(look.colour) for look in looks]).T
    grey = 0.299 * red + 0.587 * green + 0.114 * blue
    assert grey[1] - grey[0] > 0.2  # training and validation, which every figure has


def test_labels_and_title_are_the_caller_s() -> None:
    figure = curves(history(), score_name="R²", loss_name="squared error / 2", title="diabetes")
    assert figure.axes[1].get_ylabel() == "R²"
    assert figure.axes[0].get_ylabel() == "squared error / 2"
    assert figure.get_suptitle() == "diabetes"


@pytest.mark.parametrize(("epochs", "shown"), [(0, 2), (1, 3)])
def test_a_run_that_has_hardly_begun_can_be_drawn(epochs: int, shown: int) -> None:
    figure = curves(history(epochs=epochs, best_epoch=[0]))
    assert png(figure)
    assert len(legend_texts(figure)) == shown


def test_metrics_that_are_all_missing_can_be_drawn() -> None:
    assert png(curves(history(values={"train_loss": np.full((12, 1), np.nan)})))


def test_the_same_figure_gives_the_same_bytes_whatever_the_reader_s_settings() -> None:
    first = curves(history(8))
    with matplotlib.rc_context({"lines.linewidth": 9, "svg.hashsalt": "other", "axes.facecolor": "black"}):
        second = curves(history(8))
        drawn = svg(second), png(second)
    assert (svg(first), png(first)) == drawn
    assert b"date" not in drawn[0].lower()
    assert b"Software" not in drawn[1]


def test_the_reader_s_settings_come_back() -> None:
    before = dict(matplotlib.rcParams)
    svg(curves(history()))
    assert dict(matplotlib.rcParams) == before


def test_drawing_needs_no_pyplot() -> None:
    code = (
        "import sys; from goodfit.training.history import History; from goodfit.figures import curves, svg;"
        "assert 'matplotlib' not in sys.modules;"
        "svg(curves(History([1], [0], {'train_loss': [[1.0]]}, [1], [1], [False])));"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_figure_can_be_drawn_off_the_main_thread() -> None:
    drawn: list[bytes] = []
    thread = threading.Thread(target=lambda: drawn.append(png(curves(history()))))
    thread.start()
    thread.join()
    assert drawn[0].startswith(b"\x89PNG")


def test_files_are_what_their_names_say(tmp_path: Path) -> None:
    figure = curves(history())
    write_figure(figure, tmp_path / "curves.svg")
    write_figure(figure, tmp_path / "curves.PNG")
    root = ElementTree.parse(tmp_path / "curves.svg").getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert (tmp_path / "curves.PNG").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(InputError, match=r"curves\.jpg: a figure's name must end in \.svg or \.png; got '\.jpg'"):
        write_figure(figure, tmp_path / "curves.jpg")
