"""Section 4.1.1.2: what one hidden layer can approximate, how well, and on what conditions."""

from __future__ import annotations

from typing import Any

import numpy as np

from goodfit.studies.declaring import Claim, Columns, Drawing, Measured, Study, TableOf, Tell
from goodfit.studies.estimates import exactly, ratio_of, unmeasured
from goodfit.studies.parameters import Given, Parameter, seeds
from goodfit.studies.tabulating import heads
from goodfit.studies.words import Words
from goodfit.studies.workings.approximating import (
    BEYOND,
    GRID,
    Numbers,
    Target,
    as_large,
    built,
    parameters_of,
    values_of,
)
from goodfit.studies.workings.approximation_figures import NAMES, TARGETS, draw_errors, draw_fits

CONTINUOUS = slice(0, 4)  # of the targets; the step, and the formula that was given, come after
STEP, FORMULA = 4, 5
POINTS = 256  # that nets learn from
DEEP_FROM = 16  # units of one layer from which deeper nets stand beside it
CHOICES = ("relu", "tanh", "sigmoid", "leaky-relu", "elu", "selu", "gelu", "silu", "softplus", "mish")
TRAINING: dict[str, Any] = {
    "init": "torch", "init_bias": "torch", "dropout": 0.0, "optimizer": "adam", "batch_size": 32, "valid": 0
}  # fmt: skip


def measure(given: Given, tell: Tell) -> Measured:
    """Train one hidden layer of every width, and deeper nets as large, on every target; build others by hand."""
    from goodfit.studies.populations import train
    from goodfit.training import Examples, Recipe

    targets = [Target(text) for text in (*TARGETS.values(), given.formula)]
    widths = sorted(given.widths)
    deep = [(units, as_large(units, layers)) for layers in (2, 3) for units in widths if units >= DEEP_FROM]
    shapes = [(units, (units,)) for units in widths] + deep
    base = Recipe(
        **TRAINING, activation=given.activation, learning_rate=given.learning_rate, epochs=given.epochs
    )  # fmt: skip
    recipes = [base.replace(hidden=hidden) for _, hidden in shapes]
    sets = [target.examples(POINTS) for target in targets for _ in given.all_seeds]
    tell(f"{len(recipes) * len(sets)} nets of {widths[0]} to {widths[-1]} units")
    examples = Examples.stacked(sets, {"train": np.arange(POINTS, dtype=np.int32)})
    found = train(recipes, examples, [*given.all_seeds] * len(targets), score_every=given.epochs)
    errors, beyond = np.zeros((len(shapes), len(targets), given.seeds, 2)), np.zeros((len(targets), given.seeds))
    for shape, nets in enumerate(found.nets):
        for place, net in enumerate(nets):
            target, seed = divmod(place, given.seeds)
            errors[shape, target, seed] = targets[target].errors(values_of(net, given.activation, GRID))
            if shape == len(widths) - 1:
                beyond[target, seed] = targets[target].errors(values_of(net, given.activation, BEYOND), BEYOND)[0]
    by_hand = np.array(
        [[each.errors(values_of(built(each, units), "relu", GRID)) for each in targets] for units in widths]
    )
    shown = sorted({0, len(widths) // 3, len(widths) - 1})
    fits = {
        (at, widths[shape]): values_of(found.nets[shape][at * given.seeds], given.activation, GRID)
        for at in range(len(targets))
        for shape in shown
    }
    return Measured(
        tables={"errors": _errors(shapes, errors, by_hand), "fits": _fits(targets, fits)},
        claims=_claims(len(widths), errors, beyond, by_hand),
        arrays={"formula": given.formula},
    )


def _errors(shapes: list[tuple[int, tuple[int, ...]]], errors: Numbers, by_hand: Numbers) -> Columns:
    """errors: [shapes, targets, S, 2]; by_hand: [widths, targets, 2]."""
    table: dict[str, list[Any]] = {column.name: [] for column in ERROR_COLUMNS}
    for at, name in enumerate(NAMES):
        for shape, (units, hidden) in enumerate(shapes):
            found = [ratio_of(errors[shape, at, :, which]) for which in range(2)]
            alone = by_hand[shape, at] if len(hidden) == 1 else (None, None)
            intervals = [value for each in found for value in (each.value, each.low, each.high)]
            row = (name, "-".join(map(str, hidden)), len(hidden), units, parameters_of(hidden), *intervals, *alone)
            for column, value in zip(table, row, strict=True):
                table[column].append(value)
    return table


def _fits(targets: list[Target], fits: dict[tuple[int, int], Numbers]) -> Columns:
    table: dict[str, list[Any]] = {name: [] for name in ("target", "units", "x", "value")}
    drawn = np.linspace(0, len(GRID) - 1, 251).round().astype(int)
    lines = {**{(at, 0): each(GRID) for at, each in enumerate(targets)}, **fits}
    for (at, units), values in sorted(lines.items(), key=lambda each: each[0]):
        table["x"] += GRID[drawn].tolist()
        table["value"] += targets[at].unscaled(values)[drawn].tolist()
        table["target"] += [NAMES[at]] * len(GRID[drawn])
        table["units"] += [units] * len(GRID[drawn])
    return table


def _claims(widths: int, errors: Numbers, beyond: Numbers, by_hand: Numbers) -> dict[str, Any]:
    """widths: how many of the shapes have one layer, the widest of which is the last."""
    rms, largest = errors[..., 0], errors[..., 1]
    smooth = np.log(rms[:, CONTINUOUS]).mean(1)  # of the geometric mean over continuous targets, [shapes, S]
    wide, worst = widths - 1, rms[widths - 1, CONTINUOUS].max(0)
    deep = list(range(widths, len(rms)))
    two = deep[len(deep) // 2 - 1] if deep else None
    return {
        "approximates": ratio_of(worst),
        "exists": exactly(by_hand[-1, CONTINUOUS, 1].max()),
        "any-function": ratio_of(largest[wide, STEP]),
        "learned": ratio_of(worst, by_hand[-1, CONTINUOUS, 0].max()),
        "deeper": unmeasured(NOT_DEEP) if two is None else ratio_of(np.exp(smooth[two] - smooth[wide])),
        "wider": ratio_of(np.exp(smooth[wide] - smooth[0])),
        "step-in-the-mean": exactly(by_hand[-1, STEP, 0]),
        "bounded": ratio_of(np.exp(np.log(beyond[CONTINUOUS]).mean(0) - smooth[wide])),
        "formula": ratio_of(rms[wide, FORMULA]),
    }


_LOW, _HIGH = ("95 % low", "95 % 下限"), ("95 % high", "95 % 上限")
ERROR_COLUMNS = heads(
    ("target", "function", "函数"),
    ("hidden", "hidden units", "隐藏单元"),
    ("layers", "layers", "层数"),
    ("units", "as large as one layer of", "相当于单层的单元数"),
    ("parameters", "parameters", "参数个数"),
    ("rms", "root mean square error / range", "均方根误差 / 值域"),
    ("rms_low", *_LOW),
    ("rms_high", *_HIGH),
    ("largest", "largest error / range", "最大误差 / 值域"),
    ("largest_low", *_LOW),
    ("largest_high", *_HIGH),
    ("hand_rms", "built by hand: root mean square", "手工构造：均方根误差"),
    ("hand_largest", "built by hand: largest", "手工构造：最大误差"),
)
NOT_DEEP = Words(
    f"Deeper nets stand beside one layer from {DEEP_FROM} units on; no width given is that large.",
    f"单层单元数达到 {DEEP_FROM} 时才有更深的网络作比较；给出的宽度都不够大。",
)

STUDY = Study(
    name="universal-approximation",
    section="4.1.1.2",
    title=Words("Universal approximation", "通用近似定理"),
    question=Words(
        "How well does one hidden layer approximate a function, and on what conditions?",
        "单个隐藏层能把函数近似到多好？需要什么条件？",
    ),
    about=(
        Words(
            "Six functions on the interval from −2 to 2: five fixed ones, and the formula that is given. Nets learn "
            "from 256 points at even distances, without noise; errors are taken at 1,001 others, as shares of the "
            "function's range. Every seed has its own initial weights and its own order of rows. One layer of each "
            "width is trained by Adam (batches of 32, constant rate), and beside it nets of two and three equal "
            "layers with no more parameters.",
            "在区间 [−2, 2] 上取六个函数：五个固定的，外加给定的公式。网络从 256 个等距的无噪声点学习；误差在另外 "
            "1001 个点上计算，以函数值域的比例表示。每个种子有各自的初始权重和样本顺序。每种宽度的单层网络都用 Adam "
            "训练（批量 32，学习率不变），旁边是参数不更多的两层和三层等宽网络。",
        ),
        Words(
            "The theorem says that a good net exists, not that training finds it. So one ReLU layer is also built by "
            "hand: unit k bends at point k of an even grid by the change of the function's slope, and the net equals "
            "the function at every point of the grid.",
            "定理说的是好的网络存在，而不是训练一定能找到它。因此还手工构造了一个 ReLU 层：第 k 个单元在等距网格的第 "
            "k 个点处转折，转折量等于函数斜率的变化，于是网络在每个网格点上都与函数相等。",
        ),
    ),
    parameters=(
        *seeds(5, high=50),
        Parameter(
            "formula",
            Words("A function of x, such as sin(3*x) + abs(x).", "x 的函数，例如 sin(3*x) + abs(x)。"),
            "sin(3*x) + abs(x)",
            "text",
            check=Target,
        ),
        Parameter(
            "widths",
            Words("Units of the hidden layer.", "隐藏层的单元数。"),
            (1, 2, 4, 8, 16, 32, 64, 128, 256),
            "whole",
            1,
            512,
            many=True,
        ),
        Parameter(
            "activation", Words("Activation of all nets.", "所有网络的激活函数。"), "relu", "choice", choices=CHOICES
        ),
        Parameter("epochs", Words("Epochs of every training.", "每次训练的轮次数。"), 300, "whole", 1, 2000),
        Parameter("learning_rate", Words("Learning rate of Adam.", "Adam 的学习率。"), 0.005, low=1e-5, high=1),
    ),
    tables=(
        TableOf(
            "errors",
            Words("Errors of every net, geometric means over seeds", "各网络的误差（各种子的几何平均）"),
            ERROR_COLUMNS,
            left=2,
        ),
        TableOf(
            "fits",
            Words("Functions and fits of one seed", "函数与同一种子的拟合"),
            heads(
                ("target", "function", "函数"),
                ("units", "units (0: the function)", "单元数（0 为函数本身）"),
                ("x", "x", "x"),
                ("value", "value", "值"),
            ),
            shown=False,
        ),
    ),
    figures=(
        Drawing(
            "errors-by-width",
            "errors",
            Words("Error by width", "误差随宽度的变化"),
            Words(
                "Both axes are logarithmic; deeper nets stand where one layer has as many parameters. On continuous "
                "functions wider nets come closer; on the step the largest error stays at half of the jump, however "
                "wide the layer.",
                "两轴均为对数坐标；更深的网络画在参数同样多的单层处。对连续函数，越宽越接近；对阶跃函数，无论多宽，最"
                "大误差始终停留在跳跃的一半。",
            ),
            draw_errors,
        ),
        Drawing(
            "fits",
            "fits",
            Words("What nets of a few widths make of the functions", "几种宽度的网络拟合出的函数"),
            Words(
                "The broad grey line is the function, the others are nets of one seed.",
                "灰色粗线是函数本身，其余为同一种子的网络。",
            ),
            draw_fits,
        ),
    ),
    claims=(
        Claim(
            "approximates",
            Words("By learning, nets approximate complicated functions.", "网络可以通过学习来近似复杂的函数。"),
            Words(
                "root mean square error / range of the widest net, worst continuous function",
                "最宽网络的均方根误差 / 值域（最差的连续函数）",
            ),
            high=0.02,
        ),
        Claim(
            "exists",
            Words(
                "One layer, with weights designed well, comes as close as one likes.",
                "经过合适的设计，一层隐藏层就能任意接近。",
            ),
            Words(
                "largest error / range of the widest layer built by hand, worst continuous function",
                "手工构造的最宽网络的最大误差 / 值域（最差的连续函数）",
            ),
            high=1e-3,
            remark=Words(
                "Of a twice differentiable function, straight lines between points at distance h miss at most h² "
                "max|f″| / 8: twice the width, a quarter of the error.",
                "对二阶可导的函数，间距为 h 的折线误差至多为 h² max|f″| / 8：宽度加倍，误差降为四分之一。",
            ),
        ),
        Claim(
            "any-function",
            Words("One hidden layer approximates any function.", "只有一层隐藏层的网络能近似任何函数。"),
            Words("largest error / jump of the widest net on the step", "最宽网络在阶跃函数上的最大误差 / 跳跃"),
            high=0.1,
            remark=Words(
                "Not any: the theorem is about continuous functions on a bounded, closed interval, and about widths "
                "without bound. A net is continuous, so that just before or just after a jump it is wrong by half of "
                "the jump at least.",
                "并非任何函数：定理针对有界闭区间上的连续函数，且宽度不受限制。网络是连续的，因此在跳跃点前后至少有一"
                "侧的误差不小于跳跃的一半。",
            ),
        ),
        Claim(
            "learned",
            Words("Training finds a net as good as the one built by hand.", "训练能找到与手工构造同样好的网络。"),
            Words(
                "root mean square error of the widest net, trained / built by hand, worst continuous function",
                "最宽网络训练所得与手工构造的均方根误差之比（最差的连续函数）",
            ),
            high=1,
            of_notes=False,
            remark=Words(
                "That a net exists does not say that training finds it: more epochs bring it closer, slowly.",
                "网络存在并不意味着训练能找到它：增加轮次会更接近，但很慢。",
            ),
        ),
        Claim(
            "deeper",
            Words("More hidden layers refine what they are given, layer by layer.", "多个隐藏层逐层提炼信息。"),
            Words(
                "root mean square error of two layers / of one as large, the widest, continuous functions",
                "两层与同样大小的单层的均方根误差之比（最宽，连续函数）",
            ),
            high=1,
        ),
        Claim(
            "wider",
            Words("Wider layers come closer.", "越宽的层越接近。"),
            Words(
                "root mean square error of the widest / the narrowest net, continuous functions",
                "最宽与最窄网络的均方根误差之比（连续函数）",
            ),
            high=0.1,
            of_notes=False,
        ),
        Claim(
            "step-in-the-mean",
            Words(
                "In the mean, one layer approximates a jump all the same.", "在平均意义下，一层也能近似有跳跃的函数。"
            ),
            Words("root mean square error / jump, widest layer built by hand", "手工构造的最宽网络的均方根误差 / 跳跃"),
            high=0.05,
            of_notes=False,
        ),
        Claim(
            "bounded",
            Words("Outside of the interval nothing is approximated.", "在区间之外没有任何近似可言。"),
            Words(
                "root mean square error from 2 to 4 / from −2 to 2, widest net, continuous functions",
                "2 到 4 与 −2 到 2 的均方根误差之比（最宽网络，连续函数）",
            ),
            low=10,
            of_notes=False,
        ),
        Claim(
            "formula",
            Words("One hidden layer approximates the formula that was given.", "一层隐藏层能近似给定的公式。"),
            Words("root mean square error / range of the widest net", "最宽网络的均方根误差 / 值域"),
            high=0.02,
            of_notes=False,
        ),
    ),
    measure=measure,
    small={"seeds": 3, "widths": (1, 8, 64), "epochs": 80, "learning_rate": 0.02},
)
