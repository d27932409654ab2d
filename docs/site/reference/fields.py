"""The recipe's fields in words: what docs/recipe.md and the reference say of each."""

from __future__ import annotations

from collections.abc import Sequence

from goodfit.cli.flags import GROUPS
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_fields import FieldRule, to_text
from goodfit.training.recipe_rules import APPLIES, Applies

from .markdown import code, guide, page, prose, table

TABLES = {  # fields whose names stand in a table of their own
    "activation": "activations",
    "init": "initialisers",
    "init_bias": "initialisers",
    "loss": "losses",
    "optimizer": "optimisers",
    "schedule": "schedules",
}
WITH = {  # fields that must be set beside a field, where the declared conditions do not say so
    "nesterov": {"optimizer": "sgd", "momentum": 0.9},
    "decay_schedule": {"weight_decay": 0.01},
    "levels": {"loss": "quantile"},
    "member_form": {"members": 4},
    "member_init": {"members": 4},
}
VALUES: dict[str, object] = {  # of the examples; of names and switches it is the first that is not the default
    "hidden": (64, 32),
    "activation": "relu",
    "init": "xavier-normal",
    "init_scale": 0.5,
    "init_bias_value": 0.1,
    "members": 8,
    "embed_above": 4,
    "embedding_size": 8,
    "dropout": 0.1,
    "input_dropout": 0.1,
    "levels": (0.1, 0.5, 0.9),
    "huber_delta": 0.5,
    "label_smoothing": 0.1,
    "class_weight": "balanced",
    "l1": 1e-5,
    "l2": 1e-4,
    "weight_decay": 0.01,
    "learning_rate": 0.003,
    "bias_rate": 0.5,
    "scaling_rate": 6.0,
    "mixture_rate": 0.5,
    "embedding_rate": 0.5,
    "encoding_rate": 0.1,
    "momentum": 0.9,
    "beta1": 0.95,
    "beta2": 0.99,
    "epsilon": 1e-6,
    "warmup": 2.0,
    "schedule_rate": 0.5,
    "schedule_epochs": 5.0,
    "final_rate": 0.1,
    "clip_norm": 1.0,
    "batch_size": 64,
    "epochs": 50,
    "patience": 5,
    "min_change": 0.001,
    "bins": 8,
    "frequencies": 8,
    "frequency_scale": 0.5,
    "components": 2,
    "valid": 0.2,
    "fold_members": 5,
    "seed": 1,
}


def groups() -> list[tuple[str, list[FieldRule]]]:
    """(title, fields) of every group, as in the help of `goodfit train`."""
    found: list[tuple[str, list[FieldRule]]] = []
    for name, rule in Recipe.fields().items():
        if name in GROUPS:
            found.append((GROUPS[name], []))
        found[-1][1].append(rule)
    return found


def conditions(name: str) -> list[Applies]:
    """The rules that say with which other fields a field has an effect."""
    return [each for each in APPLIES if each.field == name]


def default_text(rule: FieldRule) -> str:
    """The default as the flag takes it."""
    return ("yes" if rule.default else "no") if rule.kind == "switch" else to_text(rule.default)


def range_text(rule: FieldRule, base: str = "") -> str:
    """What a field may be. base: the page that has the tables of names."""
    if rule.name not in TABLES:
        return rule.range.removeprefix("one of ")
    place = TABLES[rule.name]
    return f"a name of [{place}]({base}#{place})" + (", or a list of them" if rule.many else "")


def only_with(rule: FieldRule) -> str:
    """With which values of other fields a field has an effect; "" with all."""
    return " and ".join(map(_where, reversed(conditions(rule.name))))


def _where(rule: Applies) -> str:
    """Where a field has an effect; the shorter of the two ways to say it."""
    field = Recipe.fields()[rule.of]
    if field.kind == "switch":
        return f"`{rule.of}`" if rule.among == (True,) else f"no `{rule.of}`"
    others = [name for name in field.choices if name not in rule.among]
    if len(others) < len(rule.among):
        return f"`{rule.of}` other than {', '.join(others)}"
    return f"`{rule.of}` {', '.join(map(str, rule.among))}"


def example_of(rule: FieldRule) -> dict[str, object]:
    """Fields of a recipe in which this one is not its default: itself, and those that it has an effect with."""
    found: dict[str, object] = dict(WITH.get(rule.name, {}))
    for each in conditions(rule.name):
        if each.of not in found and getattr(Recipe(), each.of) not in each.among:
            found[each.of] = each.among[0]
    if rule.kind == "switch":
        return {**found, rule.name: not rule.default}
    others = [name for name in rule.choices if name != rule.default]
    return {**found, rule.name: VALUES[rule.name] if rule.name in VALUES else others[0]}


def field_page(guides: str) -> str:
    """The page of all fields: a table of each group, and a place for each field."""
    parts = [
        "# Recipe fields",
        f"Each field is an argument of [`gf.Recipe`](classes/goodfit.Recipe.md), a key of a recipe file and a flag of "
        f"the commands that take a recipe. More on activations, losses, optimisers: {guide('recipe.md', guides)}.",
    ]
    for title, rules in groups():
        rows = [
            (f"[`{rule.name}`](#{label(rule.name)})", _plain(rule.description), code(default_text(rule)))
            for rule in rules
        ]
        parts += [f"## {title}", table(("field", "meaning", "default"), rows)]
        for rule in rules:
            parts += _field(rule, guides)
    return page(*parts)


def label(name: str) -> str:
    """Where the page tells of a field."""
    return f"field.{name.replace('_', '-')}"


def _plain(text: str) -> str:
    return prose(text, lambda _: None)


def _field(rule: FieldRule, guides: str) -> Sequence[str]:
    example = example_of(rule)
    words = ", ".join(f"{name}={value!r}" for name, value in example.items())
    fix = f" {rule.fix}" if rule.fix else ""
    rows = [
        ("range", range_text(rule, f"{guides}/recipe.md") + fix),
        ("default", code(default_text(rule))),
        ("only with", only_with(rule)),
        ("flag", " ".join(_flags(rule))),
        ("example", code(f"gf.Recipe({words})")),
        ("command line", code(command_line(rule))),
    ]
    return [
        f"({label(rule.name)})=\n### `{rule.name}`",
        _plain(rule.description),
        table(("", ""), [row for row in rows if row[1]]),
    ]


def _flags(rule: FieldRule) -> list[str]:
    return [code(f"--{rule.flag}"), *([code(f"--no-{rule.flag}")] if rule.kind == "switch" else [])]


def command_line(rule: FieldRule) -> str:
    """A command in which the field is set as in its example."""
    return f"goodfit train iris {setting(rule)}"


def setting(rule: FieldRule) -> str:
    """The flags that set the field as in its example."""
    words = []
    for name, value in example_of(rule).items():
        other = Recipe.fields()[name]
        if other.kind == "switch":
            words.append(f"--{other.flag}" if value else f"--no-{other.flag}")
        else:
            words += [f"--{other.flag}", to_text(value)]
    return " ".join(words)
