"""A study as one self-contained page, and the index of a chapter; in English or Chinese."""

from __future__ import annotations

import functools
import shlex
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from goodfit.reports import Glance, Grid, Link, Page, Picture, Section
from goodfit.reports.blocks import Block, Passage
from goodfit.reports.frames import spread
from goodfit.reports.languages import Language
from goodfit.studies.catalogue import names
from goodfit.studies.declaring import Column, Drawing, Status, Study, TableOf
from goodfit.studies.numbers import estimate, interval, rows_of, shown
from goodfit.studies.words import COLON, LANGUAGES, SEMICOLON, Labels, Words

if TYPE_CHECKING:
    from goodfit.studies.study_findings import ClaimOutcome, StudyFindings

NARROW = 4.6  # inches of a figure on a telephone
LONG = 60  # rows that a page shows of a table; the rest stands in the CSV file
STATUSES: dict[Status, Words] = {
    "holds": Words("holds", "成立"),
    "does not hold": Words("does not hold", "不成立"),
    "cannot tell": Words("cannot tell", "无法判断"),
}
OWN = Words("Study", "研究")  # what stands above a study that is of no section of the chapter
LANGUAGE_NAMES: dict[Language, str] = {"en": "English", "zh": "中文"}


def page_name(study: str, language: Language) -> str:
    """The file of a study's page, or of the index: weight-decay.html, weight-decay.zh.html."""
    return f"{study}.html" if language == "en" else f"{study}.{language}.html"


def study_page(result: StudyFindings, language: Language, beside: Sequence[str] = (), *, framed: bool = False) -> Page:
    """The page of a study that was run.

    beside: names of pages that stand in the same folder ("index", other studies), to link to.
    framed: whether another page has it in a frame, which changes the language itself; no CSV files stand next to it.
    """
    study, drawn = result.study, {each.table for each in result.study.figures}
    grid = functools.partial(_grid, result=result, language=language, alone=framed)
    tables = [grid(each) for each in study.tables if each.shown and each.name not in drawn]
    numbers = [_passage("printed", result=result)] if study.printed else []
    values = result.given.to_dict()
    changed = {each.name for each in study.parameters if values[each.name] != each.default}
    method = _passage("method", result=result, command=command(study, values), changed=changed, own=is_own(study))
    idea = [_passage("idea", idea=study.idea)] if study.idea is not None else []
    exercises = [_passage("exercises", exercises=study.exercises)] if study.exercises else []
    parts: list[tuple[Words, Sequence[Block]]] = [
        (Words("The idea", "要点"), idea),
        (Words("Figures", "图"), [_picture(result, each, language, grid) for each in study.figures]),
        (Words("Claims", "论断"), [_passage("claims", claims=result.claims, remarks=remarks(result, language))]),
        (Words("Exercises", "练习"), exercises),
        (Words("Comparison with the notes", "与笔记对照"), numbers),
        (Words("Tables", "表格"), tables),
        (Words("Method", "方法"), [method]),
    ]
    return Page(
        title=study.title.of(language),
        kind=(Words(f"Section {study.section}", f"第 {study.section} 节") if study.section else OWN).of(language),
        lead=study.question.of(language),
        glance=[_glance(result.claim(each), language) for each in study.glance],
        sections=[Section(title.of(language), blocks) for title, blocks in parts if blocks],
        links=[]
        if framed
        else [*_other_languages(study.name, language, languages_of(study)), *_beside(study.name, beside, language)],
        foot=_foot(result, language, alone=framed),
        language=language,
        framed=framed,
    )


def _foot(result: StudyFindings, language: Language, *, alone: bool) -> str:
    """Where the page is from. alone: whether its tables stand in no files beside it."""
    seconds = shown(result.seconds, 3)
    made = Words(f"Made by goodfit in {seconds} s.", f"由 goodfit 生成，用时 {seconds} 秒。")
    files = Words(
        " The tables are next to this page as CSV files.",
        "各表格另存为 CSV 文件，与本页放在一起。",
    )
    return made.of(language) + ("" if alone else files.of(language))


def index_page(results: Sequence[StudyFindings], language: Language, failed: Mapping[str, str] = {}) -> Page:
    """The chapter: every study that was run, with its question and what became of its claims.

    failed: studies that could not be run -> why.
    """
    refuted = [(each, claim) for each in results for claim in each.claims if claim.status == "does not hold"]
    title, wrong = Words("Studies", "研究"), Words("Claims that do not hold", "不成立的论断")
    sections = [Section(title.of(language), [_passage("chapter", results=results, failed=failed)])]
    if refuted:
        sections.append(Section(wrong.of(language), [_passage("refuted", refuted=refuted)]))
    return Page(
        title=Words("Multilayer perceptrons, measured", "多层感知机：逐节实测").of(language),
        kind=Words("The chapter as reproducible studies", "整章的可重现研究").of(language),
        lead=Words(
            "Every experiment of the chapter run with many seeds; every measurable claim, with its interval.",
            "本章的每个实验都用许多随机种子运行；每句可以测量的论断都给出区间。",
        ).of(language),
        sections=sections,
        links=_other_languages("index", language),
        language=language,
    )


def caption(drawing: Drawing, claims: Mapping[str, ClaimOutcome], language: Language) -> str:
    """How to read a figure, and what it shows; where a claim turned out otherwise, the claim and what became of it."""
    said = [drawing.caption]
    for each in drawing.findings:
        outcome = claims[each.claim]
        told, of, found = outcome.claim.statement, outcome.claim.quantity, estimate(outcome.found)
        other = Words(
            f"“{told.en}” {STATUSES[outcome.status].en.capitalize()} here ({of.en}: {found}).",
            f"“{told.zh}”此处{STATUSES[outcome.status].zh}（{of.zh}：{found}）。",
        )
        said.append(each.text if outcome.status == each.status else other)
    return (" " if language == "en" else "").join(each.of(language).strip() for each in said)


def remarks(result: StudyFindings, language: Language) -> list[tuple[str, str]]:
    """Claims and remarks on them; one that was written for another result says so."""
    usual = all(
        result.given.to_dict()[each.name] == each.default
        for each in result.study.parameters
        if each.name not in ("seed", "seeds")
    )
    found = []
    for each in result.claims:
        head, own = each.claim.statement.of(language), each.claim.remark
        if own is not None:
            fits = usual and each.status == each.claim.usual
            before = Words("", "") if fits else Words("With the default parameters: ", "用默认参数时：")
            found.append((head, before.of(language) + own.of(language)))
        if each.found.why is not None:
            found.append((head, each.found.why.of(language)))
    return found


def heads(columns: Sequence[Column], language: Language) -> list[str]:
    """The heads of a table."""
    return [each.head.of(language) for each in columns]


def is_own(study: Study) -> bool:
    """Whether a study is not one of goodfit's, so that no command and no page of the lab knows it."""
    return study.name not in names()


def command(study: Study, values: Mapping[str, Any]) -> str:
    """The command line that runs a study so, or the call of one that is not goodfit's; defaults are left out."""
    changed = [each for each in study.parameters if values[each.name] != each.default]
    if is_own(study):
        given = "".join(f", {each.name}={values[each.name]!r}" for each in changed)
        return f"goodfit.studies.run(study{given})  # study: your Study named {study.name!r}"
    words = ["goodfit", "study", study.name]
    for each in changed:
        words += [each.option, each.text(values[each.name])]
    return shlex.join(words)


def _passage(template: str, **values: Any) -> Passage:
    return Passage(f"study/{template}.html", {**TOOLS, **values})


def _glance(outcome: ClaimOutcome, language: Language) -> Glance:
    found, told = outcome.found, _status(outcome, language)
    held = "" if found.low == found.high else f"{interval(found.low, found.high)} "
    return Glance(outcome.claim.quantity.of(language), shown(found.value), held + told)


def _status(outcome: ClaimOutcome, language: Language) -> str:
    return STATUSES[outcome.status].of(language)


def _short(text: str) -> str:
    return text.rstrip(".。") + ("." if text.isascii() or text.endswith(".") else "：")


def counted(claims: Sequence[ClaimOutcome], language: Language) -> str:
    """holds: 3; does not hold: 1."""
    return counts_told({status: sum(each.status == status for each in claims) for status in STATUSES}, language)


def counts_told(counts: Mapping[Status, int], language: Language) -> str:
    """How many claims have each status; those that none has are left out."""
    colon, between = COLON.of(language), SEMICOLON.of(language)
    return between.join(f"{STATUSES[each].of(language)}{colon}{count}" for each, count in counts.items() if count)


def _picture(result: StudyFindings, drawing: Drawing, language: Language, grid: Callable[[TableOf], Grid]) -> Picture:
    (table,) = (each for each in result.study.tables if each.name == drawing.table)
    return Picture(
        drawing.title.of(language),
        result.figure(drawing.name, language=language),
        grid(table),
        text=caption(drawing, {each.claim.name: each for each in result.claims}, language),
        narrow=result.figure(drawing.name, NARROW, language),
    )


def _grid(table: TableOf, result: StudyFindings, language: Language, *, alone: bool) -> Grid:
    say, note = Labels(result.study.labels, language), Words("", "")
    rows = [[say.name(cell) for cell in row] for row in rows_of([*result.tables[table.name].values()])]
    if len(rows) > LONG:
        file = f"{table.name}.csv"
        where = Words(f"{file} of `goodfit study`", f"`goodfit study` 写出的 {file}") if alone else Words(file, file)
        note = Words(
            f"{LONG} of {len(rows):,} rows shown; all are in {where.en}.",
            f"共 {len(rows):,} 行，此处列出 {LONG} 行；完整数据见 {where.zh}。",
        )
        rows = [rows[place] for place in spread(len(rows), LONG)]
    columns = heads(table.columns, language)
    return Grid(table.title.of(language), columns, rows, left=table.left, note=note.of(language))


def languages_of(study: Study) -> tuple[Language, ...]:
    """The languages that a study has pages in: Chinese where it says its title in Chinese."""
    return LANGUAGES if study.title.zh else LANGUAGES[:1]


def _other_languages(name: str, language: Language, all: Sequence[Language] = LANGUAGES) -> list[Link]:
    return [Link(LANGUAGE_NAMES[each], page_name(name, each)) for each in all if each != language]


def _beside(name: str, beside: Sequence[str], language: Language) -> list[Link]:
    """To the index, and the pages before and after this one."""
    others = [each for each in beside if each != "index"]
    place = others.index(name) if name in others else None
    found = [(Words("All studies", "所有研究"), "index")] if "index" in beside else []
    if place:
        found.append((Words("Previous", "上一篇"), others[place - 1]))
    if place is not None and place + 1 < len(others):
        found.append((Words("Next", "下一篇"), others[place + 1]))
    return [Link(words.of(language), page_name(each, language)) for words, each in found]


TOOLS: Mapping[str, Any] = {  # what the templates of studies call
    "counted": counted,
    "estimate": estimate,
    "interval": interval,
    "page_name": page_name,
    "short": _short,
    "shown": shown,
    "status": _status,
}
