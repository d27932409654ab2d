"""The compiled program: some epochs of a cohort, arithmetic only.

Row orders, initial weights and schedules are drawn on the host and passed in; the data are arguments, never constants.
An epoch is a `lax.scan` over its batches; epochs run in a `lax.while_loop` that ends early when every net has stopped.
"""

from dataclasses import replace
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from goodfit.nets.dropout import hash_bits, stream_key
from goodfit.nets.forms import plain
from goodfit.nets.forward import Dropout, Parameters, forward
from goodfit.nets.members import apart, side_by_side
from goodfit.nets.penalties import l1_penalty, l2_penalty
from goodfit.training import optimisers, stopping
from goodfit.training.batch_rows import Batch, batch_of
from goodfit.training.batches import PURPOSE
from goodfit.training.own_tables import bins_a_net
from goodfit.training.part_scores import row_values, score_of, score_parts, weighted_sum
from goodfit.training.state import Chunk, Draws, Layout, Program, ProgramRows, Settings, State

Metrics = Float[Array, "E Q S M"]  # Q: loss and score in training, then loss and score of every part


def run_chunk(
    program: Program, settings: Settings, rows: ProgramRows, chunk: Chunk, state: State
) -> tuple[State, Metrics]:
    """Train `chunk.count` epochs, or fewer when every net has stopped. Metrics of what did not run are nan."""
    quantities = 2 + 2 * len(program.parts)
    empty = jnp.full((program.chunk, quantities, *state.active.shape), jnp.nan, settings.rates.l2.dtype)

    def more(carry: tuple[Array, State, Array]) -> Array:
        epoch, state, _ = carry
        # count is traced: a shorter chunk runs the program of the longest
        return (epoch < chunk.count) & state.active.any()

    def body(carry: tuple[Array, State, Array]) -> tuple[Array, State, Array]:
        epoch, state, metrics = carry
        state, values = _epoch(program, settings, rows, chunk, state, epoch)
        return epoch + 1, state, jax.lax.dynamic_update_index_in_dim(metrics, values, epoch, 0)

    _, state, metrics = jax.lax.while_loop(more, body, (jnp.zeros((), jnp.int32), state, empty))
    return state, metrics


def _epoch(
    program: Program, settings: Settings, rows: ProgramRows, chunk: Chunk, state: State, epoch: Array
) -> tuple[State, Array]:
    number = chunk.first + epoch + 1
    if isinstance(chunk.order, Draws):
        assert rows.layout is not None
        order = drawn_order(rows.layout, chunk.order, number)
    else:
        order = chunk.order[epoch]
    parameters, optimizer, loss, score = _train_epoch(program, settings, rows, order, chunk, state, epoch)
    values = jnp.stack([loss, score])  # [2, S, M]
    due = state.active & (chunk.scored[epoch] | (number == settings.epochs))  # every net's last epoch is scored
    if program.parts:
        nothing = jnp.full((2 * len(program.parts) + program.tempers, *loss.shape), jnp.nan, loss.dtype)
        scored = partial(score_parts, program, settings, rows)
        # cond, not where: an epoch in which nothing is due skips the passes over the parts
        found = jax.lax.cond(due.any(), scored, lambda _: nothing, parameters)
        values = jnp.concatenate([values, jnp.where(due, found, jnp.nan)])
    # a net that has stopped goes through the arithmetic with the others, but nothing of it is reported
    values = jnp.where(state.active, values, jnp.nan)
    watched = 2 + 2 * program.parts.index(program.monitor) if program.monitor in program.parts else 0
    seen = due if watched else state.active
    tempered = values[-1] if program.tempers else None
    state = stopping.end_epoch(
        program, settings, state, parameters, optimizer, values[watched], values[watched + 1], seen, number, tempered
    )
    return state, values[: 2 + 2 * len(program.parts)]


def drawn_order(layout: Layout, draws: Draws, epoch: Array) -> Array:
    """The batches of an epoch of the training, [steps, S, B]: rows sorted by random words, within their stratum.

    The words come of (seed, epoch, row) alone, as dropout's do: the same wherever chunks end.
    """
    rows, strata = layout.rows, layout.strata
    key = stream_key(draws.seeds, epoch, PURPOSE, 0)  # [S]
    words = hash_bits(key, 1, len(rows))[:, 0]  # [S, n], all of a group unlike: the hash permutes 32 bits
    keys = (words,) if strata is None else (jnp.broadcast_to(strata, words.shape), words)
    *_, drawn = jax.lax.sort((*keys, jnp.broadcast_to(rows, words.shape)), dimension=1, num_keys=len(keys))
    slots = layout.slots[draws.layout]  # [S, steps, B]
    flat = jnp.maximum(slots, 0).reshape(len(slots), -1)
    order = jnp.take_along_axis(drawn, flat, axis=1, mode="promise_in_bounds").reshape(slots.shape)
    return jnp.where(slots >= 0, order, -1).swapaxes(0, 1)


def _train_epoch(
    program: Program, settings: Settings, rows: ProgramRows, order: Array, chunk: Chunk, state: State, epoch: Array
) -> tuple[Parameters, Any, Array, Array]:
    # counted over the whole training: dropout's bits do not depend on where chunks end
    number = (chunk.first + epoch).astype(jnp.uint32)
    zero = jnp.zeros_like(settings.rates.l2)

    def body(carry: Any, inputs: tuple[Array, Array, Array]) -> tuple[Any, None]:
        parameters, optimizer, sums = carry
        index, factors, at = inputs
        batch, now = batch_of(program, settings, rows, index), _scheduled(settings, factors)
        dropout = _dropout(program, chunk.seeds, now, number, at)
        # with one schedule for all, no gather in the loop
        factor = factors[settings.schedule] if factors.shape[0] > 1 else factors[0]
        factor = factor if state.rate is None else factor * state.rate
        parameters, optimizer, found = _step(program, now, batch, dropout, parameters, optimizer, factor)
        if objective_is_loss(program):
            found = (found[0] * (index >= 0).sum(-1).astype(zero.dtype)[:, None], *found[1:])
        return (parameters, optimizer, tuple(s + f for s, f in zip(sums, found, strict=True))), None

    sums = (zero,) * (3 if program.uses_row_weights else 2)
    steps = (order, chunk.schedules[epoch], jnp.arange(program.steps, dtype=jnp.uint32))
    (parameters, optimizer, sums), _ = jax.lax.scan(body, (state.parameters, state.optimizer, sums), steps)
    rows_an_epoch = chunk.counts[epoch][:, None]  # [S, 1]
    total = sums[-1] if program.uses_row_weights else rows_an_epoch
    of_loss = rows_an_epoch if objective_is_loss(program) else total
    return parameters, optimizer, sums[0] / of_loss, score_of(program, sums[1] / total)


def objective_is_loss(program: Program) -> bool:
    """Whether the loss in training is the objective of every batch, weighed by its rows."""
    return program.conventions == "scikit-learn"


def _step(
    program: Program,
    settings: Settings,
    batch: Batch,
    dropout: Dropout | None,
    parameters: Parameters,
    optimizer: Any,
    factor: Array,
) -> tuple[Parameters, Any, tuple[Array, ...]]:
    """One step of the optimiser, and the sums over the batch: loss, score and, where rows have weights, weight.

    The first is the objective, not a sum, where `objective_is_loss`.
    """

    def total(parameters: Parameters) -> tuple[Array, tuple[Array, tuple[Array, ...]]]:
        objective, sums = _objective(program, settings, parameters, batch, dropout)
        # nets share no parameter: the gradient of the sum holds every net's own gradient, one backward pass for all
        weighed = objective * (-settings.rates.learning_rate * factor) if program.plain_descent else objective
        return weighed.sum(), (objective, sums)

    (_, (objective, sums)), gradient = jax.value_and_grad(total, has_aux=True)(parameters)
    if program.plain_descent:
        # the step itself: where it is a product, that adds it to the weights in place
        parameters = jax.tree.map(jnp.add, parameters, gradient)
    elif program.optimizer == "lbfgs":
        parameters, optimizer = _step_lbfgs(program, settings, batch, parameters, gradient, objective, optimizer)
    else:
        shape = settings.rates.l2.shape
        factor = jnp.broadcast_to(factor, shape)
        moved = optimisers.step(program, settings.rates, parameters, gradient, optimizer, factor)
        if program.may_be_weightless:  # a batch without a row of weight is no batch: momentum and penalties rest too
            moved = stopping.choose(sums[2] > 0, moved, (parameters, optimizer))
        parameters, optimizer = moved
    return parameters, optimizer, sums if program.uses_row_weights else sums[:2]


def _step_lbfgs(
    program: Program,
    settings: Settings,
    batch: Batch,
    parameters: Parameters,
    gradient: Parameters,
    value: Array,
    optimizer: Any,
) -> tuple[Parameters, Any]:
    """One iteration of every net; its line search asks for the objective of one net, which is a population of one."""

    def one(settings: Settings, batch: Batch, parameters: Parameters, *known: Any) -> tuple[Parameters, Any]:
        alone = jax.tree.map(lambda leaf: leaf[None, None], settings)
        lifted = jax.tree.map(lambda leaf: leaf[None, None], (batch.target, batch.weight, batch.own, batch.squares))
        its_batch = replace(Batch(batch.x[None], *lifted), bins=batch.bins)

        def objective(parameters: Parameters) -> Array:
            lifted = jax.tree.map(lambda leaf: leaf[None, None], parameters)
            return _objective(program, alone, lifted, its_batch, None)[0][0, 0]

        return optimisers.step_lbfgs(objective, parameters, *known)

    nets = settings.rates.l2.shape
    target, weight = (jnp.broadcast_to(each, (*nets, *each.shape[2:])) for each in (batch.target, batch.weight))
    batch = Batch(batch.x, target, weight, batch.own, batch.squares, bins=bins_a_net(batch.bins, nets))
    shared = Batch(None, 0, 0, 0, 0, bins=0)  # type: ignore[arg-type]  # over M, the inputs are shared and the rest is not
    over_m = jax.vmap(one, in_axes=(0, shared, 0, 0, 0, 0))
    return jax.vmap(over_m)(settings, batch, parameters, gradient, value, optimizer)


def _objective(
    program: Program, settings: Settings, parameters: Parameters, batch: Batch, dropout: Dropout | None
) -> tuple[Array, tuple[Array, Array, Array]]:
    """The trained objective of every net, [S, M], and sums over the batch of plain loss, score and row weight."""
    parameters = plain(parameters, settings.rates.forms)  # penalties are those of the net's own weights
    inputs = None if batch.own is None else (batch.own.shift, batch.own.scale, batch.own.bend)
    z = forward(
        parameters, batch.x, program.architecture, settings.present, dropout, inputs, batch.bins
    )  # [S, M, C, B], or of K members [S, M, C, K * B]
    trained, untrained, score = _values_of_members(program, settings, z, batch)
    weight = batch.weight
    if program.uses_class_weights:
        classes = jnp.arange(z.shape[-2], dtype=batch.target.dtype)[:, None]
        of_class = jnp.where(batch.target[..., None, :] == classes, settings.class_weight[..., None], 0.0)
        weight = weight * of_class.sum(-2)
    total = weight.sum(-1)
    # where a net has no weight in the batch: 0/1, for the nan of 0/0 would reach its gradient
    total = jnp.where(total > 0, total, 1.0)
    mean = weighted_sum(trained, weight) / total
    penalty = jnp.zeros_like(mean) if program.plain_descent else _l2_penalty(program, settings, parameters)
    if objective_is_loss(program):
        penalty = penalty / total
        averaged = mean / z.shape[-2] if program.loss == "squared-error" else mean
        loss = averaged + penalty + _l1_penalty(program, settings, parameters)
    else:
        # class weights and penalties steer the objective alone; what is reported is the plain loss of the rows
        loss = weighted_sum(untrained, batch.weight)
    weights = jnp.broadcast_to(batch.weight.sum(-1), mean.shape)
    return mean + penalty, (loss, weighted_sum(score, batch.weight), weights)


def _values_of_members(program: Program, settings: Settings, z: Array, batch: Batch) -> tuple[Array, Array, Array]:
    """`row_values`; of several members the mean, each of which learns from all rows."""
    count = program.architecture.members
    if count == 1:
        return row_values(program, settings, z, batch)
    scoring = batch.scoring and replace(batch.scoring, y=side_by_side(batch.scoring.y, count))
    of_each = replace(batch, target=side_by_side(batch.target, count), scoring=scoring)
    trained, untrained, score = (apart(v, count).mean(-2) for v in row_values(program, settings, z, of_each))
    return trained, untrained, score


def objective_of(
    program: Program, settings: Settings, rows: ProgramRows, index: Array, parameters: Parameters
) -> tuple[Array, Array]:
    """The objective of the rows [S, B] as one batch, and the loss in training as `conventions` report it, [S, M]"""
    batch = batch_of(program, settings, rows, index)
    objective, (loss, _, _) = _objective(program, settings, parameters, batch, None)
    return objective, loss


def _l2_penalty(program: Program, settings: Settings, parameters: Parameters) -> Array:
    """l2/2 times the sum of squared weights, and of biases where they are penalised, [S, M]."""
    rates = settings.rates
    weights = [l2_penalty(w, rates.l2) for w in parameters.weights]
    biases = [l2_penalty(b, rates.l2 * rates.penalize_biases) for b in _penalized_biases(program, parameters)]
    return jnp.asarray(sum([*weights, *biases]))


def _l1_penalty(program: Program, settings: Settings, parameters: Parameters) -> Array:
    """l1 times the sum of |w|, weights and where they are penalised biases, [S, M]. Its gradient is not used."""
    rates = settings.rates
    if not program.uses_l1:
        return jnp.zeros_like(rates.l1)
    weights = [l1_penalty(w, rates.l1) for w in parameters.weights]
    biases = [l1_penalty(b, rates.l1 * rates.penalize_biases) for b in _penalized_biases(program, parameters)]
    return jnp.asarray(sum([*weights, *biases]))


def _penalized_biases(program: Program, parameters: Parameters) -> list[Array]:
    """The biases of every layer, where some net's are penalised."""
    return [b for b in parameters.biases if b is not None] if program.penalizes_biases else []


def _scheduled(settings: Settings, factors: Array) -> Settings:
    """The settings of one step: dropout and weight decay at their shares, where they are scheduled. factors: [T]."""
    if settings.dropout_schedule is not None:
        share = factors[settings.dropout_schedule]
        dropout, inputs = settings.dropout * share[..., None], settings.input_dropout * share
        settings = replace(settings, dropout=dropout, input_dropout=inputs)
    if settings.decay_schedule is not None:
        decay = settings.rates.weight_decay * factors[settings.decay_schedule]
        settings = replace(settings, rates=replace(settings.rates, weight_decay=decay))
    return settings


def _dropout(program: Program, seeds: Array, settings: Settings, epoch: Array, step: Array) -> Dropout | None:
    """The random streams of one step, by (seed, epoch, step, layer); never by the net's place in the population."""
    if not (program.architecture.dropout or program.architecture.input_dropout):
        return None
    layers = jnp.arange(len(program.architecture.widths) + 1, dtype=jnp.uint32)
    keys = stream_key(seeds[:, None], epoch, step, layers[None, :])  # [S, L + 1]
    return Dropout(keys, settings.dropout, settings.input_dropout)
