"""A study as one self-contained page, and the index of a chapter; in English or Chinese."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from goodfit.reports import Code, Facts, Glance, Grid, Link, Note, Page, Paragraph, Picture, Section, Strong
from goodfit.reports.blocks import Block
from goodfit.reports.languages import Language
from goodfit.reports.markup import Inline
from goodfit.studies.declaring import Column, Status, Study, TableOf
from goodfit.studies.numbers import estimate, interval, rows_of, shown
from goodfit.studies.words import LANGUAGES, Words

if TYPE_CHECKING:
    from goodfit.studies.result import Outcome, Result

NARROW = 4.6  # inches of a figure on a telephone
LONG = 60  # rows that a page shows of a table; the rest stands in the CSV file
STATUSES: dict[Status, Words] = {
    "holds": Words("holds", "成立"),
    "does not hold": Words("does not hold", "不成立"),
    "cannot tell": Words("cannot tell", "无法判断"),
}
LANGUAGE_NAMES: dict[Language, str] = {"en": "English", "zh": "中文"}


def page_name(study: str, language: Language) -> str:
    """The file of a study's page, or of the index: weight-decay.html, weight-decay.zh.html."""
    return f"{study}.html" if language == "en" else f"{study}.{language}.html"


def study_page(result: Result, language: Language, beside: Sequence[str] = ()) -> Page:
    """The page of a study that was run.

    beside: names of pages that stand in the same folder ("index", other studies), to link to.
    """
    study = result.study
    sections = [
        _section(_CLAIMS, _claim_blocks(result.claims, language), language),
        _section(_FIGURES, [_picture(result, each.name, language) for each in study.figures], language),
        *([_section(_NOTES, [_printed(result, language)], language)] if study.printed else []),
        *_tables(result, language),
        _section(_HOW, _how(result, language), language),
    ]
    return Page(
        title=study.title.of(language),
        kind=Words(f"Section {study.section}", f"第 {study.section} 节").of(language),
        lead=study.question.of(language),
        glance=[_glance(each, language) for each in result.claims[:3]],
        sections=sections,
        links=[*_other_languages(study.name, language), *_beside(study.name, beside, language)],
        foot=Words(
            f"Made by goodfit in {shown(result.seconds, 3)} s. The tables stand beside this page as CSV files.",
            f"由 goodfit 生成，用时 {shown(result.seconds, 3)} 秒。各表格另存为 CSV 文件，与本页放在一起。",
        ).of(language),
        language=language,
    )


def index_page(results: Sequence[Result], language: Language, failed: Mapping[str, str] = {}) -> Page:
    """The chapter: every study that was run, with its question and what became of its claims.

    failed: studies that could not be run -> why.
    """
    head = Words("Section", "小节"), Words("Study", "研究"), Words("Question", "问题"), Words("Claims", "论断")
    rows: list[list[Inline]] = [
        [
            each.study.section,
            Link(each.study.title.of(language), page_name(each.study.name, language)),
            each.study.question.of(language),
            _counted(each.claims, language),
        ]
        for each in results
    ]
    blocks: list[Block] = [
        Grid(
            Words("Every study, with what became of its claims", "所有研究及其论断的结果").of(language),
            [each.of(language) for each in head],
            rows,
            left=4,
        )
    ]
    blocks += [Note(f"{name}: {why}", word=_FAILED.of(language)) for name, why in failed.items()]
    refuted = [(each, claim) for each in results for claim in each.claims if claim.status == "does not hold"]
    sections = [_section(Words("Studies", "研究"), blocks, language)]
    if refuted:
        sections.append(_section(_REFUTED, [_refutations(refuted, language)], language))
    return Page(
        title=Words("Multilayer perceptrons, measured", "多层感知机：逐节实测").of(language),
        kind=Words("The chapter as living studies", "整章的可运行研究").of(language),
        lead=Words(
            "Every experiment of the chapter with many seeds; every sentence that can be measured, with its interval.",
            "本章的每个实验都用许多随机种子运行；每句可以测量的论断都给出区间。",
        ).of(language),
        sections=sections,
        links=_other_languages("index", language),
        language=language,
    )


def _section(title: Words, blocks: Sequence[Block], language: Language) -> Section:
    return Section(title.of(language), blocks)


def _glance(outcome: Outcome, language: Language) -> Glance:
    return Glance(
        outcome.claim.quantity.of(language),
        shown(outcome.found.value),
        f"{interval(outcome.found.low, outcome.found.high)} {STATUSES[outcome.status].of(language)}"
        if outcome.found.low != outcome.found.high
        else STATUSES[outcome.status].of(language),
    )


def _claim_blocks(claims: Sequence[Outcome], language: Language) -> list[Block]:
    """The table of claims, and below it the remarks on what the notes say."""
    head = (
        Words("Claim", "论断"),
        Words("So it", "结论"),
        Words("Measured", "测量的量"),
        Words("Value", "值"),
        Words("Holds if", "成立条件"),
    )
    rows: list[list[Inline]] = [
        [
            each.claim.statement.of(language) + ("" if each.claim.of_notes else _OURS.of(language)),
            Strong(STATUSES[each.status].of(language)),
            each.claim.quantity.of(language),
            estimate(each.found),
            each.claim.limit,
        ]
        for each in claims
    ]
    grid = Grid(
        Words("Claims, with intervals at 95 %", "论断与 95 % 区间").of(language),
        [each.of(language) for each in head],
        rows,
        left=3,
        marked=frozenset(at for at, each in enumerate(claims) if each.status == "does not hold"),
        note=_STARRED.of(language) if any(not each.claim.of_notes for each in claims) else "",
    )
    remarks: list[Block] = []
    for each in claims:
        why = each.found.why
        if each.claim.remark is not None:
            remarks.append(Note(each.claim.remark.of(language), word=_short(each.claim.statement.of(language))))
        if why is not None:
            remarks.append(Note(why.of(language), word=_short(each.claim.statement.of(language))))
    return [grid, *remarks]


def _short(text: str) -> str:
    return text.rstrip(".。") + ("." if text.isascii() or text.endswith(".") else "：")


def _printed(result: Result, language: Language) -> Grid:
    """The notes' numbers beside ours."""
    head = (
        Words("Number", "数值"),
        Words("Notes", "笔记"),
        Words("Ours, 95 % interval", "我们的值，95 % 区间"),
        Words("Single seeds, middle 95 %", "单个种子，中间 95 %"),
        Words("Seeds", "种子数"),
    )
    rows: list[list[Inline]] = []
    for each in result.study.printed:
        found = result.printed[each.name]
        spread = interval(*found.spread) if found.spread else "–"
        rows.append([each.what.of(language), shown(each.value), estimate(found), spread, shown(found.count)])
    return Grid(
        Words("Numbers that the notes print, from one seed each", "笔记中打印的数值（各来自一个种子）").of(language),
        [each.of(language) for each in head],
        rows,
    )


def _picture(result: Result, name: str, language: Language) -> Picture:
    (drawing,) = (each for each in result.study.figures if each.name == name)
    (table,) = (each for each in result.study.tables if each.name == drawing.table)
    return Picture(
        drawing.title.of(language),
        result.figure(name),
        _grid(table, result, language),
        text=drawing.caption.of(language),
        narrow=result.figure(name, NARROW),
    )


def _tables(result: Result, language: Language) -> list[Section]:
    """The shown tables that no figure has below it."""
    drawn = {each.table for each in result.study.figures}
    grids = [_grid(each, result, language) for each in result.study.tables if each.shown and each.name not in drawn]
    return [_section(Words("Tables", "表格"), grids, language)] if grids else []


def _grid(table: TableOf, result: Result, language: Language) -> Grid:
    rows: list[list[Any]] = [list(row) for row in rows_of([*result.tables[table.name].values()])]
    note = ""
    if len(rows) > LONG:
        places = [round(at * (len(rows) - 1) / (LONG - 1)) for at in range(LONG)]
        note = Words(
            f"{LONG} of {len(rows):,} rows; {table.name}.csv has all.",
            f"共 {len(rows):,} 行，此处列出 {LONG} 行；完整数据见 {table.name}.csv。",
        ).of(language)
        rows = [rows[place] for place in places]
    return Grid(table.title.of(language), heads(table.columns, language), rows, left=table.left, note=note)


def heads(columns: Sequence[Column], language: Language) -> list[str]:
    """The heads of a table."""
    return [each.head.of(language) for each in columns]


def _how(result: Result, language: Language) -> list[Block]:
    study = result.study
    blocks: list[Block] = [Paragraph(each.of(language)) for each in study.about]
    if study.parameters:
        pairs: list[tuple[str, Inline]] = [
            (each.option, f"{each.text(getattr(result.given, each.name))}. {each.about.of(language)}")
            for each in study.parameters
        ]
        blocks.append(Facts(pairs))
    blocks.append(Code(command(study, result.given.to_dict()), Words("Run it again", "重新运行").of(language)))
    return blocks


def command(study: Study, values: Mapping[str, Any]) -> str:
    """The command line that runs a study so; defaults are left out."""
    import shlex

    words = ["goodfit", "study", study.name]
    for each in study.parameters:
        if values[each.name] != each.default:
            words += [each.option, each.text(values[each.name])]
    return shlex.join(words)


def _counted(claims: Sequence[Outcome], language: Language) -> str:
    """holds: 3; does not hold: 1."""
    counts = {status: sum(each.status == status for each in claims) for status in STATUSES}
    return "; ".join(f"{STATUSES[status].of(language)}: {count}" for status, count in counts.items() if count)


def _refutations(refuted: Sequence[tuple[Result, Outcome]], language: Language) -> Grid:
    rows: list[list[Inline]] = [
        [
            each.study.section,
            (
                Link(claim.claim.statement.of(language), page_name(each.study.name, language)),
                "" if claim.claim.of_notes else _OURS.of(language),
            ),
            f"{claim.claim.quantity.of(language)}: {estimate(claim.found)}",
        ]
        for each, claim in refuted
    ]
    head = Words("Section", "小节"), Words("Claim", "论断"), Words("Measured", "测得")
    note = _STARRED.of(language) if any(not claim.claim.of_notes for _, claim in refuted) else ""
    return Grid(_REFUTED.of(language), [each.of(language) for each in head], rows, left=3, note=note)


def _other_languages(name: str, language: Language) -> list[Link]:
    return [Link(LANGUAGE_NAMES[each], page_name(name, each)) for each in LANGUAGES if each != language]


def _beside(name: str, beside: Sequence[str], language: Language) -> list[Link]:
    """To the index, and the pages before and after this one."""
    links = []
    if "index" in beside:
        links.append(Link(Words("All studies", "所有研究").of(language), page_name("index", language)))
    others = [each for each in beside if each != "index"]
    place = others.index(name) if name in others else -1
    if place > 0:
        links.append(Link(Words("Before", "上一篇").of(language), page_name(others[place - 1], language)))
    if 0 <= place < len(others) - 1:
        links.append(Link(Words("Next", "下一篇").of(language), page_name(others[place + 1], language)))
    return links


_CLAIMS = Words("Claims", "论断")
_NOTES = Words("Beside the notes", "与笔记对照")
_FIGURES = Words("Figures", "图")
_HOW = Words("How it was done", "方法")
_FAILED = Words("Not run", "未能运行")
_REFUTED = Words("Claims that do not hold as they stand", "不能照原样成立的论断")
_OURS = Words(" *", " *")
_STARRED = Words("* A claim of this study, not of the notes.", "* 本研究自己的论断，笔记中没有。")
