"""What the lab and the library say, in Chinese, found by the English: messages carry both, and a page shows its own.

A refusal is put together from the parts of its grammar. Of what the library says there are findings, verdicts, what a
recipe and a search must be, and the more frequent words on tables; what has no Chinese, a page shows as it is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

HELD_BY = ("sentence", "sentences", "notes", "left_out", "names")  # names in messages of what is read by people
HELD_BY_STEPS = ("formula", "rule")  # mostly symbols, which are no sentences to be taken apart
HELD_BY_ANSWERS = (*HELD_BY, "text", "place", "reasons", "change")
INSIDE = ("marks", "picture", "value", "findings", "advice", "nodes", "edges")  # names of what holds such names
ANSWERS = ("findings", "verdict")  # messages that the library's sentences are told in
MOST_LETTERS = 2_000  # of a text that is looked up
MOST_FIXES = 6  # sentences of a refusal that say what to do
_SENTENCES = re.compile(r"(?<=[.?]) (?=[A-Z`])")
_FIXES = re.compile(r"(?<=[.?]) (?=[A-Z`'])")  # those of refusals may begin with a name
_REFUSAL = re.compile(
    r"(?P<where>.+?): (?P<rule>.+?)(; got (?P<got>.+?))?( \(net (?P<net>\d+) of (?P<nets>\d+)\))?\.", re.DOTALL
)
_SETTING = re.compile(r" \(setting (\d+): (.+)\)$")  # behind a refusal, of a search
# who refuses, where it goes without saying; a file is named in Chinese, too
_PLAIN = re.compile(r"[A-Z]?[a-z]+|data set")
_ROW = re.compile(r"(, | and )")
_BETWEEN = {", ": "、", " and ": "和"}


@lru_cache(maxsize=2_000)
def chinese(text: str) -> str | None:
    """A text in Chinese; None where there is none, or of some of its sentences none."""
    if len(text) > MOST_LETTERS:
        return None
    if (own := _found(text, "chinese")) is not None:
        return own
    if (refused := _refusal(text)) is not None:
        return refused
    said = [_library(each) for each in _SENTENCES.split(text)]
    return "".join(map(str, said)) if all(said) else None


def in_chinese(header: Any) -> dict[str, str]:
    """English -> Chinese, of the sentences in a message."""
    held = HELD_BY_ANSWERS if header.get("say") in ANSWERS else HELD_BY
    worded = {text: _found(text, "chinese") for text in _texts(header, HELD_BY_STEPS)}
    return translated(_texts(header, held)) | {text: said for text, said in worded.items() if said is not None}


def translated(texts: Iterable[str]) -> dict[str, str]:
    """English -> Chinese, of texts that have one."""
    found = {text: chinese(text) for text in texts}
    return {text: said for text, said in found.items() if said is not None}


def forms(table: str = "chinese") -> dict[str, str]:
    """All of a table, with {} for what differs.

    table: of the lab's own sentences, of the library's, or "refusals." and a part of them
    """
    file, _, part = table.partition(".")
    held: dict[str, Any] = tomllib.loads(files("goodfit.lab").joinpath(f"{file}.toml").read_text("utf-8"))
    return held[part] if part else held


def _found(text: str, table: str, part: Callable[[str], str] = str) -> str | None:
    """The first form that a text has, filled in. part: what becomes of what differs."""
    for form, said in _forms(table):
        found = form.fullmatch(text)
        if found is not None:
            return said.format(*map(part, found.groups()))
    return None


def _refusal(text: str) -> str | None:
    """A refusal (goodfit.errors.problem) of which the rule and all that is said of its mending have a Chinese."""
    setting = _SETTING.search(text)
    sentences = _FIXES.split(text[: setting.start()] if setting else text)
    fixes: list[str] = []  # from the last on, as far as they have a Chinese: what was given may hold sentences, too
    for sentence in reversed(sentences[1:]):
        if len(fixes) == MOST_FIXES or (fix := _found(sentence, "refusals.fixes", _range)) is None:
            break
        fixes.insert(0, fix)
    for end in range(len(sentences) - len(fixes), len(sentences) + 1):
        ruled = _ruled(" ".join(sentences[:end]))
        if ruled is not None:
            told = "".join([ruled, *fixes[len(fixes) - (len(sentences) - end) :]])
            return f"{told}（设置 {setting[1]}：{setting[2]}）" if setting else told
    return None


def _ruled(text: str) -> str | None:
    found = _REFUSAL.fullmatch(text)
    rule = None if found is None else _rule(found["rule"])
    if found is None or rule is None:
        return None
    where = "" if _PLAIN.fullmatch(found["where"]) else f"{found['where'].removeprefix('data set ')}："
    got = "" if found["got"] is None else f"；收到 {found['got']}"
    net = "" if found["net"] is None else f"（第 {found['net']} 个网络，共 {found['nets']} 个）"
    return f"{where}{rule}{got}{net}。"


def _rule(rule: str) -> str | None:
    """What must hold; where it is a range that a value must lie in, the range has its Chinese, too."""
    told = _found(rule, "refusals.rules", _range)
    ranged = re.fullmatch(r"'[^']*' must be (.+)", rule)
    return None if told is not None and ranged and told.endswith(f"必须是{ranged[1]}") else told


def _range(text: str) -> str:
    return _found(text, "refusals.ranges", _range) or text


def _library(text: str) -> str | None:
    """A sentence of the library, or phrases in a row, all of which have a Chinese."""
    told = [_found(each, "library", _part) for each in _ROW.split(text)[::2]]
    row = len(told) > 1 and all(told) and not text.startswith("with ")
    return _joined(text, told) if row else _found(text, "library", _part)


def _part(text: str) -> str:
    """What stands in a sentence of the library: a phrase, or several, or what has no language.

    A sentence that another goes on from has lost its full stop: "Good fit: ...; measured on ...".
    """
    if ": " in text and (whole := _found(f"{text}.", "library", _part)):
        return whole.removesuffix("。")
    return _library(text) or _joined(text, [_found(each, "library", _part) for each in _ROW.split(text)[::2]])


def _joined(text: str, told: Sequence[str | None]) -> str:
    """Phrases in a row, those that have one in Chinese; the text itself where none has."""
    if not any(told):
        return text
    return "".join(_BETWEEN.get(each, told[place // 2] or each) for place, each in enumerate(_ROW.split(text)))


@cache
def _forms(table: str) -> list[tuple[re.Pattern[str], str]]:
    made = [(re.escape(form).replace(re.escape("{}"), "(.+?)"), said) for form, said in forms(table).items()]
    return [(re.compile(form, re.DOTALL), said) for form, said in made]


def _texts(header: dict[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        held = header.get(name)
        yield from (each for each in (held if isinstance(held, list) else [held]) if isinstance(each, str))
    for name in INSIDE:
        held = header.get(name)
        for each in held if isinstance(held, list) else [held]:
            if isinstance(each, dict):
                yield from _texts(each, names)
