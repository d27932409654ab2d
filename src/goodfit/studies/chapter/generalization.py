"""Sections 4.3.1 and 4.3.2: training error against generalisation error, and what test and validation rows can say."""

from __future__ import annotations

from goodfit.studies.declaring import Claim, Drawing, Study, TableOf
from goodfit.studies.parameters import Parameter, seeds
from goodfit.studies.tabulating import band_columns, heads
from goodfit.studies.words import Words
from goodfit.studies.workings.generalising import POINTS, draw_causes, draw_looks, draw_rows, measure

_SEEDS = seeds(20, high=200)

STUDY = Study(
    name="generalization",
    section="4.3.1-2",
    title=Words("Training error and generalisation error", "训练误差与泛化误差"),
    question=Words(
        "When do training and generalisation error come close, and what can test rows say about the latter?",
        "训练误差与泛化误差何时接近？测试集又能说明泛化误差的什么？",
    ),
    about=(
        Words(
            "Rows are drawn by a formula, so that there are as many as one likes: ten inputs from N(0, 1), two classes "
            "on the sides of a curved surface, and one label in ten wrong. No model can err on less than a tenth of "
            "fresh rows. The generalisation error is measured on 20,000 rows that nothing else sees.",
            "样本由公式生成，要多少有多少：10 个输入服从 N(0, 1)，两个类别位于一张曲面的两侧，十分之一的标签是错的，"
            "因此任何模型在新样本上的错误率都不会低于十分之一。泛化误差用 20000 个从未用过的样本来测量。",
        ),
        Words(
            "The simple model is softmax regression, the complex one has 64 hidden units with ReLU. Every training "
            "takes 800 steps of Adam at 0.01 with batches of 25. Each seed draws rows, weights and orders of its own; "
            "models are compared seed by seed. Errors are shares of wrong rows.",
            "简单模型是 softmax 回归，复杂模型有 64 个 ReLU 隐藏单元。每次训练都用 Adam 走 800 步，学习率 0.01，批量 "
            "25。每个种子各自生成样本、权重和顺序，模型之间按种子配对比较。误差指分错样本的比例。",
        ),
        Words(
            "For the test sets, nets that differ in nothing but their seed learn from the same 400 rows. Each of 200 "
            "test sets then chooses the net that looks best on it. Intervals are over test sets here. Widened "
            "intervals are those of goodfit's ledger, at the level 1 − 0.05/n after n looks.",
            "测试集部分：仅种子不同的网络用同样的 400 个样本训练，然后 200 个测试集各自挑出看起来最好的网络，这里的区间"
            "针对测试集。“加宽”的区间即 goodfit 账本中的做法：看过 n 次后，置信水平取 1 − 0.05/n。",
        ),
    ),
    parameters=(
        *_SEEDS,
        Parameter(
            "rows",
            Words("Training rows to compare.", "要比较的训练样本数。"),
            (25, 100, 400, 1600),
            "whole",
            10,
            5000,
            many=True,
        ),
        Parameter(
            "few",
            Words("Training rows where units and penalties vary.", "改变单元数和惩罚时的训练样本数。"),
            100,
            "whole",
            20,
            1000,
        ),
        Parameter(
            "widths",
            Words("Hidden units to compare.", "要比较的隐藏单元数。"),
            (1, 2, 4, 8, 16, 64),
            "whole",
            1,
            512,
            many=True,
        ),
        Parameter(
            "l2",
            Words("L2 penalties to compare, with 64 hidden units.", "要比较的 L2 惩罚（64 个隐藏单元）。"),
            (0.0, 0.003, 0.01, 0.03, 0.1, 0.3),
            low=0,
            high=10,
            many=True,
        ),
        Parameter("flips", Words("Share of wrong labels.", "错误标签的比例。"), 0.1, low=0, high=0.4),
        Parameter("tries", Words("Nets tried on a test set.", "在一个测试集上试过的网络数。"), 100, "whole", 2, 400),
        Parameter("test_rows", Words("Rows of a test set.", "测试集的样本数。"), 1000, "whole", 20, 2000),
    ),
    tables=(
        TableOf(
            "errors",
            Words("Errors by rows, units and penalty, over seeds", "不同样本数、单元数和惩罚下的误差（各种子）"),
            (
                *heads(
                    ("varied", "varied", "改变的量"),
                    ("rows", "rows", "样本数"),
                    ("width", "hidden units", "隐藏单元数"),
                    ("l2", "L2", "L2"),
                    ("parameters", "parameters", "参数个数"),
                ),
                *band_columns(("train", "training error", "训练误差"), ("fresh", "generalisation error", "泛化误差")),
                *heads(("norm", "norm of weights", "权重范数")),
            ),
        ),
        TableOf(
            "test_sets",
            Words("One net on many test sets", "同一网络在多个测试集上"),
            (
                *heads(("rows", "test rows", "测试样本数"), ("sets", "test sets", "测试集个数")),
                *band_columns(("off", "test − true error", "测试误差 − 真实误差")),
                *heads(
                    ("deviation", "root mean square", "均方根"),
                    ("binomial", "√(p(1 − p)/rows)", "√(p(1 − p)/样本数)"),
                ),
            ),
            left=0,
        ),
        TableOf(
            "looks",
            Words("The net that looks best on a test set", "在测试集上看起来最好的网络"),
            (
                *heads(("looks", "nets looked at", "看过的网络数")),
                *band_columns(("optimism", "true − test error", "真实误差 − 测试误差")),
                *heads(
                    ("mean", "its mean", "其均值"),
                    ("plain", "95 % intervals that hold", "95 % 区间成立的比例"),
                    ("widened", "widened intervals that hold", "加宽区间成立的比例"),
                ),
            ),
            left=0,
        ),
        TableOf(
            "leaks",
            Words("Validation rows apart, and mixed with the training rows", "验证样本分开与混入训练样本"),
            (
                *heads(("rows", "validation rows", "验证样本")),
                *band_columns(("valid", "validation error", "验证误差"), ("fresh", "generalisation error", "泛化误差")),
            ),
        ),
    ),
    figures=(
        Drawing(
            "rows",
            "errors",
            Words("Errors by training rows", "误差随训练样本数的变化"),
            Words(
                "With more rows the two errors meet: early for the simple model, late for the complex one, which has "
                "the lower error in the end. Lines are medians over seeds, bands hold the middle 95 % of them.",
                "样本越多，两种误差越接近：简单模型很早就接近，复杂模型较晚，但最终误差更低。线为各种子的中位数，带为"
                "中间 95 %。",
            ),
            draw_rows,
        ),
        Drawing(
            "causes",
            "errors",
            Words("Errors by parameters and by their range", "误差随参数个数与参数取值范围的变化"),
            Words(
                "First panel: more hidden units. The training error falls to zero and the gap opens; the "
                "generalisation "
                "error rises first, and then no further. Second panel: 64 units, held to smaller weights by an L2 "
                "penalty: "
                "the gap closes. Lines are medians over seeds, bands hold the middle 95 % of them.",
                "第一幅：增加隐藏单元，训练误差降到零，差距拉大；泛化误差先升高，之后不再升高。第二幅：64 个单元，用 "
                "L2 惩罚"
                "限制权重的大小，差距随之缩小。线为各种子的中位数，带为中间 95 %。",
            ),
            draw_causes,
        ),
        Drawing(
            "looks",
            "looks",
            Words("What test sets can say", "测试集能说明什么"),
            Words(
                "First panel: the test error of one net minus its true error; crosses are where theory puts the "
                "middle 95 %. "
                "Second panel: the best of n nets looks better than it is. Third panel: how many 95 % intervals of "
                "the chosen net "
                "hold its true error, as they are and widened for n looks.",
                "第一幅：同一网络的测试误差减去真实误差，叉号为理论上的中间 95 %。第二幅：n 个网络中看起来最好的，实"
                "际没有那么"
                "好。第三幅：所选网络的 95 % 区间中有多少包含真实误差，分为原样与按 n 次加宽两种。",
            ),
            draw_looks,
        ),
    ),
    claims=(
        Claim(
            "simple-close",
            Words(
                "Simple model and much data: training and generalisation error are close.",
                "简单模型 + 大量数据 → 训练误差和泛化误差接近。",
            ),
            Words(
                "generalisation − training error, no hidden layer, most rows",
                "样本最多、无隐藏层时的泛化误差 − 训练误差",
            ),
            low=-POINTS,
            high=POINTS,
        ),
        Claim(
            "complex-apart",
            Words(
                "Complex model and few data: the two errors come apart.",
                "复杂模型 + 少量数据 → 两种误差拉开（过拟合）。",
            ),
            Words(
                "generalisation − training error, 64 units, fewest rows",
                "样本最少、64 个单元时的泛化误差 − 训练误差",
            ),
            low=POINTS,
        ),
        Claim(
            "complex-trains",
            Words("A complex model on few rows lowers the training error.", "复杂模型 + 少量数据 → 训练误差降低。"),
            Words(
                "training error of the complex − of the simple model, same few rows",
                "同样少量样本上复杂与简单模型的训练误差之差",
            ),
            high=0,
        ),
        Claim(
            "complex-worse",
            Words(
                "A complex model on few rows may raise the generalisation error.",
                "复杂模型 + 少量数据 → 泛化误差可能增加。",
            ),
            Words(
                "generalisation error of the complex − of the simple model, same few rows",
                "同样少量样本上复杂与简单模型的泛化误差之差",
            ),
            low=0,
        ),
        Claim(
            "complex-better",
            Words(
                "With many rows the complex model generalises better.",
                "数据多时，复杂模型的泛化误差反而更低。",
            ),
            Words(
                "generalisation error of the complex − of the simple model, most rows",
                "样本最多时复杂与简单模型的泛化误差之差",
            ),
            high=0,
            of_notes=False,
        ),
        Claim(
            "many-parameters",
            Words("Many parameters lead to overfitting.", "导致过拟合的因素：参数多。"),
            Words(
                "gap between the errors, most units − fewest, same rows",
                "同样样本上单元最多与最少时两种误差的差距之差",
            ),
            low=POINTS,
            remark=Words(
                "The gap widens because the training error falls. See the next claim for the generalisation error.",
                "差距拉大是因为训练误差下降。泛化误差见下一条。",
            ),
        ),
        Claim(
            "ever-worse",
            Words(
                "The more parameters, the higher the generalisation error.",
                "参数越多，泛化误差越高。",
            ),
            Words(
                "generalisation error, most units − middle of the widths",
                "单元最多与中间单元数时的泛化误差之差",
            ),
            low=0,
            of_notes=False,
            remark=Words(
                "Once a net fits all of its rows, more units do not make it worse: counting parameters does not tell "
                "how far a trained net overfits.",
                "网络一旦能完全拟合训练样本，再增加单元并不会更糟：只数参数个数，说明不了训练后的网络过拟合的程度。",
            ),
        ),
        Claim(
            "large-range",
            Words("A large range of parameter values leads to overfitting.", "导致过拟合的因素：参数取值范围大。"),
            Words(
                "gap between the errors, smallest − largest L2 penalty",
                "L2 惩罚最小与最大时两种误差的差距之差",
            ),
            low=POINTS,
            remark=Words(
                "Too large a penalty closes the gap by underfitting; the table shows which one predicts best.",
                "惩罚过大时，差距是靠欠拟合缩小的；哪个惩罚预测最好见表格。",
            ),
        ),
        Claim(
            "few-rows",
            Words("A small data set leads to overfitting.", "导致过拟合的因素：数据集规模小。"),
            Words(
                "gap between the errors, fewest − most rows, 64 units",
                "64 个单元、样本最少与最多时两种误差的差距之差",
            ),
            low=POINTS,
        ),
        Claim(
            "test-unbiased",
            Words(
                "A test set estimates the generalisation error, looked at once.",
                "泛化误差通常使用测试数据集来估计（只看一次）。",
            ),
            Words("test error − true error, one net, mean over test sets", "同一网络测试误差 − 真实误差的均值"),
            low=-POINTS / 4,
            high=POINTS / 4,
        ),
        Claim(
            "test-off",
            Words(
                "The generalisation error cannot be computed, only estimated: 100 test rows are off by two points.",
                "泛化误差无法被精确计算，只能估计：100 个测试样本的估计会偏离两个百分点以上。",
            ),
            Words("mean distance of the test error on 100 rows from the truth", "100 个测试样本的误差与真值的平均距离"),
            low=POINTS,
            remark=Words(
                "Ten times the rows make it √10 times as near.",
                "样本增至 10 倍，偏离缩小到 1/√10。",
            ),
        ),
        Claim(
            "unlike-rows",
            Words(
                "A test set must be distributed like the training set.",
                "测试集需要与训练集分布相似，才能合理评估泛化能力。",
            ),
            Words(
                "error on rows whose last input, which says nothing, is moved by two standard deviations − true error",
                "与类别无关的最后一个输入偏移两个标准差后，样本上的误差 − 真实误差",
            ),
            low=POINTS,
        ),
        Claim(
            "best-optimistic",
            Words(
                "Test rows are for one use: the best of many nets by one test set looks too good.",
                "测试数据集只用一次：用同一测试集挑出的最好网络，看起来总是过好。",
            ),
            Words("true − test error of the net that looks best", "看起来最好的网络的真实误差 − 测试误差"),
            low=POINTS / 4,
        ),
        Claim(
            "plain-interval",
            Words(
                "Its 95 % interval holds the truth as often as it says.",
                "所选网络的 95 % 区间仍如其所称地包含真值。",
            ),
            Words("share of test sets where it does", "成立的测试集比例"),
            low=0.95,
            of_notes=False,
            remark=Words(
                "It does so for a net that was not chosen by these rows.",
                "对于不是用这些样本挑出的网络，它是成立的。",
            ),
        ),
        Claim(
            "widened-interval",
            Words(
                "Widened for every look (Bonferroni), as the ledger does, the interval holds the truth.",
                "像账本那样按查看次数加宽（Bonferroni）后，区间包含真值。",
            ),
            Words("share of test sets where it does", "成立的测试集比例"),
            low=0.95,
            of_notes=False,
        ),
        Claim(
            "kept-apart",
            Words(
                "Validation rows that do not train tell how good the model is.",
                "验证数据集不参与训练，可用来评估模型好坏。",
            ),
            Words("generalisation − validation error, mean over seeds", "泛化误差 − 验证误差（各种子的均值）"),
            low=-POINTS,
            high=POINTS,
        ),
        Claim(
            "mixed-in",
            Words(
                "Mixed with the training rows, they do not: a common mistake.",
                "常犯错误：验证数据和训练数据混合在一起。",
            ),
            Words("generalisation − validation error, rows mixed", "混入训练后的泛化误差 − 验证误差"),
            low=POINTS,
        ),
    ),
    measure=measure,
    small={
        "seeds": 6,
        "rows": (25, 200),
        "few": 50,
        "widths": (1, 4, 16),
        "l2": (0.0, 0.1),
        "tries": 20,
        "test_rows": 200,
    },
)
