"""Where the model file is that a path stands for: the path itself, or that in the folder of a run or of a search."""

import os
from pathlib import Path

from goodfit.errors import InputError, problem
from goodfit.training.recipe_files import SEARCH_FILE

MODEL_FILE = "model.safetensors"  # in the folder of a run or of a search
UNFINISHED = {"run.json": ("run", "goodfit train --resume"), SEARCH_FILE: ("search", "goodfit select --resume")}
"""What says of which kind a folder is, and the command that finishes it; then it has a model file."""
WITHOUT = {"curve.json": "a curve", "verdict-call.json": "a verdict", "verdict.json": "a verdict"}
"""Folders of results whose nets were only measured."""
RULE = "must be a model file, or the folder of a finished run or search"


def is_search(folder: Path) -> bool:
    """Whether a folder is that of a search."""
    return os.path.exists(folder / SEARCH_FILE)


def model_path(path: str | os.PathLike[str]) -> Path:
    """The model file that a path stands for; InputError for a folder without one, with what to do.

    path: a model file, which is not looked for, the folder of a finished run, or that of a search, which holds the nets
    of the winner.
    """
    found = Path(path)
    if not os.path.isdir(found):
        return found
    if os.path.exists(found / MODEL_FILE):
        return found / MODEL_FILE
    for name, (what, command) in UNFINISHED.items():
        if os.path.exists(found / name):
            rule = f"{RULE}; this {what} has no {MODEL_FILE} yet"
            raise InputError(problem(str(path), rule, fix=f"Finish it with: {command} {path}"))
    for name, what in WITHOUT.items():
        if os.path.exists(found / name):
            fix = (
                "Its nets were measured and not kept: train one with 'goodfit train', or search with 'goodfit select'."
            )
            raise InputError(problem(str(path), f"{RULE}; this is {what}", fix=fix))
    fix = "'goodfit runs' lists the runs in a folder."
    raise InputError(problem(str(path), f"{RULE}; it has no {MODEL_FILE}", fix=fix))
