"""Only import lines change, and the names that a cell takes from elsewhere are found."""

from __future__ import annotations

import ast

import pytest

from goodfit.notes.names import names_of
from goodfit.notes.rewriting import rewritten

D2L, MXNET = "goodfit.interop.d2l", "goodfit.interop.mxnet"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from d2l import torch as d2l", f"from {D2L} import torch as d2l"),
        ("from mxnet import gluon, np, npx", f"from {MXNET} import gluon, np, npx"),
        ("from mxnet.gluon import nn", f"from {MXNET}.gluon import nn"),
        ("import mxnet as mx", f"import {MXNET} as mx"),
        ("import mxnet", f"import {MXNET} as mxnet"),
        ("import mxnet.gluon", f"import {MXNET}.gluon; import {MXNET} as mxnet"),
        ("import math, mxnet.gluon as g", f"import math; import {MXNET}.gluon as g"),
        ("from mxnet import (  # both\n    np,\n    npx,\n)", f"from {MXNET} import np, npx"),
        ("名 = 1; from d2l import mxnet as d2l; x = 2", f"名 = 1; from {D2L} import mxnet as d2l; x = 2"),
        (
            "def f():\n    from d2l import torch\n    return torch",
            f"def f():\n    from {D2L} import torch\n    return torch",
        ),
        ("import torch\nfrom torch import nn", "import torch\nfrom torch import nn"),
        ("s = 'from d2l import torch'  # import mxnet", "s = 'from d2l import torch'  # import mxnet"),
        ("%matplotlib inline\nimport torch", "pass  # %matplotlib inline\nimport torch"),
        ("!pip install d2l", "pass  # !pip install d2l"),
        ("x = (7\n% 2)", "x = (7\n% 2)"),
        ("from . import d2l", "from . import d2l"),
        ("import d2lx", "import d2lx"),
    ],
)
def test_import_lines(before: str, after: str) -> None:
    found = rewritten(before)
    assert found.code == after
    assert bool(found.changes) == (("d2l" in after or "mxnet" in after) and "goodfit" in after)
    ast.parse(found.code)


def test_names() -> None:
    found = names_of(
        "import math\n"
        "net = nn.Linear(n)\n"
        "def train(lambd):\n    local = lambd\n    return loss(net) + lambd * l2_penalty(w) + math.pi + len([])\n"
        "class A(nn.Module):\n    b = base\n"
        "values = [f(i) for i in items]\n"
        "g = lambda x: x + shift\n"
    )
    assert found.now == {"nn", "n", "base", "f", "items"}
    assert found.later == {"loss", "l2_penalty", "w", "shift"}
    assert found.given == {"math", "net", "train", "A", "values", "g"}
