"""Processes that were forked after JAX had started: JAX waits there for ever, so they get one clear error instead."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import multiprocessing, warnings
warnings.simplefilter("ignore")  # JAX's own on os.fork, in the parent
import numpy as np
import goodfit as gf
from goodfit.estimators import MLPClassifier

X = np.random.default_rng(0).normal(size=(40, 2))
y = (X[:, 0] > 0).astype(int)

def fit(seed):
    warnings.simplefilter("ignore")
    return MLPClassifier((3,), max_iter=2, random_state=seed).fit(X, y).n_iter_

def train(seed):
    return gf.train(gf.Recipe(epochs=1, hidden=(3,), seed=seed), "iris").best_epochs

if __name__ == "__main__":
    fit(0)
    with multiprocessing.get_context("fork").Pool(2) as pool:
        for work in (fit, train):
            try:
                print(pool.map_async(work, [0, 1]).get(timeout=60))
            except gf.GoodfitError as error:
                print(error)
    from joblib import Parallel, delayed, parallel_config
    for backend in ('multiprocessing', 'loky'):
        with parallel_config(backend):
            try:
                print(Parallel(n_jobs=2)(delayed(fit)(seed) for seed in range(2)))
            except gf.GoodfitError as error:
                print(error)
"""
REFUSED = (
    "Process: was forked from one in which JAX had started, and JAX does not work in a fork. Start processes by "
    "'spawn' (multiprocessing.get_context('spawn')), or use joblib's backend 'loky'."
)


def test_a_fork_after_jax_is_refused_with_what_works_instead(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=240, check=True)
    assert done.stdout.splitlines() == [REFUSED, REFUSED, REFUSED, "[2, 2]"]
