"""Section 4.7.3: hidden units that are the same unit."""

from __future__ import annotations

from goodfit.studies.declaring import Claim, Drawing, Study, TableOf
from goodfit.studies.parameters import Parameter, seeds
from goodfit.studies.tabulating import heads
from goodfit.studies.words import Words
from goodfit.studies.workings.symmetric import APART, draw_noise, draw_widths, measure

_BAND = (
    ("low", "2.5 % of seeds", "2.5 % 分位"),
    ("median", "median", "中位数"),
    ("high", "97.5 % of seeds", "97.5 % 分位"),
)
_ROUNDING = 1e-12  # of float64, over sums of some thousand terms
_EQUAL = 1e-6  # some roundings of float32, in which nets train

STUDY = Study(
    name="symmetry",
    section="4.7.3",
    title=Words("Symmetry of hidden units", "隐藏单元的对称性"),
    question=Words(
        "What do equal hidden units cost, and what takes them apart?",
        "隐藏单元完全相同会有什么代价？怎样才能打破这种对称性？",
    ),
    about=(
        Words(
            "First the hidden units of random nets change places, and outputs, loss and gradients are compared in "
            "float64. Then nets with one hidden layer of ReLU units learn handwritten digits (1,000 rows, 400 to "
            "test with, drawn anew for every seed) from weights that are all one constant: with plain SGD, and with "
            "what might help.",
            "先把随机网络的隐藏单元互换位置，用 float64 比较输出、损失和梯度。然后让所有权重都等于同一常数的单隐藏层 "
            "ReLU 网络学习手写数字（每个种子重新抽取 1000 个训练样本和 400 个测试样本）：先用普通 SGD，再加上各种可能"
            "有用的办法。",
        ),
        Words(
            f"The distance of two units is that of their weights (in and out, with the bias), relative to the longer "
            f"of the two; they have come apart from {APART:g} on. Noise of relative size ε multiplies every initial "
            f"weight by 1 + ε N(0, 1).",
            f"两个单元的距离指其权重（输入、输出和偏置）之差与较长者之比，达到 {APART:g} 即视为已经分开。相对大小为 "
            f"ε 的噪声把每个初始权重乘以 1 + ε N(0, 1)。",
        ),
    ),
    parameters=(
        *seeds(10, 2, 100),
        Parameter("width", Words("Hidden units.", "隐藏单元数。"), 16, "whole", 2, 64),
        Parameter(
            "value", Words("The constant that weights start from.", "初始权重所取的常数。"), 0.1, low=0.001, high=1
        ),
        Parameter(
            "noise",
            Words("Relative sizes of noise in the constant.", "常数上噪声的相对大小。"),
            (1e-2, 1e-4, 1e-6),
            low=1e-6,
            high=0.03,
            many=True,
        ),
        Parameter("dropout", Words("Share of units that are dropped.", "暂退概率。"), 0.5, low=0.01, high=0.95),
        Parameter("epochs", Words("Epochs of training.", "训练的轮次数。"), 25, "whole", 1, 200),
        Parameter("learning_rate", Words("Learning rate of SGD.", "SGD 的学习率。"), 0.1, low=1e-4, high=0.5),
    ),
    tables=(
        TableOf(
            "trainings",
            Words(
                "After training: are the units still equal, how far apart are they, how well do they predict",
                "训练之后：单元是否仍相同、相距多远、预测得怎样",
            ),
            heads(
                ("training", "initial weights, training", "初始权重与训练方式"),
                ("equal", "share of seeds with equal units", "单元仍完全相同的种子比例"),
                ("distance", "largest distance, median", "最大距离，中位数"),
                ("low", "test accuracy, 2.5 % of seeds", "测试精度，2.5 % 分位"),
                ("median", "median", "中位数"),
                ("high", "97.5 % of seeds", "97.5 % 分位"),
            ),
        ),
        TableOf(
            "permuted",
            Words(
                "Hidden units permuted: largest relative difference over all seeds",
                "互换隐藏单元：所有种子中的最大相对差",
            ),
            heads(("what", "of", "对象"), ("largest", "difference", "差")),
        ),
        TableOf(
            "widths",
            Words("Test accuracy by the number of hidden units", "测试精度与隐藏单元数"),
            heads(("start", "initial weights", "初始权重"), ("width", "hidden units", "隐藏单元数"), *_BAND),
        ),
        TableOf(
            "noise",
            Words("Largest distance of two units by epoch", "各轮次两个单元的最大距离"),
            heads(("noise", "noise", "噪声"), ("epoch", "epoch", "轮次"), *_BAND),
            shown=False,
            left=0,
        ),
    ),
    figures=(
        Drawing(
            "widths",
            "widths",
            Words("What it costs to stay symmetric", "保持对称的代价"),
            Words(
                "Left: equal units are worth one, however many there are. Right: momentum, Adam, more epochs, a "
                "larger rate and the L2 penalty leave them equal (open squares); dropout, noise and random weights "
                "do not (dots). Bands and bars hold the middle 95 % of seeds.",
                "左：单元相同时，再多也只抵得上一个。右：动量、Adam、更多轮次、更大的学习率和 L2 惩罚都不能把它们分开"
                "（空心方块）；暂退法、噪声和随机初始化可以（圆点）。带和竖条为各种子的中间 95 %。",
            ),
            draw_widths,
        ),
        Drawing(
            "noise",
            "noise",
            Words("A little noise is enough", "一点噪声就够了"),
            Words(
                f"The distance of the units grows by a factor an epoch, so that a hundred times less noise costs "
                f"only some epochs more. Dotted: {APART:g}, from which units have come apart.",
                f"单元之间的距离每个轮次按倍数增长，因此噪声小一百倍也只多花几个轮次。虚线为 {APART:g}，达到即视为分"
                f"开。",
            ),
            draw_noise,
            width=7.0,
        ),
    ),
    claims=(
        Claim(
            "permuted",
            Words("If hidden units change places, the function stays the same.", "互换隐藏单元的位置，获得函数相同。"),
            Words(
                "largest relative difference of outputs, loss and gradients, over all seeds",
                "输出、损失和梯度的最大相对差（所有种子）",
            ),
            high=_ROUNDING,
        ),
        Claim(
            "forward",
            Words(
                "If two units have equal parameters, they give equal results forward.",
                "若两个隐藏单元参数一样，前向传播结果相同。",
            ),
            Words("largest relative difference of the units' activations", "各单元激活值的最大相对差"),
            high=_ROUNDING,
        ),
        Claim(
            "backward",
            Words(
                "If two units have equal parameters, they give equal results backward.",
                "若两个隐藏单元参数一样，反向传播结果也相同。",
            ),
            Words("largest relative difference of the units' gradients", "各单元梯度的最大相对差"),
            high=_ROUNDING,
        ),
        Claim(
            "kept",
            Words("The units do not differ: training keeps them equal.", "两个单元并无区别：训练之后依然相同。"),
            Words(
                "largest relative distance of two units after training with SGD", "用 SGD 训练后两个单元的最大相对距离"
            ),
            high=_EQUAL,
        ),
        Claim(
            "limits",
            Words("This limits what the net can express.", "限制了网络的表达能力。"),
            Words("test accuracy, constant − random initial weights", "测试精度，常数初始化 − 随机初始化"),
            high=-0.2,
        ),
        Claim(
            "dropout",
            Words("Dropout breaks the symmetry.", "—> 暂退法正则化（可以打破对称性）。"),
            Words(
                "share of seeds whose units came apart, from constant weights with dropout",
                "常数初始化加暂退法后单元分开的种子比例",
            ),
            low=0.5,
            remark=Words(
                "It does, without having been made for it: random initial weights do it for nothing, and what "
                "usually breaks the symmetry is them.",
                "确实可以，但这不是它的本来用途：随机初始化不费代价就能做到，实际中打破对称性靠的正是随机初始化。",
            ),
        ),
        Claim(
            "dropout-score",
            Words(
                "From equal units, dropout gets nearly as far as random weights do without it.",
                "从相同单元出发，加暂退法能接近随机初始化（不加暂退法）的水平。",
            ),
            Words(
                "(test accuracy with dropout − of equal units) / (of random weights − of equal units)",
                "（加暂退法 − 单元相同）/（随机初始化 − 单元相同）的测试精度之比",
            ),
            low=0.9,
            of_notes=False,
        ),
        Claim(
            "others",
            Words(
                "Momentum, Adam, more epochs, a larger rate or the L2 penalty do not part equal units.",
                "动量、Adam、更多轮次、更大学习率、L2 惩罚都不能打破对称性。",
            ),
            Words(
                "largest relative distance of two units after training, over all of these",
                "以上各种训练后两个单元的最大相对距离",
            ),
            high=_EQUAL,
            of_notes=False,
        ),
        Claim(
            "one-unit",
            Words("A net of equal units is a net with one unit.", "单元全相同的网络等同于只有一个单元的网络。"),
            Words(
                "largest relative difference of the trained weights, times the root of the number of units, from "
                "those of a net with one unit",
                "训练后权重乘以单元数的平方根，与单个单元的网络之间的最大相对差",
            ),
            high=1e-4,
            of_notes=False,
        ),
        Claim(
            "noise",
            Words("A little noise in the initial weights is enough.", "初始权重上加一点噪声就足够。"),
            Words(
                "share of seeds whose units come apart in time, with the most noise",
                "噪声最大时单元在训练内分开的种子比例",
            ),
            low=0.5,
            of_notes=False,
        ),
        Claim(
            "waiting",
            Words("Far less noise needs but little more time.", "噪声小得多也只多花一点时间。"),
            Words(
                "epochs until units come apart, with the least / with the most noise",
                "单元分开所需的轮次，噪声最小 / 噪声最大",
            ),
            high=10,
            of_notes=False,
        ),
    ),
    measure=measure,
    small={"seeds": 6, "width": 8, "noise": (1e-2, 1e-4), "epochs": 15},
)
