"""Fashion-MNIST: found wherever it already lies, or fetched, and then kept in the cache as arrays that load at once.

Xiao, Rasul & Vollgraf (2017), Fashion-MNIST: a Novel Image Dataset for Benchmarking Machine Learning Algorithms,
arXiv:1708.07747. 60,000 training and 10,000 test images of 28 x 28 grey levels, ten classes of equal size; MIT license.
"""

import hashlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from goodfit.data.cache import keep, user_cache
from goodfit.data.dataset import Dataset
from goodfit.data.debian import from_apt
from goodfit.data.idx import parse_idx
from goodfit.data.npz import parse_npy
from goodfit.data.sources import (
    Attempt,
    Contents,
    DataWarning,
    FileSpec,
    Look,
    NotFoundHere,
    Notify,
    Place,
    Step,
    from_mirrors,
    in_folders,
    search,
    silent,
)
from goodfit.errors import GoodfitError
from goodfit.notices import warn
from goodfit.reading import read_bytes

NAME = "fashion-mnist"
ABOUT = "Photographs of clothes in ten classes, 28 x 28 grey levels"
DATA_VARIABLE = "GOODFIT_DATA"
CLASSES = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
N_TRAIN, N_TEST, SIDE = 60_000, 10_000, 28

# Worked out from the files of Debian's package, version 0.0~git20200523.55506a9-1.
FILES = (
    FileSpec("train-images-idx3-ubyte", 47_040_016, "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888"),
    FileSpec("train-labels-idx1-ubyte", 60_008, "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9"),
    FileSpec("t10k-images-idx3-ubyte", 7_840_016, "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b"),
    FileSpec("t10k-labels-idx1-ubyte", 10_008, "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"),
)
NPY_HEADER = 128  # bytes before the values of a short .npy file
PIXELS = FileSpec(
    "pixels.npy",
    NPY_HEADER + (N_TRAIN + N_TEST) * SIDE * SIDE,
    "0fbbfcb392782b3b702472ead3688778e1509e8cf40f5c24d9d3303618b193ab",
)
"""The cached images, training rows first; its SHA-256 is of the values, without the header."""
LABELS = FileSpec(
    "labels.npy", NPY_HEADER + N_TRAIN + N_TEST, "8ab940a680640f36c0bf1d2549cb2f3b3d4068c12547116cc7b1161b1d26663d"
)
"""The cached labels; its SHA-256 is of the values, without the header."""

MIRRORS = (
    "https://fashion-mnist.s3.eu-central-1.amazonaws.com/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
)
DEBIAN_PACKAGE = "dataset-fashion-mnist"
DEBIAN_FOLDER = "usr/share/datasets/fashion-mnist"
DEBIAN_SIZE = 30_900_652  # bytes of the package
ADVICE = (
    f"Connect to the network and try again; or put the four files, plain or .gz, into a folder and set {DATA_VARIABLE} "
    f"to it ({', '.join(spec.name for spec in FILES)}); or install Debian's package {DEBIAN_PACKAGE}."
)


@dataclass(frozen=True)
class FetchReport:
    """How a data set was come by."""

    name: str  # of the data set
    source: str
    """The place that had it."""
    folder: Path | None
    """Where it lies now in the cache; None where nothing needs to be kept, or where it could not be kept."""
    attempts: tuple[Attempt, ...] = ()
    """Every place that was tried, in order, with what came of it."""
    seconds: float = 0.0  # that it all took
    trouble: str = ""
    """Why it could not be kept in the cache; "" if it could."""


def places(environment: Mapping[str, str] | None = None, home: Path | None = None) -> list[Place]:
    """Where the four files are looked for once the cache does not have them, in this order.

    `GOODFIT_DATA`; Debian's folder; torchvision's usual folders; Keras's; the public mirrors; apt.
    environment and home are those of the process, or others for a test.
    """
    environment = os.environ if environment is None else environment
    home = Path(os.path.expanduser("~")) if home is None else home  # "~" itself where there is no home
    chosen = environment.get(DATA_VARIABLE, "")
    keras = Path(environment.get("KERAS_HOME") or home / ".keras")
    return [
        Place(f"the folder in {DATA_VARIABLE}", _local(_below(Path(os.path.expanduser(chosen))) if chosen else ())),
        Place("Debian's folder", _local([Path("/") / DEBIAN_FOLDER])),
        Place("torchvision's folders", _local(_torchvision_folders(environment, home))),
        Place("Keras's folder", _local([keras / "datasets" / NAME])),
        Place("the public mirrors", lambda look: from_mirrors(MIRRORS, FILES, look)),
        Place("apt", lambda look: from_apt(DEBIAN_PACKAGE, DEBIAN_FOLDER, FILES, DEBIAN_SIZE, look)),
    ]


def _local(folders: Sequence[Path]) -> Callable[[Look], Contents | None]:
    def find(look: Look) -> Contents | None:
        if not folders:
            raise NotFoundHere("missing", f"{DATA_VARIABLE} is not set")
        return in_folders(folders, FILES, look)

    return find


def _below(folder: Path) -> list[Path]:
    """A folder of the user's may hold the files, or be one of several data sets', or be torchvision's root."""
    return [folder, folder / NAME, folder / "FashionMNIST" / "raw"]


def _torchvision_folders(environment: Mapping[str, str], home: Path) -> list[Path]:
    """torchvision keeps the files in ROOT/FashionMNIST/raw and has no default ROOT; these are the usual ones.

    `data` is the root in PyTorch's tutorials, `../data` in those of the book Dive into Deep Learning.
    """
    torch = Path(environment.get("TORCH_HOME") or Path(environment.get("XDG_CACHE_HOME") or home / ".cache") / "torch")
    roots = [
        Path("data"),
        Path("../data"),
        Path("datasets"),
        home / "data",
        home / "datasets",
        torch,
        torch / "datasets",
    ]
    return [root / "FashionMNIST" / "raw" for root in roots]


def load(
    *, progress: Notify | None = None, folder: Path | None = None, search_in: Sequence[Place] | None = None
) -> Dataset:
    """Fashion-MNIST: 70,000 rows of 784 pixels, uint8, of which the last 10,000 are the official test rows.

    progress: called with each `Step`. Without it, a wrong file, or a cache that cannot be written, is a DataWarning.
    folder: where the arrays are kept (by default `fashion-mnist` in the cache).
    search_in: other places than `places()`.
    Raises GoodfitError, with every place and what came of it, if none has the files.
    """
    pixels, labels, report = obtain(progress=progress, folder=folder, search_in=search_in)
    if progress is None:
        for text in [wrong for attempt in report.attempts for wrong in attempt.wrong]:
            warn(f"{NAME}: a file with wrong content was found and not used: {text}", DataWarning)
        if report.trouble:
            warn(report.trouble, DataWarning)
    return Dataset(
        name=NAME,
        x=pixels,
        y=labels.astype(np.int32),
        task="classification",
        classes=CLASSES,
        test=np.arange(N_TRAIN, N_TRAIN + N_TEST, dtype=np.int32),
        image_shape=(SIDE, SIDE),
        scaling="unit",
        about=ABOUT,
        source=f"{report.source}; Xiao, Rasul & Vollgraf (2017), arXiv:1708.07747",
    )


def is_kept(folder: Path | None = None) -> bool:
    """Whether the cache has files of it, so that it is loaded at once if they are sound. folder: as in `load`."""
    where = folder or user_cache() / NAME
    return all(os.path.exists(where / spec.name) for spec in (PIXELS, LABELS))


def fetch(
    *, progress: Notify | None = None, folder: Path | None = None, search_in: Sequence[Place] | None = None
) -> FetchReport:
    """Make sure that the cache holds Fashion-MNIST, and say how it was come by. Raises GoodfitError if it cannot."""
    *_, report = obtain(progress=progress, folder=folder, search_in=search_in)
    if report.trouble:
        raise GoodfitError(report.trouble)
    return report


def obtain(
    *, progress: Notify | None = None, folder: Path | None = None, search_in: Sequence[Place] | None = None
) -> tuple[np.ndarray, np.ndarray, FetchReport]:
    """(pixels uint8 [70000, 784], labels uint8 [70000], how they were come by); see `load`."""
    started = time.perf_counter()
    notify = silent if progress is None else progress
    folder = user_cache() / NAME if folder is None else folder
    kept: list[np.ndarray] = []

    def from_cache(look: Look) -> Contents:
        kept.extend(_cached(folder))
        return {}

    cache = Place("goodfit's cache", from_cache)
    elsewhere = places() if search_in is None else search_in
    contents, attempts = search([cache, *elsewhere], notify)
    if contents is None:
        raise GoodfitError(_nothing_found(attempts))
    trouble = ""
    if contents:
        kept = _arrays(contents)
        try:
            for spec, array in zip((PIXELS, LABELS), kept, strict=True):
                keep(folder / spec.name, lambda file, array=array: np.save(file, array))  # type: ignore[misc]
        except GoodfitError as error:
            trouble = str(error)
            notify(Step(cache.name, "failed", trouble))
    seconds = time.perf_counter() - started
    report = FetchReport(NAME, attempts[-1].place, None if trouble else folder, attempts, seconds, trouble)
    return kept[0], kept[1], report


def _arrays(contents: Contents) -> list[np.ndarray]:
    """[pixels, labels] of the four files, whose content has been checked."""
    parts = [parse_idx(contents[spec.name], where=spec.name) for spec in FILES]
    return [np.concatenate([parts[0], parts[2]]).reshape(-1, SIDE * SIDE), np.concatenate([parts[1], parts[3]])]


def _cached(folder: Path) -> list[np.ndarray]:
    """[pixels, labels] from the cache, checked in full at each load: that takes some 50 ms."""
    return [
        _read_array(folder / PIXELS.name, PIXELS, (N_TRAIN + N_TEST, SIDE * SIDE)),
        _read_array(folder / LABELS.name, LABELS, (N_TRAIN + N_TEST,)),
    ]


def _read_array(path: Path, spec: FileSpec, shape: tuple[int, ...]) -> np.ndarray:
    try:
        content = read_bytes(path)
        if len(content) != spec.size:  # before anything in it is believed
            raise NotFoundHere("wrong", f"{path} has {len(content)} bytes, expected {spec.size}")
        array = parse_npy(content)
    except FileNotFoundError:
        raise NotFoundHere("missing", f"no {path} yet") from None
    except OSError as error:
        raise NotFoundHere("failed", f"{path} cannot be read ({error.strerror or error})") from error
    except ValueError as error:
        raise NotFoundHere("wrong", f"{path} is corrupt ({error})") from error
    if array.shape != shape or array.dtype != np.uint8 or not array.flags.c_contiguous:
        raise NotFoundHere("wrong", f"{path} holds {array.dtype} of shape {array.shape}, expected uint8 of {shape}")
    if hashlib.sha256(array.data).hexdigest() != spec.sha256:
        raise NotFoundHere("wrong", f"{path} is corrupt (the SHA-256 of its values is not the expected one)")
    return array


def _nothing_found(attempts: Sequence[Attempt]) -> str:
    tried = "\n".join(f"  {attempt.place}: {attempt.detail}" for attempt in attempts)
    return f"{NAME}: one place must have its four files; got none of {len(attempts)}:\n{tried}\n{ADVICE}"
