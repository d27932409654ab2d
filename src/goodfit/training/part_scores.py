"""Losses and scores of rows in a program: of a batch, and of every scored part after an epoch."""

import math
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from goodfit.nets.forms import plain
from goodfit.nets.forward import Parameters, forward
from goodfit.nets.losses import LINKS, LOSSES
from goodfit.nets.member_parts import together
from goodfit.nets.members import apart
from goodfit.training.batch_rows import Batch, examples_of, of_own_set
from goodfit.training.metrics import TEMPERATURES, score_row
from goodfit.training.own_tables import own_bins, own_scaling, own_squares, own_weights
from goodfit.training.scoring import scoring_of
from goodfit.training.state import Program, ProgramRows, Settings

HALVINGS = 24  # of the logarithm of the temperature, from end to end 6: its error is below 1e-6


def score_of(program: Program, mean: Array) -> Array:
    """The score of rows from the mean over them of `score_row`."""
    return 1 - mean if program.task == "regression" else mean


def row_values(program: Program, settings: Settings, z: Array, batch: Batch) -> tuple[Array, Array, Array]:
    """Of every row, [S, M, B]: the loss that is trained on, the plain loss (no smoothing), the score.

    The score of numbers is in the unit that all nets share, whatever each scales its targets by; that of transformed
    targets in the unit that they had before.
    """
    target, own = batch.target, batch.own
    smoothing = settings.smoothing[..., None] if program.uses_smoothing else None
    delta = program.levels if program.loss == "quantile" else settings.huber_delta[..., None]
    trained, plain = LOSSES[program.loss].per_row(z, target, smoothing, delta)
    if program.loss == "quantile":
        z = z[..., : target.shape[-2], :]  # the medians, which are what is predicted
    if own is not None and program.task == "regression":
        z, target = (values / own.target_scale[..., None] for values in (z, target))
    if batch.scoring is not None:
        z, target = batch.scoring.values(z)
    return trained, plain, score_row(program.task, z, target, LOSSES[program.loss].link, batch.squares)


def weighted_sum(values: Array, weight: Array) -> Array:
    """Sum over rows; a row of weight zero counts nothing even where its value is not finite."""
    return jnp.where(weight > 0, values * weight, jnp.zeros((), values.dtype)).sum(-1)


def score_parts(program: Program, settings: Settings, rows: ProgramRows, parameters: Parameters) -> Array:
    """Plain loss and score of every part after the epoch, [2 * parts, S, M]; nothing is dropped.

    With `program.tempers`, the log loss of the watched part after temperature scaling stands behind them.
    """
    found: list[Array] = []
    tempered: list[Array] = []
    parameters = plain(parameters, settings.rates.forms)
    zero = jnp.zeros_like(settings.rates.l2)
    groups, own, bins = zero.shape[0], own_scaling(rows, settings), own_bins(rows, settings)
    for number, (index, weights) in enumerate(rows.parts):
        squares = own_squares(rows, number + 1, settings)
        kept = program.tempers and program.parts[number] == program.monitor

        def block(
            sums: Any, index: Array, weights: Array | None = weights, squares: Array | None = squares, kept: bool = kept
        ) -> tuple[Any, tuple[Array, Array, Array] | None]:
            # the last block is filled up with -1, of weight 0 below
            at = jnp.maximum(index, 0)[None]  # [1, R]: the same rows for every group
            of_set = of_own_set(program, settings, at)
            x, target = examples_of(program, rows, of_set, own)
            x = jnp.broadcast_to(x, (groups, *x.shape[1:]))
            inputs = None if own is None else (own.shift, own.scale, own.bend)
            z = forward(parameters, x, program.architecture, settings.present, None, inputs, bins)
            if program.architecture.members > 1:  # told of what they predict together
                z = together(apart(z, program.architecture.members), -2, LOSSES[program.loss].link, jnp)
            weight = (index >= 0)[None, None].astype(x.dtype)
            if weights is not None:
                weight = weight * own_weights(weights, settings, at)
            scored = Batch(x, target, weight, own, squares, scoring_of(rows, of_set))
            _, loss, score = row_values(program, settings, z, scored)
            new = (weighted_sum(loss, weight), weighted_sum(score, weight), weight.sum(-1))
            return tuple(s + n for s, n in zip(sums, new, strict=True)), (z, target, weight) if kept else None

        outputs: Any
        (loss, score, total), outputs = jax.lax.scan(block, (zero, zero, zero), index)
        found += [loss / total, score_of(program, score / total)]
        if kept:
            tempered.append(tempered_loss(program.task, *outputs))
    return jnp.stack(found + tempered)


def tempered_loss(
    task: str, z: Float[Array, "J S M C R"], target: Array, weight: Float[Array, "J S1 M1 R"]
) -> Float[Array, "S M"]:
    """The log loss of every net with its outputs divided by the temperature at which it is least.

    target: [J, 1 or S, 1, R] codes, or [J, 1 or S, 1, C, R] labels; the temperature is within TEMPERATURES.
    The loss is convex in 1 / temperature: its minimum is where the derivative by that changes its sign.
    Source: Guo, Pleiss, Sun & Weinberger (2017), On calibration of modern neural networks, arXiv 1706.04599.
    """
    link = LINKS["softmax" if task == "classification" else "sigmoid"]
    classes = jnp.arange(z.shape[-2])[:, None]
    right = (target[..., None, :] == classes if task == "classification" else target).astype(z.dtype)

    def mean(of_rows: Array) -> Array:
        return weighted_sum(of_rows, weight).sum(0) / jnp.broadcast_to(weight, of_rows.shape).sum((0, -1))

    def halved(_: Any, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        middle = (ends[0] + ends[1]) / 2
        rising = mean(((link(z * jnp.exp(middle)[..., None, None]) - right) * z).sum(-2)) > 0
        return jnp.where(rising, ends[0], middle), jnp.where(rising, middle, ends[1])

    coldest, hottest = (jnp.full(z.shape[1:3], -math.log(end), z.dtype) for end in TEMPERATURES)
    low, high = jax.lax.fori_loop(0, HALVINGS, halved, (hottest, coldest))
    cooled = z * jnp.exp((low + high) / 2)[..., None, None]
    loss = LOSSES["cross-entropy" if task == "classification" else "binary-cross-entropy"]
    return mean(loss.per_row(cooled, target, None, None)[1])
