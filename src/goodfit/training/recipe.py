"""The recipe: all that decides a training, declared once for Python, files, the command line and forms."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from goodfit.errors import InputError, problem
from goodfit.files import write_atomically
from goodfit.nets.member_parts import FULL
from goodfit.training import recipe_names as kinds
from goodfit.training.recipe_fields import FieldRule, read_fields
from goodfit.training.recipe_files import found_in, parsed
from goodfit.training.recipe_given import field_problems, plain_value
from goodfit.training.recipe_rules import (
    BINS,
    COMPONENTS,
    EMBED_ABOVE,
    FREQUENCIES,
    FREQUENCY_SCALE,
    LARGEST_FREQUENCY_SCALE,
    LEARNING_RATES,
    LEVELS,
    MOST_BINS,
    MOST_MEMBERS,
    WEIGHT_DECAY,
    as_stored,
    dependent_defaults,
    problems_between,
)
from goodfit.wiring import provided

LARGEST_SEED = 2**32 - 1
_BETAS = {"lion": (0.9, 0.99), "rmsprop": (0.0, 0.9)}
_USUAL_BETAS = (0.9, 0.999)
_OFF = {"fix": "Use 0 to switch it off."}
_V = TypeVar("_V")


class Recipe(BaseModel):
    """All that decides a training: architecture, initialiser, loss, penalties, optimiser, schedule, stopping, seed.

    Immutable, and valid by construction: anything that is wrong raises one InputError that names every problem.
    Lists, ranges and NumPy values are accepted where tuples and numbers are declared. A field that is not given
    takes its default; a default that has no effect with the other fields (a weight decay with plain SGD) is switched
    off, and the default learning rate is the optimiser's. So is the weight decay: 0.01 where `optimizer` is given as
    "adamw", and 0 else, also for a recipe that leaves the optimiser to its default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    hidden: tuple[kinds.Units, ...] = Field(
        default=(512, 256),
        description="Units of each hidden layer, from input to output. none: linear or softmax regression.",
    )
    activation: kinds.ActivationName | tuple[kinds.ActivationName, ...] = Field(
        default="gelu", description="Activation of the hidden layers: one for all, or one per layer."
    )
    init: kinds.InitialiserName = Field(default="he-normal", description="Weight initialisation.")
    init_scale: float | None = Field(
        default=None,
        description="Scale of the initialisation: standard deviation of normal, half-width of uniform, value of "
        "constant, gain of the others. none: the initialiser's default.",
    )
    bias: bool = Field(default=True, description="Whether layers have biases.")
    init_bias: kinds.BiasInitialiserName = Field(default="zeros", description="Bias initialisation.")
    init_bias_value: float = Field(default=0.0, description="Value of the biases if init-bias is constant.")
    init_data: kinds.RowsInitialiserName = Field(
        default="none",
        description="Fitting of the initial weights to training rows. variance: each unit's are scaled so that its "
        "pre-activation has standard deviation 1; hyperplanes: and its bias puts it through points of the data.",
    )
    parametrization: kinds.ParametrizationName = Field(
        default="standard",
        description="What is trained of the weights. standard: the weights; ntk: the weights times the square root of "
        "the layer's inputs, so that wide layers learn more slowly ('neural tangent', Jacot et al., 2018).",
    )
    train_scaling: bool = Field(
        default=False, description="Whether a factor of every input of the first layer, 1 at first, is trained as well."
    )
    train_mixture: bool = Field(
        default=False,
        description="Whether each hidden unit trains the share a of its activation f, 1 at first: a f(z) + (1 - a) z.",
    )
    members: int = Field(
        default=1,
        ge=1,
        le=MOST_MEMBERS,
        description="Members of each net: they share its hidden layers, differ by scalings of units, have an output "
        "layer each, and predict together.",
    )
    member_form: kinds.MemberFormName = Field(
        default=FULL,
        description="What is a member's own. tabm: scalings of the inputs and outputs of every hidden layer, and "
        "offsets of its biases (Gorishniy et al., 2025); tabm-mini: the scaling of the first layer's inputs.",
    )
    member_init: kinds.MemberInitialiserName = Field(
        default="signs",
        description="First scaling of the first layer's inputs by each member. signs: 1 or -1; normal: N(0, 1). "
        "An input and the components of its encoding have the same. All other scalings begin at 1.",
    )
    train_embedding: bool = Field(
        default=False,
        description="Whether categories of a table enter by trained vectors: those of columns with more than "
        "embed-above. Rare and unseen ones share a vector.",
    )
    embed_above: int = Field(
        default=EMBED_ABOVE, ge=1, description="Categories up to which a column's have an input each (train-embedding)."
    )
    embedding_size: int | None = Field(
        default=None,
        ge=1,
        description="Size of the vectors of categories. none: by their number n, 1.6 n^0.56, as in fastai.",
    )
    dropout: kinds.Rate | tuple[kinds.Rate, ...] = Field(
        default=0.3,
        description="Dropout rate of the hidden layers: one for all, or one per layer.",
        json_schema_extra={"fix": "Use 0 to switch it off."},
    )
    input_dropout: kinds.Rate = Field(
        default=0.0,
        description="Dropout rate of the inputs; a dropped one takes the components of its encoding along.",
        json_schema_extra={**_OFF},
    )
    loss: kinds.LossName = Field(
        default="auto",
        description="Training loss. auto: cross-entropy for classification, squared error for regression, binary "
        "cross-entropy for multilabel targets. poisson: for targets >= 0, predicted as exp(output). quantile: the "
        "median and other quantiles.",
    )
    levels: tuple[kinds.Level, ...] = Field(default=LEVELS, description="Levels of the quantiles, symmetric about 0.5.")
    huber_delta: float = Field(
        default=1.0,
        gt=0,
        description="Residual up to which the Huber loss is quadratic, in units of the targets as scaled for training.",
    )
    label_smoothing: kinds.Rate = Field(
        default=0.0, description="Fraction of the target spread evenly over all classes.", json_schema_extra={**_OFF}
    )
    class_weight: Literal["balanced"] | tuple[kinds.Weight, ...] | None = Field(
        default=None, description="Weight of each class in the loss. balanced: inverse class frequencies."
    )
    l1: float = Field(
        default=0.0, ge=0, description="L1 penalty: adds l1 * sum|w| to the loss.", json_schema_extra={**_OFF}
    )
    l2: float = Field(
        default=0.0, ge=0, description="L2 penalty: adds l2/2 * sum w^2 to the loss.", json_schema_extra={**_OFF}
    )
    penalize_biases: bool = Field(default=False, description="Whether penalties and weight decay include biases.")
    weight_decay: float = Field(
        default=0.0,
        ge=0,
        description="Decoupled weight decay: each step shrinks weights by this times the learning rate. Default: "
        f"{WEIGHT_DECAY:g} if the optimizer is set to adamw, else 0.",
        json_schema_extra={**_OFF},
    )
    optimizer: kinds.OptimizerName = Field(
        default="adamw", description="Optimiser. lbfgs uses the full batch and ignores batch-size."
    )
    learning_rate: float = Field(
        default=LEARNING_RATES["adamw"],
        gt=0,
        description="Learning rate before the schedule. Default by optimiser: "
        + ", ".join(f"{rate:g} for {name}" for name, rate in LEARNING_RATES.items())
        + ".",
    )
    bias_rate: float = Field(
        default=1.0, ge=0, description="Learning rate of the biases, as a multiple of that of the weights."
    )
    scaling_rate: float = Field(
        default=1.0, ge=0, description="Learning rate of train-scaling, as a multiple of that of the weights."
    )
    mixture_rate: float = Field(
        default=1.0, ge=0, description="Learning rate of train-mixture, as a multiple of that of the weights."
    )
    embedding_rate: float = Field(
        default=1.0, ge=0, description="Learning rate of train-embedding, as a multiple of that of the weights."
    )
    encoding_rate: float = Field(
        default=1.0, ge=0, description="Learning rate of the encoding pbld, as a multiple of that of the weights."
    )
    momentum: kinds.Rate = Field(default=0.0, description="Momentum (sgd).", json_schema_extra={**_OFF})
    nesterov: bool = Field(default=False, description="Nesterov momentum (sgd).")
    beta1: kinds.Rate | None = Field(
        default=None, description="Decay rate of the first moment (adam, adamw, lion). none: the optimiser's default."
    )
    beta2: kinds.Rate | None = Field(
        default=None,
        description="Decay rate of the second moment (lion: of the momentum). none: the optimiser's default.",
    )
    epsilon: float = Field(
        default=1e-8, gt=0, description="Added to the denominator for stability (adam, adamw, rmsprop)."
    )
    schedule: kinds.ScheduleName = Field(default="cosine", description="Learning rate schedule.")
    warmup: float = Field(
        default=0.0,
        ge=0,
        description="Epochs of linear learning rate warmup before the schedule.",
        json_schema_extra={**_OFF},
    )
    schedule_rate: float = Field(
        default=0.1, gt=0, le=1, description="Decay factor of the learning rate (step, exponential)."
    )
    schedule_epochs: float = Field(default=10.0, gt=0, description="Epochs per decay factor (step, exponential).")
    final_rate: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="Final learning rate as a fraction of learning-rate (cosine, flat-cosine, one-cycle).",
    )
    dropout_schedule: kinds.PartScheduleName = Field(
        default="constant",
        description="Schedule of the dropout rates. flat-cosine: constant for half of the epochs, then falling to 0.",
    )
    decay_schedule: kinds.PartScheduleName = Field(
        default="constant", description="Schedule of the weight decay, beside that of the learning rate."
    )
    clip_norm: float | None = Field(
        default=None, gt=0, description="Maximum norm of a net's gradient; longer ones are clipped. none: no clipping."
    )
    batch_size: int = Field(
        default=256,
        ge=1,
        description="Batch size. If not given, reduced on small data (down to 16) for 32 steps per epoch.",
    )
    epochs: int = Field(default=25, ge=1, description="Maximum number of epochs.")
    patience: int = Field(
        default=0,
        ge=0,
        description="Early stopping: epochs without improvement before a net stops. 0: no early stopping.",
    )
    min_change: float = Field(
        default=0.0, ge=0, description="Early stopping: smallest change that counts as an improvement."
    )
    monitor: kinds.MonitorName = Field(
        default="loss",
        description="Validation metric that picks the best epoch: loss, score, or tempered-loss, the log loss after "
        "temperature scaling.",
    )
    ties: Literal["first", "last"] = Field(
        default="first", description="Which of equally good epochs counts as the best: the first or the last."
    )
    keep_best: bool = Field(
        default=True, description="Keep the weights of the best epoch, if there is a validation set."
    )
    scaling: kinds.ScalingName = Field(
        default="auto",
        description="Feature scaling. unit: by the largest value; standard: to mean 0 and standard deviation 1; "
        "robust: by median and quartiles, with a smooth clip; auto: chosen by the data set.",
    )
    encoding: kinds.EncodingName = Field(
        default="none",
        description="Encoding of the scaled features. piecewise: each with at least 3 distinct values also enters as "
        "one component per bin, bins at quantiles (Gorishniy et al., 2022); pbld: as components of cosines whose "
        "frequencies are trained (Holzmüller et al., 2024).",
    )
    bins: int = Field(default=BINS, ge=1, le=MOST_BINS, description="Bins of each encoded feature (piecewise).")
    frequencies: int = Field(
        default=FREQUENCIES, ge=1, le=MOST_BINS, description="Cosines of each encoded feature (pbld)."
    )
    frequency_scale: float = Field(
        default=FREQUENCY_SCALE,
        gt=0,
        le=LARGEST_FREQUENCY_SCALE,
        description="Standard deviation of the first frequencies (pbld).",
    )
    components: int = Field(
        default=COMPONENTS,
        ge=1,
        le=MOST_BINS,
        description="Sums of its cosines that each encoded feature also enters as (pbld).",
    )
    target_transform: kinds.TargetTransformName = Field(
        default="none",
        description="Transform of numeric targets, undone in predictions. log: targets > 0; log1p: targets > -1; "
        "yeo-johnson: power; quantile: to a normal distribution; auto: log for each positive target whose logarithms "
        "have a standard deviation of 1 or more and little skewness, else none.",
    )
    clip_predictions: bool = Field(
        default=False, description="Whether predicted numbers stay within the range of the training targets."
    )
    valid: kinds.Rate = Field(default=0.1, description="Fraction of the training data held out as validation set.")
    fold_members: int = Field(
        default=0,
        ge=0,
        description="Number of folds: every net learns from all but one, which validates it, and the nets of all folds "
        "predict together; valid is then not used. 0: one validation set for all nets.",
        json_schema_extra={**_OFF},
    )
    refit: bool = Field(
        default=False, description="Train the final nets on training and validation data, as long as validation chose."
    )
    seed: int = Field(default=0, ge=0, le=LARGEST_SEED, description="Random seed.")

    if not TYPE_CHECKING:  # type checkers read the fields above as the arguments

        def __init__(self, **given: Any) -> None:
            given = {name: plain_value(name, value) for name, value in given.items()}
            problems: list[str] = []
            bad: frozenset[str] = frozenset()
            try:
                super().__init__(**given)
            except ValidationError as error:
                problems, bad = field_problems(error, given, _fields())
                given = {name: value for name, value in given.items() if name not in bad}
                super().__init__(**given)
            self.__dict__.update(dependent_defaults(given, self.__dict__))
            problems += [text for fields, text in problems_between(self.__dict__) if not fields & bad]
            if problems:
                raise InputError(*problems)

        @classmethod
        def model_validate(cls, obj: Any, **_: Any) -> Recipe:
            """A recipe from a mapping of fields; the same as Recipe(**obj)."""
            return obj if isinstance(obj, cls) else cls.from_mapping(obj)

    @property
    def activations(self) -> tuple[str, ...]:
        """The activation of each hidden layer."""
        return _one_a_layer(self.activation, str, len(self.hidden))

    @property
    def dropouts(self) -> tuple[float, ...]:
        """The dropout rate after each hidden layer, in [0, 1)."""
        return _one_a_layer(self.dropout, float, len(self.hidden))

    @property
    def betas(self) -> tuple[float, float]:
        """(beta1, beta2) as the optimiser uses them: what was given, else its own."""
        first, second = _BETAS.get(self.optimizer, _USUAL_BETAS)
        return first if self.beta1 is None else self.beta1, second if self.beta2 is None else self.beta2

    @property
    def given(self) -> dict[str, Any]:
        """The fields that were given, in order: all others are defaults."""
        return {name: getattr(self, name) for name in type(self).model_fields if name in self.model_fields_set}

    def replace(self, **changes: Any) -> Recipe:
        """A copy with other fields; defaults that were not given follow the new values."""
        return Recipe(**{**self.given, **changes})

    @classmethod
    def fields(cls) -> dict[str, FieldRule]:
        """What each field means and may hold, in order: for flags, forms and messages."""
        return _fields()

    @classmethod
    def from_mapping(cls, values: object, *, where: str = "Recipe") -> Recipe:
        """A recipe from the fields of a mapping, such as those in a file; `where` names the source in errors.

        A schedule without effect, which a recipe that is given anew must not have, is constant if all fields are there.

        values: field -> value; fields may be missing
        """
        if not isinstance(values, Mapping) or not all(isinstance(name, str) for name in values):
            raise InputError(problem(where, "must be an object of recipe fields", got=values))
        try:
            return Recipe(**as_stored({name: plain_value(name, value) for name, value in values.items()}))
        except InputError as error:
            raise InputError(*(where + text.removeprefix("Recipe") for text in error.problems)) from None

    @classmethod
    def from_json(cls, text: str, *, where: str = "Recipe") -> Recipe:
        """A recipe from JSON as `to_json` writes it; fields may be missing, unknown ones are an error.

        text: the JSON
        where: the source, as errors name it
        """
        return cls.from_mapping(parsed(text, where), where=where)

    @classmethod
    def from_file(cls, path: str | Path) -> Recipe:
        """A recipe from a JSON file, from the `recipe.json` of a run's folder, or the winner of a search's folder."""
        values, where = found_in(path)
        return cls.from_mapping(values, where=where)

    def _repr_html_(self) -> str:
        """What a notebook shows."""
        return str(provided("show in a notebook")(self))

    def to_json(self) -> str:
        """All fields as JSON text, one a line, in the order of declaration."""
        return json.dumps(self.to_dict(), indent=2) + "\n"

    def to_dict(self) -> dict[str, Any]:
        """All fields as JSON has them, in the order of declaration."""
        return self.model_dump(mode="json")

    def to_file(self, path: str | Path) -> None:
        """Write `to_json` to a file, whole or not at all."""
        write_atomically(path, self.to_json().encode())


@functools.cache
def _fields() -> dict[str, FieldRule]:
    return read_fields(Recipe.model_json_schema())


def _one_a_layer(value: _V | tuple[_V, ...], kind: type[_V], layers: int) -> tuple[_V, ...]:
    return (value,) * layers if isinstance(value, kind) else tuple(value)  # type: ignore[arg-type]
