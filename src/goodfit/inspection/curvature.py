"""The largest eigenvalue of the loss's Hessian, from products of it with vectors."""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.flatten_util import ravel_pytree
from jaxtyping import Array

from goodfit.inspection.passes import mean_loss, parameters_of
from goodfit.inspection.precision import exact
from goodfit.inspection.subject import Subject

ROWS = 256  # that the curvature is measured on
TOLERANCE = 1e-3  # relative, of the eigenvalue
MOST_PRODUCTS = 300


def largest_eigenvalue(subject: Subject, rows: int = ROWS, tolerance: float = TOLERANCE) -> float:
    """The largest eigenvalue of the Hessian of the mean loss, without penalties, in float64.

    rows: at most so many of the subject's. By Lanczos' method (ARPACK) with products of the Hessian with a vector, to
    the relative tolerance given; nan where it does not converge or is not finite. Gradient descent with a learning
    rate above 2 / this value leaves a minimum of such curvature.
    """
    from scipy.sparse.linalg import ArpackError, LinearOperator, eigsh

    part = subject.head(rows)
    with exact():
        x, target = jnp.asarray(part.x)[None], jnp.asarray(part.target)
        flat, unravel = ravel_pytree(parameters_of(part.net))
        keys = (part.net.activations, part.loss, part.huber_delta)

        def product(vector: np.ndarray) -> np.ndarray:
            tangent = unravel(jnp.asarray(vector.reshape(-1)))
            return np.asarray(ravel_pytree(_product(unravel(flat), tangent, x, target, *keys))[0])

        size = int(flat.size)
        if size < 3:  # ARPACK asks for more
            return float(np.linalg.eigvalsh(np.stack([product(row) for row in np.eye(size)])).max())
        start = np.random.default_rng(0).standard_normal(size)
        if not np.isfinite(product(start)).all():
            return float("nan")
        operator: Any = LinearOperator((size, size), matvec=product, dtype=np.float64)
        try:
            found = eigsh(
                operator, 1, which="LA", v0=start, tol=tolerance, maxiter=MOST_PRODUCTS, return_eigenvectors=False
            )
        except ArpackError:
            return float("nan")
    return float(found[0])


@partial(jax.jit, static_argnums=(4, 5))
def _product(
    parameters: Any, tangent: Any, x: Array, target: Array, activations: tuple[str, ...], loss: str, delta: float
) -> Any:
    """H v as the gradient of <g, v>: the layers' products have a backward rule of their own, and no forward one."""

    def along(parameters: Any) -> Array:
        gradient = jax.grad(mean_loss)(parameters, x, target, activations, loss, delta)
        products = jax.tree.map(jnp.vdot, gradient, tangent)
        return jnp.asarray(sum(jax.tree.leaves(products)))

    return jax.grad(along)(parameters)
