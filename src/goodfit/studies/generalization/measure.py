"""Measures training and generalisation error (4.3.1, 4.3.2), and what test and validation sets can say of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from goodfit.data import Dataset
from goodfit.data.streams import generator
from goodfit.intervals import LEVEL, clopper_pearson, level_of_openings
from goodfit.studies.common.trained import misses
from goodfit.studies.declaring import Measured, Tell
from goodfit.studies.estimates import Estimate, mean_gap, mean_of, mean_share, share_of, unmeasured
from goodfit.studies.generalization.study import ONE_VALUE
from goodfit.studies.parameters import Given
from goodfit.studies.populations import train
from goodfit.studies.tabulating import band, table_of
from goodfit.training import Examples, Recipe
from goodfit.training.examples import fit_scaling

INPUTS = 10
FRESH = 20_000  # rows that stand for all others; an error rate on them is off by less than 0.004 (one standard error)
STEPS = 800  # of every training, however many rows there are
BATCH = 25
ADAM: dict[str, Any] = {"optimizer": "adam", "learning_rate": 0.01, "schedule": "constant", "batch_size": BATCH}
BASE = Recipe(activation="relu", init="he-normal", dropout=0, valid=0, **ADAM)
WIDE = 64  # hidden units of the complex model; the simple one has no hidden layer
TRIED = 8  # hidden units of the nets that are tried on one test set
TRIED_ROWS = 400  # that they learn from
TEST_SETS = 200
TRUTH = 100_000  # rows that the true errors of these nets are measured on
HELD = 300  # validation rows, kept apart or mixed with the training rows
SIZES = (100, 1_000, 10_000)  # rows of a test set
SHIFT = 2.0  # standard deviations by which an input of unlike test rows lies elsewhere


def rows_of(seed: int, rows: int, flips: float, purpose: str, shift: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Fresh rows: x [N, 10] from N(0, 1), and the side of a curved surface as class [N], wrong for a share of `flips`.

    shift: added to the last input, which says nothing on the class, for rows that are unlike those that train.
    """
    rng = generator(seed, f"generalization/{purpose}")
    x = rng.normal(size=(rows, INPUTS))
    x[:, -1] += shift
    side = x[:, 0] + x[:, 1] + 0.5 * (x[:, 2] ** 2 - 1) + 0.5 * x[:, 3] * x[:, 4]
    return x.astype(np.float32), ((side > 0) ^ (rng.random(rows) < flips)).astype(np.int32)


def measure(given: Given, tell: Tell) -> Measured:
    """Rows, units, penalties; then test sets and validation rows."""
    fresh = rows_of(given.seed, FRESH, given.flips, "fresh")
    grid, causes = _grid(given, fresh, tell)
    tell(f"{given.tries} nets that are tried on {TEST_SETS} test sets")
    sizes, looks, of_tests = _test_sets(given)
    tell("validation examples leaked into training")
    leaks, of_leaks = _leaks(given, fresh)
    return Measured(
        tables={"errors": table_of([row for row, _ in grid]), "test_sets": sizes, "looks": looks, "leaks": leaks},
        claims={**_claims(given, causes), **of_tests, **of_leaks},
    )


def _recipe(rows: int, hidden: tuple[int, ...] = (WIDE,), l2: float = 0.0) -> Recipe:
    return BASE.replace(hidden=hidden, l2=l2, epochs=max(1, round(STEPS * BATCH / rows)))


def _trained(given: Given, recipes: Sequence[Any], rows: int, held: int = 0, mixed: bool = False) -> Any:
    """Every seed on rows of its own. held: rows beside them that are scored, and with `mixed` train as well."""
    sets = []
    for seed in given.all_seeds:
        x, y = rows_of(seed, rows + held, given.flips, "rows")
        sets.append(Dataset("generalization", x, y, "classification", classes=("0", "1"), scaling="none"))
    own, apart = np.arange(rows), np.arange(rows, rows + held)
    train_rows = np.arange(rows + held) if mixed else own
    parts: dict[str, Any] = {"train": train_rows, "own": own, **({"held": apart} if held else {})}
    return train(recipes, Examples.stacked(sets, parts), given.all_seeds, score_every=10**6)


Errors = dict[str, np.ndarray]  # "train", "fresh", "gap", "weights" -> [S]


def _errors(recipe: Any, found: Any, place: int, fresh: tuple[np.ndarray, np.ndarray]) -> Errors:
    train = 1 - found.last("own_score")[place]
    general = misses(recipe, found.nets[place], *fresh).mean(1)
    sizes = [np.sqrt(sum(np.square(w).sum() for w in net.weights)) for net in found.nets[place]]
    return {"train": train, "fresh": general, "gap": general - train, "weights": np.array(sizes, float)}


def _grid(
    given: Given, fresh: tuple[np.ndarray, np.ndarray], tell: Tell
) -> tuple[list[tuple[dict[str, Any], Errors]], dict[str, dict[Any, Errors]]]:
    """Rows of the table with what they come from; and by cause: what was varied -> value -> errors."""
    table: list[tuple[dict[str, Any], Errors]] = []
    causes: dict[str, dict[Any, Errors]] = {name: {} for name in ("simple", "complex", "width", "l2")}

    def add(cause: str, value: Any, rows: int, width: int, l2: float, errors: Errors) -> None:
        weights = 2 * (INPUTS + 1) if not width else width * (INPUTS + 1) + 2 * (width + 1)
        of_seeds = {**band("train", errors["train"]), **band("fresh", errors["fresh"])}
        row = {"varied": cause, "rows": rows, "width": width, "l2": l2, "parameters": weights, **of_seeds}
        causes[cause][value] = errors
        table.append(({**row, "norm": float(np.median(errors["weights"]))}, errors))

    for rows in sorted({*given.rows, given.few}):
        tell(f"{given.seeds} simple and {given.seeds} complex models on {rows} examples each")
        for cause, hidden in (("simple", ()), ("complex", (WIDE,))):
            recipe = _recipe(rows, hidden)
            add(cause, rows, rows, sum(hidden), 0.0, _errors(recipe, _trained(given, [recipe], rows), 0, fresh))
    widths, penalties = sorted(given.widths), sorted(given.l2)
    recipes = [*(_recipe(given.few, (width,)) for width in widths), *(_recipe(given.few, l2=l2) for l2 in penalties)]
    tell(f"{given.seeds * len(recipes)} nets of {len(widths)} widths and {len(penalties)} penalties")
    found = _trained(given, recipes, given.few)
    for place, recipe in enumerate(recipes):
        errors = _errors(recipe, found, place, fresh)
        if place < len(widths):
            add("width", widths[place], given.few, widths[place], 0.0, errors)
        else:
            add("l2", recipe.l2, given.few, WIDE, recipe.l2, errors)
    return table, causes


def _claims(given: Given, causes: dict[str, dict[Any, Errors]]) -> dict[str, Estimate]:
    fewest, most, few = min(causes["simple"]), max(causes["simple"]), given.few
    simple, deep = causes["simple"], causes["complex"]
    widths, penalties = sorted(causes["width"]), sorted(causes["l2"])

    def change(cause: str, what: str, first: Any, last: Any) -> Estimate:
        if first == last:
            return unmeasured(ONE_VALUE)
        return mean_of(causes[cause][last][what] - causes[cause][first][what])

    return {
        "simple-close": mean_gap(simple[most]["gap"]),
        "complex-apart": mean_gap(deep[fewest]["gap"]),
        "complex-trains": mean_gap(deep[few]["train"] - simple[few]["train"]),
        "complex-worse": mean_gap(deep[few]["fresh"] - simple[few]["fresh"]),
        "complex-better": mean_gap(deep[most]["fresh"] - simple[most]["fresh"]),
        "many-parameters": change("width", "gap", widths[0], widths[-1]),
        "ever-worse": change("width", "fresh", widths[len(widths) // 2], widths[-1]),
        "large-range": change("l2", "gap", penalties[-1], penalties[0]),
        "few-rows": change("complex", "gap", most, fewest),
    }


def _test_sets(given: Given) -> tuple[dict[str, list[Any]], dict[str, list[Any]], dict[str, Estimate]]:
    """Nets that differ in their seed alone, on many test sets: how far one is off, and the best of many looks."""
    x, y = rows_of(given.seed, TRIED_ROWS, given.flips, "tried")
    data = Dataset("generalization", x, y, "classification", classes=("0", "1"), scaling="none")
    own = np.arange(TRIED_ROWS, dtype=np.int32)
    examples = Examples(data.x, data.y, data.task, 2, own, fit_scaling(data, own), {"own": own})
    recipe = _recipe(TRIED_ROWS, (TRIED,))
    nets = train([recipe], examples, range(given.seed, given.seed + given.tries), score_every=10**6).nets[0]
    truth = misses(recipe, nets, *rows_of(given.seed, TRUTH, given.flips, "truth")).mean(1)  # [T]
    wrong = misses(recipe, nets, *rows_of(given.seed, TEST_SETS * given.test_rows, given.flips, "tests"))
    unlike = misses(recipe, nets, *rows_of(given.seed, FRESH, given.flips, "unlike", SHIFT)).mean(1)
    sizes = _by_size(wrong[0], float(truth[0]))
    looks = _by_looks(given, wrong.reshape(len(nets), TEST_SETS, given.test_rows).sum(-1), truth)
    mean = wrong.reshape(len(nets), TEST_SETS, -1).mean(-1) - truth[:, None]  # [T, sets]
    last = looks[-1]
    return (
        table_of(sizes),
        table_of([{name: value for name, value in row.items() if name != "each"} for row in looks]),
        {
            "test-unbiased": mean_gap(mean[0]),
            "test-off": mean_share(np.abs(_in_sets(wrong[0], 100) - truth[0])),
            "unlike-rows": mean_gap(unlike - truth),
            "best-optimistic": mean_gap(last["each"]["optimism"]),
            "plain-interval": share_of(last["each"]["plain"]),
            "widened-interval": share_of(last["each"]["widened"]),
        },
    )


def _in_sets(wrong: np.ndarray, rows: int) -> np.ndarray:
    """The error on as many disjoint test sets as there are rows for."""
    sets = len(wrong) // rows
    return np.asarray(wrong[: sets * rows].reshape(sets, rows).mean(1))


def _by_size(wrong: np.ndarray, truth: float) -> list[dict[str, Any]]:
    found = []
    for rows in (size for size in SIZES if len(wrong) // size >= 10):
        off = _in_sets(wrong, rows) - truth
        expected = float(np.sqrt(truth * (1 - truth) / rows))
        spread = {**band("off", off), "deviation": float(np.sqrt(np.square(off).mean())), "binomial": expected}
        found.append({"rows": rows, "sets": len(off), **spread})
    return found


def _by_looks(given: Given, hits: np.ndarray, truth: np.ndarray) -> list[dict[str, Any]]:
    """Of so many nets the one that looks best on a test set. hits: [T, sets] misses; truth: [T]."""
    rows, found = given.test_rows, []
    for looks in sorted({count for count in (1, 2, 5, 10, 20, 50, 100, 200) if count < given.tries} | {given.tries}):
        best = hits[:looks].argmin(0)  # [sets]
        seen, true = hits[best, np.arange(hits.shape[1])], truth[best]
        inside = {}
        for name, level in (("plain", LEVEL), ("widened", level_of_openings(looks))):
            limits = np.array([clopper_pearson(float(count), rows, level) for count in seen])
            inside[name] = (limits[:, 0] <= true) & (true <= limits[:, 1])
        optimism = true - seen / rows
        of_sets = {**band("optimism", optimism), "mean": float(optimism.mean())}
        shares = {name: float(values.mean()) for name, values in inside.items()}
        found.append({"looks": looks, **of_sets, **shares, "each": {"optimism": optimism, **inside}})
    return found


def _leaks(given: Given, fresh: tuple[np.ndarray, np.ndarray]) -> tuple[dict[str, list[Any]], dict[str, Estimate]]:
    """Validation rows kept apart, and mixed with those that train."""
    found, optimism = [], {}
    for name, mixed in (("apart", False), ("mixed", True)):
        recipe = _recipe(given.few + HELD * mixed)
        trained = _trained(given, [recipe], given.few, held=HELD, mixed=mixed)
        valid, truth = 1 - trained.last("held_score")[0], misses(recipe, trained.nets[0], *fresh).mean(1)
        optimism[name] = truth - valid
        found.append({"rows": name, **band("valid", valid), **band("fresh", truth)})
    return table_of(found), {"kept-apart": mean_gap(optimism["apart"]), "mixed-in": mean_gap(optimism["mixed"])}
