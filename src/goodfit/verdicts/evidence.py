"""What a verdict rests on: the errors of a recipe and of its alternatives, and the decision."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from goodfit.training.recipe import Recipe
from goodfit.verdicts.deciding import Decision
from goodfit.verdicts.probes import Alternative

LOG_LOSS = "log loss"


@dataclass(frozen=True, eq=False, repr=False)
class VerdictEvidence:
    """What was measured of a recipe and its alternatives, and what it decides.

    recipe: that was judged.
    data_name: of the data set.
    decision: the statistics behind it.
    probes: the alternatives, one for each of `decision.gains`.
    errors: [1 + probes, J] on held-out rows, the recipe first. nan where a net diverged, and where an alternative was
    settled and so not measured any more.
    training: likewise in training.
    half: [up to J], with half the rows.
    what: is measured ("log loss", "R²", "accuracy", "exact match"). Errors are log losses, or 1 minus what is measured.
    constant: the error of the best constant prediction.
    folds, repeats, seeds: that were measured.
    early: nets were stopped at the epoch that is best on other folds, as the recipe keeps its best epoch.
    epochs: after which the recipe's nets were taken, on average.
    measured_rows, learning_rows: rows that were measured, and those that may learn.
    shortened: epochs that trainings were cut to, None where they were not.
    whole: minutes that all rows and epochs are predicted to take.
    few: the share of the rows that holds half of the targets' variance, where it is small; None else.
    nets: that were trained.
    seconds: that it took.
    share: these as a multiple of what the run's own training took, None without a run.
    transform: of the targets, that makes more of few rows count; "" where none is known, or one is set.
    notes: what else must be known of the rows, or of the run itself, in sentences.
    quick: whether it was asked to be, so that it is made small whatever time is given.
    out_of_time: whether what is open was not measured again, since there was no time for it.
    """

    recipe: Recipe
    data_name: str
    decision: Decision
    probes: tuple[Alternative, ...]
    errors: NDArray[np.float64]
    training: NDArray[np.float64]
    half: NDArray[np.float64]
    what: str
    constant: float
    folds: int
    repeats: int
    seeds: int
    early: bool
    epochs: float
    measured_rows: int
    learning_rows: int
    shortened: int | None
    whole: float
    few: float | None
    nets: int
    seconds: float
    share: float | None = None
    quick: bool = False
    transform: str = ""
    notes: tuple[str, ...] = ()
    out_of_time: bool = False

    @property
    def kind(self) -> str:
        """One of the seven words."""
        return self.decision.kind

    @property
    def best(self) -> Alternative | None:
        """The probe with the best lower bound among those that are surely better."""
        return None if self.decision.best is None else self.probes[self.decision.best]

    @property
    def advice(self) -> Recipe | None:
        """The recipe with the change that is surely better; None where there is none."""
        return None if self.best is None else self.best.applied(self.recipe)

    @property
    def sampled(self) -> bool:
        """Whether it was measured on less than the recipe's own rows and epochs."""
        return self.measured_rows < self.learning_rows or self.shortened is not None

    def shown(self, error: float) -> float:
        """An error as what is measured."""
        return error if self.what == LOG_LOSS else 1.0 - error
