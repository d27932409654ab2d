"""Images that are nearly the same: one photograph in another brightness, a little shifted, or with some noise.

Two images are near twins if, at one of the nine shifts by at most one pixel, over the pixels that both have,
1. their grey levels correlate by at least LIKENESS, and
2. their details correlate by at least DETAIL; the details are what is left of an image when the mean of the 3 x 3
   pixels around each pixel is taken off.
A correlation does not see brightness and contrast. The first condition alone holds for many different trousers, whose
outlines agree; the second looks at what is inside. The distance is 1 minus the correlation of the details.

Larger images are first averaged over squares of pixels, to SIDE pixels for the shorter side or a little more.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from goodfit.data.agreement import blocks
from goodfit.leaks.duplicates import Matches, Rows

Floats = NDArray[np.float32]
LIKENESS = 0.99
"""Correlation of grey levels from which on two images may be twins."""
DETAIL = 0.98
"""Correlation of details from which on they are. Chosen by looking at the pairs of Fashion-MNIST: all above it show one
garment from one place, at most in another colour or with another print; from about 0.975 down, different trousers of
one cut come in. docs/data.md has the counts."""
SIDE = 28
"""Pixels of the shorter side at which images are compared. Images that are smaller are not compared: averaged to
14 x 14 pixels, Fashion-MNIST has 619 pairs above the limits and not 22."""
SHIFTS = tuple((down, right) for down in (-1, 0, 1) for right in (-1, 0, 1))
HALF = tuple(shift for shift in SHIFTS if shift >= (0, 0))
"""The shifts that all pairs of a set need: one image against another by (1, -1) is the other against it by (-1, 1)."""
DIRECTIONS = 64  # that images are projected to, in the search for candidates
SAMPLE = 500  # images that the directions are taken from
SLACK = 1e-4  # for rounding in float32, so that no pair is lost in the search
MOST_CANDIDATES = 300_000  # pairs to compare in full, in about 5 s; all 70,000 of Fashion-MNIST have 79,176


class TooManyCandidates(Exception):
    """So many pairs are alike that they cannot all be compared in reasonable time."""


def can_compare(shape: tuple[int, int] | None) -> bool:
    """Whether rows are images of SIDE x SIDE pixels or more."""
    return shape is not None and min(shape) >= SIDE


def near_images(x: np.ndarray, shape: tuple[int, int], rows: Rows, others: Rows) -> Matches:
    """The pairs of near twins between images `rows` and images `others` of a table x [N, D]; where `others` is `rows`,
    the pairs among them, each once or more, in either order.

    Every pair above the limits is found: candidates come from projections that can only overrate a correlation.
    Images of one grey level have no twins here. Memory is bounded: what grows with the rows is 65 numbers for each.
    Raises TooManyCandidates where the images are so alike that the search would not end in reasonable time.
    """
    if not len(rows) or not len(others):
        return
    left = MOST_CANDIDATES
    alone = rows is others
    for shift in HALF if alone else SHIFTS:
        directions = _directions(x, shape, others, shift)
        a = _projected(x, shape, rows, shift, directions)
        b = _projected(x, shape, others, (-shift[0], -shift[1]), directions)
        for i, j in _candidates(a, b):
            if alone:
                new = i < j if shift == (0, 0) else i != j
                i, j = i[new], j[new]
            left -= len(i)
            if left < 0:
                raise TooManyCandidates
            for part in blocks(len(i), 2 * x.shape[1]):
                yield _compared(x, shape, (rows, others), (i[part], j[part]), shift)


def images_of(x: np.ndarray, shape: tuple[int, int], rows: Rows) -> Floats:
    """Images [n, h, w] in float32, of the size at which they are compared."""
    height, width = shape
    square = max(1, min(shape) // SIDE)
    images = x[rows].reshape(-1, height, width)
    if square == 1:
        return images.astype(np.float32)
    tall, wide = height // square, width // square
    cut = images[:, : tall * square, : wide * square].reshape(-1, tall, square, wide, square)
    means: Floats = cut.mean(axis=(2, 4), dtype=np.float32)
    return means


def details_of(images: Floats) -> Floats:
    """Images without the mean of the 3 x 3 pixels around each pixel; pixels at the edge count as going on beyond it."""
    height, width = images.shape[1:]
    wide = np.pad(images, ((0, 0), (1, 1), (1, 1)), mode="edge")
    rows = wide[:, :-2] + wide[:, 1:-1] + wide[:, 2:]  # [n, h, w + 2]
    around = rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]
    details: Floats = images - around.reshape(-1, height, width) / 9
    return details


def _crop(images: Floats, shift: tuple[int, int]) -> Floats:
    """The pixels that an image shares with one that is shifted against it [n, h, w]."""
    height, width = images.shape[1:]
    down, right = shift
    return images[:, max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)]


def _unit(images: Floats) -> Floats:
    """Flat rows [n, h * w] with mean 0 and length 1: their products are correlations. A row of one value becomes 0."""
    rows = images.reshape(len(images), -1)
    centred: Floats = rows - rows.mean(axis=1, keepdims=True)
    length = np.sqrt(np.einsum("ij,ij->i", centred, centred))[:, None]
    flat = length <= SLACK * np.abs(rows).max(axis=1, keepdims=True, initial=0)
    centred /= np.where(flat, np.inf, length)
    return centred


def _directions(x: np.ndarray, shape: tuple[int, int], rows: Rows, shift: tuple[int, int]) -> Floats:
    """Orthonormal columns [pixels, DIRECTIONS] in which the images differ much: of some rows the principal ones."""
    some = rows[:: max(1, len(rows) // SAMPLE)][:SAMPLE]
    sample = _unit(_crop(images_of(x, shape, some), (-shift[0], -shift[1])))
    _, vectors = np.linalg.eigh(sample @ sample.T)
    orthonormal: Floats = np.linalg.qr(sample.T @ vectors[:, -DIRECTIONS:])[0]
    return orthonormal


def _projected(x: np.ndarray, shape: tuple[int, int], rows: Rows, shift: tuple[int, int], directions: Floats) -> Floats:
    """Images in the directions, and the length of what is left: [n, DIRECTIONS + 1].

    By Cauchy and Schwarz, the product of two such rows is at least the correlation of the images.
    """
    found = np.empty((len(rows), directions.shape[1] + 1), np.float32)
    for part in blocks(len(rows), 4 * x.shape[1]):
        unit = _unit(_crop(images_of(x, shape, rows[part]), shift))
        along = unit @ directions
        total = np.einsum("ij,ij->i", unit, unit)
        found[part, :-1] = along
        found[part, -1] = np.sqrt(np.maximum(0, total - np.einsum("ij,ij->i", along, along)))
    return found


def _candidates(a: Floats, b: Floats) -> Iterator[tuple[Rows, Rows]]:
    """Pairs (i, j) whose rows have a product of at least LIKENESS.

    Rows of length 1 with such a product differ by at most sqrt(2 - 2 LIKENESS) in each number. So both are sorted by
    the number that varies most, and each block meets only the others within that distance.
    """
    by = int(b.std(axis=0).argmax())
    order_a, order_b = a[:, by].argsort(kind="stable"), b[:, by].argsort(kind="stable")
    a, b = a[order_a], b[order_b]
    reach = np.sqrt(2 * (1 - LIKENESS + SLACK))
    for start in range(0, len(a), 256):
        block = a[start : start + 256]
        low, high = np.searchsorted(b[:, by], [block[0, by] - reach, block[-1, by] + reach])
        for first in range(low, high, 4096):
            likeness = block @ b[first : min(first + 4096, high)].T
            some = np.flatnonzero(likeness.max(axis=1) >= LIKENESS - SLACK)
            i, j = np.nonzero(likeness[some] >= LIKENESS - SLACK)
            if len(i):
                yield order_a[start + some[i]].astype(np.int32), order_b[first + j].astype(np.int32)


def _compared(
    x: np.ndarray, shape: tuple[int, int], of: tuple[Rows, Rows], pairs: tuple[Rows, Rows], shift: tuple[int, int]
) -> tuple[Rows, Rows, Floats]:
    """Of the candidates, those within both limits, with their distances."""
    shifts = (shift, (-shift[0], -shift[1]))
    first, second = (
        _crop(images_of(x, shape, rows[positions]), by) for rows, positions, by in zip(of, pairs, shifts, strict=True)
    )
    level = np.einsum("ij,ij->i", _unit(first), _unit(second))
    detail = np.einsum("ij,ij->i", _unit(details_of(first)), _unit(details_of(second)))
    alike = (level >= LIKENESS) & (detail >= DETAIL)
    return pairs[0][alike], pairs[1][alike], np.maximum(0, 1 - detail[alike])
