"""Section 4.1.2: activations and their derivatives, what they cost, and how fast nets learn with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from goodfit.studies.declaring import Claim, Columns, Drawing, Measured, Study, TableOf, Tell
from goodfit.studies.estimates import exactly, mean_of, median_of, ratio_of
from goodfit.studies.parameters import Given, Parameter, seeds
from goodfit.studies.tabulating import heads
from goodfit.studies.words import Words
from goodfit.studies.workings.activation_figures import WAYS, draw_costs, draw_curves
from goodfit.studies.workings.activation_trials import REACHED, TRAINED, trials
from goodfit.studies.workings.timing import nanoseconds, ratio

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES = (
    *("relu", "sigmoid", "tanh", "leaky-relu", "prelu", "elu"),
    *("selu", "gelu", "silu", "softplus", "mish", "identity"),
)
Z = np.linspace(-8, 8, 161)  # the notes' torch.arange(-8.0, 8.0, 0.1), and its end
FAR = 10.0  # where a sigmoid is all but flat


def measure(given: Given, tell: Tell) -> Measured:
    """Draw every activation, time it, train with three of them."""
    from goodfit.studies.workings.activation_facts import costs, mean_output, with_derivative

    tell(f"every activation timed in {given.rounds} rounds")
    seconds = costs(NAMES, given.rounds)
    curves = {name: with_derivative(name, Z) for name in NAMES}
    far = {name: np.abs(with_derivative(name, [-FAR, FAR])[1]).max() for name in ("sigmoid", "tanh")}
    epochs, losses, units, gradients = trials(given, tell)
    best = {name: int(np.lexsort((losses[name][:, :, -1].mean(1), np.median(epochs[name], 1)))[0]) for name in TRAINED}
    first = {name: epochs[name][best[name]] for name in TRAINED}
    facts = _facts(seconds)
    return Measured(
        tables={
            "facts": {column.name: facts[column.name] for column in FACTS},
            "curves": _curves(curves),
            "training": _training(given, epochs, losses, units),
            "losses": _losses(losses, best),
        },
        claims={
            "passes-or-blocks": exactly(float(np.isin(curves["relu"][1], (0.0, 1.0)).mean())),
            "kink": exactly(float(np.subtract(*with_derivative("relu", [1e-9, -1e-9])[1]))),
            "kink-matters": mean_of(units[1][best["relu"]]),
            "relu-eases": ratio_of(gradients["relu"], gradients["sigmoid"]),
            "relu-cheap": ratio(
                np.minimum(seconds["sigmoid", "forward"], seconds["tanh", "forward"]), seconds["relu", "forward"]
            ),
            "exponential": ratio(seconds["exp", "one"], seconds["multiply", "one"]),
            "sigmoid-flat": exactly(far["sigmoid"]),
            "tanh-flat": exactly(far["tanh"]),
            "sigmoid-mean": exactly(mean_output("sigmoid")),
            "tanh-mean": exactly(mean_output("tanh")),
            "tanh-faster": median_of(first["tanh"] / first["sigmoid"]),
            "relu-faster": median_of(first["relu"] / first["sigmoid"]),
            "dead": mean_of(units[0][-1]),
        },
    )


def _facts(seconds: dict[tuple[str, str], Any]) -> dict[str, list[Any]]:
    from goodfit.studies.workings.activation_facts import mean_output, saturated

    facts: dict[str, list[Any]] = {
        "name": [*NAMES],
        "mean": [mean_output(name) for name in NAMES],
        **{f"saturated_{width}": [saturated(name, width) for name in NAMES] for width in WIDTHS},
        **{way: [nanoseconds(seconds[name, way]) for name in NAMES] for way in WAYS},
    }
    for way in WAYS:
        found = [ratio(seconds[name, way], seconds["relu", way]) for name in NAMES]
        for suffix, values in zip(
            ("", "_low", "_high"), zip(*((f.value, f.low, f.high) for f in found), strict=True), strict=True
        ):
            facts[f"{way}_ratio{suffix}"] = [*values]
    return facts


def _curves(curves: dict[str, Any]) -> Columns:
    return {
        "name": [name for name in curves for _ in Z],
        "z": [*Z] * len(curves),
        "value": np.concatenate([value for value, _ in curves.values()]).tolist(),
        "derivative": np.concatenate([slope for _, slope in curves.values()]).tolist(),
    }


def _training(given: Given, epochs: dict[str, Any], losses: dict[str, Any], units: tuple[Any, Any]) -> Columns:
    table: dict[str, list[Any]] = {column.name: [] for column in LEARNED}
    for name in TRAINED:
        for at, rate in enumerate(sorted(given.rates)):
            found, last = median_of(epochs[name][at]), np.median(losses[name][at, :, -1])
            learned = float((epochs[name][at] <= given.epochs).mean())
            dead = float(units[0][at].mean()) if name == "relu" else None
            for column, value in zip(
                table, (name, rate, found.value, found.low, found.high, learned, last, dead), strict=True
            ):
                table[column].append(value)
    return table


def _losses(losses: dict[str, Any], best: dict[str, int]) -> Columns:
    bands = {
        name: np.quantile(losses[name][best[name]], (0.025, 0.5, 0.975), axis=0, method="nearest") for name in TRAINED
    }
    epochs = losses[TRAINED[0]].shape[-1]
    return {
        "name": [name for name in TRAINED for _ in range(epochs)],
        "epoch": [*range(1, epochs + 1)] * len(TRAINED),
        **{
            column: np.concatenate([bands[name][at] for name in TRAINED]).tolist()
            for at, column in enumerate(("low", "median", "high"))
        },
    }


def draw_losses(measured: Measured, width: float) -> Figure:
    """Training loss by epoch, each activation at its best rate."""
    from goodfit.figures.panels import legend_below, line, panels
    from goodfit.figures.style import INK, NARROW, house_style

    table = measured.columns("losses")
    with house_style():
        figure, (panel,) = panels(1, width, height=3.4)
        handles = {}
        for place, name in enumerate(TRAINED):
            here = table["name"] == name
            handles[name] = line(
                panel, *(table[column][here] for column in ("epoch", "median", "low", "high")), place=place
            )
        handles["counts as learned"] = panel.axhline(REACHED, color=INK, linewidth=0.9, linestyle=":")
        panel.set(yscale="log", xscale="log", xlabel="epoch", ylabel="training loss (nats)")
        panel.xaxis.set_major_formatter("{x:g}")
        legend_below(figure, handles, title="line: median over seeds; band: the middle 95 %", narrow=width < NARROW)
    return figure


WIDTHS = (1, 4)  # standard deviations for which saturation is told
_LOW, _HIGH = ("95 % low", "95 % 下限"), ("95 % high", "95 % 上限")
FACTS = heads(
    ("name", "activation", "激活函数"),
    ("mean", "mean output, z from N(0, 1)", "输出均值（z 服从 N(0, 1)）"),
    ("saturated_1", "share saturated, N(0, 1)", "饱和比例，N(0, 1)"),
    ("saturated_4", "share saturated, N(0, 4²)", "饱和比例，N(0, 4²)"),
    ("forward", "ns an element, forward", "前向（纳秒/元素）"),
    ("forward_ratio", "/ ReLU", "与 ReLU 之比"), ("forward_ratio_low", *_LOW), ("forward_ratio_high", *_HIGH),
    ("both", "ns an element, both ways", "前向与反向（纳秒/元素）"),
    ("both_ratio", "/ ReLU", "与 ReLU 之比"), ("both_ratio_low", *_LOW), ("both_ratio_high", *_HIGH),
)  # fmt: skip
LEARNED = heads(
    ("name", "activation", "激活函数"), ("rate", "learning rate", "学习率"),
    ("epochs", "epochs until learned, median", "学会所需轮次的中位数"), ("low", *_LOW), ("high", *_HIGH),
    ("learned", "share of seeds that learned", "学会的种子比例"), ("loss", "last training loss", "最后的训练损失"),
    ("dead", "share of dead units", "死亡单元的比例"),
)  # fmt: skip

STUDY = Study(
    name="activations",
    section="4.1.2",
    title=Words("Activations", "激活函数"),
    question=Words(
        "What do activations and their derivatives look like, what do they cost, and how fast do nets learn with them?",
        "各激活函数及其导数是什么样子？代价多大？用它们学习有多快？",
    ),
    about=(
        Words(
            "Costs are of compiled programs on this machine: 16,384 numbers in float32 that stay in the cache, a "
            "hundred sweeps a call, all programs in turns and every other round backwards. Ratios are taken within "
            "rounds; their medians have intervals by order statistics. An exponential is a program with it less the "
            "same without; a multiplication is a chain of 48 less one of 16, shared out.",
            "代价是本机上编译后程序的实测：16384 个留在缓存中的 float32 数，每次调用扫描一百遍，各程序轮流计时，隔轮"
            "倒序。比值在同一轮内计算，中位数的区间由次序统计量给出。一次指数运算取“有”与“无”两个程序之差；一次乘法由"
            " 48 次与 16 次乘法链之差均摊得到。",
        ),
        Words(
            "Three hidden layers of 32 units learn the digits from 1,000 rows by SGD in batches of 32, with Xavier's "
            "weights. Every seed draws its own rows, weights and orders. Each activation is tried at the same "
            "learning rates and judged at its own best: no rate suits all. A net has learned when its mean loss over "
            "an epoch is at most 0.1 nats; guessing has 2.30.",
            "三个 32 单元的隐藏层用 1000 个样本学习手写数字，SGD，批量 32，Xavier 权重。每个种子各自抽取样本、权重和"
            "顺序。每种激活函数都试同样几个学习率，并取各自最好的来评判：没有对所有函数都合适的学习率。一个轮次的平均"
            "损失不超过 0.1 奈特时算“学会”；随机猜测为 2.30。",
        ),
    ),
    parameters=(
        *seeds(10, low=6, high=100),
        Parameter("rounds", Words("Rounds of timing.", "计时的轮数。"), 21, "whole", 6, 200),
        Parameter("layers", Words("Hidden layers.", "隐藏层数。"), 3, "whole", 1, 12),
        Parameter("width", Words("Units of a hidden layer.", "每个隐藏层的单元数。"), 32, "whole", 1, 128),
        Parameter(
            "rates",
            Words("Learning rates of SGD.", "SGD 的学习率。"),
            (0.03, 0.1, 0.3, 1.0),
            low=1e-4,
            high=10,
            many=True,
        ),
        Parameter("epochs", Words("Epochs of every training.", "每次训练的轮次数。"), 50, "whole", 1, 500),
    ),
    tables=(
        TableOf("facts", Words("Every activation", "各激活函数"), FACTS),
        TableOf("training", Words("Learning the digits", "学习手写数字"), LEARNED),
        TableOf(
            "curves",
            Words("Activations and derivatives", "激活函数与导数"),
            heads(
                ("name", "activation", "激活函数"),
                ("z", "z", "z"),
                ("value", "f(z)", "f(z)"),
                ("derivative", "f′(z)", "f′(z)"),
            ),
            shown=False,
        ),
        TableOf(
            "losses",
            Words("Training loss by epoch, at the best rate", "最好的学习率下各轮次的训练损失"),
            heads(
                ("name", "activation", "激活函数"),
                ("epoch", "epoch", "轮次"),
                ("low", "2.5 %", "2.5 %"),
                ("median", "median", "中位数"),
                ("high", "97.5 %", "97.5 %"),
            ),
            shown=False,
        ),
    ),
    figures=(
        Drawing(
            "curves",
            "curves",
            Words("Activations and their derivatives (p1 to p3)", "激活函数及其导数（对应 p1 到 p3）"),
            Words(
                "Solid: the function; dashed: its derivative. Vertical axes differ, and are cut where functions grow "
                "without bound.",
                "实线为函数，虚线为导数。各纵轴刻度不同，函数无界处有截断。",
            ),
            draw_curves,
        ),
        Drawing(
            "costs",
            "facts",
            Words("What activations cost, against ReLU", "各激活函数相对 ReLU 的代价"),
            Words(
                "Medians of ratios within rounds, on a logarithmic axis; bars are intervals at 95 %.",
                "同一轮内比值的中位数，横轴为对数坐标；横杠为 95 % 区间。",
            ),
            draw_costs,
        ),
        Drawing(
            "losses",
            "losses",
            Words("Training loss with three activations", "三种激活函数的训练损失"),
            Words(
                "Each at the learning rate with which it learns in the fewest epochs. Both axes are logarithmic.",
                "各取学会所需轮次最少的学习率。两轴均为对数坐标。",
            ),
            draw_losses,
        ),
    ),
    claims=(
        Claim(
            "passes-or-blocks",
            Words(
                "ReLU's derivative lets a parameter vanish or lets it pass.",
                "ReLU 求导要么让参数消失，要么让参数通过。",
            ),
            Words("share of points from −8 to 8 where f′ is 0 or 1", "−8 到 8 上 f′ 为 0 或 1 的点的比例"),
            low=1,
        ),
        Claim(
            "relu-eases",
            Words("ReLU eases vanishing gradients.", "ReLU 减轻了梯度消失问题。"),
            Words(
                "gradient of the first hidden layer / of the outputs, ReLU / sigmoid, untrained",
                "第一隐藏层与输出层梯度之比，ReLU / sigmoid（未训练）",
            ),
            low=2,
        ),
        Claim(
            "relu-cheap",
            Words("ReLU is computed fast, for it needs no exponential.", "ReLU 计算速度快，不需要指数运算。"),
            Words(
                "forward time of sigmoid or tanh, whichever is less / of ReLU",
                "sigmoid 与 tanh 中较快者的前向时间 / ReLU",
            ),
            low=1.5,
            remark=Words(
                "By itself. In a net, the products of matrices come on top, whatever the activation.",
                "这是单独计算时的比较。在网络中，无论用哪种激活函数，都还要加上矩阵乘法的时间。",
            ),
        ),
        Claim(
            "exponential",
            Words("One exponential costs about 100 multiplications on a CPU.", "CPU 上一次指数运算≈100 次乘法运算。"),
            Words(
                "time of an exponential / of a multiplication, both vectorised",
                "一次指数运算与一次乘法的时间之比（均已向量化）",
            ),
            low=50,
            high=200,
            remark=Words(
                "Compilers turn an exponential into a polynomial of a dozen or so multiplications and additions, on "
                "as many numbers at a time as a multiplication takes. The limits are 100 within a factor of 2.",
                "编译器把指数运算变成十来次乘加的多项式，并与乘法一样同时处理许多个数。界限为 100 的一半到两倍。",
            ),
        ),
        Claim(
            "kink",
            Words("ReLU has no derivative at 0.", "ReLU 在 0 点不可导。"),
            Words("derivative just right of 0, less that just left of 0", "0 点右侧与左侧的导数之差"),
            low=0.5,
        ),
        Claim(
            "kink-matters",
            Words(
                "That matters to mathematics, not to engineering.", "这一微妙的边界条件只对数学重要，对工程并不重要。"
            ),
            Words("share of ReLU's inputs that are exactly 0 in trained nets", "训练后的网络中 ReLU 输入恰为 0 的比例"),
            high=1e-3,
        ),
        Claim(
            "sigmoid-flat",
            Words("Sigmoid's gradient is close to 0 for large inputs.", "输入值很大或很小时，sigmoid 的梯度接近 0。"),
            Words("|f′| at z = ±10", "z = ±10 处的 |f′|"),
            high=1e-4,
        ),
        Claim(
            "tanh-flat",
            Words("Tanh has vanishing gradients too.", "tanh 仍然有梯度消失问题。"),
            Words("|f′| at z = ±10", "z = ±10 处的 |f′|"),
            high=1e-4,
        ),
        Claim(
            "sigmoid-mean",
            Words("Sigmoid's output does not have mean zero.", "sigmoid 的输出不是零均值。"),
            Words("mean output for z from N(0, 1)", "z 服从 N(0, 1) 时的输出均值"),
            low=0.1,
            remark=Words(
                "Nor does ReLU's: 0.40. So a mean of zero is not all that counts.",
                "ReLU 的输出也不是：0.40。可见零均值并不是唯一重要的。",
            ),
        ),
        Claim(
            "tanh-mean",
            Words("Tanh's output has mean zero.", "tanh 的输出是零均值的。"),
            Words("mean output for z from N(0, 1)", "z 服从 N(0, 1) 时的输出均值"),
            low=-1e-6,
            high=1e-6,
            remark=Words(
                "For inputs that lie evenly about 0; inputs with another mean give outputs with another mean.",
                "前提是输入关于 0 对称；输入均值不为零时，输出均值也不为零。",
            ),
        ),
        Claim(
            "tanh-faster",
            Words("Tanh converges faster than sigmoid.", "与 sigmoid 相比，tanh 更有利于加速收敛。"),
            Words(
                "epochs until learned, tanh / sigmoid, each at its best rate",
                "学会所需轮次之比，tanh / sigmoid（各取最好的学习率）",
            ),
            high=0.9,
        ),
        Claim(
            "relu-faster",
            Words("ReLU nets are easier to optimise than sigmoid nets.", "ReLU 使得优化表现得更好。"),
            Words(
                "epochs until learned, ReLU / sigmoid, each at its best rate",
                "学会所需轮次之比，ReLU / sigmoid（各取最好的学习率）",
            ),
            high=0.9,
        ),
        Claim(
            "dead",
            Words(
                "Where ReLU blocks everything, units die: at high learning rates many are 0 on every row.",
                "ReLU 让一切消失之处，单元就死亡：学习率高时许多单元对所有样本都输出 0。",
            ),
            Words("share of dead units after training at the highest rate", "最高学习率下训练后死亡单元的比例"),
            low=0.1,
            of_notes=False,
        ),
    ),
    measure=measure,
    small={"seeds": 6, "rounds": 6, "width": 16, "epochs": 15, "rates": (0.1, 1.0)},
)
