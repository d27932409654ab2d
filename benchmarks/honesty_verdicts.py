"""How often verdicts are right on held-out cases, whose truth is found by brute force on fresh samples.

`python -m benchmarks.honesty_verdicts FOLDER` judges every case that the folder does not hold yet, quickly and in full,
and prints the tables of docs/honesty.md. All of them take half an hour.

The truth of a case: the recipe and every alternative train on DRAWS fresh samples of as many rows and are scored on
FRESH new rows each; a gain is the mean over the samples of the difference of log(error + offset), as a verdict measures
it, with the standard error over the samples.

False alarms are rare, and few cases are sound: these are judged on FURTHER samples of their own as well.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.bars import Bar, Measurement
from benchmarks.verdict_held_out import HeldOut, cases, seed_of
from goodfit import Recipe
from goodfit.data import Dataset
from goodfit.selection.recipes import in_batches_of, trained_whole
from goodfit.training.examples import Examples
from goodfit.training.jobs import fit_jobs
from goodfit.training.population import Job
from goodfit.verdicts import verdict
from goodfit.verdicts.deciding import MARGIN, OFFSET
from goodfit.verdicts.gains import NEXT_DOUBLING, OWN_MARGIN
from goodfit.verdicts.probes import HALF, far_rates, probes_of

DRAWS, FRESH = 8, 600
FURTHER = 3
FAULTS = {"freer": "underfit", "longer": "underfit", "tighter": "overfit"}
MODES = ("quick", "full")
NAMED_QUICK, NAMED_FULL, ALARMED, IMPROVES = 0.85, 0.9, 0.05, 0.95
QUICK = 2  # cases


def errors_of(case: HeldOut, recipes: Sequence[Recipe], rows: int, what: int) -> NDArray[np.float64]:
    """[recipes, DRAWS] errors on fresh rows after training on fresh samples of so many; nan where a net diverged."""
    rng = np.random.default_rng(what)
    sets = [case.data(rng, rows + FRESH) for _ in range(DRAWS)]
    numbers = np.arange(rows + FRESH, dtype=np.int32)
    examples = Examples.stacked(sets, {"train": numbers[:rows], "valid": numbers[rows:]})
    fitted = [in_batches_of(trained_whole(recipe), rows) for recipe in recipes]
    jobs = [Job(recipe.replace(seed=draw), rows=draw) for recipe in fitted for draw in range(DRAWS)]
    trained = fit_jobs(jobs, examples, score_every=max(recipe.epochs for recipe in fitted))
    found = np.full(len(jobs), np.nan)
    for number, job in enumerate(jobs):
        turn, net = trained.place[number]
        metrics = trained.metrics(number)
        if not trained.turns[turn].frozen[net] and len(metrics) >= job.recipe.epochs:
            last = metrics[job.recipe.epochs - 1]
            found[number] = 1 - last[3] if case.task == "regression" else last[2]
    return found.reshape(len(recipes), DRAWS)


def constant_of(data: Dataset) -> float:
    """The error of the best constant prediction."""
    if data.task == "regression":
        return 1.0
    shares = np.bincount(data.y) / len(data.y)
    return float(-(shares[shares > 0] * np.log(shares[shares > 0])).sum())


def truth_of(case: HeldOut, number: int) -> dict[str, Any]:
    """What every alternative truly gains: name -> [gain, its standard error]; and the rows that a verdict is given."""
    recipe = case.recipe
    probes = [probe for probe in (*probes_of(recipe), *far_rates(recipe)) if probe != HALF]
    seed = int(seed_of(number, 1).integers(2**31))
    errors = errors_of(case, [recipe, *(probe.applied(recipe) for probe in probes)], case.rows, seed)
    half = errors_of(case, [recipe.replace(batch_size=recipe.batch_size // 2)], case.rows // 2, seed + 1)[0]
    constant = constant_of(case.data(seed_of(number, 2), 20_000))
    offset = OFFSET * constant
    own = float(np.exp(np.log(errors[0] + offset).mean()) - offset)
    diverges = bool(np.isnan(errors[0]).any())
    gains = {}
    for probe, its in zip(probes, errors[1:], strict=True):
        base = np.full(DRAWS, np.log(constant + offset)) if diverges else np.log(errors[0] + offset)
        gains[probe.name] = [*_gain(base - np.log(its + offset), constant if diverges else own, offset), probe.side]
    doubled, error = _gain(np.log(half + offset) - np.log(errors[0] + offset), own, offset)
    return {
        "gains": gains,
        "doubling": [NEXT_DOUBLING * doubled, NEXT_DOUBLING * error],
        "margin": MARGIN * constant if diverges else max(MARGIN * constant, OWN_MARGIN * own),
        "own": own,
        "constant": constant,
        "diverges": diverges,
    }


def _gain(differences: NDArray[np.float64], own: float, offset: float) -> tuple[float, float]:
    """A gain in the unit of errors, and its standard error."""
    mean, error = float(differences.mean()), float(differences.std(ddof=1)) / math.sqrt(len(differences))
    return (own + offset) * -math.expm1(-mean), (own + offset) * math.exp(-mean) * error


def judged(case: HeldOut, number: int, mode: str, sample: int = 0) -> dict[str, Any]:
    """What the verdict says of the case's own rows, in one of the MODES. sample: 0, or one of FURTHER from 1."""
    stream = 99 + sample if sample else 0
    found = verdict(case.recipe, case.data(seed_of(number, stream)), quick=mode == "quick")
    claim = found.decision.claim
    return {
        "kind": found.kind,
        "advised": None if found.best is None else found.best.name,
        "claim": None if claim is None or math.isnan(claim) else claim,
        "sentence": found.sentence,
        "more": found.reasons[-1] if found.kind == "cannot tell" and found.reasons else "",
        "seconds": found.seconds,
    }


def measured(file: Path | None, most: int | None = None) -> list[dict[str, Any]]:
    """The cases with truth and verdicts, `most` at most. file: of those that are known; what is judged is added."""
    known = [] if file is None or not file.exists() else [json.loads(line) for line in file.open(encoding="utf-8")]
    done = {one["name"] for one in known}
    for number, case in enumerate(cases()):
        if case.name in done or (most is not None and len(known) >= most):
            continue
        one: dict[str, Any] = {"name": case.name, "truth": truth_of(case, number)}
        one.update({mode: judged(case, number, mode) for mode in MODES})
        if _sound(one["truth"]):
            samples = range(1, FURTHER + 1)
            one["further"] = {mode: [judged(case, number, mode, each) for each in samples] for mode in MODES}
        if file is not None:
            with file.open("a", encoding="utf-8") as out:
                out.write(json.dumps(one) + "\n")
        known.append(one)
        print(line_of(one), flush=True)
    return known


def best_of(truth: dict[str, Any]) -> tuple[str, float, float]:
    """(name, gain, standard error) of the alternative that truly gains most; ("none", nan, nan) without one."""
    gains = {name: (gain, error) for name, (gain, error, _) in truth["gains"].items() if math.isfinite(gain)}
    if not gains:  # all of them diverge
        return "none", math.nan, math.nan
    name = max(gains, key=lambda each: gains[each][0])
    return name, *gains[name]


def faulty(truth: dict[str, Any]) -> bool:
    """Whether an alternative surely gains more than the margin, or the recipe diverges."""
    _, gain, error = best_of(truth)
    return bool(truth["diverges"] or gain - 2 * error > truth["margin"])


def named(one: dict[str, Any], mode: str) -> bool:
    """Whether a fault is named by the side of an alternative that truly gains.

    Smaller steps mend what diverges, and either fault: of these only the one that was advised for it.
    """
    truth, kind = one["truth"], one[mode]["kind"]
    gaining = {name: side for name, (gain, _, side) in truth["gains"].items() if gain > truth["margin"]}
    if kind == "diverged":
        return bool(truth["diverges"] or "slower" in gaining.values())
    if kind not in FAULTS.values():
        return False
    return any(FAULTS.get(side) == kind for side in gaining.values()) or gaining.get(one[mode]["advised"]) == "slower"


def alarms(one: dict[str, Any], mode: str) -> list[bool]:
    """Whether a sound recipe is called faulty, on the case's own rows and on each further sample."""
    return [found["kind"] in ("underfit", "overfit", "diverged") for found in (one[mode], *one["further"][mode])]


def advised_gain(one: dict[str, Any], mode: str) -> float | None:
    """What the advice truly gains on fresh rows; None where nothing is advised, or the truth did not try it."""
    found = one["truth"]["gains"].get(one[mode]["advised"])
    return None if found is None or not math.isfinite(found[0]) else float(found[0])


def rows(known: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row a mode: counts of cases, faults, named, sound, alarms, advice, advice that improves fresh rows."""
    found = []
    for mode in MODES:
        faults = [one for one in known if faulty(one["truth"])]
        advice = [gain for one in known if (gain := advised_gain(one, mode)) is not None]
        alarmed = [each for one in known if _sound(one["truth"]) for each in alarms(one, mode)]
        untold = [one for one in known if one[mode]["kind"] == "cannot tell"]
        found.append(
            {
                "mode": mode,
                "cases": len(known),
                "faults": len(faults),
                "named": sum(named(one, mode) for one in faults),
                "verdicts on sound ones": len(alarmed),
                "alarms": sum(alarmed),
                "advice": len(advice),
                "improves": sum(gain > 0 for gain in advice),
                "cannot tell": len(untold),
                "says what would tell": sum("would" in one[mode]["more"] for one in untold),
            }
        )
    return found


def _sound(truth: dict[str, Any]) -> bool:
    """Whether all alternatives surely gain less than the margin."""
    _, gain, error = best_of(truth)
    return not truth["diverges"] and gain + 2 * error < truth["margin"]


def line_of(one: dict[str, Any]) -> str:
    """A case in a line."""
    name, gain, error = best_of(one["truth"])
    told = f"{one['name']}: best {name} {gain:+.3f} +- {error:.3f}, margin {one['truth']['margin']:.3f}"
    return f"{told}; quick {one['quick']['kind']} ({one['quick']['advised']}), full {one['full']['kind']}"


def tables(keep: Path | None = None) -> str:
    """The tables for docs/honesty.md, in Markdown. keep: a folder that holds the cases that were judged before."""
    file = None if keep is None else keep / "verdicts.jsonl"
    known = measured(file)
    counted = rows(known)
    lines = [
        "| " + " | ".join(counted[0]) + " |\n" + "|---" * len(counted[0]) + "|",
        *("| " + " | ".join(str(value) for value in one.values()) + " |" for one in counted),
        "\n| case | best alternative | true gain | margin | quick | full |\n|---|---|---|---|---|---|",
    ]
    for one in known:
        name, gain, error = best_of(one["truth"])
        kinds = " | ".join(one[mode]["kind"] for mode in MODES)
        lines.append(f"| {one['name']} | {name} | {gain:+.3f} ± {error:.3f} | {one['truth']['margin']:.3f} | {kinds} |")
    return "\n".join(lines)


def measure(quick: bool) -> list[Measurement]:
    """The bars, over all cases. quick: over a few, which shows that the benchmark runs."""
    found = []
    for row, limit in zip(rows(measured(None, QUICK if quick else None)), (NAMED_QUICK, NAMED_FULL), strict=True):
        mode, context = row["mode"], f"{row['cases']} held-out cases"
        for what, good, of, most, at_least in (
            ("faults named", row["named"], row["faults"], limit, True),
            ("false alarms", row["alarms"], row["verdicts on sound ones"], ALARMED, False),
            ("advice that improves fresh rows", row["improves"], row["advice"], IMPROVES, True),
        ):
            if of:
                how = "Held-out cases; see docs/honesty.md."
                told = Bar(f"verdict, {mode}: {what}", most, how=how, at_least=at_least)
                found.append(Measurement(told, good / of, f"{good} of {of}; {context}"))
    return found


def main(arguments: list[str]) -> int:
    """FOLDER, which keeps what was judged."""
    print(tables(Path(arguments[0]) if arguments else None))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
