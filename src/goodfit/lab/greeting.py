"""What a page is told first: what there is to learn from, what a recipe may hold, and the limits of the lab."""

from __future__ import annotations

import functools
import json
import re
import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from goodfit import __version__
from goodfit.data import describe, names
from goodfit.data.tables.files import READERS
from goodfit.lab import states, uploads
from goodfit.lab.sessions import MOST_TRAININGS
from goodfit.studies.words import Words
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_fields import to_text
from goodfit.training.recipe_rules import APPLIES

LAB_WORDS = {"optimizer": "Optimiser."}
"""Of fields of which the lab does not offer all."""


@functools.cache
def greeting() -> dict[str, Any]:
    """The fields of `telling.WelcomeTold` that are the same for every page."""
    return {
        "version": __version__,
        "limits": limits(),
        "data": [_data(name) for name in names()],
        "fields": [_field(name) for name in Recipe.fields() if name != "seed"],
        "words": knobs()["words"],
        "presets": _presets(),
        "tables": list(READERS),
        "state": states.DEFAULT,
    }


def limits() -> list[str]:
    """What the lab takes at most, in sentences."""
    return [
        f"At most {MOST_TRAININGS} trainings at once, each of at most {states.MOST_NETS} nets.",
        f"At most {states.MOST_ROWS:,} rows are trained and validated on; of more, so many are drawn at random.",
        f"A file has at most {uploads.MOST_BYTES / 1e6:.0f} MB; at most {states.MOST_POINTS:,} points are drawn.",
        f"Nets of at most {states.DRAWN_LAYERS} hidden layers and {states.DRAWN_UNITS} units a layer are drawn; up to "
        f"{states.MOST_DEPTH} layers and {states.MOST_WIDTH:,} units are trained.",
        f"A training has at most {states.MOST_EPOCHS:,} epochs.",
    ]


@functools.cache
def knobs() -> dict[str, Any]:
    """Names of fields and of data sets, what their parameters do, and spans of sliders, as `knobs.toml` has them."""
    return tomllib.loads(files("goodfit.lab").joinpath("knobs.toml").read_text("utf-8"))


def fields_told(fields: Mapping[str, Any]) -> Words:
    """Fields of the recipe with their values, by the names of the page; a list of equal values as one value a layer."""

    def value(each: Any) -> str:
        if isinstance(each, list) and len(each) > 2 and len({*each}) == 1:
            return f"{each[0]} × {len(each)}"
        return to_text(each)

    labels = knobs()["fields"]
    told = [(labels[name], value(each)) for name, each in fields.items()]
    return Words(
        ", ".join(f"{label['en']} {each}" for label, each in told),
        "，".join(f"{label['zh']} {each}" for label, each in told),
    )


@functools.cache
def _in_chinese() -> dict[str, str]:
    """What each field of the recipe means."""
    found: dict[str, str] = json.loads(files("goodfit.lab").joinpath("fields.zh.json").read_text("utf-8"))
    return found


def _presets() -> list[dict[str, Any]]:
    """Nets that a step is looked at with, beside the page's own: sections 4.6 to 4.8, trained by plain steps."""
    plain = {"init_scale": None, "optimizer": "sgd", "learning_rate": 0.1, "dropout": 0}
    return [{**each, "recipe": plain | each["recipe"]} for each in knobs()["presets"]]


def _data(name: str) -> dict[str, Any]:
    entry = describe(name)
    own = {("rows" if each == "n_train" else each): default for each, default in entry.parameters.items()}
    if not states.own_rows(name):
        own = {"rows": min(entry.rows - entry.test_rows, states.MOST_ROWS)}
    return {
        "name": name,
        "label": knobs()["names"].get(name, name),
        "knobs": {each: knob for each, knob in knobs()["data"].items() if each in own},
        "about": entry.about,
        "task": entry.task,
        "inputs": entry.inputs,
        "outputs": entry.outputs,
        "image": None if entry.image_shape is None else list(entry.image_shape),
        "parameters": own,
    }


def _needs(name: str) -> list[list[Any]]:
    """[[another field, its values]]: where that has none of them, this one has no effect, and must be off."""
    found = [(each.of, [*each.among]) for each in APPLIES if each.field == name]
    offered = {of: set(Recipe.fields()[of].choices) - {*states.NOT_SHOWN} for of, _ in found}
    return [[of, among] for of, among in found if offered[of] == set() or not offered[of] <= set(among)]


def _field(name: str) -> dict[str, Any]:
    rule = Recipe.fields()[name]
    return {
        "name": name,
        "flag": rule.flag,
        "kind": rule.kind,
        "default": rule.default,
        "range": re.sub(rf", ({'|'.join(states.NOT_SHOWN)})\b", "", rule.range),
        "bounds": [list(bound) for bound in rule.bounds],
        "choices": [each for each in rule.choices if each not in states.NOT_SHOWN],
        "one": rule.one,
        "many": rule.many,
        "none": rule.none,
        "live": name in states.LIVE,
        "label": knobs()["fields"][name],
        "span": knobs()["recipe"].get(name),
        "needs": _needs(name),
        "sentence": {"en": LAB_WORDS.get(name, rule.description), "zh": _in_chinese()[name]},
    }
