"""Model files that were made to do harm: each is one clear InputError, soon, and in little memory."""

from __future__ import annotations

import json
import os
import socket
import threading
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from model_help import ABOUT, NETS, content, net, packed, refused

from goodfit import strict_json
from goodfit.data.tables.preprocessing import Preprocessing
from goodfit.errors import InputError
from goodfit.models.model_file import load_model, save_model
from goodfit.training import tensor_file

DAMAGED = "must be a whole model file, but it is cut off or its bytes have changed"
FACTOR, SLACK = 64, 500_000  # memory that loading takes: FACTOR bytes for each of the file's, and SLACK


def file_of(header: Any, data: bytes = b"") -> bytes:
    """A file with any header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data


def with_metadata(text: str) -> bytes:
    """A whole file with sound tensors and this text for its metadata, the digest recomputed."""
    tensors, _ = content()
    about = {"kind": "model", "format": "2", "metadata": text}
    whole = tensor_file.pack(tensors, {}, kind="model", version=2)
    end = 8 + int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8:end])
    header["__metadata__"] = {**about, "sha256": tensor_file.digest(tensors, **about)}
    return file_of(header, whole[end:])


def changed_entry(**changes: Any) -> bytes:
    """A sound file, but for what its header says of one tensor."""
    whole = packed(*content())
    end = 8 + int.from_bytes(whole[:8], "little")
    header = json.loads(whole[8:end])
    header["nets.0.layers.0.weight"] |= changes
    return file_of(header, whole[end:])


def test_the_files_of_these_tests_are_sound_where_nothing_is_changed(tmp_path: Path) -> None:
    for file in (with_metadata(json.dumps(content()[1])), changed_entry()):
        (tmp_path / "model.safetensors").write_bytes(file)
        assert load_model(tmp_path / "model.safetensors").classes == ("a", "é")


HEADERS: dict[str, bytes] = {
    "nothing": b"",
    "seven bytes": b"1234567",
    "a header of 4 EB": (2**62).to_bytes(8, "little") + b"{}",
    "a header beyond 64 bits": b"\xff" * 8 + b"{",
    "nested lists": file_of(b"[" * 100_000),
    "nested lists that end": file_of(b"[" * 5000 + b"]" * 5000),
    "nested objects": file_of(b'{"a":' * 100_000),
    "not UTF-8": file_of(b"\xff\xfe"),
    "null": file_of(b"null"),
    "a number of 5000 digits": file_of(b'{"__metadata__":' + b"9" * 5000 + b"}"),
    "NaN": file_of(b'{"__metadata__":NaN}'),
    "not padded": (2).to_bytes(8, "little") + b"{}",
    "a name twice": file_of(b'{"__metadata__":{"kind":"model","kind":"model"}}'),
    "half a surrogate pair": file_of(b'{"__metadata__":{"kind":"\\ud800"}}'),
}


@pytest.mark.parametrize("name", HEADERS)
def test_headers(tmp_path: Path, name: str) -> None:
    assert DAMAGED in str(refused(tmp_path / "model.safetensors", HEADERS[name]))


@pytest.mark.parametrize("header", [{}, {"__metadata__": {"kind": "checkpoint"}}, {"__metadata__": {"kind": "model"}}])
def test_files_of_others(tmp_path: Path, header: Any) -> None:
    assert "must be a model file of goodfit's" in str(refused(tmp_path / "model.safetensors", file_of(header)))


@pytest.mark.parametrize(
    "changes",
    [
        {"dtype": "BF16"},
        {"dtype": ["F32"]},
        {"dtype": "F64"},
        {"shape": [4, 4]},
        {"shape": [-3, -4]},
        {"shape": [3.0, 4.0]},
        {"shape": [True, 12]},
        {"shape": [1] * 9 + [12]},
        {"shape": [2**40, 0]},
        {"shape": [10**300] * 100_000},
        {"shape": "34"},
        {"shape": None},
        {"data_offsets": [0, 48]},  # over another tensor
        {"data_offsets": [-48, 0]},
        {"data_offsets": [10**6, 10**6 + 48]},
        {"data_offsets": [0]},
        {"data_offsets": [0, 2**70]},
        {"data_offsets": [0, float("1e300")]},
        {"code": "import os"},
    ],
    ids=lambda changes: str(changes)[:40],
)
def test_tensors_of_a_false_type_size_or_place(tmp_path: Path, changes: Any) -> None:
    assert DAMAGED in str(refused(tmp_path / "model.safetensors", changed_entry(**changes)))


def test_holes_overlaps_and_leftovers(tmp_path: Path) -> None:
    whole = packed(*content())
    end = 8 + int.from_bytes(whole[:8], "little")
    header, data = json.loads(whole[8:end]), whole[end:]
    tensors = [name for name in header if name != "__metadata__"]

    def moved(by: int, *names: str) -> dict[str, Any]:
        shifted = json.loads(json.dumps(header))
        for name in names:
            shifted[name]["data_offsets"] = [place + by for place in shifted[name]["data_offsets"]]
        return shifted

    last = max(tensors, key=lambda name: header[name]["data_offsets"])
    for file in (
        file_of(moved(8, last), data + b"\0" * 8),
        file_of(moved(-4, last), data[:-4]),
        file_of(moved(8, *tensors), b"\0" * 8 + data),
        file_of(header, data + b"\0"),
        file_of(header, data[:-1]),
        file_of({name: entry for name, entry in header.items() if name != last}, data),
    ):
        assert DAMAGED in str(refused(tmp_path / "model.safetensors", file))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[" * 2000,
        "[" * 100 + "]" * 100,
        '{"about":' * 2000 + "1" + "}" * 2000,
        '{"about": NaN}',
        '{"about": 1e999}',
        '{"about": ' + "9" * 301 + "}",
        '{"task": "classification", "task": "regression"}',
        '{"about": "\\ud800"}',
        '{"\\udfff": 1}',
        "{} {}",
        "import os",
    ],
    ids=lambda text: text[:20] or "empty",
)
def test_metadata_that_are_no_strict_json(tmp_path: Path, text: str) -> None:
    assert DAMAGED in str(refused(tmp_path / "model.safetensors", with_metadata(text)))


def test_errors_show_no_control_characters_and_stay_short(tmp_path: Path) -> None:
    _, metadata = content()
    bad = "\x1b]0;owned\x07\u202e\x9b31m"
    for changes in (
        {"task": bad},
        {"link": bad},
        {"classes": bad},
        {bad: 1},
        {"data": {bad: bad}},
        {"classes": ["x" * 1_000_000]},
        {"task": "x" * 1_000_000},
        {"nets": [{"activations": [bad], "seed": 0}]},
        {"nets": [{"activations": ["prelu"], "seed": bad}]},
    ):
        message = str(refused(tmp_path / "model.safetensors", with_metadata(json.dumps(metadata | changes))))
        assert message.isprintable()
        assert len(message) < 800


def test_a_file_that_is_no_regular_one_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "socket"))
        for name, message in {
            "pipe": "it is not a regular file",
            "/dev/zero": "it is not a regular file",
            "folder": "it has no model.safetensors",
            "loop": "Too many levels of symbolic links",
            "socket": "No such device",
            "missing": "No such file",
            "a\0b": "embedded null byte",
            "x" * 5000: "File name too long",
        }.items():
            with pytest.raises(InputError, match=rf"must be a model file.*[:;] {message}"):
                load_model(tmp_path / name)


def test_a_link_to_a_model_file_is_followed(tmp_path: Path) -> None:
    save_model(tmp_path / "model.safetensors", NETS)
    (tmp_path / "link").symlink_to("model.safetensors")
    assert len(load_model(tmp_path / "link").nets) == 3


def test_a_file_that_grows_is_read_as_it_was_when_it_was_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "model.safetensors"
    save_model(path, NETS)
    opened, real = threading.Event(), os.fstat

    def fstat(descriptor: int) -> os.stat_result:
        facts = real(descriptor)
        if not opened.is_set():
            opened.set()
            with open(path, "ab") as file:
                file.write(b"\0" * 10_000_000)
        return facts

    whole = path.read_bytes()
    monkeypatch.setattr(os, "fstat", fstat)
    assert tensor_file.read_bytes(path, kind="model") == whole
    assert opened.is_set()


def peak_of_loading(path: Path) -> int:
    """Bytes that loading takes at most, imports and caches left out."""
    made = Preprocessing.fit({"a": [1.0, 2.0]}, {"a": "numeric"})
    save_model(path.with_name("sound.safetensors"), [net((1, 2))], ABOUT, preprocessing=made)
    load_model(path.with_name("sound.safetensors"))
    tracemalloc.start()
    try:
        load_model(path)
    except InputError:
        pass
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    return peak


def test_a_large_file_takes_little_more_than_its_size(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    save_model(path, [net((1000, 2000, 2), ("relu",))])
    assert peak_of_loading(path) < 1.5 * path.stat().st_size


def bombs() -> dict[str, Callable[[], bytes]]:
    """Files that claim more than they hold."""
    _, sound = content()
    hashed = {"type": "frequent", "name": "a", "missing": False, "categories": [], "buckets": 10**6}
    named = {"type": "onehot", "name": "x" * 5000, "missing": False, "categories": list(map(str, range(20_000)))}

    def metadata(**changes: Any) -> Callable[[], bytes]:
        return lambda: with_metadata(json.dumps(sound | changes))

    return {
        "empty lists": metadata(about={"a": [[]] * 50_000}),
        "empty objects": metadata(about={"a": [{}] * 50_000}),
        "objects of one": lambda: with_metadata(
            json.dumps(sound | {"about": {"a": [{"b": 1}] * 50_000}}).replace(" ", "")
        ),
        "short texts": metadata(about={"a": ["éa"] * 50_000}),
        "nets without tensors": metadata(nets=[{"activations": [], "seed": 0}] * 10_000),
        "layers without tensors": metadata(nets=[{"activations": ["relu"] * 50_000, "seed": 0}]),
        "classes without outputs": metadata(classes=["a"] * 50_000),
        "a long name": metadata(task="x" * 1_000_000),
        "a wide column": metadata(preprocessing={"columns": [hashed], "ignored": []}),
        "a long name of many inputs": metadata(preprocessing={"columns": [named], "ignored": []}),
        "a shape of 4 EB": lambda: changed_entry(shape=[2**31, 2**31]),
        "a tensor of no size and 2 G rows": lambda: packed(
            {**content()[0], "nets.0.layers.0.weight": np.zeros((2**31 - 1, 0), np.float32)}, sound
        ),
        "a long header": lambda: file_of({"__metadata__": {"kind": "x" * 1_000_000}}),
        "tensors without names": lambda: file_of({str(i): {} for i in range(50_000)}),
    }


@pytest.mark.parametrize("name", bombs())
def test_memory_is_bounded_by_the_file(tmp_path: Path, name: str) -> None:
    file = bombs()[name]()
    path = tmp_path / "model.safetensors"
    path.write_bytes(file)
    peak = peak_of_loading(path)
    assert peak < FACTOR * len(file) + SLACK, f"{peak / len(file):.0f} bytes a byte"


def test_strict_json() -> None:
    text = '{"a": [1, -2.5e3, true, null, "x\\u00e9\\ud83d\\ude00"]}'
    assert strict_json.parse(text) == json.loads(text)
    deep = "[" * strict_json.MOST_DEPTH + "]" * strict_json.MOST_DEPTH
    assert strict_json.parse(deep) == json.loads(deep)
    with pytest.raises(ValueError, match="more than 64 levels"):
        strict_json.parse(f"[{deep}]")
