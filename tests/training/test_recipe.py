from __future__ import annotations

import json
import pickle
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from goodfit.cli.flags import read_recipe
from goodfit.errors import InputError
from goodfit.training.named_recipes import CHAPTER, DEFAULT, NAMED
from goodfit.training.recipe import LARGEST_SEED, Recipe
from goodfit.training.recipe_fields import read_fields
from goodfit.training.recipe_rules import APPLIES, LEARNING_RATES


def fails(*problems: str, **fields: object) -> None:
    """Every problem, word for word and in order, in one error."""
    with pytest.raises(InputError, match=re.escape(problems[0])) as caught:
        Recipe(**fields)
    assert caught.value.problems == problems


def test_the_chapter_is_section_4_2_to_the_letter() -> None:
    assert CHAPTER.hidden == (256,)
    assert CHAPTER.activations == ("relu",)
    assert (CHAPTER.init, CHAPTER.init_scale, CHAPTER.init_bias) == ("normal", 0.01, "torch")
    assert (CHAPTER.optimizer, CHAPTER.learning_rate, CHAPTER.momentum) == ("sgd", 0.1, 0.0)
    assert (CHAPTER.batch_size, CHAPTER.epochs, CHAPTER.valid) == (256, 10, 0.0)
    assert CHAPTER.dropouts == (0.0,)
    assert (CHAPTER.schedule, CHAPTER.scaling, CHAPTER.loss) == ("constant", "unit", "cross-entropy")
    assert CHAPTER.l1 == CHAPTER.l2 == CHAPTER.weight_decay == CHAPTER.label_smoothing == 0


def test_the_default_recipe_is_the_recipe_without_arguments() -> None:
    assert Recipe() == DEFAULT == NAMED["default"]
    for rule in Recipe.fields().values():
        stated = tuple(rule.default) if isinstance(rule.default, list) else rule.default
        assert getattr(DEFAULT, rule.name) == stated, rule.name


def test_one_value_counts_for_every_hidden_layer_and_a_list_for_its_own() -> None:
    recipe = Recipe(hidden=(8, 4), activation="tanh", dropout=(0.5, 0.0))
    assert recipe.activations == ("tanh", "tanh")
    assert recipe.dropouts == (0.5, 0.0)
    assert Recipe(hidden=(8, 4), activation=("relu", "elu"), dropout=0.25).activations == ("relu", "elu")
    assert Recipe(hidden=(8, 4), dropout=0.25).dropouts == (0.25, 0.25)
    assert Recipe(hidden=()).activations == Recipe(hidden=()).dropouts == ()


@pytest.mark.parametrize(
    ("given_as", "is_"),
    [
        ([3, 2], (3, 2)),
        (range(1, 4), (1, 2, 3)),
        (np.array([5, 6]), (5, 6)),
        (7, (7,)),
        ((np.int64(3),), (3,)),
        ([], ()),
    ],
)
def test_sequences_and_numpy_values_are_accepted(given_as: object, is_: tuple[int, ...]) -> None:
    assert Recipe(hidden=given_as).hidden == is_  # type: ignore[arg-type]


def test_numpy_numbers_become_pythons() -> None:
    recipe = Recipe(l2=np.float32(0.5), epochs=np.int64(3), nesterov=np.bool_(False), hidden=np.int32(4))  # type: ignore[arg-type]
    assert (type(recipe.l2), type(recipe.epochs), recipe.nesterov, recipe.hidden) == (float, int, False, (4,))


@pytest.mark.parametrize(
    ("optimizer", "betas"),
    [("adam", (0.9, 0.999)), ("adamw", (0.9, 0.999)), ("lion", (0.9, 0.99)), ("rmsprop", (0.0, 0.9))],
)
def test_betas_are_the_optimisers_own_unless_given(optimizer: str, betas: tuple[float, float]) -> None:
    assert Recipe(optimizer=optimizer).betas == betas  # type: ignore[arg-type]
    assert Recipe(optimizer=optimizer, beta2=0.5).betas == (betas[0], 0.5)  # type: ignore[arg-type]


def test_the_learning_rate_follows_the_optimiser_unless_given() -> None:
    for optimizer, rate in LEARNING_RATES.items():
        assert Recipe(optimizer=optimizer).learning_rate == rate  # type: ignore[arg-type]
        if optimizer != "lbfgs":
            assert Recipe(optimizer=optimizer, learning_rate=0.5).learning_rate == 0.5  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"'learning_rate' must be 1 with optimizer 'lbfgs'; got 0\.5"):
        Recipe(optimizer="lbfgs", learning_rate=0.5)
    assert Recipe.fields()["optimizer"].choices == tuple(LEARNING_RATES)


def test_defaults_that_do_not_fit_are_switched_off_but_what_was_given_is_not() -> None:
    whole = Recipe(optimizer="lbfgs")
    assert (whole.dropout, whole.schedule, whole.l1, whole.clip_norm) == (0.0, "constant", 0.0, None)
    assert "dropout" not in whole.model_fields_set
    assert whole.replace(optimizer="sgd") == Recipe(optimizer="sgd")
    with pytest.raises(InputError, match=r"'dropout' must be 0 with optimizer 'lbfgs'; got 0\.5"):
        Recipe(optimizer="lbfgs", dropout=0.5)


def test_replace_keeps_what_was_given_and_checks_again() -> None:
    recipe = Recipe(hidden=(3,), seed=7)
    assert recipe.replace(seed=8) == Recipe(hidden=(3,), seed=8)
    with pytest.raises(InputError, match="'seed' must be an integer >= 0 and <= 4294967295; got -1"):
        recipe.replace(seed=-1)


def test_a_recipe_cannot_be_changed_and_can_be_a_key() -> None:
    recipe = Recipe()
    with pytest.raises(ValueError, match="frozen"):
        recipe.seed = 3  # type: ignore[misc]
    assert {recipe: 1}[Recipe()] == 1
    assert pickle.loads(pickle.dumps(recipe)) == recipe


BAD_FIELDS = [
    ("hidden", (0, 3), "Recipe: 'hidden' must be a list of integers >= 1; got (0, 3)."),
    ("hidden", (2.5,), "Recipe: 'hidden' must be a list of integers >= 1; got (2.5,)."),
    ("hidden", True, "Recipe: 'hidden' must be a list of integers >= 1; got (True,)."),
    ("hidden", "256", "Recipe: 'hidden' must be a list of integers >= 1; got '256'."),
    ("hidden", None, "Recipe: 'hidden' must be a list of integers >= 1; got None."),
    (
        "init",
        "he-norml",
        "Recipe: 'init' must be one of torch, normal, uniform, constant, zeros, xavier-normal, xavier-uniform, "
        "he-normal, he-uniform, lecun-normal, orthogonal; got 'he-norml'. Did you mean 'he-normal'?",
    ),
    ("init_scale", float("nan"), "Recipe: 'init_scale' must be a finite number or none; got nan."),
    ("init_bias", "ones", "Recipe: 'init_bias' must be one of zeros, constant, torch; got 'ones'."),
    ("init_bias_value", float("inf"), "Recipe: 'init_bias_value' must be a finite number; got inf."),
    (
        "dropout",
        1.0,
        "Recipe: 'dropout' must be a finite number >= 0 and < 1 or a list of them; got 1.0. Use 0 to switch it off.",
    ),
    (
        "input_dropout",
        -0.1,
        "Recipe: 'input_dropout' must be a finite number >= 0 and < 1; got -0.1. Use 0 to switch it off.",
    ),
    ("huber_delta", 0, "Recipe: 'huber_delta' must be a finite number > 0; got 0."),
    (
        "class_weight",
        "balancd",
        "Recipe: 'class_weight' must be balanced or a list of finite numbers >= 0 or none; got 'balancd'. "
        "Did you mean 'balanced'?",
    ),
    (
        "class_weight",
        (1, -1),
        "Recipe: 'class_weight' must be balanced or a list of finite numbers >= 0 or none; got (1, -1).",
    ),
    ("l1", -1, "Recipe: 'l1' must be a finite number >= 0; got -1. Use 0 to switch it off."),
    ("l2", -0.1, "Recipe: 'l2' must be a finite number >= 0; got -0.1. Use 0 to switch it off."),
    ("penalize_biases", "yes", "Recipe: 'penalize_biases' must be true or false; got 'yes'."),
    ("learning_rate", 0.0, "Recipe: 'learning_rate' must be a finite number > 0; got 0.0."),
    ("schedule_rate", 1.5, "Recipe: 'schedule_rate' must be a finite number > 0 and <= 1; got 1.5."),
    ("clip_norm", 0, "Recipe: 'clip_norm' must be a finite number > 0 or none; got 0."),
    ("batch_size", 0, "Recipe: 'batch_size' must be an integer >= 1; got 0."),
    ("epochs", 2.0, "Recipe: 'epochs' must be an integer >= 1; got 2.0."),
    ("patience", -1, "Recipe: 'patience' must be an integer >= 0; got -1."),
    ("monitor", "accuracy", "Recipe: 'monitor' must be one of loss, score, tempered-loss; got 'accuracy'."),
    ("valid", 1, "Recipe: 'valid' must be a finite number >= 0 and < 1; got 1."),
    ("seed", LARGEST_SEED + 1, "Recipe: 'seed' must be an integer >= 0 and <= 4294967295; got 4294967296."),
    ("hiden", 3, "Recipe: 'hiden' is not a field. Did you mean 'hidden'?"),
    ("batch-size", 3, "Recipe: 'batch-size' is not a field. Did you mean 'batch_size'?"),
]


@pytest.mark.parametrize(("name", "value", "text"), BAD_FIELDS)
def test_a_bad_field_is_named_with_its_rule_and_a_fix(name: str, value: object, text: str) -> None:
    fails(text, **{name: value})


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (
            {"hidden": (3, 4), "activation": ("relu",)},
            "Recipe: 'activation' must list one name for each of the 2 hidden layers; got ('relu',). "
            "Give 2, or a single name for all layers.",
        ),
        (
            {"hidden": (), "dropout": (0.1,)},
            "Recipe: 'dropout' must list one rate for each of the 0 hidden layers; got (0.1,). Give a single rate.",
        ),
        (
            {"init": "normal", "init_scale": 0},
            "Recipe: 'init_scale' must be a finite number > 0 with init 'normal'; got 0.0. "
            "For weights of zero use init zeros.",
        ),
        (
            {"optimizer": "sgd", "nesterov": True},
            "Recipe: 'momentum' must be > 0 with 'nesterov'; got 0.0. A common value is 0.9.",
        ),
        (
            {"dropout": (0, 0), "hidden": (3, 3), "dropout_schedule": "flat-cosine"},
            "Recipe: 'dropout_schedule' must be constant where 'dropout' and 'input_dropout' are 0; got 'flat-cosine'. "
            "Use dropout_schedule=constant, or a dropout such as 0.2.",
        ),
        (
            {"optimizer": "adamw", "weight_decay": 0, "decay_schedule": "flat-cosine"},
            "Recipe: 'decay_schedule' must be constant where 'weight_decay' is 0; got 'flat-cosine'. Use "
            "decay_schedule=constant, or a weight decay such as 0.01.",
        ),
        (
            {"warmup": 5, "epochs": 5},
            "Recipe: 'warmup' must be less than 'epochs', which is 5; got 5.0. Both count epochs.",
        ),
        (
            {"class_weight": (0, 0)},
            "Recipe: 'class_weight' must list one number >= 0 for each class, not all zero; got (0.0, 0.0). "
            "Use balanced for inverse class frequencies.",
        ),
        (
            {"class_weight": (1,)},
            "Recipe: 'class_weight' must list one number >= 0 for each class, not all zero; got (1.0,). "
            "Use balanced for inverse class frequencies.",
        ),
        (
            {"optimizer": "adam", "momentum": 0.9},
            "Recipe: 'momentum' must be 0 with optimizer 'adam'; got 0.9. It has an effect only with optimizer sgd.",
        ),
        (
            {"optimizer": "sgd", "weight_decay": 0.1},
            "Recipe: 'weight_decay' must be 0 with optimizer 'sgd'; got 0.1. It has an effect only with optimizer "
            "adamw, lion.",
        ),
        (
            {"bias": False, "init_bias": "torch"},
            "Recipe: 'init_bias' must be zeros with bias off; got 'torch'. It has an effect only with bias on.",
        ),
        (
            {"optimizer": "adam", "nesterov": True},
            "Recipe: 'nesterov' must be off with optimizer 'adam'; got True. It has an effect only with optimizer sgd.",
        ),
        (
            {"init": "torch", "init_scale": 0.1},
            "Recipe: 'init_scale' must be none with init 'torch'; got 0.1. It has an effect only with init normal, "
            "uniform, "
            "constant, xavier-normal, xavier-uniform, he-normal, he-uniform, lecun-normal, orthogonal.",
        ),
        (
            {"schedule": "cosine", "schedule_epochs": 3},
            "Recipe: 'schedule_epochs' must be 10 with schedule 'cosine'; got 3.0. "
            "It has an effect only with schedule step, exponential.",
        ),
        (
            {"optimizer": "lbfgs", "schedule": "step"},
            "Recipe: 'schedule' must be constant with optimizer 'lbfgs'; got 'step'. "
            "It has an effect only with optimizer sgd, adam, adamw, rmsprop, lion.",
        ),
    ],
)
def test_a_rule_between_fields_is_named_with_a_fix(fields: dict[str, object], text: str) -> None:
    fails(text, **fields)


@pytest.mark.parametrize("rule", APPLIES, ids=lambda rule: rule.field)
def test_every_field_that_depends_on_another_is_refused_where_it_has_no_effect(rule) -> None:  # type: ignore[no-untyped-def]
    field = Recipe.fields()[rule.field]
    choices = Recipe.fields()[rule.of].choices or (True, False)
    elsewhere = [value for value in choices if value not in rule.among]
    assert elsewhere, "a rule that can never be broken"
    assert set(rule.among) <= set(choices)
    lists = [(0.1, 0.5, 0.9)] if field.many and not field.one else []
    candidates = [*lists, *field.choices, True, *([2] if field.kind == "integer" else [0.5, 2.0])]
    on = next(value for value in candidates if value != rule.off and not (value is True and field.kind != "switch"))
    for value in elsewhere:
        with pytest.raises(InputError, match=f"'{rule.field}' must be .* with {rule.of} ('{value}'|off)"):
            Recipe(**{rule.field: on, rule.of: value})
        assert getattr(Recipe(**{rule.of: value}), rule.field) == rule.off


def test_all_problems_are_reported_at_once_and_none_twice() -> None:
    fails(
        "Recipe: 'l2' must be a finite number >= 0; got -1. Use 0 to switch it off.",
        "Recipe: 'epochs' must be an integer >= 1; got 0.",
        "Recipe: 'momentum' must be 0 with optimizer 'adam'; got 0.5. It has an effect only with optimizer sgd.",
        l2=-1,
        epochs=0,
        optimizer="adam",
        momentum=0.5,
        warmup=3.0,  # says nothing while the epochs are not known
    )


def test_constant_weights_may_be_zero_or_negative() -> None:
    assert Recipe(init="constant", init_scale=-1.0).init_scale == -1.0


def test_a_default_warmup_gives_way_to_few_epochs() -> None:
    from goodfit.training.recipe_rules import dependent_defaults

    defaults = {**Recipe().model_dump(), "warmup": 2.0}
    assert dependent_defaults({"epochs": 1}, defaults)["warmup"] == 0.0
    assert "warmup" not in dependent_defaults({"epochs": 3}, defaults)


def test_a_recipe_survives_json(tmp_path) -> None:  # type: ignore[no-untyped-def]
    recipe = Recipe(hidden=(7, 3), dropout=(0.1, 0.2), class_weight=(1.0, 2.0, 0.5), optimizer="lion", clip_norm=1.0)
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert list(json.loads(recipe.to_json())) == list(Recipe.model_fields)
    recipe.to_file(tmp_path / "recipe.json")
    assert Recipe.from_file(tmp_path / "recipe.json") == Recipe.from_file(tmp_path) == recipe
    assert read_recipe(str(tmp_path)) == recipe


@pytest.mark.parametrize("name", NAMED)
def test_named_recipes_survive_json_and_are_found_by_name(name: str) -> None:
    assert read_recipe(name) is NAMED[name]
    assert Recipe.from_json(NAMED[name].to_json()) == NAMED[name]


def test_an_unknown_recipe_is_an_error_with_the_nearest_name() -> None:
    text = (
        "'chaptr': must be the name of a recipe, a recipe file, or the folder of a run or a search. Did you mean 'chap"
    )
    with pytest.raises(InputError, match=re.escape(text)):
        read_recipe("chaptr")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "F: must be JSON: Expecting property name enclosed in double quotes at line 1, column 2"),
        ("[1]", r"F: must be an object of recipe fields; got \[1\]"),
        ("3", "F: must be an object of recipe fields; got 3"),
        ('{"hiden": [3]}', "F: 'hiden' is not a field. Did you mean 'hidden'?"),
        ('{"l2": NaN}', "F: must be JSON: NaN is not a JSON number"),
        ('{"seed": 1, "seed": 2}', "F: 'seed' must be given once"),
        ('{"momentum": 0.9}', "F: 'momentum' must be 0 with optimizer 'adamw'; got 0.9"),
        ("[" * 200_000, "F: must be an object of recipe fields: it is nested too deep"),
    ],
)
def test_bad_json_is_named_by_its_source(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Recipe.from_json(text, where="F")


def test_files_that_cannot_be_read_are_named(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=r"missing\.json: must be readable: No such file or directory"):
        Recipe.from_file(tmp_path / "missing.json")
    with pytest.raises(InputError, match=r"recipe.json: must be readable: No such file or directory"):
        Recipe.from_file(tmp_path)
    (tmp_path / "latin").write_bytes(b"\xff\xfe{}")
    with pytest.raises(InputError, match="latin: must be a text file in UTF-8"):
        Recipe.from_file(tmp_path / "latin")


def test_validation_through_pydantic_gives_the_same_errors() -> None:
    assert Recipe.model_validate({"seed": 3}) == Recipe(seed=3)
    recipe = Recipe()
    assert Recipe.model_validate(recipe) is recipe
    with pytest.raises(InputError, match="'seed' must be an integer"):
        Recipe.model_validate({"seed": "x"})


def test_every_field_says_what_it_means() -> None:
    fields = Recipe.fields()
    assert list(fields) == list(Recipe.model_fields)
    for rule in fields.values():
        assert rule.description.endswith("."), rule.name
        assert rule.range, rule.name
        assert rule.flag == rule.name.replace("_", "-")


def test_ranges_in_words() -> None:
    fields = Recipe.fields()
    assert fields["class_weight"].range == "balanced or a list of finite numbers >= 0 or none"
    assert fields["monitor"].range == "one of loss, score, tempered-loss"
    assert fields["dropout"].range == "a finite number >= 0 and < 1 or a list of them"
    assert fields["nesterov"].range == "true or false"
    half = read_fields({"properties": {"x": {"type": "number", "maximum": 0.5, "description": "", "default": 0}}})
    assert half["x"].range == "a finite number <= 0.5"


def test_names_are_those_of_the_registries() -> None:
    activations = pytest.importorskip("goodfit.nets.activations").ACTIVATIONS
    initialisers = pytest.importorskip("goodfit.nets.initialisers")
    losses = pytest.importorskip("goodfit.nets.losses").LOSSES
    fields = Recipe.fields()
    assert set(fields["activation"].choices) == set(activations)
    assert set(fields["init"].choices) == set(initialisers.INITIALISERS)
    assert set(fields["init_bias"].choices) == set(initialisers.BIAS_INITIALISERS)
    assert set(fields["loss"].choices) == {"auto", *losses}


@given(
    hidden=st.lists(st.integers(1, 4096), max_size=4),
    rate=st.floats(0, 1, exclude_max=True),
    learning_rate=st.floats(1e-12, 1e3),
    seed=st.integers(0, LARGEST_SEED),
    optimizer=st.sampled_from([name for name in LEARNING_RATES if name != "lbfgs"]),
)
def test_any_valid_recipe_survives_json(hidden, rate, learning_rate, seed, optimizer) -> None:  # type: ignore[no-untyped-def]
    recipe = Recipe(hidden=hidden, dropout=rate, learning_rate=learning_rate, seed=seed, optimizer=optimizer)
    assert Recipe.from_json(recipe.to_json()) == recipe
