"""A study's folder: `study.toml` declares it, `texts.toml` holds its texts, `measure.py` measures, `figures.py` draws.

    [claims]                                  # of study.toml
    steady = { high = 0.01, of_notes = false }

    [claims.steady]                           # of texts.toml
    statement.en = "At the notes' learning rate, the last epoch shows how good a net is."
    statement.zh = "在笔记的学习率下，最后一轮足以说明网络的好坏。"

A text may name values of the code in braces, such as {LATE}, and a bound may be such a name, "LATE", so that no number
stands in two places. A parameter's name stands in double braces, {{rows}}: pages have its value. Columns are names;
"interval NAME" and "bands NAME .." are several, see `tabulating`. `study.py` has what only code can say. A caption says
how to read a figure; [figures.NAME.holds] has what it shows as long as a claim holds, by the claim's name, and
[figures.NAME.fails] as long as it does not. [labels] has the Chinese of what stands in figures and in cells of tables,
by its English; what several studies label stands in `common/labels.toml`. What one learns is in `exercises.toml`.
"""

import importlib
import math
import os
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from goodfit.errors import InputError, Problems, problem
from goodfit.studies.declaring import Claim, Column, Drawing, FigureFinding, Printed, Status, Study, TableOf
from goodfit.studies.exercises import EXERCISES, read_exercises
from goodfit.studies.parameters import Kind, StudyParameter, seeds
from goodfit.studies.tabulating import BandColumns, bands, interval
from goodfit.studies.words import LANGUAGES, Words

FILE, DECLARED = "texts.toml", "study.toml"
SHARED = Path(__file__).with_name("common") / "labels.toml"
FINDINGS: dict[str, Status] = {"holds": "holds", "fails": "does not hold"}  # key below a figure -> status of its claims


class Folder:
    """The folder of one study. Each method makes a part of its declaration, with the texts of that name.

    beside: a file in the folder; values: what texts name in braces. Texts that are missing or that nothing uses are
    collected, and `study` raises one InputError with all of them.
    """

    def __init__(self, beside: str, **values: Any) -> None:
        self._path = Path(beside).with_name(FILE)
        self._texts = _toml(self._path)
        self._values = values
        self._used: set[tuple[str, ...]] = set()
        self._problems = Problems()

    def words(self, *place: str, **values: Any) -> Words:
        """The text at a place, such as "reasons", "off". values: beside those of the whole file."""
        self._used.add(place)
        found = self._at(place)
        texts = found if isinstance(found, dict) else {}
        for language in LANGUAGES:
            if not (isinstance(texts.get(language), str) and texts[language].strip()):
                self._problem(place, f"must have a text in '{language}'", got=texts.get(language))
        for unknown in texts.keys() - set(LANGUAGES):
            self._problem(place, f"must have the languages {', '.join(LANGUAGES)} only", got=unknown)
        return Words(*(self._filled(place, texts.get(each, ""), values) for each in LANGUAGES))

    def parameter(
        self,
        name: str,
        default: Any,
        kind: Kind = "number",
        low: float = -math.inf,
        high: float = math.inf,
        **more: Any,
    ) -> StudyParameter:
        """A parameter; the fields are those of `StudyParameter`."""
        return StudyParameter(name, self.words("parameters", name), default, kind, low, high, **more)

    def table(self, name: str, columns: Sequence[str | BandColumns], *, shown: bool = True, left: int = 1) -> TableOf:
        """A table. The head of a column stands with the table, or in [columns], where several tables share it."""
        heads = [each for column in columns for each in self._columns(name, column)]
        return TableOf(name, self.words("tables", name, "title"), tuple(heads), shown, left)

    def _columns(self, table: str, column: str | BandColumns) -> tuple[Column, ...]:
        name = column.name if isinstance(column, BandColumns) else column
        own = ("tables", table, "columns", name)
        head = self.words(*(own if self._at(own) is not None else ("columns", name)))
        return column.columns(head) if isinstance(column, BandColumns) else (Column(name, head),)

    def figure(self, name: str, *, table: str = "", width: float = 9.2) -> Drawing:
        """A figure, drawn by `draw_NAME` in figures.py. table: that it is drawn from, where it has another name."""
        title, caption = (self.words("figures", name, part) for part in ("title", "caption"))
        draw = self._function("figures", f"draw_{name.replace('-', '_')}")
        findings = tuple(
            FigureFinding(claim, status, self.words("figures", name, key, claim))
            for key, status in FINDINGS.items()
            for claim in self._at(("figures", name, key)) or ()
        )
        return Drawing(name, table or name, title, caption, draw, width, findings)

    def claim(
        self,
        name: str,
        *,
        low: float = -math.inf,
        high: float = math.inf,
        of_notes: bool = True,
        usual: Status | None = None,
    ) -> Claim:
        """A claim; it has a remark where there is a text of one."""
        place = "claims", name
        remark = self.words(*place, "remark") if self._at((*place, "remark")) is not None else None
        statement, quantity = (self.words(*place, part) for part in ("statement", "quantity"))
        return Claim(name, statement, quantity, low, high, remark, of_notes, usual)

    def printed(self, name: str, value: float, text: str = "", **values: Any) -> Printed:
        """A number that the notes print. text: its text's name, where several numbers share one; values: for it."""
        return Printed(name, self.words("printed", text or name, **values), value)

    def declared(self, **more: Any) -> Study:
        """The study as `study.toml` declares it. more: parts that only code can say. InputError for an unknown key."""
        path = self._path.with_name(DECLARED)
        found = self._valued(_toml(path))
        try:
            for name, about in found.pop("parameters").items():
                made = seeds(**about) if name == "seeds" else (self.parameter(name, **about),)
                more["parameters"] = (*more.get("parameters", ()), *made)
            makers: dict[str, Callable[..., Any]] = {
                "tables": self._declared_table,
                "figures": self.figure,
                "claims": self.claim,
            }
            for part, make in makers.items():
                more[part] = tuple(make(name, **about) for name, about in found.pop(part).items())
            return self.study(**found, **more)
        except (KeyError, TypeError) as error:
            raise InputError(problem(str(path), f"must declare a study: {error}")) from error

    def _declared_table(self, name: str, columns: Sequence[str], **more: Any) -> TableOf:
        several: dict[str, Callable[..., Sequence[Any]]] = {"bands": bands, "interval": interval}
        made = [several[words[0]](*words[1:]) if words[1:] else words for words in map(str.split, columns)]
        return self.table(name, [each for part in made for each in part], **more)

    def _valued(self, declared: Any) -> Any:
        """What a file declares, with tuples for lists, and the values of the code where they are named."""
        if isinstance(declared, dict):
            return {name: self._valued(each) for name, each in declared.items()}
        if isinstance(declared, list):
            return tuple(map(self._valued, declared))
        return self._values.get(declared, declared) if isinstance(declared, str) else declared

    def study(self, section: str, **parts: Any) -> Study:
        """The study, named as its folder. InputError where texts are missing, or nothing uses them."""
        paragraphs = [("about", str(place)) for place in range(1, 1 + len(self._at(("about",)) or ()))]
        title, question = self.words("title"), self.words("question")
        about = tuple(self.words(*each) for each in paragraphs)
        measure = self._function("measure", "measure")
        name = self._path.parent.name.replace("_", "-")
        learned = self._path.with_name(EXERCISES)
        if os.path.exists(learned):
            parts["idea"], parts["exercises"] = read_exercises(learned)
        study = Study(name, section, title, question, about, measure=measure, labels=self._labels(), **parts)
        known = [each.name for each in study.claims]
        named = (*study.glance, *(each.claim for figure in study.figures for each in figure.findings))
        for unknown in [each for each in named if each not in known]:
            self._problem(("claims",), "must be a claim of the study", got=unknown)
        for place in sorted(_places(self._texts) - self._used):
            self._problem(place, "must be a text that the study uses", got=".".join(place))
        self._problems.raise_if_any()
        return study

    def _labels(self) -> Mapping[str, str]:
        """English label -> the Chinese one; those of all studies, and this one's own."""
        self._used.add(("labels",))
        own = self._at(("labels",)) or {}
        for english, chinese in own.items():
            if not (isinstance(chinese, str) and chinese.strip()):
                self._problem(("labels", english), "must have a text in 'zh'", got=chinese)
        return {**_toml(SHARED), **own}

    def _function(self, module: str, name: str) -> Callable[..., Any]:
        """A function beside it. Its module, and JAX or Matplotlib with it, is imported when the function is called."""

        def call(*given: Any) -> Any:
            found = importlib.import_module(f"goodfit.studies.{self._path.parent.name}.{module}")
            return getattr(found, name)(*given)

        call.__name__ = name
        return call

    def _at(self, place: Sequence[str]) -> Any:
        found: Any = self._texts
        for key in place:
            found = found.get(key) if isinstance(found, dict) else None
        return found

    def _filled(self, place: Sequence[str], text: Any, values: Mapping[str, Any]) -> str:
        try:
            return str(text).format(**self._values, **values)
        except (KeyError, IndexError, ValueError) as error:
            self._problem(place, f"must name known values in braces: {error!r}", got=text)
            return ""

    def _problem(self, place: Sequence[str], rule: str, got: Any) -> None:
        self._problems.add(f"{self._path.parent.name}/{FILE}, {'.'.join(place)}", rule, got=got)


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise InputError(problem(str(path), f"must be TOML: {error}")) from error


def _places(texts: Mapping[str, Any], above: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Where texts stand: the keys on the way to every table without tables in it."""
    found: set[tuple[str, ...]] = set()
    for key, value in texts.items():
        if isinstance(value, dict) and any(isinstance(each, dict) for each in value.values()):
            found |= _places(value, (*above, key))
        else:
            found.add((*above, key))
    return found
