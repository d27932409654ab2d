"""Which page a name in a docstring leads to."""

from __future__ import annotations

import functools
import inspect
import os.path
import re
from collections.abc import Collection

from .markdown import Link
from .public import Name, by_path, names
from .signatures import members_of

CODE = re.compile(r"^(?:gf|goodfit)\.([\w.]+)(?:\(.*\))?$")


def member_label(owner: Name, member: str) -> str:
    """Where the page of a class tells of one of its members."""
    return f"member.{owner.path}.{member}".lower().replace("_", "-")


@functools.cache
def _members() -> dict[str, str]:
    """ "Run.predict" -> the label of the place that tells of it."""
    found: dict[str, str] = {}
    for each in names():
        if inspect.isclass(each.value):
            for member in members_of(each.value):
                found.setdefault(f"{each.last}.{member.name}", member_label(each, member.name))
    return found


@functools.cache
def _by_last() -> dict[str, list[Name]]:
    found: dict[str, list[Name]] = {}
    for each in names():
        found.setdefault(each.last, []).append(each)
    return found


def linker(page: str, own: Name | None = None, arguments: Collection[str] = ()) -> Link:
    """Where a piece of code on a page leads to. own: whose page it is; arguments: names that mean its own."""

    def link(text: str) -> str | None:
        if (own and text in (own.last, own.path)) or text in arguments:
            return None
        match = CODE.match(text)
        path = match[1] if match else text.removesuffix("()")
        found = by_path().get(f"goodfit.{path}") or by_path().get(path)
        if found is None and own is not None and inspect.isclass(own.value) and f"{own.last}.{path}" in _members():
            return f"#{_members()[f'{own.last}.{path}']}"
        if found is None:
            found = _of_last_name(path, own)
        if found is not None:
            return os.path.relpath(found.page, os.path.dirname(page) or ".")
        short = ".".join(path.split(".")[-2:])
        return f"#{_members()[short]}" if short in _members() else None

    return link


def _of_last_name(path: str, own: Name | None) -> Name | None:
    """What a bare name means: of the package itself, else of `goodfit`, else the only one that there is."""
    found = _by_last().get(path, [])
    for package in (own.package if own else "", "goodfit"):
        for each in found:
            if package in (each.package, *(other.rpartition(".")[0] for other in each.also)):
                return each
    return found[0] if len(found) == 1 and path[:1].isupper() else None
