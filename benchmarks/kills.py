"""Do long commands end with the same bits after a kill? `python -m benchmarks.kills [--kills N] [--only NAME]`.

Every command runs once to its end. Then it runs again, is killed at random moments, by kill -9, Ctrl-C, SIGTERM and
SIGHUP in turn, and is resumed from its folder alone, until it is done; and again, until it was killed so many times.
What it wrote is compared with what the first wrote.
"""

from __future__ import annotations

import argparse
import functools
import json
import multiprocessing
import os
import random
import re
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PRELOADED = (  # in the process that all commands are forked from: they then begin at once, and kills meet their work
    "jax", "scipy.stats", "goodfit.cli.app", "goodfit.cli.train", "goodfit.cli.select", "goodfit.cli.curve",
    "goodfit.cli.verdict", "goodfit.cli.fit_line", "goodfit.curves", "goodfit.figures.setting_curve",
    "goodfit.runs.training", "goodfit.selection.search", "goodfit.verdicts.judging_runs",
)  # fmt: skip
TIMES = {"seconds", "share", "started", "memory", "whole"}  # may differ between equal commands; whole: a digest of all
SIGNALS = (signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
NET = ("--hidden", "6", "--batch-size", "16", "--epochs", "24")
VARIED = ("--vary", "l2=0,0.1", "--vary", "dropout=0,0.2")


@dataclass(frozen=True)
class Command:
    """A command that can be killed and resumed.

    words: with "{}" for its folder, a subcommand first that takes --resume.
    records: globs; one of these files stands in the folder once it can be resumed.
    before: a command that must be done in the folder first.
    more: words after --resume FOLDER.
    printed: whether the JSON that it prints is its result as well.
    """

    title: str
    words: tuple[str, ...]
    records: tuple[str, ...]
    before: tuple[str, ...] = ()
    more: tuple[str, ...] = ("--quiet",)
    printed: bool = False

    def next_words(self, folder: Path) -> list[str]:
        """What to type now: the command, or its --resume."""
        if any(any(folder.glob(record)) for record in self.records):
            return [self.words[0], "--resume", str(folder), *self.more]
        return filled(self.words, folder)


def _training(title: str, *words: str, record: str, more: tuple[str, ...] = ()) -> Command:
    return Command(title, (*words, *NET, "--out", "{}", "--quiet", *more), (record,), more=("--quiet", *more))


COMMANDS = (
    _training("train", "train", "iris", "--seeds", "3", record="run.json", more=("--fit", "never")),
    _training("select, grid", "select", "iris", *VARIED, "--folds", "3", record="search.json"),
    _training(
        "select, halving", "select", "iris", *VARIED, "--folds", "3", "--method", "halving", "--factor", "2",
        "--least-epochs", "6", record="search.json",
    ),
    _training("curve, epochs", "curve", "iris", "--over", "epochs", "--folds", "3", record="curve.json"),
    _training("curve, rows", "curve", "iris", "--over", "rows=20,60", "--folds", "3", record="curve.json"),
    _training("curve, noise", "curve", "moons", "--over", "noise=0.1,0.3", "--folds", "3", record="curve.json"),
    _training("curve, l2", "curve", "iris", "--over", "l2=0,0.1", "--folds", "3", record="search.json"),
    Command(
        "verdict",
        ("verdict", "{}", "--repeats", "1", "--minutes", "1000", "--folds", "3", "--quiet"),  # time enough
        ("verdict/verdict-call.json", "verdict.json"),  # a verdict that is done is printed again
        before=("train", "iris", *NET, "--fit", "never", "--out", "{}", "--quiet"),
    ),
    Command(
        "study",
        ("study", "weight-decay", "--seeds", "4", "--out", "{}", "--quiet"),
        ("unfinished/*/study.json",),
    ),
    Command(
        "inspect --try",
        ("inspect", "{}", "--try", "--seeds", "3", "--json"),
        ("trial/trial.json",),
        before=("train", "iris", *NET, "--fit", "never", "--out", "{}", "--quiet"),
        more=("--json",),
        printed=True,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Kill:
    """When a command is killed, and how.

    seconds: after it began; writes: as it renames its so manieth file, before or after that.
    """

    signal: signal.Signals
    seconds: float = 0.0
    writes: int = 0
    renamed: bool = False


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, below 0 for a signal, what it said on stderr and printed on stdout, and the
    seconds it took.
    """

    code: int
    said: str
    printed: str
    seconds: float


def filled(words: Sequence[str], folder: Path) -> list[str]:
    """The words of a command on this folder."""
    return [word.replace("{}", str(folder)) for word in words]


@functools.cache
def _processes() -> Any:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, *PRELOADED])
    return context


def run(words: Sequence[str], kill: Kill | None = None) -> Ended:
    """`goodfit WORDS` in a process of its own, with a checkpoint after every epoch."""
    began = time.perf_counter()
    with tempfile.NamedTemporaryFile() as printed, tempfile.NamedTemporaryFile() as said:
        process = _processes().Process(target=_work, args=(list(words), printed.name, said.name, kill))
        process.start()
        process.join()
        words_said, words_printed = (Path(file.name).read_text("utf-8") for file in (said, printed))
        return Ended(int(process.exitcode), words_said, words_printed, time.perf_counter() - began)


def _work(words: list[str], printed: str, said: str, kill: Kill | None) -> None:
    """In the process: the command, with stdout and stderr to files."""
    for number, path in ((1, printed), (2, said)):
        os.dup2(os.open(path, os.O_WRONLY), number)
    from goodfit.cli import main
    from goodfit.training import session, store
    from goodfit.training.fitting import fit

    session.fit = lambda *given, **how: fit(*given, **{**how, "chunk_seconds": 1e-9})  # type: ignore[attr-defined]
    store.FEWEST_SECONDS, store.SHARE_OF_TIME = 0.0, 1e9
    if kill is not None:
        # a shell's background job ignores Ctrl-C, nohup SIGHUP: those kills would never come
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _arm(kill)
    sys.argv = ["goodfit", *words]
    sys.exit(main())


def _arm(kill: Kill) -> None:
    if not kill.writes:
        timer = threading.Timer(kill.seconds, os.kill, (os.getpid(), kill.signal))
        timer.daemon = True
        timer.start()
        return
    rename, writes = os.replace, 0

    def counted(old: Any, new: Any) -> None:
        nonlocal writes
        writes += 1
        if kill.renamed:
            rename(old, new)
        if writes == kill.writes:
            os.kill(os.getpid(), kill.signal)
        if not kill.renamed:
            rename(old, new)

    os.replace = counted  # type: ignore[assignment]


def results(command: Command, folder: Path, ended: Ended) -> dict[str, Any]:
    """What a command wrote, by file, but for times and the folder's name; not what killed processes left unfinished."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.suffix != ".part")
    found = {str(path.relative_to(folder)): _content(path, folder) for path in files}
    return {**found, "stdout": _json(ended.printed, folder)} if command.printed else found


def _json(text: str, folder: Path) -> Any:
    return _timeless(json.loads(text.replace(str(folder), "{}")))


def _content(path: Path, folder: Path) -> Any:
    if path.suffix == ".json":
        return _json(path.read_text("utf-8"), folder)
    if path.name.startswith("turn-"):  # its header says how long it took
        from safetensors.numpy import load

        return {name: (array.dtype.str, array.tobytes()) for name, array in load(path.read_bytes()).items()}
    if path.suffix == ".html":  # a study's page says how long it took
        return re.sub(r"(goodfit in |用时 )[\d.e-]+", "", path.read_text("utf-8"))
    return path.read_bytes()


def _timeless(found: Any) -> Any:
    if isinstance(found, Mapping):
        return {name: _timeless(value) for name, value in found.items() if name not in TIMES}
    return [_timeless(each) for each in found] if isinstance(found, list) else found


def prepared(command: Command, folder: Path) -> Path:
    """The folder in which the command can be run."""
    if command.before:
        done(filled(command.before, folder))
    return folder


def whole(command: Command, folder: Path) -> tuple[dict[str, Any], float]:
    """What the command writes where nobody kills it, and the seconds that it takes once its programs are compiled."""
    done(filled(command.words, prepared(command, folder / "compiling")))
    ended = done(filled(command.words, prepared(command, folder / "whole")))
    return results(command, folder / "whole", ended), ended.seconds


def done(words: Sequence[str]) -> Ended:
    """A command that must come to its end; RuntimeError where it does not."""
    ended = run(words)
    if ended.code:
        raise RuntimeError(f"goodfit {' '.join(words)} ended with {ended.code}: {ended.said}")
    return ended


@dataclass
class Tally:
    """kills: times that a command was killed; lost: times that it could not be resumed then; ends, same: times that it
    came to its end, and that its files were the same then.
    """

    kills: int = 0
    lost: int = 0
    ends: int = 0
    same: int = 0


def tally(command: Command, folder: Path, kills: int, chance: random.Random) -> Tally:
    """Kill a command so many times, resume it every time, and compare what it ends with."""
    expected, seconds = whole(command, folder)
    _note(f"{command.title}: {seconds:.1f} seconds from begin to end")
    found, at = Tally(), prepared(command, folder / "killed-0")
    while True:
        kill = None if found.kills >= kills else any_kill(SIGNALS[found.kills % len(SIGNALS)], seconds, chance)
        fresh = command.next_words(at) == filled(command.words, at)
        ended = run(command.next_words(at), kill)
        if ended.code == 0:
            # of a machine that was busy when it ran whole, most later moments would be after the end
            seconds = min(seconds, ended.seconds) if fresh else seconds
            found.ends += 1
            found.same += results(command, at, ended) == expected
            if found.kills >= kills:
                return found
            at = prepared(command, folder / f"killed-{found.ends}")
        elif kill is not None and (ended.code == -kill.signal or "Interrupted" in ended.said):
            found.kills += 1
            _note(f"{command.title}: {found.kills} of {kills} kills, {found.same} of {found.ends} ends the same")
        else:
            print(f"  goodfit {' '.join(command.next_words(at))}: exit code {ended.code}: {ended.said}", flush=True)
            found.lost += 1
            at = prepared(command, folder / f"lost-{found.lost}")


def _note(words: str) -> None:
    """On stderr, as it goes: a command may take an hour, and its line of the table comes at the end."""
    print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


def any_kill(number: signal.Signals, seconds: float, chance: random.Random) -> Kill:
    """A random moment: of the time that the command takes, or as it writes one of its next files."""
    if chance.random() < 0.5:
        return Kill(number, seconds=chance.uniform(0, seconds))
    return Kill(number, writes=chance.randint(1, 12), renamed=chance.random() < 0.5)


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where every command ended with the same bits every time."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.kills", description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="of each command")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument("--only", help="the commands whose title has this, as 'study'")
    given = parser.parse_args(arguments)
    print(f"{'command':<16}{'kills':>8}{'lost':>8}  same bits", flush=True)
    failed = False
    with tempfile.TemporaryDirectory(prefix="goodfit-kills-") as folder:
        os.environ |= {"GOODFIT_CACHE": f"{folder}/cache", "GOODFIT_LEDGER": f"{folder}/ledger.sqlite"}
        for number, command in enumerate(COMMANDS):
            if given.only and given.only not in command.title:
                continue
            found = tally(command, Path(folder) / str(number), given.kills, random.Random(f"{given.seed} {number}"))
            failed |= bool(found.lost) or found.same < found.ends
            print(f"{command.title:<16}{found.kills:>8}{found.lost:>8}  {found.same} of {found.ends}", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
