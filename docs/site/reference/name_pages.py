"""The pages of public names: signature, what each parameter means, errors, an example, and the members of a class."""

from __future__ import annotations

import functools
import inspect
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from .docstrings import Docstring, read_docstring
from .examples import Shown
from .linking import linker, member_label
from .markdown import Link, code, contents, fenced, guide, page, prose, table
from .public import DOCS, Name, by_path, names, packages, source_of
from .signatures import (
    Argument,
    Member,
    aliases,
    arguments_of,
    members_of,
    returned,
    said_of_fields,
    said_of_values,
    signature,
)

MOST_GUIDES = 4
RECIPE_ARGUMENTS = "Its fields, with ranges, defaults and flags: [the recipe](../recipe.md)."


def name_pages(examples: Mapping[str, Shown], guides: str) -> Iterator[tuple[str, str]]:
    """(path, text) of the page of every public name."""
    for each in names():
        yield each.page, _page(each, examples.get(each.path), f"../{guides}")


def index_of_packages() -> str:
    """The page that lists the public names, a package a table."""
    parts = ["# Names", "Every public name. `gf` is `import goodfit as gf`."]
    listed: list[str] = []
    for package in [*packages(), ""]:
        own = [each for each in names() if (each.package == package if package else each.guide)]
        own = [each for each in own if bool(each.guide) == (not package)]
        if not own:
            continue
        title = code(package) if package else "Named by the guides"
        rows = [(f"[`{each.shown}`]({each.page})", _first_line(each)) for each in own]
        parts += [f"## {title}", _about(package), table(("name", "what it is"), rows)]
        listed += [each.page for each in own]
    return page(*parts, contents(listed))


def _about(package: str) -> str:
    if not package:
        return "Names of modules that pages of the documentation import, and no package hands out."
    module = __import__(package, fromlist=["__doc__"])
    return prose((module.__doc__ or "").split("\n\n")[0], linker("names.md"), ".")


def _first_line(each: Name) -> str:
    known = () if each.kind == "values" else [one.name for one in arguments_of(each.value)]
    text = documented(each).summary if each.kind == "values" else read_docstring(each.value.__doc__, known).summary
    return prose(re.split(r"(?<=[.!?])\s", text)[0], linker("names.md", each, known), "..")


def documented(each: Name) -> Docstring:
    """The docstring of a name, its fields' included; of a value, the text below it or above it in the source."""
    value = each.value
    if each.kind == "values":
        return Docstring(summary=_said_of_value(each))
    known = [one.name for one in arguments_of(value)]
    found = read_docstring(value.__doc__, known)
    if inspect.isclass(value):
        for above in value.__mro__[1:]:
            if above.__module__.startswith("goodfit"):
                found.items = {**read_docstring(above.__doc__, known).items, **found.items}
        found.items = {**said_of_fields(value), **found.items}
    return with_others(found, known)


def with_others(found: Docstring, known: Sequence[str]) -> Docstring:
    """The docstring with what it leaves to another: "The other arguments are those of `select`"."""
    for other in found.of:
        target = by_path().get(f"goodfit.{other}")
        if target is not None:
            theirs = documented(target).items
            found.items = {**{name: theirs[name] for name in known if name in theirs}, **found.items}
    return found


def _said_of_value(each: Name) -> str:
    """What stands below or behind a value where it is defined."""
    for path in (each.path, *each.also):
        found = said_of_values(source_of(path)).get(each.last)
        if found:
            return found
    return ""


def _page(each: Name, example: Shown | None, guides: str) -> str:
    found = documented(each)
    arguments = [] if each.kind == "values" else arguments_of(each.value)
    link = linker(each.page, each, [one.name for one in arguments])
    parts: list[str | None] = [f"# `{each.shown}`", prose(found.summary, link, guides)]
    if each.kind != "values":
        returns = "" if inspect.isclass(each.value) else returned(each.value)
        shown = f"class {each.shown}" if inspect.isclass(each.value) else each.shown
        bare = each.last == "Recipe" or (inspect.isclass(each.value) and not arguments)
        parts.append(fenced(shown if bare else signature(shown, arguments, returns)))
    parts += [prose(text, link, guides) if not text.startswith("    ") else text for text in found.paragraphs]
    parts += _example(each, example, guides)
    parts += _arguments(each, found, arguments, link, guides)
    parts += _raises(found, link, guides)
    if inspect.isclass(each.value):
        parts += _members(each, guides)
    parts += [_elsewhere(each, guides)]
    return page(*parts)


def _arguments(each: Name, found: Docstring, arguments: Sequence[Argument], link: Link, guides: str) -> list[str]:
    if each.last == "Recipe":
        return [RECIPE_ARGUMENTS]
    parts = []
    if arguments:
        is_class = inspect.isclass(each.value)
        fields = is_class and hasattr(each.value, "__dataclass_fields__")
        parts += ["## Fields" if fields else "## Parameters", argument_table(found, arguments, link, guides)]
        module = inspect.unwrap(each.value).__module__
        meant = aliases(module, [*(one.type for one in arguments), "" if is_class else returned(each.value)])
        parts += [f"`{name}` is `{text}`." for name, text in meant.items()]
    known = {one.name for one in arguments}
    rest = {name: text for name, text in found.items.items() if name not in known}
    if rest:
        rows = [(code(name), prose(text, link, guides)) for name, text in rest.items()]
        parts += ["## Attributes", table(("name", "what it is"), rows)]
    return parts


def argument_table(found: Docstring, arguments: Sequence[Argument], link: Link, guides: str) -> str:
    """What parameters or fields mean, with types and defaults."""
    rows = [
        (
            code(one.mark + one.name),
            code(one.type),
            code(one.default or ""),
            prose(found.items.get(one.name, ""), link, guides),
        )
        for one in arguments
    ]
    return table(("name", "type", "default", "meaning"), rows)


def _raises(found: Docstring, link: Link, guides: str) -> list[str]:
    if not found.errors:
        return []
    lines = []
    for text in found.errors:
        match = re.match(r"^(\w+)(.*)$", text, re.DOTALL)
        assert match
        lines.append(f"- {prose(f'`{match[1]}`', link, guides)}{prose(match[2], link, guides)}")
    return ["## Errors", "\n".join(lines)]


def _example(each: Name, example: Shown | None, guides: str) -> list[str]:
    if example is None and each.guide is not None:
        name, block = each.guide
        return ["## Example", f"From {guide(name, guides)}:", fenced(block)]
    if example is None:
        return []
    parts = ["## Example", f"Not run here: {example.why}." if example.why else "", fenced(example.code)]
    if example.printed:
        parts += ["It prints:", fenced(example.printed, "text")]
    return parts


def _members(each: Name, guides: str) -> list[str]:
    parts = []
    members = sorted(members_of(each.value), key=lambda one: (one.kind == "property", one.name))
    for title, own in (
        ("Methods", [one for one in members if one.kind != "property"]),
        ("Properties", [one for one in members if one.kind == "property"]),
    ):
        if own:
            parts.append(f"## {title}")
        for one in own:
            parts += _member(each, one, guides)
    return parts


def _member(each: Name, one: Member, guides: str) -> list[str]:
    arguments = [] if one.kind == "property" else arguments_of(one.function)
    known = [argument.name for argument in arguments]
    found = with_others(read_docstring(one.function.__doc__, known), known)
    link = linker(each.page, each, known)
    returns = returned(one.function)
    shown = f"{each.last}.{one.name}" if one.kind in ("classmethod", "staticmethod") else one.name
    parts = [f"({member_label(each, one.name)})=\n### `{one.name}`"]
    if one.kind == "property":
        parts.append(
            f"{code(returns)}: {prose(found.summary, link, guides)}" if returns else prose(found.summary, link)
        )
    else:
        parts += [fenced(signature(shown, arguments, returns)), prose(found.summary, link, guides)]
    parts += [prose(text, link, guides) for text in found.paragraphs]
    if found.items:
        parts.append(argument_table(found, [one for one in arguments if one.name in found.items], link, guides))
    parts += [f"Raises: {prose(text, link, guides)}" for text in found.errors]
    return parts


@functools.cache
def _words_of_guides() -> dict[str, Counter[str]]:
    """Page of the documentation -> how often it has each dotted name, and each name in backticks."""
    found = {}
    for path in sorted(DOCS.glob("*.md")):
        if path.name != "README.md":
            text = path.read_text("utf-8")
            found[path.name] = Counter(re.findall(r"[A-Za-z_][\w.]*\w|`\w+`", text))
    return found


def guides_of(each: Name) -> list[str]:
    """The pages of the documentation that show a name, those that show it most often first."""
    wanted = [each.shown, *([f"`{each.last}`", each.last] if each.last[:1].isupper() else [])]
    found = {page: sum(words[one] for one in wanted) for page, words in _words_of_guides().items()}
    return sorted((page for page, count in found.items() if count), key=lambda page: -found[page])[:MOST_GUIDES]


def _elsewhere(each: Name, guides: str) -> str:
    also = f"Also {', '.join(map(code, each.also))}." if each.also else ""
    links = ", ".join(guide(name, guides) for name in guides_of(each))
    return "\n\n".join(filter(None, [also, f"Guides that show it: {links}." if links else ""]))
