"""Runs: train a recipe, write it down, go on with it, load it, predict with it."""

from goodfit.runs.folder import Predictions, RunSummary, list_runs, load, predict
from goodfit.runs.model_file import Model, load_model, save_model
from goodfit.runs.run import LayerRow, Run
from goodfit.runs.scores import Score
from goodfit.runs.train import resume, train
from goodfit.runs.trained_net import TrainedNet

__all__ = [
    "LayerRow",
    "Model",
    "Predictions",
    "Run",
    "RunSummary",
    "Score",
    "TrainedNet",
    "list_runs",
    "load",
    "load_model",
    "predict",
    "resume",
    "save_model",
    "train",
]
