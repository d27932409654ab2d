"""Jobs that do not fit into memory together."""

from __future__ import annotations

import numpy as np
from engine_reference import PLAIN, make_examples

from goodfit.training.jobs import fit_jobs
from goodfit.training.memory import net_bytes
from goodfit.training.population import Job


def test_turns_give_what_all_at_once_give() -> None:
    jobs = [Job(PLAIN.replace(hidden=(4,), seed=seed, l2=0.1 * (seed % 3))) for seed in range(9)]
    examples = make_examples()
    together = fit_jobs(jobs, examples, memory=np.inf)
    cut = fit_jobs(jobs, examples, memory=2.5 * net_bytes((3, 4, 3), PLAIN.batch_size))
    assert (len(together.turns), len(cut.turns)) == (1, 5)
    for job in range(len(jobs)):
        np.testing.assert_allclose(cut.metrics(job), together.metrics(job), rtol=1e-5)
        for own, others in zip(cut.net(job).weights, together.net(job).weights, strict=True):
            np.testing.assert_allclose(own, others, rtol=1e-4, atol=1e-6)
    least = fit_jobs(jobs[:2], examples, memory=1.0)
    assert [len(turn.nets) for turn in least.turns] == [1, 1]
