"""`plot`, `Animator` and `show_images`: what is drawn, and where it goes."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as onp
import pytest
import torch

from goodfit.errors import InputError
from goodfit.interop.d2l import plotting, showing
from goodfit.interop.d2l.plotting import Animator, plot, show_images
from goodfit.interop.mxnet import np


def lines_of(axes: Any) -> list[tuple[list[float], list[float]]]:
    return [tuple(list(map(float, each)) for each in line.get_data()) for line in axes.get_lines()]


@pytest.mark.parametrize(
    ("X", "Y", "expected"),
    [
        ([1, 4, 9], None, [([0, 1, 2], [1, 4, 9])]),
        ([[1, 4], [2, 3, 5]], None, [([0, 1], [1, 4]), ([0, 1, 2], [2, 3, 5])]),
        ([1, 2], [3, 4], [([1, 2], [3, 4])]),
        ([1, 2], [[3, 4], [5, 6]], [([1, 2], [3, 4]), ([1, 2], [5, 6])]),
        ([[1, 2], [8, 9]], [[3, 4], [5, 6]], [([1, 2], [3, 4]), ([8, 9], [5, 6])]),
        (torch.tensor([1.0, 2.0]), [torch.tensor([3.0, 4.0], requires_grad=True)], [([1, 2], [3, 4])]),
        (np.array([1, 2]), np.array([3, 4]), [([1, 2], [3, 4])]),
        (onp.array([1, 2]), onp.array([[3, 4], [5, 6]]), [([1, 2], [3, 4]), ([1, 2], [5, 6])]),
    ],
)
def test_what_plot_draws(X: Any, Y: Any, expected: Any) -> None:
    with showing.collected() as drawn:
        plot(X, Y, "x", "f(x)", legend=["a", "b"][: len(expected)], xlim=[0, 10], yscale="log", figsize=(4.5, 2.5))
    (axes,) = drawn[0].figure().axes
    assert lines_of(axes) == expected
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_yscale(), axes.get_xlim()) == ("x", "f(x)", "log", (0, 10))
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["a", "b"][: len(expected)]
    assert tuple(drawn[0].figure().get_size_inches()) == (4.5, 2.5)


def test_more_lines_than_formats_are_drawn() -> None:
    with showing.collected() as drawn:
        plot([1, 2], [[place, place] for place in range(6)])
    assert len(lines_of(drawn[0].figure().axes[0])) == 6
    with pytest.raises(InputError, match=r"plot: X and Y must have as many numbers, line by line"):
        plot([1, 2, 3], [1, 2])


def test_an_animator_takes_numbers_and_lists_and_skips_none() -> None:
    with showing.collected() as drawn:
        animator = Animator(xlabel="epoch", legend=["train", "test"], xlim=[1, 3])
        animator.add(1, (0.5, None))
        animator.add(2, [torch.tensor(0.4, requires_grad=True), np.array(0.6)])
        animator.add([3, 4], [0.3, 0.7])
        animator.add(5, 0.2)
    assert drawn == [animator]
    assert lines_of(animator.figure().axes[0]) == [
        ([1, 2, 3, 5], pytest.approx([0.5, 0.4, 0.3, 0.2])),
        ([2, 4], pytest.approx([0.6, 0.7])),
    ]


def test_a_terminal_gets_a_line_an_epoch_and_the_picture_at_the_end(capsys: pytest.CaptureFixture[str]) -> None:
    animator = Animator(xlabel="epoch", legend=["train", "test"], xlim=[1, 2])
    animator.add(1, (0.123456, 2))
    assert capsys.readouterr().out == "epoch 1: train 0.1235, test 2\n"
    assert not Path(showing.FOLDER).exists()
    animator.add(2, (0.1, None))
    assert capsys.readouterr().out == "epoch 2: train 0.1\nFigure: d2l-figures/figure-1.png\n"
    endless = Animator()
    endless.add(1, 2)
    plotting.GALLERY.write_all()  # as at the end of the process
    assert capsys.readouterr().out == "x 1: curve 1 2\nFigure: d2l-figures/figure-2.png\n"
    assert sorted(path.name for path in Path(showing.FOLDER).iterdir()) == ["figure-1.png", "figure-2.png"]


def test_a_notebook_redraws_one_figure(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    shown: list[Any] = []

    def display(figure: Any, display_id: bool) -> Any:
        shown.append(("new", figure))
        return SimpleNamespace(update=lambda figure: shown.append(("again", figure)))

    shell = SimpleNamespace(kernel=object())
    module = SimpleNamespace(get_ipython=lambda: shell, display=SimpleNamespace(display=display))
    monkeypatch.setitem(sys.modules, "IPython", module)
    animator = Animator(xlabel="epoch")
    animator.add(1, 0.5)
    animator.add(2, 0.4)
    plot([1, 2])
    assert [what for what, _ in shown] == ["new", "again", "new"]
    assert capsys.readouterr().out == ""
    assert not Path(showing.FOLDER).exists()


def test_pictures_in_a_grid() -> None:
    with showing.collected() as drawn:
        axes = show_images(onp.arange(12).reshape(3, 2, 2), 2, 2, titles=["a", "b", "c"], scale=2)
    assert [each.get_title() for each in axes] == ["a", "b", "c", ""]
    onp.testing.assert_array_equal(axes[1].get_images()[0].get_array(), [[4, 5], [6, 7]])
    assert tuple(drawn[0].figure().get_size_inches()) == (4, 4)
