"""Writes docs/studies/: a page a study in English and in Chinese, from its declaration and from what it last gave.

`make docs` writes the pages. `make studies` runs the whole chapter first, and keeps what every study gave in
docs/studies/results/ and its figures in docs/studies/figures/. `tests/test_docs.py` fails where a page is not what this
would write.
"""

from __future__ import annotations

import html
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from goodfit.figures import png
from goodfit.files import write_atomically
from goodfit.reports.languages import Language
from goodfit.studies import Result, Study, studies
from goodfit.studies.estimates import Estimate
from goodfit.studies.numbers import estimate, interval, shown
from goodfit.studies.pages import STATUSES, caption, counts_told
from goodfit.studies.running import run_all
from goodfit.studies.study_findings import ClaimOutcome
from goodfit.studies.words import LANGUAGES, Words
from goodfit.studies.writing import as_json

HERE = Path(__file__).parent / "studies"
RESULTS, FIGURES = HERE / "results", HERE / "figures"
DOTS_PER_INCH = 96
OTHER: dict[Language, Language] = {"en": "zh", "zh": "en"}
NAMES: dict[Language, str] = {"en": "English", "zh": "中文"}


def documents() -> dict[Path, str]:
    """Every page: path -> text."""
    pages = {HERE / _file(study.name, each): _page(study, each) for study in told_studies() for each in LANGUAGES}
    return pages | {HERE / _file("README", each): _index(each) for each in LANGUAGES}


def told_studies() -> list[Study]:
    """All studies, with the parameters in their texts that they were last run with."""
    return [study.told(kept(study)["parameters"]) for study in studies().values()]


def keep(results: Sequence[Result]) -> None:
    """Keep what studies gave: the claims and printed numbers, and the figures."""
    for result in results:
        write_atomically(RESULTS / f"{result.study.name}.json", as_json(result.to_dict()).encode())
        for drawing in result.study.figures:
            picture = png(result.figure(drawing.name), dots_per_inch=DOTS_PER_INCH)
            write_atomically(FIGURES / f"{result.study.name}-{drawing.name}.png", picture)


def kept(study: Study) -> dict[str, Any]:
    """What the study gave when the chapter was last run."""
    found: dict[str, Any] = json.loads((RESULTS / f"{study.name}.json").read_text("utf-8"))
    return found


def _file(name: str, language: Language) -> str:
    return f"{name}.md" if language == "en" else f"{name}.{language}.md"


def _page(study: Study, language: Language) -> str:
    def say(en: str, zh: str) -> str:
        return Words(en, zh).of(language)

    other = OTHER[language]
    lines = [
        f"# {study.section} {study.title.of(language)}",
        f"[{NAMES[other]}]({_file(study.name, other)}) · [{say('Studies', '研究')}]({_file('README', language)})",
        f"**{study.question.of(language)}**",
        f"```sh\ngoodfit study {study.name}\n```",
        *(each.of(language) for each in study.about),
        f"## {say('The idea', '要点')}",
        *_idea(study, language),
        f"## {say('Figures', '图')}",
        *_figures(study, language),
        f"## {say('Claims', '论断')}",
        *_claims(study, language),
        f"## {say('Exercises', '练习')}",
        *_exercises(study, language),
        *_printed(study, language),
        f"## {say('Parameters', '参数')}",
        _table(
            [say("flag", "选项"), say("default", "默认值"), say("meaning", "说明")],
            [
                (
                    f"`{each.option}`",
                    f"`{each.text(each.default)}`",
                    each.about.of(language) + say(f" ({each.range(language)})", f"（{each.range(language)}）"),
                )
                for each in study.parameters
            ],
        ),
    ]
    return "\n\n".join(lines) + "\n"


def _claims(study: Study, language: Language) -> Iterator[str]:
    found = {each["claim"]: each for each in kept(study)["claims"]}
    heads = Words("claim", "论断"), Words("result", "判定"), Words("quantity", "测量的量"), Words("value", "值")
    rows = [
        (
            each.statement.of(language) + ("" if each.of_notes else " \\*"),
            f"**{STATUSES[found[each.name]['status']].of(language)}**",
            each.quantity.of(language),
            estimate(_estimate(found[each.name])),
            each.limit,
        )
        for each in study.claims
    ]
    yield _table([*(each.of(language) for each in heads), Words("holds if", "成立条件").of(language)], rows)
    yield Words(
        "95 % intervals; a claim holds if its whole interval meets the limit. "
        "\\* marks claims of this study, not of the notes.",
        "区间为 95 %；整个区间都满足条件时论断成立。带 \\* 的是本研究自己的论断。",
    ).of(language)
    for each in study.claims:
        if each.remark is not None:
            between = Words(" ", "\n>\n> ").of(language)  # Chinese has no space there, which ** would need
            yield f"> **{each.statement.of(language)}**{between}{each.remark.of(language)}"


def _idea(study: Study, language: Language) -> Iterator[str]:
    if study.idea is not None:
        yield f"> {study.idea.formula.of(language)}"
        yield "\n".join(f"{at + 1}. {line.of(language)}" for at, line in enumerate(study.idea.lines))


def _exercises(study: Study, language: Language) -> Iterator[str]:
    """Questions, and below them the answers; the page that `goodfit study` writes checks what the reader answers."""
    answer = Words("Answer", "答案").of(language)
    for at, each in enumerate(study.exercises):
        choices = "".join(f"\n   - {choice.of(language)}" for choice in each.choices)
        said = f"“{each.choices[each.right].of(language)}”{Words(': ', '：').of(language)}" if each.choices else ""
        folded = (
            f"<details><summary>{answer}</summary>{html.escape(said + each.why.of(language), quote=False)}</details>"
        )
        yield f"{at + 1}. {each.ask.of(language)}{choices}\n\n   {folded}"


def _figures(study: Study, language: Language) -> Iterator[str]:
    found = {each["claim"]: _estimate(each) for each in kept(study)["claims"]}
    claims = {each.name: ClaimOutcome(each, found[each.name], each.status(found[each.name])) for each in study.claims}
    for each in study.figures:
        title = each.title.of(language)
        yield f"![{title}](figures/{study.name}-{each.name}.png)"
        yield Words(f"**{title}.** ", f"**{title}**：").of(language) + caption(each, claims, language)


def _printed(study: Study, language: Language) -> Iterator[str]:
    if not study.printed:
        return
    found = kept(study)["printed"]
    heads = (
        Words("number", "数值"),
        Words("notes", "笔记"),
        Words("ours, 95 % interval", "本研究，95 % 区间"),
        Words("single seeds, central 95 %", "单个种子，中间 95 %"),
    )
    rows = [
        (
            each.what.of(language),
            shown(each.value),
            estimate(_estimate(ours)),
            interval(*ours["spread"]) if ours["spread"] else "–",
        )
        for each, ours in zip(study.printed, found, strict=True)
    ]
    yield f"## {Words('Comparison with the notes', '与笔记对照').of(language)}"
    yield _table([each.of(language) for each in heads], rows)


def _index(language: Language) -> str:
    title = Words("The chapter as studies", "整章的研究").of(language)
    about = Words(
        "Every experiment of the chapter is one command, run with many seeds; every measurable claim has an interval. "
        "`goodfit study all` runs them all and writes one page per study; `make studies` regenerates these pages.",
        "本章的每个实验都是一条命令，用许多随机种子运行；每句可以测量的论断都给出区间。"
        "`goodfit study all` 运行全部研究并各写一页；`make studies` 重新生成这里的页面。",
    ).of(language)
    heads = Words("section", "小节"), Words("study", "研究"), Words("question", "问题"), Words("claims", "论断")
    rows = []
    for each in told_studies():
        outcomes = [claim["status"] for claim in kept(each)["claims"]]
        counted = counts_told({status: outcomes.count(status) for status in STATUSES}, language)
        link = f"[{each.title.of(language)}]({_file(each.name, language)})"
        rows.append((each.section, link, each.question.of(language), counted))
    other = OTHER[language]
    lines = [
        f"# {title}",
        f"[{NAMES[other]}]({_file('README', other)})",
        about,
        _table([each.of(language) for each in heads], rows),
    ]
    return "\n\n".join(lines) + "\n"


def _estimate(found: Mapping[str, Any]) -> Estimate:
    numbers = [float("nan") if found[name] is None else found[name] for name in ("value", "low", "high")]
    return Estimate(*numbers, count=found["count"])


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def main() -> None:
    """Write every page; with the word "run", run the chapter first and keep what it gives."""
    if sys.argv[1:] == ["run"]:
        results, failed = run_all(Path("studies"), tell=lambda name, text: print(f"{name}: {text}", flush=True))
        keep(results)
        for name, why in failed.items():
            print(f"{name} was not run. {why}")
    for path, text in documents().items():
        path.write_text(text, "utf-8")
        print(f"docs/studies/{path.name}")


if __name__ == "__main__":
    main()
