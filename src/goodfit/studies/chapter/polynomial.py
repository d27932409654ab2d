"""Section 4.3.4: the same cubic fitted with enough, too few and too many terms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.studies.declaring import Claim, Column, Columns, Drawing, Measured, Printed, Study, TableOf, Tell
from goodfit.studies.estimates import exactly, mean_of, ratio_of, share_of
from goodfit.studies.parameters import Given, Parameter, seeds
from goodfit.studies.tabulating import heads
from goodfit.studies.words import Words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FITS = {"right": 4, "few": 2, "many": 20}  # fit -> features, x^i / i! from i = 0 on
NOTED = {  # the weights that the notes print
    "right": (5.019143, 1.2220006, -3.4235666, 5.571755),
    "few": (2.6972198, 4.2307568),
    "many": (
        *(4.992059, 1.3058902, -3.3531423, 5.1164446, -0.1114100, 1.3032119, 0.12679203, 0.16655836, 0.05129979),
        *(-0.02275036, 0.0080622, -0.05167824, -0.02426303, -0.01502204, -0.04941358, 0.06389866, -0.04761846),
        *(-0.04380165, -0.05188227, 0.05655775),
    ),
}
NAMES = {
    "right": Words("4 features", "4 个特征"),
    "few": Words("2 features", "2 个特征"),
    "many": Words("20 features", "20 个特征"),
}
TITLES = {
    "right": "4 features: the cubic itself",
    "few": "2 features: a straight line",
    "many": "20 features: far too many",
}
NOTED_X = (-0.03716067, -1.1468065)  # the two rows that the notes print: x, its features, its label
NOTED_FEATURES = (
    (
        *(1.0, -3.7160669e-02, 6.9045764e-04, -8.5526226e-06, 7.9455290e-08, -5.9052235e-10, 3.6573678e-12),
        *(-1.9415747e-14, 9.0187767e-17, -3.7238198e-19, 1.3837963e-21, -4.6747996e-24, 1.4476556e-26),
        *(-4.1381425e-29, 1.0984010e-31, -2.7211542e-34, 6.3199942e-37, -1.3815009e-39, 2.8516424e-42),
        -5.6051939e-45,
    ),
    (
        *(1.0, -1.1468065, 6.5758252e-01, -2.5137332e-01, 7.2069131e-02, -1.6529869e-02, 3.1594271e-03),
        *(-5.1760738e-04, 7.4199430e-05, -9.4547095e-06, 1.0842723e-06, -1.1304095e-07, 1.0803007e-08),
        *(-9.5299690e-10, 7.8064499e-11, -5.9683248e-12, 4.2778208e-13, -2.8857840e-14, 1.8385754e-15),
        -1.1097317e-16,
    ),
)
NOTED_LABELS = (5.1432443, -0.06415121)
NOTED_NOISE = 0.1
SCORED = 10  # epochs from one scoring of the test rows to the next
EDGE = 0.08  # beyond which a weight, drawn within 0.07 of zero, has been learned


def measure(given: Given, tell: Tell) -> Measured:
    """Train the three fits with every seed, each on data of its own."""
    from goodfit.data import load
    from goodfit.data.synthetic import POLYNOMIAL
    from goodfit.studies.populations import train
    from goodfit.training import Examples, Recipe

    base = Recipe(
        hidden=(),
        bias=False,
        init="uniform",
        init_scale=0.07,
        optimizer="sgd",
        learning_rate=given.learning_rate,
        schedule="constant",
        batch_size=10,
        valid=0,
    )
    rows = {"train": np.arange(given.rows), "test": np.arange(given.rows, given.rows + 100)}
    curves: dict[str, list[Any]] = {name: [] for name in ("fit", "epoch", *CURVES)}
    last, weights = {}, {}
    for fit, features in FITS.items():
        tell(f"{given.seeds} nets with {features} features")
        sets = [
            load("polynomial", seed=seed, n_features=features, n_train=given.rows, noise=given.noise)
            for seed in given.all_seeds
        ]
        epochs = given.long_epochs if fit == "many" else given.epochs
        found = train([base.replace(epochs=epochs)], Examples.stacked(sets, rows), given.all_seeds, score_every=SCORED)
        last[fit] = {part: found.last(f"{part}_loss")[0] for part in ("train", "test")}
        weights[fit] = found.weights(0)[:, 0]
        _add_curves(curves, fit, found["train_loss"][0], found["test_loss"][0])
    true = (*POLYNOMIAL, *[0.0] * (FITS["many"] - len(POLYNOMIAL)))
    return Measured(
        tables={"curves": curves, "weights": _weights(weights, true), "losses": _losses(last)},
        claims=_claims(given, last, weights),
        printed={f"{fit}-{at}": mean_of(weights[fit][:, at]) for fit in FITS for at in range(FITS[fit])},
    )


CURVES = tuple(f"{part}_{what}" for part in ("train", "test") for what in ("low", "median", "high"))


def _add_curves(curves: dict[str, list[Any]], fit: str, *parts: np.ndarray) -> None:
    """Add the epochs that were scored. parts: losses of training and test rows, [S, E]."""
    epochs = np.flatnonzero(np.isfinite(parts[1]).any(0))
    curves["fit"] += [fit] * len(epochs)
    curves["epoch"] += (epochs + 1).tolist()
    bands = [np.nanquantile(part[:, epochs], (0.025, 0.5, 0.975), axis=0) for part in parts]
    for name, values in zip(CURVES, (line for band in bands for line in band), strict=True):
        curves[name] += values.tolist()


def _losses(last: dict[str, dict[str, np.ndarray]]) -> Columns:
    quantiles = {
        f"{part}_{name}": [float(np.quantile(last[fit][part], level)) for fit in FITS]
        for part in ("train", "test")
        for name, level in (("median", 0.5), ("low", 0.025), ("high", 0.975))
    }
    return {"fit": [*FITS], "features": [*FITS.values()], **quantiles}


def _weights(weights: dict[str, np.ndarray], true: tuple[float, ...]) -> Columns:
    places = [(fit, at) for fit in FITS for at in range(FITS[fit])]
    each = [weights[fit][:, at] for fit, at in places]
    low, high = np.quantile(np.stack(each), (0.025, 0.975), axis=1)
    return {
        "fit": [fit for fit, _ in places],
        "power": [at for _, at in places],
        "true": [true[at] for _, at in places],
        "notes": [NOTED[fit][at] for fit, at in places],
        "mean": [float(values.mean()) for values in each],
        "low": low.tolist(),
        "high": high.tolist(),
    }


def _claims(given: Given, last: dict[str, dict[str, np.ndarray]], weights: dict[str, np.ndarray]) -> dict[str, Any]:
    from goodfit.data.synthetic import POLYNOMIAL

    floor = max(given.noise**2 / 2, 1e-12)
    inside = [
        low <= NOTED[fit][at] <= high
        for fit in FITS
        for at, (low, high) in enumerate(np.quantile(weights[fit], (0.025, 0.975), axis=0).T)
    ]
    beyond = np.abs(weights["many"][:, 6:]).max(1)
    features = powers(np.array(NOTED_X), FITS["many"])
    off = np.array(NOTED_LABELS) - features[:, :4] @ np.array(POLYNOMIAL)
    return {
        "notes-features": exactly(float(np.abs(np.array(NOTED_FEATURES) / features.astype(np.float32) - 1).max())),
        "notes-labels": exactly(float(np.abs(off).max()) / NOTED_NOISE),
        "right-fits": ratio_of(last["right"]["test"], floor),
        "few-underfits": ratio_of(last["few"]["train"], floor),
        "few-both-high": ratio_of(last["few"]["test"], last["few"]["train"]),
        "many-overfits": ratio_of(last["many"]["test"], last["many"]["train"]),
        "many-worse": ratio_of(last["many"]["test"], last["right"]["test"]),
        "high-powers": share_of(beyond > EDGE),
        "notes-inside": exactly(float(np.mean(inside))),
    }


def powers(x: np.ndarray, count: int) -> np.ndarray:
    """x^i / i! for i below count, [N, count]."""
    factorials = np.array([math.factorial(i) for i in range(count)], float)
    found: np.ndarray = x[:, None] ** np.arange(count) / factorials
    return found


def draw_curves(measured: Measured, width: float) -> Figure:
    """Training and test loss by epoch, a panel a fit."""
    from goodfit.figures.panels import legend_below, line, panels
    from goodfit.figures.style import NARROW, house_style

    table = {name: np.asarray(values) for name, values in measured.tables["curves"].items()}
    with house_style():
        figure, axes = panels(len(FITS), width, height=3.3, share=True)
        handles = {}
        for panel, fit in zip(axes, FITS, strict=True):
            here = table["fit"] == fit
            for place, (part, words) in enumerate((("train", "training rows"), ("test", "test rows"))):
                lines = [table[f"{part}_{what}"][here] for what in ("median", "low", "high")]
                handles[words] = line(panel, table["epoch"][here], *lines, place=place)
            panel.set_title(TITLES[fit])
            panel.set_yscale("log")
            panel.set_xlabel("epoch")
        axes[0].set_ylabel("loss (half squared error)")
        legend_below(
            figure, handles, title="line: median over seeds; band: the middle 95 % of seeds", narrow=width < NARROW
        )
    return figure


def draw_weights(measured: Measured, width: float) -> Figure:
    """Every weight: true, the notes', and ours with its spread over seeds."""
    from goodfit.figures.panels import legend_below, panels
    from goodfit.figures.style import COLOURS, INK, NARROW, house_style

    table = {name: np.asarray(values) for name, values in measured.tables["weights"].items()}
    with house_style():
        figure, axes = panels(len(FITS), width, height=3.6)
        for panel, fit in zip(axes, FITS, strict=True):
            here = table["fit"] == fit
            power, low, high = (table[name][here].astype(float) for name in ("power", "low", "high"))
            bars = panel.vlines(power, low, high, color=COLOURS[0], linewidth=4, alpha=0.5)
            (mean,) = panel.plot(power, table["mean"][here], "o", color=COLOURS[0], markersize=5)
            (notes,) = panel.plot(power, table["notes"][here], "x", color=INK, markersize=6, markeredgewidth=1.5)
            (true,) = panel.plot(
                power, table["true"][here], "_", color=COLOURS[5], markersize=13, markeredgewidth=2, zorder=3
            )
            panel.set_title(TITLES[fit].partition(":")[0])
            panel.set_xlabel("i, the power of x in the feature xⁱ/i!")
            panel.locator_params(axis="x", integer=True, nbins=6)
        axes[0].set_ylabel("weight")
        handles = {"true weight": true, "notes": notes, "mean over seeds": mean, "middle 95 % of seeds": bars}
        legend_below(figure, handles, narrow=width < NARROW)
    return figure


_FIT = ("fit", "Fit", "拟合")
_OF_PART = {"train": Words("training loss", "训练损失"), "test": Words("test loss", "测试损失")}
_QUANTILES = {"low": Words("2.5 %", "2.5 %"), "median": Words("median", "中位数"), "high": Words("97.5 %", "97.5 %")}


def _loss_columns(order: tuple[str, ...]) -> tuple[Column, ...]:
    return tuple(
        Column(
            f"{part}_{name}",
            Words(f"{words.en}, {_QUANTILES[name].en}", f"{words.zh}，{_QUANTILES[name].zh}"),
        )
        for part, words in _OF_PART.items()
        for name in order
    )


STUDY = Study(
    name="polynomial",
    section="4.3.4",
    title=Words("Polynomial regression", "多项式回归"),
    question=Words(
        "What do too few, enough and too many terms do to training and test loss?",
        "项数太少、恰好和太多时，训练损失与测试损失各会怎样？",
    ),
    about=(
        Words(
            "The target is a cubic with noise: 5 + 1.2x − 3.4x²/2! + 5.6x³/3! + N(0, 0.1²), x from N(0, 1). The "
            "inputs are "
            "xⁱ/i!, so that a linear net without bias learns the cubic's coefficients. It is trained as in the "
            "notes: SGD, "
            "rate 0.01, batches of 10, 400 epochs (1,500 for 20 features), weights drawn uniformly within ±0.07.",
            "目标是带噪声的三次多项式：5 + 1.2x − 3.4x²/2! + 5.6x³/3! + N(0, 0.1²)，x 服从 N(0, 1)。输入为 xⁱ/i!，"
            "因此不带偏置的线性网络学到的就是各项系数。训练方式与笔记相同：SGD，学习率 0.01，批量 10，400 个轮次"
            "（20 个特征时 1500 个），权重在 ±0.07 内均匀初始化。",
        ),
        Words(
            "Every seed draws its own rows, its own initial weights and its own order of rows; all seeds of a fit "
            "train as "
            "one compiled program. The loss is half the squared error, so that the noise alone makes 0.005. The "
            "training "
            "loss is the running mean over each epoch.",
            "每个种子各自生成样本、初始权重和样本顺序；同一种拟合的所有种子作为一个编译好的程序一起训练。损失为平方误"
            "差的一半，"
            "仅噪声就贡献 0.005。训练损失是每个轮次内的滑动平均。",
        ),
    ),
    parameters=(
        *seeds(100),
        Parameter("rows", Words("Training rows.", "训练样本数。"), 100, kind="whole", low=10, high=1000),
        Parameter("noise", Words("Standard deviation of the noise.", "噪声的标准差。"), 0.1, low=0, high=10),
        Parameter(
            "epochs", Words("Epochs with 4 and 2 features.", "4 个和 2 个特征时的轮次数。"), 400, "whole", 10, 5000
        ),
        Parameter("long_epochs", Words("Epochs with 20 features.", "20 个特征时的轮次数。"), 1500, "whole", 10, 5000),
        Parameter("learning_rate", Words("Learning rate of SGD.", "SGD 的学习率。"), 0.01, low=1e-5, high=1),
    ),
    tables=(
        TableOf(
            "losses",
            Words("Losses after the last epoch, over seeds", "最后一个轮次后的损失（各种子）"),
            (*heads(_FIT, ("features", "features", "特征数")), *_loss_columns(("median", "low", "high"))),
        ),
        TableOf(
            "weights",
            Words("Weights after training", "训练后的权重"),
            heads(
                _FIT,
                ("power", "power of x", "x 的幂次"),
                ("true", "true", "真值"),
                ("notes", "notes", "笔记"),
                ("mean", "mean over seeds", "各种子的均值"),
                ("low", "2.5 % of seeds", "2.5 % 分位"),
                ("high", "97.5 % of seeds", "97.5 % 分位"),
            ),
            shown=False,
        ),
        TableOf(
            "curves",
            Words("Losses by epoch", "各轮次的损失"),
            (*heads(_FIT, ("epoch", "epoch", "轮次")), *_loss_columns(("low", "median", "high"))),
            shown=False,
        ),
    ),
    figures=(
        Drawing(
            "curves",
            "curves",
            Words("Loss by epoch (p6, p7 and the third fit)", "各轮次的损失（对应 p6、p7 和第三种拟合）"),
            Words(
                "With the right terms both losses fall to the noise; with too few both stay high; with too many the "
                "test "
                "loss of some seeds stays far above the training loss. Lines are medians over seeds, bands hold the "
                "middle "
                "95 % of them. The axis of losses is logarithmic, as in the notes.",
                "项数恰好时两种损失都降到噪声水平；太少时两者都居高不下；太多时，部分种子的测试损失远高于训练损失。"
                "线为各种子的中位数，带为中间 95 %。与笔记一样，损失轴为对数坐标。",
            ),
            draw_curves,
        ),
        Drawing(
            "weights",
            "weights",
            Words("Weights: true, the notes', and ours over all seeds", "权重：真值、笔记与各种子"),
            Words(
                "Crosses are the one seed of the notes, bars the middle 95 % of ours. Beyond the fifth power, weights "
                "are where they were drawn: within ±0.07.",
                "叉号是笔记中的一个种子，竖条是我们各种子的中间 95 %。五次以上各项的权重大多停留在初始化的范围 ±0.07 "
                "内。",
            ),
            draw_weights,
        ),
    ),
    claims=(
        Claim(
            "notes-features",
            Words("Features are the powers of x, divided by i!.", "特征是 x 的各次幂除以 i!。"),
            Words(
                "largest relative difference of the 40 features that the notes print from xⁱ/i!",
                "笔记打印的 40 个特征与 xⁱ/i! 的最大相对差",
            ),
            high=1e-5,
            remark=Words(
                "Rounded to float32, in which the notes compute. The smallest, −5.6e−45, is four of the steps that "
                "float32 "
                "still has near 0: 20 powers reach the end of its range.",
                "按笔记所用的 float32 舍入。其中最小的 −5.6e−45 只相当于 float32 在 0 附近的四个最小步长：20 个幂次已"
                "到其表示范围的尽头。",
            ),
        ),
        Claim(
            "notes-labels",
            Words("Labels are the cubic's values with noise of 0.1.", "标签是三阶多项式的值加上 0.1 的噪声。"),
            Words(
                "larger distance of the two labels that the notes print from the cubic, in units of the noise",
                "笔记打印的两个标签与多项式的较大距离，以噪声标准差为单位",
            ),
            high=3,
        ),
        Claim(
            "right-fits",
            Words("A third-degree polynomial fits.", "三阶多项式拟合正常。"),
            Words("test loss with 4 features / the noise's share", "4 个特征的测试损失 / 噪声所占的损失"),
            high=4,
            remark=Words(
                "The geometric mean over seeds stays above 1, for 400 epochs at this rate are too few for some draws "
                "of x: "
                "the weights of x and x³ have not come apart yet.",
                "各种子的几何平均仍高于 1，因为在此学习率下 400 个轮次对某些样本还不够：x 与 x³ 的权重尚未完全分开。",
            ),
        ),
        Claim(
            "few-underfits",
            Words(
                "A straight line underfits: even the training loss stays high.",
                "线性函数欠拟合：连训练损失也降不下来。",
            ),
            Words("training loss with 2 features / the noise's share", "2 个特征的训练损失 / 噪声所占的损失"),
            low=20,
        ),
        Claim(
            "few-both-high",
            Words("When underfitting, training and test loss are about the same.", "欠拟合时训练损失与测试损失相近。"),
            Words("test loss / training loss with 2 features", "2 个特征的测试损失 / 训练损失"),
            low=1 / 2,
            high=2,
        ),
        Claim(
            "many-overfits",
            Words(
                "All 20 features overfit: the test loss lies above the training loss.",
                "20 个特征过拟合：测试损失高于训练损失。",
            ),
            Words("test loss / training loss with 20 features", "20 个特征的测试损失 / 训练损失"),
            low=1.2,
        ),
        Claim(
            "many-worse",
            Words("20 features predict worse than 4.", "20 个特征的预测比 4 个特征差。"),
            Words("test loss with 20 features / with 4, same data", "同样数据上 20 个特征与 4 个特征的测试损失之比"),
            low=1,
            remark=Words(
                "The notes train the 20 features for 1,500 epochs and the 4 for 400. At equal epochs (--epochs 1500) "
                "the "
                "comparison is fairer, and 4 features win.",
                "笔记中 20 个特征训练 1500 个轮次，而 4 个特征只有 400 个。轮次相同时（--epochs 1500）比较才公平，此"
                "时 4 个特征胜出。",
            ),
        ),
        Claim(
            "high-powers",
            Words(
                "Overfitting shows in the weights of high powers.",
                "过拟合表现在高次项的权重上。",
            ),
            Words(
                f"share of seeds with a weight beyond ±{EDGE} among powers 6 to 19",
                f"6 到 19 次项中有权重超出 ±{EDGE} 的种子比例",
            ),
            low=0.5,
            of_notes=False,
            remark=Words(
                "Only the first few high powers move: the inputs x⁹/9! and beyond are so small that their weights "
                "keep their "
                "initial values. What the notes print for them is the draw of the initialiser.",
                "只有最低的几个高次项会移动：x⁹/9! 及以上的输入太小，其权重基本保持初始值。笔记中打印的这些数只是初始"
                "化的随机值。",
            ),
        ),
        Claim(
            "notes-inside",
            Words("The numbers that the notes print are usual ones.", "笔记打印的数值属于常见范围。"),
            Words("share of the 26 weights within the middle 95 % of seeds", "26 个权重中落在各种子中间 95 % 内的比例"),
            low=0.8,
            of_notes=False,
        ),
    ),
    printed=tuple(
        Printed(
            f"{fit}-{at}",
            Words(f"weight of x^{at}/{at}! with {features} features", f"{features} 个特征时 x^{at}/{at}! 的权重"),
            NOTED[fit][at],
        )
        for fit, features in FITS.items()
        for at in range(features)
    ),
    measure=measure,
    small={"seeds": 20},
)
