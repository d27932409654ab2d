"""One call of `fit` or `partial_fit`, from what was given to the fitted attributes."""

from functools import cached_property
from typing import Any

import numpy as np
from sklearn.base import is_classifier
from sklearn.exceptions import ConvergenceWarning

from goodfit.errors import InputError, problem
from goodfit.estimators import attributes, inputs, lbfgs, population
from goodfit.estimators.callbacks import Tasks
from goodfit.estimators.judges import judge_of, recorder_of
from goodfit.estimators.prediction import as_arrays
from goodfit.estimators.settings import hidden_sizes, initial_net, job_of, recipe_of, watched
from goodfit.estimators.streams import streams
from goodfit.estimators.targets import TASKS
from goodfit.notices import warn
from goodfit.training.fitting import Report
from goodfit.training.population import Job, NetArrays
from goodfit.training.recipe import Recipe


class EstimatorFit:
    """One fit of an estimator.

    first: whether weights are drawn, and not those of the fit before; afresh: whether patience begins anew; failed: no
    net stayed finite.
    """

    def __init__(self, estimator: Any, *, incremental: bool) -> None:
        self.estimator, self.incremental = estimator, incremental
        self.afresh = not incremental
        self.first = not hasattr(estimator, "coefs_") or not (estimator.warm_start or incremental)
        self.hidden = hidden_sizes(estimator)
        self.epochs = 1 if incremental else estimator.max_iter
        self.streams = streams(estimator.random_state, estimator.n_nets)
        self.failed = False

    def run(self, x: Any, y: Any, sample_weight: Any) -> None:
        """Check, train, and set the fitted attributes."""
        estimator = self.estimator
        if self.incremental and getattr(estimator, "_settled", False):
            text = "partial_fit changes nothing: early stopping has ended the training, and kept the best weights."
            warn(f"{text} Call fit, or set early_stopping=False, to continue.")
            return
        self.prepare(x, y, sample_weight)
        if estimator.solver == "lbfgs":
            lbfgs.train(estimator, self.recipes, self.initial, self.given, self.tasks)
        else:
            self._train()
        self.tasks.end()

    def prepare(self, x: Any, y: Any, sample_weight: Any) -> None:
        """Check what was given, draw weights and validation rows, and set the attributes that a fit begins with."""
        estimator = self.estimator
        self.recipes = recipes = self._recipes()
        one_by_one = len(recipes) if estimator.solver == "lbfgs" else 1
        epochs = 0 if self.incremental else self.epochs * one_by_one
        self.tasks = Tasks(estimator, x, y, sample_weight, epochs)
        found = inputs.encoded(estimator, x, y, sample_weight, reset=self.first, incremental=self.incremental)
        columns = inputs.columns_to_encode(estimator, found.rows.x, first=self.first, incremental=self.incremental)
        sizes = (found.rows.x.shape[1] + estimator.bins * len(columns), *self.hidden, found.table.shape[1])
        self.initial = self._initial(recipes, sizes, found.rows.x.dtype)
        given = inputs.divided(estimator, found, self.streams[0].draws)
        if self.first:
            estimator.encoding_ = inputs.fitted_encoding(estimator, given, columns)
        self.given = inputs.with_encoding(inputs.fitted_before(estimator), given)
        if self.first:
            attributes.begin(estimator, sizes, self.initial)
            estimator._seeds = [stream.seed for stream in self.streams]

    def _recipes(self) -> list[Recipe]:
        """The recipe of every net, after a check of what does not go together."""
        estimator = self.estimator
        where = type(estimator).__name__
        if estimator.solver == "lbfgs" and estimator.validation_data is not None:
            fix = "Use another solver, or omit it."
            raise InputError(problem(where, "'validation_data' is not supported by solver 'lbfgs'", fix=fix))
        if estimator.init is None and estimator.init_scale is not None:
            fix = "Give 'init' too."
            raise InputError(problem(where, "'init_scale' needs 'init'", got=estimator.init_scale, fix=fix))
        if self.incremental and estimator.schedule is not None:
            rule = "'schedule' must be left out in partial_fit, where the number of epochs is unknown"
            fix = "Set 'learning_rate_init' between calls."
            raise InputError(problem(where, rule, got=estimator.schedule, fix=fix))
        watches = "score" if watched(estimator) == "score" else "loss"
        return [recipe_of(estimator, self.hidden, stream.seed, self.epochs, watches) for stream in self.streams]

    def _initial(self, recipes: list[Recipe], sizes: tuple[int, ...], dtype: Any) -> list[NetArrays]:
        """The weights that every net starts with."""
        estimator = self.estimator
        if self.first:
            pairs = zip(recipes, self.streams, strict=True)
            return [initial_net(estimator, recipe, stream, sizes[0], sizes[-1], dtype) for recipe, stream in pairs]
        nets = estimator.nets_
        had = (nets[0].coefs[0].shape[0], *(w.shape[1] for w in nets[0].coefs))
        if had != sizes or len(nets) != len(recipes):
            rule = "warm_start requires the same number of nets and layer sizes as the previous fit"
            got = f"{len(recipes)} x {sizes} after {len(nets)} x {had}"
            raise InputError(problem(type(estimator).__name__, rule, got=got, fix="Set warm_start=False."))
        return [as_arrays(net, dtype) for net in nets]

    def jobs(self, begun: int, *, judged: bool = False) -> list[Job]:
        """What the engine is to train. begun: epochs of the fits before; judged: the host decides when a net stops."""
        estimator, rows = self.estimator, len(self.given.train)
        changes = {"min_change": estimator.tol * self._unit(), "batch_size": self.batch}
        recipes = [recipe.replace(**changes, **({"patience": 0} if judged else {})) for recipe in self.recipes]
        pairs = zip(recipes, self.initial, strict=True)
        return [job_of(estimator, r, net, rows, begun, estimator.t_, self.afresh) for r, net in pairs]

    def _train(self) -> None:
        """The stochastic solvers."""
        estimator, given, watch = self.estimator, self.given, self._watch()
        kept = None if self.first else getattr(estimator, "_kept", None)
        jobs = self.jobs(kept.epochs if kept else 0, judged=watch.judge is not None)
        task = TASKS[estimator.out_activation_]
        examples = population.examples_of(given.train, given.valid, task, estimator.n_outputs_)
        orders = population.orders_of(self.streams, len(given.train), self.batch, estimator.shuffle)
        self.done = 0
        self.tasks.begin_epoch(self.initial)
        self.finish(population.train(jobs, examples, orders, given.train.x.dtype, watch, kept, self.afresh))

    def finish(self, outcome: population.FitOutcome) -> None:
        """Set what a fit ends with, and warn of how it ended.

        ValueError where no net stayed finite, unless early stopping has kept the weights of better epochs.
        """
        if outcome.frozen.all() and (outcome.best_nets is None or self.incremental):
            raise ValueError(attributes.NOT_FINITE)
        attributes.record(self.estimator, outcome, self.given, incremental=self.incremental)
        self._warn(outcome)

    def _unit(self) -> float:
        """How much the engine's watched value changes where scikit-learn's changes by one.

        The engine sums squared errors over targets, where scikit-learn averages them.
        """
        estimator, valid = self.estimator, self.given.valid
        what = watched(estimator)
        if valid is None or is_classifier(estimator) or what in ("nothing", "score"):
            return 1.0
        return float(estimator.n_outputs_) if estimator.loss == "squared_error" else 1.0

    @cached_property
    def batch(self) -> int:
        """Rows of a batch, at most all."""
        size, rows = self.estimator.batch_size, len(self.given.train)
        if size == "auto":
            return min(200, rows)
        if size > rows:
            warn("Got `batch_size` less than 1 or larger than sample size. It is going to be clipped")
        return int(min(size, rows))

    def _watch(self) -> population.Watch:
        """What is watched on the validation rows, and who is told of every epoch."""
        estimator, heard = self.estimator, self.tasks.heard and not self.incremental
        patience = estimator.n_iter_no_change + 1
        return population.Watch(
            stops=watched(estimator) != "nothing",
            judge=judge_of(estimator, self.given),
            recorder=recorder_of(estimator, self.given),
            patience=patience,
            tolerance=estimator.tol,
            each=self._told if heard or estimator.verbose else None,
            by_epoch=heard,
        )

    def _told(self, report: Report) -> bool:
        """Print what a chunk of epochs measured, and tell the callbacks; True to stop."""
        estimator = self.estimator
        if estimator.verbose:
            for values in np.nanmean(report.metrics, axis=2):
                self.done += 1
                print(f"Iteration {self.done}, loss = {values[0]:.8f}")
                if self.given.valid is not None:
                    print(f"Validation score: {values[3]:.6f}")
        if not self.tasks.heard:
            return False
        nets = report.nets()
        stop = self.tasks.end_epoch(nets)
        if report.active.any() and not stop:
            self.tasks.begin_epoch(nets)
        return stop

    def _warn(self, outcome: population.FitOutcome) -> None:
        """What the user should know of how the training ended."""
        nets, frozen = len(outcome.nets), int(outcome.frozen.sum())
        if frozen:
            what = "the best weights on the validation set" if outcome.best_nets else "their last finite weights"
            first = int((outcome.frozen & (outcome.best == 0)).sum()) if outcome.best_nets else 0
            what += f" ({first} of them, without a finite epoch, the initial weights)" if first else ""
            text = f"{frozen} of {nets} nets diverged to non-finite values; they keep {what}."
            warn(text, ConvergenceWarning)
        if outcome.interrupted:
            warn("Training interrupted by user.")
        open_ended = int((~outcome.converged & ~outcome.frozen).sum())
        if open_ended and not self.incremental and not outcome.interrupted and not outcome.ended:
            which = "" if nets == 1 else f" ({open_ended} of {nets} nets)"
            warn(
                f"Stochastic Optimizer: Maximum iterations ({self.epochs}) reached and the optimization hasn't "
                f"converged yet{which}.",
                ConvergenceWarning,
            )


def fit(estimator: Any, x: Any, y: Any, sample_weight: Any, *, incremental: bool) -> None:
    """Train an estimator; `incremental` for one epoch that goes on from the last."""
    EstimatorFit(estimator, incremental=incremental).run(x, y, sample_weight)
