"""Rules between the fields of a recipe: what goes together, what has no effect without what."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from goodfit.errors import InputError, problem
from goodfit.nets.member_parts import FULL

Values = Mapping[str, Any]
Found = tuple[frozenset[str], str]  # the fields that a problem is about, and its text

LEARNING_RATES = {  # the learning rate where none is given, by optimiser
    "sgd": 0.1,
    "adam": 0.001,
    "adamw": 0.001,
    "rmsprop": 0.001,
    "lion": 0.0001,
    "lbfgs": 1.0,
}
BINS, MOST_BINS = 16, 1024  # of an encoded feature: where no number is asked for, and at most
FREQUENCIES, FREQUENCY_SCALE, COMPONENTS = 16, 0.1, 3  # of the encoding pbld, as in RealMLP-TD
LARGEST_FREQUENCY_SCALE = 1000.0  # beyond it a cosine turns many times within the rounding of a float32
PERIODIC = "frequencies", "frequency_scale", "components", "encoding_rate"  # fields that only pbld has
EMBED_ABOVE = 8  # categories up to which each has an input of its own, as in RealMLP-TD
MOST_MEMBERS = 256
MEMBERS_OFF = {"member_form": FULL, "member_init": "signs"}  # what a recipe of one member must have
ALONE = {"members": 1, **MEMBERS_OFF}  # changes of a recipe to one of a net of one member
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)  # of quantiles, where no others were asked for
LEVELS_RULE = "rise between 0 and 1, symmetric about 0.5, which must be among them"
WEIGHT_DECAY = 0.01  # of adamw that was asked for; without, it would be adam. docs/recipe.md says how it was chosen
SCHEDULED: dict[str, tuple[tuple[str, ...], str]] = {  # schedule -> fields, one of which it needs, and a common value
    "dropout_schedule": (("dropout", "input_dropout"), "a dropout such as 0.2"),
    "decay_schedule": (("weight_decay",), f"a weight decay such as {WEIGHT_DECAY}"),
}
STOCHASTIC = ("sgd", "adam", "adamw", "rmsprop", "lion")  # optimisers that work with noisy gradients of batches


@dataclass(frozen=True)
class Applies:
    """`field` has an effect only where field `of` has one of the values `among`; elsewhere it must be `off`."""

    field: str
    of: str
    among: tuple[str | bool, ...]
    off: Any

    def holds(self, values: Values) -> bool:
        """Whether the field has an effect, or is switched off."""
        value = values[self.field]
        parts = value if isinstance(value, tuple) else (value,)
        return values[self.of] in self.among or value == self.off or all(part == self.off for part in parts)


APPLIES = (
    Applies(
        "init_scale",
        "init",
        (
            "normal",
            "uniform",
            "constant",
            "xavier-normal",
            "xavier-uniform",
            "he-normal",
            "he-uniform",
            "lecun-normal",
            "orthogonal",
        ),
        None,
    ),
    Applies("init_bias", "bias", (True,), "zeros"),
    Applies("init_bias_value", "init_bias", ("constant",), 0.0),
    Applies("dropout", "optimizer", STOCHASTIC, 0.0),
    Applies("input_dropout", "optimizer", STOCHASTIC, 0.0),
    Applies("target_transform", "loss", ("auto", "squared-error", "absolute-error", "huber", "quantile"), "none"),
    Applies("levels", "loss", ("quantile",), LEVELS),
    Applies("clip_predictions", "loss", ("auto", "squared-error", "absolute-error", "huber"), False),
    Applies("bins", "encoding", ("piecewise",), BINS),
    Applies("frequencies", "encoding", ("pbld",), FREQUENCIES),
    Applies("frequency_scale", "encoding", ("pbld",), FREQUENCY_SCALE),
    Applies("components", "encoding", ("pbld",), COMPONENTS),
    Applies("huber_delta", "loss", ("huber",), 1.0),
    Applies("label_smoothing", "loss", ("auto", "cross-entropy", "binary-cross-entropy"), 0.0),
    Applies("class_weight", "loss", ("auto", "cross-entropy"), None),
    Applies("l1", "optimizer", STOCHASTIC, 0.0),
    Applies("penalize_biases", "bias", (True,), False),
    Applies("weight_decay", "optimizer", ("adamw", "lion"), 0.0),
    Applies("learning_rate", "optimizer", STOCHASTIC, LEARNING_RATES["lbfgs"]),
    Applies("bias_rate", "optimizer", STOCHASTIC, 1.0),
    Applies("bias_rate", "bias", (True,), 1.0),
    Applies("scaling_rate", "optimizer", STOCHASTIC, 1.0),
    Applies("scaling_rate", "train_scaling", (True,), 1.0),
    Applies("mixture_rate", "optimizer", STOCHASTIC, 1.0),
    Applies("mixture_rate", "train_mixture", (True,), 1.0),
    Applies("members", "optimizer", STOCHASTIC, 1),
    Applies("embed_above", "train_embedding", (True,), EMBED_ABOVE),
    Applies("embedding_size", "train_embedding", (True,), None),
    Applies("embedding_rate", "optimizer", STOCHASTIC, 1.0),
    Applies("embedding_rate", "train_embedding", (True,), 1.0),
    Applies("encoding_rate", "optimizer", STOCHASTIC, 1.0),
    Applies("encoding_rate", "encoding", ("pbld",), 1.0),
    Applies("momentum", "optimizer", ("sgd",), 0.0),
    Applies("nesterov", "optimizer", ("sgd",), False),
    Applies("beta1", "optimizer", ("adam", "adamw", "lion"), None),
    Applies("beta2", "optimizer", ("adam", "adamw", "lion", "rmsprop"), None),
    Applies("epsilon", "optimizer", ("adam", "adamw", "rmsprop"), 1e-8),
    Applies("schedule", "optimizer", STOCHASTIC, "constant"),
    Applies("warmup", "optimizer", STOCHASTIC, 0.0),
    Applies("schedule_rate", "schedule", ("step", "exponential"), 0.1),
    Applies("schedule_epochs", "schedule", ("step", "exponential"), 10.0),
    Applies("final_rate", "schedule", ("cosine", "flat-cosine", "one-cycle"), 0.0),
    Applies("dropout_schedule", "optimizer", STOCHASTIC, "constant"),
    Applies("decay_schedule", "optimizer", ("adamw", "lion"), "constant"),
    Applies("clip_norm", "optimizer", STOCHASTIC, None),
)


def dependent_defaults(given: Values, defaults: Values) -> dict[str, Any]:
    """Defaults that follow from what was given: the optimiser's learning rate and decay; off, where one does not fit.

    given: the fields that the user set; defaults: the declared default of every field. Only fields that were not
    given are returned.
    """
    found: dict[str, Any] = {}
    values = {**defaults, **given}
    if "learning_rate" not in given and values["optimizer"] in LEARNING_RATES:
        found["learning_rate"] = LEARNING_RATES[values["optimizer"]]
    if "weight_decay" not in given and given.get("optimizer") == "adamw":
        found["weight_decay"] = values["weight_decay"] = WEIGHT_DECAY
    if "warmup" not in given and values["warmup"] >= values["epochs"]:
        found["warmup"] = values["warmup"] = 0.0
    for rule in APPLIES:
        if rule.field not in given and not rule.holds(values):
            found[rule.field] = values[rule.field] = rule.off
    return found


def problems_between(values: Values) -> Iterator[Found]:
    """Every rule between fields that the values, each valid by itself, break."""
    for rule in APPLIES:
        if not rule.holds(values):
            yield frozenset({rule.field, rule.of}), _no_effect(rule, values)
    for check in CHECKS:
        yield from check(values)


def _no_effect(rule: Applies, values: Values) -> str:
    return problem(
        "Recipe",
        f"'{rule.field}' must be {_text(rule.off)} with {rule.of} {_quoted(values[rule.of])}",
        got=values[rule.field],
        # the default of tables takes the encoding from the field, where nothing else is known of the recipe
        fix=f"Add 'encoding' {rule.among[0]}."
        if rule.of == "encoding" and values["encoding"] == "none"
        else f"It has an effect only with {rule.of} {', '.join(map(_text, rule.among))}.",
    )


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "none" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _quoted(value: Any) -> str:
    return _text(value) if isinstance(value, bool) else f"'{value}'"


def one_a_layer(values: Values) -> Iterator[Found]:
    """A list over hidden layers has one entry for each of them."""
    count = len(values["hidden"])
    for field, noun in (("activation", "name"), ("dropout", "rate")):
        value = values[field]
        if isinstance(value, tuple) and len(value) != count:
            rule = f"'{field}' must list one {noun} for each of the {count} hidden layers"
            fix = f"Give {count}, or a single {noun} for all layers." if count else f"Give a single {noun}."
            yield frozenset({"hidden", field}), problem("Recipe", rule, got=value, fix=fix)


def scale_has_size(values: Values) -> Iterator[Found]:
    """A spread or a gain is positive; only the constant may be zero or negative."""
    scale = values["init_scale"]
    if scale is not None and values["init"] != "constant" and scale <= 0:
        rule = f"'init_scale' must be a finite number > 0 with init '{values['init']}'"
        fix = "For weights of zero use init zeros."
        yield frozenset({"init", "init_scale"}), problem("Recipe", rule, got=scale, fix=fix)


def nesterov_has_momentum(values: Values) -> Iterator[Found]:
    """Nesterov's step looks ahead along the momentum."""
    if values["nesterov"] and values["optimizer"] == "sgd" and values["momentum"] == 0:
        rule = "'momentum' must be > 0 with 'nesterov'"
        fix = "A common value is 0.9."
        yield frozenset({"nesterov", "momentum"}), problem("Recipe", rule, got=values["momentum"], fix=fix)


def schedules_have_a_subject(values: Values) -> Iterator[Found]:
    """A schedule of dropout or weight decay has no effect where these are 0."""
    refused = {rule.field for rule in APPLIES if rule.field in SCHEDULED and not rule.holds(values)}
    for field in idle_schedules(values):
        if field in refused:  # by its own rule, which asks for the same
            continue
        subjects, such = SCHEDULED[field]
        names = f"{' and '.join(map(repr, subjects))} {'are' if len(subjects) > 1 else 'is'} 0"
        if not values["hidden"] and is_on(values.get("dropout", 0)) and "dropout" in subjects:
            names, such = "there is no hidden layer and 'input_dropout' is 0", "an input_dropout such as 0.2"
        rule, fix = f"'{field}' must be constant where {names}", f"Use {field}=constant, or {such}."
        yield frozenset({field, "hidden", *subjects}), problem("Recipe", rule, got=values[field], fix=fix)


def idle_schedules(values: Values) -> list[str]:
    """The schedules among the values that have no effect; only those of which the values have all subjects."""
    return [
        field
        for field, (subjects, _) in SCHEDULED.items()
        if values.get(field, "constant") != "constant"
        and all(name in values and not _acts(values, name) for name in subjects)
    ]


def _acts(values: Values, name: str) -> bool:
    """Whether a strength is above 0, and has something to act on: dropout has hidden layers."""
    return is_on(values[name]) and (name != "dropout" or values.get("hidden") != ())


def as_stored(values: Values) -> dict[str, Any]:
    """The fields of a recipe from a file. Earlier versions took schedules that have no effect, and wrote all fields."""
    return {**values, **dict.fromkeys(idle_schedules(values), "constant")}


def with_schedules_off(recipe: Any, changes: Values) -> dict[str, Any]:
    """Changes of a recipe, and with them its schedules off that would have no effect then."""
    schedules = {name: getattr(recipe, name) for name in SCHEDULED if name not in changes}
    off = dict.fromkeys(schedules, "constant")
    if schedules == off:
        return dict(changes)
    try:
        changed = dict(recipe.replace(**changes, **off))  # with the decay that follows from another optimiser
    except InputError:
        return {**changes, **off}  # what is wrong is something else
    values = {**changed, **schedules}
    idle = {*idle_schedules(values), *(rule.field for rule in APPLIES if not rule.holds(values))}
    return {**changes, **{name: "constant" for name in schedules if name in idle}}


def with_idle_off(recipe: Any, changes: Values) -> dict[str, Any]:
    """Changes of a recipe, and with them those of its own fields off that have no effect with a changed one."""
    found, values = dict(changes), {**dict(recipe), **changes}
    for rule in APPLIES:
        if rule.field not in changes and rule.of in found and not rule.holds(values):
            found[rule.field] = values[rule.field] = rule.off
    return with_schedules_off(recipe, found)


def is_on(rate: float | tuple[float, ...]) -> bool:
    """Whether a strength, or one of a layer's, is above 0."""
    return any(rate) if isinstance(rate, tuple) else rate != 0


def warmup_ends(values: Values) -> Iterator[Found]:
    """The warm-up is over before the training is."""
    if values["warmup"] >= values["epochs"] and values["warmup"] > 0:
        rule = f"'warmup' must be less than 'epochs', which is {values['epochs']}"
        yield frozenset({"warmup", "epochs"}), problem("Recipe", rule, got=values["warmup"], fix="Both count epochs.")


def weights_choose(values: Values) -> Iterator[Found]:
    """Class weights name at least two classes, and do not silence all of them."""
    weights = values["class_weight"]
    if isinstance(weights, tuple) and (len(weights) < 2 or not any(weights)):
        rule = "'class_weight' must list one number >= 0 for each class, not all zero"
        yield (
            frozenset({"class_weight"}),
            problem("Recipe", rule, got=weights, fix="Use balanced for inverse class frequencies."),
        )


def folds_leave_rows(values: Values) -> Iterator[Found]:
    """With one fold nothing would be left to learn from."""
    if values["fold_members"] == 1:
        rule = "'fold_members' must be 0, or an integer >= 2"
        yield frozenset({"fold_members"}), problem("Recipe", rule, got=1, fix="Use 5, or 0 to switch it off.")


def levels_pair(values: Values) -> Iterator[Found]:
    """The median is what is predicted, and quantiles on both sides of it are the ends of intervals."""
    levels = values["levels"]
    if not are_levels(levels):
        rule = f"'levels' must {LEVELS_RULE}"
        yield frozenset({"levels"}), problem("Recipe", rule, got=levels, fix="For example, 0.05,0.5,0.95.")


def are_levels(levels: Sequence[float]) -> bool:
    """Whether quantiles of these levels can be trained together."""
    several = len(levels) > 1 and levels[0] > 0 and levels[-1] < 1 and 0.5 in levels
    return several and all(
        low < high and abs(low + other - 1) < 1e-9
        for low, high, other in zip(levels, [*levels[1:], 2.0], levels[::-1], strict=True)
    )


def levels_of(recipe: Any) -> tuple[float, ...]:
    """The levels of the quantiles that a recipe trains; () for one that trains none."""
    levels: tuple[float, ...] = recipe.levels if recipe.loss == "quantile" else ()
    return levels


def last_width(recipe: Any, outputs: int) -> int:
    """The width of the last layer as it is trained: the outputs of all members, for every level of quantiles."""
    return outputs * max(1, len(levels_of(recipe))) * int(recipe.members)


def hyperplanes_move(values: Values) -> Iterator[Found]:
    """Hyperplanes go through points of the data by means of their biases."""
    if values["init_data"] != "hyperplanes":
        return
    if not values["bias"]:
        rule, fix = "'bias' must be on with init_data 'hyperplanes'", "Use init_data variance."
        yield frozenset({"init_data", "bias"}), problem("Recipe", rule, got=False, fix=fix)
    elif values["init_bias"] != "zeros":
        rule = "'init_bias' must be zeros with init_data 'hyperplanes', which sets the biases"
        yield frozenset({"init_data", "init_bias"}), problem("Recipe", rule, got=values["init_bias"])


def embeddings_have_no_l1(values: Values) -> Iterator[Found]:
    """The weights of a category are products of what is trained: no proximal step makes them 0."""
    if values["train_embedding"] and values["l1"] > 0:
        rule, fix = "'l1' must be 0 with train_embedding on", "Use l2, or weight_decay."
        yield frozenset({"train_embedding", "l1"}), problem("Recipe", rule, got=values["l1"], fix=fix)


def members_share_layers(values: Values) -> Iterator[Found]:
    """Members differ in a scaling of the first hidden layer, and predict by the mean of one kind of numbers."""
    if values["members"] == 1:
        for field, off in MEMBERS_OFF.items():
            if values[field] != off:
                fix = f"Give 'members', such as 16, or leave {field} out."
                rule = f"'{field}' must be {off} with one member"
                yield frozenset({field, "members"}), problem("Recipe", rule, got=values[field], fix=fix)
        return
    count, one = values["members"], "'members' must be 1"
    if not values["hidden"]:
        fix = "Give hidden layers: members share their weights."
        yield frozenset({"members", "hidden"}), problem("Recipe", f"{one} without hidden layers", got=count, fix=fix)
    if values["loss"] == "quantile":
        fix = "Use several seeds, whose quantiles are averaged."
        yield frozenset({"members", "loss"}), problem("Recipe", f"{one} with loss quantile", got=count, fix=fix)
    if values["init_data"] != "none":
        rule = f"{one} with init_data '{values['init_data']}', which fits the weights of one net to rows"
        yield frozenset({"members", "init_data"}), problem("Recipe", rule, got=count, fix="Use init_data none.")


CHECKS: tuple[Callable[[Values], Iterator[Found]], ...] = (
    one_a_layer,
    scale_has_size,
    nesterov_has_momentum,
    schedules_have_a_subject,
    warmup_ends,
    weights_choose,
    folds_leave_rows,
    hyperplanes_move,
    levels_pair,
    embeddings_have_no_l1,
    members_share_layers,
)
