"""What a page may ask: every message read, 1,000 malformed ones refused in a sentence; frames taken apart."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goodfit.errors import InputError
from goodfit.lab.messages import ASKED, read_asked
from goodfit.lab.telling import TOLD, columns_of, pack, split_frame

VALUES = st.sampled_from([None, True, -1, 2**70, 0.5, 1e300, "", "\ud800", "é", [], [[]], {}, {"x": {}}, [1, "a"]])
EXAMPLES: dict[str, dict[str, Any]] = {
    "hello": {"session": None, "after": 0},
    "open": {"state": {}},
    "play": {"speed": 20},
    "step": {"epochs": 5},
    "rewind": {"epoch": 3},
    "undo": {"branch": "B"},
    "change": {"fields": {"l2": 0.1}},
    "branch": {"fields": {"l2": 0.1}, "epoch": 2},
    "drop": {"branch": "B"},
    "weight": {"layer": 0, "kind": "w", "i": 1, "j": 0, "value": 2.5, "net": None},
    "equal": {"layer": 1},
    "view": {"net": None, "grid": 40, "thumbnails": 12, "unit_net": 0},
    "explain": {"net": 0, "rows": 4},
    "judge": {"seconds": 10},
    "claim": {"name": "dropout-lowers-validation-loss"},
    "capacity": {"widths": [2, 4], "nets": 4},
    "folds": {"k": 5},
    "race": {"runners": "sgd 0.1, adam 0.01"},
    "study": {"name": "k-fold", "parameters": {}},
    "search": {"space": "l2=0,0.1,0.2"},
    "answer": {"lesson": "dropout", "prediction": "holds", "name": "Ada"},
    "export": {"kind": "python"},
}


@pytest.mark.parametrize("name", ASKED)
def test_every_message_is_read(name: str) -> None:
    asked = read_asked(json.dumps({"do": name, "id": 7, **EXAMPLES.get(name, {})}))
    assert isinstance(asked, ASKED[name])
    assert asked.id == 7


@pytest.mark.parametrize(
    ("text", "match"),
    [
        (b"\x00", "must be JSON text"),
        ("{", "Message: must be JSON"),
        ('{"do": "play", "do": "pause"}', "a name is given twice"),
        ('{"do": "play", "speed": NaN}', "NaN is not a JSON number"),
        ("[" * 5000, "must be JSON"),
        ("{}", "must be an object with a 'do'"),
        ('{"do": "plya"}', "'do' must be known; got 'plya'. Did you mean 'play'"),
        ('{"do": "play", "sped": 3}', "'sped' is not part of 'play'. Did you mean 'speed'"),
        ('{"do": "rewind"}', "'rewind' needs 'epoch'"),
        ('{"do": "rewind", "epoch": "3"}', "'epoch' must be a whole number from 0 to 20,000; got '3'"),
        ('{"do": "step", "epochs": true}', "'epochs' must be a whole number from 1"),
        ('{"do": "view", "grid": 101}', "'grid' must be a whole number from 0 to 100; got 101"),
        ('{"do": "capacity", "widths": [2, "a"]}', "Capacity: width 2 must be a whole number from 1 to 1,024; got 'a'"),
        ('{"do": "weight", "layer": 0, "i": 0, "value": ""}', "Weight: the value must be a number from -1,000,000 to"),
        (json.dumps({"do": "open", "state": {"x": "y" * 500_000}}), "must have at most"),
    ],
)
def test_what_is_refused(text: str | bytes, match: str) -> None:
    with pytest.raises(InputError, match=match):
        read_asked(text)


@settings(max_examples=1000)
@given(
    st.sampled_from([*ASKED, "", "x"]),
    st.dictionaries(st.sampled_from(["id", "epoch", "fields", "state", "net", "branch", "x"]), VALUES, max_size=2),
    st.sampled_from(["", "}", "\x00", "[", ' "']),
)
def test_a_thousand_malformed_messages(name: str, fields: dict[str, Any], after: str) -> None:
    known = EXAMPLES.get(name, {})
    text = json.dumps({"do": name, **known, **fields}) + after
    with contextlib.suppress(InputError):  # and no other error
        read_asked(text)


def test_a_frame_holds_its_columns() -> None:
    columns = {"epoch": np.arange(3), "loss": np.asarray([[1.5, np.nan], [2, 3], [4, 5]])}
    frame = pack({"say": "curves", "first": 0, "branch": "A"}, columns)
    assert int.from_bytes(frame[:4], "little") % 4 == 0
    header, payload = split_frame(frame)
    TOLD["curves"].model_validate(header)
    assert header["arrays"] == [{"name": "epoch", "shape": [3]}, {"name": "loss", "shape": [3, 2]}]
    found = columns_of(header, payload)
    np.testing.assert_array_equal(found["loss"], columns["loss"].astype(np.float32))
    np.testing.assert_array_equal(found["epoch"], [0, 1, 2])
