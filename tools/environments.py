"""Installs the wheel of dist/ into fresh environments and tries it there: `make environments`.

Each Python of PYTHONS, with the newest versions of what goodfit needs and with the oldest (constraints-oldest.txt).
Everything runs in folders of its own, out of reach of the checkout. Prints a table in Markdown; exits with 1 where
anything failed. A Python that is not installed is left out, with a sentence.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parents[1]
PYTHONS = ("3.11", "3.12", "3.13")
KINDS = ("newest", "oldest")
OLDEST = ROOT / "constraints-oldest.txt"
SHOWN = ("jax", "numpy", "scikit-learn", "pydantic")
QUICK = (  # need neither a checkout nor the packages of development
    "nets/test_activations.py",
    "nets/test_forward.py",
    "nets/test_initialisers.py",
    "nets/test_losses.py",
    "models/test_model_file.py",
    "data/test_split.py",
    "training/test_recipe.py",
    "training/test_schedules.py",
    "selection/test_space.py",
    "serving/test_refusing.py",
    "written_by_0_1/test_upgrading.py",
    "test_errors.py",
    "test_files.py",
)
TEST_SECONDS, STEP_SECONDS, INSTALL_SECONDS, LAB_SECONDS = 900, 300, 1800, 120
INI = "[pytest]\nmarkers = cpu: true of CPUs alone\n"  # warnings of other versions of libraries are no failures here


@dataclass
class Tried:
    """What came of one environment."""

    python: str
    kind: str
    versions: dict[str, str] = field(default_factory=dict)
    passed: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    tests: str = ""
    seconds: float = 0.0


def find_python(version: str) -> str | None:
    """An interpreter of that version: of the path, or the newest of pyenv."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    own = sorted(root.glob(f"{version}.*"), key=lambda each: [int(part) for part in re.findall(r"\d+", each.name)])
    for found in [*(str(each / "bin" / "python") for each in reversed(own)), shutil.which(f"python{version}")]:
        if found is not None and os.path.exists(found):
            return found
    return None


class Environment:
    """One fresh environment. folder: what it is made in; kept from an earlier call where `reuse`."""

    def __init__(self, python: str, version: str, kind: str, folder: Path, *, reuse: bool) -> None:
        self.home = folder / f"{version}-{kind}"
        self.python = self.home / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
        self.tried = Tried(version, kind)
        self.base, self.reuse = python, reuse
        own = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT", "GOODFIT"))
        }
        cache = str(self.home / "cache")
        self.surroundings = {**own, "JAX_PLATFORMS": "cpu", "GOODFIT_CACHE": cache, "PYTHONUTF8": "0"}

    def call(self, *words: str, seconds: float = STEP_SECONDS, where: str = "work") -> str:
        """Run Python with these words in a folder of its own; its output, RuntimeError if it fails.

        A warning of Python among goodfit's messages is a failure, too: nobody but a person's own code should see one.
        """
        (self.home / where).mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            [str(self.python), *words],
            cwd=self.home / where,
            env=self.surroundings,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=seconds,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(
                f"{' '.join(words)}: exit code {done.returncode}\n{done.stdout[-20_000:]}{done.stderr[-2000:]}"
            )
        if words[:2] == ("-m", "goodfit") and re.search(r"\b[A-Z]\w*Warning: ", done.stderr):
            raise RuntimeError(f"{' '.join(words)}: a warning\n{done.stderr[-2000:]}")
        return done.stdout

    def install(self, wheel: Path) -> None:
        """The wheel and pytest, by pip's own choice or at the oldest versions."""
        if not self.reuse or not self.python.exists():
            shutil.rmtree(self.home, ignore_errors=True)
            subprocess.run([self.base, "-m", "venv", str(self.home / "venv")], check=True)
        pip = ("-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--no-compile")
        chosen = ("-c", str(OLDEST)) if self.tried.kind == "oldest" else ()
        self.call(*pip, *chosen, str(wheel), "pytest>=8.3,<9.2", "hypothesis>=6.120", seconds=INSTALL_SECONDS)
        self.call(*pip, "--no-deps", "--force-reinstall", str(wheel), seconds=INSTALL_SECONDS)
        listed = json.loads(self.call("-m", "pip", "--disable-pip-version-check", "list", "--format", "json"))
        versions = {each["name"].lower().replace("_", "-"): each["version"] for each in listed}
        self.tried.versions = {name: versions[name] for name in SHOWN}

    def version(self) -> None:
        said = self.call("-m", "goodfit", "--version")
        assert said.startswith("goodfit ")
        assert "site-packages" in self.call("-c", "import goodfit; print(goodfit.__file__)")

    def train(self) -> None:
        shutil.rmtree(self.home / "work", ignore_errors=True)
        self.call(
            "-m", "goodfit", "train", "moons", "--hidden", "8", "--epochs", "20", "--fit", "never", "--out", "run"
        )

    def predict(self) -> None:
        said = self.call("-m", "goodfit", "predict", "run", "moons")
        assert len(said.splitlines()) > 100, said[:300]

    def verdict(self) -> None:
        said = json.loads(self.call("-m", "goodfit", "verdict", "run", "--quick", "--minutes", "0.3", "--json"))
        assert said["kind"], said

    def lab(self) -> None:
        (self.home / "work").mkdir(parents=True, exist_ok=True)
        command = [str(self.python), "-m", "goodfit", "lab", "--no-open", "--port", "0"]
        with tempfile.TemporaryFile("w+", encoding="utf-8") as said:
            process = subprocess.Popen(command, cwd=self.home / "work", env=self.surroundings, stdout=said, stderr=said)
            try:
                address = _address(said, process)
                with urllib.request.urlopen(address, timeout=30) as answer:
                    assert answer.status == 200
                    assert b"<html" in answer.read()[:2000].lower()
            finally:
                process.terminate()
                process.wait(30)

    def test(self) -> None:
        """The quick tests, copied: against what is installed."""
        place = self.home / "checks"
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(ROOT / "tests", place / "tests", ignore=shutil.ignore_patterns("__pycache__"))
        (place / "pytest.ini").write_text(INI, "utf-8")
        words = ("-m", "pytest", "-q", "--tb=short", "-p", "no:cacheprovider", *(f"tests/{name}" for name in QUICK))
        self.tried.tests = "not to the end"
        try:
            self.tried.tests = counted(self.call(*words, seconds=TEST_SECONDS, where="checks"))
        except RuntimeError as error:
            self.tried.tests = counted(str(error))
            raise


def counted(said: str) -> str:
    """The line in which pytest counts what passed and failed."""
    found = re.findall(r"(?m)^\W*\d+ (?:passed|failed|skipped|error).* in [\d.]+s.*$", said)
    return str(found[-1]).strip("= ") if found else "not to the end"


def _address(said: TextIO, process: subprocess.Popen[bytes]) -> str:
    """The address that the lab tells."""
    ends = time.monotonic() + LAB_SECONDS
    while time.monotonic() < ends and process.poll() is None:
        said.seek(0)
        found = re.search(r"http://[^\s]+", said.read())
        if found:
            return found[0].rstrip(".,")
        time.sleep(0.3)
    said.seek(0)
    raise RuntimeError(f"the lab told no address: {said.read()[-1000:]}")


STEPS = ("version", "train", "predict", "verdict", "lab", "test")


def try_out(environment: Environment, wheel: Path, steps: Sequence[str]) -> Tried:
    """Install, and take every step, whatever became of the others."""
    tried, began = environment.tried, time.monotonic()
    for name in ("install", *steps):
        try:
            environment.install(wheel) if name == "install" else getattr(environment, name)()
            tried.passed.append(name)
        except Exception as error:  # noqa: BLE001 - told, and the next one is tried
            tried.failed.append(name)
            print(f"{tried.python} {tried.kind}: {name} failed\n{error}", flush=True)
            if name == "install":
                break
    tried.seconds = time.monotonic() - began
    return tried


def table(found: Sequence[Tried]) -> str:
    """What came of all, in Markdown."""
    lines = [
        f"| Python | versions | {' | '.join(SHOWN)} | passed | failed | tests | seconds |",
        "|---" * (7 + len(SHOWN) - 1) + "|",
    ]
    for each in found:
        versions = [each.versions.get(name, "-") for name in SHOWN]
        told = (each.python, each.kind, *versions, ", ".join(each.passed), ", ".join(each.failed) or "-", each.tests)
        lines.append(f"| {' | '.join(told)} | {each.seconds:.0f} |")
    return "\n".join(lines)


def main() -> None:
    """Try the wheel in all environments that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pythons", default=",".join(PYTHONS), help="versions of Python")
    parser.add_argument("--kinds", default=",".join(KINDS), help="newest, oldest")
    parser.add_argument("--steps", default=",".join(STEPS))
    parser.add_argument("--folder", type=Path, help="where to make them; by default a temporary folder")
    parser.add_argument(
        "--reuse", action="store_true", help="keep environments that are there, and install anew into them"
    )
    asked = parser.parse_args()
    wheels = sorted((ROOT / "dist").glob("*.whl"))
    if len(wheels) != 1:
        sys.exit("dist/ must hold one wheel. Build it: make dist")
    found = []
    with tempfile.TemporaryDirectory(prefix="goodfit-environments-", ignore_cleanup_errors=True) as made:
        for version in asked.pythons.split(","):
            python = find_python(version)
            if python is None:
                print(f"Python {version} was not found; its environments are left out.")
                continue
            for kind in asked.kinds.split(","):
                place = (asked.folder or Path(made)).resolve()
                environment = Environment(python, version, kind, place, reuse=asked.reuse)
                found.append(try_out(environment, wheels[0], asked.steps.split(",")))
                print(table(found[-1:]).splitlines()[-1], flush=True)
    print(table(found))
    if not found or any(each.failed for each in found):
        sys.exit(1)


if __name__ == "__main__":
    main()
