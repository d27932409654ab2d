"""Between two rungs: every net's state is kept on disk, so that the nets of the next go on from there."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.errors import InputError, problem
from goodfit.files import write_atomically
from goodfit.selection.sheets import Sheet, SheetFit
from goodfit.training import tensor_file
from goodfit.training.cohort import Cohort
from goodfit.training.moving import NetState, lay_states, take_states
from goodfit.training.state import State
from goodfit.training.turns import Turn

FORMAT = 1
Key = tuple[int, int, int]
"""Which net: setting, fold, seed."""


def key_of(fit: SheetFit) -> Key:
    """Which net a fit is, in whatever population it trains."""
    return fit.setting, fit.fold, fit.seed


class StateRelay:
    """Starts a rung's nets from the states of the rung before, and keeps their own for the next.

    sheets: of the rung; epoch: that the rung before ended at, 0 for the first rung; before: the folder of its states;
    after: where this rung's go, None for the last.
    """

    def __init__(self, sheets: Sequence[Sheet], epoch: int, before: Path | None, after: Path | None) -> None:
        self._sheets, self._epoch, self._before, self._after = sheets, epoch, before, after
        self._known: dict[Key, NetState] | None = None

    @property
    def keeps(self) -> bool:
        """Whether states are kept for a next rung."""
        return self._after is not None

    def start(self, turn: Turn, cohort: Cohort) -> tuple[int, State] | None:
        """Where the nets of a turn go on; None where they begin."""
        given = self.given(turn)
        return None if given is None else (given[0], lay_states(given[1], cohort))

    def given(self, turn: Turn) -> tuple[int, Sequence[NetState]] | None:
        """The states of a turn's nets, and how many epochs these have; None where they begin."""
        if self._before is None:
            return None
        if self._known is None:
            wanted = {key_of(fit) for sheet in self._sheets for fit in sheet.fits}
            self._known = _read_states(self._before, wanted)
        keys = [key_of(self._sheets[turn.work].fits[job]) for job in turn.jobs]
        missing = [key for key in keys if key not in self._known]
        if missing:
            fix = "Start the search again in another folder."
            rule = f"must hold the states of all nets that continue; {len(missing)} are missing"
            raise InputError(problem(str(self._before), rule, fix=fix))
        return self._epoch, [self._known[key] for key in keys]

    def ended(self, turn: Turn, cohort: Cohort, state: State) -> None:
        """Keep the states of a turn's nets."""
        if self.keeps:
            self.taken(turn, take_states(state, cohort))

    def taken(self, turn: Turn, states: Sequence[NetState]) -> None:
        """Keep states that were taken already."""
        if self._after is None:
            return
        sheet = self._sheets[turn.work]
        keys = [key_of(sheet.fits[job]) for job in turn.jobs]
        shapes = [sheet.jobs[job].recipe.hidden for job in turn.jobs]
        path = self._after / f"sheet-{turn.work:04d}-net-{turn.jobs[0]:06d}.safetensors"
        self._after.mkdir(parents=True, exist_ok=True)
        write_atomically(path, _packed(keys, shapes, states))


def _packed(keys: Sequence[Key], shapes: Sequence[tuple[int, ...]], states: Sequence[NetState]) -> bytes:
    """States as one file: nets of equal sizes stand in common arrays, so that its header stays short."""
    arrays: dict[str, NDArray[Any]] = {}
    kinds: list[list[Key]] = []
    for shape in dict.fromkeys(shapes):
        members = [net for net, own in enumerate(shapes) if own == shape]
        for name in states[members[0]]:
            arrays[f"{len(kinds)}/{name}"] = np.stack([states[net][name] for net in members])
        kinds.append([keys[net] for net in members])
    return tensor_file.pack(arrays, {"kinds": kinds}, kind="states", version=FORMAT)


def _read_states(folder: Path, wanted: set[Key]) -> dict[Key, NetState]:
    found: dict[Key, NetState] = {}
    for path in sorted(folder.glob("*.safetensors")):
        content = tensor_file.read(path, kind="states", version=FORMAT)
        for number, keys in enumerate(content.metadata["kinds"]):
            own = _of_kind(content.arrays, number)
            for place, key in enumerate(map(tuple, keys)):
                if key in wanted:
                    found[key] = {name: np.array(values[place]) for name, values in own.items()}
    return found


def _of_kind(arrays: Mapping[str, NDArray[Any]], number: int) -> dict[str, NDArray[Any]]:
    start = f"{number}/"
    return {name.removeprefix(start): values for name, values in arrays.items() if name.startswith(start)}
