"""docs/install.md says what pyproject.toml, the checks of a release and the code say."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import platformdirs.macos
import platformdirs.unix
import platformdirs.windows
import pytest
from tools import environments

import goodfit
from goodfit.data.fashion_mnist import NAME

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "goodfit"
TEXT = (ROOT / "docs" / "install.md").read_text("utf-8")
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
FOR_GOODFIT_ITSELF = {"dev", "docs", "release", "tables-bench"}
WRITTEN_FOR_TORCH = {"torch_net.py"}  # goes out with a net: goodfit does not import it


def source_files() -> dict[str, str]:
    return {path.relative_to(SOURCE).as_posix(): path.read_text("utf-8") for path in SOURCE.rglob("*.py")}


def test_every_extra_is_told() -> None:
    rows = re.findall(r"^\| `([\w-]+)` \|", TEXT, re.MULTILINE)
    assert set(rows) == EXTRAS.keys() - FOR_GOODFIT_ITSELF
    (own,) = re.findall(r"^(`dev`.*) are for work on goodfit itself", TEXT, re.MULTILINE)
    assert set(re.findall(r"`([\w-]+)`", own)) == FOR_GOODFIT_ITSELF
    named = {name for text in source_files().values() for name in re.findall(r"goodfit\[(\w+)\]", text)}
    assert named <= set(rows)


def test_what_extras_bring_is_imported_where_it_is_used() -> None:
    packages = {re.split(r"[\[>]", each)[0] for name in EXTRAS.keys() - FOR_GOODFIT_ITSELF for each in EXTRAS[name]}
    assert packages == {"distributed", "onnx", "optuna", "ray", "torch"}
    for path, text in source_files().items():
        for node in ast.parse(text).body:
            names = [each.name for each in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            found = {name.partition(".")[0] for name in names} & packages
            assert not found or Path(path).name in WRITTEN_FOR_TORCH, (path, found)


def test_the_pythons_are_those_that_are_tried() -> None:
    assert re.findall(r"3\.\d\d", TEXT.partition("\n```")[0]) == list(environments.PYTHONS)
    (row,) = re.findall(r"^\| Python \| (.*?):", TEXT, re.MULTILINE)
    assert row.split(", ") == list(environments.PYTHONS)
    assert f"goodfit-{goodfit.__version__}-py3-none-any.whl" in TEXT
    assert (SOURCE / "__main__.py").exists()


def test_the_cache_is_where_the_page_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """As platformdirs, which goodfit asks, has it for each system."""
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    home = str(Path.home())
    linux = platformdirs.unix.Unix("goodfit", appauthor=False).user_cache_dir
    mac = platformdirs.macos.MacOS("goodfit", appauthor=False).user_cache_dir
    assert f"`{linux.replace(home, '~')}`" in TEXT
    assert f"`{mac.replace(home, '~')}`" in TEXT
    local = "%LOCALAPPDATA%"
    monkeypatch.setattr("platformdirs.windows.get_win_folder", lambda name: {"CSIDL_LOCAL_APPDATA": local}[name])
    windows = platformdirs.windows.Windows("goodfit", appauthor=False).user_cache_dir
    assert f"`{windows.replace('/', chr(92))}`" in TEXT


def test_the_cache_holds_what_the_page_says() -> None:
    """A new use of the cache belongs on the page, and here."""
    texts = source_files()
    used = {path for path, text in texts.items() if "user_cache()" in text and path != "data/cache.py"}
    assert used == {
        "data/bundled.py",
        "data/fashion_mnist.py",
        "data/tables/streamed_rows.py",
        "leaks/near_pairs.py",
        "training/devices.py",
    }
    assert NAME == "fashion-mnist"


def test_one_module_asks_the_network() -> None:
    """For Fashion-MNIST; a cluster's address is what its user gives, and workers speak to this machine."""
    asking = {path for path, text in source_files().items() if re.search(r"urlopen|urllib\.request|http\.client", text)}
    assert asking == {"data/sources.py"}


def test_it_is_reached_in_one_click() -> None:
    assert "](install.md" in (ROOT / "docs" / "site" / "index.md").read_text("utf-8")
    assert "](docs/install.md" in (ROOT / "README.md").read_text("utf-8")
