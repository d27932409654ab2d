"""What may be inspected, and what is said of the rest."""

from __future__ import annotations

import numpy as np
import pytest
from inspection_help import random_net, rows_for

from goodfit.errors import InputError
from goodfit.inspection import subject as module
from goodfit.inspection.subject import describe_net, subject_of

NET = random_net((4, 6, 3), shift=1.0, scale=2.0)


def test_rows_are_scaled_as_the_net_scales_them() -> None:
    x, y = rows_for(NET)
    found = subject_of(NET, x, y)
    np.testing.assert_allclose(found.x, (x.astype(np.float64) - 1) * 2)
    assert (found.given, found.loss, found.note) == (40, "cross-entropy", "")
    np.testing.assert_array_equal(found.target, y)


def test_numbers_are_scaled_as_they_were_trained_on() -> None:
    net = random_net((4, 6, 2), task="regression", target_shift=[1, 2], target_scale=[2, 4])
    x, y = rows_for(net)
    found = subject_of(net, x, y)
    np.testing.assert_allclose(found.target, ((y.astype(np.float64) - [1, 2]) * [2, 4]).T)
    assert found.loss == "squared-error"
    counts = random_net((4, 6, 1), task="regression", link="exp")
    assert subject_of(counts, x, np.ones(40)).loss == "poisson"


def test_many_rows_are_sampled_and_that_is_said() -> None:
    x, y = rows_for(NET, 3000)
    found = subject_of(NET, x, y)
    assert found.note == "Measured on a random 1,024 of 3,000 rows."
    np.testing.assert_array_equal(found.raw_x, x[found.rows])
    np.testing.assert_array_equal(found.target, y[found.rows])
    assert len(np.unique(found.rows)) == 1024
    np.testing.assert_array_equal(subject_of(NET, x, y).rows, found.rows)
    assert (subject_of(NET, x, y, seed=1).rows != found.rows).any()


def test_more_rows_than_memory_holds_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_NUMBERS", 60)
    found = subject_of(NET, *rows_for(NET))
    assert found.note == "Measured on a random 10 of 40 rows."


def test_a_part_of_the_rows() -> None:
    found = subject_of(NET, *rows_for(NET))
    part = found.take(np.array([3, 5]))
    np.testing.assert_array_equal(part.x, found.x[[3, 5]])
    np.testing.assert_array_equal(part.target, found.target[[3, 5]])
    assert len(found.head(7).rows) == 7
    assert len(found.head(70).rows) == 40


def test_a_net_by_its_weights() -> None:
    net = describe_net([np.ones((2, 3)), np.ones((4, 2))], [np.zeros(2), np.zeros(4)], "relu")
    assert net.sizes == (3, 2, 4)
    assert net.activations == ("relu",)
    assert net.classes == ("0", "1", "2", "3")


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        (np.ones((5, 4)), None, r"Inspection: 'y' must be given: gradients need the targets of the rows\. Give one"),
        (np.ones((5, 7)), np.zeros(5, int), r"Inspection: the net takes 4 inputs; 'x' has another .*; got 7"),
        (
            np.ones((5, 4)),
            np.zeros(6, int),
            r"Inspection: 'y' must have one entry for each of the 5 rows of 'x'; got",
        ),
        (np.ones((5, 4)), np.full(5, 3), r"Inspection: labels must be codes from 0 to 2 for 3 classes"),
        (np.full((5, 4), np.nan), np.zeros(5, int), r"Inspection: input column 0 must be finite in float32"),
        (np.ones((5, 4)), np.zeros(5), r"Inspection: 'y' must hold one integer class code per row"),
        (
            np.ones((0, 4)),
            np.zeros(0, int),
            r"Inspection: 'x' must be a 2-d array with at least one row and one column",
        ),
    ],
)
def test_rows_that_do_not_fit(x: np.ndarray, y: np.ndarray | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        subject_of(NET, x, y)


def test_a_loss_that_does_not_fit() -> None:
    with pytest.raises(InputError, match=r"'loss' must be one for classification; got 'huber'. Valid: cross-entropy"):
        subject_of(NET, *rows_for(NET), loss="huber")


def test_outputs_that_do_not_fit() -> None:
    net = random_net((4, 6, 2), task="regression")
    with pytest.raises(InputError, match="the net has 2 outputs; 'y' has another number of columns; got 3"):
        subject_of(net, np.ones((5, 4)), np.ones((5, 3)))


def test_weights_that_are_not_finite_or_do_not_fit() -> None:
    with pytest.raises(InputError, match=r"every weight of layer 0 must be finite; got .*nan"):
        describe_net([np.full((2, 3), np.nan), np.ones((4, 2))], [np.zeros(2), np.zeros(4)], "relu")
    with pytest.raises(InputError, match="layer 1 must fit the layer before it and its own bias"):
        describe_net([np.ones((2, 3)), np.ones((4, 5))], [np.zeros(2), np.zeros(4)], "relu")
