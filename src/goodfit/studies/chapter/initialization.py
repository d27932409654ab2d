"""Section 4.8: what initialisers do to signals and gradients, and which 50-layer nets train at all."""

from __future__ import annotations

from typing import Any

import numpy as np

from goodfit.studies.declaring import Claim, Columns, Drawing, Measured, Study, TableOf, Tell
from goodfit.studies.estimates import exactly, mean_of, ratio_of
from goodfit.studies.parameters import Given, Parameter, seeds
from goodfit.studies.tabulating import heads
from goodfit.studies.words import Words
from goodfit.studies.workings.signal_figures import FLOWS, TRAINED, draw_backward, draw_forward, draw_losses
from goodfit.studies.workings.signal_flow import Numbers, flow, growth, predicted_flow

INITS: dict[str, dict[str, Any]] = {
    "default": {"init": "torch", "init_bias": "torch"},
    "normal 0.01": {"init": "normal", "init_scale": 0.01},
    "xavier-normal": {"init": "xavier-normal"},
    "xavier-uniform": {"init": "xavier-uniform"},
    "he-normal": {"init": "he-normal"},
}
WIDE, SLIM = 128, 32  # a layer of unequal sides, on which Xavier's condition cannot hold both ways
TRAINING: dict[str, Any] = {"dropout": 0.0, "optimizer": "sgd", "schedule": "constant", "batch_size": 25, "valid": 0}
ROWS = 1000  # of the digits that train
LEARNS = 2.0  # training loss in nats below which a net has begun to learn; guessing has 2.30


def measure(given: Given, tell: Tell) -> Measured:
    """Measure signals and gradients of untrained nets, then train them."""
    from goodfit.training import Recipe

    tell(f"signals and gradients of {given.layers} layers")
    base = Recipe(hidden=(given.width,) * given.layers, activation="identity")
    sides = given.width, given.width
    found: dict[tuple[str, str], Any] = {}
    for activation in FLOWS:
        for init, fields in INITS.items():
            recipe = base.replace(activation=activation, **fields)
            each = [flow(recipe.replace(seed=seed), *sides) for seed in given.all_seeds]
            found[activation, init] = (
                np.stack(each, 1),
                predicted_flow(recipe, *sides),
            )  # [2, S, L + 1] each, [2][L + 1]
    oblong = Recipe(hidden=(), init="xavier-normal")
    slim = np.array([flow(oblong.replace(seed=seed), WIDE, SLIM)[0][0] for seed in given.all_seeds])
    losses = _train(given, tell)
    best = {key: int(np.argmin(np.median(each[..., -1], 1))) for key, each in losses.items()}
    return Measured(
        tables={
            "growth": _growth(found),
            "training": _training(given, losses),
            "layers": _layers(found),
            "losses": _losses(losses, best),
        },
        claims=_claims(given, found, slim, {key: each[best[key], :, -1] for key, each in losses.items()}),
    )


def _train(given: Given, tell: Tell) -> dict[tuple[str, str], Numbers]:
    """(activation, initialiser) -> training losses, [R, S, E]; those that are not finite are infinite."""
    from goodfit.data import Dataset, load
    from goodfit.studies.populations import train
    from goodfit.training import Examples, Recipe

    data, some = load("digits"), given.all_seeds[: given.trained]
    orders = [np.random.default_rng([seed, ROWS]).permutation(len(data))[:ROWS] for seed in some]
    sets = [
        Dataset("digits", data.x[at], data.y[at], "classification", data.classes, scaling="standard") for at in orders
    ]
    examples = Examples.stacked(sets, {"train": np.arange(ROWS, dtype=np.int32)})
    rates = sorted(given.rates)
    losses: dict[tuple[str, str], Numbers] = {}
    for activation in TRAINED:
        tell(f"{len(INITS) * len(rates) * len(some)} nets of {given.layers} layers with {activation}")
        base = Recipe(**TRAINING, hidden=(given.width,) * given.layers, epochs=given.epochs).replace(
            activation=activation
        )
        recipes = [base.replace(**fields, learning_rate=rate) for fields in INITS.values() for rate in rates]
        curves = train(recipes, examples, some, score_every=given.epochs)["train_loss"]
        curves = np.where(np.isfinite(curves), curves, np.inf).reshape(len(INITS), len(rates), len(some), -1)
        losses |= {(activation, init): each for init, each in zip(INITS, curves, strict=True)}
    return losses


def _growth(found: dict[tuple[str, str], Any]) -> Columns:
    table: dict[str, list[Any]] = {column.name: [] for column in GROWTH}
    for (activation, init), (each, expected) in found.items():
        row: list[Any] = [FLOWS[activation], init]
        for way, turn in enumerate((1, -1)):
            factor = ratio_of(growth(each[way][:, ::turn]))
            row += [factor.value, factor.low, factor.high, float(growth(expected[way][::turn]))]
        for column, value in zip(table, row, strict=True):
            table[column].append(value)
    return table


def _layers(found: dict[tuple[str, str], Any]) -> Columns:
    table: dict[str, list[Any]] = {column.name: [] for column in LAYERS}
    for (activation, init), (each, expected) in found.items():
        bands = [np.quantile(each[way], (0.025, 0.5, 0.975), axis=0) for way in range(2)]
        for layer in range(each.shape[-1]):
            values = [[*bands[way][:, layer].tolist(), float(expected[way][layer])] for way in range(2)]
            for column, value in zip(table, (activation, init, layer + 1, *values[0], *values[1]), strict=True):
                table[column].append(value)
    return table


def _training(given: Given, losses: dict[tuple[str, str], Numbers]) -> Columns:
    table: dict[str, list[Any]] = {column.name: [] for column in LEARNED}
    for (activation, init), each in losses.items():
        for rate, last in zip(sorted(given.rates), each[..., -1], strict=True):
            found, learned = mean_of(last), float((last < LEARNS).mean())
            row = (FLOWS[activation], init, rate, found.value, found.low, found.high, learned)
            for column, value in zip(table, row, strict=True):
                table[column].append(value)
    return table


def _losses(losses: dict[tuple[str, str], Numbers], best: dict[tuple[str, str], int]) -> Columns:
    table: dict[str, list[Any]] = {name: [] for name in ("activation", "init", "epoch", "low", "median", "high")}
    for (activation, init), each in losses.items():
        bands = np.quantile(each[best[activation, init]], (0.025, 0.5, 0.975), axis=0, method="nearest")
        for epoch, values in enumerate(bands.T, start=1):
            for column, value in zip(table, (activation, init, epoch, *values.tolist()), strict=True):
                table[column].append(value)
    return table


def _claims(
    given: Given, found: dict[tuple[str, str], Any], slim: Numbers, last: dict[tuple[str, str], Numbers]
) -> dict[str, Any]:
    from goodfit.training import Recipe
    from goodfit.training.initialise import initial_layers

    linear = [found["identity", init] for init in INITS]
    first = [each[0][:, 0] / expected[0][0] for each, expected in linear]  # of one layer whose inputs have variance 1
    uniform = Recipe(hidden=(), init="xavier-uniform")
    weights = [initial_layers(uniform.replace(seed=seed), WIDE, SLIM)[0][0] for seed in given.all_seeds]
    variance, half_width = 2 / (WIDE + SLIM), np.sqrt(6 / (WIDE + SLIM))
    fading = {init: found["tanh", init][0][1][:, 0] for init in ("default", "xavier-normal")}
    return {
        "derivation": mean_of(np.mean(first, axis=0)),
        "xavier-keeps": ratio_of(growth(found["identity", "xavier-normal"][0][0])),
        "xavier-unequal": mean_of(slim),
        "uniform-variance": mean_of([float((w.astype(float) ** 2).mean()) / variance for w in weights]),
        "uniform-bound": exactly(max(float(np.abs(w).max() / half_width) for w in weights)),
        "eases": ratio_of(fading["xavier-normal"], np.maximum(fading["default"], 1e-300)),
        "xavier-trains": mean_of(last["tanh", "xavier-normal"]),
        "default-trains": mean_of(np.minimum(last["tanh", "default"], last["relu", "default"])),
        "relu-half": ratio_of(growth(found["relu", "xavier-normal"][0][0])),
        "he-keeps": ratio_of(growth(found["relu", "he-normal"][0][0])),
        "xavier-relu": mean_of(last["relu", "xavier-normal"]),
        "he-trains": mean_of(last["relu", "he-normal"]),
    }


_LOW, _HIGH = ("95 % low", "95 % 下限"), ("95 % high", "95 % 上限")
_ACTIVATION, _INIT = ("activation", "activation", "激活函数"), ("init", "initialiser", "初始化")
GROWTH = heads(
    _ACTIVATION, _INIT,
    ("forward", "factor of the signal a layer", "信号每层的倍数"), ("forward_low", *_LOW), ("forward_high", *_HIGH),
    ("forward_predicted", "predicted", "预测"),
    ("backward", "factor of the gradient a layer, backward", "梯度反向每层的倍数"),
    ("backward_low", *_LOW), ("backward_high", *_HIGH),
    ("backward_predicted", "predicted", "预测"),
)  # fmt: skip
LAYERS = heads(
    _ACTIVATION, _INIT, ("layer", "layer", "层"),
    ("forward_low", "mean square of z, 2.5 %", "z 的均方，2.5 %"), ("forward_median", "median", "中位数"),
    ("forward_high", "97.5 %", "97.5 %"), ("forward_predicted", "predicted", "预测"),
    ("backward_low", "mean square of gradients, 2.5 %", "梯度的均方，2.5 %"), ("backward_median", "median", "中位数"),
    ("backward_high", "97.5 %", "97.5 %"), ("backward_predicted", "predicted", "预测"),
)  # fmt: skip
LEARNED = heads(
    _ACTIVATION, _INIT, ("rate", "learning rate", "学习率"), ("loss", "last training loss, mean", "最后训练损失的均值"),
    ("low", *_LOW), ("high", *_HIGH), ("learned", "share of seeds that learned", "学起来的种子比例"),
)  # fmt: skip

STUDY = Study(
    name="initialization",
    section="4.8",
    title=Words("Initialising weights", "参数初始化"),
    question=Words(
        "What do initialisers do to signals and gradients of deep nets, and which nets train at all?",
        "各种初始化对深层网络的信号和梯度有什么影响？哪些网络根本训练不起来？",
    ),
    about=(
        Words(
            "Untrained nets of 50 layers of 64 units see 64 rows from N(0, 1); the gradient of the outputs is drawn "
            "from N(0, 1) as well. Measured in float64 for every seed, beside the derivation: a layer multiplies the "
            "signal's mean square by n_in σ² E f(z)² / E z² and the gradient's by n_out σ² E f′(z)². With no "
            "activation and n_in = n_out Xavier's σ² = 2 / (n_in + n_out) makes both 1; ReLU halves them, which He's "
            "σ² = 2 / n_in makes good.",
            "未训练的 50 层、每层 64 个单元的网络输入 64 个取自 N(0, 1) 的样本，输出的梯度也取自 N(0, 1)。每个种子都"
            "用 float64 实测，并与推导对照：一层使信号的均方乘以 n_in σ² E f(z)² / E z²，使梯度的均方乘以 n_out σ² E "
            "f′(z)²。没有激活函数且 n_in = n_out 时，Xavier 的 σ² = 2 / (n_in + n_out) 使两者都为 1；ReLU 使它们减"
            "半，He 的 σ² = 2 / n_in 正好补上。",
        ),
        Words(
            "Then such nets learn the digits from 1,000 rows by SGD in batches of 25, every seed with its own rows, "
            "weights and orders. Each initialiser is judged at its own best of the rates given.",
            "然后这样的网络用 1000 个样本学习手写数字（SGD，批量 25），每个种子有各自的样本、权重和顺序。每种初始化取"
            "各自最好的学习率来评判。",
        ),
    ),
    parameters=(
        *seeds(20, high=200),
        Parameter("trained", Words("Seeds of them that train.", "其中用于训练的种子数。"), 6, "whole", 2, 20),
        Parameter("layers", Words("Hidden layers.", "隐藏层数。"), 50, "whole", 2, 100),
        Parameter("width", Words("Units of a layer.", "每层的单元数。"), 64, "whole", 4, 256),
        Parameter("rates", Words("Learning rates of SGD.", "SGD 的学习率。"), (0.01,), low=1e-5, high=1, many=True),
        Parameter("epochs", Words("Epochs of every training.", "每次训练的轮次数。"), 12, "whole", 1, 200),
    ),
    tables=(
        TableOf(
            "growth", Words("What a layer does to signals and gradients", "一层对信号和梯度的影响"), GROWTH, left=2
        ),
        TableOf("training", Words("Learning the digits", "学习手写数字"), LEARNED, left=2),
        TableOf("layers", Words("Signals and gradients by layer", "各层的信号与梯度"), LAYERS, shown=False, left=2),
        TableOf(
            "losses",
            Words("Training loss by epoch, at the best rate", "最好的学习率下各轮次的训练损失"),
            heads(
                _ACTIVATION,
                _INIT,
                ("epoch", "epoch", "轮次"),
                ("low", "2.5 %", "2.5 %"),
                ("median", "median", "中位数"),
                ("high", "97.5 %", "97.5 %"),
            ),
            shown=False,
            left=2,
        ),
    ),
    figures=(
        Drawing(
            "signals",
            "layers",
            Words("Signals by layer, untrained", "未训练时各层的信号"),
            Words(
                "Dotted: predicted. On the logarithmic axis a constant factor a layer is a straight line; the axis "
                "is cut at 1e-40.",
                "点线为预测值。在对数坐标上，每层固定的倍数是一条直线；坐标轴在 1e-40 处截断。",
            ),
            draw_forward,
        ),
        Drawing(
            "gradients",
            "layers",
            Words("Gradients by layer, untrained", "未训练时各层的梯度"),
            Words("Gradients run from right to left. Dotted: predicted.", "梯度自右向左传播。点线为预测值。"),
            draw_backward,
        ),
        Drawing(
            "losses",
            "losses",
            Words("Training loss of deep nets", "深层网络的训练损失"),
            Words(
                "Each initialiser at its best learning rate. Nets on the dotted line have learned nothing.",
                "每种初始化取各自最好的学习率。停在点线上的网络什么也没学到。",
            ),
            draw_losses,
        ),
    ),
    claims=(
        Claim(
            "derivation",
            Words("The variance of outputs is n_in σ² γ².", "输出的方差为 n_in σ² γ²。"),
            Words(
                "variance of a layer's outputs, measured / predicted, mean of all initialisers",
                "层输出的方差，实测 / 预测（各初始化的平均）",
            ),
            low=0.95,
            high=1.05,
        ),
        Claim(
            "xavier-keeps",
            Words(
                "Xavier's weights make the variances of inputs and outputs equal: Var[o] = Var[x].",
                "Xavier 初始化使每层输入和输出的方差相等：Var[o] = Var[x]。",
            ),
            Words(
                "factor of the variance a layer, n_in = n_out, no activation",
                "每层方差的倍数（n_in = n_out，无激活函数）",
            ),
            low=0.95,
            high=1.05,
        ),
        Claim(
            "xavier-unequal",
            Words(
                "σ² = 2 / (n_in + n_out) keeps the variance steady, whatever the layer's sides.",
                "只要 σ² = 2 / (n_in + n_out)，方差就保持稳定。",
            ),
            Words(
                f"Var[o] / Var[x] of a layer of {WIDE} inputs and {SLIM} outputs",
                f"{WIDE} 个输入、{SLIM} 个输出的层的 Var[o] / Var[x]",
            ),
            low=0.9,
            high=1.1,
            remark=Words(
                "Only where n_in = n_out. Forward the condition is n_in σ² = 1, backward n_out σ² = 1; both hold "
                "together only then, and Xavier's is the compromise: here 2 n_in / (n_in + n_out) = 1.6.",
                "仅当 n_in = n_out 时成立。前向的条件是 n_in σ² = 1，反向的条件是 n_out σ² = 1，两者只有此时才能同时"
                "满足；Xavier 是折中：此处为 2 n_in / (n_in + n_out) = 1.6。",
            ),
        ),
        Claim(
            "uniform-variance",
            Words(
                "Weights may be normal or uniform: U(−a, a), a = √(6 / (n_in + n_out)), has the same variance.",
                "权重可取正态或均匀分布：U(−a, a)，a = √(6 / (n_in + n_out))，方差相同。",
            ),
            Words("variance of uniform weights / (2 / (n_in + n_out))", "均匀分布权重的方差 / (2 / (n_in + n_out))"),
            low=0.98,
            high=1.02,
        ),
        Claim(
            "uniform-bound",
            Words("No such weight lies beyond a.", "均匀分布的权重都不超出 a。"),
            Words("largest |w| / a", "最大的 |w| / a"),
            high=1,
            of_notes=False,
        ),
        Claim(
            "eases",
            Words("Initialising well eases vanishing gradients.", "参数初始化是减轻梯度消失的方法之一。"),
            Words(
                "mean square of the first layer's gradient, Xavier / default, tanh",
                "第一层梯度的均方，Xavier / 默认（tanh）",
            ),
            low=100,
        ),
        Claim(
            "xavier-trains",
            Words("With Xavier's weights deep tanh nets train.", "使用 Xavier 初始化，深层 tanh 网络可以训练。"),
            Words("last training loss in nats (guessing: 2.30)", "最后的训练损失，单位奈特（随机猜测：2.30）"),
            high=LEARNS,
            of_notes=False,
        ),
        Claim(
            "default-trains",
            Words(
                "Where no initialiser is named, the framework's default will do.",
                "不指定初始化方法，使用框架默认的随机初始化即可。",
            ),
            Words(
                "last training loss with the default, the better of tanh and ReLU",
                "默认初始化的最后训练损失（tanh 与 ReLU 中较好者）",
            ),
            high=LEARNS,
            of_notes=False,
            remark=Words(
                "The notes say that the default is used, not that it suffices. Torch's has n_in σ² = 1/3: enough for "
                "a few layers, and nothing is left after 50.",
                "笔记只说会使用默认方法，并未说它足够。torch 的默认值使 n_in σ² = 1/3：几层尚可，50 层后信号所剩无几。",
            ),
        ),
        Claim(
            "relu-half",
            Words(
                "ReLU halves the mean square: under Xavier signals of ReLU nets die out.",
                "ReLU 使均方减半：用 Xavier 时 ReLU 网络的信号逐层衰减。",
            ),
            Words("factor of the signal a layer, Xavier, ReLU", "信号每层的倍数（Xavier，ReLU）"),
            low=0.45,
            high=0.55,
            of_notes=False,
        ),
        Claim(
            "he-keeps",
            Words("He's weights keep the signals of ReLU nets.", "He 初始化能保持 ReLU 网络的信号。"),
            Words("factor of the signal a layer, He, ReLU", "信号每层的倍数（He，ReLU）"),
            low=0.9,
            high=1.1,
            of_notes=False,
        ),
        Claim(
            "xavier-relu",
            Words("Xavier's weights do for deep ReLU nets too.", "Xavier 初始化对深层 ReLU 网络同样有效。"),
            Words("last training loss in nats, Xavier, ReLU", "最后的训练损失，单位奈特（Xavier，ReLU）"),
            high=LEARNS,
            of_notes=False,
        ),
        Claim(
            "he-trains",
            Words("With He's weights deep ReLU nets train.", "使用 He 初始化，深层 ReLU 网络可以训练。"),
            Words("last training loss in nats, He, ReLU", "最后的训练损失，单位奈特（He，ReLU）"),
            high=LEARNS,
            of_notes=False,
        ),
    ),
    measure=measure,
    small={"seeds": 6, "trained": 3, "layers": 20, "width": 32, "epochs": 5, "rates": (0.03,)},
)
