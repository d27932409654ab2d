"""What `goodfit study` prints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from goodfit.cli.output import console, print_json, print_line, table
from goodfit.reports.languages import Language
from goodfit.studies.declaring import TableOf
from goodfit.studies.numbers import NONE, estimate, interval, intervals_of, shown
from goodfit.studies.pages import STATUSES, heads, page_name
from goodfit.studies.result import Result
from goodfit.studies.words import COLON, LANGUAGES, SEMICOLON, Words
from goodfit.words import duration

MOST_ROWS = 40  # of a table that is printed whole
DIGITS = 3  # of its numbers
SHORT = 24  # characters of a text that stays in one line


def print_list(language: Language, *, json: bool) -> None:
    """Every study: section, name, question."""
    from goodfit.studies import studies

    known = studies().values()
    if json:
        rows = [
            {"study": each.name, "section": each.section, "title": each.title.en, "question": each.question.en}
            for each in known
        ]
        print_json(rows)
        return
    head = [each.of(language) for each in (Words("Section", "小节"), Words("Study", "研究"), Words("Question", "问题"))]
    to = console()
    to.print(table("", head, [(each.section, each.name, each.question.of(language)) for each in known], left=3))
    print_line(
        to,
        Words(
            "Run one: goodfit study NAME. Run all: goodfit study all.",
            "运行一个：goodfit study NAME；全部：goodfit study all。",
        ).of(language),
    )


def print_result(result: Result, out: Path, language: Language, *, json: bool) -> None:
    """Tables, the notes' numbers, claims, and where the pages are."""
    pages = [out / page_name(result.study.name, each) for each in LANGUAGES]
    if json:
        print_json({**result.to_dict(), "pages": [str(page) for page in pages]})
        return
    to = console()
    print_line(to, f"{result.study.section} {result.study.title.of(language)}. {result.study.question.of(language)}")
    for each in result.study.tables:
        if each.shown:
            to.print()
            _print_table(to, each, result, language, out / result.study.name)
    if result.study.printed:
        to.print()
        to.print(_printed(result, language))
    to.print()
    to.print(_claims([result], language))
    to.print()
    page = out / page_name(result.study.name, language)
    print_line(to, f"{Words('Page: ', '页面：').of(language)}{page} ({duration(result.seconds)})")


def print_chapter(results: Sequence[Result], out: Path, language: Language, *, json: bool) -> None:
    """Every claim of every study that was run, and where the index is."""
    index = out / page_name("index", language)
    if json:
        print_json({"studies": [each.to_dict() for each in results], "page": str(index)})
        return
    to = console()
    to.print(_claims(results, language))
    to.print()
    seconds = sum(each.seconds for each in results)
    print_line(to, f"{Words('Index: ', '目录：').of(language)}{index} ({duration(seconds)})")


def _print_table(to: Console, declared: TableOf, result: Result, language: Language, folder: Path) -> None:
    """A table, with the two ends of an interval beside its middle in one column; of a long one, where it stands."""
    columns, names = result.tables[declared.name], heads(declared.columns, language)
    title, count = declared.title.of(language), len(next(iter(columns.values())))
    if count > MOST_ROWS:
        path = folder / f"{declared.name}.csv"
        words = Words(f"{count} rows in {path}.", f"共 {count} 行，见 {path}。")
        print_line(to, f"{title}{COLON.of(language)}{words.of(language)}")
        return
    cells = [[shown(value, DIGITS) for value in values] for values in columns.values()]
    found = intervals_of([*columns])
    for middle, low, high in found:
        pairs = zip(cells[middle], cells[low], cells[high], strict=True)
        cells[middle] = [f"{value} [{least}, {most}]" if least != NONE else value for value, least, most in pairs]
    ends = {place for _, *both in found for place in both}
    kept = [place for place in range(len(names)) if place not in ends]
    rows = zip(*(cells[place] for place in kept), strict=True)
    to.print(Text(title, style="bold"), soft_wrap=True)
    made = table("", [names[place] for place in kept], rows, left=declared.left)
    for column in made.columns[: declared.left]:
        column.no_wrap = all(len(str(cell)) <= SHORT for cell in column.cells)
    to.print(made)
    brackets = dict.fromkeys(f"[{names[low]}, {names[high]}]" for _, low, high in found)
    if brackets:
        print_line(to, Words("In brackets: ", "方括号内：").of(language) + SEMICOLON.of(language).join(brackets))


def _printed(result: Result, language: Language) -> object:
    head = (
        Words("Number", "数值"),
        Words("Notes", "笔记"),
        Words("Ours", "本研究"),
        Words("Single seeds", "单个种子"),
    )
    rows = []
    for each in result.study.printed:
        found = result.printed[each.name]
        spread = interval(*found.spread) if found.spread else ""
        rows.append((each.what.of(language), shown(each.value), estimate(found), spread))
    title = Words(
        "Comparison with the notes (interval of the mean; central 95 % of seeds)",
        "与笔记对照（均值的区间；种子的中间 95 %）",
    )
    return table(title.of(language), [each.of(language) for each in head], rows)


def _claims(results: Sequence[Result], language: Language) -> object:
    head = (
        Words("Claim", "论断"),
        Words("Quantity", "测量的量"),
        Words("Result", "判定"),
        Words("Value", "值"),
        Words("Holds if", "成立条件"),
    )
    rows = [
        (
            (f"{result.study.section} " if len(results) > 1 else "") + each.claim.statement.of(language),
            each.claim.quantity.of(language),
            STATUSES[each.status].of(language),
            estimate(each.found),
            each.claim.limit,
        )
        for result in results
        for each in result.claims
    ]
    title = Words("Claims, with 95 % intervals", "论断与 95 % 区间")
    return table(title.of(language), [each.of(language) for each in head], rows, left=3)
