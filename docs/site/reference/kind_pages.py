"""The pages of what goodfit tells, measures and writes: findings, leaks, scores, verdicts, files, errors, variables."""

from __future__ import annotations

import ast
import builtins
import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from goodfit.cli import exits
from goodfit.errors import GoodfitError, InputError, problem
from goodfit.inspection import CHECKS
from goodfit.models.measures import HEADLINES
from goodfit.selection.ranked_by import NAMES, TASKS
from goodfit.training.metrics import SCORE_NAMES
from goodfit.verdicts.gain_words import STATUS_WORDS

from .declared import constant, declared
from .faults import ADVICE, shown_by
from .linking import linker
from .markdown import code, fenced, guide, number, page, prose, table
from .messages import message_page
from .public import SOURCE, names

CLAIM_WORDS = {
    "holds": "the whole interval of the quantity lies in the range of the claim",
    "does not hold": "the whole interval lies outside",
    "cannot tell": "the interval reaches across an end of the range, or nothing could be measured",
}
FINDING_WORDS = {
    "issue": "the value lies beyond the limit: something is wrong, and the advice says what to change",
    "ok": "the value lies within the limit",
    "cannot tell": "what the check looks at is not known, as the recipe of a net from elsewhere",
}
LEAK_WORDS = {
    "issue": "held-out rows are known in training",
    "notice": "an honest feature may do the same",
    "cannot tell": "twins could not be told from chance or repeated measurements, or were too many to compare",
}


def kind_pages(guides: str) -> Iterator[tuple[str, str]]:
    """(path, text) of every page."""
    yield "findings.md", findings(guides)
    yield "leaks.md", leaks(guides)
    yield "scores.md", scores(guides)
    yield "verdicts.md", verdicts(guides)
    yield "formats.md", formats(guides)
    yield "errors.md", errors(guides)
    yield "messages.md", message_page()
    yield "environment.md", environment(guides)


def _text(text: str, guides: str) -> str:
    return prose(text, linker("kinds.md"), guides)


def _entry(label: str, title: str, rows: Iterable[tuple[str, str]]) -> str:
    """A place of its own for one thing, with what is known of it."""
    return f"({label})=\n## `{title}`\n\n{table(('', ''), [row for row in rows if row[1]])}"


def slug(name: str) -> str:
    """A name as a part of a label."""
    return name.lower().replace(" ", "-").replace("²", "2").replace(",", "").replace("_", "-")


def findings(guides: str) -> str:
    """What an inspection can find."""
    parts = [
        "# Findings",
        "[`gf.inspect`](functions/goodfit.inspect.md) and `goodfit inspect` make one finding per check, in this order. "
        f"How accurate they are: {guide('findings.md', guides)}. What is measured: "
        f"{guide('inspection.md', guides)}. What is advised is fields of the recipe, in `finding.advice`; `goodfit "
        "inspect --try` measures their effect. What brings a finding about is planted by `benchmarks.findings`, which "
        "counts how often it is found.",
        table(("status", "means"), ((code(name), _text(text, guides)) for name, text in FINDING_WORDS.items())),
        table(
            ("code", "an issue means"),
            ((f"[`{name}`](#finding.{name})", check.finds) for name, check in CHECKS.items()),
        ),
    ]
    for name, check in CHECKS.items():
        limits = ", ".join(f"`{limit}` = {number(float(value))}" for limit, value in check.limits.items())
        about = (check.examine.__doc__ or "").strip().split("\n\n")
        rows = [
            ("an issue means", _text(check.finds, guides)),
            ("measured", _text(" ".join(about[0].split()), guides)),
            ("limit", limits),
            ("source of the limit", _text(check.source, guides)),
            ("brought about by", shown_by(name)),
            ("advice", ADVICE[name]),
        ]
        parts.append(_entry(f"finding.{name}", name, rows))
    return page(*parts)


def leaks(guides: str) -> str:
    """What the leak guard can find."""
    parts = [
        "# Leaks",
        "`goodfit train`, `goodfit select`, `goodfit data check` and "
        "[`gf.leaks.guard`](functions/goodfit.leaks.guard.md) "
        f"look for these. More: {guide('data.md#leaks', guides)}.",
        table(("status", "means"), ((code(name), _text(text, guides)) for name, text in LEAK_WORDS.items())),
    ]
    for name, each in declared("leaks/codes.toml").items():
        rows = [
            ("finds", _text(each["finds"], guides)),
            ("limits", _limits(each["limits"])),
            ("advice", _text(each["advice"], guides)),
            ("source of the limits", _text(each["source"], guides)),
        ]
        parts.append(_entry(f"leak.{name}", name, rows))
    return page(*parts)


def _limits(places: Iterable[str]) -> str:
    return ", ".join(f"`{place.rpartition('.')[2]}` = {number(float(constant(place)))}" for place in places)


def scores(guides: str) -> str:
    """Scores and measures."""
    mains = {name: task for task, name in SCORE_NAMES.items()}
    parts = [
        "# Scores and measures",
        "The score of a task is accuracy (classification), exact match (multilabel) or R² (regression); the loss is "
        f"log loss or squared error. Intervals and baselines: {guide('measures.md', guides)}, "
        f"{guide('statistics.md', guides)}.",
    ]
    for name, each in declared("models/measures.toml").items():
        called = [one for one, of in NAMES.items() if of == name]
        rows = [
            ("formula", _text(each["formula"], guides)),
            ("unit", each["unit"]),
            ("range", f"{number(each['low'])} to {number(each['high'])}"),
            ("better", each["better"]),
            ("tasks", ", ".join(TASKS.get(name, ("classification",)))),
            ("the score of", mains.get(name, "")),
            ("among the first shown of", ", ".join(task for task, first in HEADLINES.items() if name in first)),
            ("as `by` of a search", ", ".join(map(code, called))),
            ("source", _text(each["source"], guides)),
        ]
        parts.append(_entry(f"score.{slug(name)}", name, rows))
    return page(*parts)


def verdicts(guides: str) -> str:
    """Verdicts, statuses of alternatives, and statuses of claims."""
    parts = [
        "# Verdicts and claims",
        f"`goodfit verdict` and [`gf.verdict`](functions/goodfit.verdict.md) give one of these: "
        f"{guide('verdict.md', guides)}.",
    ]
    for name, each in declared("verdicts/kinds.toml").items():
        rows = [
            ("means", _text(each["means"], guides)),
            ("next step", _text(each["next"], guides)),
            ("limits", _limits(each["limits"])),
        ]
        parts.append(_entry(f"verdict.{slug(name)}", name, rows))
    parts += [
        "## Alternatives",
        "Every alternative that a verdict trains has one of these statuses.",
        table(("status", "means"), ((code(name), text) for name, text in STATUS_WORDS.items())),
        "## Claims",
        f"What becomes of a claim of a study: {guide('studies.md#claims', guides)}.",
        table(("status", "means"), ((code(name), text) for name, text in CLAIM_WORDS.items())),
    ]
    return page(*parts)


def formats(guides: str) -> str:
    """The kinds of files that goodfit writes."""
    parts = [
        "# Files",
        "Every kind of file that goodfit writes. A file is written under a temporary name and then renamed, so that it "
        "is either complete or absent. Loading one never runs code from it.",
    ]
    for name, each in declared("formats.toml").items():
        version = str(constant(each["version"])) if each["version"] else ""
        rows = [
            ("folder", _text(each["where"], guides)),
            ("holds", _text(each["holds"], guides)),
            ("written by", _text(each["written"], guides)),
            ("read by", _text(each["read"], guides)),
            ("version of the format", version),
            ("more", guide(each["page"], guides)),
        ]
        parts.append(_entry(f"file.{slug(name).replace('*', 'n')}", name, rows))
    return page(*parts)


@dataclass(frozen=True)
class ErrorClass:
    """A class of errors or warnings. exit_code: of a command that ends by it, None where it is caught or a warning."""

    name: str
    module: str
    about: str
    exit_code: int | None
    warning: bool


@functools.cache
def error_classes() -> tuple[ErrorClass, ...]:
    """Every public class of errors and warnings of goodfit, found in the source, so that nothing need be imported."""
    known: dict[str, int | None] = {name: None for name in dir(builtins) if _is_error(getattr(builtins, name))}
    defined = [
        (".".join(["goodfit", *path.relative_to(SOURCE).with_suffix("").parts]), node)
        for path in sorted(SOURCE.rglob("*.py"))
        if "standalone" not in path.parts
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef)
    ]
    found: dict[str, ErrorClass] = {}
    for _ in range(5):  # as deep as one class stands above another, across files
        for module, node in defined:
            bases = [base.id for base in node.bases if isinstance(base, ast.Name) and base.id in known]
            if bases and node.name not in known:
                known[node.name] = _exit_code(node, known[bases[0]])
                if not node.name.startswith("_"):
                    about = " ".join((ast.get_docstring(node) or "").split())
                    warning = any("Warning" in base for base in bases)
                    found[node.name] = ErrorClass(node.name, module, about, known[node.name], warning)
    return tuple(found[name] for name in sorted(found))


def _is_error(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Exception)


def _exit_code(node: ast.ClassDef, above: int | None) -> int | None:
    for line in node.body:
        if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "exit_code":
            return int(ast.literal_eval(line.value))
    return above


def errors(guides: str) -> str:
    """Exit codes, the grammar of messages, and the classes."""
    example = problem(
        "Recipe", "'l2' must be a finite number >= 0", got=-0.1, net=(3, 64), fix="Use 0 to switch it off."
    )
    codes = [
        ("0", "done"),
        (str(GoodfitError.exit_code), "the work failed, for a reason that lies in the machine; or Ctrl-C"),
        (str(InputError.exit_code), "bad input"),
    ]
    pages = {each.last: each.page for each in names()}
    rows = []
    for each in error_classes():
        if each.name in pages:
            exit_code = "" if each.exit_code is None else str(each.exit_code)
            kind = "warning" if each.warning else "error"
            rows.append((f"[`{each.name}`]({pages[each.name]})", kind, exit_code, _text(each.about, guides)))
    return page(
        "# Errors",
        "An error says where, the rule, what was given, which net of several, and the fix. All problems of one input "
        "are reported at once, one a line. Messages go to stderr, results to stdout.",
        fenced(example, "text"),
        table(
            ("part", "here"),
            [
                ("where", "`Recipe`: the thing that was given, or a file's path"),
                ("rule", "`'l2' must be a finite number >= 0`"),
                ("got", "`-0.1`, as Python writes it, shortened"),
                ("net", "`net 3 of 64`, counted from 0, where one of a population is at fault"),
                ("fix", "`Use 0 to switch it off.`, or the nearest valid name"),
            ],
        ),
        "## Exit codes",
        table(("code", "means"), codes),
        f"With `{exits.DEBUG_VARIABLE}` set, a command that fails also shows where in the code.",
        "## Classes",
        "All errors of goodfit are `goodfit.GoodfitError`; what was given wrongly is `goodfit.InputError`, which is a "
        "`ValueError` too. The page of each has an example. Every rule that an error may name: "
        "[messages](messages.md).",
        table(("class", "kind", "exit code", "means"), rows),
    )


def environment(guides: str) -> str:
    """The environment variables that goodfit reads."""
    rows = [
        (f"`{name}`", _text(each["means"], guides), guide(each["page"], guides))
        for name, each in declared("environment.toml").items()
    ]
    return page("# Environment variables", table(("variable", "means", "more"), rows))
