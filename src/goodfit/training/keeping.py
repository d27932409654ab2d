"""What is kept of trained turns: their nets with what was measured, or the measurements alone."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.nets.member_parts import MEMBERS, members_of, named_parts
from goodfit.training.carrying import optimizer_arrays
from goodfit.training.cohort import Cohort
from goodfit.training.fitting import Fitted, TrainedNets
from goodfit.training.population import NetArrays
from goodfit.training.store import Arrays
from goodfit.training.tensor_file import array_of, seconds_of
from goodfit.training.turns import Turn

_COUNTERS = ("metrics", "best_epoch", "stopped_epoch", "frozen")
_OPTIMIZER = "optimizer/"  # before the names of its arrays


def keep_nets(turn: Turn, cohort: Cohort, fitted: Fitted) -> TrainedNets:
    """Everything but the optimiser's state, which is several times as large as the nets."""
    return TrainedNets(**{each.name: getattr(fitted, each.name) for each in fields(TrainedNets)})


def keep_optimizer(turn: Turn, cohort: Cohort, fitted: Fitted) -> TrainedNets:
    """The nets, and the optimiser's state of each, so that another training can go on with it."""
    forms = cohort.settings().rates.forms
    state = optimizer_arrays(fitted.state, cohort.grid, forms) if fitted.whole else None
    return replace(keep_nets(turn, cohort, fitted), optimizer=state)


def keep_metrics(turn: Turn, cohort: Cohort, fitted: Fitted) -> TrainedNets:
    """What was measured; the weights are let go."""
    return replace(keep_nets(turn, cohort, fitted), nets=())


class PackTrained:
    """Trained nets as arrays and back."""

    def pack(self, kept: TrainedNets) -> tuple[Arrays, Mapping[str, Any]]:
        """All of it as arrays."""
        arrays = {name: np.asarray(getattr(kept, name)) for name in _COUNTERS}
        state = {f"{_OPTIMIZER}{name}": array for name, array in (kept.optimizer or {}).items()}
        about = {"seconds": dict(kept.seconds), "optimizer": kept.optimizer is not None}
        return {**arrays, **_packed(kept.nets), **state}, about

    def unpack(self, turn: Turn, arrays: Arrays, metadata: Mapping[str, Any]) -> TrainedNets:
        """What `pack` wrote; ValueError for anything else."""
        nets = len(turn.jobs)
        return TrainedNets(
            metrics=array_of(arrays, "metrics", "f", None, None, nets),
            nets=_unpacked(arrays, nets),
            best_epoch=array_of(arrays, "best_epoch", "i", nets),
            stopped_epoch=array_of(arrays, "stopped_epoch", "i", nets),
            frozen=array_of(arrays, "frozen", "b", nets),
            seconds=seconds_of(metadata),
            optimizer=_optimizer(arrays, nets) if metadata.get("optimizer") is True else None,
        )


def _optimizer(arrays: Arrays, nets: int) -> dict[str, NDArray[Any]]:
    found = {name.removeprefix(_OPTIMIZER): array for name, array in arrays.items() if name.startswith(_OPTIMIZER)}
    if any(array.shape[:1] != (nets,) for array in found.values()):
        raise ValueError("an optimiser's state is of every net")
    return found


def _packed(nets: Sequence[NetArrays]) -> dict[str, NDArray[Any]]:
    """Nets as arrays: those of equal sizes stand in common ones, so that a file's header stays short."""
    sizes = [
        (
            tuple(own.shape for own in net.weights),
            len(net.mixtures),
            tuple(own.shape for own in net.waves),
            tuple(name for name, _ in named_parts(net.members)),
        )
        for net in nets
    ]
    arrays: dict[str, NDArray[Any]] = {}
    for number, size in enumerate(dict.fromkeys(sizes)):
        members = [place for place, own in enumerate(sizes) if own == size]
        arrays[f"{number}/nets"] = np.asarray(members, np.int64)
        for layer in range(size[1]):
            arrays[f"{number}/mixtures.{layer}"] = np.stack([nets[net].mixtures[layer] for net in members])
        for part in range(len(size[2])):
            arrays[f"{number}/waves.{part}"] = np.stack([nets[net].waves[part] for net in members])
        for part, name in enumerate(size[3]):
            arrays[f"{number}/{name}"] = np.stack([named_parts(nets[net].members)[part][1] for net in members])
        for layer in range(len(size[0])):
            arrays[f"{number}/weights.{layer}"] = np.stack([nets[net].weights[layer] for net in members])
            arrays[f"{number}/biases.{layer}"] = np.stack([nets[net].biases[layer] for net in members])
        slopes = [[np.nan if slope is None else slope for slope in nets[net].slopes] for net in members]
        arrays[f"{number}/slopes"] = np.asarray(slopes, np.float64).reshape(len(members), -1)
    return arrays


def _unpacked(arrays: Arrays, count: int) -> tuple[NetArrays, ...]:
    """The nets in order, all of them or none."""
    nets: dict[int, NetArrays] = {}
    number = 0
    while f"{number}/nets" in arrays:
        own = {name.partition("/")[2]: array for name, array in arrays.items() if name.startswith(f"{number}/")}
        layers = range(sum(name.startswith("weights.") for name in own))
        members = array_of(own, "nets", "i", None)
        weights = [array_of(own, f"weights.{layer}", "f", len(members), None, None) for layer in layers]
        biases = [array_of(own, f"biases.{layer}", "f", len(members), weights[layer].shape[1]) for layer in layers]
        slopes = array_of(own, "slopes", "f", len(members), None)
        shares = [
            array_of(own, f"mixtures.{layer}", "f", len(members), weights[layer].shape[1])
            for layer in layers[: len(layers) - 1 if "mixtures.0" in own else 0]
        ]
        axes = (2, 2, 3, 2) if "waves.0" in own else ()  # of `PeriodicEncoding.trained`
        waves = [array_of(own, f"waves.{part}", "f", len(members), *[None] * count) for part, count in enumerate(axes)]
        parts = [name for name in own if name.startswith(MEMBERS)]
        for name in parts:
            array_of(own, name, "f", len(members), None, None)
        if any(one.shape[1] != other.shape[2] for one, other in itertools.pairwise(weights)):
            raise ValueError("layers do not follow one another")
        for place, net in enumerate(members.tolist()):
            nets[net] = NetArrays(
                weights=tuple(np.array(each[place]) for each in weights),
                biases=tuple(np.array(each[place]) for each in biases),
                slopes=tuple(None if np.isnan(slope) else float(slope) for slope in slopes[place]),
                mixtures=tuple(np.array(each[place]) for each in shares),
                waves=tuple(np.array(each[place]) for each in waves),
                members=members_of({name: np.array(own[name][place]) for name in parts}),
            )
        number += 1
    if nets and nets.keys() != set(range(count)):
        raise ValueError("there are other nets than were trained")
    return tuple(nets[net] for net in range(len(nets)))
