"""Section 4.4: 200 inputs and 20 rows, with and without a penalty; L1 beside L2."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from goodfit.studies.declaring import Claim, Columns, Drawing, Measured, Printed, Study, TableOf, Tell
from goodfit.studies.estimates import Estimate, exactly, mean_of, ratio_of, unmeasured
from goodfit.studies.parameters import Given, Parameter, seeds
from goodfit.studies.tabulating import heads, table_of
from goodfit.studies.words import Words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from goodfit.data import Dataset
    from goodfit.studies.populations import Trained
    from goodfit.training import Recipe
    from goodfit.training.population import NetArrays

Numbers = NDArray[np.float64]

ROWS, TESTED, BATCH, EPOCHS = 20, 100, 5, 100  # the notes'
STEPS = EPOCHS * ROWS // BATCH
NORMS = {
    "loss-0": 12.963241577148438,
    "loss": 0.3556520938873291,
    "step-0": 13.727912902832031,
    "step": 0.3890590965747833,
}
PATH_SEEDS = 50  # at most, of the paths over strengths
L2_PATH = (0.0, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
L1_PATH = (0.001, 0.003, 0.01, 0.03, 0.06, 0.1)
RELEVANT, SPARSE_ROWS = 8, 60  # inputs that count, and rows, of the data that L1 selects from
SPARSE = {"L1": (0.01, 0.03, 0.1, 0.2, 0.3, 0.5), "L2": (0.001, 0.01, 0.1, 1.0, 10.0)}
SCORED = 5  # epochs from one scoring of the test rows to the next, as in the notes
SHOWN_QUANTILES = (0.025, 0.5, 0.975)


def measure(given: Given, tell: Tell) -> Measured:
    """Both versions of the notes, with and without the penalty; the paths over its strength; L1's selection."""
    from goodfit.data import load
    from goodfit.studies.populations import train
    from goodfit.training import Examples

    parts = {"train": np.arange(ROWS), "test": np.arange(ROWS, ROWS + TESTED)}
    sets = [load("linear", seed=seed, n_train=ROWS, n_test=TESTED, n_inputs=given.inputs) for seed in given.all_seeds]
    nets = _versions(given)
    tell(f"{len(nets) * given.seeds} nets: both versions, with and without the penalty")
    drawn = [name.startswith("step") for name in nets]

    def initial(place: int, recipe: Recipe) -> NetArrays | None:
        return _with_drawn_bias(recipe, given.inputs) if drawn[place] else None

    found = train([*nets.values()], Examples.stacked(sets, parts), given.all_seeds, score_every=SCORED, initial=initial)
    few = given.all_seeds[:PATH_SEEDS]
    tell(f"paths over the strength of the penalty, {len(few)} seeds")
    path = _path(given, Examples.stacked(sets[: len(few)], parts), few)
    tell(f"selection of inputs by L1, {len(few)} seeds")
    chosen = _selection([_sparse(seed, given.inputs) for seed in few], few)
    norms = {name: np.linalg.norm(found.weights(at)[:, 0], axis=1) for at, name in enumerate(nets)}
    return Measured(
        tables={"versions": _table(nets, found, norms), "curves": _curves(nets, found), "path": path, **chosen[0]},
        claims=_claims(given, nets, found, norms, _constant(sets, parts)) | _claims_of_paths(chosen[1]),
        printed={name: mean_of(norms[name]) for name in NORMS},
    )


def _base(learning_rate: float, **changes: Any) -> Recipe:
    from goodfit.training import Recipe

    fields: dict[str, Any] = {"init": "normal", "init_scale": 1.0, "batch_size": BATCH, "epochs": EPOCHS, **changes}
    return Recipe(hidden=(), optimizer="sgd", learning_rate=learning_rate, schedule="constant", valid=0, **fields)


def _versions(given: Given) -> dict[str, Recipe]:
    """The notes' four trainings in goodfit's terms, and one whose bias is penalised too.

    The version in the optimiser has the whole square as its loss: its gradient is 2g + λw, where goodfit's is g + l2 w.
    So its rate is doubled and its λ halved.
    """
    base, twice = _base(given.learning_rate), _base(2 * given.learning_rate)
    return {
        "loss-0": base,
        "loss": base.replace(l2=given.l2),
        "step-0": twice,
        "step": twice.replace(l2=given.l2 / 2),
        "bias": base.replace(l2=given.l2, penalize_biases=True),
    }


def _with_drawn_bias(recipe: Recipe, inputs: int) -> NetArrays:
    """The recipe's weights, and a bias from N(0, 1), as the notes' version in the optimiser draws it."""
    from goodfit.data.streams import generator
    from goodfit.training.initialise import initial_layers
    from goodfit.training.population import NetArrays

    ((weights, _),) = initial_layers(recipe, inputs, 1)
    return NetArrays((weights,), (generator(recipe.seed, "weight-decay/bias").normal(size=1),), (None,))


def _constant(sets: Sequence[Dataset], parts: Mapping[str, NDArray[np.int64]]) -> Numbers:
    """The test loss of always saying the training rows' mean, [S]."""
    off = [each.y[parts["test"], 0] - each.y[parts["train"], 0].mean(dtype=float) for each in sets]
    return np.array([float((each**2).mean() / 2) for each in off])


def _path(given: Given, examples: Any, seeds_: Sequence[int]) -> Columns:
    """Losses, norm and zeros along both penalties: from the notes' initial weights, and from small ones."""
    from goodfit.studies.populations import train

    kinds = [
        ("L2, weights start as N(0, 1)", 1.0, "l2", L2_PATH),
        ("L2", 0.01, "l2", L2_PATH),
        ("L1", 0.01, "l1", L1_PATH),
    ]
    rows: list[dict[str, Any]] = []
    for kind, scale, field, strengths in kinds:
        recipes = [_base(given.learning_rate, init_scale=scale, **{field: each}) for each in strengths]
        found = train(recipes, examples, seeds_, score_every=EPOCHS)
        for at, strength in enumerate(strengths):
            weights = found.weights(at)[:, 0]
            rows.append({"penalty": kind, "strength": strength, **_losses(found, at)})
            rows[-1] |= {
                "norm": float(np.median(np.linalg.norm(weights, axis=1))),
                "zeros": float((weights == 0).mean()),
            }
    return table_of(rows)


def _losses(found: Trained, at: int) -> dict[str, float]:
    """Quantiles of the last losses of one net over seeds."""
    return {
        f"{part}_{name}": float(np.quantile(found.last(f"{part}_loss")[at], level))
        for part in ("train", "test")
        for name, level in zip(("low", "median", "high"), SHOWN_QUANTILES, strict=True)
    }


def _sparse(seed: int, inputs: int) -> Dataset:
    """y = the sum of the first RELEVANT inputs + N(0, 0.1²): the others are there to be left out."""
    from goodfit.data import Dataset
    from goodfit.data.streams import generator

    rng = generator(seed, "weight-decay/sparse")
    x = rng.normal(size=(SPARSE_ROWS + TESTED, inputs))
    y = x[:, :RELEVANT].sum(axis=1) + 0.1 * rng.normal(size=len(x))
    return Dataset(name="sparse", x=x, y=y, task="regression", scaling="none")


def _selection(sets: Sequence[Dataset], seeds_: Sequence[int]) -> tuple[dict[str, Columns], dict[str, Any]]:
    """The tables of the selection, and of each penalty at its best strength: zeros, test losses, what was selected."""
    from goodfit.studies.populations import train
    from goodfit.training import Examples

    parts = {"train": np.arange(SPARSE_ROWS), "test": np.arange(SPARSE_ROWS, SPARSE_ROWS + TESTED)}
    examples = Examples.stacked(sets, parts)
    rows, best = [], {}
    weights: dict[str, Numbers] = {}
    for kind, strengths in SPARSE.items():
        steps: dict[str, Any] = {"init_scale": 0.01, "batch_size": SPARSE_ROWS, "epochs": 400}
        recipes = [_base(0.05, **steps, **{kind.lower(): each}) for each in strengths]
        found = train(recipes, examples, seeds_, score_every=400)
        for at, strength in enumerate(strengths):
            chosen = found.weights(at)[:, 0] != 0
            share = {
                "zeros": float((~chosen).mean()),
                "found": float(chosen[:, :RELEVANT].mean()),
                "right": float(chosen[:, :RELEVANT].sum() / max(int(chosen.sum()), 1)),
            }
            rows.append({"penalty": kind, "strength": strength, **share, **_losses(found, at)})
        losses = found.last("test_loss")
        at = int(np.exp(np.log(losses).mean(axis=1)).argmin())
        best[kind] = {"weights": found.weights(at)[:, 0], "test": losses[at]}
        weights[kind] = best[kind]["weights"][0]
    drawn = {"input": [*range(1, len(weights["L1"]) + 1)], "l1": weights["L1"].tolist(), "l2": weights["L2"].tolist()}
    return {"selection": table_of(rows), "weights": drawn}, best


def _table(nets: Mapping[str, Recipe], found: Trained, norms: Mapping[str, Numbers]) -> Columns:
    rows = []
    for at, name in enumerate(nets):
        low, median, high = np.quantile(norms[name], SHOWN_QUANTILES)
        norm = {"norm_median": float(median), "norm_low": float(low), "norm_high": float(high)}
        bias = float(np.median([abs(net.biases[0][0]) for net in found.nets[at]]))
        losses = {key: value for key, value in _losses(found, at).items() if key.endswith("median")}
        rows.append({"net": name, **norm, **losses, "bias": bias})
    return table_of(rows)


def _curves(nets: Mapping[str, Recipe], found: Trained) -> Columns:
    """Losses by epoch, of the epochs in which the test rows were scored."""
    epochs = np.arange(SCORED - 1, EPOCHS, SCORED)
    columns: dict[str, list[Any]] = {"net": [], "epoch": []}
    for at, name in enumerate(nets):
        columns["net"] += [name] * len(epochs)
        columns["epoch"] += (epochs + 1).tolist()
        for part in ("train", "test"):
            band = np.quantile(found[f"{part}_loss"][at][:, epochs], SHOWN_QUANTILES, axis=0)
            for what, values in zip(("low", "median", "high"), band, strict=True):
                columns.setdefault(f"{part}_{what}", []).extend(values.tolist())
    return columns


def _claims(
    given: Given, nets: Mapping[str, Recipe], found: Trained, norms: Mapping[str, Numbers], constant: Numbers
) -> dict[str, Estimate]:
    place = {name: at for at, name in enumerate(nets)}
    train, test = ({name: found.last(f"{part}_loss")[at] for name, at in place.items()} for part in ("train", "test"))
    start = np.array([_first_loss(found[f"{part}_loss"][place["loss-0"]]) for part in ("train", "test")])
    left = math.sqrt(max(given.inputs - ROWS, 1)) * abs(1 - given.learning_rate * given.l2) ** STEPS
    off = unmeasured(Words("With λ = 0 there is no penalty to speak of.", "λ = 0 时没有惩罚可言。"))
    with_penalty: dict[str, Estimate] = {
        "norm-falls": ratio_of(norms["loss"], norms["loss-0"]),
        "test-falls": ratio_of(test["loss"], test["loss-0"]),
        "versions-differ": ratio_of(train["loss"], train["step"]),
        "norm-is-initial": ratio_of(norms["loss"], left) if left > 1e-30 else off,
        "beats-constant": ratio_of(test["loss"], constant),
        "bias": ratio_of(test["bias"], test["loss"]),
    }
    if given.l2 == 0:
        with_penalty = dict.fromkeys(with_penalty, off)
    return {
        "train-falls": ratio_of(train["loss-0"], start[0]),
        "test-stays": ratio_of(test["loss-0"], start[1]),
        **with_penalty,
    }


def _first_loss(losses: Numbers) -> Numbers:
    """The loss at the first epoch that was scored, [S]."""
    return losses[:, int(np.flatnonzero(np.isfinite(losses).all(0))[0])]


def _claims_of_paths(best: Mapping[str, Any]) -> dict[str, Estimate]:
    chosen = best["L1"]["weights"] != 0
    right = chosen[:, :RELEVANT].sum(1) / np.maximum(chosen.sum(1), 1)
    return {
        "l1-zeros": mean_of((~chosen).mean(1)),
        "l2-zeros": exactly(float((best["L2"]["weights"] == 0).mean())),
        "l1-selects": mean_of(right),
        "l1-better": ratio_of(best["L1"]["test"], best["L2"]["test"]),
    }


def draw_curves(measured: Measured, width: float) -> Figure:
    """Training and test loss by epoch, a panel a version and λ."""
    from goodfit.figures.panels import legend_below, line, panels
    from goodfit.figures.style import NARROW, house_style

    table = {name: np.asarray(values) for name, values in measured.tables["curves"].items()}
    with house_style():
        figure, axes = panels(len(NORMS), width, height=2.7, columns=2, share=True)
        handles = {}
        for panel, name in zip(axes, NORMS, strict=True):
            here = table["net"] == name
            for place, part in enumerate(("train", "test")):
                band = [table[f"{part}_{what}"][here] for what in ("median", "low", "high")]
                words = "training rows" if part == "train" else "test rows"
                handles[words] = line(panel, table["epoch"][here], *band, place=place)
            panel.set_title(NET_NAMES[name].en)
            panel.set_yscale("log")
            panel.set_xlabel("epoch")
            panel.set_ylabel("loss (half square)")
        title = "line: median over seeds; band: the middle 95 % of seeds"
        legend_below(figure, handles, title=title, narrow=width < NARROW)
    return figure


def draw_path(measured: Measured, width: float) -> Figure:
    """Test loss and norm of the weights along the strength of each penalty."""
    from goodfit.figures.panels import legend_below, line, panels
    from goodfit.figures.style import NARROW, house_style

    table = {name: np.asarray(values) for name, values in measured.tables["path"].items()}
    kinds = list(dict.fromkeys(measured.tables["path"]["penalty"]))
    with house_style():
        figure, (loss, norm) = panels(2, width, height=3.6)
        handles = {}
        for place, kind in enumerate(kinds):
            here = table["penalty"] == kind
            strength = table["strength"][here].astype(float)
            name = f"{kind}, weights start near 0" if kind in SPARSE else kind
            band = [table[f"test_{what}"][here] for what in ("median", "low", "high")]
            handles[name] = line(loss, strength, *band, place=place)
            line(norm, strength, table["norm"][here], place=place)
        for panel, what in ((loss, "test loss (half square)"), (norm, "norm of the weights")):
            panel.set_xscale("symlog", linthresh=L1_PATH[0])
            panel.set_yscale("log")
            panel.set_xlabel("strength of the penalty, λ")
            panel.set_ylabel(what)
        title = "line: median over seeds; band: the middle 95 % of seeds"
        legend_below(figure, handles, title=title, narrow=width < NARROW)
    return figure


def draw_weights(measured: Measured, width: float) -> Figure:
    """The weights of one net under each penalty, input by input."""
    from goodfit.figures.panels import panels
    from goodfit.figures.style import COLOURS, FAINT, house_style

    table = measured.tables["weights"]
    with house_style():
        figure, axes = panels(2, width, height=2.9, share=True)
        for panel, name in zip(axes, SPARSE, strict=True):
            weights = np.asarray(table[name.lower()])
            there = weights != 0
            panel.vlines(np.flatnonzero(there) + 1, 0, weights[there], color=COLOURS[0], linewidth=1.4)
            panel.axhline(0, color=FAINT, linewidth=0.8)
            panel.axvspan(0.5, RELEVANT + 0.5, color=COLOURS[1], alpha=0.25, linewidth=0)
            panel.set_title(f"{name}: {int((~there).sum())} of {len(weights)} weights are 0")
            panel.set_xlim(0.5, len(weights) + 0.5)
            panel.set_xlabel("input")
            panel.set_ylabel("weight")
    return figure


NET_NAMES = {
    "loss-0": Words("penalty in the loss, λ = 0", "惩罚写进损失，λ = 0"),
    "loss": Words("penalty in the loss, with λ", "惩罚写进损失，有 λ"),
    "step-0": Words("decay in the optimiser, λ = 0", "由优化器衰减，λ = 0"),
    "step": Words("decay in the optimiser, with λ", "由优化器衰减，有 λ"),
}


_LOSS_HEADS = heads(
    ("train_low", "training loss, 2.5 %", "训练损失，2.5 %"),
    ("train_median", "training loss, median", "训练损失，中位数"),
    ("train_high", "training loss, 97.5 %", "训练损失，97.5 %"),
    ("test_low", "test loss, 2.5 %", "测试损失，2.5 %"),
    ("test_median", "test loss, median", "测试损失，中位数"),
    ("test_high", "test loss, 97.5 %", "测试损失，97.5 %"),
)
_PENALTY = heads(("penalty", "penalty", "惩罚"), ("strength", "strength λ", "强度 λ"))

STUDY = Study(
    name="weight-decay",
    section="4.4",
    title=Words("Weight decay", "权重衰减"),
    question=Words(
        "What does a penalty on the weights do when there are ten times as many inputs as rows?",
        "输入个数是样本数的十倍时，对权重施加惩罚有什么作用？",
    ),
    about=(
        Words(
            "The target is 0.05 + the sum of 0.01 x over all inputs + N(0, 0.01²). With 200 inputs and 20 training "
            "rows a linear net can learn them by heart. It is trained as in the notes: weights from N(0, 1), SGD at "
            "0.003, batches of 5, 100 epochs. Every seed draws its own data, weights and order of rows; all nets of "
            "all seeds are one population.",
            "目标是 0.05 + Σ 0.01x + N(0, 0.01²)。200 个输入、20 个训练样本，线性网络可以把它们全部背下来。训练方式与"
            "笔记相同：权重取自 N(0, 1)，SGD 学习率 0.003，批量 5，100 个轮次。每个种子各自生成数据、权重和样本顺序；"
            "所有种子的所有网络作为一个种群一起训练。",
        ),
        Words(
            "The two versions of the notes differ by more than where the penalty stands. From scratch, the loss is "
            "half the square and the penalty λ/2 ∑w², so that the gradient is g + λw. In the optimiser, the loss is "
            "the whole square and the step adds λw: 2g + λw. So the second has twice the rate and half the penalty "
            "of the first: λ = 3 in the optimiser is λ = 1.5 in the loss at a rate of 0.006. It draws its bias from "
            "N(0, 1), too. All losses here are half squares.",
            "笔记中的两种写法不只是惩罚所在的位置不同。从零实现时，损失是平方的一半，惩罚为 λ/2 ∑w²，梯度是 g + λw；"
            "由优化器衰减时，损失是整个平方，更新中加上 λw，即 2g + λw。因此后者相当于前者学习率加倍、惩罚减半：优化"
            "器中的 λ = 3 等于损失中的 λ = 1.5 且学习率 0.006。它的偏置也取自 N(0, 1)。这里的损失一律为平方的一半。",
        ),
        Words(
            "L1 and L2 are compared on data where only 8 of the inputs count (weight 1 each, 60 rows), at the "
            "strength of each that predicts best in hindsight.",
            "L1 与 L2 的比较使用另一种数据：只有 8 个输入起作用（权重均为 1，60 个样本），两者各取事后看来预测最好的"
            "强度。",
        ),
    ),
    parameters=(
        Parameter("l2", Words("λ of both versions.", "两种写法的 λ。"), 3.0, low=0, high=100, flag="lambda"),
        *seeds(100),
        Parameter(
            "inputs",
            Words("Inputs; there are 20 training rows.", "输入个数；训练样本为 20 个。"),
            200,
            "whole",
            10,
            400,
        ),
        Parameter("learning_rate", Words("Learning rate of SGD.", "SGD 的学习率。"), 0.003, low=1e-4, high=0.005),
    ),
    tables=(
        TableOf(
            "versions",
            Words("Both versions after the last epoch, over seeds", "两种写法训练后的结果（各种子）"),
            heads(
                ("net", "net", "网络"),
                ("norm_median", "norm of the weights, median", "权重范数，中位数"),
                ("norm_low", "norm, 2.5 %", "范数，2.5 %"),
                ("norm_high", "norm, 97.5 %", "范数，97.5 %"),
                ("train_median", "training loss, median", "训练损失，中位数"),
                ("test_median", "test loss, median", "测试损失，中位数"),
                ("bias", "|bias|, median", "|偏置|，中位数"),
            ),
        ),
        TableOf(
            "selection",
            Words("What each penalty selects of 8 inputs that count", "两种惩罚对 8 个有用输入的选择"),
            (
                *_PENALTY,
                *heads(
                    ("zeros", "share of weights that are 0", "为零的权重比例"),
                    ("found", "share of the 8 found", "8 个中被选出的比例"),
                    ("right", "share of the selected that count", "选出者中有用的比例"),
                ),
                *_LOSS_HEADS,
            ),
        ),
        TableOf(
            "path",
            Words("Along the strength of the penalty", "随惩罚强度变化"),
            (
                *_PENALTY,
                *_LOSS_HEADS,
                *heads(("norm", "norm, median", "范数，中位数"), ("zeros", "share of zeros", "零的比例")),
            ),
            shown=False,
        ),
        TableOf(
            "curves",
            Words("Losses by epoch", "各轮次的损失"),
            (*heads(("net", "net", "网络"), ("epoch", "epoch", "轮次")), *_LOSS_HEADS),
            shown=False,
        ),
        TableOf(
            "weights",
            Words("The first seed's weights, input by input", "第一个种子的各个权重"),
            heads(
                ("input", "input", "输入"), ("l1", "weight with L1", "L1 的权重"), ("l2", "weight with L2", "L2 的权重")
            ),
            shown=False,
        ),
    ),
    figures=(
        Drawing(
            "curves",
            "curves",
            Words("Loss by epoch, both versions (p9 to p12)", "两种写法各轮次的损失（对应 p9 至 p12）"),
            Words(
                "Without a penalty (left) the training loss falls by orders of magnitude and the test loss stays "
                "where it was. With one (right) both fall. The axis of losses is logarithmic.",
                "没有惩罚时（左），训练损失下降若干个数量级，测试损失却停在原处；有惩罚时（右），两者都下降。损失轴为"
                "对数坐标。",
            ),
            draw_curves,
        ),
        Drawing(
            "path",
            "path",
            Words("Test loss and norm of the weights along λ", "测试损失与权重范数随 λ 的变化"),
            Words(
                "From the notes' initial weights, λ has to be large enough to wipe those weights out within 100 "
                "epochs: this is most of what it does here. From weights near zero the gain is small, and largest "
                "where little is left of them.",
                "从笔记的初始权重出发，λ 必须大到在 100 个轮次内把初始权重抹掉：这正是它在这里的主要作用。从接近零的"
                "权重出发，收益就小得多，而且权重所剩无几时收益最大。",
            ),
            draw_path,
        ),
        Drawing(
            "weights",
            "weights",
            Words("One net's weights under each penalty", "两种惩罚下一个网络的权重"),
            Words(
                "The first 8 inputs, shaded, are the ones that count. L1 sets most others to exactly 0; L2 makes all "
                "of them small.",
                "前 8 个输入（有底色）才起作用。L1 把其余大多数权重置为零，L2 只是让所有权重变小。",
            ),
            draw_weights,
        ),
    ),
    claims=(
        Claim(
            "train-falls",
            Words("Without a penalty the training loss falls.", "不加惩罚时训练误差减小。"),
            Words("training loss, last epoch / first", "训练损失：最后 / 最初"),
            high=0.01,
        ),
        Claim(
            "test-stays",
            Words(
                "Without a penalty the test loss does not fall: severe overfitting.",
                "不加惩罚时测试误差没有减小：严重过拟合。",
            ),
            Words("test loss, epoch 100 / epoch 5", "测试损失：第 100 / 第 5 轮次"),
            low=0.9,
        ),
        Claim(
            "norm-falls",
            Words("L2 makes the weights small.", "L2 正则化让权重变小。"),
            Words("norm of the weights, with λ / without", "权重范数：有 λ / 无 λ"),
            high=0.5,
        ),
        Claim(
            "test-falls",
            Words("Weight decay lowers the test loss.", "权重衰减降低测试误差。"),
            Words("test loss, with λ / without", "测试损失：有 λ / 无 λ"),
            high=0.9,
        ),
        Claim(
            "versions-differ",
            Words("The two versions do the same.", "两种写法效果相同。"),
            Words(
                "training loss, penalty in the loss / in the optimiser, same λ",
                "同样的 λ 下训练损失：写进损失 / 由优化器",
            ),
            low=0.9,
            high=1.1,
            remark=Words(
                "The same λ means different things in them. The norms hardly show it: rate times λ is the same in "
                "both, and the norm is what that product leaves of the initial weights.",
                "同一个 λ 在两种写法里含义不同。范数几乎看不出差别：两者的学习率乘以 λ 相同，而范数正是这一乘积使初始"
                "权重剩下的部分。",
            ),
        ),
        Claim(
            "norm-is-initial",
            Words(
                "The norm that the notes print is what is left of the initial weights.",
                "笔记打印的范数就是初始权重剩下的部分。",
            ),
            Words(
                "norm / (√(inputs − rows) · (1 − rate · λ)^steps)",
                "范数 / (√(输入数 − 样本数) · (1 − 学习率 · λ)^步数)",
            ),
            low=0.9,
            high=1.1,
            of_notes=False,
            remark=Words(
                "20 rows say nothing about 180 directions of the 200; there only the penalty moves the weights, by "
                "the same factor at every step: √180 · (1 − 0.003 · 3)^400 = 0.361. Without a penalty √180 = 13.4 "
                "stays.",
                "20 个样本对 200 个方向中的 180 个没有任何信息，在这些方向上只有惩罚在移动权重，每一步乘以同一因子："
                "√180 · (1 − 0.003 · 3)^400 = 0.361。没有惩罚时则保持 √180 = 13.4。",
            ),
        ),
        Claim(
            "beats-constant",
            Words("With weight decay the net predicts better than the mean.", "有了权重衰减，网络的预测优于均值。"),
            Words(
                "test loss with λ / test loss of the training rows' mean", "有 λ 时的测试损失 / 训练样本均值的测试损失"
            ),
            high=1,
            of_notes=False,
            remark=Words(
                "The fall of the test loss in the notes' figure is real, and ends far above what always saying the "
                "mean gives: the figure has no such line.",
                "笔记图中测试损失的下降是真的，但终点仍远高于总是预测均值所得的损失；图中没有画出这条线。",
            ),
        ),
        Claim(
            "bias",
            Words("The bias must not be decayed.", "偏置参数不应衰减。"),
            Words("test loss, bias penalised too / exempt", "测试损失：偏置也受惩罚 / 豁免"),
            low=1,
            of_notes=False,
            remark=Words(
                "The notes exempt the bias without giving a reason. The usual one, that the targets' mean should "
                "cost nothing, counts little here, where that mean is 0.05: the bias picks up what 20 rows and the "
                "initial weights happen to leave.",
                "笔记豁免偏置，但没有说明理由。通常的理由是目标的均值不应付出代价；这里均值只有 0.05，作用不大，偏置"
                "学到的反而是 20 个样本和初始权重碰巧留下的偏差。",
            ),
        ),
        Claim(
            "l1-zeros",
            Words("L1 makes some weights exactly 0.", "L1 正则化让部分权重变成 0。"),
            Words("share of weights that are exactly 0 with L1", "L1 下恰为 0 的权重比例"),
            low=0.5,
        ),
        Claim(
            "l2-zeros",
            Words("L2 makes weights small, not 0.", "L2 正则化让权重变小，而不是变成 0。"),
            Words("share of weights that are exactly 0 with L2", "L2 下恰为 0 的权重比例"),
            high=0.001,
        ),
        Claim(
            "l1-selects",
            Words("L1 selects features.", "L1 正则化起到特征选择的作用。"),
            Words("share of the selected inputs that count (0.04 by chance)", "选出的输入中有用的比例（随机为 0.04）"),
            low=0.08,
            remark=Words(
                "At the strength that predicts best, L1 keeps all inputs that count, and others beside them.",
                "在预测最好的强度下，L1 保留了所有有用的输入，但也留下了一些别的。",
            ),
        ),
        Claim(
            "l1-better",
            Words("Where few inputs count, L1 predicts better than L2.", "只有少数输入起作用时，L1 的预测优于 L2。"),
            Words("test loss, best L1 / best L2", "测试损失：最好的 L1 / 最好的 L2"),
            high=0.8,
            of_notes=False,
        ),
    ),
    printed=tuple(
        Printed(name, Words(f"norm of the weights: {NET_NAMES[name].en}", f"权重的范数：{NET_NAMES[name].zh}"), value)
        for name, value in NORMS.items()
    ),
    measure=measure,
    small={"seeds": 20},
)
