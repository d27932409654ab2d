"""Ways to damage a file at random: its bytes, the values in its JSON, its text, the content behind a right digest."""

from __future__ import annotations

import functools
import io
import json
import sqlite3
import warnings
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from goodfit.training import tensor_file

Change = Callable[[Random, bytes], bytes]

NASTY: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 3, 2**31, 2**32, 2**53, 2**63, 2**64, 10**299, -(2**63), 0.0, -0.0, 0.5, 1e-320,
    1e30, 1e38, 1e308, -1e308, "", "a", "train", "test", "done", "training", "iris", "1e400", "-inf", "nan",
    "\x1b[31m", "\x00", "é\u202e", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "=1+1", "x" * 10_000,
    "/", "..", [], {}, [[]], [{}], {"": ""}, [0], [1, 1], ["a", "b"], [None] * 1000, [0.5] * 3,
    json.loads("[" * 60 + "]" * 60), json.loads('{"a":' * 70 + "1" + "}" * 70),
)  # fmt: skip
RAW = (  # as JSON text
    "Infinity", "-Infinity", "NaN", "1e999", "9" * 5001, "-" + "9" * 400, "0" * 3, "01", "[" * 200_000, '{"a":1,"a":2}',
    '"\\ud800"', "tru", "\ufeff1", "'a'", "1_000", "0x10",
)  # fmt: skip


def bytes_changed(random: Random, content: bytes) -> bytes:
    """Bytes flipped, set, put in, taken out, copied or cut off; now and then near the beginning or the end."""
    data = bytearray(content)
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        size = len(data)
        low, high = random.choice(((0, 8), (0, 200), (max(0, size - 200), size), (0, size)))
        at = random.randrange(low, max(low + 1, min(high, size)))
        match random.choice(("flip", "set", "insert", "delete", "copy", "cut", "number")):
            case "flip" if size:
                data[at : at + 1] = bytes([data[min(at, size - 1)] ^ 1 << random.randrange(8)])
            case "set":
                data[at : at + 1] = bytes([random.choice((0, 1, 9, 10, 13, 34, 44, 45, 48, 57, 59, 92, 127, 128, 255))])
            case "insert":
                data[at:at] = random.randbytes(random.choice((1, 4, 8, 100)))
            case "delete":
                del data[at : at + random.choice((1, 4, 8, 100))]
            case "copy":
                data[at:at] = data[at : at + random.choice((1, 8, 48, 1000))]
            case "cut":
                del data[at:]
            case "number":
                number = random.choice((0, 1, 2**31, 2**40, 2**63, 2**64 - 1, size))
                data[at : at + 8] = number.to_bytes(8, "little")
    return bytes(data)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value within a JSON value."""
    yield at
    for key, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(part, (*at, key))


def copied(value: Any) -> Any:
    return json.loads(json.dumps(value))


def value_changed(random: Random, value: Any, nasty: Sequence[Any] = NASTY) -> Any:
    """A JSON value in which something is replaced, removed, doubled, renamed, exchanged or emptied.

    nasty: what takes the place of values and names.
    """
    box = [copied(value)]
    for _ in range(random.choice((1, 1, 1, 2, 4))):
        ways = [way for way in places(box) if way]
        way = random.choice(ways)
        inside = functools.reduce(lambda part, key: part[key], way[:-1], box)
        key, other = way[-1], functools.reduce(lambda part, key: part[key], random.choice(ways), box)
        match random.choice(("replace", "replace", "number", "remove", "double", "rename", "exchange", "empty")):
            case "replace":
                inside[key] = copied(random.choice(nasty))
            case "number" if type(inside[key]) in (int, float):
                inside[key] += random.choice((-1, 1, 0.5, 100, 1e30))
            case "remove" if len(way) > 1:
                del inside[key]
            case "double" if isinstance(inside, list):
                inside.insert(random.randrange(len(inside) + 1), copied(inside[key]))
            case "rename" if isinstance(inside, dict):
                inside[str(random.choice(nasty))[:100]] = inside.pop(key)
            case "exchange":
                inside[key] = copied(other)
            case "empty" if isinstance(inside[key], dict | list | str):
                inside[key] = type(inside[key])()
    return box[0]


def json_changed(random: Random, content: bytes) -> bytes:
    return json.dumps(value_changed(random, json.loads(content))).encode()


def json_spliced(random: Random, content: bytes) -> bytes:
    """JSON in which a value stands that is none, or that Python's own reader takes and no other does."""
    value = json.loads(content)
    way = random.choice([way for way in places(value) if way] or [()])
    if not way:
        return random.choice(RAW).encode()
    functools.reduce(lambda part, key: part[key], way[:-1], value)[way[-1]] = "\0splice\0"
    return json.dumps(value).replace('"\\u0000splice\\u0000"', random.choice(RAW), 1).encode()


def lines_changed(random: Random, content: bytes) -> bytes:
    """A log of JSON lines: a few lines changed, exchanged, doubled or left out."""
    lines = content.splitlines(keepends=True)
    for _ in range(random.choice((1, 1, 2, 5))):
        at = random.randrange(len(lines))
        match random.choice(("json", "json", "splice", "double", "drop", "exchange", "key")):
            case "json" if lines[at].strip():
                lines[at] = json_changed(random, lines[at]) + b"\n"
            case "splice" if lines[at].strip():
                lines[at] = json_spliced(random, lines[at]) + b"\n"
            case "double":
                lines.insert(random.randrange(len(lines)), lines[at])
            case "drop" if len(lines) > 1:
                del lines[at]
            case "exchange":
                other = random.randrange(len(lines))
                lines[at], lines[other] = lines[other], lines[at]
            case "key":
                lines[at] = lines[at].replace(
                    b'"net":', random.choice((b'"nett":', b'"net":1e2,"x":', b'"net":[],"y":'))
                )
        if not all(map(_is_json, lines)):
            break
    return b"".join(lines)


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
        return True
    except (ValueError, RecursionError):
        return False


CELLS = (
    "", " ", "nan", "inf", "-inf", "1e400", "-1e400", "1e308", "1e39", "9" * 400, "0x10", "1,5", "true", "N", "F",
    "\x1b[0m", "2024-02-30", "9999-12-31", "0000-00-00", "=1+1", '"', "é", "x" * 5000, "\u202e", "-0",
    "00501", "1e-400", "2024-03-05 17:42",
)  # fmt: skip


def cells_changed(random: Random, content: bytes) -> bytes:
    """A text of cells: some replaced, exchanged between rows, doubled or left out."""
    rows = [line.split(",") for line in content.decode("utf-8", "replace").split("\n")]
    for _ in range(random.choice((1, 2, 5, 20))):
        row = random.choice(rows)
        at = random.randrange(len(row)) if row else 0
        match random.choice(("cell", "cell", "cell", "column", "more", "fewer", "drop", "exchange")):
            case "cell" if row:
                row[at] = random.choice(CELLS)
            case "column":
                text = random.choice(CELLS)
                for each in rows[1:]:
                    if at < len(each):
                        each[at] = text
            case "more":
                row.insert(at, random.choice(CELLS))
            case "fewer" if row:
                del row[at]
            case "drop" if len(rows) > 1:
                rows.remove(row)
            case "exchange":
                other = random.choice(rows)
                row[:], other[:] = list(other), list(row)
    return "\n".join(",".join(row) for row in rows).encode("utf-8", "surrogatepass")


def tensors_changed(random: Random, content: bytes, *, kind: str) -> bytes:
    """A file of arrays with other arrays or metadata, and the digest that belongs to them."""
    found = tensor_file.unpack(content, where="file", kind=kind, version=2, oldest=1)
    arrays, metadata = dict(found.arrays), found.metadata
    for _ in range(random.choice((1, 1, 2))):
        name = random.choice(list(arrays)) if arrays else ""
        match random.choice(("metadata", "metadata", "drop", "rename", "shape", "type", "numbers", "exchange", "axis")):
            case "metadata":
                changed = value_changed(random, metadata)
                metadata = changed if isinstance(changed, dict) else metadata
            case "drop" if name:
                del arrays[name]
            case "rename" if name:
                arrays[random.choice(("", "x", "metrics", "0/nets", "train", "\x1b"))] = arrays.pop(name)
            case "shape" if name:
                arrays[name] = arrays[name].reshape(-1)[: random.choice((0, 1, 3, None))]
            case "axis" if name:
                arrays[name] = arrays[name][None] if random.random() < 0.5 else arrays[name].T
            case "type" if name:
                with np.errstate(all="ignore"):
                    arrays[name] = arrays[name].astype(random.choice(("f4", "f8", "i4", "i8", "u1", "?", "u8", "f2")))
            case "numbers" if name and arrays[name].size:
                made = np.array(arrays[name]).reshape(-1)
                with np.errstate(all="ignore"):
                    extreme = np.array(random.choice((0, 1, -1, 2**31 - 1, -(2**31), 1e30, np.nan, np.inf))).astype(
                        made.dtype
                    )
                made[random.randrange(made.size) :] = extreme
                arrays[name] = made.reshape(arrays[name].shape)
            case "exchange" if name:
                other = random.choice(list(arrays))
                arrays[name], arrays[other] = arrays[other], arrays[name]
    return tensor_file.pack(arrays, metadata, kind=kind, version=found.version)


def npz_changed(random: Random, content: bytes) -> bytes:
    """An archive whose members are others, or are written otherwise, with checksums that are right."""
    made = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(made, "w") as new:
        warnings.simplefilter("ignore")  # a name that is given twice
        for member in old.infolist():
            part, name = old.read(member), member.filename
            match random.choice(("same", "bytes", "header", "name", "method", "numbers", "drop", "twice")):
                case "bytes":
                    part = bytes_changed(random, part)
                case "header":
                    claims = (
                        b"(1000000000000,)",
                        b"(" + b"9" * 4000 + b",)",
                        b"(-1,)",
                        b"()",
                        b"(2, 30)",
                        b"(0,)",
                        b"'a'",
                    )
                    at = part.find(b"'shape': ") + 9
                    part = part[:at] + random.choice(claims) + part[part.find(b")", at) + 1 :]
                case "name":
                    name = random.choice(("x.npy", "y.npy", "x", "", "../x.npy", "\x1b.npy", "x.npy.npy"))
                case "numbers":
                    part = part[:128] + random.randbytes(max(0, len(part) - 128))
                case "drop":
                    continue
            method = random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA))
            info = zipfile.ZipInfo(name)
            new.writestr(info, part, compress_type=method if random.random() < 0.3 else zipfile.ZIP_DEFLATED)
    return bytes_changed(random, made.getvalue()) if random.random() < 0.3 else made.getvalue()


def database_changed(random: Random, content: bytes, folder: Path) -> bytes:
    """A SQLite file in which a cell holds something else; what would refuse that is gone."""
    path = folder / f"changed-{random.randrange(10**9)}.sqlite"
    path.write_bytes(content)
    with sqlite3.connect(path) as file:
        for (trigger,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            file.execute(f"DROP TRIGGER {trigger}")
        columns = [
            (table, column[1])
            for table in ("openings", "row_sets", "scores")
            for column in file.execute(f"PRAGMA table_info({table})").fetchall()
        ]
        for _ in range(random.choice((1, 1, 3))):
            table, column = random.choice(columns)
            value = random.choice((None, 0, -1, 2**62, 0.5, 1e300, "", "a", "\x1b", b"", b"\0" * 7, b"\0" * 16, "NaN"))
            if column == "score" and random.random() < 0.7:
                (old,) = file.execute("SELECT score FROM scores LIMIT 1").fetchone() or ("{}",)
                spoilt = json_changed if random.random() < 0.6 else json_spliced
                value = (
                    spoilt(random, (old or "{}").encode()).decode("utf-8", "replace")
                    if _is_json(str(old).encode())
                    else value
                )
            try:
                file.execute(f"UPDATE {table} SET {column} = ?", (value,))
            except sqlite3.Error:
                continue
    file.close()
    made = path.read_bytes()
    path.unlink()
    return made
