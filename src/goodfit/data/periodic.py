"""Periodic encoding of inputs: sums of cosines whose frequencies, phases and weights are trained with the net."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from goodfit.data.encoding import columns_problem
from goodfit.errors import Problems

if TYPE_CHECKING:
    from jaxtyping import Float, Int

TRAINED = ("frequencies", "phases", "weights", "offsets")


@dataclass(frozen=True, eq=False)
class PeriodicColumns:
    """Which inputs are encoded, [E], and by how many cosines and sums of them each: all that is known before training.

    columns: rising numbers of the inputs, int32
    """

    columns: Int[np.ndarray, " E"]
    frequencies: int
    components: int

    def __post_init__(self) -> None:
        """Convert."""
        object.__setattr__(self, "columns", np.asarray(self.columns, np.int32))

    @property
    def width(self) -> int:
        """Components in all."""
        return len(self.columns) * self.components

    @property
    def own_width(self) -> int:
        """Numbers that every net holds by itself of a row while it is encoded."""
        return len(self.columns) * self.frequencies

    @property
    def numbers(self) -> int:
        """How many of them a net trains: frequencies, phases, weights and offsets."""
        return len(self.columns) * (2 * self.frequencies + self.components * self.frequencies + self.components)

    def of(self, trained: tuple[NDArray[Any], ...]) -> PeriodicEncoding:
        """The encoding of a net that has trained these."""
        return PeriodicEncoding(self.columns, *trained)


@dataclass(frozen=True, eq=False)
class PeriodicEncoding:
    """Components appended to scaled inputs z, O for each encoded column: A cos(2 pi z w + p) + c.

    columns: [E] numbers of the encoded columns, rising, int32; frequencies w, phases p: [E, F]; weights A: [E, O, F];
    offsets c: [E, O], float32. z itself stays beside them.
    Source: "PBLD" (periodic, bias, linear, densenet) of RealMLP: Holzmüller, Grinsztajn & Steinwart (2024), Better by
    Default, arXiv 2407.04491, and pytabkit, whose `hidden_2` counts z among the components.
    """

    columns: Int[np.ndarray, " E"]
    frequencies: Float[np.ndarray, "E F"]
    phases: Float[np.ndarray, "E F"]
    weights: Float[np.ndarray, "E O F"]
    offsets: Float[np.ndarray, "E O"]

    def __post_init__(self) -> None:
        """Convert."""
        object.__setattr__(self, "columns", np.asarray(self.columns, np.int32))
        for name in TRAINED:
            object.__setattr__(self, name, np.asarray(getattr(self, name), np.float32))

    @property
    def width(self) -> int:
        """Components in all."""
        return int(self.offsets.size)

    @property
    def bare(self) -> PeriodicColumns:
        """What was known before training."""
        return PeriodicColumns(self.columns, int(self.weights.shape[2]), int(self.weights.shape[1]))

    @property
    def fixed(self) -> tuple[NDArray[Any], ...]:
        """What training did not change: the columns, and the numbers of cosines and components."""
        return self.columns, np.asarray(self.weights.shape[1:], np.int32)

    @property
    def trained(self) -> tuple[NDArray[Any], ...]:
        """What training changed."""
        return tuple(getattr(self, name) for name in TRAINED)

    def apply(self, z: NDArray[Any]) -> NDArray[Any]:
        """Scaled inputs [N, D] with their components behind them, [N, D + E * O], in the type of z."""
        w, p, a, c = (each.astype(z.dtype, copy=False) for each in self.trained)
        waves = np.cos(z.dtype.type(2 * np.pi) * z[:, self.columns, None] * w + p)  # [N, E, F]
        parts = np.matmul(waves.swapaxes(0, 1), a.swapaxes(1, 2)).swapaxes(0, 1) + c  # [N, E, O]
        found: NDArray[Any] = np.concatenate([z, parts.reshape(len(z), -1)], axis=1)
        return found

    def problems(self, seen: int) -> Problems:
        """What is wrong with it for a first layer that sees so many numbers, inputs and components."""
        found, (w, p, a, c) = Problems(), self.trained
        fits = w.ndim == 2 and a.ndim == 3 and p.shape == w.shape and c.shape == a.shape[:2] and a.size > 0
        if not fits or w.shape != (a.shape[0], a.shape[2]) or self.columns.shape != w.shape[:1]:
            rule = "the encoding must have frequencies, phases, weights and offsets for each of its columns"
            shapes = ", ".join(f"{name} {getattr(self, name).shape}" for name in ("columns", *TRAINED))
            found.add("Net", rule, got=shapes)
            return found
        found.found += columns_problem(self.columns, seen, self.width).found
        if not all(np.isfinite(each).all() for each in self.trained):
            found.add("Net", "every number of the encoding must be finite")
        return found
