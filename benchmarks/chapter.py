"""Section 4.2's recipe, 784-256-10 on Fashion-MNIST: against the machine's own limit and against scikit-learn."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable

import numpy as np

from benchmarks import products
from benchmarks.bars import Bar, Measurement, seconds
from benchmarks.timing import alternate
from benchmarks.training import train
from goodfit.data import Dataset, load, split
from goodfit.training import Examples, Job
from goodfit.training.devices import prepare
from goodfit.training.named_recipes import CHAPTER

SEEDS = 8
_OURS = (
    "goodfit trains the recipe as `gf.train` does, with the running loss and accuracy of the training rows and the "
    "test rows scored after every epoch; drawing weights and row orders and placing the data count."
)
PRODUCTS = Bar(
    "one epoch of section 4.2's recipe / its matrix products alone",
    1.6,
    aim=1.2,
    how=f"{_OURS} The reference is every matrix product of an epoch (forward, backward, scoring) at the same shapes, "
    "each depending on the last, and nothing else; NumPy and JAX, rows first and units first: the fastest counts.",
)
SKLEARN = Bar(
    "the same epoch / scikit-learn's MLPClassifier",
    0.5,
    how=f"{_OURS} MLPClassifier has the same sizes, batch, rate, loss and epochs, gets the pixels as its users give "
    "them (X / 255, which NumPy makes float64), and scores no test rows. Beside it stands the same in float32.",
)
EIGHT = Bar(
    f"{SEEDS} seeds of the recipe as one population, an epoch and net / the same matrix products",
    1.3,
    how="As the first, with one net a seed; every net sees its own order of examples. Divided by epochs and nets.",
)


def measure(quick: bool) -> list[Measurement]:
    """All three in one run, in turn."""
    repeats, epochs, eight_epochs, peer_epochs = (1, 1, 1, 1) if quick else (5, CHAPTER.epochs, 5, 5)
    prepare()  # before the products start JAX, so that both run on the same devices
    data = load("fashion-mnist")
    examples = Examples.of_split(split(data, valid=0), score_test=True)
    steps = -(-len(examples.train) // CHAPTER.batch_size)
    hidden = CHAPTER.hidden[0]
    alone = products.work(CHAPTER.batch_size, data.n_inputs, hidden, data.n_outputs, len(examples.parts["test"]), steps)
    accuracy: dict[str, float] = {}

    def ours(seeds: int, epochs: int) -> Callable[[], float]:
        jobs = [Job(CHAPTER.replace(seed=seed, epochs=epochs)) for seed in range(seeds)]

        def run() -> float:
            taken, fitted = train(jobs, examples)
            if epochs >= peer_epochs:
                accuracy["goodfit"] = float(fitted.metrics[peer_epochs - 1, 3].mean())
            return taken / epochs / seeds

        return run

    limits = products.candidates(alone, epochs=1 if quick else 3)
    times = alternate(
        {
            **limits,
            "one": ours(1, epochs),
            "sklearn": _peer(data, peer_epochs, accuracy, np.float64),
            "narrow": _peer(data, peer_epochs, accuracy, np.float32),
            "eight": ours(SEEDS, eight_epochs),
        },
        repeats,
    )
    fastest = min(limits, key=lambda name: times[name])
    limit = times[fastest]
    reference = seconds(f"products ({fastest})", limit)
    others = ", ".join(seconds(name, times[name]) for name in limits if name != fastest)
    scores = f"test accuracy after {peer_epochs} epochs {accuracy['goodfit']:.3f} and {accuracy['sklearn']:.3f}"
    return [
        Measurement(PRODUCTS, times["one"] / limit, f"{seconds('goodfit', times['one'])}, {reference}; {others}"),
        Measurement(
            SKLEARN,
            times["one"] / times["sklearn"],
            f"{seconds('goodfit', times['one'])}, {seconds('scikit-learn', times['sklearn'])}, "
            f"{seconds('in float32', times['narrow'])}, a ratio of {times['one'] / times['narrow']:.3g}; {scores}",
        ),
        Measurement(EIGHT, times["eight"] / limit, f"{seconds('goodfit, a net', times['eight'])}, {reference}"),
    ]


def _peer(data: Dataset, epochs: int, accuracy: dict[str, float], kind: type) -> Callable[[], float]:
    """scikit-learn with the same recipe. It draws its first weights by Glorot's rule: it has no other."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.neural_network import MLPClassifier

    is_test = np.zeros(len(data), bool)
    is_test[data.test] = True
    x: np.ndarray = (data.x / 255).astype(kind)
    y = data.y
    train_x, train_y = x[~is_test], y[~is_test]

    def run() -> float:
        net = MLPClassifier(
            CHAPTER.hidden,
            solver="sgd",
            learning_rate_init=CHAPTER.learning_rate,
            momentum=0.0,
            alpha=0.0,
            batch_size=CHAPTER.batch_size,
            max_iter=epochs,
            tol=0.0,
            n_iter_no_change=epochs + 1,
            random_state=0,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # it is stopped after `epochs`, as it should be
            began = time.perf_counter()
            net.fit(train_x, train_y)
            taken = time.perf_counter() - began
        accuracy["sklearn"] = float(net.score(x[is_test], y[is_test]))
        return taken / epochs

    return run
