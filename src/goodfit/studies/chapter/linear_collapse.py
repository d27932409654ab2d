"""Section 4.1.1.1: layers without activations collapse into one, layers with activations do not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.studies.declaring import Claim, Columns, Drawing, Measured, Study, TableOf, Tell
from goodfit.studies.estimates import exactly, mean_of
from goodfit.studies.parameters import Given, Parameter, seeds
from goodfit.studies.tabulating import heads
from goodfit.studies.words import Words
from goodfit.studies.workings.straightness import Numbers, best_line, fold_errors, least_bend, pair_bends, pair_columns

if TYPE_CHECKING:
    from matplotlib.figure import Figure


SETS = ("xor", "circles", "spirals")
EASY = slice(0, 2)  # xor and circles; spirals ask for more layers
PAIRED = ("identity", "relu", "tanh", "sigmoid")  # for sigma_1 and sigma_2 of the table of pairs
CHOICES = ("relu", "tanh", "sigmoid", "leaky-relu", "elu", "selu", "gelu", "silu", "softplus", "mish", "prelu")
TRAINING: dict[str, Any] = {"dropout": 0.0, "optimizer": "adam", "schedule": "constant", "batch_size": 50, "valid": 0}
FOLDED = (1, 8, 64)  # widths of the nets that are folded
DEEPEST_FOLDED = 8
SMALL = 0.01  # standard deviation of weights that keep z near 0, where smooth activations are straight
BEST_LINE = 2 / 3
"""Share of points that the best straight line gets right. On xor, x2 - x1 > c against the rest gets
(3 - c^2/2 - (1 - c)^2) / 4 right, at most 2/3, for c = 2/3. On circles without noise a tangent of the inner one, which
cuts off a third of the outer one, gets 1/2 + 1/6.
"""
TURNS = 1.5  # of the spirals
SHOWN = 120  # points of the pictures


def measure(given: Given, tell: Tell) -> Measured:
    """Fold linear nets; train nets with and without activations; look how much each layer bends."""
    tell("linear nets of every depth and width, folded")
    collapse = fold_errors(given.all_seeds[:5], range(1, DEEPEST_FOLDED + 1), FOLDED)
    scores, arrays, layer_bends = _train(given, tell)
    tell("pairs of activations")
    bends = pair_bends(PAIRED, given.all_seeds, SMALL)
    return Measured(
        tables={"accuracy": _accuracies(scores), "collapse": collapse, "pairs": pair_columns(bends)},
        claims=_claims(collapse, scores, layer_bends, bends),
        arrays=arrays,
    )


def _train(given: Given, tell: Tell) -> tuple[dict[str, Numbers], dict[str, Any], Numbers]:
    """Test accuracies, kind -> [depths, sets, S]; what pictures need; how much mixed layers bend, [S]."""
    from goodfit.data import load
    from goodfit.studies.populations import train
    from goodfit.studies.workings.regions import as_net, region
    from goodfit.training import Examples, Recipe

    sizes = {"n_train": given.rows, "n_test": given.rows}
    more: dict[str, dict[str, Any]] = {"xor": {}, "circles": {}, "spirals": {"n_classes": 2, "turns": TURNS}}
    sets = [load(name, seed=seed, **sizes, **more[name]) for name in SETS for seed in given.all_seeds]
    rows = np.arange(2 * given.rows)
    examples = Examples.stacked(sets, {"train": rows[: given.rows], "test": rows[given.rows :]})
    base = Recipe(**TRAINING, learning_rate=given.learning_rate, epochs=given.epochs)
    deep = [(given.width,) * layers for layers in range(1, given.layers + 1)]
    kinds: dict[str, tuple[Any, list[tuple[int, ...]]]] = {
        "none": ("identity", [()]),
        "linear": ("identity", deep),
        "relu": ("relu", deep),
        "mixed": ((given.first, given.second), [(given.width,) * 2]),
    }
    found = {}
    for kind, (activation, shapes) in kinds.items():
        tell(f"{len(shapes) * len(sets)} nets: {KINDS[kind].en}")
        recipes = [base.replace(hidden=hidden, activation=activation) for hidden in shapes]
        found[kind] = train(recipes, examples, [*given.all_seeds] * len(SETS), score_every=given.epochs)
    scores = {
        kind: each.last("test_score").reshape(len(kinds[kind][1]), len(SETS), given.seeds)
        for kind, each in found.items()
    }
    tests = [(each.x[given.rows :].astype(float), each.y[given.rows :]) for each in sets]
    scores["line"] = np.reshape([best_line(x, y) for x, y in tests], (1, len(SETS), given.seeds))
    mixed = [as_net(net, examples, place, kinds["mixed"][0]) for place, net in enumerate(found["mixed"].nets[0])]
    bends = [least_bend(net, x) for net, (x, _) in zip(mixed, tests[: 2 * given.seeds], strict=False)]
    shown = {"linear": ("linear", -1), "one": ("relu", 0), "deep": ("relu", -1)}
    firsts = {name: at * given.seeds for at, name in enumerate(SETS)}
    regions = {
        (title, name): region(as_net(found[kind].nets[depth][at], examples, at, kinds[kind][0]), tests[at][0])
        for title, (kind, depth) in shown.items()
        for name, at in firsts.items()
    }
    arrays = {"regions": regions, "points": {name: tests[at] for name, at in firsts.items()}, "layers": given.layers}
    return scores, arrays, np.reshape(bends, (2, given.seeds)).min(0)


def _accuracies(scores: dict[str, Numbers]) -> Columns:
    table: dict[str, list[Any]] = {name: [] for name in ("set", "net", "layers", "mean", "low", "high")}
    for at, name in enumerate(SETS):
        for kind, each in scores.items():
            for depth, values in enumerate(each[:, at], start=FIRST_DEPTH[kind]):
                found = mean_of(values)
                row = (name, kind, depth, found.value, found.low, found.high)
                for column, value in zip(table, row, strict=True):
                    table[column].append(value)
    return table


def _claims(
    collapse: Columns, scores: dict[str, Numbers], layers: Numbers, bends: dict[tuple[str, str], Numbers]
) -> dict[str, Any]:
    none, linear, relu = (scores[kind] for kind in ("none", "linear", "relu"))
    return {
        "folds": exactly(max(collapse["folded"])),
        "simple-fails": mean_of(none[0, EASY].mean(0)),
        "no-gain": mean_of((linear - none)[:, EASY].mean((0, 1))),
        "hidden-solves": mean_of(relu[0, EASY].min(0)),
        "more-layers": mean_of(relu[-1, 2] - relu[0, 2]),
        "mixed-bends": mean_of(layers),
        "float32": exactly(max(collapse["single"])),
        "small-straight": mean_of(bends["tanh", "tanh"][1]),
    }


def draw_regions(measured: Measured, width: float) -> Figure:
    """What nets of one seed call class 1, by net and data set."""
    from goodfit.studies.workings.regions import draw

    layers = measured.arrays["layers"]
    heads = {"linear": f"{layers} linear layers", "one": "1 ReLU layer", "deep": f"{layers} ReLU layers"}
    return draw(measured.arrays["regions"], measured.arrays["points"], heads, SHOWN, width)


def draw_accuracy(measured: Measured, width: float) -> Figure:
    """Test accuracy by depth, a panel a data set."""
    from goodfit.figures.panels import legend_below, line, panels
    from goodfit.figures.style import COLOURS, INK, NARROW, house_style, whole_numbers

    table = measured.columns("accuracy")
    with house_style():
        figure, axes = panels(len(SETS), width, height=3.2, share=True)
        handles: dict[str, Any] = {}
        for panel, name in zip(axes, SETS, strict=True):
            for place, kind in enumerate(("linear", "relu")):
                here = (table["set"] == name) & np.isin(table["net"], ("none", kind))
                columns = (table[column][here] for column in ("layers", "mean", "low", "high"))
                handles[KINDS[kind].en] = line(panel, *columns, place=place)
            mixed = (table["set"] == name) & (table["net"] == "mixed")
            (handles[KINDS["mixed"].en],) = panel.plot(
                table["layers"][mixed], table["mean"][mixed], "D", color=COLOURS[3], markersize=7, fillstyle="none"
            )
            straight = table["mean"][(table["set"] == name) & (table["net"] == "line")]
            handles[KINDS["line"].en] = panel.axhline(straight[0], color=INK, linewidth=1, linestyle=":")
            panel.set_title(name)
            panel.set_xlabel("hidden layers")
            whole_numbers(panel)
        axes[0].set_ylabel("share of test rows right")
        legend_below(figure, handles, title="band: 95 % interval of the mean over seeds", narrow=width < NARROW)
    return figure


FIRST_DEPTH = {"none": 0, "linear": 1, "relu": 1, "mixed": 2, "line": 0}
KINDS = {
    "none": Words("no hidden layer", "无隐藏层"),
    "linear": Words("layers without activation", "无激活函数的层"),
    "relu": Words("layers with ReLU", "带 ReLU 的层"),
    "mixed": Words("two layers, two activations", "两层用不同的激活函数"),
    "line": Words("best straight line", "最佳直线"),
}


_LOW, _HIGH = ("95 % low", "95 % 下限"), ("95 % high", "95 % 上限")

STUDY = Study(
    name="linear-collapse",
    section="4.1.1.1",
    title=Words("From linear to non-linear", "从线性到非线性"),
    question=Words(
        "What do hidden layers add without an activation, and what with one?",
        "没有激活函数的隐藏层能带来什么？有激活函数时又如何？",
    ),
    about=(
        Words(
            "Linear nets of 1 to 8 hidden layers and 1, 8 and 64 units, with random weights and biases, are folded "
            "into one layer: W = W1 W2, b = b1 W2 + b2, as in the notes. The difference is the largest over 256 rows "
            "and up to five seeds, as a share of the largest output. It is computed three times: all in float64; "
            "with the folded weights stored in float32, as model files are; and all in float32.",
            "把 1 到 8 个隐藏层、每层 1、8 或 64 个单元、权重和偏置都随机的线性网络按笔记的公式折叠成一层：W = W1 "
            "W2，b = b1 W2 + b2。差异取 256 个样本和至多五个种子中的最大值，以最大输出的比例表示，并计算三次：全程 "
            "float64；折叠后的权重存为 float32（与模型文件相同）；全程 float32。",
        ),
        Words(
            "Then nets of 16 units a layer learn three pictures in a plane, with and without ReLU: xor, two circles, "
            "two spirals. Every seed draws its own 400 training and 400 test rows, weights and row orders; a softmax "
            "loss is minimised by Adam for 100 epochs in batches of 50. The best straight line is found by trying "
            "all of them on the test rows themselves, so no linear net can beat it by skill.",
            "随后用每层 16 个单元的网络学习平面上的三种图形：异或、两个圆环和两条螺旋线，分别带与不带 ReLU。每个种子"
            "各自生成 400 个训练样本和 400 个测试样本、权重和样本顺序；用 Adam 以 50 的批量最小化 softmax 损失 100 个"
            "轮次。最佳直线是直接在测试样本上穷举得到的，任何线性网络都不可能胜过它。",
        ),
        Words(
            "How much a layer bends is the share of the variance of its outputs that no affine map of its inputs "
            "tells (1 − R² of least squares). It is 0 for a layer without an activation.",
            "一层“弯曲”的程度，是其输出的方差中任何仿射变换都无法由输入解释的比例（最小二乘的 1 − R²）。没有激活函数"
            "的层为 0。",
        ),
    ),
    parameters=(
        *seeds(20, high=200),
        Parameter("width", Words("Units of a hidden layer.", "每个隐藏层的单元数。"), 16, "whole", 1, 128),
        Parameter("layers", Words("Hidden layers of the deepest net.", "最深的网络的隐藏层数。"), 3, "whole", 2, 8),
        Parameter("first", Words("σ₁ of the mixed net.", "混合网络的 σ₁。"), "relu", "choice", choices=CHOICES),
        Parameter("second", Words("σ₂ of the mixed net.", "混合网络的 σ₂。"), "tanh", "choice", choices=CHOICES),
        Parameter(
            "rows", Words("Rows that train, and that test.", "训练样本数，与测试样本数相同。"), 400, "whole", 50, 2000
        ),
        Parameter("epochs", Words("Epochs of every training.", "每次训练的轮次数。"), 100, "whole", 1, 500),
        Parameter("learning_rate", Words("Learning rate of Adam.", "Adam 的学习率。"), 0.01, low=1e-5, high=1),
    ),
    tables=(
        TableOf(
            "accuracy",
            Words("Share of test rows right", "测试样本的正确率"),
            heads(
                ("set", "data set", "数据集"),
                ("net", "net", "网络"),
                ("layers", "hidden layers", "隐藏层数"),
                ("mean", "mean over seeds", "各种子的均值"),
                ("low", *_LOW),
                ("high", *_HIGH),
            ),
            left=2,
        ),
        TableOf(
            "collapse",
            Words("Deep linear nets against their one layer: largest difference", "多层线性网络与折叠后单层的最大差异"),
            heads(
                ("layers", "hidden layers", "隐藏层数"),
                ("width", "units a layer", "每层单元数"),
                ("algebra", "all in float64", "全程 float64"),
                ("folded", "weights stored in float32", "权重存为 float32"),
                ("single", "all in float32", "全程 float32"),
            ),
            left=0,
        ),
        TableOf(
            "pairs",
            Words("How much two untrained layers bend, by σ₁ and σ₂", "未训练的两层网络的弯曲程度（按 σ₁ 与 σ₂）"),
            heads(
                ("first", "σ₁", "σ₁"),
                ("second", "σ₂", "σ₂"),
                ("xavier", "Xavier's weights", "Xavier 权重"),
                ("xavier_low", *_LOW),
                ("xavier_high", *_HIGH),
                ("small", "N(0, 0.01²) weights", "N(0, 0.01²) 权重"),
                ("small_low", *_LOW),
                ("small_high", *_HIGH),
            ),
            left=2,
        ),
    ),
    figures=(
        Drawing(
            "regions",
            "accuracy",
            Words("What nets of one seed call which class", "同一种子的网络所划分的区域"),
            Words(
                "Light and dark are the two classes as the net sees them, dots and triangles are test rows of the "
                "two classes. However many linear layers there are, the border is one straight line.",
                "浅色与深色是网络划分的两类区域，圆点与三角是两类测试样本。无论叠加多少线性层，边界始终是一条直线。",
            ),
            draw_regions,
            width=7.6,
        ),
        Drawing(
            "accuracy-by-depth",
            "accuracy",
            Words("Accuracy by depth, with and without ReLU", "有无 ReLU 时正确率随深度的变化"),
            Words(
                "Without activations, depth changes nothing. The dotted line is the best that any straight line gets "
                "on the same rows; bands are intervals of the mean over seeds.",
                "没有激活函数时，深度不起任何作用。点线是任意直线在同样样本上能达到的最好正确率；带为各种子均值的区"
                "间。",
            ),
            draw_accuracy,
        ),
    ),
    claims=(
        Claim(
            "folds",
            Words(
                "Layers without activation are one layer: O = XW + b with W = W1 W2, b = b1 W2 + b2.",
                "没有激活函数的多层等价于一层：O = XW + b，其中 W = W1 W2，b = b1 W2 + b2。",
            ),
            Words(
                "largest difference of outputs / largest output, computed in float64",
                "输出的最大差异 / 最大输出（用 float64 计算）",
            ),
            high=1e-6,
            remark=Words(
                "The folded weights are stored in float32, whose rounding is 6e-8. With all numbers in float64 the "
                "difference is below 1e-14: see the table.",
                "折叠后的权重以 float32 存储，其舍入误差为 6e-8。若全程使用 float64，差异小于 1e-14，见表。",
            ),
        ),
        Claim(
            "simple-fails",
            Words("A net of inputs and outputs alone is too simple.", "只有输入和输出的简单网络处理不了复杂问题。"),
            Words("its share of test rows right, mean of xor and circles", "其测试正确率（异或与圆环的平均）"),
            high=BEST_LINE,
            remark=Words(
                "Guessing gets 1/2. A straight line placed best gets 2/3 on either picture (by geometry, without "
                "noise), so that up to 2/3 nothing of the pattern has been learned but a corner.",
                "随机猜测得 1/2。在这两种图形上，位置最佳的直线能得到 2/3（由几何可得，无噪声时），因此不超过 2/3 说"
                "明只分出了一角，并未学到图形本身。",
            ),
        ),
        Claim(
            "no-gain",
            Words("Hidden layers alone are of no use.", "单纯增加隐藏层没有用。"),
            Words("share right with linear hidden layers, less that without", "有线性隐藏层与无隐藏层的正确率之差"),
            low=-0.05,
            high=0.05,
        ),
        Claim(
            "hidden-solves",
            Words("Hidden layers learn more complicated patterns.", "加入隐藏层可以学习到更复杂的模式。"),
            Words(
                "share right, one ReLU layer, lower of xor and circles", "单个 ReLU 层的正确率（异或与圆环中较低者）"
            ),
            low=0.95,
        ),
        Claim(
            "more-layers",
            Words(
                "With more layers, each with an activation, the net learns more complicated features.",
                "继续叠加带激活函数的隐藏层，模型能学到更复杂的特征。",
            ),
            Words(
                "share right on spirals, deepest ReLU net less one layer", "螺旋线上最深的 ReLU 网络与单层的正确率之差"
            ),
            low=0,
            remark=Words(
                "At equal width the deeper net also has more weights. Where one layer is enough (xor, circles), more "
                "layers add nothing.",
                "宽度相同时，更深的网络权重也更多。在一层就够的图形上（异或、圆环），更多的层没有帮助。",
            ),
        ),
        Claim(
            "mixed-bends",
            Words(
                "σ₁ and σ₂ see to it that every layer adds something new rather than one more linear map.",
                "σ₁ 和 σ₂ 确保每一层都能提供新的信息，而不是单纯的线性变换。",
            ),
            Words("how much the straightest of its two trained layers bends", "训练后的两层中最直的一层的弯曲程度"),
            low=0.01,
        ),
        Claim(
            "float32",
            Words("In float32 they are equal too, but for rounding.", "在 float32 下两者同样相等，仅差舍入误差。"),
            Words("the same difference, computed in float32", "同样的差异，用 float32 计算"),
            high=1e-5,
            of_notes=False,
        ),
        Claim(
            "small-straight",
            Words(
                "An activation does not bend where its inputs are small: tanh layers with weights from N(0, 0.01²) "
                "are straight still.",
                "输入很小时激活函数并不弯曲：权重取自 N(0, 0.01²) 的 tanh 层仍然是直的。",
            ),
            Words("how much two tanh layers bend", "两个 tanh 层的弯曲程度"),
            high=1e-3,
            remark=Words(
                "So an activation is needed, but not enough: tanh(z) ≈ z near 0. ReLU bends at any size of its inputs.",
                "因此激活函数是必要的，但并不充分：在 0 附近 tanh(z) ≈ z。ReLU 则在任何尺度下都会弯曲。",
            ),
            of_notes=False,
        ),
    ),
    measure=measure,
    small={"seeds": 6, "layers": 2, "epochs": 60, "rows": 200, "learning_rate": 0.02},
)
