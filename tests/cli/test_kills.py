"""Long commands that are really killed, at random moments: resumed from their folders they end with the same bits."""

from __future__ import annotations

import random
import signal
from pathlib import Path

import pytest
from benchmarks.kills import COMMANDS, Command, Kill, done, filled, prepared, results, run

ELSEWHERE = ("curve, noise", "curve, l2", "study", "inspect --try")  # `benchmarks.kills` has them too
LASTING = [each for each in COMMANDS if each.title not in ELSEWHERE]


@pytest.mark.parametrize("command", LASTING, ids=[each.title for each in LASTING])
def test_a_killed_command_ends_with_the_same_bits(command: Command, tmp_path: Path) -> None:
    chance = random.Random(command.title)
    whole, folder = prepared(command, tmp_path / "whole"), prepared(command, tmp_path / "killed")
    expected = results(command, whole, done(filled(command.words, whole)))
    for fewest in (1, 3):
        kill = Kill(signal.SIGKILL, writes=chance.randint(fewest, 8), renamed=chance.random() < 0.5)
        assert run(command.next_words(folder), kill).code == -signal.SIGKILL
    ended = run(command.next_words(folder), Kill(signal.SIGINT, writes=chance.randint(3, 5)))
    again = f"goodfit {command.words[0]} --resume {folder}"
    assert (ended.code, ended.said.splitlines()[-1:]) == (1, [f"Interrupted. Resume with: {again}"])
    assert run(command.next_words(folder), Kill(signal.SIGKILL, seconds=chance.uniform(0.2, 2.0))).code <= 0
    ended = done(command.next_words(folder))
    assert (ended.said, results(command, folder, ended)) == ("", expected)
    assert not (folder / "verdict").exists()


def test_ctrl_c_before_anything_was_trained_leaves_nothing(tmp_path: Path) -> None:
    command = COMMANDS[1]
    ended = run(command.next_words(tmp_path / "s"), Kill(signal.SIGINT, writes=1))
    assert (ended.code, ended.said) == (1, "Interrupted before any training; nothing was written.\n")
