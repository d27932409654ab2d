"""Section 4.4: 200 inputs and 20 rows, with and without a penalty; L1 beside L2."""

from __future__ import annotations

from goodfit.studies.declaring import Claim, Drawing, Printed, Study, TableOf
from goodfit.studies.parameters import Parameter, seeds
from goodfit.studies.tabulating import band_columns, heads
from goodfit.studies.words import Words
from goodfit.studies.workings.decaying import NORMS, measure
from goodfit.studies.workings.decaying_figures import NET_NAMES, draw_curves, draw_path, draw_weights

_LOSS_HEADS = band_columns(("train", "training loss", "训练损失"), ("test", "test loss", "测试损失"))
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
