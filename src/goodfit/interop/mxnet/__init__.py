"""The part of MXNet that the chapter's cells use, on JAX: arrays with gradients (`np`, `npx`, `autograd`) and Gluon.

Before: `from mxnet import autograd, gluon, init, np, npx`. Now: `from goodfit.interop.mxnet import ...`, the rest of a
cell unchanged. Numbers of 64 bits are kept in 32.
"""

from goodfit.interop.mxnet import autograd as autograd
from goodfit.interop.mxnet import gluon as gluon
from goodfit.interop.mxnet import init as init
from goodfit.interop.mxnet import np as np
from goodfit.interop.mxnet import npx as npx
from goodfit.interop.mxnet import random as random
from goodfit.interop.mxnet.npx import cpu as cpu
from goodfit.interop.mxnet.npx import gpu as gpu

initializer = init
