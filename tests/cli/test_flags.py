from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from goodfit.cli.app import COMMANDS, DATA_COMMANDS, app
from goodfit.cli.flags import flag_help, from_text, recipe_with, with_flags
from goodfit.errors import InputError
from goodfit.studies.catalogue import names
from goodfit.training.named_recipes import CHAPTER
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_fields import to_text

FIELDS = Recipe.fields()


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("hidden", "256,128", (256, 128)),
        ("hidden", " 256, 128 ", (256, 128)),
        ("hidden", "256,", (256,)),
        ("hidden", "256", 256),
        ("hidden", "none", ()),
        ("hidden", "", ()),
        ("hidden", "3,x", (3, "x")),
        ("dropout", "0.2,.5", (0.2, 0.5)),
        ("dropout", "none", ()),
        ("class_weight", "none", None),
        ("class_weight", "balanced", "balanced"),
        ("class_weight", "1,2.5", (1, 2.5)),
        ("clip_norm", "NONE", None),
        ("scaling", "none", "none"),
        ("learning_rate", "1e-3", 0.001),
        ("l2", "none", None),
        ("epochs", "2.5", 2.5),
    ],
)
def test_text_to_value(name: str, text: str, value: object) -> None:
    assert from_text(FIELDS[name], text) == value


def test_flags_go_over_the_recipe() -> None:
    assert recipe_with(CHAPTER, {"hidden": "8,4", "nesterov": None}) == CHAPTER.replace(hidden=(8, 4))
    assert recipe_with(CHAPTER, {"nesterov": True, "momentum": "0.9"}).nesterov is True
    assert recipe_with(Recipe(), {"optimizer": "sgd"}).learning_rate == 0.1
    with pytest.raises(InputError, match="'--epochs' must be an integer >= 1; got 0"):
        recipe_with(CHAPTER, {"epochs": "0"})


def test_errors_name_the_flags_that_were_given() -> None:
    with pytest.raises(InputError) as caught:
        recipe_with(Recipe(), {"batch_size": "0", "learning_rate": "-1"})
    assert [text.split("'")[1] for text in caught.value.problems] == ["--batch-size", "--learning-rate"]
    for name, rule in FIELDS.items():
        said = with_flags(f"Recipe: {name!r} must be one of 'a' and 'b'.")
        assert said == f"Recipe: '--{rule.flag}' must be one of 'a' and 'b'."
    assert with_flags("t.csv: the column 'hidden' is empty") == "t.csv: the column 'hidden' is empty"


def test_validation_rows_that_are_asked_for_leave_no_fold_out() -> None:
    base = Recipe(fold_members=5)
    assert (recipe_with(base, {"valid": "0.2"}).fold_members, recipe_with(base, {"epochs": "2"}).fold_members) == (0, 5)
    assert recipe_with(base, {"valid": "0"}).fold_members == 5


def test_help_says_meaning_range_and_default() -> None:
    assert flag_help(FIELDS["l2"]) == (
        f"L2 penalty: adds l2/2 * sum w^2 to the loss. [a finite number >= 0; default: {to_text(FIELDS['l2'].default)}]"
    )
    assert flag_help(FIELDS["nesterov"]).endswith("(sgd). [default: no]")
    assert flag_help(FIELDS["keep_best"]).endswith("[default: yes]")
    assert flag_help(FIELDS["clip_norm"]).endswith("[a finite number > 0 or none; default: none]")


def values() -> st.SearchStrategy[dict[str, object]]:
    rates = st.floats(0, 1, exclude_max=True)
    return st.fixed_dictionaries(
        {},
        optional={
            "hidden": st.lists(st.integers(1, 10**6), max_size=5).map(tuple),
            "activation": st.sampled_from(FIELDS["activation"].choices),
            "dropout": rates,
            "input_dropout": rates,
            "l1": st.floats(0, 1e6),
            "learning_rate": st.floats(1e-300, 1e300),
            "clip_norm": st.none() | st.floats(1e-6, 1e6),
            "class_weight": st.none() | st.just("balanced") | st.tuples(st.floats(0.1, 5), st.floats(0, 5)),
            "scaling": st.sampled_from(FIELDS["scaling"].choices),
            "target_transform": st.sampled_from(FIELDS["target_transform"].choices),
            "encoding": st.sampled_from(FIELDS["encoding"].choices),
            "epochs": st.integers(1, 10**9),
            "keep_best": st.booleans(),
            "seed": st.integers(0, 2**32 - 1),
        },
    )


@given(values())
def test_flags_give_the_recipe_that_python_gives(fields: dict[str, object]) -> None:
    flags = {name: value if isinstance(value, bool) else to_text(value) for name, value in fields.items()}
    assert recipe_with(Recipe(), flags) == Recipe(**fields)  # type: ignore[arg-type]


@given(values())
def test_any_recipe_written_as_flags_is_read_back(fields: dict[str, object]) -> None:
    recipe = Recipe(**fields)  # type: ignore[arg-type]
    flags = {name: value if isinstance(value, bool) else to_text(value) for name, value in recipe.model_dump().items()}
    assert recipe_with(CHAPTER, flags) == recipe


DASHED = "-1.57,0", "-.5", "-x=-1..1", "-a b", "-1", "-c1"
STUDIES = [("study", name) for name in names()]
HAVING_OPTIONS = [
    *((name,) for name in COMMANDS if name != "study"),
    *(("data", name) for name in DATA_COMMANDS),
    *STUDIES,
]


@pytest.mark.parametrize("command", HAVING_OPTIONS, ids=" ".join)
def test_every_option_that_takes_a_value_takes_one_that_begins_with_a_dash(call: Any, command: tuple[str, ...]) -> None:
    """So that what is complained of is the value, where it is not of the option's type, or the last option."""
    *_, last = app.parse_commands([*command])[1]
    valued = [each for each in last.assemble_argument_collection() if each.parse and "bool" not in str(each.hint)]
    options = [name for each in valued for name in each.names if name.startswith("--")]
    for shift in range(2):
        values = [DASHED[(place + shift) % len(DASHED)] for place in range(len(options))]
        given = [word for pair in zip(options, values, strict=True) for word in pair]
        code, _, err = call(*command, *given, "--no-such-thing")
        taken = re.match(r"Command line: ('--no-such-thing' is not an option|'--\S+' must be .*; got '-)", err)
        assert (code, bool(taken)) == (2, True), (given, err)


def test_what_begins_with_two_dashes_is_an_option_and_a_switch_takes_nothing(call: Any) -> None:
    for words, why in (
        (("train", "iris", "--hidden", "--json"), "'--hidden' needs a value"),
        (("train", "iris", "--hidden"), "'--hidden' needs a value"),
        (("train", "iris", "--quiet", "-x"), "'-x' is not an option of 'goodfit train'"),
        (("predict", "no-run", "--json", "-1.csv"), "no-run"),
    ):
        code, out, err = call(*words)
        assert (code, out, why in err) == (2, "", True), err


@pytest.mark.parametrize("command", HAVING_OPTIONS, ids=" ".join)
def test_no_option_for_whole_numbers_rounds_one_that_is_not(call: Any, command: tuple[str, ...]) -> None:
    *_, last = app.parse_commands([*command])[1]
    whole = [
        each for each in last.assemble_argument_collection() if each.parse and re.search(r"\bint\b", str(each.hint))
    ]
    for each in whole:
        for words, value in (([each.names[0], "1.5"], "1.5"), ([f"{each.names[0]}=-2.5"], "-2.5")):
            told = f"Command line: '{each.names[0]}' must be an integer; got '{value}'.\n"
            assert call(*command, *words) == (2, "", told)


def test_a_value_without_a_command_is_no_bug(call: Any) -> None:
    for words in (("--values", "-1"), ("data", "--values", "-1")):
        code, out, err = call(*words)
        assert (code, out, "bug" in err) == (2, "", False), err
