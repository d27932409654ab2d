"""How Chinese is written here, alike everywhere: one word a term, marks of full width, spaces beside Latin letters."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
HAN = "\u3400-\u9fff"
WIDE = "，。：；？！、（）“”《》"
# What else the field calls it -> the word that is used here, and that the glossary has.
TERMS = {
    "准确率": "精度",
    "正确率": "精度",
    "准确度": "精度",
    "密封": "封存",
    "说法": "论断",
    "训练设置": "配方",
    "食谱": "配方",
    "暂退率": "暂退概率",
    "丢弃率": "暂退概率",
    "丢弃法": "暂退法",
    "迭代周期": "轮次",
    "个轮次": "轮",
    "各种子": "各个种子",  # would be read as 各种|子
    "隐含层": "隐藏层",
    "隐层": "隐藏层",
    "梯度弥散": "梯度消失",
    "权值": "权重",
    "过度拟合": "过拟合",
    "泛化错误": "泛化误差",
    "前馈传播": "前向传播",
    "逆传播": "反向传播",
    "缺省": "默认",
    "噪音": "噪声",
    "数据泄露": "数据泄漏",
    "验证集合": "验证集",
    "测试集合": "测试集",
    "您": "你",
    "更改": "改动",
}
MARKS = {
    "a space between a Chinese sign and a Latin letter or figure": f"[{HAN}][A-Za-z0-9]|[A-Za-z0-9%°²³][{HAN}]",
    "marks of full width": rf"[{HAN}][,;:?!]|[,;:?] ?[{HAN}]|[{HAN}]\.(?!\w)|[{HAN}]\(|\)[{HAN}]",
    "no space beside a mark of full width": rf"(?<=[^\s|]) +[{WIDE}]|[{WIDE}] +(?=[^\s|])",
    "“ and ” as quotes": rf"[「」『』‘’]|[\"'][{HAN}]|[{HAN}][\"']",
    "a space before %": r"[0-9]%",
    "… behind a word, and not ...": rf"\.\.\.|[{HAN}] …",
}


def texts_of(path: Path) -> Iterator[str]:
    """The texts of a file as people read them: in Markdown without code, addresses and comments of HTML."""
    text = path.read_text("utf-8")
    if path.suffix == ".md":
        text = re.sub(r"```.*?```|<!--.*?-->", "", text, flags=re.DOTALL)
        text = re.sub(r"`[^`\n]*`", "x", re.sub(r"\]\([^)\s]*\)", "]", text))
        marks = re.compile(r"!?\[|[*\]]|^ *- |<br>|\\(?=\*)", re.MULTILINE)
        yield from (line.strip() for line in marks.sub("", text).splitlines())
    elif path.suffix == ".toml":
        yield from strings(tomllib.loads(text))
    elif path.suffix == ".json":
        yield from strings(json.loads(text))
    elif path.suffix == ".tsv":
        yield from re.split(r"[\t\n]", text)
    elif path.suffix == ".py":
        yield from literals(ast.parse(text))
    else:
        yield from (one or other for one, other in re.findall(r'"([^"\n]*)"|`([^`\n]*)`', text))


def strings(held: Any) -> Iterator[str]:
    if isinstance(held, str):
        yield held
    elif isinstance(held, dict):
        for each in held.values():
            yield from strings(each)
    elif isinstance(held, list):
        for each in held:
            yield from strings(each)


def literals(tree: ast.AST) -> Iterator[str]:
    """Texts of a module, with {} for what is put into them; no docstrings, where there is no Chinese to be read."""
    inside = {id(part) for each in ast.walk(tree) if isinstance(each, ast.JoinedStr) for part in each.values}
    notes = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
    for each in ast.walk(tree):
        if isinstance(each, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in each.values)
        elif isinstance(each, ast.Constant) and isinstance(each.value, str) and id(each) not in inside | notes:
            yield each.value


def faults(text: str) -> list[str]:
    """What is wrong with a Chinese text. The names of other things are not looked at: quoted with ` in Markdown."""
    bare = re.sub(r"`[^`]*`", "x", re.sub(r"\{\{\w+\}\}", "0", text))  # {{rows}}: a number, of studies
    found = [f"{other}: say {word}" for other, word in TERMS.items() if other in bare]
    return found + [rule for rule, fault in MARKS.items() if re.search(fault, bare)]


def written_in_chinese() -> list[Path]:
    """Every file of what is installed and of the pages that holds Chinese."""
    kinds = (".md", ".toml", ".json", ".tsv", ".py", ".html", ".js")
    paths = [path for folder in ("src", "docs") for path in (ROOT / folder).rglob("*") if path.suffix in kinds]
    paths = [path for path in paths if "results" not in path.parts]
    return sorted(path for path in [*paths, ROOT / "README.zh.md"] if re.search(f"[{HAN}]", path.read_text("utf-8")))


@pytest.mark.parametrize("folder", ["README.zh.md", "docs", "src/goodfit/studies", "src/goodfit/lab", "src/goodfit"])
def test_chinese_is_written_alike_everywhere(folder: str) -> None:
    here = ROOT / folder
    inner = [ROOT / "src/goodfit/studies", ROOT / "src/goodfit/lab"] if folder == "src/goodfit" else []
    paths = [
        path
        for path in written_in_chinese()
        if path.is_relative_to(here) and not any(path.is_relative_to(each) for each in inner)
    ]
    assert paths
    found = [
        f"{path.relative_to(ROOT)}: {fault}: {text[:200]}"
        for path in paths
        for text in texts_of(path)
        if re.search(f"[{HAN}]", text)
        for fault in faults(text)
    ]
    assert found == []
