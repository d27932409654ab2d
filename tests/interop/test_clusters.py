"""Ray and Dask as executors: clusters of two workers on this machine, of which one is killed; and bad addresses."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import goodfit as gf
from goodfit.interop import clusters
from goodfit.training import turns
from training.executors import Inline

RECIPE = gf.Recipe(hidden=(8,), epochs=2, learning_rate=0.01)


@pytest.fixture(autouse=True)
def small_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A task for each net."""
    monkeypatch.setattr(turns, "TASK_SECONDS", 1e-9)


@pytest.fixture
def dask() -> Iterator[Any]:
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
        clusters.DaskExecutor(client) as executor,
    ):
        yield executor


@pytest.fixture
def ray() -> Iterator[Any]:
    library = pytest.importorskip("ray")
    library.init(num_cpus=2, logging_level="error", log_to_driver=False, include_dashboard=False)
    with clusters.RayExecutor(disconnect=True) as executor:
        yield executor


def search(executor: Any) -> Any:
    return gf.select(RECIPE, "iris", vary={"l2": [0.0, 1e-2]}, folds=3, leaks="off", executor=executor)


def both_ways(executor: Any) -> None:
    """Compare a search of which a worker is killed with one in this process."""
    victim = executor.submit(os.getpid).result()
    assert victim != os.getpid()
    kill = threading.Timer(0.3, os.kill, (victim, signal.SIGKILL))
    kill.start()
    found, alone = search(executor), search(Inline())
    kill.join()
    np.testing.assert_array_equal(found.scores, alone.scores)
    np.testing.assert_array_equal(found.losses, alone.losses)
    deadline = time.monotonic() + 5
    while Path(f"/proc/{victim}").exists() and time.monotonic() < deadline:  # until its parent has seen it
        time.sleep(0.05)
    assert not Path(f"/proc/{victim}").exists()


@pytest.mark.filterwarnings("ignore")  # of the libraries, and of JAX on os.fork, by which they start programs
def test_dask_gives_the_same_bits_though_a_worker_is_killed(dask: Any) -> None:
    both_ways(dask)


@pytest.mark.filterwarnings("ignore")
def test_ray_gives_the_same_bits_though_a_worker_is_killed(ray: Any) -> None:
    both_ways(ray)


@pytest.mark.parametrize("address", ["ftp://here:1", "tcp://here", "tcp://here:door", "8786", "ray://:1"])
def test_what_is_no_address_of_a_cluster_is_refused(address: str) -> None:
    with pytest.raises(gf.InputError, match=r"cluster: must be the address of a cluster, ray://HOST:PORT or tcp://"):
        gf.cluster(address)


@pytest.mark.parametrize(
    ("address", "library", "extra"), [("ray://h:1", "ray", "ray"), ("tcp://h:1", "distributed", "dask")]
)
def test_a_library_that_is_not_installed_is_named_with_its_extra(
    address: str, library: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, library, None)  # type: ignore[arg-type]
    rule = rf"cluster: needs {library}, which is not installed\. Install it: pip install 'goodfit\[{extra}\]'\."
    with pytest.raises(gf.InputError, match=rule):
        gf.cluster(address)


def test_an_address_where_nothing_answers_is_one_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "_library", lambda name, extra: None)
    rule = r"cluster: cannot be reached at tcp://127\.0\.0\.1:9: .*refused\. Start the cluster first"
    with pytest.raises(gf.GoodfitError, match=rule):
        gf.cluster("tcp://127.0.0.1:9")


def test_what_answers_but_is_no_such_cluster_is_not_blamed_on_the_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def client(address: str, timeout: float) -> None:
        raise OSError("Version mismatch.\nMore")

    monkeypatch.setattr(clusters, "_library", lambda name, extra: SimpleNamespace(Client=client, __name__=name))
    monkeypatch.setattr(clusters.socket, "create_connection", lambda *given: SimpleNamespace(close=lambda: None))
    rule = r"answers at tcp://h:1, but tcp:// cannot connect: Version mismatch\. See whether it is a cluster of distrib"
    with pytest.raises(gf.GoodfitError, match=rule):
        gf.cluster("tcp://h:1")
