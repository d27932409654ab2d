"""Model files that were changed at random: each is an InputError, or a model that predicts finite numbers.

Nothing else may come of one: no other exception, no warning, nothing that takes long. GOODFIT_FUZZ multiplies the
number of files (default 1, which takes some seconds); GOODFIT_FUZZ_SEED begins elsewhere.
"""

from __future__ import annotations

import functools
import json
import math
import os
import re
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pytest
from benchmarks.fuzz_changes import value_changed
from hypothesis import given, settings
from hypothesis import strategies as st
from model_help import LABELS, MEMBERS, NETS, QUANTILES, RATES, TRANSFORMED, net
from safetensors.numpy import load as load_tensors

from goodfit.cli.model_tables import print_model
from goodfit.data.tables.preprocessing import Preprocessing
from goodfit.errors import InputError
from goodfit.models.model_file import FORMAT, Model, load_model
from goodfit.runs.model_facts import describe_model
from goodfit.training import tensor_file
from goodfit.training.recipe import Recipe

TIMES = int(os.environ.get("GOODFIT_FUZZ", "1"))
SEED = int(os.environ.get("GOODFIT_FUZZ_SEED", "0"))
SECONDS = 10.0  # that one file may take
TABLE: dict[str, list[Any]] = {
    "size": [1.0, 2.5, None, 4.0, -3.0],
    "kind": ["a", "b", "b", None, "c"],
    "sold": [True, False, True, True, None],
    "on": ["2024-01-31", "2024-02-29", "2023-12-01", None, "2020-07-07"],
}
KINDS: Any = {"size": "numeric", "kind": "categorical", "sold": "boolean", "on": "date"}
X = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
RULES = Counter[str]()  # what the changed files were refused for


@functools.cache
def samples() -> dict[str, bytes]:
    """Sound files of every kind."""
    about = {"recipe": Recipe(hidden=(3,)).to_dict(), "note": "Zürich"}
    made = Preprocessing.fit(TABLE, KINDS)
    models = {
        "classes": Model(NETS, about, data={"name": "mine", "fingerprint": "ab12", "rows": 150}),
        "labels": Model((LABELS,), about),
        "clipped": Model((net((4, 3, 2), ("relu",), bend=np.full(4, 1 / 3)),), about),
        "rates": Model((RATES,)),
        "mixed": Model((net((4, 3, 2), ("tanh",), mixtures=(np.array([1, 0.5, -2]),)),)),
        "members": Model((MEMBERS,)),
        "transformed": Model((TRANSFORMED, replace(TRANSFORMED, transform=None))),
        "table": Model((net((made.n_inputs, 3, 2), ("relu",)),), about, preprocessing=made),
        "quantiles": Model((QUANTILES,)),
        "nothing hidden": Model((net((1, 1), task="regression", classes=()),)),
    }
    return {name: file_of(model) for name, model in models.items()}


def file_of(model: Model) -> bytes:
    path = Path(os.environ["GOODFIT_CACHE"]) / f"fuzz-{os.getpid()}.safetensors"
    model.save(path)
    return path.read_bytes()


def outcome(content: bytes, path: Path) -> str:
    """What comes of a file: "refused", "predicts" or "overflows"; anything else fails the test."""
    path.write_bytes(content)
    began = time.perf_counter()
    try:
        model = load_model(path)
    except InputError as error:
        text = str(error).removeprefix(str(path))
        assert all(line.isprintable() for line in text.split("\n")), repr(text)
        assert all(len(line) < 1000 for line in text.split("\n")), text
        RULES[re.sub(r"'[^']*'|\d+", "*", error.problems[0].partition("safetensors: ")[2])[:40]] += 1
        return "refused"
    finally:
        assert time.perf_counter() - began < SECONDS
    arrays = tensor_file.unpack(content, where="file", kind="model", version=FORMAT, oldest=1).arrays
    theirs = load_tensors(content)
    assert arrays.keys() == theirs.keys()
    assert all(np.array_equal(array, theirs[name]) for name, array in arrays.items())
    return use(model)


def refusal(text: str, model: Model) -> str:
    """What an error on predicting means: too large numbers, or a table with other columns or kinds than the model's."""
    assert text.replace("\n", "").isprintable(), repr(text)
    if "must give finite predictions" in text:
        return "overflows"
    assert model.preprocessing is not None, text
    return "refused"


def use(model: Model) -> str:
    """Predict with a model that was loaded."""
    inputs: Any = np.resize(X, (5, model.nets[0].n_inputs)) if model.preprocessing is None else TABLE
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # notes on the table
            predicted = model.predict(inputs)
            if model.classes:
                probabilities = model.predict_proba(inputs)
                assert ((probabilities >= 0) & (probabilities <= 1)).all()
    except InputError as error:
        return refusal(str(error), model)
    assert set(predicted) <= set(model.classes) if model.task == "classification" else np.isfinite(predicted).all()
    assert len(predicted) == 5
    return "predicts"


# Bytes


def bytes_changed(random: Random, content: bytes) -> bytes:
    """A file with bytes flipped, put in, taken out, copied or cut off."""
    data = bytearray(content)
    header = 8 + int.from_bytes(data[:8], "little")
    for _ in range(random.choice((1, 1, 1, 2, 5))):
        end = random.choice((8, header, len(data))) if data else 0
        at = random.randrange(min(end, len(data)) or 1) if data else 0
        match random.choice(("flip", "set", "insert", "delete", "copy", "cut", "number")):
            case "flip":
                data[at : at + 1] = bytes([data[at] ^ 1 << random.randrange(8)]) if data else b""
            case "set":
                data[at : at + 1] = bytes(
                    [random.choice((0, 1, 9, 32, 34, 44, 48, 57, 91, 92, 123, 125, 127, 128, 255))]
                )
            case "insert":
                data[at:at] = random.randbytes(random.choice((1, 4, 8, 100)))
            case "delete":
                del data[at : at + random.choice((1, 4, 8, 100))]
            case "copy":
                data[at:at] = data[at : at + random.choice((1, 8, 48, 1000))]
            case "cut":
                del data[at:]
            case "number":
                data[at : at + 8] = random.choice((0, 1, 2**31, 2**40, 2**63, 2**64 - 1, len(data))).to_bytes(
                    8, "little"
                )
    return bytes(data)


# JSON


NASTY: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 2, 3, 4, 5, 2**31, 2**32, 2**63, 2**64, 10**299, -(2**63), 0.0, -0.0, 0.5, 1e-320,
    1e38, 1e308, -1e308, "", "a", "b", "relu", "prelu", "identity", "exp", "gelu", "softplus", "mish", "regression",
    "classification", "multilabel", "numeric", "onehot", "boolean", "moments", "frequent",
    "\x1b[31m", "\x00", "é\u202e",
    "x" * 10_000, [], {}, [[]], [{}], {"": ""}, [0], [1, 1], ["a", "b"], [None] * 1000, ["a"] * 1000,
    {"activations": [], "seed": 0}, {"name": "a", "fingerprint": "b", "rows": 3},
    {"type": "numeric", "name": "size", "missing": False, "scaling": {"median": 0.0, "factor": 1e308}},
    {"type": "frequent", "name": "kind", "missing": True, "categories": [], "buckets": 10**6},
    json.loads("[" * 60 + "]" * 60), json.loads("[" * 80 + "]" * 80), json.loads('{"a":' * 70 + "1" + "}" * 70),
)  # fmt: skip


def text_changed(random: Random, text: str) -> str:
    """JSON text with something spliced in or cut out, so that it need not be JSON any more."""
    at = random.randrange(len(text) + 1)
    splice = (
        '"',
        "\\",
        "\\ud800",
        "NaN",
        "1e999",
        "-",
        "]",
        "}",
        '{"a":1,"a":2}',
        "[" * 3000,
        "9" * 400,
        "\ufeff",
        "\0",
    )
    return text[:at] + random.choice(splice) * random.choice((1, 1, 2)) + text[at + random.choice((0, 1, 10)) :]


# Whole files: the digest is right, so that what comes after it is reached


def parts(content: bytes) -> tuple[dict[str, Any], str, bytes]:
    """(entries of the tensors, text of the metadata, bytes of the tensors)"""
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    return header, header.pop("__metadata__")["metadata"], content[end:]


def sealed(header: dict[str, Any], metadata: str, data: bytes, version: str = "2") -> bytes:
    """A file of these parts with the right digest, if its tensors can be made out at all."""
    about = {"kind": "model", "format": version, "metadata": metadata}
    try:
        digest = tensor_file.digest(tensor_file._arrays(header, data, 0), **about)
    except ValueError:
        digest = "0" * 64
    text = json.dumps({**header, "__metadata__": {**about, "sha256": digest}}).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + data


def metadata_changed(random: Random, content: bytes) -> bytes:
    header, metadata, data = parts(content)
    return sealed(header, json.dumps(value_changed(random, json.loads(metadata), NASTY)), data)


def metadata_spliced(random: Random, content: bytes) -> bytes:
    header, metadata, data = parts(content)
    return sealed(header, text_changed(random, metadata), data)


def metadata_of_format_1(random: Random, content: bytes) -> bytes:
    header, metadata, data = parts(content)
    old = json.loads(metadata)
    for name in ("link", "preprocessing", "data"):
        del old[name]
    return sealed(
        header, json.dumps(value_changed(random, old, NASTY)), data, random.choice(("1", "1", "1", "2", "0", "", "١"))
    )


def header_changed(random: Random, content: bytes) -> bytes:
    header, metadata, data = parts(content)
    changed = value_changed(random, header, NASTY)
    return sealed(changed, metadata, data) if isinstance(changed, dict) else content


def tensors_swapped(random: Random, content: bytes) -> bytes:
    header, metadata, data = parts(content)
    for _ in range(random.choice((1, 1, 3))):
        one, other = random.choice(list(header)), random.choice(list(header))
        match random.choice(("swap", "turn", "flat", "drop")):
            case "swap":
                header[one], header[other] = header[other], header[one]
            case "turn":
                header[one]["shape"] = header[one]["shape"][::-1]
            case "flat":
                header[one]["shape"] = [math.prod(header[one]["shape"])]
            case "drop" if len(header) > 1:
                begin, end = header.pop(one)["data_offsets"]
                data = data[:begin] + data[end:]
                for entry in header.values():
                    entry["data_offsets"] = [at - (end - begin) * (at >= end) for at in entry["data_offsets"]]
    return sealed(header, metadata, data)


def numbers_changed(random: Random, content: bytes) -> bytes:
    header, metadata, data = parts(content)
    numbers = np.frombuffer(data, "<f4").copy()
    extremes = (0, -0.0, 1, -1, 1e-45, 1e-30, 1e5, -1e5, 1e20, 1e38, -3.4e38, math.nan, math.inf, -math.inf)
    for _ in range(random.choice((1, 1, 2, 10))):
        at, count = random.randrange(len(numbers)), random.choice((1, 1, 4, 50))
        numbers[at : at + count] = random.choice(extremes)
    return sealed(header, metadata, numbers.tobytes())


SEALED = (metadata_changed, metadata_spliced, metadata_of_format_1, header_changed, tensors_swapped, numbers_changed)
FILES = {bytes_changed: 300, metadata_changed: 400, numbers_changed: 150} | dict.fromkeys(
    (metadata_spliced, metadata_of_format_1, header_changed, tensors_swapped), 100
)  # of each sample


@pytest.mark.parametrize("change", FILES, ids=lambda change: change.__name__)
def test_a_changed_file_is_refused_or_predicts(change: Callable[[Random, bytes], bytes], tmp_path: Path) -> None:
    random, seen = Random(f"{SEED} {change.__name__}"), Counter[str]()
    RULES.clear()
    for content in samples().values():
        assert outcome(content, tmp_path / "model.safetensors") == "predicts"
        for _ in range(FILES[change] * TIMES):
            seen[outcome(change(random, content), tmp_path / "model.safetensors")] += 1
    assert seen["refused"] > 0.2 * seen.total(), seen
    if change in (metadata_changed, metadata_of_format_1, tensors_swapped, numbers_changed):
        assert seen["predicts"] > 0.02 * seen.total(), seen  # what is harmless is not refused
        assert len(RULES) >= 3, RULES  # the checks behind the digest are reached


def test_what_is_accepted_can_be_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    random, path, shown = Random(SEED), tmp_path / "model.safetensors", 0
    for content in samples().values():
        for _ in range(60 * TIMES):
            path.write_bytes(random.choice(SEALED)(random, content))
            try:
                found = describe_model(path)
            except InputError:
                continue
            print_model(found)
            json.dumps(found.to_json(), allow_nan=False)
            shown += 1
    out = capsys.readouterr().out.replace(str(tmp_path), "")
    assert shown > 20
    assert all(line.isprintable() for line in out.split("\n"))


def test_truncated_anywhere_it_is_refused(tmp_path: Path) -> None:
    content = samples()["nothing hidden"]
    for cut in range(len(content)):
        assert outcome(content[:cut], tmp_path / "model.safetensors") == "refused"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(NASTY[:45]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
ENTRIES = ("goodfit", "task", "link", "classes", "nets", "about", "preprocessing", "data", "more")


@given(name=st.sampled_from(ENTRIES), value=JSON, sample=st.sampled_from(["classes", "labels", "rates", "table"]))
@settings(max_examples=200 * TIMES)
def test_any_json_in_any_entry(name: str, value: Any, sample: str, tmp_path: Path) -> None:
    header, metadata, data = parts(samples()[sample])
    text = json.dumps({**json.loads(metadata), name: value}, ensure_ascii=True)
    found = outcome(sealed(header, text, data), tmp_path / "model.safetensors")
    if name == "about" and isinstance(value, dict) and not re.search(r"NaN|Infinity|\\ud[89a-f]|e\+", text):
        assert found == "predicts"


@given(header=JSON, data=st.binary(max_size=64))
@settings(max_examples=100 * TIMES)
def test_any_json_for_a_header(header: Any, data: bytes, tmp_path: Path) -> None:
    text = json.dumps({"__metadata__": header, "w": header} if isinstance(header, dict) else header).encode()
    text += b" " * (-len(text) % 8)
    path = tmp_path / "model.safetensors"
    assert outcome(len(text).to_bytes(8, "little") + text + data, path) == "refused"
    assert outcome(data, path) == "refused"
