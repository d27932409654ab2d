"""The generated reference: nothing public is missing from it, everything has an example, docstrings fit signatures."""

from __future__ import annotations

import ast
import functools
import inspect
import os.path
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from docs.site.reference import INDEX, pages
from docs.site.reference.command_pages import commands, owners
from docs.site.reference.declared import constant, declared
from docs.site.reference.docstrings import Docstring, read_docstring, stated_default
from docs.site.reference.examples import FRESH, examples, run_examples
from docs.site.reference.faults import ADVICE, shown_by
from docs.site.reference.fields import VALUES, WITH, command_line, example_of, label
from docs.site.reference.kind_pages import CLAIM_WORDS, FINDING_WORDS, LEAK_WORDS, error_classes, slug
from docs.site.reference.messages import GAP, messages
from docs.site.reference.name_pages import documented
from docs.site.reference.public import DOCS, SOURCE, Name, by_path, names, packages
from docs.site.reference.signatures import Argument, arguments_of, members_of

import goodfit as gf
from docs_blocks import check_command
from goodfit.cli.app import app
from goodfit.inspection.findings.finding import Status as FindingStatus
from goodfit.leaks.guarding import Code as LeakCode
from goodfit.leaks.guarding import Status as LeakStatus
from goodfit.models import measures
from goodfit.selection.ranked_by import TASKS, RankedBy
from goodfit.studies.declaring import Status as ClaimStatus
from goodfit.training.metrics import SCORE_NAMES
from goodfit.verdicts.deciding import Kind as VerdictKind

FIELDS = gf.Recipe.fields()
BY_PACKAGES = [each for each in names() if each.guide is None]
FILE = re.compile(r"^\w[\w-]*\.(json|jsonl|csv|safetensors|html|sqlite|svg|png)$")
NO_FILES = {"index.html", "page.html", "fields.zh.json"}  # templates and texts of the package itself
OF_LAB = {"replay.html"}  # which "exports of the lab" tells of
TABLES = {"settings.csv", "curve.csv"}


@functools.cache
def found() -> dict[str, str]:
    """Every page; examples are run by a test of their own."""
    return pages(run=False)


def documented_things() -> Iterator[tuple[str, Any, list[Argument], Docstring]]:
    """(where, what, its parameters or fields, what its docstring says), of names of packages and their methods."""
    for each in BY_PACKAGES:
        if each.kind == "values":
            continue
        yield each.path, each.value, arguments_of(each.value), documented(each)
        for member in members_of(each.value) if inspect.isclass(each.value) else ():
            known = [] if member.kind == "property" else arguments_of(member.function)
            said = read_docstring(member.function.__doc__, [one.name for one in known])
            yield f"{each.path}.{member.name}", member.function, known, said


# Names


def test_every_name_of_every_face_has_a_page() -> None:
    for package in packages():
        module = __import__(package, fromlist=["x"])
        handed = getattr(module, "__all__", None) or [name for name in dir(module) if not name.startswith("_")]
        for name in handed:
            value = getattr(module, name)
            if inspect.ismodule(value) or name == "__version__" or f"{package}.{name}" in by_path():
                continue
            own = getattr(value, "__module__", "").startswith("goodfit") and not package.startswith(value.__module__)
            assert not own or not hasattr(module, "__all__"), f"{package}.{name}"
    for each in names():
        assert each.page in found(), each.path
        assert f"({each.page})" in found()["names.md"], each.path


def test_every_package_is_public_or_a_shell() -> None:
    folders = {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    public = {package.split(".")[1] for package in packages() if "." in package}
    assert folders - public == {"cli", "lab"}  # interop hands out its export


def test_every_name_of_a_package_has_an_example_that_uses_it() -> None:
    assert examples().keys() == {each.path for each in BY_PACKAGES}
    unused = []
    for each in BY_PACKAGES:
        shown = examples()[each.path]
        assert shown.code in found()[each.page], each.path
        if each.last not in re.findall(r"\w+", shown.shown) and not _is_result(each, shown.shown):
            unused.append(each.path)
    assert not unused


def _is_result(each: Name, code: str) -> bool:
    """Whether a class is used by way of the function that returns it."""
    makers = [other for other in names() if other.kind == "functions" and each.last in _words(_returns(other))]
    members = {
        member.name
        for other in names()
        if inspect.isclass(other.value)
        for member in members_of(other.value)
        if each.last in _words(str(inspect.signature(member.function).return_annotation))
    }
    fields = {
        argument.name
        for other in names()
        if inspect.isclass(other.value)
        for argument in arguments_of(other.value)
        if each.last in _words(argument.type)
    }
    held = {
        other.last
        for other in names()
        if isinstance(other.value, dict) and isinstance(next(iter(other.value.values())), each.value)
    }
    return bool({*held, *(other.last for other in makers), *members, *fields} & set(_words(code)))


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def _returns(each: Name) -> str:
    return str(inspect.signature(each.value).return_annotation)


def test_the_examples_run_and_print() -> None:
    """In one process, a few seconds of training each file; what they print is on the pages."""
    ran = dict.fromkeys((each.name for each in examples().values() if not each.why), "")
    for each, printed in run_examples():
        ran[each.name] = printed
    assert not [name for name, printed in ran.items() if not printed]


def test_few_examples_are_not_run() -> None:
    """Those that need a cluster, answer for ever, take hours, or start processes that each import JAX."""
    assert sum(bool(each.why) for each in examples().values()) <= 4


def test_an_example_is_shown_with_what_it_needs() -> None:
    for each in examples().values():
        compile(each.shown, each.name, "exec")
    shown = examples()["goodfit.measures"].shown
    assert shown.startswith(f"{FRESH}\nimport goodfit as gf")
    assert "os.chdir" not in examples()["goodfit.train"].shown
    assert "run = gf.train(" in shown
    assert "people" not in shown


# Docstrings


def test_docstrings_name_parameters_that_are_there() -> None:
    wrong = {where: said.unknown for where, _, _, said in documented_things() if said.unknown}
    assert not wrong


def test_docstrings_give_parameters_one_a_line() -> None:
    assert not {where: said.lists for where, _, _, said in documented_things() if said.lists}


def test_docstrings_give_parameters_in_the_order_of_the_signature() -> None:
    wrong = {}
    for where, _, arguments, said in documented_things():
        known = [one.name for one in arguments]
        if (given := [known.index(names[0]) for names in said.order]) != sorted(given):
            wrong[where] = said.order
    assert not wrong


def test_docstrings_tell_of_the_whole_before_they_tell_of_parameters() -> None:
    """What follows the last parameter reads as if it were of that one."""
    assert not {where: said.glued for where, _, _, said in documented_things() if said.glued}


def test_every_parameter_is_explained() -> None:
    """By a line of its own, in backticks in the text, or by the first line where it is the only one."""
    missing = {}
    for where, value, arguments, said in documented_things():
        if where.endswith((".Recipe", ".Recipe.model_validate")):  # its fields have declarations of their own
            continue
        text = value.__doc__ or ""
        lacking = [one.name for one in arguments if one.name not in said.items and f"`{one.name}`" not in text]
        if lacking and len(arguments) > 1 and not said.of:
            missing[where] = lacking
    assert not missing


def test_defaults_that_docstrings_state_are_those_of_signatures() -> None:
    wrong, seen = [], 0
    for where, _, arguments, said in documented_things():
        for one in arguments:
            stated = stated_default(said.items.get(one.name, ""))
            if stated is not None and one.default is not None:
                seen += 1
                if _value(stated) != _value(one.default):
                    wrong.append(f"{where}: {one.name} is {one.default}, the docstring says {stated}")
    assert not wrong
    assert seen > 50


def _value(text: str) -> Any:
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def test_a_docstring_that_drifts_would_be_seen() -> None:
    text = "Add.\n\nright: another; top: a third.\nleft: a number, default 3\nbottum: a fourth.\nBig ones wrap round.\n"
    text += "InputError for texts."
    said = read_docstring(text, ["left", "right", "top", "bottom"])
    assert said.errors == ["InputError for texts."]
    assert (said.summary, said.lists, said.unknown) == ("Add.", ["top"], ["bottum"])
    assert said.order == [("right",), ("left",)]
    glued = read_docstring("Add.\n\nleft: a number.\nBig ones wrap round.\nInputError for texts.", ["left"]).glued
    assert glued == ["Big ones wrap round."]
    assert stated_default(said.items["left"]) == "3"


# Commands


def test_every_command_and_flag_is_on_its_page() -> None:
    shown = {" ".join(words) for words in _commands(app)}
    assert {each.words for each in commands()} == shown - {"--help", "--version", "--install-completion"}
    for command in commands():
        text = found()[command.page]
        assert command.flags or command.words in ("data list",), command.words
        for flag in command.flags:
            assert all(f"`{name}`" in text for name in flag.names), (command.words, flag.names)
            assert flag.help, (command.words, flag.names)
    for name in owners():
        assert not name.startswith("--") or f"`{name}`" in found()["flags.md"], name


def _commands(parent: Any) -> Iterator[tuple[str, ...]]:
    for name in parent:
        if name.startswith("-"):
            continue
        below = list(_commands(parent[name])) if parent[name].default_command is None else []
        yield from ((name, *rest) for rest in below) if below else ((name,),)


def test_the_examples_of_commands_parse() -> None:
    for command in commands():
        check_command(command.example.split())


# The recipe


def test_every_field_has_a_place_and_an_example_that_is_a_recipe() -> None:
    text = found()["recipe.md"]
    assert VALUES.keys() | WITH.keys() <= FIELDS.keys()
    for name, rule in FIELDS.items():
        assert f"({label(name)})=" in text, name
        recipe = gf.Recipe(**example_of(rule))
        assert getattr(recipe, name) != getattr(gf.Recipe(), name), name
        assert f"`--{rule.flag}`" in text, name
        check_command(command_line(rule).split())


# What is found, measured and written


def test_findings_leaks_verdicts_and_statuses_are_complete() -> None:
    for code in gf.inspection.CHECKS:
        assert f"(finding.{code})=" in found()["findings.md"], code
        assert shown_by(code), code
    assert ADVICE.keys() == gf.inspection.CHECKS.keys()
    assert set(declared("leaks/codes.toml")) == set(get_args(LeakCode))
    assert set(declared("verdicts/kinds.toml")) == set(get_args(VerdictKind))
    assert FINDING_WORDS.keys() == set(get_args(FindingStatus))
    assert LEAK_WORDS.keys() == set(get_args(LeakStatus))
    assert CLAIM_WORDS.keys() == set(get_args(ClaimStatus))


def test_scores_are_complete_and_have_the_sign_of_searches() -> None:
    told = declared("models/measures.toml")
    named = {value for name, value in vars(measures).items() if name.isupper() and isinstance(value, str)}
    assert told.keys() == named | TASKS.keys() | set(SCORE_NAMES.values())
    for name, tasks in TASKS.items():
        higher = RankedBy(name, tasks[0]).sign > 0 or name in SCORE_NAMES.values()
        assert (told[name]["better"] == "higher") is higher, name
        assert f"(score.{slug(name)})=" in found()["scores.md"], name


def test_every_kind_of_file_is_declared() -> None:
    told = declared("formats.toml")
    for path in SOURCE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            if FILE.match(name) and name not in NO_FILES | OF_LAB and not name.startswith(("new.", "4.1.")):
                assert name in told, f"{path.name}: {name} is not in formats.toml"
    kept = {each["version"].rpartition(".")[0] for each in told.values() if each["version"]}
    packing = {
        ".".join(path.relative_to(SOURCE).with_suffix("").parts)
        for path in SOURCE.rglob("*.py")
        if "tensor_file.pack(" in path.read_text("utf-8")
    }
    assert packing <= kept
    for name, each in told.items():
        assert not each["version"] or isinstance(constant(each["version"]), int), name


def test_errors_are_complete() -> None:
    told = {each.name: each for each in error_classes()}
    assert (told["GoodfitError"].exit_code, told["InputError"].exit_code) == (1, 2)
    assert told["Interrupted"].exit_code == gf.GoodfitError.exit_code
    public = {each.last for each in names() if inspect.isclass(each.value) and issubclass(each.value, Exception)}
    assert {"GoodfitError", "InputError", "LeakWarning", "DataWarning"} <= public <= told.keys()
    for name in public:
        assert f"[`{name}`](" in found()["errors.md"]
        assert told[name].about, name


@pytest.mark.parametrize(
    ("refused", "area"),
    [
        (lambda: gf.Recipe(epochs=10, warmup=20), "Recipes and training"),
        (lambda: gf.data.table({"x": [1.0, 2.0], "y": [1.0, 2.0]}, target="z"), "Data and tables"),
        (lambda: gf.train(gf.Recipe(batch_size=10**6), "iris", leaks="off"), "Runs"),
    ],
)
def test_a_message_that_was_met_can_be_looked_up(refused: Callable[[], Any], area: str) -> None:
    """By its rule, whose known pieces stand on the page in their order."""
    with pytest.raises(gf.InputError) as met:
        refused()
    text = str(met.value).splitlines()[0]
    like = [each for each in messages() if re.search(".*".join(map(re.escape, each.rule.split(GAP))), text)]
    assert area in {each.area for each in like if len(each.rule.replace(GAP, "")) > 12}, text


def test_every_variable_of_the_environment_is_declared() -> None:
    texts = {path: path.read_text("utf-8") for path in SOURCE.rglob("*.py")}
    told = declared("environment.toml")
    assert {name for text in texts.values() for name in re.findall(r"\bGOODFIT_[A-Z]+\b", text)} == {
        name for name in told if name.startswith("GOODFIT_")
    }
    for text in texts.values():
        used = (
            r"environ(?:ment)?(?:\.get\(|\.setdefault\(|\.pop\(|\[)\"([A-Z_]+)\"|\"([A-Z_]+)\" (?:not )?in os\.environ"
        )
        for names_ in re.findall(used, text):
            assert set(names_) - {""} <= told.keys(), names_
    for name, each in told.items():
        for module in each["read"].split(", "):
            assert name in texts[SOURCE / f"{module.replace('.', '/')}.py"], name


# Links


def test_links_lead_somewhere() -> None:
    labels = {name for text in found().values() for name in re.findall(r"^\(([\w.-]+)\)=$", text, re.MULTILINE)}
    for path, text in found().items():
        for address in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)):
            target, _, anchor = address.partition("#")
            if not target:
                assert anchor in labels, f"{path}: {address}"
            elif "://" not in target:
                place = (Path("/reference") / path).parent.joinpath(target)
                parts = Path(os.path.normpath(place)).parts[1:]
                own = parts[0] == "reference" and "/".join(parts[1:]) in found()
                assert own or (len(parts) == 1 and (DOCS / parts[0]).exists()), f"{path}: {address}"


def test_flags_in_words_are_code() -> None:
    """Else the site would print a dash for two hyphens, and break lines behind them."""
    flags = sorted(owners(), key=len, reverse=True)
    bare = re.compile(rf"(?:{'|'.join(map(re.escape, flags))})\b")
    for path, text in found().items():
        words = re.sub(r"^```.*?^```|`[^`]*`", "", text, flags=re.MULTILINE | re.DOTALL)
        assert not [each for each in bare.findall(words) if each.startswith("--")], path


def test_labels_are_told_apart_whatever_their_case() -> None:
    labels = [name for text in found().values() for name in re.findall(r"^\(([\w.-]+)\)=$", text, re.MULTILINE)]
    assert len(labels) == len({name.lower() for name in labels})
    assert len(found()) == len({path.lower() for path in found()})


def test_the_index_leads_to_every_page() -> None:
    for name, _ in INDEX:
        title = re.match(r"# (.+)\n", found()[name])
        assert title
        assert f"[{title[1]}]({name})" in found()["index.md"]
    listed = set(re.findall(r"^[\w./-]+$", "\n".join(found().values()), re.MULTILINE))
    assert {path.removesuffix(".md") for path in found()} - listed <= {"index"}


@pytest.mark.parametrize("path", ["functions/goodfit.train.md", "classes/goodfit.Run.md"])
def test_pages_have_all_parts(path: str) -> None:
    text = found()[path]
    for part in ("```python\n", "| name | type | default | meaning |", "## Example"):
        assert part in text, part
