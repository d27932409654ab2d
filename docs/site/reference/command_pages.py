"""The pages of commands: every flag with its type, default and meaning, and which other commands have it."""

from __future__ import annotations

import functools
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from cyclopts import App

from goodfit.cli.app import COMMANDS, DATA_COMMANDS, app
from goodfit.cli.app import data as data_app
from goodfit.training.recipe import Recipe

from .fields import label as field_label
from .fields import setting
from .markdown import Link, code, contents, fenced, page, prose, table

STATED = re.compile(r"\s*\[(?:[^\[\]]*; )?default: ([^\[\]]*)\]")
WORDS = {str: "text", int: "integer", float: "number", bool: "switch"}
FIELDS = {rule.flag: rule for rule in Recipe.fields().values()}
EXAMPLES = {  # flag -> its value in an example; of a recipe's fields fields.py has them
    "adaptive": None,
    "against": "first",
    "all": None,
    "apply": None,
    "ask": "10",
    "budget": "30",
    "by": "roc_auc",
    "check": None,
    "classes": None,
    "cluster": "tcp://10.0.0.5:8786",
    "collect": "answers.csv",
    "costs": "1,5",
    "coverage": "0.9",
    "data": "moved/people.csv",
    "device": "gpu:0",
    "face": "torch",
    "factor": "4",
    "figure": "age.svg",
    "fit": "never",
    "folds": "10",
    "from": "runs/first",
    "group": "person",
    "host": "0.0.0.0",
    "id": "name,comment",
    "inputs": "64",
    "inspect": None,
    "json": None,
    "keep": "name",
    "kind": "floor=categorical",
    "language": "zh",
    "leaks": "error",
    "least-epochs": "3",
    "lesson": "dropout",
    "linked": "0.9",
    "margin": "0.01",
    "max-megabytes": "50",
    "max-rows": "50000",
    "method": "halving",
    "metric": "loss",
    "minutes": "10",
    "near": None,
    "of": "income",
    "open": None,
    "ordered": "size=small<medium<large",
    "out": "runs/second",
    "outputs": "3",
    "points": "50",
    "port": "0",
    "positive": "yes",
    "precision": "highest",
    "quick": None,
    "quiet": None,
    "recipe": "chapter",
    "repeats": "3",
    "resume": "runs/stopped",
    "rows": "0,3,10-12",
    "save": "calibrated.safetensors",
    "save-anyway": None,
    "search": "searches/digits",
    "seeds": "5",
    "steps": None,
    "stream": None,
    "strict": None,
    "studies": None,
    "target": "income",
    "task": "classification",
    "test": "0.1",
    "time": "date",
    "values": "20,40,60",
    "weight": "count",
    "which": "1",
    "width": "0.05",
    "workers": "4",
}
OF_COMMAND = {  # (command, flag) -> the same where the flag means something else in it
    ("devices", "rows"): "60000",
    ("export", "rows"): "people.csv",
    ("runs", "group"): "hidden",
}
NO_LINK: Link = lambda _: None  # noqa: E731 - words on flags name no Python


@dataclass(frozen=True)
class Flag:
    """An argument or a flag of a command.

    names: "--batch-size", "--no-nesterov", or "DATA"
    type: in words
    default: as the help states it, "" for none
    help: what it does
    group: under which the help has it
    """

    names: tuple[str, ...]
    type: str
    default: str
    help: str
    group: str


@dataclass(frozen=True)
class Command:
    """A command. words: "train", or "data show"; about: what it does; example: a command line."""

    words: str
    about: str
    example: str
    flags: tuple[Flag, ...]

    @property
    def page(self) -> str:
        """Its page, from the folder of the reference."""
        return f"commands/{self.words.replace(' ', '-')}.md"


@functools.cache
def commands() -> tuple[Command, ...]:
    """Every command of `goodfit`, in the order of its help."""
    found = [_command(app, name, name, *about) for name, about in COMMANDS.items()]
    return (*found, *(_command(data_app, name, f"data {name}", *about) for name, about in DATA_COMMANDS.items()))


def _command(parent: App, name: str, words: str, about: str, example: str) -> Command:
    own = parent[name]
    flags = [_flag(each) for each in own.assemble_argument_collection(parse_docstring=True) if each.show and each.names]
    return Command(words, about, " ".join(filter(None, ["goodfit", words, example])), tuple(flags))


def _flag(each: Any) -> Flag:
    text = " ".join((each.parameter.help or "").split())
    stated = STATED.search(text)
    default = stated[1] if stated else _given(each)
    group = next((str(one.name) for one in each.parameter.group or ()), "")
    return Flag(tuple(each.names), _type(each), default, STATED.sub("", text).strip(), group)


def _given(each: Any) -> str:
    value = each.field_info.default
    if each.required:
        return "required"
    if value is None or value is False or not isinstance(value, str | int | float | bool):
        return "no" if value is False else ""
    return str(value)


def _type(each: Any) -> str:
    name = each.names[0].lstrip("-")
    if name in FIELDS:
        rule = FIELDS[name]
        kind = {"name": "name", "integer": "integer", "number": "number", "switch": "switch"}[rule.kind]
        return f"{kind}, or several with commas" if rule.many else kind
    choices = each.get_choices()
    if choices:
        return " or ".join(code(choice) for choice in choices)
    return _words(each.hint)


def _words(hint: Any) -> str:
    inner = [one for one in get_args(hint) if one is not type(None)]
    if get_origin(hint) in (list, tuple) or (inner and get_origin(inner[0]) in (list, tuple)):
        kind = inner[0] if get_origin(hint) in (list, tuple) else get_args(inner[0])[0]
        return f"{WORDS.get(kind, 'path')}, repeatable"
    kinds = inner if inner and not isinstance(hint, type) else [hint]
    return " or ".join(WORDS.get(kind, "path") for kind in kinds)


def owners() -> dict[str, list[Command]]:
    """Flag -> the commands that have it."""
    found: dict[str, list[Command]] = {}
    for command in commands():
        for flag in command.flags:
            found.setdefault(flag.names[0], []).append(command)
    return found


def command_pages(guides: str) -> Iterator[tuple[str, str]]:
    """(path, text) of the page of every command, of their list and of the list of flags."""
    for command in commands():
        yield command.page, _page(command, f"../{guides}")
    yield "commands.md", _index()
    yield "flags.md", _flags_page(guides)


def _page(command: Command, guides: str) -> str:
    parts = [
        f"# `goodfit {command.words}`",
        prose(command.about, NO_LINK),
        fenced(command.example, "sh"),
        f"`goodfit {command.words} --help` prints the same. Exit codes: [errors](../errors.md).",
    ]
    groups: dict[str, list[Flag]] = {}
    for flag in command.flags:
        groups.setdefault(flag.group, []).append(flag)
    for group, flags in groups.items():
        rows = [(_names(flag), f"{_kind(flag)}. {_help(flag, guides)}{_for_example(command, flag)}") for flag in flags]
        parts += [f"## {group}", table(("name", "meaning"), rows)]  # two columns: flags are long, and telephones narrow
    return page(*parts)


def _names(flag: Flag) -> str:
    return " ".join(map(code, flag.names))


def _kind(flag: Flag) -> str:
    """The type and the default, in one piece."""
    default = "required" if flag.default == "required" else f"default {code(flag.default)}" if flag.default else ""
    return f"*{'; '.join(filter(None, [flag.type, default]))}*"


def _help(flag: Flag, guides: str) -> str:
    name = flag.names[0].lstrip("-")
    own = f" [More](#{field_label(FIELDS[name].name)})." if name in FIELDS and flag.names[0].startswith("--") else ""
    return prose(flag.help, NO_LINK, guides) + own


def example(command: Command, flag: Flag) -> str:
    """A flag as one would write it, with a value that is not its default and what it needs beside it.

    "" where the command's own example has it, as it has every argument. A switch that is on by default is turned off.
    """
    name = flag.names[0].removeprefix("--")
    if name == flag.names[0] or set(flag.names) & set(command.example.split()):
        return ""
    if name in FIELDS and (command.words, name) not in OF_COMMAND:
        return setting(FIELDS[name])
    if name == "resume":  # it has all that the interrupted command was told
        return f"goodfit {command.words} --resume {EXAMPLES[name]}"
    value = OF_COMMAND.get((command.words, name), EXAMPLES[name])
    if value is None:
        return flag.names[-1] if flag.default == "True" else flag.names[0]
    return f"{flag.names[0]} {shlex.quote(value)}"


def _for_example(command: Command, flag: Flag) -> str:
    shown = example(command, flag)
    return f" For example {code(shown)}." if shown else ""


def _index() -> str:
    rows = [
        (f"[`goodfit {each.words}`]({each.page})", prose(each.about, NO_LINK), code(each.example))
        for each in commands()
    ]
    return page(
        "# Commands",
        "Every command and, on [a page of their own](flags.md), every flag with the commands that have it. `goodfit "
        "--version` prints the version, `goodfit --install-completion` installs completion for the shell.",
        table(("command", "what it does", "example"), rows),
        contents(["flags.md", *(each.page for each in commands())]),
    )


def _flags_page(guides: str) -> str:
    rows = []
    for name, having in sorted(owners().items()):
        if name.startswith("--"):
            links = ", ".join(f"[{each.words}]({each.page})" for each in having)
            flag = next(flag for flag in having[0].flags if flag.names[0] == name)
            rows.append((_names(flag), f"{_help(flag, guides)} In {links}."))
    return page("# Flags", "Every flag, and the commands that have it.", table(("flag", "meaning"), rows))
