"""The forward pass of fitted weights, in NumPy, in the types that X and the weights have."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from goodfit.data.encoding import PiecewiseEncoding
from goodfit.nets.numpy_activations import layer_values, sigmoid
from goodfit.training.population import NetArrays

BLOCK_NUMBERS = 2**22  # of the widest layer that are held at once


@dataclass(frozen=True)
class Weights:
    """A fitted net in scikit-learn's layout. coefs: one [in, out] a layer; intercepts: one [out] a layer; slopes: one a
    hidden layer, None where the activation has none.
    """

    coefs: list[NDArray[Any]]
    intercepts: list[NDArray[Any]]
    slopes: tuple[float | None, ...] = ()


def as_weights(net: NetArrays) -> Weights:
    """A net of the engine in scikit-learn's layout."""
    return Weights([w.T.copy() for w in net.weights], [b.copy() for b in net.biases], net.slopes)


def as_arrays(net: Weights, dtype: Any) -> NetArrays:
    """The other way round."""
    slopes = net.slopes or (None,) * (len(net.coefs) - 1)
    return NetArrays(
        tuple(np.asarray(w, dtype).T for w in net.coefs), tuple(np.asarray(b, dtype) for b in net.intercepts), slopes
    )


def net_attributes(nets: Sequence[Weights]) -> dict[str, Any]:
    """The fitted attributes that hold nets: scikit-learn's are of the first. All of them predict."""
    first = nets[0]
    return {
        "coefs_": first.coefs,
        "intercepts_": first.intercepts,
        "_slopes": first.slopes,
        "_more_nets": list(nets[1:]),
        "_sound": list(range(len(nets))),
    }


def outputs(
    x: Any, net: Weights, activations: Sequence[str], link: str, encoding: PiecewiseEncoding | None = None
) -> NDArray[Any]:
    """What a net gives for rows x [N, D], dense or sparse, after the link (`out_activation_`). encoding: of x."""
    count, widest = x.shape[0], max(w.shape[1] for w in net.coefs)
    block = max(1, BLOCK_NUMBERS // (widest if encoding is None else max(widest, len(net.coefs[0]))))
    if count <= block:
        return _outputs(x, net, activations, link, encoding)
    blocks = (x[at : at + block] for at in range(0, count, block))
    return np.concatenate([_outputs(each, net, activations, link, encoding) for each in blocks])


def _outputs(
    x: Any, net: Weights, activations: Sequence[str], link: str, encoding: PiecewiseEncoding | None
) -> NDArray[Any]:
    if encoding is not None:
        x = encoding.apply(x.toarray() if sparse.issparse(x) else x)
    values = layer_values(x, net.coefs, net.intercepts, activations, net.slopes)
    return _linked(deque(values, maxlen=1)[0], link)


def _linked(z: NDArray[Any], link: str) -> NDArray[Any]:
    if link == "softmax":
        z = np.exp(z - z.max(axis=1, keepdims=True))
        return np.asarray(z / z.sum(axis=1, keepdims=True))
    if link == "logistic":
        return np.asarray(sigmoid(z))
    return np.exp(z) if link == "exp" else z
