"""`import goodfit` and `goodfit --help` stay light: heavy libraries are loaded on first use."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import subprocess
import sys

import pytest

import goodfit

HELP = """
import contextlib, io
from goodfit.cli import main
with contextlib.redirect_stdout(io.StringIO()) as printed:
    assert main(["--help"]) == 0
assert "train" in printed.getvalue(), printed.getvalue()
"""
HEAVY = {"jax", "jinja2", "matplotlib", "narwhals", "optax", "pandas", "pyarrow", "scipy", "sklearn", "torch"}


def loaded_by(code: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after running the code."""
    code += "\nimport sys\nprint('loaded:', *{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


def test_importing_goodfit_loads_nothing_heavy() -> None:
    assert not loaded_by("import goodfit") & (HEAVY | {"numpy", "pydantic", "rich", "cyclopts"})


def test_help_loads_nothing_heavy() -> None:
    assert not loaded_by(HELP) & HEAVY


@pytest.mark.parametrize(
    "module",
    ["runs.folder", "runs.record", "runs.model_facts", "models", "reports.rendering", "cli.study_output", "serving"],
)
def test_what_does_not_train_does_without_jax(module: str) -> None:
    """Listing, loading, predicting and drawing a page wait for no compiler: it takes over a second to import."""
    code = f"import goodfit.{module} as module\n[getattr(module, name) for name in dir(module)]"
    assert not loaded_by(code) & {"jax", "optax"}


@pytest.mark.parametrize("name", ["Model", "Recipe", "Run", "data", "load_model", "train", "InputError", "__version__"])
def test_public_names_are_listed_and_load(name: str) -> None:
    code = f"import goodfit\nassert {name!r} in dir(goodfit)\nassert goodfit.{name} is not None"
    loaded_by(code)


def test_an_unknown_name_is_an_attribute_error() -> None:
    import goodfit

    with pytest.raises(AttributeError, match="'goodfit' has no attribute 'trian'"):
        goodfit.trian  # noqa: B018


def test_no_name_that_is_loaded_on_first_use_is_a_module_beside_it() -> None:
    """Else importing the module would hide the name: `from goodfit.inspection import measure` gave a module once."""
    packages = [found.name for found in pkgutil.iter_modules(goodfit.__path__) if found.ispkg]
    for package in [goodfit, *(importlib.import_module(f"goodfit.{name}") for name in packages)]:
        modules = {found.name for found in pkgutil.iter_modules(package.__path__) if not found.ispkg}
        for name in modules & set(getattr(package, "__all__", ())):
            importlib.import_module(f"{package.__name__}.{name}")
            assert not inspect.ismodule(getattr(package, name)), (package.__name__, name)
