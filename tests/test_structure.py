"""The house rules that a linter has no rule for: sizes, the direction of imports, no addresses of one machine."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "goodfit"
FILE_LINES = 400
FUNCTION_LINES = 60

# Lowest first. A package imports from the layers below its own, never from beside or above.
LAYERS = (
    ("host", "notices", "words"),
    ("deprecated", "errors", "intervals", "plain_json", "wiring"),
    ("arguments", "files", "lazy", "leaving", "reading", "strict_json"),
    ("checked_json",),
    ("data", "nets"),
    ("leaks",),
    ("training",),
    ("figures",),
    ("models",),
    ("runs",),
    ("selection", "inspection"),
    ("curves", "ensembles"),
    ("verdicts",),
    ("reports",),
    ("studies", "estimators", "interop", "serving"),
    ("notes",),
    ("lab",),
    ("cli",),
)
RANK = {package: rank for rank, layer in enumerate(LAYERS) for package in layer}
FACADE = "goodfit"  # the names that the package re-exports; only the top layer may use them
RANK[FACADE] = RANK["runs"]
ONLY = {"nets": {"errors", "lazy"}}  # stricter than the layers: pure functions of arrays need nothing else

# What tools and runs leave behind at the top of the tree; everything else is written by hand.
LEFT_BEHIND = {
    *(
        ".git",
        ".goodfit",
        ".hypothesis",
        ".venv",
        "build",
        "curves",
        "d2l-figures",
        "dist",
        "mutants",
        "node_modules",
        "notes",
        "runs",
        "searches",
        "studies",
    )
}
NOT_TEXT = {".npz", ".png", ".pyc", ".safetensors", ".sqlite", ".svg"}
REGISTRIES = (
    r"py[p]i\.org",
    r"python[h]osted\.org",
    r"npm[j]s\.(org|com)",
    r"deb[.]debian\.org",
    r"ana[c]onda\.(org|com)",
)
FOLDERS = ("[w]ork/", "[r]oot/", r"[h]ome/\w", r"[U]sers/\w", "[t]mp/w/")
FORBIDDEN = {  # a letter in brackets keeps this file itself free of them
    "the address of a package registry": "|".join(REGISTRIES),
    "a folder of one machine": rf"(?<![\w.])/({'|'.join(FOLDERS)})",
}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files() -> list[Path]:
    return sorted(path for folder in ("src", "tests", "benchmarks", "tools") for path in (ROOT / folder).rglob("*.py"))


def hand_written_files() -> Iterator[Path]:
    """Every text file of the project."""
    for top in sorted(ROOT.iterdir()):
        if top.name in LEFT_BEHIND or top.name.startswith(".coverage") or top.name.endswith("_cache"):
            continue
        for path in [top] if top.is_file() else sorted(top.rglob("*")):
            if path.is_file() and path.suffix not in NOT_TEXT:
                yield path


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def docstring_lines(tree: ast.AST) -> int:
    """How many lines the docstrings inside a node take."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    return sum(
        node.body[0].end_lineno - node.body[0].lineno + 1
        for node in ast.walk(tree)
        if isinstance(node, documented) and ast.get_docstring(node, clean=False) is not None
    )


def long_parts(source: str) -> Iterator[str]:
    """What is too long in a file: the file itself, or functions of it."""
    tree = ast.parse(source)
    if (lines := len(source.splitlines()) - docstring_lines(tree)) > FILE_LINES:
        yield f"the file has {lines} lines"
    for node in ast.walk(tree):
        if isinstance(node, Function):
            lines = node.end_lineno - node.lineno + 1 - docstring_lines(node)
            if lines > FUNCTION_LINES:
                yield f"{node.name} has {lines} lines"


def layer_member(module: str) -> str:
    """goodfit.data.split -> data; goodfit and its dunder names -> goodfit."""
    member = module.split(".")[1] if "." in module else FACADE
    exists = (PACKAGE / member).is_dir() or (PACKAGE / f"{member}.py").is_file()
    return member if exists or member in RANK else FACADE


def imported_modules(tree: ast.AST, module: str, is_package: bool) -> Iterator[str]:
    """The dotted names that a file imports from goodfit, at any depth of the code, relative ones made absolute."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            home = module.split(".")
            home = home[: len(home) - node.level + is_package] if node.level else []
            base = ".".join([*home, *([node.module] if node.module else [])])
            names = [f"{base}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {
            "importlib.import_module",
            "import_module",
            "__import__",
        }:
            names = [argument.value for argument in node.args[:1] if isinstance(argument, ast.Constant)]
        yield from (name for name in names if name.partition(".")[0] == "goodfit" and name != "goodfit.__version__")


def upward_imports(source: str, module: str, is_package: bool = False) -> list[str]:
    """The imports of a file that the layers forbid."""
    own = layer_member(module)
    wrong = []
    for name in imported_modules(ast.parse(source), module, is_package):
        other = layer_member(name)
        below = {each for each, rank in RANK.items() if own in RANK and rank < RANK[own]}
        if other != own and other not in ONLY.get(own, below):
            wrong.append(name)
    return wrong


def module_of(path: Path) -> tuple[str, bool]:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts), parts[-1] == "__init__"


STATED = re.compile(r"""^\s*(\w+): [^\n]*\bdefault (?:is )?(-?[\w.]*\w|'[^']*'|"[^"]*")""", re.MULTILINE)


def stated_defaults(function: Function) -> Iterator[tuple[str, str, str]]:
    """(parameter, stated, real) wherever a docstring says "parameter: ... default X" and X is a constant."""
    named, only_named = [*function.args.posonlyargs, *function.args.args], function.args.kwonlyargs
    pairs = zip(named[::-1], function.args.defaults[::-1], strict=False)
    real = {argument.arg: default for argument, default in pairs}
    real |= {argument.arg: default for argument, default in zip(only_named, function.args.kw_defaults, strict=True)}
    for name, stated in STATED.findall(ast.get_docstring(function) or ""):
        if isinstance(real.get(name), ast.Constant | ast.UnaryOp) and is_constant(stated):
            yield name, repr(ast.literal_eval(stated)), repr(ast.literal_eval(real[name]))


def is_constant(text: str) -> bool:
    try:
        ast.literal_eval(text)
    except (SyntaxError, ValueError):
        return False
    return True


OPENED = re.compile(
    r"""\.read_(?:text|bytes)\((?!path|file|start|archive)|(?<![\w.])open\(|np\.(?:load|fromfile|memmap)\("""
    r"""|\.(?:exists|is_dir|is_file)\(\)|json\.load\("""
)
OWN_FILES = re.compile(r"__file__|__name__|\.pyi|_path\.read|files\(\"goodfit|tomllib|os\.fdopen|\"[xa]b\"|def open\(")


def test_files_are_opened_in_one_place() -> None:
    """Pipes, devices, names that no file can have: `goodfit.reading` refuses them. Files of the package may be read."""
    found = []
    for path in PACKAGE.rglob("*.py"):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            if path.name != "reading.py" and OPENED.search(line) and not OWN_FILES.search(line):
                found.append(f"{name_of(path)}:{number}: {line.strip()}")
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "line", ['path.read_text("utf-8")', "file.read_bytes()", "with open(path) as f:", "np.load(path)", "path.exists()"]
)
def test_another_way_of_opening_would_be_seen(line: str) -> None:
    assert OPENED.search(line)
    assert not OWN_FILES.search(line)


def test_files_and_functions_are_short() -> None:
    found = [f"{name_of(path)}: {part}" for path in python_files() for part in long_parts(path.read_text("utf-8"))]
    assert not found, "\n".join(found)


def test_imports_run_downwards() -> None:
    found = []
    for path in PACKAGE.rglob("*.py"):
        module, is_package = module_of(path)
        if module not in {"goodfit", "goodfit.__main__"}:  # the facade and the entry point stand above all layers
            found += [
                f"{name_of(path)} imports {name}"
                for name in upward_imports(path.read_text("utf-8"), module, is_package)
            ]
    assert not found, "\n".join(found)


def test_every_package_has_a_layer() -> None:
    packages = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    assert packages <= RANK.keys()


@pytest.mark.parametrize(
    ("module", "line", "allowed"),
    [
        ("goodfit.nets.losses", "from goodfit.errors import InputError", True),
        ("goodfit.nets.losses", "from .activations import get", True),
        ("goodfit.nets.losses", "from goodfit.files import replace", False),
        ("goodfit.nets.losses", "from ..data import load", False),
        ("goodfit.nets.losses", "from goodfit import data", False),
        ("goodfit.nets.losses", "import goodfit", False),
        ("goodfit.training.engine", "from goodfit import nets", True),
        ("goodfit.training.engine", "def f():\n    import goodfit.figures", False),
        ("goodfit.training.engine", "from goodfit import train", False),
        ("goodfit.training.engine", "import importlib; importlib.import_module('goodfit.runs')", False),
        ("goodfit.data.split", "from goodfit.nets import losses", False),
        ("goodfit.runs.run", "from goodfit import __version__, figures", True),
        ("goodfit.cli.app", "import goodfit", True),
    ],
)
def test_the_rule_of_layers(module: str, line: str, allowed: bool) -> None:
    assert (upward_imports(line, module) == []) is allowed


@pytest.mark.parametrize("folder", ["data", "nets", "training"])
@pytest.mark.parametrize(
    "library", ["cyclopts", "fastapi", "matplotlib.pyplot", "rich.progress", "starlette", "uvicorn"]
)
def test_the_linter_keeps_shells_out_of_the_core(folder: str, library: str) -> None:
    """The rule itself lives in pyproject.toml; this shows that it bites, at any depth of the code."""
    source = f"def function():\n    import {library}\n"
    command = [
        "ruff",
        "check",
        "--select",
        "TID251",
        "--no-cache",
        "--stdin-filename",
        f"src/goodfit/{folder}/example.py",
        "-",
    ]
    done = subprocess.run(
        [sys.executable, "-m", *command], input=source, capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "TID251" in done.stdout


def test_no_file_names_a_machine_or_a_registry() -> None:
    found = []
    for path in hand_written_files():
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), start=1):
            found += [f"{name_of(path)}:{number}: {what}" for what, rule in FORBIDDEN.items() if re.search(rule, line)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("line", ["see https://py{}pi.org/x", "cd /{}root/x", "open('/{}home/ann/x')"])
def test_an_address_would_be_seen(line: str) -> None:
    assert any(re.search(rule, line.format("")) for rule in FORBIDDEN.values())


@pytest.mark.parametrize("line", ["the frame{}work/engine", "/usr/share/datasets", "https://github.com/home/x"])
def test_other_addresses_pass(line: str) -> None:
    assert not any(re.search(rule, line.format("")) for rule in FORBIDDEN.values())


def test_docstrings_state_the_defaults_of_the_signatures() -> None:
    found = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, Function):
                found += [
                    f"{name_of(path)}: {node.name}: {each}" for each in stated_defaults(node) if each[1] != each[2]
                ]
    assert not found, "\n".join(found)


DRIFTED = """
def function(a, rate=0.1, *, kind="sgd"):
    '''Do it.

    rate: in [0, 1), default 0.2.
    kind: default 'sgd'.
    '''
"""


def test_a_drifted_default_would_be_seen() -> None:
    (function,) = ast.parse(DRIFTED).body
    assert list(stated_defaults(function)) == [("rate", "0.2", "0.1"), ("kind", "'sgd'", "'sgd'")]


def test_a_long_function_would_be_seen() -> None:
    body = "\n".join(["    pass"] * FUNCTION_LINES)
    assert not list(long_parts(f"def f():\n    '''One.\n\n    Three.\n    '''\n{body[9:]}\n"))
    assert list(long_parts(f"def f():\n{body}\n")) == [f"f has {FUNCTION_LINES + 1} lines"]


def test_test_files_have_names_of_their_own() -> None:
    """pytest imports them by their names alone."""
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert not {name for name in names if names.count(name) > 1}
