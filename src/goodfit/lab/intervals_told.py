"""Numbers and intervals in the lab's sentences and tables, all in one form: the command line's."""

from __future__ import annotations

import math

from goodfit.runs.opening import Opened, describe, percent
from goodfit.studies.words import Words


def number(value: float | None, digits: int = 3, *, sign: bool = False) -> str:
    """A number in so many digits; a dash where there is none."""
    if value is None or not math.isfinite(value):
        return "–"
    return f"{value:{'+' if sign else ''}.{digits}g}"


def with_interval(
    value: float | None, low: float | None, high: float | None, digits: int = 3, *, sign: bool = False
) -> Words:
    """A value and its interval as the command line writes them, 0.95 (0.94 to 0.96); the value alone without one."""
    told, *ends = (number(each, digits, sign=sign) for each in (value, low, high))
    if number(None) in ends:
        return Words(told, told)
    return Words(f"{told} ({ends[0]} to {ends[1]})", f"{told}（{ends[0]} 到 {ends[1]}）")


def opening_told(opened: Opened) -> Words:
    """Which opening of a sealed test set this is, and what follows from it for the interval."""
    level, nth = percent(opened.score.level), opened.nth
    if opened.again:
        more = "" if nth == 1 else f"此测试集共打开过 {nth} 次：一律取 {level} 区间。"
        zh = f"这些网络以前在此测试集上评过分；重复同一个数不增加代价。{more}"
    elif nth == 1:
        zh = f"第一次打开此测试集：{level} 区间。"
    else:
        share = "" if opened.seen >= 1 else f"（其中 {percent(opened.seen)} 的样本以前打开过）"
        others = "其他度量的区间各自单独成立。" if opened.measures or opened.score.errors else ""
        zh = f"第 {nth} 次打开此测试集{share}：取 {level} 区间，{nth} 个得分的区间合起来以 95 % 的把握成立。{others}"
    return Words(describe(opened), zh)
