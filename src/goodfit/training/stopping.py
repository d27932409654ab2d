"""What happens to every net at the end of an epoch: keep the best, stop, or freeze. Part of the compiled program."""

from dataclasses import replace
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array

from goodfit.nets.forward import Parameters
from goodfit.training.optimisers import finite
from goodfit.training.state import Program, Settings, State

NEVER = 2**31 - 1  # the patience of a net that does not stop early


def end_epoch(
    program: Program,
    settings: Settings,
    before: State,
    parameters: Parameters,
    optimizer: Any,
    loss: Array,
    score: Array,
    scored: Array,
    number: Array,
    tempered: Array | None = None,
) -> State:
    """The state after epoch `number` (1-based), from the state before it and what the epoch made of the parameters.

    loss, score: [S, M] of the watched part; tempered: its log loss after temperature scaling, None where no net watches
    it; scored: [S, M] whether it was scored in this epoch. A net whose loss or parameters are not finite goes back to
    the state before the epoch and is frozen. Improvement is a watched value below the best one, or equal to it where a
    net takes the last of equals; for patience it must be lower by more than min_change. A net out of patience stops, or
    goes on with a lower rate where it has one.
    """
    # the loss of an epoch that was not scored is nan by design, and says nothing of the net
    sound = finite(parameters) & (jnp.isfinite(loss) | ~scored)
    taken = before.active & sound
    after = replace(
        before,
        parameters=choose(taken, parameters, before.parameters),
        # with the weights, so that a state holds one epoch and not parts of two
        optimizer=choose(taken, optimizer, before.optimizer),
        # where no best is kept, the last epoch is the best
        best_epoch=jnp.where(taken, number, before.best_epoch).astype(jnp.int32),
        active=taken & (number < settings.epochs),
        frozen=before.frozen | (before.active & ~sound),
        stopped_epoch=jnp.where(taken, number, before.stopped_epoch).astype(jnp.int32),
    )
    if not (program.keep_best or program.uses_patience):
        return after

    # A score is better high. Where R² is not defined, for the watched targets are all the same, the loss is watched.
    value = jnp.where(settings.on_score & jnp.isfinite(score), -score, loss)
    if tempered is not None and settings.on_tempered is not None:
        value = jnp.where(settings.on_tempered & jnp.isfinite(tempered), tempered, value)
    lower = value < before.best_value
    if settings.takes_equals is not None:
        lower |= settings.takes_equals & (value == before.best_value)
    better = taken & scored & lower
    goal = before.best_value - settings.min_change
    enough = taken & scored & (value <= goal if program.conventions == "scikit-learn" else value < goal)
    # only scored epochs try a net's patience
    since = jnp.where(enough, 0, before.since_best + (taken & scored))
    tired, rate = since >= settings.patience, before.rate
    if rate is not None:
        slower = taken & tired & (rate > settings.plateau_floor)
        rate = jnp.where(slower, rate * settings.plateau_factor, rate)
        since, tired = jnp.where(slower, 0, since), tired & ~slower
    after = replace(
        after,
        best_value=jnp.where(better, value, before.best_value),
        since_best=since.astype(jnp.int32),
        active=after.active & ~tired,
        rate=rate,
    )
    if not program.keep_best:
        return after
    return replace(
        after,
        best=choose(better, parameters, before.best),
        best_epoch=jnp.where(better, number, before.best_epoch).astype(jnp.int32),
    )


def choose(mask: Array, new: Any, old: Any) -> Any:
    """Leaf by leaf: `new` for the nets of the mask [S, M], `old` for the others."""
    return jax.tree.map(lambda n, o: jnp.where(mask.reshape(mask.shape + (1,) * (n.ndim - 2)), n, o), new, old)
