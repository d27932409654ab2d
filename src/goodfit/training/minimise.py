"""SciPy's L-BFGS-B with the engine's objective and gradient: one net after another, on all rows, in float64.

It takes fewer seconds to compile than L-BFGS inside a program, and gives a net alone SciPy's line search. The function
is compiled once for nets of equal shapes.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from numpy.typing import NDArray

from goodfit.nets.forward import Parameters
from goodfit.training.cohort import Cohort
from goodfit.training.compile import compiled_function
from goodfit.training.population import NetArrays, take_net
from goodfit.training.program import objective_of
from goodfit.training.state import Program, ProgramRows, Settings

Tell = Callable[[int, float, Callable[[], NetArrays]], bool]
"""(iteration, loss, a call for the net as it is) after every iteration; True ends the search."""


@dataclass(frozen=True)
class Minimum:
    """Where a search ended. losses: after every iteration, as the program's conventions report them.

    loss: at the end, likewise; iterations: done; converged: whether a criterion was met; message: SciPy's
    reason; halted: whether `tell` ended it.
    """

    net: NetArrays
    losses: tuple[float, ...]
    iterations: int
    loss: float
    converged: bool
    message: str
    halted: bool


def minimise(cohort: Cohort, net: int, *, gtol: float, max_iter: int, max_fun: int, tell: Tell) -> Minimum:
    """Search the least objective of one net of a cohort, from its initial weights. Call it with float64 enabled.

    gtol: largest component of the gradient at which it stops; max_iter, max_fun: iterations and evaluations at most.
    """
    from scipy.optimize import minimize

    place = cohort.grid.place[net]
    start = jax.tree.map(lambda leaf: leaf[tuple(place)][None, None], cohort.initial_parameters())
    settings = jax.tree.map(lambda leaf: leaf[tuple(place)][None, None], cohort.settings())
    rows, index = jax.device_put(cohort.rows()), cohort.orders[0].epochs(0, 1)[0]
    flat, unpack = _packed(start)
    arguments = (settings, rows, index, flat)
    built, _ = compiled_function(functools.partial(_function, cohort.program, start), cohort.program, arguments, 1)
    last: dict[str, Any] = {"loss": np.nan, "halted": False}
    losses: list[float] = []

    def evaluate(point: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        objective, loss, gradient = built.call(settings, rows, index, point)
        last["loss"], last["point"] = float(loss), point.copy()
        return float(objective), np.asarray(gradient, np.float64)

    def after(intermediate_result: Any) -> None:
        if not np.array_equal(intermediate_result.x, last["point"]):
            evaluate(intermediate_result.x)
        losses.append(last["loss"])
        if tell(len(losses), last["loss"], lambda: net_at(intermediate_result.x)):
            last["halted"] = True
            raise StopIteration

    def net_at(point: NDArray[np.float64]) -> NetArrays:
        lifted = jax.tree.map(lambda leaf: leaf[None], unpack(point))
        return take_net(lifted, cohort.jobs[net].recipe, np.zeros(3, np.int64))

    options = {"maxfun": max_fun, "maxiter": max_iter, "gtol": gtol}
    found = minimize(evaluate, flat, jac=True, method="L-BFGS-B", options=options, callback=after)
    if not np.array_equal(found.x, last["point"]):
        evaluate(found.x)
    return Minimum(
        net=net_at(found.x),
        losses=tuple(losses),
        iterations=int(found.nit),
        loss=last["loss"],
        converged=found.status == 0,
        message=str(found.message),
        halted=last["halted"],
    )


def _packed(parameters: Parameters) -> tuple[NDArray[np.float64], Callable[[Any], Parameters]]:
    """All numbers of a net in one vector, and the way back; arrays of NumPy or JAX."""
    leaves, tree = jax.tree.flatten(parameters)
    cuts = np.cumsum([leaf.size for leaf in leaves])[:-1].tolist()
    shapes = [leaf.shape for leaf in leaves]

    def unpack(flat: Any) -> Parameters:
        library = np if isinstance(flat, np.ndarray) else jnp
        pieces = library.split(flat, cuts)
        made: Parameters = jax.tree.unflatten(tree, [p.reshape(s) for p, s in zip(pieces, shapes, strict=True)])
        return made

    return np.concatenate([np.asarray(leaf, np.float64).ravel() for leaf in leaves]), unpack


def _function(program: Program, like: Parameters) -> Callable[..., tuple[Array, Array, Array]]:
    """(settings, rows, index, flat) -> objective, loss as reported, gradient of the objective."""
    unpack = _packed(like)[1]

    def total(flat: Array, settings: Settings, rows: ProgramRows, index: Array) -> tuple[Array, Array]:
        objective, loss = objective_of(program, settings, rows, index, unpack(flat))
        return objective[0, 0], loss[0, 0]

    def function(settings: Settings, rows: ProgramRows, index: Array, flat: Array) -> tuple[Array, Array, Array]:
        (objective, loss), gradient = jax.value_and_grad(total, has_aux=True)(flat, settings, rows, index)
        return objective, loss, gradient

    return function
