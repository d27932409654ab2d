"""What a net is: activations, initialisers, forward pass, losses, dropout, penalties. Pure functions of arrays.

Names are loaded on first use, so that what needs only the initialisers does not load JAX.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from goodfit.nets.activations import ACTIVATIONS as ACTIVATIONS
    from goodfit.nets.activations import Activation as Activation
    from goodfit.nets.dropout import keep_mask as keep_mask
    from goodfit.nets.dropout import stream_key as stream_key
    from goodfit.nets.forward import Architecture as Architecture
    from goodfit.nets.forward import Parameters as Parameters
    from goodfit.nets.initialisers import BIAS_INITIALISERS as BIAS_INITIALISERS
    from goodfit.nets.initialisers import INITIALISERS as INITIALISERS
    from goodfit.nets.initialisers import Initialiser as Initialiser
    from goodfit.nets.losses import LOSSES as LOSSES
    from goodfit.nets.losses import Loss as Loss
    from goodfit.nets.losses import chosen_class as chosen_class
    from goodfit.nets.penalties import l1_penalty as l1_penalty
    from goodfit.nets.penalties import l2_penalty as l2_penalty
    from goodfit.nets.penalties import soft_threshold as soft_threshold

_PLACES = {  # public name -> module of this package that holds it
    "ACTIVATIONS": "activations",
    "Activation": "activations",
    "Architecture": "forward",
    "BIAS_INITIALISERS": "initialisers",
    "INITIALISERS": "initialisers",
    "Initialiser": "initialisers",
    "LOSSES": "losses",
    "Loss": "losses",
    "Parameters": "forward",
    "keep_mask": "dropout",
    "l1_penalty": "penalties",
    "l2_penalty": "penalties",
    "chosen_class": "losses",
    "soft_threshold": "penalties",
    "stream_key": "dropout",
}
__all__ = [
    "ACTIVATIONS",
    "BIAS_INITIALISERS",
    "INITIALISERS",
    "LOSSES",
    "Activation",
    "Architecture",
    "Initialiser",
    "Loss",
    "Parameters",
    "chosen_class",
    "keep_mask",
    "l1_penalty",
    "l2_penalty",
    "soft_threshold",
    "stream_key",
]


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
    raise AttributeError(f"module 'goodfit.nets' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
