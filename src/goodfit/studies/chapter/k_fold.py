"""Section 4.3.2: what K-fold cross-validation says of a net, against the truth, and what it costs."""

from __future__ import annotations

from goodfit.studies.declaring import Claim, Drawing, Study, TableOf
from goodfit.studies.parameters import Parameter, seeds
from goodfit.studies.tabulating import band_columns, heads
from goodfit.studies.words import Words
from goodfit.studies.workings.folding import draw_folds, draw_methods, draw_sets, measure

TENTH = 0.1  # of the true error: what counts as near

STUDY = Study(
    name="k-fold",
    section="4.3.2",
    title=Words("Validation rows and K-fold cross-validation", "验证数据集与 K 折交叉验证"),
    question=Words(
        "How near to the truth are hold-out and K-fold estimates, and what do they cost?",
        "留出法与 K 折交叉验证的估计离真实误差有多近？代价多大？",
    ),
    about=(
        Words(
            "Each seed draws 40 rows: four inputs from N(0, 1), and a curved surface with noise as the target. A net "
            "with 8 tanh units learns them in 200 steps of Adam. Its true error is its mean squared error on 10,000 "
            "fresh rows. That is what validation is to tell, from the 40 rows alone.",
            "每个种子生成 40 个样本：4 个输入服从 N(0, 1)，目标是带噪声的曲面。8 个 tanh 单元的网络用 Adam 走 200 步学"
            "习它们。10000 个新样本上的均方误差就是它的真实误差；验证要做的，是只凭这 40 个样本估计出它。",
        ),
        Words(
            "With K folds, K nets learn from all rows but those of one fold, and are scored on that fold; the estimate "
            "is the mean over all rows. Leave one out is K = rows. Hold-outs score one net, on 50 % or 20 % of the "
            "rows. All nets of one K are one compiled program, each fold a data set of its own.",
            "K 折时有 K 个网络，各自用除一折以外的样本训练，在留出的那一折上评分，估计值是对所有样本的平均。留一法即 "
            "K 等于样本数；留出法只训练一个网络，留出 50 % 或 20 % 的样本。同一个 K 的所有网络作为一个编译好的程序训"
            "练，每一折自成一个数据集。",
        ),
    ),
    parameters=(
        *seeds(80, high=500),
        Parameter("rows", Words("Rows of a data set.", "每个数据集的样本数。"), 40, "whole", 20, 200),
        Parameter("folds", Words("Folds to compare.", "要比较的折数。"), (2, 5, 10), "whole", 2, 20, many=True),
        Parameter("hidden", Words("Hidden units.", "隐藏单元数。"), 8, "whole", 1, 128),
        Parameter("noise", Words("Standard deviation of the noise.", "噪声的标准差。"), 0.5, low=0, high=10),
        Parameter("epochs", Words("Epochs, one step each.", "轮次数，每轮一步。"), 200, "whole", 10, 2000),
    ),
    tables=(
        TableOf(
            "methods",
            Words("Estimates against the truth, over data sets", "估计值与真实误差（各数据集）"),
            (
                *heads(
                    ("method", "method", "方法"),
                    ("nets", "nets to train", "要训练的网络数"),
                    ("rows", "rows that train", "训练样本数"),
                    ("passes", "cost (fits of all rows = 1)", "代价（一次全样本训练 = 1）"),
                    ("bias", "bias (estimate − truth)", "偏差（估计 − 真值）"),
                    ("bias_low", "bias, low", "偏差下限"),
                    ("bias_high", "bias, high", "偏差上限"),
                ),
                *band_columns(("off", "estimate − truth", "估计 − 真值")),
                *heads(
                    ("deviation", "standard deviation of the estimate", "估计值的标准差"),
                    ("distance", "root mean square distance", "与真值的均方根距离"),
                    ("correlation", "correlation with the truth", "与真值的相关系数"),
                ),
            ),
        ),
        TableOf(
            "estimates",
            Words("Every data set's estimate", "每个数据集的估计值"),
            heads(
                ("method", "method", "方法"),
                ("seed", "seed", "种子"),
                ("estimate", "estimate", "估计值"),
                ("truth", "true error", "真实误差"),
            ),
            shown=False,
        ),
        TableOf(
            "folds",
            Words("Which rows validate in each of five folds", "五折中各折的验证样本"),
            heads(("fold", "fold", "折"), ("row", "row", "样本"), ("validates", "validates", "是否验证")),
            shown=False,
            left=0,
        ),
    ),
    figures=(
        Drawing(
            "folds",
            "folds",
            Words("Five folds (p4)", "五折交叉验证（对应 p4）"),
            Words(
                "Each row of boxes is one training. Every row of data validates once, and trains in all other folds.",
                "每一横排是一次训练。每个样本恰好验证一次，在其余各折中参与训练。",
            ),
            draw_folds,
        ),
        Drawing(
            "methods",
            "methods",
            Words("Bias, spread and cost", "偏差、离散程度与代价"),
            Words(
                "Methods that learn from fewer rows say too high an error. Light bars hold the middle 95 % of data "
                "sets, dots are means with their intervals. Costs are on a logarithmic axis.",
                "训练样本越少的方法，估计的误差越偏高。浅色横条为各数据集的中间 95 %，点为均值及其区间。代价用对数坐"
                "标。",
            ),
            draw_methods,
        ),
        Drawing(
            "sets",
            "estimates",
            Words("Estimate and truth, data set by data set", "各数据集的估计值与真实误差"),
            Words(
                "A point is a data set; on the line, estimate and truth agree. Estimates say what such nets are "
                "worth on "
                "the whole, hardly which data set gave the better one. Both axes are logarithmic.",
                "每个点是一个数据集，落在线上表示估计与真值一致。估计值说明这类网络总体如何，却几乎说明不了哪个数据集得"
                "到的网络更好。两轴均为对数坐标。",
            ),
            draw_sets,
        ),
    ),
    claims=(
        Claim(
            "apart",
            Words("Validation rows do not train.", "验证数据集不参与训练。"),
            Words("share of rows that train and validate in one fold", "同一折中既训练又验证的样本比例"),
            low=0,
            high=0,
        ),
        Claim(
            "each-once",
            Words(
                "With K folds, every row validates once and trains K − 1 times.",
                "K 折中每个样本验证一次，训练 K−1 次。",
            ),
            Words("share of rows of which this is true", "符合的样本比例"),
            low=1,
            high=1,
        ),
        Claim(
            "half-pessimistic",
            Words(
                "Half of the training rows held out say how good the model is.",
                "例如拿出 50% 的训练数据，评估模型好坏。",
            ),
            Words("error on the half held out / true error", "留出一半上的误差 / 真实误差"),
            low=1 - TENTH,
            high=1 + TENTH,
            remark=Words(
                "They say how good a net is that learns from half of the rows. On few rows that is a worse net than "
                "the "
                "one that all rows give; with many rows the difference goes.",
                "它评估的是只用一半样本训练的网络。样本少时，这个网络比用全部样本训练的差；样本多时差别才会消失。",
            ),
        ),
        Claim(
            "bias-falls",
            Words("More folds, less bias.", "折数越多，偏差越小。"),
            Words(
                "(estimate of the fewest folds − of leave one out) / true error",
                "（折数最少的估计 − 留一法的估计）/ 真实误差",
            ),
            low=0,
            of_notes=False,
        ),
        Claim(
            "nearly-unbiased",
            Words("K-fold cross-validation estimates the generalisation error.", "K 折交叉验证可以估计泛化误差。"),
            Words("(estimate of the most folds asked for − true) / true error", "（折数最多的估计 − 真值）/ 真实误差"),
            low=-2 * TENTH,
            high=2 * TENTH,
            remark=Words(
                "Within a fifth, on the average of data sets; single estimates are off by far more, see the table.",
                "指各数据集平均在五分之一以内；单个估计的偏离要大得多，见表格。",
            ),
        ),
        Claim(
            "average-steadier",
            Words(
                "The mean of all folds is nearer to the truth than one of the folds alone.",
                "所有折的平均比单独一折更接近真值。",
            ),
            Words(
                "distance of one fold − of the mean of all folds, in true errors",
                "单独一折与各折平均到真值的距离之差，以真实误差为单位",
            ),
            low=0,
            of_notes=False,
        ),
        Claim(
            "all-folds-no-nearer",
            Words(
                "Leave one out trains many times as many nets, and is nearer to the truth.",
                "留一法要训练多得多的网络，估计也更接近真值。",
            ),
            Words(
                "distance of the most folds asked for − of leave one out, in true errors",
                "折数最多的估计与留一法到真值的距离之差，以真实误差为单位",
            ),
            low=TENTH,
            of_notes=False,
            remark=Words(
                "A gain of less than a tenth of the error is none that is worth the cost.",
                "若改进不到误差的十分之一，就不值得这样的代价。",
            ),
        ),
        Claim(
            "this-net",
            Words(
                "Where the estimate is lower, this very net is better.",
                "估计值更低，说明这一个网络更好。",
            ),
            Words(
                "correlation of estimate and true error over data sets",
                "各数据集上估计值与真实误差的相关系数",
            ),
            low=0.5,
            of_notes=False,
            remark=Words(
                "K folds say what nets of this kind are worth on such rows, on average. They hardly say whether the "
                "rows at hand were lucky ones.",
                "K 折说明的是这类网络在这类样本上的平均水平，几乎说明不了手头这批样本是否走运。",
            ),
        ),
        Claim(
            "plain-interval",
            Words(
                "Student's interval of the folds holds the true error in 95 % of data sets.",
                "按各折算出的 Student t 区间在 95 % 的数据集上包含真实误差。",
            ),
            Words("share of data sets where it does", "成立的数据集比例"),
            low=0.95,
            of_notes=False,
            remark=Words(
                "Folds share training rows, and so are not independent.",
                "各折共用训练样本，并不相互独立。",
            ),
        ),
        Claim(
            "corrected-interval",
            Words(
                "The interval that goodfit gives, corrected for shared rows, does so.",
                "goodfit 给出的、对共用样本作了修正的区间则可以做到。",
            ),
            Words("share of data sets where it does", "成立的数据集比例"),
            low=0.95,
            of_notes=False,
            remark=Words(
                "It is wider and holds more often. But it speaks of the mean over all data sets of this size, not of "
                "the net at hand, and a few large errors among few rows make it too narrow at times.",
                "它更宽，成立得更多；但它针对的是同样大小的各数据集的平均，而不是手头的网络，且样本少时个别很大的误差会"
                "使它有时过窄。",
            ),
        ),
    ),
    measure=measure,
    small={"seeds": 20, "rows": 24, "folds": (2, 5), "epochs": 100},
)
