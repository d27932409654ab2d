"""What tasks of a session need in common, as bytes by their content: sent once to a worker, and kept there.

Large arrays travel apart from the rest. The rows of a search are the same in all of its rungs and rounds, and so are
their names, while its nets change; and a worker on the driver's machine maps them into memory, once for all workers.
"""

from __future__ import annotations

import hashlib
import io
import mmap
import os
import pickle
import shutil
import socket
import tempfile
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.errors import InputError, problem
from goodfit.files import is_living, write_atomically
from goodfit.host import cores, host_total
from goodfit.leaving import on_leaving
from goodfit.reading import open_file, read_bytes
from goodfit.training.lock import held, is_held

LEAST_APART = 2**16  # bytes of an array that travels apart
MOST_KEPT = 0.25  # of the machine's memory, that its workers, one a core, keep together of what was sent to them
MOST_THINGS = 4  # sessions whose recipes a worker keeps
FOLDER = "goodfit-rows-"  # then the host and the process that made it
PICKLE = 5

Content = bytes | memoryview
Share = Callable[[str, bytes], Any]
"""(name, content) -> what a task is given in the place of the content, and finds the content in."""


class Parcels:
    """The driver's side. Contents stand in a folder that is gone at the end, or with the executor where it has `share`.

    share: of an executor that takes contents to its workers by itself.
    """

    def __init__(self, share: Share | None) -> None:
        remove_left()
        self._share = share
        self._folder = Path(tempfile.mkdtemp(prefix=f"{FOLDER}{socket.gethostname()}-{os.getpid()}-"))
        self._ending = ExitStack()
        self._ending.enter_context(held(self._folder))
        self._ending.enter_context(on_leaving(self._remove))
        self._shared: dict[str, Any] = {}
        self._names: set[str] = set()
        self._whole: dict[str, bytes] = {}
        self._arrays: dict[int, tuple[weakref.ref[NDArray[Any]], tuple[Any, ...]]] = {}  # by their numbers

    def close(self) -> None:
        """Remove the contents, here and, where threads of this process were the workers, from what they keep."""
        forget(self._names)
        self._whole.clear()
        self._ending.close()
        self._remove()

    def packed(self, thing: Any) -> tuple[str, ...]:
        """Names of what `thing` is made of, itself first. InputError where pickle does not take it."""
        names: dict[str, None] = {}
        text = io.BytesIO()
        packer = _Packer(text, lambda array: self._put_array(array, names))
        try:
            packer.dump(thing)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            rule = f"must be able to send what it trains to workers: {error}"
            raise InputError(problem("executor", rule, fix="Train without an executor.")) from error
        return self._put(text.getvalue()), *names

    def given(self, names: Sequence[str], *, whole: bool) -> tuple[Any, ...]:
        """What a task is given to find contents by. whole: the contents themselves."""
        if self._share is not None:
            return tuple(self._shared[name] for name in names)
        if not whole:
            return ()
        for name in names:
            if name not in self._whole:  # read once, however many tasks wait with it
                self._whole[name] = read_bytes(self._folder / name)
        return tuple(self._whole[name] for name in names)

    @property
    def shares(self) -> bool:
        """Whether the executor takes contents to its workers by itself."""
        return self._share is not None

    def bytes_of(self, names: Sequence[str]) -> int:
        """Of what comes along with a task, once it was asked for."""
        return sum(len(self._whole.get(name, b"")) for name in names)

    def release(self) -> None:
        """Let go of contents that tasks came with: the session is over."""
        self._whole.clear()

    @property
    def folder(self) -> str:
        """Where a worker that sees this machine's files finds them."""
        return os.fspath(self._folder)

    def _put_array(self, array: NDArray[Any], names: dict[str, None]) -> tuple[Any, ...]:
        known = self._arrays.get(id(array))
        if known is None or known[0]() is not array:
            known = self._arrays[id(array)] = weakref.ref(array), self._told(array)
        names[known[1][0]] = None
        return known[1]

    def _told(self, array: NDArray[Any]) -> tuple[Any, ...]:
        """What stands for an array, which is put where workers find it."""
        turned = array.flags.f_contiguous and not array.flags.c_contiguous  # sums depend on the order in memory
        plain = np.ascontiguousarray(array.T if turned else array)
        return self._put(plain.tobytes()), plain.dtype.str, plain.shape, turned

    def _put(self, content: bytes) -> str:
        name = hashlib.blake2b(content, digest_size=16).hexdigest()
        self._names.add(name)
        if self._share is not None:
            if name not in self._shared:
                self._shared[name] = self._share(name, content)
        elif not os.path.exists(self._folder / name):
            write_atomically(self._folder / name, content)
        return name

    def _remove(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)


def remove_left() -> None:
    """Remove folders of contents whose process on this machine was killed; of Windows they stay, which has no locks."""
    if os.name != "posix":
        return
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER}{socket.gethostname()}-*-*"):
        process = folder.name.rsplit("-", 2)[1]
        own = process == str(os.getpid())  # another thread may be making it, and does not hold it yet
        if process.isdecimal() and not own and not is_living(int(process)) and not is_held(folder):
            shutil.rmtree(folder, ignore_errors=True)


class _Packer(pickle.Pickler):
    """Pickles all but large arrays, of which it writes what `put` says."""

    def __init__(self, file: Any, put: Callable[[NDArray[Any]], tuple[Any, ...]]) -> None:
        super().__init__(file, PICKLE)
        self._put = put

    def persistent_id(self, thing: Any) -> tuple[Any, ...] | None:
        """What stands for a large array."""
        if type(thing) is not np.ndarray or thing.nbytes < LEAST_APART or thing.dtype.hasobject:
            return None
        return self._put(thing)


class _Opener(pickle.Unpickler):
    """The other way round."""

    def __init__(self, content: Content, contents: Mapping[str, Content]) -> None:
        super().__init__(io.BytesIO(content))
        self._contents = contents

    def persistent_load(self, told: Any) -> NDArray[Any]:
        """The array, read-only."""
        name, kind, shape, turned = told
        array = np.frombuffer(self._contents[name], np.dtype(kind)).reshape(shape)
        return array.T if turned else array


@dataclass
class _Kept:
    """What a worker's process keeps, those used last behind.

    contents: by name; things: what they are made into, with the names of their contents.
    """

    contents: OrderedDict[str, Content] = field(default_factory=OrderedDict)
    things: OrderedDict[str, tuple[Sequence[str], Any]] = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def drop(self, name: str) -> None:
        """Let go of a content, and of what was made of it, whose arrays would keep it in memory."""
        self.contents.pop(name, None)
        for first in [first for first, (names, _) in self.things.items() if name in names]:
            del self.things[first]


_kept = _Kept()


def opened(names: Sequence[str], folder: str, given: Sequence[Any]) -> Any:
    """The worker's side: the thing with these names; None where this process has no way to its contents.

    folder: of the driver; given: the contents as bytes of any kind, where they came along.
    """
    with _kept.lock:
        if names[0] in _kept.things:
            _kept.things.move_to_end(names[0])
            return _kept.things[names[0]][1]
        contents: dict[str, Content] = {}
        if given:
            contents |= {name: memoryview(each) for name, each in zip(names, given, strict=True)}
        for name in names:
            if name not in contents:
                found = _kept.contents[name] if name in _kept.contents else _mapped(Path(folder) / name)
                if found is None:
                    return None
                contents[name] = found
        thing = _Opener(contents[names[0]], contents).load()
        _kept.contents |= contents
        _kept.things[names[0]] = tuple(names), thing
        _let_go(names)
        return thing


def _mapped(path: Path) -> Content | None:
    """A file as memory that processes share; None where there is none."""
    try:
        opened_file, _ = open_file(path)
        with opened_file as file:
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except (OSError, ValueError):
        return None


def forget(names: Iterable[str]) -> None:
    """Keep nothing more of these contents in this process."""
    with _kept.lock:
        for name in names:
            _kept.drop(name)


def _let_go(names: Sequence[str]) -> None:
    """Drop what was used longest ago, but nothing of what these names are of."""
    for name in names:
        _kept.contents.move_to_end(name)
    most = MOST_KEPT * host_total() / cores()
    while len(_kept.contents) > len(names) and sum(map(len, _kept.contents.values())) > most:
        _kept.drop(next(iter(_kept.contents)))
    while len(_kept.things) > MOST_THINGS:
        _kept.things.popitem(last=False)
