"""Code in Markdown: the fenced blocks of a page, the commands in them, and running its Python as a reader would."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

NOT_RUN = "<!-- not run -->"  # on a line of its own, above a block: not run, but Python that imports what there is
PRINTED = "<!-- printed -->"  # above a block of text: exactly what the Python block before it prints
SHELLS = {"sh", "bash", "shell", "console"}


@dataclass(frozen=True)
class Block:
    """A fenced block. line: of its first line of code; above: the last line of text before it, "" if there is none."""

    line: int
    language: str
    code: str
    above: str


def blocks(text: str) -> Iterator[Block]:
    """Every fenced block of a page, in order."""
    above, language, code = "", None, []
    for number, line in enumerate(text.splitlines(), start=1):
        if language is None and line.startswith("```"):
            language, code = line[3:].strip() or "text", []
        elif language is not None and line.startswith("```"):
            yield Block(number - len(code), language, "\n".join(code), above)
            above, language = "", None
        elif language is not None:
            code.append(line)
        elif line.strip():
            above = line.strip()


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command in the shell blocks; lines of output (below a `$` prompt) are left out."""
    for block in blocks(text):
        if block.language not in SHELLS or block.above == NOT_RUN:
            continue
        lines = block.code.replace("\\\n", " ").splitlines()
        if any(line.startswith("$ ") for line in lines):
            lines = [line[2:] for line in lines if line.startswith("$ ")]
        for line in lines:
            for part in re.split(r"&&|;|\|", line):
                if words := shlex.split(part, comments=True):
                    yield words


def run_blocks(text: str, name: str) -> dict[str, Any]:
    """Run the Python blocks in one namespace, as a reader would; errors name the page's own lines.

    A text block marked PRINTED must be what the Python block before it printed.
    """
    namespace: dict[str, Any] = {"__name__": "readme"}
    printed = io.StringIO()
    for block in blocks(text):
        if block.language == "python":
            code = compile("\n" * (block.line - 1) + block.code, name, "exec")
            if block.above == NOT_RUN:
                check_imports(block.code, f"{name}:{block.line}")
            else:
                with contextlib.redirect_stdout(io.StringIO()) as printed:
                    exec(code, namespace)
        elif block.above == PRINTED:
            assert printed.getvalue().strip("\n") == block.code, f"{name}:{block.line}: what is printed has changed"
    return namespace


def check_imports(code: str, where: str) -> None:
    """Do what a block imports of goodfit, and nothing else: a block that is not run goes stale in silence otherwise."""
    for node in ast.walk(ast.parse(code)):
        names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        if any(name.partition(".")[0] == "goodfit" for name in names):
            exec(compile(ast.Module([node], []), where, "exec"), {})  # type: ignore[list-item]


def check_command(words: list[str]) -> None:
    """A `goodfit` command must parse, and what it names must exist."""
    words = words[sum("=" in word for word in words[:1]) :]  # JAX_NUM_CPU_DEVICES=1 goodfit ...
    if words[0].removeprefix(".venv/bin/") != "goodfit":
        return
    from goodfit.cli.app import app

    command, bound, _ = app.parse_args(words[1:], print_error=False, exit_on_error=False)
    given = dict(bound.arguments)
    if getattr(command, "__name__", "") == "train" and "resume" not in given:
        from goodfit.cli.flags import recipe_with
        from goodfit.cli.tables import is_table
        from goodfit.data import describe
        from goodfit.training.named_recipes import NAMED

        if is_table(given["data"]):
            assert getattr(given.get("table"), "target", None), "a table needs --target"
        else:
            describe(given["data"])
        flags = {name: value for name, value in given.items() if name not in OWN_FLAGS}
        recipe_with(NAMED.get(given.get("recipe", "default"), NAMED["default"]), flags)


OWN_FLAGS = {
    "data",
    "table",
    "device",
    "fit",
    "leaks",
    "precision",
    "workers",
    "cluster",
    "recipe",
    "seeds",
    "start",
    "out",
    "resume",
    "stream",
    "inspect",
    "json",
    "quiet",
}  # of `goodfit train`, beside the recipe's
