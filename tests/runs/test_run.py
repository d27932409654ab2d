from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from goodfit.models.scores import Score
from goodfit.models.trained_net import TrainedNet
from goodfit.nets.losses import DEFAULT_LOSSES
from goodfit.runs.run import LOSS_LABELS, Run, layer_rows
from goodfit.training.history import History
from goodfit.training.recipe import Recipe


@pytest.fixture
def run() -> Run:
    recipe = Recipe(hidden=(3,), dropout=0.5, activation="prelu", init="xavier-normal")
    weights, biases = (np.ones((3, 2)), np.ones((2, 3))), (np.ones(3), np.ones(2))
    nets = tuple(
        TrainedNet(weights, biases, ("prelu",), "classification", ("<a>", "b"), (0.25,), seed=s) for s in (0, 9)
    )
    tables = {"train_loss": np.ones((4, 2)), "valid_loss": np.ones((4, 2)), "valid_score": np.ones((4, 2))}
    best, stopped, frozen = np.array([2, 4]), np.array([3, 4]), np.array([True, False])
    history = History(np.arange(1, 5), np.array([0, 9]), tables, best, stopped, frozen)
    score = Score("accuracy", 0.5, 0.25, 0.75, 0.95, 10, "some <method>")
    return Run(recipe, "<two>", "classification", (0, 9), nets, history, {"test": score}, {"train": 1.5})


def test_a_run_tells_what_it_is(run: Run) -> None:
    assert repr(run) == "Run('<two>', 2 nets, test 0.5000 [0.2500, 0.7500])"
    assert run.best_epochs == (2, 4)
    assert run.frozen == (0,)
    assert run.parameters == run.nets[0].n_parameters == 3 * 2 + 3 + 1 + 3 * 2 + 2


def test_a_run_as_json(run: Run) -> None:
    told = json.loads(json.dumps(run.to_json()))
    assert told["scores"]["test"]["low"] == 0.25
    assert {name: told[name] for name in ("data", "folder", "seeds", "epochs", "best_epochs", "frozen")} == {
        "data": "<two>", "folder": None, "seeds": [0, 9], "epochs": 4, "best_epochs": [2, 4], "frozen": [0],
    }  # fmt: skip
    assert Recipe.from_mapping(told["recipe"]) == run.recipe


def test_a_notebook_shows_scores_and_curves(run: Run) -> None:
    page = run._repr_html_()
    assert "<strong>&lt;two&gt;, 2 nets</strong>" in page
    cells = re.findall("<td[^>]*>(.*?)</td>", page)
    assert cells[:5] == ["test", "accuracy", "0.5000", "0.2500 to 0.7500", "10"]
    assert "<?xml" not in page
    assert page.strip().endswith("</svg>")
    assert ", 1 net</strong>" in replace(run, nets=run.nets[:1])._repr_html_()


def test_layers_of_a_net_with_its_slopes_and_biases() -> None:
    first, second, last = layer_rows(Recipe(hidden=(5, 4), activation=("prelu", "relu"), dropout=(0.1, 0.2)), 7, 2)
    assert (first.name, first.parameters, first.activation, first.dropout) == ("hidden 1", 7 * 5 + 5 + 1, "prelu", 0.1)
    assert (second.name, second.parameters, second.activation, second.dropout) == ("hidden 2", 24, "relu", 0.2)
    assert (last.name, last.inputs, last.outputs, last.activation, last.dropout) == ("output", 4, 2, "", 0.0)
    (only,) = layer_rows(Recipe(hidden=(), bias=False), 7, 2)
    assert only.parameters == 14


@pytest.mark.parametrize(
    ("loss", "label"), [("auto", "loss (nats per row)"), ("squared-error", "loss (half squared error per row)")]
)
def test_the_axis_of_losses_has_their_unit(run: Run, loss: str, label: str) -> None:
    figure = replace(run, recipe=run.recipe.replace(loss=loss)).figure()
    assert figure.axes[0].get_ylabel() == label
    assert set(DEFAULT_LOSSES.values()) <= LOSS_LABELS.keys()
