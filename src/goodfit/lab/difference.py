"""How far a second training is from the first: the paired difference of their nets, with its interval, and in words."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from goodfit.lab.results import over_nets
from goodfit.lab.tracks import Track
from goodfit.studies.words import Words

MEASURES = {
    "valid_loss": Words("B less A, validation loss at epoch {epoch}: ", "第 {epoch} 轮的验证损失，B 减 A："),
    "train_loss": Words("B less A, training loss at epoch {epoch}: ", "第 {epoch} 轮的训练损失，B 减 A："),
}
BEGINS = Words("Play, and B less A appears here, with its interval.", "按下播放，这里就会显示 B 减 A 的差及其区间。")
NOTHING: dict[str, Any] = {"mean": None, "low": None, "high": None, "nets": 0}


def difference(first: Track, second: Track, left: int) -> dict[str, Any]:
    """The fields of `telling.DifferenceTold`, at the last epoch that both have come to.

    left: the epoch at which the second left the first
    """
    epoch = min(first.epoch, second.epoch)
    name = "valid_loss" if "valid_loss" in first.names else "train_loss"
    if first.epoch < left or not epoch:
        words = _waits(left) if first.epoch < left else BEGINS
        return {"epoch": epoch, "metric": name, **NOTHING, "sentence": vars(words)}
    apart = np.asarray(second.standing(name, epoch), np.float64) - np.asarray(first.standing(name, epoch), np.float64)
    found = paired(apart)
    words, what = found.pop("said"), MEASURES[name]
    told = {each: getattr(what, each).format(epoch=epoch) + getattr(words, each) for each in ("en", "zh")}
    return {"epoch": epoch, "metric": name, **found, "sentence": told}


def _waits(left: int) -> Words:
    """That A was taken back to before B."""
    en = f"B waits at epoch {left}, where it left A. Play, and A comes there."
    return Words(en, f"B 停在第 {left} 轮，即它离开 A 的地方。按下播放，A 就会到达那里。")


def paired(apart: NDArray[np.float64]) -> dict[str, Any]:
    """The mean of differences [P], those alone that are finite, its interval, and what they say."""
    every, apart = len(apart), apart[np.isfinite(apart)]
    found: dict[str, Any] = {**NOTHING, "nets": len(apart)}
    if not len(apart):
        return {**found, "said": Words("no net is finite in both.", "没有网络在两个分支中都未发散。")}
    mean = float(apart.mean())
    low, high = over_nets(apart)
    found |= {"mean": mean, "low": low, "high": high}
    if not apart.any():
        return {
            **found,
            "said": Words("none, they are the same nets until the change.", "没有差别，改动之前是同样的网络。"),
        }
    said = f"{mean:+.3g}"
    if low is None or high is None:
        return {**found, "said": Words(f"{said}, without an interval.", f"{said}，没有区间。")}
    pairs = f"{len(apart)}" if len(apart) == every else f"{len(apart)}/{every}"
    which = Words("either may be lower", "还说不准谁更低")
    if high < 0 or low > 0:
        which = Words("B is lower", "B 更低") if high < 0 else Words("B is higher", "B 更高")
    english = f"{said} ({low:+.3g} to {high:+.3g}, {pairs} pairs of nets): {which.en}."
    return {**found, "said": Words(english, f"{said}（{low:+.3g} 到 {high:+.3g}，{pairs} 对网络）：{which.zh}。")}
