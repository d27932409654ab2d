"""The append-only log of a run: one JSON line an event, {"epoch": 3, "net": 0, "metric": "valid_loss", "value": 0.41}.

A value that is not finite is null. A process that is killed leaves at most one torn line, the last: the reader ignores
it and the writer removes it before it goes on. A run that is resumed repeats epochs: of two events of the same epoch,
net and metric the later one counts.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from goodfit.errors import InputError, problem
from goodfit.files import write_error
from goodfit.reading import open_file, read_bytes

if TYPE_CHECKING:
    from jaxtyping import Float, Int

LARGEST = 2**53  # of the number of an epoch or a net
LARGEST_FLOAT = sys.float_info.max
_TAIL_BYTES = 65536  # how far back from the end a torn line is looked for at a time


def event_lines(
    epochs: Int[np.ndarray, " E"], values: Mapping[str, Float[np.ndarray, "E P"]], nets: Sequence[int] | None = None
) -> str:
    """Events as text, by epoch, then metric, then net. float32 values are written so that they read back the same.

    nets: the numbers of the P nets, where they are not 0, 1, ...
    """
    columns = [(metric, number_texts(array, "null")) for metric, array in values.items()]
    lines: list[str] = []
    for row, epoch in enumerate(np.asarray(epochs).tolist()):
        for metric, texts in columns:
            middle = f',"metric":{json.dumps(metric)},"value":'
            start = f'{{"epoch":{epoch},"net":'
            own = range(len(texts[row])) if nets is None else nets
            lines += [f"{start}{net}{middle}{text}}}\n" for net, text in zip(own, texts[row], strict=True)]
    return "".join(lines)


def number_texts(array: Any, missing: str) -> Any:
    """The shortest decimal text of every number of an array, as nested lists; `missing` where it is not finite."""
    numbers = np.asarray(array)
    texts = numbers.astype("U32")
    if numbers.dtype.kind == "f":
        texts[~np.isfinite(numbers)] = missing
    return texts.tolist()


class EventLog:
    """Appends events to a file; made anew, or continued after its last whole line.

    Every `append` is one write at the end of the file, so that a reader sees whole chunks. A disk that is full or a
    folder that cannot be written is an error as of `goodfit.files.write_error`, and the file is left with whole lines.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            whole = _whole_lines(self.path) if os.path.lexists(self.path) else 0
            self._file = open(self.path, "ab", buffering=0)  # noqa: SIM115 (kept open; `close` closes it)
            self._file.truncate(whole)
        except OSError as error:
            raise write_error(self.path, error) from error

    def append(self, text: str) -> None:
        """Append lines that `event_lines` made."""
        rest = memoryview(text.encode())
        before = os.fstat(self._file.fileno()).st_size
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self._file.truncate(before)
            raise write_error(self.path, error) from error

    def flush(self) -> None:
        """Wait until everything appended is on the disk, so that it outlives the machine too."""
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise write_error(self.path, error) from error

    def close(self) -> None:
        """Flush to the disk and close. Closing twice does nothing."""
        if not self._file.closed:
            try:
                self.flush()
            finally:
                self._file.close()

    def __enter__(self) -> EventLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


@dataclass(frozen=True, eq=False)
class Events:
    """The events of a log in the order of the file, one column a field. values: nan stands for null."""

    epochs: Int[np.ndarray, " n"]
    nets: Int[np.ndarray, " n"]
    metrics: tuple[str, ...]
    values: Float[np.ndarray, " n"]

    def __len__(self) -> int:
        return len(self.metrics)


def read_events(path: str | os.PathLike[str]) -> Events:
    """All whole events of a log, in the order of the file.

    A line that is damaged, other than a torn last one, is an InputError that gives its number.
    """
    try:
        content = read_bytes(path)
    except OSError as error:
        raise InputError(problem(str(path), f"must be a readable log of events: {error.strerror or error}")) from error
    lines = content.split(b"\n")
    if not _is_event(lines[-1]):
        lines.pop()
    try:
        return _events(b"[" + b",".join(line for line in lines if line.strip()) + b"]")
    except ValueError as error:
        bad = [number for number, line in enumerate(lines, 1) if line.strip() and not _is_event(line)]
        if not bad:  # each for itself is an event, and all of them together are not
            raise InputError(problem(str(path), f"must be a log of events: {error}")) from error
        rule = f"every line must be an event, but {len(bad)} of {len(lines)} are damaged, the first is line {bad[0]}"
        raise InputError(problem(str(path), rule, got=lines[bad[0] - 1], fix="Remove the damaged lines.")) from error


def _events(text: bytes) -> Events:
    """The events of a JSON list; ValueError if it holds anything else."""
    try:
        found = json.loads(text, parse_constant=_no_number)
        columns = [(event["epoch"], event["net"], event["metric"], event["value"]) for event in found]
    except (RecursionError, KeyError, TypeError) as error:
        raise ValueError("an event has an epoch, a net, a metric and a value") from error
    if any(len(event) != 4 for event in found):
        raise ValueError("an event has four entries")
    epochs, nets, metrics, values = zip(*columns, strict=True) if columns else ((), (), (), ())
    if not (set(map(type, epochs)) | set(map(type, nets)) <= {int} and set(map(type, metrics)) <= {str}):
        raise ValueError("epochs and nets are integers, metrics are texts")
    if not set(map(type, values)) <= {int, float, type(None)}:
        raise ValueError("values are numbers or null")
    if epochs and not (0 <= min(epochs) <= max(epochs) <= LARGEST and 0 <= min(nets) <= max(nets) <= LARGEST):
        raise ValueError(f"epochs and nets are from 0 to {LARGEST}")
    numbers = np.array([np.nan if value is None else _within(value) for value in values], np.float64)
    with np.errstate(over="ignore"):
        if np.isinf(numbers.astype(np.float32)).any():
            raise ValueError("values are of float32")
    return Events(np.array(epochs, np.int64), np.array(nets, np.int64), metrics, numbers)


def _within(value: float) -> float:
    """The number, or one that is as wrong where it is too long for a float."""
    return value if -LARGEST_FLOAT <= value <= LARGEST_FLOAT else np.inf


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} is not a JSON number")


def _is_event(line: bytes) -> bool:
    """Whether a line is a whole event."""
    try:
        _events(b"[" + line + b"]")
        return bool(line.strip())
    except ValueError:
        return False


def _whole_lines(path: Path) -> int:
    """The number of bytes up to and with the last line feed of a file."""
    opened, _ = open_file(path)
    with opened as file:
        end = file.seek(0, os.SEEK_END)
        while end > 0:
            start = max(0, end - _TAIL_BYTES)
            file.seek(start)
            last = file.read(end - start).rfind(b"\n")
            if last >= 0:
                return start + last + 1
            end = start
    return 0
