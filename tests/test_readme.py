"""The README is executed: its Python blocks run, its commands parse, its make targets exist."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
NOT_RUN = "<!-- not run -->"  # on a line of its own, above a block
SHELLS = {"sh", "bash", "shell", "console"}


def blocks(text: str, languages: set[str]) -> Iterator[tuple[int, str]]:
    """(line of the first line of code, code) of each fenced block that is not marked."""
    above, language, code = "", None, []
    for number, line in enumerate(text.splitlines(), start=1):
        if language is None and line.startswith("```"):
            language, code = line[3:].strip() or "text", []
        elif line.startswith("```"):
            if language in languages and above != NOT_RUN:
                yield number - len(code), "\n".join(code)
            above, language = "", None
        elif language is not None:
            code.append(line)
        elif line.strip():
            above = line.strip()


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command in the shell blocks; lines of output (below a `$` prompt) are left out."""
    for _, code in blocks(text, SHELLS):
        lines = code.replace("\\\n", " ").splitlines()
        if any(line.startswith("$ ") for line in lines):
            lines = [line[2:] for line in lines if line.startswith("$ ")]
        for line in lines:
            for part in re.split(r"&&|;|\|", line):
                if words := shlex.split(part, comments=True):
                    yield words


def run_blocks(text: str, name: str) -> dict[str, Any]:
    """Run the Python blocks in one namespace, as a reader would; errors name the README's own lines."""
    namespace: dict[str, Any] = {"__name__": "readme"}
    for line, code in blocks(text, {"python"}):
        exec(compile("\n" * (line - 1) + code, name, "exec"), namespace)
    return namespace


def test_the_python_blocks_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run_blocks(README.read_text("utf-8"), str(README))


def test_the_commands_parse() -> None:
    from goodfit.cli.app import app

    for words in commands(README.read_text("utf-8")):
        program = words[0].removeprefix(".venv/bin/")
        if program == "goodfit":
            app.parse_args(words[1:], print_error=False, exit_on_error=False)


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_the_make_targets_exist(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    rules = set(re.findall(r"^([\w-]+):(?!=)", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"`make ([\w-]+)", text))
    named |= {word for words in commands(text) if words[0] == "make" for word in words[1:] if "=" not in word}
    assert named
    assert named <= rules


EXAMPLE = """\
```python
a = 1
```

<!-- not run -->
```python
raise SystemExit
```
```console
$ make run PYTHON=python3.12 && goodfit train digits \\
    --seeds 8  # eight nets
| an output |
```
```python
b = a + 1
```
"""


def test_blocks_share_a_namespace_and_marked_ones_are_left_out() -> None:
    assert run_blocks(EXAMPLE, "example")["b"] == 2


def test_an_error_names_the_line_of_the_readme() -> None:
    with pytest.raises(ZeroDivisionError) as caught:
        run_blocks(EXAMPLE.replace("a + 1", "a / 0"), "example")
    assert caught.traceback[-1].lineno + 1 == EXAMPLE.splitlines().index("b = a + 1") + 1


def test_commands_of_a_shell_block() -> None:
    assert list(commands(EXAMPLE)) == [
        ["make", "run", "PYTHON=python3.12"],
        ["goodfit", "train", "digits", "--seeds", "8"],
    ]
