"""What `benchmarks.parity` compares with pytabkit: parts of its RealMLP, and all of them trained together."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from pytabkit.models.realmlp.model import Bias, RealMLP, RealMLPConfig, Scale, Weight
from pytabkit.models.realmlp.train import SCHEDULES, compute_input_stats

from benchmarks.parity import Setting, furthest, setting
from goodfit.training.schedules import Schedule

FORMS = {  # of RealMLP-TD, but for pbld, which draws its frequencies elsewhere
    "hidden": (8, 6),
    "activation": "selu",
    "scaling": "robust",
    "parametrization": "ntk",
    "train_scaling": True,
    "scaling_rate": 6.0,
    "train_mixture": True,
    "mixture_rate": 0.1,
    "bias_rate": 0.1,
    "optimizer": "adam",
    "learning_rate": 0.04,
    "beta2": 0.95,
}


def factors(theirs: str, ours: str) -> float:
    """Of the learning rate, at 25 epochs of 32 steps."""
    times = np.arange(800) / 800
    found = Schedule(ours, epochs=25).factors(0, 25, 32).ravel()
    return float(np.abs(found - [SCHEDULES[theirs](t) for t in times]).max())


def inputs() -> float:
    """30 features of 569 rows, scaled by median and quartiles and clipped smoothly."""
    given = setting("breast-cancer", scaling="robust")
    x = torch.tensor(given.examples.x.astype(np.float32))
    median, scale = (part[0] for part in compute_input_stats(x, torch.arange(len(x))[None]))
    z = (x - median) * scale
    return furthest([given.x], [(z / (1 + z.square() / 9).sqrt()).numpy()])


def realmlp_of(given: Setting) -> RealMLP:
    """Theirs, in float64, with the weights that both begin with and goodfit's medians and factors."""
    config = RealMLPConfig(hidden_sizes=list(given.recipe.hidden), num_emb_type="none", act="selu", p_drop=0.0)
    model = RealMLP(given.x.shape[1], [], given.examples.outputs, 1, config, is_classification=True).double()
    scaling = given.examples.scaling
    with torch.no_grad():
        model.x_median[:] = torch.tensor(np.asarray(scaling.shift, float))
        model.x_scale[:] = torch.tensor(np.asarray(scaling.scale, float))
        weights = [layer for layer in model.mlp if isinstance(layer, Weight)]
        biases = [layer for layer in model.mlp if isinstance(layer, Bias)]
        for weight, bias, (w, b) in zip(weights, biases, given.layers, strict=True):
            weight.weight.copy_(torch.tensor(w.T * math.sqrt(w.shape[1]))[None])
            bias.bias.copy_(torch.tensor(b)[None, None])
    return model


def numbers(model: RealMLP) -> list[np.ndarray]:
    """Weights as the net has them, with the first scaling and the square root of fan-in in them; then mixtures."""
    plain, mixtures, factor = [], [], 1.0
    for layer in model.mlp:
        if isinstance(layer, Scale):
            factor = layer.scale.detach().numpy()[0].T
        elif isinstance(layer, Weight):
            v = layer.weight.detach().numpy()[0]
            plain.append((v * factor / math.sqrt(len(v))).T)
            factor = 1.0
        elif isinstance(layer, Bias):
            plain.append(layer.bias.detach().numpy().ravel())
        elif hasattr(layer, "f"):
            mixtures.append(layer.weight.detach().numpy().ravel())
    return plain + mixtures


def trained() -> float:
    """By PyTorch's AdamW with a group for each factor of the rate, as pytabkit sets it up."""
    given = setting(**FORMS)  # type: ignore[arg-type]
    model = realmlp_of(given)
    used = list(model.mlp.parameters())
    groups = [{"params": [p], "lr": given.recipe.learning_rate * p.lr_factor, "weight_decay": 0.0} for p in used]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.95))
    raw, y = torch.tensor(given.examples.x.astype(float)), torch.tensor(given.y)
    none = torch.zeros(1, len(raw), 0, dtype=torch.long)
    for epoch in given.order:
        for batch in epoch:
            optimizer.zero_grad()
            logits = model(raw[batch][None], none[:, batch])[0]
            torch.nn.functional.cross_entropy(logits, y[batch]).backward()
            optimizer.step()
    return given.differs(numbers(model))


ROWS: dict[str, dict[str, Callable[[], float]]] = {
    "pytabkit": {
        "factors of `coslog4` over 800 steps": lambda: factors("coslog4", "coslog4"),
        "factors of `flat_cos` over 800 steps": lambda: factors("flat_cos", "flat-cosine"),
        "30 features, robust scaling and smooth clip, float32": inputs,
        "weights after 15 steps: RealMLP with its scaling, mixtures, forms and rates, without `pbld`": trained,
    }
}
