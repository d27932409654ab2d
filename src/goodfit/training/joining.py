"""Where a device has no room for a turn: it is trained in halves, and what they gave is joined."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from goodfit.errors import GoodfitError, problem
from goodfit.training.cohort import Cohort
from goodfit.training.fitting import Fitted
from goodfit.training.turns import Turn


def out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory is exhausted, on a device or on the host."""
    return isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error)


def no_room(cohort: Cohort) -> GoodfitError:
    """The error where one net alone does not fit."""
    rule = f"has no room for one net of {cohort.jobs[0].recipe.hidden or 'no'} hidden units with its batch"
    fix = "Use fewer hidden units or a smaller batch_size, or train on the CPU: `--device cpu`."
    return GoodfitError(problem("Memory", rule, fix=fix))


def halves_of(turn: Turn) -> tuple[Turn, Turn]:
    """Two turns with half of the jobs each, in order."""
    middle = -(-len(turn.jobs) // 2)
    share = turn.seconds / len(turn.jobs)
    first, second = turn.jobs[:middle], turn.jobs[middle:]
    return Turn(turn.work, first, share * len(first)), Turn(turn.work, second, share * len(second))


def joined(trained: Sequence[tuple[Cohort, Fitted]]) -> Fitted:
    """What turns gave, as if one had trained the jobs of all, in order. state: of the first, for nothing follows."""
    fits = [fitted for _, fitted in trained]
    epochs = max(len(fitted.metrics) for fitted in fits)
    seconds = {name: sum(fitted.seconds.get(name, 0.0) for fitted in fits) for name in fits[0].seconds}
    return Fitted(
        metrics=np.concatenate([_longer(fitted.metrics, epochs) for fitted in fits], axis=2),
        nets=tuple(net for fitted in fits for net in fitted.nets),
        best_epoch=np.concatenate([fitted.best_epoch for fitted in fits]),
        stopped_epoch=np.concatenate([fitted.stopped_epoch for fitted in fits]),
        frozen=np.concatenate([fitted.frozen for fitted in fits]),
        seconds=seconds,
        state=fits[0].state,
        whole=False,
    )


def _longer(metrics: NDArray[np.floating], epochs: int) -> NDArray[np.floating]:
    """Metrics [E, Q, P] of more epochs, in which nothing trained."""
    room = np.full((epochs - len(metrics), *metrics.shape[1:]), np.nan, metrics.dtype)
    return np.concatenate([metrics, room])
