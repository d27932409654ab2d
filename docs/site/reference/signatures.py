"""Signatures as the source writes them: parameters and fields with types, defaults, and the members of a class."""

from __future__ import annotations

import ast
import dataclasses
import functools
import importlib
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

EMPTY = inspect.Parameter.empty
PLAIN = (bool, int, float, str, type(None), tuple)
MARKS = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}


@dataclass(frozen=True)
class Argument:
    """A parameter or a field. default: as Python writes it, None where there is none; mark: "*", "**" or ""."""

    name: str
    type: str
    default: str | None
    mark: str = ""
    keyword: bool = False
    positional: bool = False


@dataclass(frozen=True)
class Member:
    """What a class offers. kind: "method", "classmethod", "staticmethod" or "property"."""

    name: str
    kind: str
    function: Callable[..., Any]


@functools.cache
def _tree(module: str) -> ast.Module:
    file = inspect.getsourcefile(importlib.import_module(module))
    assert file is not None, module
    with open(file, encoding="utf-8") as source:
        return ast.parse(source.read())


@functools.cache
def _node(module: str, path: str) -> ast.AST | None:
    """The definition of a class or function in the source."""
    body: list[ast.stmt] = _tree(module).body
    node: ast.AST | None = None
    for part in path.split("."):
        found = [
            each
            for each in body
            if isinstance(each, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and each.name == part
        ]
        if not found:
            return None
        node, body = found[-1], found[-1].body
    return node


def node_of(value: Any) -> ast.AST | None:
    """The definition of a class or function."""
    value = inspect.unwrap(value)
    return _node(value.__module__, value.__qualname__)


def _types(value: Any) -> tuple[Mapping[str, str], str]:
    """Parameter -> its type, and the type of what is returned, as the source writes them."""
    node = node_of(value)
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return {}, ""
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [each for each in (arguments.vararg, arguments.kwarg) if each]
    types = {each.arg: _text(each.annotation) for each in every if each.annotation is not None}
    return types, _text(node.returns)


def _text(node: ast.AST | None) -> str:
    if node is None:
        return ""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return ast.unparse(node)


def returned(value: Any) -> str:
    """The type of what a function returns, "" where it is not declared."""
    return _types(value)[1]


def arguments_of(value: Any) -> list[Argument]:
    """The parameters of a function, or of a class's constructor, without `self`."""
    if inspect.isclass(value):
        if dataclasses.is_dataclass(value):
            return _fields(value)
        if issubclass(value, BaseException) and "__init__" not in vars(value):
            return []
        if "__init__" not in {name for each in value.__mro__[:-1] for name in vars(each)}:
            return []
    types = _types(value.__init__ if inspect.isclass(value) else value)[0]
    try:
        parameters = inspect.signature(value).parameters
    except ValueError:
        return []
    return [_argument(each, types) for each in parameters.values() if each.name not in ("self", "cls")]


def _argument(each: inspect.Parameter, types: Mapping[str, str]) -> Argument:
    given = None if each.default is EMPTY else shown_default(each.default)
    said = types.get(each.name)
    if said is None:
        said = "" if each.annotation is EMPTY else inspect.formatannotation(each.annotation)
    keyword = each.kind is inspect.Parameter.KEYWORD_ONLY
    positional = each.kind is inspect.Parameter.POSITIONAL_ONLY
    return Argument(each.name, said, given, MARKS.get(each.kind, ""), keyword, positional)


def shown_default(value: Any) -> str:
    """A default for people: simple values as Python writes them, others by their kind."""
    if isinstance(value, PLAIN):
        return repr(value)
    if inspect.isclass(value) or (inspect.isfunction(value) and value.__name__.isidentifier()):
        return value.__name__
    return "..."


def _fields(value: type) -> list[Argument]:
    """The fields that a dataclass's constructor takes, with the types that the source gives them."""
    types: dict[str, str] = {}
    for each in reversed(value.__mro__):
        node = node_of(each) if each is not object and dataclasses.is_dataclass(each) else None
        for line in getattr(node, "body", []):
            if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name):
                types[line.target.id] = _text(line.annotation)
    found = []
    for each in dataclasses.fields(value):
        if not each.init or each.name.startswith("_"):
            continue
        default = None if each.default is dataclasses.MISSING else shown_default(each.default)
        if each.default_factory is not dataclasses.MISSING:
            default = "{}" if each.default_factory is dict else "..."
        found.append(Argument(each.name, types.get(each.name, ""), default, keyword=each.kw_only))
    return found


@functools.cache
def _source_lines(module: str) -> list[str]:
    file = inspect.getsourcefile(sys.modules[module])
    assert file is not None, module
    with open(file, encoding="utf-8") as source:
        return source.read().splitlines()


def said_of_fields(value: type) -> dict[str, str]:
    """Field -> the comment that stands behind its declaration, or the text below it."""
    found: dict[str, str] = {}
    for each in reversed(value.__mro__):
        if each.__module__.startswith("goodfit"):
            found |= _said(each.__module__, getattr(node_of(each), "body", []))
    return found


def said_of_values(module: str) -> dict[str, str]:
    """Constant of a module -> the comment that stands behind it, or the text below it."""
    return _said(module, _tree(module).body)


def _said(module: str, body: Sequence[ast.stmt]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line, after in zip(body, [*body[1:], None], strict=True):
        target = line.targets[0] if isinstance(line, ast.Assign) else getattr(line, "target", None)
        if not (isinstance(line, ast.Assign | ast.AnnAssign) and isinstance(target, ast.Name)):
            continue
        behind = _source_lines(module)[(line.end_lineno or line.lineno) - 1][line.end_col_offset or 0 :]
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant):
            found[target.id] = " ".join(str(after.value.value).split())
        elif "# " in behind and not behind.strip().startswith("# type:"):
            found[target.id] = behind.partition("# ")[2].strip()
    return found


def aliases(module: str, types: Iterable[str]) -> dict[str, str]:
    """What the names of types that are no classes stand for, where goodfit defines them: name -> definition."""
    found: dict[str, str] = {}
    for name in dict.fromkeys(re.findall(r"\b[A-Z]\w+\b", " ".join(types))):
        meant = _definition(module, name)
        if meant:
            found[name] = meant
    return found


@functools.cache
def _named(module: str) -> dict[str, str | tuple[str, str]]:
    """Name -> its definition where a module assigns it, or (module, name) where it imports it from goodfit."""
    found: dict[str, str | tuple[str, str]] = {}
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("goodfit"):
            found |= {each.asname or each.name: (str(node.module), each.name) for each in node.names}
    for node in _tree(module).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = ast.unparse(node.value)
    return found


def _definition(module: str, name: str) -> str:
    for _ in range(4):
        found = _named(module).get(name, "")
        if isinstance(found, str):
            return found
        module, name = found
    return ""


def members_of(value: type) -> Iterator[Member]:
    """The public methods and properties that a class itself, or a class of goodfit above it, defines."""
    seen: set[str] = set()
    for each in value.__mro__:
        if not each.__module__.startswith("goodfit"):
            continue
        for name, member in vars(each).items():
            kind = _kind(member)
            if name.startswith("_") or name in seen or kind is None:
                continue
            seen.add(name)
            function = (
                getattr(member, "fget", None) or getattr(member, "func", None) or getattr(member, "__func__", member)
            )
            if function.__module__.startswith("goodfit"):
                yield Member(name, kind, function)


def _kind(member: Any) -> str | None:
    if isinstance(member, property | functools.cached_property):
        return "property"
    if isinstance(member, classmethod):
        return "classmethod"
    if isinstance(member, staticmethod):
        return "staticmethod"
    return "method" if inspect.isfunction(member) else None


def signature(shown: str, arguments: list[Argument], returns: str = "", width: int = 88) -> str:
    """A signature with types, on one line where it fits, else a parameter a line."""
    parts: list[str] = []
    for place, each in enumerate(arguments):
        before = arguments[place - 1] if place else None
        if before and before.positional and not each.positional:
            parts.append("/")
        if each.keyword and not (before and (before.keyword or before.mark == "*")):
            parts.append("*")
        text = f"{each.mark}{each.name}" + (f": {each.type}" if each.type else "")
        if each.default is not None:
            text += f" = {each.default}" if each.type else f"={each.default}"
        parts.append(text)
    if arguments and arguments[-1].positional:
        parts.append("/")
    end = f" -> {returns}" if returns else ""
    line = f"{shown}({', '.join(parts)}){end}"
    return line if len(line) <= width else f"{shown}(\n" + "".join(f"    {each},\n" for each in parts) + f"){end}"
