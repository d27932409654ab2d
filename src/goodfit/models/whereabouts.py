"""Where the model file is that a path stands for: the path itself, or that in the folder of a run or of a search."""

import os
import shlex
from pathlib import Path

from goodfit import checked_json
from goodfit.errors import InputError, problem
from goodfit.reading import similar_file
from goodfit.training.recipe_files import SEARCH_FILE

MODEL_FILE = "model.safetensors"  # in the folder of a run or of a search
RUN_FILE = "run.json"
FIT_FILE = "fit.json"
UNFINISHED = {
    FIT_FILE: ("fit", ("goodfit", "fit")),  # first, as a fit is written as a run at its end
    RUN_FILE: ("run", ("goodfit", "train")),
    SEARCH_FILE: ("search", ("goodfit", "select")),
}
"""What says of which kind a folder is, and the command that finishes it; then it has a model file."""
WITHOUT = {"curve.json": "a curve", "verdict-call.json": "a verdict", "verdict.json": "a verdict"}
"""Folders of results whose nets were only measured."""
RULE = "must be a model file, or the folder of a finished run or search"


def is_search(folder: Path) -> bool:
    """Whether a folder is that of a search."""
    return os.path.exists(folder / SEARCH_FILE)


def model_path(path: str | os.PathLike[str]) -> Path:
    """The model file that a path stands for; InputError for a folder without one and for a run that is not done, with
    what to do.

    path: a model file, which is not looked for, the folder of a finished run, or that of a search, which holds the nets
    of the winner.
    """
    found = Path(path)
    if not os.path.isdir(found):
        return found
    if os.path.lexists(found / RUN_FILE) and not _is_done(found / RUN_FILE):
        raise InputError(problem(str(path), "must be a finished run", fix=how_to_finish(found)))
    if os.path.exists(found / MODEL_FILE):
        return found / MODEL_FILE
    for name, (what, _) in UNFINISHED.items():
        if os.path.exists(found / name):
            rule = f"{RULE}; this {what} has no {MODEL_FILE} yet"
            raise InputError(problem(str(path), rule, fix=how_to_finish(found)))
    for name, what in WITHOUT.items():
        if os.path.exists(found / name):
            fix = (
                "Its nets were measured and not kept: train one with 'goodfit train', or search with 'goodfit select'."
            )
            raise InputError(problem(str(path), f"{RULE}; this is {what}", fix=fix))
    fix = "'goodfit runs' lists the runs in a folder."
    raise InputError(problem(str(path), f"{RULE}; it has no {MODEL_FILE}", fix=fix))


def existing_model_path(path: str | os.PathLike[str]) -> Path:
    """The same for a path that a command was given: InputError, too, where nothing is there."""
    if not os.path.exists(path):
        rule = "must be a finished run or search, or a model file"
        raise InputError(problem(str(path), rule, fix=similar_file(path) or "See 'goodfit runs'."))
    return model_path(path)


def _is_done(record: Path) -> bool:
    """Whether a run's record says that it is done: before that, a model file may be of an earlier state."""
    must, fix = "the record of a run", "Restore a backup, or train again."
    told = checked_json.read_json(record, must=must, fix=fix)
    if not isinstance(told, dict):
        raise checked_json.damaged(record, must=must, fix=fix)
    return bool(told.get("state") == "done")


def how_to_finish(folder: Path) -> str:
    """The command that finishes what a folder holds; "" where it holds nothing that was begun."""
    for name, (_, command) in UNFINISHED.items():
        if os.path.lexists(folder / name):
            return f"Finish it with: {shlex.join([*command, '--resume', str(folder)])}"
    return ""
