"""What holds for every study: its declaration, its page in both languages, its files."""

from __future__ import annotations

import csv
import json
import re

import pytest
from studies_help import Small, Written

from goodfit.studies import run, studies
from goodfit.studies.pages import study_page
from goodfit.studies.words import LANGUAGES, Words
from page_check import check, tables

NAMES = list(studies())
BY_STUDY = [pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in NAMES]  # a worker writes its pages
CHINESE = re.compile("[\u4e00-\u9fff]")


def texts(value: object) -> list[Words]:
    """Every text of a declaration."""
    if isinstance(value, Words):
        return [value]
    if isinstance(value, tuple):
        return [each for part in value for each in texts(part)]
    if hasattr(value, "__dataclass_fields__"):
        return [each for name in value.__dataclass_fields__ for each in texts(getattr(value, name))]
    return []


@pytest.mark.parametrize("name", NAMES)
def test_the_declaration(name: str) -> None:
    study = studies()[name]
    assert re.fullmatch(r"[a-z][a-z0-9-]*", name)
    for each in (study.parameters, study.tables, study.figures, study.claims, study.printed):
        assert len({part.name for part in each}) == len(each)
    assert {each.table for each in study.figures} <= {each.name for each in study.tables}
    assert any(each.of_notes for each in study.claims)
    assert len(set(study.glance)) == 3
    assert all(each.usual is not None for each in study.claims if each.remark is not None)
    told = study.told()
    for text in (part for each in texts(told) for part in (each.en, each.zh)):
        assert not re.search("{(" + "|".join(each.name for each in study.parameters) + ")}", text), text
    assert study.figures
    assert study.question.en.endswith("?")
    assert study.question.zh.endswith("？")
    for each in (study.title, study.question, *study.about, *(claim.statement for claim in study.claims)):
        assert CHINESE.search(each.zh), each
    for each in texts(study):
        assert each.en.strip()
        assert each.zh.strip()
        assert not CHINESE.search(each.en), each
    for each in study.parameters:
        assert each.option.startswith("--")


@pytest.mark.parametrize("name", BY_STUDY)
def test_its_pages(name: str, small: Small, written: Written) -> None:
    result = small(name)
    page, chinese = (check(path.read_text("utf-8")) for path in written(name))
    assert page.all("h1")[0].text == result.study.title.en
    assert len(page.all("figure")) == len(result.study.figures)
    shown = tables(page)["Claims, with 95 % intervals"][1:]
    assert [row[1] for row in shown] == [each.status for each in result.claims]
    assert chinese.all("h1")[0].text == result.study.title.zh
    assert chinese.all("html")[0].attributes["lang"] == "zh-Hans"


@pytest.mark.parametrize("name", BY_STUDY)
def test_its_texts_follow_what_was_measured(name: str, small: Small, written: Written) -> None:
    """A finding stands below its figure as long as its claim has that status; a remark for another result says so."""
    result = small(name)
    for language, path in zip(LANGUAGES, written(name), strict=True):
        page = check(path.read_text("utf-8"))
        for drawing, found in zip(result.study.figures, page.all("figure"), strict=True):
            told = found.all("figcaption")[0].text
            assert drawing.caption.of(language).strip() in told
            for each in drawing.findings:
                outcome = result.claim(each.claim)
                if outcome.status == each.status:
                    assert each.text.of(language).strip() in told
                else:
                    assert each.text.of(language).strip() not in told
                    assert outcome.claim.statement.of(language) in told
        notes = "".join(each.text for each in page.all("p") if each.attributes.get("class") == "note")
        default = {"en": "With the default parameters: ", "zh": "用默认参数时："}[language]
        for outcome in result.claims:
            if outcome.claim.remark is not None and outcome.status != outcome.claim.usual:
                assert default + outcome.claim.remark.of(language).strip()[:20] in notes
        heads = [each.text for each in page.all("dt")[:3]]
        assert heads == [result.claim(each).claim.quantity.of(language) for each in result.study.glance]


def test_other_parameters_are_told() -> None:
    result = run("polynomial", rows=15, seeds=2, epochs=12, long_epochs=13)
    english, chinese = (study_page(result, each).html() for each in LANGUAGES)
    assert "on 15 examples by SGD: learning rate 0.01, batches of 10, 12 epochs (13 for 20 features)" in english
    assert "15 个样本，SGD，学习率 0.01，批量 10，12 轮（20 个特征时 13 轮）" in chinese
    assert "15. Size of the training set. [default: 100]" in english
    assert "With the default parameters: The geometric mean over seeds stays above 1" in english
    assert "the test loss falls to near the noise level" not in english
    assert "测试损失降到接近噪声的水平" not in chinese


@pytest.mark.parametrize("name", BY_STUDY)
def test_its_files(name: str, small: Small, written: Written) -> None:
    result, pages = small(name), written(name)
    assert [page.name for page in pages] == [f"{name}.html", f"{name}.zh.html"]
    folder = pages[0].parent / name
    drawn = {f"{each.name}{suffix}" for each in result.study.figures for suffix in (".svg", ".png")}
    columns = {f"{each.name}.csv" for each in result.study.tables}
    assert {path.name for path in folder.iterdir()} == {*drawn, *columns, "result.json"}
    for each in result.study.tables:
        with open(folder / f"{each.name}.csv", newline="", encoding="utf-8") as file:
            head, *rows = csv.reader(file)
        assert head == [column.name for column in each.columns]
        assert len(rows) == len(next(iter(result.tables[each.name].values()))) > 0
    kept = json.loads((folder / "result.json").read_text("utf-8"))
    assert [each["status"] for each in kept["claims"]] == [each.status for each in result.claims]
