"""One fit in this process, so that its CPU seconds are its own: what it scores is printed as JSON, in the last line."""

from __future__ import annotations

import argparse
import json
import resource
import warnings
from collections.abc import Sequence
from pathlib import Path

from benchmarks.table_peers import ALL
from benchmarks.table_scores import scores
from benchmarks.table_sets import divided, table_sets


def cpu_seconds() -> float:
    """User and system time of this process and of those that it has waited for."""
    kinds = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in kinds)


def fitted(table: str, split: int, model: str, modeldata: Path | None = None) -> dict[str, float | int | str]:
    """Scores of a model on a table, and the CPU seconds of fitting and predicting; imports and data are not counted."""
    (found,) = [each for each in table_sets(modeldata)[0] if each.name == table]
    rows = divided(found, split)
    fit = ALL[model].load()
    began = cpu_seconds()
    values = fit(rows, split)
    taken = cpu_seconds() - began
    facts = {
        "task": found.task,
        "rows": len(rows.train),
        "test_rows": len(rows.test),
        "columns": rows.train.shape[1] - 1,
    }
    return {"table": table, "split": split, "model": model, **facts, **scores(rows, values), "cpu": taken}


def main(arguments: Sequence[str] | None = None) -> None:
    """`python -m benchmarks.table_fit TABLE SPLIT MODEL [--modeldata FOLDER]`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.table_fit")
    parser.add_argument("table")
    parser.add_argument("split", type=int)
    parser.add_argument("model")
    parser.add_argument("--modeldata", type=Path)
    given = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    print(json.dumps(fitted(given.table, given.split, given.model, given.modeldata)))


if __name__ == "__main__":
    main()
