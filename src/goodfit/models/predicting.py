"""Which nets of a model predict: all but those that diverged, which the file keeps with their last finite weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from goodfit.errors import InputError, problem

ENSEMBLE = "ensemble"  # in `about`: how nets of several recipes were chosen and weighed
DIVERGED = "diverged"  # in `about`: places of nets, from 0, that stopped because a loss or weight was no longer finite


def diverged_places(about: Mapping[str, Any], nets: int, where: str) -> tuple[int, ...]:
    """The places that `about` names; () where it says nothing. InputError where these are no places of nets."""
    given = about.get(DIVERGED, [])
    if not isinstance(given, list | tuple) or not all(type(each) is int and 0 <= each < nets for each in given):
        rule = f"{DIVERGED!r} in 'about' must list nets by their places, from 0 to {nets - 1}"
        raise InputError(problem(where, rule, got=given, fix="Leave it out if the nets are others."))
    return tuple(sorted(set(given)))
