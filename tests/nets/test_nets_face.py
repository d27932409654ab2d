from __future__ import annotations

import subprocess
import sys

import pytest

from goodfit import nets


def test_every_public_name_loads() -> None:
    assert dir(nets) == sorted(nets.__all__)
    for name in nets.__all__:
        assert getattr(nets, name) is not None
    assert nets.ACTIVATIONS["relu"].name == "relu"


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match=r"module 'goodfit\.nets' has no attribute 'relu'"):
        nets.relu  # noqa: B018


def test_initialisers_do_not_load_jax() -> None:
    code = "import sys, goodfit.nets.initialisers; print('jax' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
