"""`python -m benchmarks.device [--quick] [--seconds N]`: section 4.2 in populations of every size, on the device here.

One script of at most four minutes that anyone with a GPU can repeat. Every row is printed as it is measured, and none
is begun when the time is nearly over, so that a table stands there even where it is cut short.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import machine as host
from benchmarks import processes
from goodfit.data import load, split
from goodfit.errors import InputError
from goodfit.training import Examples, Job, cohort_of, devices, fit
from goodfit.training.fitting import Report
from goodfit.training.machine import PRODUCTS, machine
from goodfit.training.named_recipes import CHAPTER

NETS = (512, 64, 8, 1, 2048)  # in the order of what they tell, for a run that is cut short
EPOCHS = {1: 25, 8: 17, 64: 9, 512: 5, 2048: 3}  # trained, the first of them not timed
ROW = "{:<52} {:>9} {:>12} {:>10} {:>9}"
HEAD = ROW.format("", "ms", "of products", "TFLOP/s", "compile s")


def main() -> int:
    """Print the table; 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.device", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few rows and nets: does it run at all?")
    parser.add_argument("--seconds", type=float, default=240.0, help="no row is begun after this many seconds")
    given = parser.parse_args()
    began = time.perf_counter()
    devices.prepare()
    able = machine()
    print(f"{able.name} ({able.kind}, {able.devices} devices), {host.description()}")
    print("Milliseconds an epoch and net: 784-256-10, batches of 256, 60,000 rows of Fashion-MNIST, every net with its")
    print("own order; training loss and accuracy running, the test rows scored once, at the end.\n")
    print(HEAD, flush=True)
    for name, measure in _rows(given.quick):
        if time.perf_counter() - began > given.seconds:
            print(f"The time is over: '{name}' and what follows were not measured.")
            break
        try:
            print(ROW.format(name, *measure()), flush=True)
        except (RuntimeError, ImportError, InputError) as error:  # must not take the other rows with it
            print(f"{name}: not measured; {str(error).splitlines()[0][:200]}", flush=True)
    return 0


def _rows(quick: bool) -> Iterator[tuple[str, Callable[[], tuple[str, ...]]]]:
    data = load("fashion-mnist")
    examples = Examples.of_split(split(data, valid=0), score_test=True)
    if quick:
        examples = replace(examples, train=examples.train[:2048])
    sizes = (2, 1) if quick else NETS
    table = _Table(examples, quick)
    yield f"the products alone, {sizes[0]} nets", lambda: table.products(sizes[0])
    for nets in sizes:
        yield f"goodfit, {nets} nets" if nets > 1 else "goodfit, one net", lambda nets=nets: table.goodfit(nets)
    yield f"a batched loop in PyTorch, {sizes[0]} nets", lambda: table.torch(sizes[0])
    if machine().kind != "cpu":
        for precision in ("highest", "bf16"):
            yield f"goodfit, {sizes[0]} nets, {precision}", lambda p=precision: table.in_precision(sizes[0], p)
    if not quick:
        yield "goodfit train fashion-mnist --seeds 32, seconds", table.command
        yield "the same again, its program on disk, seconds", table.command


class _Table:
    """Its rows. limit: milliseconds of the products alone, once measured."""

    def __init__(self, examples: Examples, quick: bool) -> None:
        self.examples, self.quick, self.limit = examples, quick, float("nan")
        inputs, hidden, outputs = examples.x.shape[1], CHAPTER.hidden[0], examples.outputs
        # forward, and back to the weights of both layers and to the units of the first
        self.operations = 2 * len(examples.train) * (2 * inputs * hidden + 3 * hidden * outputs)

    def _row(self, milliseconds: float, compile_seconds: float = float("nan")) -> tuple[str, ...]:
        share = f"{self.limit / milliseconds:.0%}"
        rate = f"{self.operations / milliseconds / 1e9:.3g}"
        return f"{milliseconds:.3f}", share, rate, "" if np.isnan(compile_seconds) else f"{compile_seconds:.1f}"

    def goodfit(self, nets: int) -> tuple[str, ...]:
        """A population of one net a seed."""
        epochs = 2 if self.quick else EPOCHS[nets]
        jobs = [Job(CHAPTER.replace(seed=seed, epochs=epochs)) for seed in range(nets)]
        marks: list[tuple[int, float]] = []

        def note(report: Report) -> None:
            marks.append((report.epoch, time.perf_counter()))

        # Scored after the last epoch alone; no chunk but the first ends before it, nor is its scoring left out.
        cohort = cohort_of(jobs, self.examples, devices.prepare())
        fitted = fit(cohort, report=note, score_every=epochs, chunk_seconds=60.0)
        (first, begin), (last, end) = marks[0], marks[-1]
        return self._row(1e3 * (end - begin) / (last - first) / nets, fitted.seconds["compile"])

    def in_precision(self, nets: int, precision: Any) -> tuple[str, ...]:
        """The same with other products."""
        devices.use(precision=precision)
        try:
            return self.goodfit(nets)
        finally:
            devices.use()

    def products(self, nets: int) -> tuple[str, ...]:
        """The two large products of every step, each fed by the one before, and nothing else."""
        batch, hidden, inputs = CHAPTER.batch_size, CHAPTER.hidden[0], self.examples.x.shape[1]
        steps = -(-len(self.examples.train) // batch)
        keys = jax.random.split(jax.random.key(0), 2)
        x = jax.random.normal(keys[0], (nets, batch, inputs)) / inputs
        weights = jax.random.normal(keys[1], (nets, hidden, inputs))

        def epoch(weights: Any, x: Any) -> Any:
            def step(weights: Any, _: None) -> tuple[Any, None]:
                units = jnp.einsum("shd,sbd->shb", weights, x)
                return jnp.einsum("shb,sbd->shd", units, x), None

            return jax.lax.scan(step, weights, None, length=steps)[0]

        with jax.default_matmul_precision(PRODUCTS[machine().precision] if machine().kind != "cpu" else None):
            run = jax.jit(epoch, donate_argnums=0).lower(weights, x).compile()
        weights = run(weights, x)
        weights.block_until_ready()
        repeats = 1 if self.quick else 3
        began = time.perf_counter()
        for _ in range(repeats):
            weights = run(weights, x)
        weights.block_until_ready()
        self.limit = 1e3 * (time.perf_counter() - began) / repeats / nets
        return self._row(self.limit)

    def torch(self, nets: int) -> tuple[str, ...]:
        """The same training as a batched loop in PyTorch, by hand: no autograd, nothing scored but running sums."""
        import torch

        where = "cuda" if torch.cuda.is_available() else "cpu"
        torch.backends.cuda.matmul.allow_tf32 = True
        rows, batch, hidden = len(self.examples.train), CHAPTER.batch_size, CHAPTER.hidden[0]
        chosen = self.examples.train
        x = torch.from_numpy(np.ascontiguousarray(self.examples.x[chosen])).to(where)
        y = torch.from_numpy(self.examples.y[chosen].astype(np.int64)).to(where)
        w1 = torch.randn(nets, x.shape[1], hidden, device=where) * 0.01
        w2 = torch.randn(nets, hidden, self.examples.outputs, device=where) * 0.01
        b1, b2 = torch.zeros(nets, 1, hidden, device=where), torch.zeros(nets, 1, self.examples.outputs, device=where)
        sums = torch.zeros(2, nets, device=where)

        def epoch() -> None:
            order = torch.rand(nets, rows, device=where).argsort(1)
            for start in range(0, rows, batch):
                index = order[:, start : start + batch]
                own, target = x[index].float() * (1 / 255), y[index]
                a = torch.relu(torch.baddbmm(b1, own, w1))
                z = torch.baddbmm(b2, a, w2)
                chances = torch.log_softmax(z, -1)
                sums[0] -= chances.gather(2, target[..., None]).sum((1, 2))
                sums[1] += (z.argmax(-1) == target).sum(1)
                change = chances.exp()
                change.scatter_add_(2, target[..., None], -torch.ones_like(target[..., None], dtype=change.dtype))
                change /= index.shape[1]
                back = torch.bmm(change, w2.transpose(1, 2)) * (a > 0)
                rate = -CHAPTER.learning_rate
                w2.baddbmm_(a.transpose(1, 2), change, alpha=rate)
                b2.add_(change.sum(1, keepdim=True), alpha=rate)
                w1.baddbmm_(own.transpose(1, 2), back, alpha=rate)
                b1.add_(back.sum(1, keepdim=True), alpha=rate)

        def timed() -> float:
            began = time.perf_counter()
            epoch()
            sums.sum().item()  # waits for the device
            return time.perf_counter() - began

        timed()
        return self._row(1e3 * timed() / nets)

    def command(self) -> tuple[str, ...]:
        """The default recipe, 32 seeds, as a user runs it."""
        with tempfile.TemporaryDirectory(prefix="goodfit-benchmark-") as folder:
            command = [
                *processes.GOODFIT,
                "train",
                "fashion-mnist",
                "--seeds",
                "32",
                "--out",
                str(Path(folder) / "run"),
            ]
            ended = processes.run(command)
        times = next((line for line in ended.stdout.splitlines() if line.startswith("Time: ")), "")
        print(f"  {times}")
        return f"{ended.seconds:.2f}", "", "", ""


if __name__ == "__main__":
    raise SystemExit(main())
