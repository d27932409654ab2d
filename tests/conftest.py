"""What holds for every test: few threads, two JAX devices, a cache and a ledger apart, the same Hypothesis examples.

This file is read before any test imports NumPy or JAX, which look at these variables only once.
"""

from __future__ import annotations

import gc
import itertools
import os
import random
import shutil
import signal
import sys
import tempfile
import zlib
from collections.abc import Iterator
from importlib.metadata import version

import pytest
from hypothesis import HealthCheck, settings

from browser import NEEDED as BROWSER_NEEDED
from browser import Browser, browser_path, running

WORKER = os.environ.get("PYTEST_XDIST_WORKER")  # "gw0", "gw1", ...; None where tests run in one process
TESTS = itertools.count()

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ.setdefault("JAX_NUM_CPU_DEVICES", "2")  # so that the sharding of populations is always tested
os.environ.setdefault("MPLBACKEND", "agg")
if os.environ["JAX_PLATFORMS"] == "cpu":
    # Most of the time of the tests is compiling programs that train for milliseconds: left unoptimised by LLVM, and not
    # cut for several threads, they compile in half the time. tests/training/test_compile.py tests what users get.
    least = ["backend_optimization_level=0", "cpu_parallel_codegen_split_count=1"]
    if tuple(map(int, version("jaxlib").split(".")[:2])) < (0, 11):  # newer ones end a process that names this flag
        least.append("cpu_use_fusion_emitters=false")
    os.environ.setdefault("XLA_FLAGS", " ".join(f"--xla_{flag}" for flag in least))

if WORKER is not None and hasattr(
    os, "sched_setaffinity"
):  # a core a worker: XLA has no other cap that all versions obey
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {cores[int(WORKER.removeprefix("gw")) % len(cores)]})

if WORKER is None:  # workers inherit the folder, and with it the compiled programs
    os.environ["GOODFIT_CACHE_OF_THE_USER"] = os.environ.get("GOODFIT_CACHE", "")  # "": the system's usual one
    os.environ["GOODFIT_CACHE"] = tempfile.mkdtemp(prefix="goodfit-tests-")
    os.environ["GOODFIT_LEDGER"] = os.path.join(os.environ["GOODFIT_CACHE"], "ledger.sqlite")  # of wider fixtures

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a background job, and in every process it starts
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:  # as under nohup
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

settings.register_profile(
    "goodfit",
    derandomize=True,
    deadline=None,
    max_examples=30,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("goodfit")


def pytest_unconfigure() -> None:
    """Remove the cache folder, once, at the very end."""
    if WORKER is None:
        shutil.rmtree(os.environ["GOODFIT_CACHE"], ignore_errors=True)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A file is one worker's, which makes what its tests share, and compiles their programs, once. On an accelerator
    (JAX_PLATFORMS=cuda), leave out what is true of CPUs alone.
    """
    several = config.pluginmanager.hasplugin("xdist")  # the marker is its own
    for item in items if several else ():
        if item.get_closest_marker("xdist_group") is None:
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))
    if os.environ["JAX_PLATFORMS"] == "cpu":
        return
    left_out = [item for item in items if item.get_closest_marker("cpu")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def pytest_collection_finish() -> None:
    """Leave what was loaded and collected out of the search for garbage: it took a tenth of the time of all tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Draw a test's numbers anew: without this they depend on which tests of its file a worker ran before."""
    _seed(item, item.nodeid)


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest) -> Iterator[None]:
    """The same for what several tests share: its numbers are its own, whichever test asks for it first."""
    if fixturedef.scope == "function":
        return (yield)
    _seed(request.node, f"{fixturedef.baseid}::{fixturedef.argname}")
    found = yield
    _seed(request.node, request.node.nodeid)
    return found


def _seed(node: pytest.Item, name: str) -> None:
    import numpy as np

    if name.rfind("@") > name.rfind("]"):  # a worker's name of it ends in its group
        name = name.rpartition("@")[0]
    seed = zlib.crc32(name.encode())
    for value in vars(getattr(node, "module", None) or object).values():
        if isinstance(value, np.random.Generator):
            value.bit_generator.state = type(value.bit_generator)(seed).state
    # The numbers of libraries that have one state for all: a layer of PyTorch that a test compares with starts from it.
    random.seed(seed)
    np.random.seed(seed)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(seed)


@pytest.fixture(autouse=True)
def own_ledger(monkeypatch: pytest.MonkeyPatch) -> None:
    """A ledger a test: what one test has opened is new to the next, in whatever order a worker runs them."""
    name = f"ledger-{WORKER}-{next(TESTS)}.sqlite"
    monkeypatch.setenv("GOODFIT_LEDGER", os.path.join(os.environ["GOODFIT_CACHE"], name))


@pytest.fixture(autouse=True)
def exact_products(monkeypatch: pytest.MonkeyPatch) -> None:
    """On an accelerator, products in float32 and orders of the host: what references by hand compute with."""
    if os.environ["JAX_PLATFORMS"] == "cpu":
        return
    from dataclasses import replace

    from goodfit.training import machine

    able = replace(machine.machine(), precision="highest", shuffles=False)
    monkeypatch.setattr(machine, "_described", lambda *_: able)


@pytest.fixture(scope="session")
def browser_file() -> str:
    """The file of a browser; where there is none, tests that need it are skipped, or fail if they must."""
    path = browser_path()
    if path is None:
        if os.environ.get(BROWSER_NEEDED):
            pytest.fail(f"no browser was found; install chromium, for {BROWSER_NEEDED} says that none may be skipped")
        pytest.skip("no browser to look at pages with: install chromium")
    return path


@pytest.fixture(scope="session")
def browser(browser_file: str) -> Iterator[Browser]:
    """A headless browser, one a process: each test that asks for it opens a page of its own in the same tab."""
    with running(browser_file) as found:
        yield found
