from __future__ import annotations

import hashlib
import os
import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import platformdirs
import pytest

from goodfit.data import DataWarning, Step, fashion_mnist, user_cache
from goodfit.data.fashion_mnist import fetch, load, obtain, places
from goodfit.data.sources import Look, NotFoundHere, Place
from goodfit.errors import GoodfitError

FILL = """
import hashlib, pickle, sys, time
from pathlib import Path
from goodfit.data import fashion_mnist
from goodfit.data.sources import Place
folder = Path(sys.argv[1])
constants, contents = pickle.loads((folder / "given").read_bytes())
for name, value in constants.items():
    setattr(fashion_mnist, name, value)
while not (folder / "go").exists():
    time.sleep(0.001)
pixels, _, report = fashion_mnist.obtain(folder=folder / "c", search_in=[Place("x", lambda look: dict(contents))])
print(hashlib.sha256(pixels).hexdigest(), report.trouble)
"""
REAL = [
    Path(platformdirs.user_cache_dir("goodfit", appauthor=False)) / "fashion-mnist",
    Path("/usr/share/datasets/fashion-mnist"),
]
NAMES = [
    "the folder in GOODFIT_DATA",
    "Debian's folder",
    "torchvision's folders",
    "Keras's folder",
    "the public mirrors",
    "apt",
]


def never(look: Look) -> None:
    raise NotFoundHere("failed", "not in this test")


def local(home: Path, **environment: str) -> list[Place]:
    """The true places on this machine, with those that ask a network, or lie outside the test, taken out."""
    outside = ("the public mirrors", "apt", "Debian's folder")
    return [Place(p.name, never) if p.name in outside else p for p in places(environment, home)]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    here = tmp_path / "project" / "work"
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    return tmp_path / "home"


def test_the_order_of_places() -> None:
    assert [place.name for place in places()] == NAMES


WHERE: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "goodfit_data": ("the folder in GOODFIT_DATA", lambda home: home / "mine"),
    "goodfit_data, of several sets": ("the folder in GOODFIT_DATA", lambda home: home / "mine" / "fashion-mnist"),
    "goodfit_data, torchvision's": ("the folder in GOODFIT_DATA", lambda home: home / "mine" / "FashionMNIST" / "raw"),
    "data": ("torchvision's folders", lambda home: Path("data/FashionMNIST/raw")),
    "../data": ("torchvision's folders", lambda home: Path("../data/FashionMNIST/raw")),
    "~/data": ("torchvision's folders", lambda home: home / "data" / "FashionMNIST" / "raw"),
    "~/.cache/torch": ("torchvision's folders", lambda home: home / ".cache" / "torch" / "FashionMNIST" / "raw"),
    "keras": ("Keras's folder", lambda home: home / ".keras" / "datasets" / "fashion-mnist"),
}


@pytest.mark.parametrize("compressed", [True, False])
@pytest.mark.parametrize("case", WHERE)
def test_each_folder(tiny, home: Path, case: str, compressed: bool) -> None:  # type: ignore[no-untyped-def]
    source, folder = WHERE[case]
    tiny.write(folder(home), compressed=compressed)
    steps: list[Step] = []
    data = load(search_in=local(home, GOODFIT_DATA=str(home / "mine")), progress=steps.append)
    np.testing.assert_array_equal(data.x, tiny.pixels)
    np.testing.assert_array_equal(data.y, tiny.labels)
    assert data.test.tolist() == list(range(50, 70))
    assert data.classes[9] == "Ankle boot"
    assert data.source.startswith(source)
    assert (data.x.dtype, data.scaling, data.image_shape) == (np.uint8, "unit", (28, 28))


def test_folders_of_the_environment(tiny, home: Path) -> None:  # type: ignore[no-untyped-def]
    tiny.write(home / "k" / "datasets" / "fashion-mnist")
    assert fetch(search_in=local(home, KERAS_HOME=str(home / "k"))).source == "Keras's folder"
    tiny.write(home / "t" / "datasets" / "FashionMNIST" / "raw")
    found = fetch(search_in=local(home, TORCH_HOME=str(home / "t")), folder=home / "other")
    assert found.source == "torchvision's folders"


def test_debian_mirrors_and_apt_are_asked_for_the_four_files(tiny, home, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(fashion_mnist, "DEBIAN_FOLDER", str(tiny.write(home / "debian"))[1:])
    monkeypatch.setattr(fashion_mnist, "from_mirrors", lambda mirrors, files, look: dict(tiny.contents))
    monkeypatch.setattr(fashion_mnist, "from_apt", lambda package, folder, files, size, look: dict(tiny.contents))
    for name in ("Debian's folder", "the public mirrors", "apt"):
        only = [place for place in places({}, home) if place.name == name]
        report = fetch(search_in=only, folder=home / name)
        assert report.source == name
        assert (home / name / "pixels.npy").exists()


def test_the_cache_is_first_and_enough(tiny, home: Path) -> None:  # type: ignore[no-untyped-def]
    tiny.write(home / "data" / "FashionMNIST" / "raw")
    assert fetch(search_in=local(home)).source == "torchvision's folders"
    pixels, labels, report = obtain(search_in=[Place("x", never)])
    assert [(a.place, a.outcome) for a in report.attempts] == [("goodfit's cache", "found")]
    assert report.folder == user_cache() / "fashion-mnist"
    assert pixels.tobytes() == tiny.pixels.tobytes()
    assert labels.tobytes() == tiny.labels.tobytes()
    assert sorted(os.listdir(report.folder)) == ["labels.npy", "pixels.npy"]


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


DAMAGE: dict[str, tuple[Callable[[Path], object], str]] = {
    "truncated": (lambda path: path.write_bytes(path.read_bytes()[:-1]), r"has \d+ bytes, expected \d+"),
    "one bit": (flip, "SHA-256 of its values"),
    "no npy": (lambda path: path.write_bytes(b"x" * path.stat().st_size), "is corrupt"),
    "a lie": (
        lambda path: path.write_bytes(path.read_bytes().replace(b"|u1", b"|i1")),
        "holds int8 of shape",
    ),
    "a great lie": (
        lambda path: path.write_bytes(path.read_bytes().replace(b"(70", b"(7" + b"0" * 14).replace(b" " * 13, b"", 1)),
        "is corrupt",
    ),
}


@pytest.mark.parametrize("name", ["pixels.npy", "labels.npy"])
@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_cache_is_named_and_mended(tiny, home: Path, name: str, damage: str) -> None:  # type: ignore[no-untyped-def]
    tiny.write(home / "data" / "FashionMNIST" / "raw")
    fetch(search_in=local(home))
    path = user_cache() / "fashion-mnist" / name
    harm, message = DAMAGE[damage]
    harm(path)
    with pytest.warns(DataWarning, match=f"a file with wrong content was found and not used: .*{name}.*{message}"):
        data = load(search_in=local(home))
    assert data.x.tobytes() == tiny.pixels.tobytes()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load(search_in=[]).source.startswith("goodfit's cache")


def test_a_cache_that_cannot_be_read(tiny, home: Path) -> None:  # type: ignore[no-untyped-def]
    tiny.write(home / "data" / "FashionMNIST" / "raw")
    folder = user_cache() / "fashion-mnist"
    fetch(search_in=local(home))
    size = (folder / "pixels.npy").stat().st_size
    (folder / "pixels.npy").unlink()
    (folder / "pixels.npy").mkdir()
    with pytest.warns(DataWarning):
        load(search_in=local(home))
    assert size == fashion_mnist.PIXELS.size


def test_wrong_files_everywhere_are_all_named_and_none_is_used(tiny, home: Path) -> None:  # type: ignore[no-untyped-def]
    places_of_files = [home / "mine", home / "data/FashionMNIST/raw", home / ".keras/datasets/fashion-mnist"]
    for folder in places_of_files:
        tiny.write(folder)
        (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(tiny.contents["t10k-labels-idx1-ubyte"][:-1] + b"\x0b")
    steps: list[Step] = []
    with pytest.raises(GoodfitError) as caught:
        load(search_in=local(home, GOODFIT_DATA=str(home / "mine")), progress=steps.append)
    for folder in places_of_files:
        assert f"{folder / 't10k-labels-idx1-ubyte.gz'} is not the right file (SHA-256" in str(caught.value)
    assert sum(step.state == "wrong" and "is not the right file" in step.detail for step in steps) >= 3


def test_the_search_goes_on_after_a_wrong_file(tiny, home: Path) -> None:  # type: ignore[no-untyped-def]
    (tiny.write(home / "mine") / "train-labels-idx1-ubyte.gz").write_bytes(b"no")
    tiny.write(home / ".keras/datasets/fashion-mnist")
    with pytest.warns(DataWarning, match="train-labels-idx1-ubyte.gz is not the right file"):
        data = load(search_in=local(home, GOODFIT_DATA=str(home / "mine")))
    assert data.source.startswith("Keras's folder")


def test_if_all_fail_one_message_says_what_was_tried_and_what_to_do(tiny, home: Path) -> None:  # type: ignore[no-untyped-def]
    tiny.write(home / "data" / "FashionMNIST" / "raw", leave_out="t10k-images-idx3-ubyte")
    with pytest.raises(GoodfitError) as caught:
        fetch(search_in=local(home))
    assert caught.value.exit_code == 1
    lines = str(caught.value).splitlines()
    assert lines[0] == "fashion-mnist: one place must have its four files; got none of 7:"
    assert [line.split(":")[0].strip() for line in lines[1:8]] == ["goodfit's cache", *NAMES]
    assert "GOODFIT_DATA is not set" in lines[2]
    assert f"{home / 'data/FashionMNIST/raw'} lacks t10k-images-idx3-ubyte" in lines[4]
    assert "not in this test" in lines[7]
    assert "set GOODFIT_DATA" in lines[8]
    assert "dataset-fashion-mnist" in lines[8]


def test_a_cache_that_cannot_be_written_is_no_reason_to_fail(tiny, home: Path, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    tiny.write(home / "data" / "FashionMNIST" / "raw")
    (home / "taken").write_text("")
    monkeypatch.setenv("GOODFIT_CACHE", str(home / "taken"))
    with pytest.warns(DataWarning, match="the folder must be writable"):
        data = load(search_in=local(home))
    assert len(data) == 70
    steps: list[Step] = []
    *_, report = obtain(search_in=local(home), progress=steps.append)
    assert report.folder is None
    assert steps[-1].state == "failed"
    with pytest.raises(GoodfitError, match="the folder must be writable"):
        fetch(search_in=local(home))


def test_processes_that_fill_the_cache_at_once(tiny, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    constants = {name: getattr(fashion_mnist, name) for name in ("FILES", "N_TRAIN", "N_TEST", "PIXELS", "LABELS")}
    (tmp_path / "given").write_bytes(pickle.dumps((constants, tiny.contents)))
    workers = [subprocess.Popen([sys.executable, "-c", FILL, str(tmp_path)], stdout=subprocess.PIPE) for _ in range(4)]
    (tmp_path / "go").touch()
    answers = [worker.communicate(timeout=60)[0] for worker in workers]
    assert answers == [hashlib.sha256(tiny.pixels).hexdigest().encode() + b" \n"] * 4
    assert sorted(os.listdir(tmp_path / "c")) == ["labels.npy", "pixels.npy"]
    assert obtain(folder=tmp_path / "c", search_in=[])[2].attempts[0].outcome == "found"


@pytest.mark.skipif(not any(folder.is_dir() for folder in REAL), reason="Fashion-MNIST is not on this machine")
def test_the_real_data_where_it_is_at_hand(tmp_path: Path) -> None:
    folder = REAL[0] if REAL[0].is_dir() else tmp_path
    data = load(folder=folder, search_in=[place for place in places() if place.name == "Debian's folder"])
    assert data.x.shape == (70_000, 784)
    assert np.bincount(data.y[:60_000]).tolist() == [6000] * 10
    assert np.bincount(data.y[data.test]).tolist() == [1000] * 10
    assert data.y[0] == 9  # the first training image is an ankle boot, as every tutorial shows


def test_whether_the_cache_has_it_is_told_without_reading_it(tmp_path: Path) -> None:
    assert not fashion_mnist.is_kept(tmp_path)
    for spec in (fashion_mnist.PIXELS, fashion_mnist.LABELS):
        (tmp_path / spec.name).write_bytes(b"")
    assert fashion_mnist.is_kept(tmp_path)
