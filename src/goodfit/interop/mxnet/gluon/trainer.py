"""`Trainer`: steps of SGD or Adam on parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from goodfit.errors import InputError, Problems, nearest, problem
from goodfit.interop.mxnet.gluon.parameter import Parameter

OPTIONS: dict[str, dict[str, float]] = {  # optimiser -> its settings and their defaults, as MXNet has them
    "sgd": {"learning_rate": 0.01, "momentum": 0.0, "wd": 0.0},
    "adam": {"learning_rate": 0.001, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "wd": 0.0},
}


class Trainer:
    """Steps of an optimiser.

    params: what `net.collect_params()` gives, or a list; optimizer: "sgd" or "adam"; optimizer_params: its settings,
    such as {"learning_rate": 0.01, "wd": 3}; kvstore: for the sake of the signature.
    InputError for an unknown optimiser or setting.
    """

    def __init__(
        self,
        params: Any,
        optimizer: str = "sgd",
        optimizer_params: Mapping[str, float] | None = None,
        kvstore: Any = None,
    ) -> None:
        given_params = params.values() if isinstance(params, Mapping) else params
        # One that has two names, since its block stands at two places, is stepped once.
        self._params: Sequence[Parameter] = list({id(each): each for each in given_params}.values())
        problems = Problems()
        if optimizer not in OPTIONS:
            problems.add("Trainer", "unknown optimiser", got=optimizer, fix=nearest(optimizer, OPTIONS))
        for each in self._params:
            if not isinstance(each, Parameter):
                problems.add("Trainer", "takes parameters", got=each, fix="Give net.collect_params().")
        known = OPTIONS.get(optimizer, {})
        given = dict(optimizer_params or {})
        for name in given if known else ():
            if name not in known:
                problems.add("Trainer", f"unknown setting of {optimizer!r}", got=name, fix=nearest(name, known))
        problems.raise_if_any()
        self._name, self._set, self._steps = optimizer, {**known, **given}, 0
        self._memory: dict[int, tuple[Any, ...]] = {}

    @property
    def learning_rate(self) -> float:
        """The learning rate."""
        return self._set["learning_rate"]

    def set_learning_rate(self, lr: float) -> None:
        """Take another learning rate from now on."""
        self._set["learning_rate"] = lr

    def step(self, batch_size: float, ignore_stale_grad: bool = False) -> None:
        """One step. Gradients are divided by batch_size; then wd * w is added to them.

        ignore_stale_grad: pass over parameters that no backward pass has written a gradient for since the last step,
        rather than raise InputError.
        """
        if not batch_size > 0:
            raise InputError(problem("Trainer.step", "'batch_size' must be greater than 0", got=batch_size))
        self._steps += 1
        for place, each in enumerate(self._params):
            if each.grad_req == "null":
                continue
            weights = each.data()
            if not weights.fresh:
                if ignore_stale_grad:
                    continue
                fix = "Compute the loss inside autograd.record() and call its backward() before each step."
                rule = f"no backward pass has written a gradient for {each.name!r} since the last step"
                raise InputError(problem("Trainer.step", rule, fix=fix))
            self._step(place, each, batch_size)
            weights.fresh = False

    def _step(self, place: int, each: Parameter, batch_size: float) -> None:
        weights, settings = each.data(), self._set
        rate, wd = settings["learning_rate"] * each.lr_mult, settings["wd"] * each.wd_mult
        common = (weights.value, each.grad().value, 1.0 / batch_size, wd)
        if self._name == "sgd" and not settings["momentum"]:
            weights[:] = _plain(*common, rate)
        elif self._name == "sgd":
            speed = self._memory.get(place, (jnp.zeros_like(weights.value),))
            weights[:], *kept = _with_momentum(*common, rate, settings["momentum"], *speed)
            self._memory[place] = tuple(kept)
        else:
            beta1, beta2 = settings["beta1"], settings["beta2"]
            rate *= math.sqrt(1 - beta2**self._steps) / (1 - beta1**self._steps)
            moments = self._memory.get(place, (jnp.zeros_like(weights.value),) * 2)
            weights[:], *kept = _adam(*common, rate, beta1, beta2, settings["epsilon"], *moments)
            self._memory[place] = tuple(kept)


def _plain_step(w: Any, gradient: Any, share: Any, wd: Any, rate: Any) -> Any:
    return w - rate * (gradient * share + wd * w)


def _with_momentum_step(w: Any, gradient: Any, share: Any, wd: Any, rate: Any, momentum: Any, speed: Any) -> Any:
    speed = momentum * speed - rate * (gradient * share + wd * w)
    return w + speed, speed


def _adam_step(
    w: Any, gradient: Any, share: Any, wd: Any, rate: Any, beta1: Any, beta2: Any, epsilon: Any, mean: Any, square: Any
) -> Any:
    gradient = gradient * share + wd * w
    mean, square = beta1 * mean + (1 - beta1) * gradient, beta2 * square + (1 - beta2) * gradient**2
    return w - rate * mean / (jnp.sqrt(square) + epsilon), mean, square


_jit: Any = jax.jit
_plain, _with_momentum, _adam = _jit(_plain_step), _jit(_with_momentum_step), _jit(_adam_step)
