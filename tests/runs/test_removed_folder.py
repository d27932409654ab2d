"""A run or a search whose folder disappears while it trains: it stops at the next chunk, and makes nothing anew."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from run_help import RECIPE, make_chunks_short

import goodfit as gf
from goodfit.selection import select
from goodfit.training.observer import SessionProgress
from goodfit.training.progress import Progress

REMOVED = r"was removed while the {} was being trained, so training has stopped. Start it again, in this folder or"


def whole(folder: Path) -> None:
    shutil.rmtree(folder)


def replaced(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


def emptied(folder: Path) -> None:
    whole(folder)
    folder.mkdir()
    (folder / "checkpoints").mkdir()


def only_files(folder: Path) -> None:
    for path in folder.glob("*.json"):
        path.unlink()


@pytest.mark.parametrize("remove", [whole, replaced, emptied, only_files])
def test_a_run_stops_with_one_sentence(
    remove: Callable[[Path], None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_chunks_short(monkeypatch)
    folder, seen = tmp_path / "runs" / "a", list[int]()

    def watch(progress: Progress) -> None:
        if progress.phase == "train":
            seen.append(progress.epoch)
            if progress.epoch == 3:
                remove(folder)

    with pytest.raises(gf.GoodfitError, match=f"^{folder}: {REMOVED.format('run')}"):
        gf.train(RECIPE.replace(epochs=50), "iris", out=folder, progress=watch)
    assert max(seen) <= 4
    left = sorted(path.name for path in folder.rglob("*") if path.is_file()) if folder.exists() else []
    assert not {"run.json", "model.safetensors", "history.csv"} & set(left)
    assert remove is only_files or left == []


def test_a_search_stops_with_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_chunks_short(monkeypatch)
    folder = tmp_path / "search"

    def watch(progress: SessionProgress) -> None:
        if progress.share > 0.1:
            shutil.rmtree(folder)

    with pytest.raises(gf.GoodfitError, match=REMOVED.format("search")):
        select(RECIPE.replace(epochs=50), "iris", vary={"l2": [0.0, 0.1]}, folds=3, out=folder, progress=watch)
    assert not folder.exists()
