"""JSON files of goodfit's own: read as strictly as strangers' files, and checked against a declared model at once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypeVar

from goodfit import strict_json
from goodfit.errors import InputError, problem
from goodfit.reading import read_text

if TYPE_CHECKING:
    from pydantic import BaseModel

    Model = TypeVar("Model", bound=BaseModel)

MOST_BYTES = 2**27  # of a file: the result of a search of 100,000 settings has some 50 MB


def read_json(path: str | os.PathLike[str], *, must: str, fix: str) -> Any:
    """The JSON value in a file.

    must: what the file must be, such as "the record of a run"; fix: a full sentence.
    InputError with both where it cannot be read, or is no JSON as of `strict_json`.
    """
    return _read(path, must, fix)[1]


def read_model(path: str | os.PathLike[str], model: type[Model], *, must: str, fix: str) -> Model:
    """What a JSON file holds, as a checked model; every value is looked at now, none later.

    must, fix: as for `read_json`. InputError where the file holds anything else than it declares.
    """
    text, _ = _read(path, must, fix)
    try:
        return model.model_validate_json(text)
    except ValueError as error:  # pydantic's ValidationError is one
        raise damaged(path, must=must, fix=fix) from error


def _read(path: str | os.PathLike[str], must: str, fix: str) -> tuple[str, Any]:
    """The text of a file, and the value that it holds as JSON."""
    try:
        text = read_text(path, most=MOST_BYTES)
        return text, strict_json.parse(text)
    except OSError as error:
        raise InputError(problem(os.fspath(path), f"must be readable: {error.strerror or error}")) from error
    except ValueError as error:
        raise damaged(path, must=must, fix=fix) from error


def damaged(path: str | os.PathLike[str], *, must: str, fix: str) -> InputError:
    """The error for a file of goodfit's own that holds something else than goodfit writes."""
    return InputError(problem(os.fspath(path), f"must be {must}, but it is damaged", fix=fix))
