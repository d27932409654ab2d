"""What `benchmarks.parity` compares with PyTorch, and with Lightning's loop around it."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import goodfit as gf
from benchmarks.parity import Setting, furthest, setting
from goodfit.training.schedules import Schedule

OPTIMISERS: dict[str, dict[str, Any]] = {  # what -> changes of the recipe; torch_optimiser has PyTorch's
    "SGD": {},
    "SGD, momentum 0.9": {"momentum": 0.9},
    "SGD, Nesterov momentum 0.9": {"momentum": 0.9, "nesterov": True},
    "SGD with `weight_decay` 0.1 / `l2` 0.1, biases included": {"l2": 0.1, "penalize_biases": True},
    "Adam": {"optimizer": "adam", "learning_rate": 0.01},
    "AdamW, weight decay 0.3, biases included": {
        "optimizer": "adamw",
        "learning_rate": 0.01,
        "weight_decay": 0.3,
        "penalize_biases": True,
    },
    "RMSprop, alpha 0.9": {"optimizer": "rmsprop"},
    "Adam, gradients clipped to norm 0.05": {"optimizer": "adam", "learning_rate": 0.01, "clip_norm": 0.05},
    "SGD, cosine schedule, a step a batch": {"schedule": "cosine"},
}


def module_of(given: Setting) -> nn.Sequential:
    """The net, in float64, with the weights that both begin with."""
    layers: list[nn.Module] = []
    for w, b in given.layers:
        linear = nn.Linear(w.shape[1], w.shape[0], dtype=torch.float64)
        with torch.no_grad():
            linear.weight.copy_(torch.tensor(w))
            linear.bias.copy_(torch.tensor(b))
        layers += [linear, nn.Tanh()]
    return nn.Sequential(*layers[:-1])


def optimiser_of(given: Setting, module: nn.Module) -> torch.optim.Optimizer:
    """PyTorch's, with the fields of the recipe under its own names."""
    recipe, parameters = given.recipe, list(module.parameters())
    if recipe.optimizer == "sgd":
        return torch.optim.SGD(
            parameters,
            recipe.learning_rate,
            momentum=recipe.momentum,
            nesterov=recipe.nesterov,
            weight_decay=recipe.l2,
        )
    if recipe.optimizer == "rmsprop":
        return torch.optim.RMSprop(parameters, recipe.learning_rate, alpha=0.9)
    if recipe.optimizer == "adamw":
        return torch.optim.AdamW(parameters, recipe.learning_rate, weight_decay=recipe.weight_decay)
    return torch.optim.Adam(parameters, recipe.learning_rate)


def schedule(given: Setting, optimizer: torch.optim.Optimizer) -> Any:
    """PyTorch's schedule for the recipe's, stepped after every batch."""
    if given.recipe.schedule == "cosine":
        return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, given.recipe.epochs * len(given.order[0]))
    return torch.optim.lr_scheduler.ConstantLR(optimizer, 1.0)


def loss_of(given: Setting, loss: nn.Module | None) -> tuple[nn.Module, torch.Tensor]:
    """The loss, cross-entropy where none is given, and targets as it takes them."""
    return loss or nn.CrossEntropyLoss(), torch.tensor(given.y)


def numbers(module: nn.Module) -> list[np.ndarray]:
    return [parameter.detach().numpy() for parameter in module.parameters()]


def trained(given: Setting, loss: nn.Module | None = None, factor: float = 1.0) -> float:
    """The loop as one writes it in PyTorch."""
    module = module_of(given)
    optimizer, (measure, y), x = optimiser_of(given, module), loss_of(given, loss), torch.tensor(given.x)
    rates = schedule(given, optimizer)
    for epoch in given.order:
        for batch in epoch:
            optimizer.zero_grad()
            (factor * measure(module(x[batch]), y[batch])).backward()
            if given.recipe.clip_norm is not None:
                nn.utils.clip_grad_norm_(module.parameters(), given.recipe.clip_norm)
            optimizer.step()
            rates.step()
    return given.differs(numbers(module))


def predicted(activation: str, made: nn.Module) -> float:
    """Outputs of a module that was taken over, which goodfit computes in float32."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(4, 16), made, nn.Linear(16, 3))
    x = load_iris()
    model = gf.from_torch(module, task="regression")
    with torch.no_grad():
        return furthest([model.predict(x)], [module.double()(torch.tensor(x, dtype=torch.float64)).numpy()])


def load_iris() -> np.ndarray:
    return gf.data.load("iris").x.astype(np.float32)


def one_cycle() -> float:
    """The factors of PyTorch's own OneCycleLR, momentum left alone; ours with the same end."""
    steps = 20
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 1.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 1.0, total_steps=10 * steps + 1, cycle_momentum=False, final_div_factor=1e12
    )
    rates = []
    for _ in range(10 * steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        theirs.step()
    return float(np.abs(Schedule("one-cycle", epochs=10).factors(0, 10, steps).ravel() - rates).max())


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Lightning tells its devices at every start."""
    kept = {name: logging.getLogger(name).level for name in ("pytorch_lightning", "lightning.pytorch")}
    for name in kept:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        yield
    finally:
        for name, level in kept.items():
            logging.getLogger(name).setLevel(level)


def by_lightning(**changes: Any) -> float:
    """The same net by Lightning's Trainer, in float64, on the same batches."""
    import pytorch_lightning as pl

    given = setting(**changes)

    class Net(pl.LightningModule):  # type: ignore[misc, unused-ignore]
        def __init__(self) -> None:
            super().__init__()
            self.layers = module_of(given)

        def training_step(self, batch: Any, place: int) -> torch.Tensor:
            x, y = batch
            return nn.functional.cross_entropy(self.layers(x), y)

        def configure_optimizers(self) -> Any:
            optimizer = optimiser_of(given, self)
            return [optimizer], [{"scheduler": schedule(given, optimizer), "interval": "step"}]

    class Drawn(torch.utils.data.Sampler[int]):
        """Every pass has the order of its epoch."""

        def __init__(self) -> None:
            self.left = [np.concatenate(epoch) for epoch in given.order]

        def __iter__(self) -> Iterator[int]:
            return iter(self.left.pop(0).tolist())

        def __len__(self) -> int:
            return len(given.x)

    net, data = Net(), TensorDataset(torch.tensor(given.x), torch.tensor(given.y))
    with quiet():
        trainer = pl.Trainer(
            max_epochs=given.recipe.epochs,
            precision="64-true",
            accelerator="cpu",
            gradient_clip_val=given.recipe.clip_norm,
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            enable_model_summary=False,
        )
        trainer.fit(net, DataLoader(data, batch_size=given.recipe.batch_size, sampler=Drawn()))
    return given.differs(numbers(net))


def _optimised(changes: dict[str, Any]) -> Callable[[], float]:
    return lambda: trained(setting(**changes))


def _by_lightning(changes: dict[str, Any]) -> Callable[[], float]:
    return lambda: by_lightning(**changes)


ADAM: dict[str, Any] = {"optimizer": "adam", "learning_rate": 0.01}
ROWS: dict[str, dict[str, Callable[[], float]]] = {
    "pytorch": {f"weights after 15 steps: {what}": _optimised(changes) for what, changes in OPTIMISERS.items()}
    | {
        "weights after 15 steps: cross-entropy with label smoothing 0.2": lambda: trained(
            setting(label_smoothing=0.2), nn.CrossEntropyLoss(label_smoothing=0.2)
        ),
        "weights after 15 steps: cross-entropy with class weights": lambda: trained(
            setting(class_weight=(0.5, 2.0, 4.0)),
            nn.CrossEntropyLoss(torch.tensor([0.5, 2.0, 4.0], dtype=torch.float64)),
        ),
        "weights after 42 steps: `MSELoss()` / 2, one output": lambda: trained(
            setting("diabetes"), nn.MSELoss(), factor=0.5
        ),
        "weights after 42 steps: `HuberLoss()`, one output": lambda: trained(
            setting("diabetes", loss="huber"), nn.HuberLoss()
        ),
        "factors of `OneCycleLR(cycle_momentum=False)` over 200 steps": one_cycle,
        "outputs of a module taken over by `from_torch`, float32: GELU": lambda: predicted("gelu", nn.GELU()),
        "outputs of a module taken over by `from_torch`, float32: SELU": lambda: predicted("selu", nn.SELU()),
    },
    "lightning": {
        "weights after 15 steps: Trainer, SGD": _by_lightning({}),
        "weights after 15 steps: Trainer, Adam": _by_lightning(ADAM),
        "weights after 15 steps: Trainer, Adam, `gradient_clip_val` 0.05": _by_lightning({**ADAM, "clip_norm": 0.05}),
        "weights after 15 steps: Trainer, SGD, cosine schedule of interval step": _by_lightning({"schedule": "cosine"}),
    },
}
