"""A study's folder: its texts are all there and all used, or the study does not load; only what is asked for loads."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from goodfit.errors import InputError
from goodfit.studies.declaring import Study
from goodfit.studies.folders import Folder
from goodfit.studies.words import Words

GOOD = """
[title]
en = "A study"
zh = "研究"

[question]
en = "Is it?"
zh = "是吗？"

[about.1]
en = "With {ROWS} rows."
zh = "用 {ROWS} 个样本。"

[parameters]
rows = { en = "Rows.", zh = "样本数。" }

[columns]
loss = { en = "loss", zh = "损失" }

[tables.ends]
title.en = "Ends"
title.zh = "结果"
columns.net = { en = "net", zh = "网络" }

[figures.by-rows]
title.en = "By rows"
title.zh = "随样本数"
caption.en = "A line."
caption.zh = "一条线。"

[claims.falls]
statement.en = "The loss falls."
statement.zh = "损失下降。"
quantity.en = "loss"
quantity.zh = "损失"

[printed.weight]
en = "weight {at}"
zh = "权重 {at}"
"""

DECLARED = """
section = "4.9"
small = {}

[parameters]
rows = { default = 20, kind = "whole", low = 1, high = "ROWS" }

[tables]
ends = { columns = ["net", "bands loss"] }

[figures]
by-rows = { table = "ends" }

[claims]
falls = { high = 1 }
"""


def load(text: str, folder: Path, declared: str = DECLARED) -> Study:
    (folder / "a_study").mkdir()
    (folder / "a_study" / "texts.toml").write_text(text, "utf-8")
    (folder / "a_study" / "study.toml").write_text(declared, "utf-8")
    here = Folder(str(folder / "a_study" / "study.py"), ROWS=20)
    return here.declared(printed=(here.printed("weight-0", 1.5, "weight", at=0),))


def test_a_declaration_has_the_texts_of_its_folder(tmp_path: Path) -> None:
    study = load(GOOD, tmp_path)
    assert study.name == "a-study"
    assert study.section == "4.9"
    assert (study.parameters[0].default, study.parameters[0].low, study.parameters[0].high) == (20, 1, 20)
    assert study.about == (Words("With 20 rows.", "用 20 个样本。"),)
    (table,) = study.tables
    assert [each.name for each in table.columns] == ["net", "loss_low", "loss_median", "loss_high"]
    assert table.columns[2].head == Words("loss, median", "损失，中位数")
    assert study.claims[0].remark is None
    assert study.printed[0].what == Words("weight 0", "权重 0")
    assert study.figures[0].draw.__name__ == "draw_by_rows"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('quantity.zh = "损失"', "", r"texts\.toml, claims\.falls\.quantity: must have a text in 'zh'; got None"),
        ('zh = "是吗？"', 'zh = " "', r"question: must have a text in 'zh'; got ' '"),
        ('zh = "研究"', 'zh = "研究"\nde = "Studie"', r"title: must have the languages en, zh only; got 'de'"),
        ("[claims.falls]", "[claims.fals]", r"claims\.falls\.statement: must have a text in 'en'; got None"),
        ('caption.en = "A line."', 'captoin.en = "A line."', r"must be a text that the study uses; got 'figures"),
        ("[columns]", "[columns]\nnorm = { en = 'norm', zh = '范数' }", r"the study uses; got 'columns\.norm'"),
        ("{ROWS} rows", "{ROW} rows", r"about\.1: must name known values in braces: KeyError\('ROW'\)"),
        ("{ROWS} rows", "{ROWS rows", r"about\.1: must name known values in braces: ValueError"),
        ("[title]", "[title", r"texts\.toml: must be TOML: Expected ']'"),
    ],
)
def test_texts_that_do_not_fit_are_told(old: str, new: str, message: str, tmp_path: Path) -> None:
    assert old in GOOD
    with pytest.raises(InputError, match=message):
        load(GOOD.replace(old, new, 1), tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("high = 1 }", "hgih = 1 }", r"study\.toml: must declare a study: .* unexpected keyword argument 'hgih'"),
        ("[claims]", "[clams]", r"study\.toml: must declare a study: 'claims'"),
        ("small = {}", "", r"study\.toml: must declare a study: .* 'small'"),
        ("[tables]", "[tables", r"study\.toml: must be TOML: Expected ']'"),
    ],
)
def test_a_declaration_that_is_wrong_is_told(old: str, new: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        load(GOOD, tmp_path, DECLARED.replace(old, new, 1))


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load(GOOD.replace('zh = "是吗？"', "").replace("[parameters]", "[parameter]"), tmp_path)
    assert len(caught.value.problems) == 4  # of the question; two languages of a parameter; the table that nothing uses


def test_finding_a_study_loads_that_one_and_nothing_heavy() -> None:
    code = (
        "import sys; from goodfit.studies import find; find('dropout');"
        "heavy = {'jax', 'matplotlib', 'scipy'} & {*sys.modules};"
        "print([name for name in sys.modules if name.endswith('.study')], heavy)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['goodfit.studies.dropout.study'] set()"
