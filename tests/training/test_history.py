from __future__ import annotations

import csv
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from goodfit.errors import InputError
from goodfit.training.events import EventLog
from goodfit.training.history import History

NAN = float("nan")


def small(**changes: Any) -> History:
    """Three epochs of three nets: the second stops after two epochs, the third is frozen in the first."""
    fields: dict[str, Any] = {
        "epochs": [1, 2, 3],
        "seeds": [10, 11, 12],
        "values": {
            "valid_loss": [[3.0, 1.0, np.inf], [2.0, 4.0, NAN], [1.0, NAN, NAN]],
            "train_loss": [[0.5, 1.5, 9.0], [0.25, 0.75, NAN], [0.125, NAN, NAN]],
        },
        "best_epoch": [3, 1, 0],
        "stopped_epoch": [3, 2, 1],
        "frozen": [False, False, True],
    }
    return History(**(fields | changes))


def same(one: History, other: History) -> None:
    assert one.metrics == other.metrics
    for name in ("epochs", "seeds", "best_epoch", "stopped_epoch", "frozen"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)
    for metric in one.metrics:
        finite = np.where(np.isfinite(one[metric]), one[metric], np.float32(np.nan))
        np.testing.assert_array_equal(finite, other[metric], err_msg=metric)


def test_mean_and_quantiles_leave_out_nets_that_stopped_or_froze() -> None:
    history = small()
    np.testing.assert_allclose(history.mean("valid_loss"), [2.0, 3.0, 1.0])
    np.testing.assert_allclose(history.quantiles("valid_loss", (0, 0.5, 1)), [[1, 2, 1], [2, 3, 1], [3, 4, 1]])


def test_with_every_net_frozen_what_is_finite_is_averaged() -> None:
    history = small(frozen=[True, True, True], values={"valid_loss": [[3.0, 1.0, np.inf], [NAN] * 3, [NAN] * 3]})
    np.testing.assert_allclose(history.mean("valid_loss"), [2.0, NAN, NAN])
    np.testing.assert_allclose(history.quantiles("valid_loss", (0, 1)), [[1.0, NAN, NAN], [3.0, NAN, NAN]])
    nothing = small(values={"valid_loss": np.full((3, 3), NAN)})
    assert np.isnan(nothing.quantiles("valid_loss", (0.5,))).all()


def test_rows_are_one_for_each_epoch_and_net() -> None:
    rows = list(small().rows())
    assert len(rows) == 9
    assert rows[4] == {"epoch": 2, "net": 1, "seed": 11, "train_loss": 0.75, "valid_loss": 4.0}
    assert list(rows[0]) == ["epoch", "net", "seed", "train_loss", "valid_loss"]


def test_repr_is_short() -> None:
    assert repr(small()) == "History(3 epochs, 3 nets, 1 frozen: train_loss, valid_loss)"
    assert repr(small(frozen=[False] * 3)) == "History(3 epochs, 3 nets: train_loss, valid_loss)"


def test_csv_holds_the_rows_with_empty_cells_where_a_value_is_not_finite(tmp_path: Path) -> None:
    small().write_csv(tmp_path / "history.csv")
    with open(tmp_path / "history.csv", newline="") as file:
        table = list(csv.DictReader(file))
    assert len(table) == 9
    assert table[0] == {"epoch": "1", "net": "0", "seed": "10", "train_loss": "0.5", "valid_loss": "3.0"}
    assert table[8] == {"epoch": "3", "net": "2", "seed": "12", "train_loss": "", "valid_loss": ""}
    assert table[2]["valid_loss"] == ""  # infinite


def test_csv_without_metrics_still_lists_epochs_and_nets(tmp_path: Path) -> None:
    small(values={}).write_csv(tmp_path / "history.csv")
    assert (tmp_path / "history.csv").read_text().splitlines()[:2] == ["epoch,net,seed", "1,0,10"]


def test_events_tell_the_whole_history(tmp_path: Path) -> None:
    with EventLog(tmp_path / "events.jsonl") as log:
        log.append(small().to_events())
    same(small(), History.from_events(tmp_path / "events.jsonl"))


@settings(max_examples=40, deadline=None)
@given(data=st.data(), epochs=st.integers(1, 5), nets=st.integers(1, 4))
def test_any_history_survives_its_log(
    data: st.DataObject, epochs: int, nets: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    table = arrays(np.float32, (epochs, nets), elements=st.floats(width=32))
    column = arrays(np.int64, nets, elements=st.integers(0, 2**40))
    history = History(
        epochs=np.cumsum(data.draw(arrays(np.int64, epochs, elements=st.integers(1, 3)))),
        seeds=data.draw(column),
        values={"train_score": data.draw(table), "test_loss": data.draw(table)},
        best_epoch=data.draw(column),
        stopped_epoch=data.draw(column),
        frozen=data.draw(arrays(np.bool_, nets)),
    )
    path = tmp_path_factory.mktemp("log") / "events.jsonl"
    path.write_text(history.to_events())
    same(history, History.from_events(path))


def test_a_log_written_in_chunks_with_repeats_says_the_same_as_one_written_at_once(tmp_path: Path) -> None:
    whole, path = small(), tmp_path / "events.jsonl"
    first = small(
        epochs=[1, 2],
        values={metric: table[:2] for metric, table in whole.values.items()},
        best_epoch=[2, 1, 0],
        stopped_epoch=[2, 2, 1],
    )
    wrong = small(
        epochs=[1, 2],
        values={metric: table[:2] + np.float32(1) for metric, table in whole.values.items()},
    )
    with EventLog(path) as log:
        log.append(wrong.to_events())  # later duplicates win over these
        log.append(first.to_events())
        log.append(whole.to_events(from_epoch=2))
    same(whole, History.from_events(path))
    same(first, History.from_events(path, until=2))


def test_what_a_log_does_not_say_is_filled_in(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text(
        '{"epoch":1,"net":1,"metric":"train_loss","value":2}\n{"epoch":2,"net":0,"metric":"train_loss","value":null}\n'
    )
    history = History.from_events(path)
    np.testing.assert_array_equal(history["train_loss"], [[NAN, 2.0], [NAN, NAN]])
    assert history.seeds.tolist() == [0, 1]
    assert history.best_epoch.tolist() == history.stopped_epoch.tolist() == [0, 1]
    assert history.frozen.tolist() == [False, False]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "must hold the measurements of at least one epoch"),
        ('{"epoch":1,"net":0,"metric":"seed","value":2}\n', "must hold the measurements of at least one epoch"),
        (
            '{"epoch":1,"net":-1,"metric":"train_loss","value":2}\n',
            "every line must be an event, but 1 of 1 are damaged",
        ),
        ('{"epoch":1,"net":99999999,"metric":"train_loss","value":2}\n', "nets must be numbered from 0 on"),
        (
            '{"epoch":1,"net":0,"metric":"train_los","value":2}\n',
            r"events\.jsonl: History: .*Did you mean 'train_loss'",
        ),
    ],
)
def test_a_log_that_tells_no_history_is_an_input_error(tmp_path: Path, line: str, message: str) -> None:
    (tmp_path / "events.jsonl").write_text(line)
    with pytest.raises(InputError, match=message):
        History.from_events(tmp_path / "events.jsonl")


def test_all_that_is_wrong_with_a_history_is_said_at_once() -> None:
    with pytest.raises(InputError, match="rising sequence") as caught:
        small(epochs=[1, 1, 3], frozen=[True], values={"los": np.zeros((3, 3)), "train_loss": np.zeros((2, 3))})
    assert [text.split("; got")[0] for text in caught.value.problems] == [
        "History: 'epochs' must be a rising sequence",
        "History: 'frozen' must have one value per net",
        "History: every metric must be a known one",
        "History: 'train_loss' must be of shape (3, 3), epochs by nets",
    ]


def test_a_metric_that_was_not_measured_is_an_input_error() -> None:
    with pytest.raises(
        InputError, match=r"must be asked for a metric that was measured; got 'valid_los'.*'valid_loss'"
    ):
        small()["valid_los"]


def test_writing_an_epoch_of_eight_nets_and_four_metrics_takes_under_a_millisecond(tmp_path: Path) -> None:
    table = np.random.default_rng(0).random((50, 8), dtype=np.float32)
    history = History(
        epochs=np.arange(1, 51),
        seeds=np.arange(8),
        values=dict.fromkeys(("train_loss", "train_score", "valid_loss", "valid_score"), table),
        best_epoch=np.full(8, 50),
        stopped_epoch=np.full(8, 50),
        frozen=np.zeros(8),
    )
    fastest = np.inf
    with EventLog(tmp_path / "events.jsonl") as log:
        for _ in range(5):
            start = time.perf_counter()
            log.append(history.to_events())
            fastest = min(fastest, time.perf_counter() - start)
    assert fastest / 50 < 1e-3
