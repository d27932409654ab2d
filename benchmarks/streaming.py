"""`python -m benchmarks.streaming [--gigabytes G] [--epochs E]`: a table that is larger than memory is to be.

Makes Parquet files, and trains on them with `goodfit train --stream`, each in a process of its own: the peak of its
memory for a file and for one of a quarter of its size, and its time over that of training on a small file in memory.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks import machine, processes

MOST_MEMORY = 1.5  # GB of the process, whatever the size of the file
MOST_RATIO = 1.3  # of the seconds in memory
NUMBERS, TEXTS, CATEGORIES = 40, 4, 20  # columns of float64, columns of texts, distinct texts of each
GROUP_ROWS = 2**20  # of a row group, as pyarrow writes them where nothing else is asked for
BYTES_A_ROW = 8 * NUMBERS + TEXTS * 5 / 8 + 1 / 8
RECIPE = ("--hidden", "128,64", "--batch-size", "1024", "--encoding", "none", "--patience", "0")


def write(path: Path, size: float) -> int:
    """Write a Parquet file of about `size` bytes; how many rows it has. Random numbers cannot be compressed."""
    import pyarrow as pa
    from pyarrow import parquet

    rows, rng = max(1000, round(size / BYTES_A_ROW)), np.random.default_rng(0)
    words = pa.array([f"category {place}" for place in range(CATEGORIES)])
    writer = None
    for first in range(0, rows, GROUP_ROWS):
        count = min(GROUP_ROWS, rows - first)
        x = rng.normal(size=(NUMBERS, count))
        codes = rng.integers(0, CATEGORIES, (TEXTS, count)).astype(np.int32)
        y = x[0] + x[1] * x[2] + 0.2 * codes[0] + rng.normal(size=count) > 2
        columns = {f"number {place}": values for place, values in enumerate(x)}
        columns |= {f"text {place}": words.take(pa.array(own)) for place, own in enumerate(codes)}
        table = pa.table({**columns, "y": pa.array(y)})
        writer = writer or parquet.ParquetWriter(path, table.schema)
        writer.write_table(table, row_group_size=GROUP_ROWS)
    if writer is not None:
        writer.close()
    return rows


def train(path: Path, epochs: int, out: Path, stream: str, cache: Path) -> processes.Ended:
    """Train on a file in a new process."""
    command = [*processes.GOODFIT, "train", str(path), "--target", "y", stream, "--epochs", str(epochs), *RECIPE]
    command += ["--fold-members", "0", "--leaks", "off", "--fit", "never", "--quiet", "--out", str(out)]
    return processes.run(command, {"GOODFIT_CACHE": str(cache)})


def main() -> int:
    """0: both bars are met; 1: one is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.streaming")
    parser.add_argument("--gigabytes", type=float, default=5.0, help="of the large file")
    parser.add_argument("--epochs", type=int, default=1, help="on the large file")
    parser.add_argument(
        "--small", type=float, default=0.3, help="gigabytes of the file that is trained on in memory, too"
    )
    parser.add_argument("--small-epochs", type=int, default=8, help="on the small file")
    given = parser.parse_args()
    print(machine.description(), flush=True)
    with tempfile.TemporaryDirectory(prefix="goodfit-benchmark-") as folder:
        peaks = [_large(Path(folder), given.gigabytes * share, given.epochs) for share in (0.25, 1.0)]
        ratio = _ratio(Path(folder), given.small, given.small_epochs)
    growth = peaks[1] / peaks[0]
    print(f"Memory: {peaks[1]:.2f} GB, {growth:.2f} times that of a quarter of the file (bar: {MOST_MEMORY} GB).")
    print(f"Time: {ratio:.2f} times that in memory (bar: {MOST_RATIO}).")
    return int(peaks[1] > MOST_MEMORY or ratio > MOST_RATIO)


def _large(folder: Path, gigabytes: float, epochs: int) -> float:
    """Gigabytes of memory that a streamed training takes at most."""
    path = folder / "large.parquet"
    rows = write(path, gigabytes * 1e9)
    size = path.stat().st_size / 1e9
    ended = train(path, epochs, folder / f"run-{gigabytes}", "--stream", folder)
    path.unlink()
    print(
        f"{size:.2f} GB, {rows:,} rows, {epochs} epochs: {ended.seconds:.0f} s, {ended.peak / 1e9:.2f} GB", flush=True
    )
    return ended.peak / 1e9


def _ratio(folder: Path, gigabytes: float, epochs: int) -> float:
    """Seconds of a streamed training over those of one in memory, of whole commands in turns: the fastest of each."""
    path, seconds = folder / "small.parquet", dict[str, float]()
    rows = write(path, gigabytes * 1e9)
    for stream in ("--no-stream", "--stream", "--no-stream", "--stream"):
        ended = train(path, epochs, folder / f"run{stream}-{time.time()}", stream, folder)
        seconds[stream] = min(ended.seconds, seconds.get(stream, np.inf))
        told = f"{ended.seconds:.1f} s ({ended.worked:.1f} s of all cores), {ended.peak / 1e9:.2f} GB"
        print(f"{rows:,} rows, {epochs} epochs, {stream}: {told}", flush=True)
    return seconds["--stream"] / seconds["--no-stream"]


if __name__ == "__main__":
    sys.exit(main())
