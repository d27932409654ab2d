"""What members that share weights must give: weight matrices of their own, trained by PyTorch in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from engine_reference import PLAIN, scaled

from goodfit.nets.member_parts import member_parts
from goodfit.training import Examples, Recipe
from goodfit.training.batches import RowOrder
from goodfit.training.initialise import initial_layers
from goodfit.training.member_arrays import initial_members

FULL = PLAIN.replace(hidden=(5, 4), members=3, optimizer="adamw", learning_rate=0.03, weight_decay=0.0)
X = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)


def matrices(recipe: Recipe, leaves: dict[str, Any], member: int) -> list[tuple[Any, Any]]:
    """The weights W * s r^T and biases of one member, written out."""
    made = []
    for layer in range(len(recipe.hidden)):
        w, b = leaves[f"w{layer}"], leaves[f"b{layer}"]
        if f"inputs{layer}" in leaves:
            w = w * leaves[f"inputs{layer}"][member][None, :]
        if f"outputs{layer}" in leaves:
            w = w * leaves[f"outputs{layer}"][member][:, None]
            b = b + leaves[f"offsets{layer}"][member]
        made.append((w, b))
    last = len(recipe.hidden)
    outputs = len(leaves[f"w{last}"]) // recipe.members
    own = slice(member * outputs, (member + 1) * outputs)
    return [*made, (leaves[f"w{last}"][own], leaves[f"b{last}"][own])]


def torch_net(recipe: Recipe, examples: Examples, rows: int) -> tuple[dict[str, Any], list[float]]:
    """What PyTorch trains in float64, a net of weights of its own for every member; and its validation losses.

    A row of weight 0 is left out: nothing is computed of it.
    """
    inputs, _ = scaled(examples)
    x, y = torch.tensor(inputs), torch.tensor(examples.y.astype(np.int64))
    weights = np.ones(len(inputs)) if examples.weights is None else examples.weights[rows]
    layers = initial_layers(recipe, x.shape[1], examples.outputs * recipe.members)
    leaves = {f"w{layer}": torch.tensor(w.astype(float)) for layer, (w, _) in enumerate(layers)}
    decayed = [*leaves.values()]
    leaves |= {f"b{layer}": torch.tensor(b.astype(float)) for layer, (_, b) in enumerate(layers)}
    own = initial_members(recipe, np.arange(x.shape[1]))
    leaves |= {f"{name}{layer}": torch.tensor(np.asarray(each, float)) for name, layer, each in member_parts(own)}
    others = [leaf for leaf in leaves.values() if not any(leaf is each for each in decayed)]
    for leaf in leaves.values():
        leaf.requires_grad_()
    biases = [leaves[f"b{layer}"] for layer in range(len(layers))]
    others = [leaf for leaf in others if not any(leaf is each for each in biases)]
    rate = recipe.learning_rate
    groups = [
        {"params": decayed, "lr": rate, "weight_decay": recipe.weight_decay},
        {"params": others, "lr": rate, "weight_decay": 0.0},
        {"params": biases, "lr": rate * recipe.bias_rate, "weight_decay": 0.0},
    ]
    of_class = torch.tensor(np.asarray(recipe.class_weight or np.ones(examples.outputs), float))  # type: ignore[arg-type]
    optimizer = torch.optim.AdamW(groups)
    losses, smoothing = [], recipe.label_smoothing

    def logits(at: Any) -> Any:
        found = []
        for member in range(recipe.members):
            h = x[at]
            *hidden, (w, b) = matrices(recipe, leaves, member)
            for own_w, own_b in hidden:
                h = torch.tanh(h @ own_w.T + own_b)
            found.append(h @ w.T + b)
        return torch.stack(found)

    for batches in RowOrder(examples.train, recipe.batch_size, recipe.seed, None).epochs(0, recipe.epochs):
        for batch in batches:
            at = torch.tensor([int(row) for row in batch if row >= 0 and weights[row] > 0])
            share = torch.tensor(weights[at]) * of_class[y[at]]
            share = share / share.sum()
            each = torch.nn.functional.cross_entropy(
                logits(at).flatten(0, 1), y[at].repeat(recipe.members), None, None, -100, None, "none", smoothing
            )
            loss = (each.reshape(recipe.members, -1) * share).sum(1).mean()
            loss = loss + sum(recipe.l2 / 2 * (leaves[f"w{layer}"] ** 2).sum() for layer in range(len(layers)))
            optimizer.zero_grad()
            loss.backward()
            if recipe.clip_norm is not None:
                torch.nn.utils.clip_grad_norm_([*leaves.values()], recipe.clip_norm)
            optimizer.step()
            with torch.no_grad():
                for leaf in decayed:  # the proximal step of L1, of weights alone
                    leaf -= leaf.clamp(-rate * recipe.l1, rate * recipe.l1)
        valid = torch.tensor(examples.parts["valid"].astype(np.int64))
        with torch.no_grad():
            chances = torch.softmax(logits(valid), -1).mean(0)
        losses.append(float(-torch.log(chances[torch.arange(len(valid)), y[valid]]).mean()))
    return {name: leaf.detach().numpy() for name, leaf in leaves.items()}, losses
