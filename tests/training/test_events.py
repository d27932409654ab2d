from __future__ import annotations

import errno
import json
from pathlib import Path

import numpy as np
import pytest

from goodfit.errors import GoodfitError, InputError
from goodfit.training.events import EventLog, event_lines, number_texts, read_events


def test_an_event_is_one_json_line_by_epoch_then_metric_then_net() -> None:
    text = event_lines(np.array([3, 4]), {"valid_loss": np.float32([[0.41, np.nan], [np.inf, 2.0]])})
    assert text.splitlines() == [
        '{"epoch":3,"net":0,"metric":"valid_loss","value":0.41}',
        '{"epoch":3,"net":1,"metric":"valid_loss","value":null}',
        '{"epoch":4,"net":0,"metric":"valid_loss","value":null}',
        '{"epoch":4,"net":1,"metric":"valid_loss","value":2.0}',
    ]


def test_any_float32_comes_back_with_the_same_bits() -> None:
    bits = np.random.default_rng(0).integers(0, 2**32, 20_000, dtype=np.uint32)
    numbers = bits.view(np.float32)
    numbers = numbers[np.isfinite(numbers)]
    back = np.array([json.loads(text) for text in number_texts(numbers, "null")], np.float64).astype(np.float32)
    np.testing.assert_array_equal(back.view(np.uint32), numbers.view(np.uint32))


def test_appending_goes_on_where_the_log_ended(tmp_path: Path) -> None:
    path = tmp_path / "run" / "events.jsonl"
    for epoch in (1, 2):
        with EventLog(path) as log:
            log.append(event_lines(np.array([epoch]), {"train_loss": np.float32([[epoch / 2]])}))
    events = read_events(path)
    assert len(events) == 2
    np.testing.assert_array_equal(events.epochs, [1, 2])
    np.testing.assert_array_equal(events.nets, [0, 0])
    np.testing.assert_array_equal(events.values, [0.5, 1.0])
    assert events.metrics == ("train_loss", "train_loss")


def test_at_every_cut_the_reader_finds_the_whole_lines_and_the_writer_goes_on_after_them(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    text = event_lines(np.arange(1, 4), {"train_loss": np.float32([[0.25], [np.nan], [1e-7]])}).encode()
    for cut in range(len(text) + 1):
        path.write_bytes(text[:cut])
        whole = text[:cut].count(b"\n")
        finished = text[:cut].endswith(b"}")  # a last line that lacks only its line feed still counts
        assert len(read_events(path)) == whole + finished
        with EventLog(path) as log:
            log.append(text[text[:cut].rfind(b"\n") + 1 :].decode())
        assert path.read_bytes() == text


def test_a_torn_line_longer_than_one_look_back_is_removed(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    whole = event_lines(np.array([1]), {"train_loss": np.float32([[0.25]])}).encode()
    path.write_bytes(whole + b"x" * 200_000)
    EventLog(path).close()
    assert path.read_bytes() == whole
    path.write_bytes(b"x" * 200_000)
    EventLog(path).close()
    assert path.read_bytes() == b""


@pytest.mark.parametrize(
    "line", ["{", "[]", "7", '{"epoch":1}', '{"epoch":1,"net":0,"metric":"a","value":"x"}', '{"epoch":1e99,"net":0}']
)
def test_a_damaged_line_in_the_middle_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "events.jsonl"
    whole = event_lines(np.array([1]), {"train_loss": np.float32([[0.25]])})
    path.write_text(f"{whole}\n{line}\n{whole}")
    with pytest.raises(InputError, match=r"events\.jsonl: every line .* the first is line 3; got .*Remove the damaged"):
        read_events(path)


def test_a_missing_log_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must be a readable log of events: No such file"):
        read_events(tmp_path / "events.jsonl")


def test_an_empty_log_has_no_events(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").touch()
    assert len(read_events(tmp_path / "events.jsonl")) == 0


def test_a_folder_that_cannot_be_made_is_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="must be writable"):
        EventLog(tmp_path / "file" / "events.jsonl")


class _FullDisk:
    """A file that takes ten bytes and then fails."""

    def __init__(self, file: object) -> None:
        self.file, self.written = file, 0

    def write(self, data: memoryview) -> int:
        if self.written:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.written = 10
        return self.file.write(data[:10])  # type: ignore[attr-defined]

    def __getattr__(self, name: str) -> object:
        return getattr(self.file, name)


def test_a_disk_that_fills_up_leaves_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    line = event_lines(np.array([1]), {"train_loss": np.float32([[0.25]])})
    log = EventLog(path)
    log.append(line)
    log._file = _FullDisk(log._file)  # type: ignore[assignment]
    with pytest.raises(GoodfitError, match="No space left on device"):
        log.append(line)
    log.close()
    log.close()
    assert path.read_text() == line


def test_a_disk_that_fails_at_the_end_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    log = EventLog(tmp_path / "events.jsonl")
    monkeypatch.setattr("os.fsync", failing)
    with pytest.raises(GoodfitError, match="Input/output error"):
        log.close()
    assert log._file.closed
