"""What a student waits for: two studies with a thousand seeds, and the whole chapter."""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import processes
from benchmarks.bars import Bar, Measurement

POPULATION = "1000"
_HOW = "A new process, from its start to its end, pages and figures written; programs compiled before are on disk."
POLYNOMIAL = Bar(
    f"`goodfit study polynomial --seeds {POPULATION}`",
    20,
    unit="s",
    how=f"3,000 nets, each seed with data of its own, for 400, 400 and 1,500 epochs. {_HOW}",
)
WEIGHT_DECAY = Bar(
    f"`goodfit study weight-decay --seeds {POPULATION}`",
    20,
    unit="s",
    how=f"5,000 nets, each seed with data of its own, and the paths over the penalties. {_HOW}",
)
CHAPTER = Bar("`goodfit study all`", 600, unit="s", how=f"Every study with its default parameters. {_HOW}")


def measure(quick: bool) -> list[Measurement]:
    """Each once to fill the cache of programs, then once under the clock."""
    seeds = ("--seeds", "5" if quick else POPULATION)
    measured = [
        _measured(POLYNOMIAL, "polynomial", *seeds, quick=quick),
        _measured(WEIGHT_DECAY, "weight-decay", *seeds, quick=quick),
    ]
    return measured if quick else [*measured, _measured(CHAPTER, "all", quick=quick)]


def _measured(bar: Bar, *words: str, quick: bool) -> Measurement:
    with tempfile.TemporaryDirectory(prefix="goodfit-benchmark-") as folder:
        command = [*processes.GOODFIT, "study", *words, "--quiet", "--out", str(Path(folder) / "studies")]
        kept = {"JAX_ENABLE_COMPILATION_CACHE": "true"}
        runs = [processes.run(command, kept) for _ in range(1 if quick else 2)]
    first = f"{runs[0].seconds:.3g} s the first time" if len(runs) > 1 else "once"
    return Measurement(bar, runs[-1].seconds, f"{first}; peak memory {runs[-1].peak / 1e6:.0f} MB")
