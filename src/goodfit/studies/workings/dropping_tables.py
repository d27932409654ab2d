"""The tables of dropout's study, declared."""

from __future__ import annotations

from goodfit.studies.declaring import TableOf
from goodfit.studies.tabulating import band_columns, heads
from goodfit.studies.words import Words

TABLES = (
    TableOf(
        "nets",
        Words("After training: means over seeds", "训练之后：各种子的均值"),
        heads(
            ("setting", "optimiser, training rows", "优化器，训练样本数"),
            ("net", "dropout (units, where fewer)", "暂退概率（单元较少时注明）"),
            ("running", "training accuracy while training", "训练中的训练精度"),
            ("train", "training accuracy, nothing dropped", "不丢弃时的训练精度"),
            ("test", "test accuracy", "测试精度"),
            ("gap_median", "gap, median", "差距，中位数"),
            ("gap_low", "gap, 2.5 % of seeds", "差距，2.5 % 分位"),
            ("gap_high", "gap, 97.5 % of seeds", "差距，97.5 % 分位"),
            ("loss", "test loss (nats)", "测试损失"),
            ("jump", "late jumps of test accuracy", "后半程测试精度的跳动"),
        ),
        left=2,
    ),
    TableOf(
        "passes",
        Words("The pass that drops nothing, against the mean over masks", "不丢弃单元的一次传播与各掩码均值的比较"),
        heads(
            ("place", "what is passed on", "传递的量"),
            ("noise", "difference / its standard error (1: equal on average)", "差 / 标准误（1 表示期望相等）"),
            (
                "growth",
                "mean over masks / what is passed − 1 (by least squares)",
                "掩码均值 / 传递值 − 1（最小二乘）",
            ),
        ),
    ),
    TableOf(
        "curves",
        Words("By epoch, as the notes do", "各轮次（笔记的设置）"),
        (
            *heads(("net", "net", "网络"), ("epoch", "epoch", "轮次")),
            *band_columns(
                ("train_loss", "training loss while training", "训练中的训练损失"),
                ("running", "training accuracy while training", "训练中的训练精度"),
                ("train", "training accuracy, nothing dropped", "不丢弃时的训练精度"),
                ("test", "test accuracy", "测试精度"),
            ),
        ),
        shown=False,
    ),
    TableOf(
        "sweep",
        Words("Few rows, by rate", "少量样本：随暂退概率变化"),
        (
            *heads(("rate", "rate", "暂退概率")),
            *band_columns(
                ("train", "training accuracy", "训练精度"),
                ("test", "test accuracy", "测试精度"),
                ("test_loss", "test loss", "测试损失"),
            ),
        ),
        shown=False,
        left=0,
    ),
    TableOf(
        "few",
        Words("Few rows, by epoch", "少量样本：各轮次"),
        (
            *heads(("net", "net", "网络"), ("epoch", "epoch", "轮次")),
            *band_columns(("test_loss", "test loss", "测试损失"), ("gap", "gap", "差距")),
        ),
        shown=False,
    ),
    TableOf(
        "spread",
        Words("Quantiles of the spread over masks", "掩码造成的离散程度的分位数"),
        (
            *heads(("level", "share of rows", "样本比例")),
            *band_columns(
                ("right", "spread, right predictions", "离散程度，预测正确"),
                ("wrong", "spread, wrong predictions", "离散程度，预测错误"),
            ),
        ),
        shown=False,
        left=0,
    ),
)
