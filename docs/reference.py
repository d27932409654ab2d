"""Writes what follows from declarations: recipe.md, the table in data.md, and that of folders in CONTRIBUTING.md.

`make docs` runs it; `tests/test_docs.py` fails where the files on disk are not what it would write.
"""

from __future__ import annotations

import ast
import graphlib
import math
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from goodfit.data import Entry, describe, names
from goodfit.nets.activations import ACTIVATIONS, SATURATED_DERIVATIVE, Activation
from goodfit.nets.initialisers import BIAS_INITIALISERS, INITIALISERS, Initialiser
from goodfit.nets.losses import DEFAULT_LOSSES, LOSSES
from goodfit.training.named_recipes import NAMED
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_fields import FieldRule, to_text
from goodfit.training.recipe_rules import APPLIES, CHECKS, LEARNING_RATES, STOCHASTIC
from goodfit.training.schedules import Schedule

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))  # so that this runs as a script, too

from docs.site.reference import fields  # noqa: E402
from docs.site.reference.markdown import code, number, table  # noqa: E402

IMPORTED = re.compile(r"^\s*from goodfit\.(\w+)", re.MULTILINE)
BEGIN, END = "<!-- begin: written by `make docs` -->", "<!-- end -->"
VARIANCES = {  # initialiser -> its variance; `checked_variance` compares it with the declaration
    "torch": "1 / (3 * fan_in)",
    "normal": "scale**2",
    "uniform": "scale**2 / 3",
    "constant": "0",
    "zeros": "0",
    "xavier-normal": "2 * scale**2 / (fan_in + fan_out)",
    "xavier-uniform": "2 * scale**2 / (fan_in + fan_out)",
    "he-normal": "scale**2 / fan_in",
    "he-uniform": "scale**2 / fan_in",
    "lecun-normal": "scale**2 / fan_in",
    "orthogonal": "scale**2 / max(fan_in, fan_out)",
}
OPTIMISERS = {  # name -> the direction of a step; g is the gradient, penalties included
    "sgd": "g; with momentum: the sum of all past g, each decayed by `momentum` per step",
    "adam": "m / (sqrt(v) + epsilon), where m and v are bias-corrected running means of g and g^2",
    "adamw": "as adam, with decoupled weight decay: weights also shrink by learning rate * `weight_decay`",
    "rmsprop": "g / (sqrt(v) + epsilon), where v is a running mean of g^2",
    "lion": "sign(beta1 m + (1 - beta1) g), where m is a running mean of g with `beta2`; `weight_decay` as in adamw",
    "lbfgs": "full-batch L-BFGS, one iteration per epoch; a line search sets the step length, so `learning_rate` and "
    "`batch_size` have no effect",
}
SCHEDULES = {  # name -> the factor of the learning rate; t: epochs since warmup, T: epochs from there to the end
    "constant": "1",
    "step": "schedule_rate ^ floor(t / schedule_epochs)",
    "exponential": "schedule_rate ^ (t / schedule_epochs)",
    "cosine": "final_rate + (1 - final_rate) (1 + cos(pi t / T)) / 2",
    "flat-cosine": "1 for the first half of T, then cosine down to final_rate",
    "coslog4": "(1 - cos(2 pi log2(1 + 15 t / T))) / 2: four waves, each twice as long as the one before",
    "one-cycle": "cosine from 1/25 up to 1 over the first 30 % of T, then cosine down to final_rate",
}
CHECK_WORDS = {  # rule between fields -> what it asks for
    "one_a_layer": "a list of activations or dropout rates has one entry per hidden layer;",
    "scale_has_size": "`init_scale` is greater than 0, except for `constant`;",
    "nesterov_has_momentum": "`nesterov` needs a `momentum` greater than 0;",
    "schedules_have_a_subject": "`dropout_schedule` needs `dropout` or `input_dropout` greater than 0, and "
    "`decay_schedule` a `weight_decay`;",
    "warmup_ends": "`warmup` is less than `epochs`;",
    "weights_choose": "`class_weight` lists one number per class, not all of them 0;",
    "folds_leave_rows": "`fold_members` is 0, or 2 or more;",
    "hyperplanes_move": "`init_data` hyperplanes needs `bias`, and `init_bias` zeros, as it sets the biases;",
    "levels_pair": "`levels` rise, symmetric about 0.5, which is among them;",
    "embeddings_have_no_l1": "`l1` is 0 with `train_embedding`;",
    "members_share_layers": "`members` more than 1 need hidden layers, and neither loss quantile nor `init_data`.",
}
EPOCHS, SHOWN = 40, (0, 5, 12, 20, 30, 39)  # of the example in the table of schedules


def documents() -> dict[Path, str]:
    """What every file that this script writes should hold."""
    data, contributing = HERE / "data.md", HERE.parent / "CONTRIBUTING.md"
    return {
        HERE / "recipe.md": recipe_page(),
        data: between(data.read_text("utf-8"), data_table()),
        contributing: between(contributing.read_text("utf-8"), folder_table()),
    }


def between(page: str, text: str) -> str:
    """The page with the text between BEGIN and END replaced."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{text}\n{END}{after}"


def folder_table() -> str:
    """The folders of the package, the highest first: what each says of itself, and what it imports."""
    rows = []
    for folder, below in folders(HERE.parent / "src" / "goodfit"):
        said = ast.get_docstring(ast.parse((folder / "__init__.py").read_text("utf-8"))) or ""
        rows.append((code(f"{folder.name}/"), said.splitlines()[0], ", ".join(map(code, sorted(below)))))
    return table(("folder", "holds", "imports"), rows)


def folders(package: Path) -> list[tuple[Path, set[str]]]:
    """Every folder with the folders whose names its files import, so that each stands above all that it imports."""
    names = {path.parent.name: path.parent for path in package.glob("*/__init__.py")}
    found = {
        name: {other for file in folder.rglob("*.py") for other in IMPORTED.findall(file.read_text("utf-8"))}
        & (names.keys() - {name})
        for name, folder in names.items()
    }
    order = list(
        graphlib.TopologicalSorter({name: sorted(below) for name, below in sorted(found.items())}).static_order()
    )
    return [(names[name], found[name]) for name in reversed(order)]


def data_table() -> str:
    """The built-in data sets."""
    columns = ("name", "description", "task", "rows", "official test set", "features", "outputs", "parameters")
    return table(columns, (_data_row(describe(name)) for name in names()))


def _data_row(entry: Entry) -> Sequence[str]:
    parameters = ", ".join(f"`{name}={value}`" for name, value in entry.parameters.items())
    counts = (f"{count:,}" for count in (entry.rows, entry.test_rows, entry.inputs, entry.outputs))
    return (code(entry.name), entry.about, entry.task, *counts, parameters)


def recipe_page() -> str:
    """All of recipe.md."""
    parts = [
        "# The recipe",
        "<!-- Written by `make docs` from the declarations in src/goodfit. Change those, not this file. -->",
        INTRODUCTION,
        "## Fields",
        *_field_tables(),
        "## Fields that depend on each other",
        RULES,
        "\n".join(f"- {CHECK_WORDS[check.__name__]}" for check in CHECKS),
        "## Named recipes",
        NAMED_RECIPES,
        _named_table(NAMED),
        "## Activations",
        ACTIVATION_NOTES,
        table(ACTIVATION_COLUMNS, map(_activation_row, ACTIVATIONS.values())),
        "## Initialisers",
        INITIALISER_NOTES,
        table(INITIALISER_COLUMNS, (_initialiser_row(each, "weights") for each in INITIALISERS.values())),
        "Biases:",
        table(INITIALISER_COLUMNS, (_initialiser_row(each, "biases") for each in BIAS_INITIALISERS.values())),
        "## Losses",
        LOSS_NOTES,
        table(("name", "task", "loss per example", "prediction", "source"), _loss_rows()),
        "## Optimisers",
        OPTIMISER_NOTES,
        table(("name", "update direction", "learning rate", "beta1", "beta2", "other fields"), _optimiser_rows()),
        "## Schedules",
        SCHEDULE_NOTES,
        table(("name", "factor of the learning rate", *(f"epoch {epoch}" for epoch in SHOWN)), _schedule_rows()),
    ]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


INTRODUCTION = """
A recipe holds all hyperparameters of a training. Each field below is an argument of `goodfit.Recipe`, a key of a recipe
file and a flag of `goodfit train`: `batch_size` becomes `--batch-size`, lists have commas (`--hidden 256,128`),
booleans are `--nesterov` and `--no-nesterov`, and `none` stands for None.

```python
import goodfit as gf

recipe = gf.Recipe(hidden=(64, 32), activation=("relu", "tanh"), dropout=0.1, epochs=5)
recipe.to_file("mine.json")
assert gf.Recipe.from_file("mine.json") == recipe
other = recipe.replace(optimizer="sgd")  # the learning rate was not given, so it follows the optimiser
assert other.learning_rate == 0.1
```

```sh
goodfit train digits --recipe mine.json --epochs 10
goodfit train digits --hidden none --optimizer lbfgs
```

A recipe is validated when it is made. All errors are reported at once, in one `goodfit.InputError` (exit code 2) that
suggests the nearest valid name. A recipe file may omit fields, which then take their defaults; unknown fields are an
error.
"""
RULES = """
Some fields have an effect only with certain values of others; the tables above list them under "only with". With any
other value such a field must be off. If you did not set it, goodfit switches it off for you (`optimizer="lbfgs"` alone
turns the default dropout off); if you did, it is an error that says where the field has an effect. Beyond that:
"""
NAMED_RECIPES = """
`goodfit train DATA --recipe NAME`, or `goodfit.training.named_recipes.NAMED[name]`. `default` is `Recipe()`; `chapter`
is the net of section 4.2 of the [chapter](chapter.md). Fields that are not listed are the same in both.
"""
ACTIVATION_NOTES = f"""
z is the pre-activation of a unit. *Zero mean*: whether f(Z) has mean 0 for Z from N(0, 1). *Saturates*: beyond these
values of z the absolute derivative stays below {SATURATED_DERIVATIVE}, so that the gradient vanishes; empty if the
activation does not saturate. *Gain*: the factor that preserves the variance from layer to layer, for initialisers that
take one. At a kink the derivative is the one from the left: that of relu at 0 is 0.
"""
INITIALISER_NOTES = """
`fan_in` is the number of inputs of a layer, `fan_out` its number of units, `scale` the field `init_scale`. The draws
depend only on the net's seed, the layer and its two sizes, not on other nets of the population. No initialiser depends
on the activation: for `xavier-*` and `orthogonal` with tanh, for example, set the gain yourself (`--init-scale
1.6667`).

`init_data`, `parametrization`, `train_scaling` and `train_mixture`: [starts from data](engine.md#starts-from-data) and
[forms of weights](engine.md#forms-of-weights). `train_embedding`:
[embeddings of categories](engine.md#embeddings-of-categories). `members`:
[members that share a net](engine.md#members-that-share-a-net).
"""
LOSS_NOTES = """
The objective is the mean loss over a batch, weighted by sample and class weights if there are any, plus the penalties
`l1 * sum|w| + l2/2 * sum w^2` over weights (and biases, with `penalize_biases`). L1 is a proximal step after that of
the optimiser, so that weights become exactly zero. Reported losses exclude label smoothing and penalties. z are the
outputs (logits), y is the class, C the number of classes, t are the targets as scaled for training: standardised if the
data set asks for it (`diabetes` does), but unscaled for `poisson`. Squared error has the factor 1/2.

`poisson` needs targets >= 0: a negative one is an error before anything is trained. With both `class_weight` and
`label_smoothing`, the weight w of a row's own class counts for all of its loss,
`w_y ((1 - s) (-log p_y) + s/C sum_c (-log p_c))`; PyTorch's CrossEntropyLoss weighs each term by the class that it is
about, `(1 - s) w_y (-log p_y) + s/C sum_c w_c (-log p_c)`. Either alone is the same in both.
"""
OPTIMISER_NOTES = """
A step subtracts learning rate * schedule * direction from the weights; g is the gradient, penalties included. With
`clip_norm`, g is first clipped to that norm, over all weights and biases of a net, whatever the schedule says. (The
`weight_decay` of a PyTorch optimiser is added after clipping; `l2` here is part of g.) *Learning rate* is the default.
All that a step does to biases, decay and L1 included, has the learning rate times `bias_rate`, as in a group of
parameters of its own in PyTorch; `scaling_rate` is the same for `train_scaling`, `mixture_rate` for `train_mixture`,
`embedding_rate` for `train_embedding`, and `encoding_rate` for the encoding pbld. 0 leaves them as they begin.

`Recipe(optimizer="adamw")` has `weight_decay=0.01`, like `torch.optim.AdamW` and goodfit's estimators; without decay,
adamw is adam. `Recipe()`, in which the optimiser is left to its default, has none, so that it is what it was; neither
has lion. The value was chosen on validation data: 0, 0.01, 0.1, 0.3, 1 and 3 were compared on nine bundled data sets (5
folds, 3 seeds, 128-64 units, with and without dropout). 0.01 changed the validation loss by less than 1 % in all 18
cases. 0.1 changed it by -2.5 % to 0.6 % on the five real data sets, and raised it by up to 6 % on the four drawn ones;
1 raised it by more than 20 % in 6 cases. So no larger decay is safe unseen: search for it.
"""
SCHEDULE_NOTES = f"""
The learning rate is multiplied by this factor, which changes with every step. t counts epochs since the end of warmup,
T is the number of epochs from there to the end. During `warmup` the factor rises linearly from 0 to 1. The numbers are
factors at the start of an epoch, counted from 0, for a training of {EPOCHS} epochs with default values. A schedule
changes the learning rate alone: `one-cycle` does not cycle momentum or `beta1`, as PyTorch's OneCycleLR does by default
(`cycle_momentum=False` there is the same). `flat-cosine` and `coslog4` are those of RealMLP: Holzmüller, Grinsztajn &
Steinwart (2024), *Better by Default* (arXiv 2407.04491), which uses `coslog4` for the learning rate, and `flat-cosine`
for dropout and weight decay.

`dropout_schedule` and `decay_schedule` multiply the dropout rates (of inputs and hidden units) and the weight decay by
a factor likewise, T being all epochs, from the first on. A step shrinks weights by the learning rate, its factor, the
weight decay and its own factor. `l1` and `l2` are not scheduled.
"""
ACTIVATION_COLUMNS = (
    "name",
    "f(z)",
    "range",
    "zero mean",
    "largest derivative",
    "saturates below",
    "saturates above",
    "gain",
    "source",
)
INITIALISER_COLUMNS = ("name", "distribution", "variance", "scale means", "default scale", "source")


def _field_tables() -> list[str]:
    """A heading and a table for every group of fields, as in the help of `goodfit train`."""
    columns = ("field", "meaning", "default", "may be", "only with")
    parts = []
    for title, rules in fields.groups():
        parts += [f"### {title}", table(columns, map(_field_row, rules))]
    return parts


def _field_row(rule: FieldRule) -> Sequence[str]:
    default = code(fields.default_text(rule))
    return code(rule.name), rule.description, default, fields.range_text(rule), fields.only_with(rule)


def _named_table(named: Mapping[str, Recipe]) -> str:
    held = {name: recipe.to_dict() for name, recipe in named.items()}
    differ = [field for field in Recipe.fields() if len({to_text(values[field]) for values in held.values()}) > 1]
    rows = ([code(field), *(code(to_text(values[field])) for values in held.values())] for field in differ)
    return table(("field", *named), rows)


def _activation_row(each: Activation) -> Sequence[str]:
    below, above = each.saturation
    return (
        code(each.name),
        code(re.sub(r"\d+\.\d{5,}", lambda long: f"{float(long[0]):.5g}", each.formula)),
        f"{number(each.lowest)} to {number(each.highest)}",
        "yes" if each.zero_mean else "no",
        number(each.largest_derivative),
        number(below),
        number(above),
        number(each.gain),
        each.source,
    )


def _initialiser_row(each: Initialiser, kind: str) -> Sequence[str]:
    scale = number(each.default_scale) if each.scale_means else ""
    means = each.scale_means.replace("value", "the bias itself (`init_bias_value`)") if kind == "biases" else ""
    return (
        code(each.name),
        code(each.formula),
        code(checked_variance(each)),
        means or each.scale_means,
        scale,
        each.source,
    )


def checked_variance(each: Initialiser) -> str:
    """The variance in words; ValueError where it is not what the initialiser declares."""
    words = VARIANCES[each.name]
    for fan_in, fan_out, scale in ((3, 5, 0.5), (784, 256, 0.01), (20, 1, 1.5)):
        said = eval(words, {"fan_in": fan_in, "fan_out": fan_out, "scale": scale, "max": max})
        if not math.isclose(said, each.variance(fan_in, fan_out, scale)):
            raise ValueError(f"docs/reference.py: the variance of {each.name} is not {words}")
    return words


def _loss_rows() -> Iterable[Sequence[str]]:
    defaults = set(DEFAULT_LOSSES.values())
    for loss in LOSSES.values():
        tasks = ", ".join(loss.tasks) + (" (`auto`)" if loss.name in defaults else "")
        plain = {"identity": "output", "exp": "exp(output)"}
        becomes = plain.get(loss.link, f"{loss.link}(output)")
        yield code(loss.name), tasks, code(loss.formula), becomes, loss.source


def _optimiser_rows() -> Iterable[Sequence[str]]:
    for name in Recipe.fields()["optimizer"].choices:
        reads = [rule.field for rule in APPLIES if rule.of == "optimizer" and name in rule.among != STOCHASTIC]
        betas = dict(zip(("beta1", "beta2"), Recipe(optimizer=name).betas, strict=True))
        shown = (number(value) if beta in reads else "" for beta, value in betas.items())
        rest = ", ".join(code(field) for field in reads if field not in betas)
        yield code(name), OPTIMISERS[name], "" if name == "lbfgs" else number(LEARNING_RATES[name]), *shown, rest


def _schedule_rows() -> Iterable[Sequence[str]]:
    rules = Recipe.fields()
    for name in rules["schedule"].choices:
        rate, every, final = (rules[f].default for f in ("schedule_rate", "schedule_epochs", "final_rate"))
        schedule = Schedule(kind=name, rate=rate, every=every, final=final, epochs=EPOCHS)
        shares = schedule.factors(0, EPOCHS, 1)[:, 0]
        yield code(name), code(SCHEDULES[name]), *(f"{shares[epoch]:.3g}" for epoch in SHOWN)


def main() -> None:
    """Write every file, and say which."""
    for path, text in documents().items():
        path.write_text(text, "utf-8")
        print(f"docs/{path.name}")


if __name__ == "__main__":
    main()
