"""The columns of a table as ONNX inputs by name, and the operators that make a net's inputs of them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from goodfit.data.robust import CLIP
from goodfit.data.tables.categories import Frequent, OneHot
from goodfit.data.tables.dates import WEEKDAY, YEAR, Moments
from goodfit.data.tables.fitted import Boolean, FittedColumn, Numeric
from goodfit.data.tables.ordered import Ordered
from goodfit.data.tables.raw import FALSE_WORDS, MISSING_AMONG_NUMBERS, MISSING_WORDS, TRUE_WORDS
from goodfit.interop.export.onnx_graph import ML, OnnxGraph, Value
from goodfit.interop.export.onnx_nets import bent

NUMBERS_0_1 = {"0": 0, "0.0": 0, "1": 1, "1.0": 1}
MISSING, UNREAD = 2, 3  # codes of a yes or no, beside 0 and 1
Column = TypeVar("Column", bound=FittedColumn)


class OnnxColumns:
    """The inputs of a net made of columns, in a graph that has an input [N, 1] of the name of each.

    columns: float64 inputs for numbers and dates, texts for categories and for yes and no.
    known: categories of the training rows by column, for those that are hashed.
    """

    def __init__(self, graph: OnnxGraph, columns: Sequence[FittedColumn], known: Mapping[str, Sequence[str]]) -> None:
        self.graph, self.columns, self.known = graph, columns, known
        starts = itertools.accumulate((column.width for column in columns), initial=0)
        self.starts = dict(zip((column.name for column in columns), starts, strict=False))
        self.blocks: list[Value] = []
        self.places: list[int] = []
        self.wrong: list[Value] = []
        self._numbers(self._of(Numeric))
        self._truths(self._of(Boolean))
        for date in self._of(Moments):
            self._date(date)
        for few in self._of(OneHot):
            self._categories(few)
        for ordered in self._of(Ordered):
            self._ranks(ordered)
        for many in self._of(Frequent):
            self._categories(many)

    def inputs(self) -> Value:
        """Float32 [N, D]."""
        joined = self.blocks[0] if len(self.blocks) == 1 else self.graph.add("Concat", *self.blocks, axis=1)
        order = np.argsort(self.places)
        if (order == np.arange(len(order))).all():
            return joined
        return self.graph.add("Gather", joined, self.graph.constant(order.astype(np.int64)), axis=1)

    def unread(self) -> Value | None:
        """Rows [N, 1] with a value that goodfit would refuse, as truth values; None where no column can have one."""
        if not self.wrong:
            return None
        joined = self.wrong[0] if len(self.wrong) == 1 else self.graph.add("Concat", *self.wrong, axis=1)
        most = self.graph.add("ReduceMax", self.graph.cast(joined, np.float32), axes=[1], keepdims=1)
        return self.graph.cast(most, np.bool_)

    def _of(self, kind: type[Column]) -> list[Column]:
        return [column for column in self.columns if isinstance(column, kind)]

    def _block(self, value: Value, columns: Iterable[FittedColumn], offset: int | None = None) -> None:
        """Take [N, K] as one input of each of K columns.

        offset: its place among the column's; None for the one for missing values
        """
        self.blocks.append(self.graph.cast(value, np.float32))
        for column in columns:
            self.places.append(self.starts[column.name] + (column.own_width if offset is None else offset))

    def _absent(self, absent: Value, columns: Sequence[FittedColumn]) -> None:
        """The inputs for missing values. absent: truth values [N, K]."""
        marked = [place for place, column in enumerate(columns) if column.missing]
        if marked:
            chosen = self.graph.add("Gather", absent, self.graph.constant(np.array(marked)), axis=1)
            self._block(chosen, [columns[place] for place in marked])

    def _joined(self, columns: Sequence[FittedColumn]) -> Value:
        names = [column.name for column in columns]
        return names[0] if len(names) == 1 else self.graph.add("Concat", *names, axis=1)

    def _finite(self, values: Value) -> tuple[Value, Value]:
        """(values with 0 where missing or infinite, where that is)."""
        graph = self.graph
        absent = graph.add("Or", graph.add("IsNaN", values), graph.add("IsInf", values))
        return graph.add("Where", absent, graph.constant(0.0), values), absent

    def _scaled(self, values: Value, columns: Sequence[Numeric | Moments]) -> Value:
        graph = self.graph
        median, factor = (
            graph.constant(np.array([getattr(column.scaling, name) for column in columns]))
            for name in ("median", "factor")
        )
        z = graph.clip(graph.add("Mul", graph.add("Sub", values, median), factor), -1e100, 1e100)
        return bent(graph, z, 1 / CLIP)

    def _numbers(self, columns: Sequence[Numeric]) -> None:
        if columns:
            values, absent = self._finite(self._joined(columns))
            scaled = self._scaled(values, columns)
            self._block(self.graph.add("Where", absent, self.graph.constant(0.0), scaled), columns, 0)
            self._absent(absent, columns)

    def _date(self, column: Moments) -> None:
        graph = self.graph
        values, absent = self._finite(column.name)
        whole, place = graph.add("Floor", values), 0
        if column.only_times:  # a date among times of day
            self.wrong.append(graph.add("Not", graph.add("Equal", whole, graph.constant(0.0))))
        for part in column.parts:
            if part == "trend":
                found = [self._scaled(values, [column])]
            else:
                if part == "year":
                    turns = graph.add("Div", whole, graph.constant(YEAR))
                elif part == "week":
                    turns = graph.add("Div", graph.add("Add", whole, graph.constant(WEEKDAY)), graph.constant(7.0))
                else:
                    turns = graph.add("Sub", values, whole)
                angle = graph.add("Mul", turns, graph.constant(2 * np.pi))
                found = [graph.add(operator, angle) for operator in ("Sin", "Cos")]
            for value in found:
                self._block(graph.add("Where", absent, graph.constant(0.0), value), [column], place)
                place += 1
        self._absent(absent, [column])

    def _truths(self, columns: Sequence[Boolean]) -> None:
        if not columns:
            return
        graph, codes = self.graph, dict(NUMBERS_0_1)
        for words, code in ((MISSING_WORDS | MISSING_AMONG_NUMBERS, MISSING), (TRUE_WORDS, 1), (FALSE_WORDS, 0)):
            codes |= {spelling: code for word in sorted(words) for spelling in in_any_case(word)}
        found = self._coded(self._joined(columns), codes, UNREAD)
        absent = graph.add("Equal", found, graph.constant(np.int64(MISSING)))
        often = graph.constant(np.array([float(column.often) for column in columns]))
        self._block(graph.add("Where", absent, often, graph.cast(found, np.float64)), columns, 0)
        self._absent(absent, columns)
        self.wrong.append(graph.add("Equal", found, graph.constant(np.int64(UNREAD))))

    def _categories(self, column: OneHot | Frequent) -> None:
        """Where the code is beyond the width, all inputs are 0: a category that training had not."""
        graph, width, own = self.graph, column.width, column.own_width
        codes = {spelling: own if column.missing else width for word in MISSING_WORDS for spelling in in_any_case(word)}
        codes |= {text: place for place, name in enumerate(column.categories) for text in spellings(name)}
        other = width
        if isinstance(column, Frequent):
            other = width + 1  # rows of which nothing is told, for their input is a hash that ONNX cannot compute
            rare = [name for name in self.known.get(column.name, ()) if name not in set(column.categories)]
            codes |= {text: len(column.categories) + column.bucket(name) for name in rare for text in spellings(name)}
        code = self._coded(column.name, codes, other)
        if isinstance(column, Frequent):
            self.wrong.append(graph.add("Equal", code, graph.constant(np.int64(other))))
        depth, switch = graph.constant(np.int64(width)), graph.constant(np.array([0, 1], np.float32))
        hot = graph.add("OneHot", code, depth, switch, axis=-1)  # [N, 1, W]
        self.blocks.append(graph.add("Squeeze", hot, graph.constant(np.array([1]))))
        self.places += range(self.starts[column.name], self.starts[column.name] + width)

    def _ranks(self, column: Ordered) -> None:
        """The value of the rank; 0 where there is none, and for a category that is not in the order."""
        graph, count = self.graph, len(column.categories)
        codes = {spelling: count for word in MISSING_WORDS for spelling in in_any_case(word)}
        codes |= {text: place for place, name in enumerate(column.categories) for text in spellings(name)}
        code = self._coded(column.name, codes, count + 1)
        values = graph.constant(np.array([*column.values, 0.0, 0.0], np.float32))
        self._block(graph.add("Gather", values, code, axis=0), [column], 0)
        self._absent(graph.add("Equal", code, graph.constant(np.int64(count))), [column])

    def _coded(self, texts: Value, codes: Mapping[str, int], other: int) -> Value:
        """The code of each text, int64."""
        return self.graph.add(
            "LabelEncoder",
            texts,
            domain=ML,
            keys_strings=list(codes),
            values_int64s=list(codes.values()),
            default_int64=other,
        )


def in_any_case(word: str) -> set[str]:
    """The word in every mixture of small and capital letters."""
    return {"".join(letters) for letters in itertools.product(*({sign.lower(), sign.upper()} for sign in word))}


def spellings(category: str) -> tuple[str, ...]:
    """A category, and where it is a whole number, as numbers with gaps are often written."""
    return (category, f"{category}.0") if re.fullmatch("[+-]?[0-9]+", category) else (category,)


def dtype_of(column: FittedColumn) -> Any:
    """The type of a column's values as ONNX takes them."""
    return np.dtype(np.float64) if isinstance(column, Numeric | Moments) else np.dtype(object)
