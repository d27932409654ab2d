"""Every refusal that the source can write: its rule, and what it says to do, found in the syntax trees."""

from __future__ import annotations

import ast
import functools
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .markdown import FLAG, code, page, table
from .public import SOURCE

MAKERS = {"problem": 1, "add": 1}  # function -> the place of the rule among its arguments; behind it the fix by name
GAP = "…"  # in the place of what is known only when it is said
AREAS = {
    "cli": "Command line",
    "data": "Data and tables",
    "lab": "The lab",
    "serving": "Serving",
    "training": "Recipes and training",
    "nets": "Nets",
    "runs": "Runs",
    "ensembles": "goodfit fit",
    "selection": "Selection",
    "curves": "Curves",
    "verdicts": "Verdicts",
    "inspection": "Inspection",
    "leaks": "Leaks",
    "figures": "Figures",
    "reports": "Reports",
    "interop": "Export and import",
    "models": "Models and model files",
    "estimators": "Estimators of scikit-learn's kind",
    "studies": "Studies",
    "notes": "Notes",
}
OTHERS = "Other"


@dataclass(frozen=True, order=True)
class Message:
    """A refusal. rule, fix: as the source has them, with a gap for each part that is known only when it is said."""

    rule: str
    fix: str
    area: str


@functools.cache
def messages() -> tuple[Message, ...]:
    """All of them, in alphabetical order."""
    found = {message for path in sorted(SOURCE.rglob("*.py")) for message in _of_file(path)}
    return tuple(sorted(found, key=lambda each: (each.rule.strip(f"'{GAP} ").casefold(), each.fix)))


def _of_file(path: Path) -> Iterator[Message]:
    inside = path.relative_to(SOURCE).parts
    area = AREAS.get(inside[0], OTHERS)
    tree = ast.parse(path.read_text("utf-8"))
    for scope in [tree, *(each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef))]:
        said = _assigned(scope)
        for call in _calls(scope):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
            place = MAKERS.get(name)
            if place is None or len(call.args) <= place:
                continue
            fixes = [each.value for each in call.keywords if each.arg == "fix"]
            fixes = _texts(fixes[0], said) if fixes else [""]
            for rule, fix in itertools.product(_texts(call.args[place], said), fixes or [""]):
                if any(sign.isalpha() for sign in rule):
                    yield Message(rule, fix if any(sign.isalpha() for sign in fix) else "", area)


def _calls(scope: ast.AST) -> Iterator[ast.Call]:
    """The calls in a scope, without those of the functions in it."""
    for child in ast.iter_child_nodes(scope):
        if not isinstance(child, ast.FunctionDef):
            if isinstance(child, ast.Call):
                yield child
            yield from _calls(child)


def _assigned(scope: ast.AST) -> dict[str, list[ast.expr]]:
    """Name -> what a scope gives it."""
    found: dict[str, list[ast.expr]] = {}
    for each in ast.walk(scope):
        if isinstance(each, ast.Assign):
            for target in each.targets:
                targets = target.elts if isinstance(target, ast.Tuple) else [target]
                values = each.value.elts if isinstance(each.value, ast.Tuple) else [each.value] * len(targets)
                for one, value in zip(targets, values, strict=False):
                    if isinstance(one, ast.Name):
                        found.setdefault(one.id, []).append(value)
    return found


def _texts(node: ast.expr, said: dict[str, list[ast.expr]], depth: int = 4) -> list[str]:
    """What an expression may read, a gap where it is not known."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.IfExp):
        return [text for side in (node.body, node.orelse) for text in _texts(side, said, depth)]
    if depth and isinstance(node, ast.Name) and node.id in said:
        return [text for value in said[node.id] for text in _texts(value, said, depth - 1)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _joined([node.left, node.right], said, depth)
    if isinstance(node, ast.JoinedStr):
        return _joined(node.values, said, depth)
    return [GAP]


def _joined(nodes: list[ast.expr], said: dict[str, list[ast.expr]], depth: int) -> list[str]:
    parts = [_texts(node, said, depth) if isinstance(node, ast.Constant | ast.BinOp) else [GAP] for node in nodes]
    return ["".join(each) for each in itertools.product(*parts)]


def message_page() -> str:
    """The page of all messages, an area a table."""
    parts = [
        "# Messages",
        f"Every refusal of goodfit, by its rule, so that one that you met can be looked up. `{GAP}` stands for what is "
        "known only when it is said: a name, a number, a file. What comes before the rule is where it was met, what "
        "comes behind is what was given (see [errors](errors.md)).",
    ]
    for area in [*AREAS.values(), OTHERS]:
        own = [each for each in messages() if each.area == area]
        if own:
            parts += [
                f"## {area}",
                table(("rule", "what to do"), [(_plain(each.rule), _plain(each.fix)) for each in own]),
            ]
    return page(*parts)


def _plain(text: str) -> str:
    """A text that Markdown shows as it is."""
    for sign in "\\*_[]<>|{}$~":
        text = text.replace(sign, "\\" + sign)
    text = text.replace("`", "'")  # it quotes names and commands, which other messages do with these
    return FLAG.sub(lambda each: code(each[0]), " ".join(text.split()))
