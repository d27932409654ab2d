"""How often prediction intervals and sets hold new rows: the tables of docs/intervals.md.

`python -m benchmarks.conformal` writes them. Linear and logistic regressions stand in for nets, since intervals and
sets are a function of out-of-fold predictions alone; some trainings of the default nets follow. It takes some minutes,
and is no part of `make bench`, for nothing in it is timed.
"""

from __future__ import annotations

import re
import sys
import warnings
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge

from goodfit.data import table
from goodfit.models.conformal import conformal_classes, conformal_numbers
from goodfit.runs.training import train

COVERAGE, FOLDS, SETS, NEW_ROWS, INPUTS = 0.9, 5, 200, 2000, 5
ROWS = (100, 300, 1000)
NOISES = ("equal", "grows with the prediction", "depends on a feature", "heavy tails (t, 3 df)")
CLASSES = {"2 classes": (2, 1.0), "5 classes": (5, 1.0), "2 classes, easy": (2, 6.0)}  # classes, size of the logits
TRAININGS, TRAINED_ROWS = 10, (100, 400)  # a fifth of which is the sealed test set
PAGE = Path(__file__).resolve().parents[1] / "docs" / "intervals.md"
Arrays = tuple[np.ndarray, np.ndarray]


def drawn_numbers(noise: str, rng: np.random.Generator, rows: int) -> Arrays:
    """Inputs [rows, 5] and targets [rows, 1] with this noise."""
    x = rng.normal(size=(rows, INPUTS))
    signal, error = x @ np.array([1, 0.8, 0.6, 0.4, 0.2]), rng.normal(size=rows)
    if noise == NOISES[1]:
        error *= 0.5 * np.exp(0.4 * signal)
    elif noise == NOISES[2]:
        error *= np.exp(0.8 * x[:, 4])
    elif noise == NOISES[3]:
        error = rng.standard_t(3, rows)
    return x, (signal + error)[:, None]


def drawn_classes(classes: int, size: float, rng: np.random.Generator, rows: int) -> Arrays:
    """Inputs [rows, 5] and codes [rows] by softmax of linear logits."""
    x = rng.normal(size=(rows, INPUTS))
    logits = size * x @ np.random.default_rng(7).normal(size=(INPUTS, classes))
    return x, np.argmax(logits + rng.gumbel(size=(rows, classes)), axis=1)


def in_folds(model: Ridge | LogisticRegression, x: np.ndarray, y: np.ndarray, new: np.ndarray) -> Arrays:
    """(out-of-fold predictions [N, C], mean over the folds' models for new rows)."""
    folds = np.arange(len(y)) % FOLDS
    parts, together = [], []
    for fold in range(FOLDS):
        model.fit(x[folds != fold], y[folds != fold])
        given = model.predict if isinstance(model, Ridge) else model.predict_proba
        parts.append(given(x[folds == fold]).reshape((folds == fold).sum(), -1))
        together.append(given(new).reshape(len(new), -1))
    out = np.empty((len(y), parts[0].shape[1]))
    for fold, values in enumerate(parts):
        out[folds == fold] = values
    return out, np.mean(together, axis=0)


def by_fifths(inside: np.ndarray, predicted: np.ndarray) -> float:
    """The least coverage in a fifth of the rows by their predictions."""
    fifth = np.digitize(predicted, np.quantile(predicted, [0.2, 0.4, 0.6, 0.8]))
    return float(min(inside[fifth == number].mean() for number in range(5)))


def measured_intervals(out: np.ndarray, y: np.ndarray, predicted: np.ndarray, new: np.ndarray) -> list[float]:
    """Coverage, least coverage in a fifth and width, of intervals of equal width and of adaptive ones."""
    found = conformal_numbers(out, y, "out-of-fold")
    assert found is not None
    numbers: list[float] = []
    for adaptive in (False, True):
        ends = found.intervals(predicted, COVERAGE, adaptive=adaptive)
        inside = ((ends[..., 0] <= new) & (new <= ends[..., 1])).ravel()
        numbers += [inside.mean(), by_fifths(inside, predicted.ravel()), (ends[..., 1] - ends[..., 0]).mean()]
    return numbers


def interval_lines() -> list[str]:
    """A line of the table for each noise and number of rows."""
    lines = []
    for noise in NOISES:
        for rows in ROWS:
            found = []
            for seed in range(SETS):
                x, y = drawn_numbers(noise, np.random.default_rng(seed), rows + NEW_ROWS)
                out, new = in_folds(Ridge(1.0), x[:rows], y[:rows], x[rows:])
                found.append(measured_intervals(out, y[:rows], new, y[rows:]))
            a, b, width, c, d, other = np.mean(found, axis=0)
            ratio = other / width
            lines.append(f"| {noise} | {rows:,} | {a:.3f} | {b:.2f} | {c:.3f} | {d:.2f} | {ratio:.2f} |")
    return lines


def cumulative(values: np.ndarray) -> np.ndarray:
    """Scores of adaptive prediction sets (Romano, Sesia and Candes 2020), not randomised: [N, C]."""
    order = np.argsort(-values, axis=1)
    scores = np.empty_like(values)
    np.put_along_axis(scores, order, np.cumsum(np.take_along_axis(values, order, 1), axis=1), 1)
    return scores


def measured_sets(out: np.ndarray, y: np.ndarray, new: np.ndarray, truth: np.ndarray) -> list[float]:
    """Coverage, mean size and share of empty sets; coverage and size of adaptive prediction sets; accuracy."""
    found = conformal_classes(out, y, "out-of-fold")
    assert found is not None
    sets = found.sets(new, COVERAGE)
    rank = int(np.ceil(round((len(y) + 1) * COVERAGE, 9)))
    adaptive = cumulative(new) <= np.sort(cumulative(out)[np.arange(len(y)), y])[rank - 1]
    at = np.arange(len(truth)), truth
    sizes = [sets.sum(1).mean(), (~sets.any(1)).mean()]
    return [sets[at].mean(), *sizes, adaptive[at].mean(), adaptive.sum(1).mean(), (new.argmax(1) == truth).mean()]


def set_lines() -> list[str]:
    """A line of the table for each law and number of rows."""
    lines = []
    for name, (classes, size) in CLASSES.items():
        for rows in ROWS:
            found = []
            for seed in range(SETS):
                x, y = drawn_classes(classes, size, np.random.default_rng(seed), rows + NEW_ROWS)
                out, new = in_folds(LogisticRegression(), x[:rows], y[:rows], x[rows:])
                found.append(measured_sets(out, y[:rows], new, y[rows:]))
            a, b, empty, c, d, right = np.mean(found, axis=0)
            lines.append(f"| {name} | {rows:,} | {right:.2f} | {a:.3f} | {b:.2f} | {empty:.2f} | {c:.3f} | {d:.2f} |")
    return lines


def net_lines() -> list[str]:
    """Coverage of the default nets, trained on some sets of each kind."""
    return [net_line(name, rows) for name in (*NOISES, *CLASSES) for rows in TRAINED_ROWS]


def net_line(name: str, rows: int) -> str:
    """Mean coverage, and the least and greatest, of the trainings on data of one kind."""
    found = []
    for seed in range(TRAININGS):
        rng, drawn = np.random.default_rng(seed), rows + NEW_ROWS
        x, y = drawn_numbers(name, rng, drawn) if name in NOISES else drawn_classes(*CLASSES[name], rng, drawn)
        texts = y.ravel() if name in NOISES else np.array([f"class {code}" for code in y])
        columns = {f"x{place}": values for place, values in enumerate(x.T)}
        own = {key: values[:rows] for key, values in {**columns, "y": texts}.items()}
        new, truth = {key: values[rows:] for key, values in columns.items()}, y[rows:].ravel()
        run = train(None, table(own, target="y"), leaks="off")
        if name in NOISES:
            both = [run.predict_interval(new, COVERAGE, adaptive=adaptive)[:, 0] for adaptive in (False, True)]
            found.append([((ends[:, 0] <= truth) & (truth <= ends[:, 1])).mean() for ends in both])
        else:
            found.append([run.predict_sets(new, COVERAGE)[np.arange(NEW_ROWS), truth].mean()])
    numbers = zip(np.mean(found, axis=0), np.min(found, axis=0), np.max(found, axis=0), strict=True)
    cells = [f"{mean:.3f} ({least:.3f} to {most:.3f})" for mean, least, most in numbers]
    return f"| {name} | {rows * 4 // 5} | {cells[0]} | {cells[1] if len(cells) > 1 else '-'} |"


def main() -> int:
    """Write the tables between their marks."""
    text = PAGE.read_text("utf-8")
    for name, lines in {"intervals": interval_lines, "sets": set_lines, "nets": net_lines}.items():
        made = "\n".join(lines())
        print(made, flush=True)
        begin, end = f"<!-- begin: {name} -->\n", f"<!-- end: {name} -->"
        head = rf"({re.escape(begin)}\|[^\n]*\n\|[-|]*\n)(?:\|[^\n]*\n)*({re.escape(end)})"
        text, count = re.subn(head, lambda found, made=made: f"{found[1]}{made}\n{found[2]}", text)
        if count != 1:
            raise ValueError(f"the page must have the marks {begin.strip()} and {end} once")
    PAGE.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.exit(main())
