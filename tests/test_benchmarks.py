"""The harness of `make bench`: what it judges, prints and writes. Nothing here is a timing."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from benchmarks import __main__ as command
from benchmarks import polynomial, processes, products
from benchmarks.bars import Bar, Measurement, seconds, shown
from benchmarks.page import page
from benchmarks.timing import alternate, timed

from goodfit.training.recipe import Recipe

RATIO = Bar("ours / theirs", 0.5, aim=0.25, how="In turn.")
SCORE = Bar("accuracy", 0.898, at_least=True, unit="of rows", how="Once.")


@pytest.mark.parametrize(
    ("bar", "value", "verdict"),
    [
        (RATIO, 0.2, "met, and the aim"),
        (RATIO, 0.25, "met, and the aim"),
        (RATIO, 0.3, "met"),
        (RATIO, 0.5, "met"),
        (RATIO, 0.500001, "MISSED"),
        (RATIO, math.nan, "MISSED"),
        (SCORE, 0.898, "met"),
        (SCORE, 0.8979, "MISSED"),
        (SCORE, math.nan, "MISSED"),
    ],
)
def test_a_bar_can_be_missed(bar: Bar, value: float, verdict: str) -> None:
    measured = Measurement(bar, value, "")
    assert measured.verdict() == verdict
    assert command.exit_code([Measurement(RATIO, 0.1, ""), measured], failed=False, quick=False) == (
        verdict == "MISSED"
    )


def test_quick_numbers_are_not_judged_and_a_failure_always_counts() -> None:
    missed = Measurement(RATIO, 9.0, "")
    assert missed.verdict(quick=True) == "quick"
    assert command.exit_code([missed], failed=False, quick=True) == 0
    assert command.exit_code([], failed=True, quick=True) == 1


def test_a_line_says_everything() -> None:
    line = Measurement(RATIO, 1 / 3, "goodfit 1 s, theirs 3 s").line()
    assert line == "met: ours / theirs: 0.333 (<= 0.5, aim 0.25); goodfit 1 s, theirs 3 s"
    assert Measurement(SCORE, 0.9, "x").line() == "met: accuracy: 0.9000 (>= 0.8980); x"


def test_values_with_units() -> None:
    assert [shown(1234.5, "MB"), shown(0.0312), shown(2.0, "s")] == ["1234 MB", "0.0312", "2 s"]
    assert [seconds("a", 12.34), seconds("a", 0.0123), seconds("a", 3.2e-6)] == ["a 12.3 s", "a 12.3 ms", "a 3.2 µs"]


def test_runs_take_turns_and_the_first_round_does_not_count() -> None:
    order: list[str] = []

    def run(name: str, times: list[float]) -> Callable[[], float]:
        return lambda: order.append(name) or times.pop(0)  # type: ignore[func-returns-value]

    runs = {"a": run("a", [100.0, 1.0, 2.0, 9.0]), "b": run("b", [100.0, 5.0, 4.0, 3.0])}
    assert alternate(runs, 3) == {"a": 2.0, "b": 4.0}
    assert order == list("abababab")
    assert alternate({"a": run("a", [7.0, 5.0])}, 2, summary=min, warm=False) == {"a": 5.0}
    assert timed(lambda: None)() >= 0


def test_the_page_holds_every_row_and_how_it_was_measured() -> None:
    rows = [Measurement(RATIO, 0.3, "a | b"), Measurement(SCORE, 0.5, "c")]
    text = page(rows, date="2025-01-31", machine="2 cores", load=0.125, example="chapter")
    assert "2025-01-31" in text
    assert "2 cores. Load before the run: 0.12." in text
    assert "| ours / theirs | **0.3** | <= 0.5 | 0.25 | met | a \\| b |" in text
    assert "| accuracy | **0.5000** | >= 0.8980 |  | MISSED | c |" in text
    assert "- **ours / theirs**: In turn." in text


def test_measurements_survive_json() -> None:
    one = Measurement(RATIO, 0.3, "context")
    assert Measurement.from_dict(json.loads(json.dumps(dataclasses.asdict(one)))) == one
    with pytest.raises(TypeError, match="not a measurement"):
        Measurement.from_dict({"bar": "x", "value": 1.0, "context": ""})


def test_the_command_prints_judges_and_writes(monkeypatch: Any, tmp_path: Any, capsys: Any) -> None:
    def call(function: str, quick: bool) -> list[dict[str, Any]]:
        if function.startswith("mixed"):
            raise RuntimeError("it broke")
        return [dataclasses.asdict(Measurement(RATIO, 0.9, "why"))]

    monkeypatch.setattr(processes, "call", call)
    target = tmp_path / "page.md"
    assert command.main(["chapter", "--markdown", str(target)]) == 1
    assert "**0.9**" in target.read_text("utf-8")
    assert command.main(["chapter", "--quick"]) == 0
    assert command.main(["mixed", "--quick"]) == 1
    printed = capsys.readouterr().out
    assert "  MISSED: ours / theirs: 0.9 (<= 0.5, aim 0.25); why" in printed
    assert "could not be measured: it broke" in printed


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["nothing"], "unknown: nothing; known: chapter"), (["--quick", "--markdown", "x"], "not for a page")],
)
def test_bad_arguments(arguments: list[str], message: str, capsys: Any) -> None:
    with pytest.raises(SystemExit, match="2"):
        command.main(arguments)
    assert message in capsys.readouterr().err


def test_every_family_has_a_measure() -> None:
    folder = processes.ROOT / "benchmarks"
    for module in command.FAMILIES.values():
        assert "def measure(quick: bool) -> list[Measurement]:" in (folder / f"{module}.py").read_text("utf-8")


def test_a_process_is_measured_and_its_failure_told() -> None:
    ended = processes.run([sys.executable, "-c", "x = bytearray(64 * 2**20); print('done')"])
    assert ended.stdout == "done\n"
    assert ended.seconds > 0
    own = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # a forked process begins with its parent's pages
    assert 64 * 2**20 < ended.peak < max(2**30, 1.1 * own)
    with pytest.raises(RuntimeError, match=r"ended with 1:[\s\S]*ZeroDivisionError"):
        processes.run([sys.executable, "-c", "1 / 0"])


def test_the_products_are_those_of_a_backward_pass_in_all_four_ways() -> None:
    """Against the formulas, with random arrays, where nothing happens to be orthonormal."""
    rng = np.random.default_rng(1)
    x, w1, w2, test = (rng.normal(size=s).astype(np.float32) for s in ((6, 7), (7, 5), (5, 3), (9, 7)))
    after = x.T @ (x @ w1 @ w2 @ w2.T)
    one = products.Work(x, w1, w2, test, steps=1)
    found = [products.numpy_rows_first(one), products.numpy_units_first(one)]
    found += [f(x, w1, w2, test, steps=1) for f in (products.jax_rows_first, products.jax_units_first)]
    for w, z in found:
        np.testing.assert_allclose(w, after, rtol=1e-4)
        np.testing.assert_allclose(z, test @ after @ w2, rtol=1e-3, atol=1e-3)


def test_the_products_neither_grow_nor_fade() -> None:
    work = products.work(32, 64, 16, 4, 8, steps=300)
    once = products.numpy_rows_first(dataclasses.replace(work, steps=1))[0]
    for often in (
        products.numpy_rows_first(work)[0],
        products.jax_units_first(work.x, work.w1, work.w2, work.test, steps=300)[0],
    ):
        np.testing.assert_allclose(often, once, atol=1e-3)


def test_the_compiled_products_are_all_there() -> None:
    """Five products in the loop and two after it: XLA has left none out and moved none."""
    work = products.work(32, 64, 16, 4, 8, steps=3)
    arrays = work.x, work.w1, work.w2, work.test
    for function in (products.jax_rows_first, products.jax_units_first):
        text = function.lower(*arrays, steps=3).compile().as_text()
        loop, rest = _dots(text)
        assert (loop, rest) == (5, 2)


def _dots(text: str) -> tuple[int, int]:
    """How many matrix products a compiled program holds in its loop, and outside of it."""
    computations = dict(re.findall(r"^(?:ENTRY )?(%[\w.-]+) .*?\{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL))

    def reached(name: str) -> set[str]:
        called = re.findall(r"(?:calls|to_apply|body|condition)=(%[\w.-]+)", computations[name])
        return {name}.union(*(reached(other) for other in called))

    (body,) = re.findall(r"body=(%[\w.-]+)", text)
    looped = reached(body)
    count = {name: len(re.findall(r" dot\(|__onednn\$matmul", content)) for name, content in computations.items()}
    inside = sum(number for name, number in count.items() if name in looped)
    return inside, sum(count.values()) - inside


def test_the_plain_loop_descends_as_worked_out_by_hand() -> None:
    """Two rows, batches of one, rate 0.5: w = 1 -> 1 - 0.5 (1 * 1 - 3) 1 = 2 -> 2 - 0.5 (2 * 2 - 2) 2 = 0."""
    recipe = Recipe(hidden=(), optimizer="sgd", learning_rate=0.5, batch_size=1, epochs=1)
    x, y = np.array([[1], [2]], np.float32), np.array([3, 2], np.float32)
    w = polynomial.plain_loop(x, y, np.ones(1, np.float32), recipe, 0, np.array([[0, 1]], np.int32))
    assert w.tolist() == [0.0]


def test_a_family_runs_and_its_references_do_the_same_work() -> None:
    """The whole command with real numbers; polynomial stops by itself if the two sides end at different weights."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "polynomial", "--quick"],
        capture_output=True,
        text=True,
        cwd=processes.ROOT,
        env=os.environ,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("  quick: ")]
    assert len(lines) == 2
    assert all(re.search(r": [\d.e-]+ \(<= [\d.]+(, aim [\d.]+)?\); goodfit [\d.]+ \w+, ", line) for line in lines)


def test_sides_that_do_different_work_are_refused(monkeypatch: Any) -> None:
    monkeypatch.setattr(polynomial, "CLOSE", -1.0)
    with pytest.raises(RuntimeError, match="they do not do the same work"):
        polynomial.measure(quick=True)
