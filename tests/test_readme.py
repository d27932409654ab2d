"""The README is executed: its Python blocks run, its commands parse, its make targets exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from docs_blocks import check_command, commands, run_blocks

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"


def test_the_python_blocks_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run_blocks(README.read_text("utf-8"), str(README))


def test_the_commands_parse() -> None:
    for words in commands(README.read_text("utf-8")):
        check_command(words)


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
print("one", a)
```
<!-- printed -->
```
one 1
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


def test_another_output_would_be_seen() -> None:
    with pytest.raises(AssertionError, match="example:7: what is printed has changed"):
        run_blocks(EXAMPLE.replace("\none 1\n", "\none 2\n"), "example")


def test_a_block_that_is_not_run_must_be_python() -> None:
    with pytest.raises(SyntaxError, match="invalid syntax"):
        run_blocks(EXAMPLE.replace("raise SystemExit", "raise raise"), "example")


def test_what_a_block_that_is_not_run_imports_of_goodfit_must_be_there() -> None:
    run_blocks(EXAMPLE.replace("raise SystemExit", "from goodfit.training.named_recipes import CHAPTER"), "example")
    with pytest.raises(ImportError, match="cannot import name 'CHAPTER'"):
        run_blocks(EXAMPLE.replace("raise SystemExit", "from goodfit.training.recipe import CHAPTER"), "example")


def test_commands_of_a_shell_block() -> None:
    assert list(commands(EXAMPLE)) == [
        ["make", "run", "PYTHON=python3.12"],
        ["goodfit", "train", "digits", "--seeds", "8"],
    ]


@pytest.mark.parametrize(
    ("command", "match"),
    [
        ("goodfit train digits --hiden 8", "--hiden"),
        ("goodfit train digits --hidden 8 --activation reluu", "'--activation' must be"),
        ("goodfit train digit", "Did you mean 'digits'"),
    ],
)
def test_a_wrong_command_would_be_seen(command: str, match: str) -> None:
    with pytest.raises(Exception, match=match):
        check_command(command.split())
