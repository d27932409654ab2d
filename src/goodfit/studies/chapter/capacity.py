"""Section 4.3.3: underfitting, overfitting, the capacity between them, and the remedies."""

from __future__ import annotations

from goodfit.studies.declaring import Claim, Drawing, Study, TableOf
from goodfit.studies.parameters import Parameter, seeds
from goodfit.studies.tabulating import band_columns, heads
from goodfit.studies.words import Words
from goodfit.studies.workings.capacities import MORE, measure
from goodfit.studies.workings.capacity_figures import draw_beyond, draw_causes, draw_curves, draw_fits, draw_remedies

_ERRORS = (("train", "training error", "训练误差"), ("fresh", "generalisation error", "泛化误差"))


def _gain(name: str, en: str, zh: str, model: str, remark: Words | None = None) -> Claim:
    """A remedy that the notes name lowers the generalisation error of an overfitting model."""
    of = {"polynomial": Words("polynomial", "多项式"), "net": Words("net", "网络")}[model]
    return Claim(
        f"{name}-{model}",
        Words(f"Overfitting is remedied by {en} ({of.en}).", f"过拟合的解决方案：{zh}（{of.zh}）。"),
        Words("error without / with it, same data", "同样数据上不用与使用时的误差之比"),
        low=1,
        remark=remark,
    )


STUDY = Study(
    name="capacity",
    section="4.3.3",
    title=Words("Underfitting, overfitting and capacity", "欠拟合、过拟合与模型复杂度"),
    question=Words(
        "How do training and generalisation error change with capacity, and what helps at either end?",
        "训练误差与泛化误差如何随模型复杂度变化？两端各有什么办法？",
    ),
    about=(
        Words(
            "Each seed draws 30 rows: x uniform between −1 and 1, the target one and a half waves of a sine with noise "
            "N(0, 0.3²). The generalisation error is the mean squared error over the whole line, with the noise's 0.09 "
            "counted, so that no fit can get below 0.09.",
            "每个种子生成 30 个样本：x 在 −1 与 1 之间均匀分布，目标是一个半周期的正弦加噪声 N(0, 0.3²)。泛化误差是整"
            "条线上的均方误差，计入噪声的 0.09，因此任何拟合都不会低于 0.09。",
        ),
        Words(
            "Polynomials are fitted exactly, by least squares in Legendre's polynomials, without any training: nothing "
            "but capacity is at work. With more terms than rows, the shortest of the fits that meet all rows is taken. "
            "Nets have one layer of tanh units and are trained on the same rows with Adam for 3,000 steps at 0.02.",
            "多项式用勒让德基下的最小二乘精确求解，没有训练过程，起作用的只有复杂度；项数超过样本数时，取经过所有样本"
            "的解中系数最短的一个。网络为一层 tanh 单元，在同样的样本上用 Adam 训练 3000 步，学习率 0.02。",
        ),
        Words(
            "Remedies for the largest net are chosen by 30 validation rows beside the training rows: the epoch for "
            "early stopping, one of three strengths for L1, L2 and dropout. The polynomial's penalty is chosen by "
            "leaving each training row out in turn. Gains are paired, data set by data set.",
            "最大网络的各种办法由训练样本之外的 30 个验证样本来选择：早停选轮次，L1、L2 和暂退法各从三种强度中选一种。"
            "多项式的惩罚用逐一留出训练样本的方法选择。收益按数据集配对计算。",
        ),
    ),
    parameters=(
        *seeds(100, high=500),
        Parameter("nets", Words("How many of the seeds train nets.", "其中训练网络的种子数。"), 24, "whole", 2, 200),
        Parameter("rows", Words("Training rows.", "训练样本数。"), 30, "whole", 20, 200),
        Parameter("noise", Words("Standard deviation of the noise.", "噪声的标准差。"), 0.3, low=0, high=3),
        Parameter("degree", Words("Highest degree.", "多项式的最高次数。"), 12, "whole", 2, 19),
        Parameter(
            "widths",
            Words("Hidden units to compare.", "要比较的隐藏单元数。"),
            (1, 2, 4, 8, 16, 64),
            "whole",
            1,
            256,
            many=True,
        ),
        Parameter("epochs", Words("Epochs, one step each.", "轮次数，每轮一步。"), 3000, "whole", 50, 10_000),
    ),
    tables=(
        TableOf(
            "best",
            Words("The best capacity", "最佳复杂度"),
            (
                *heads(
                    ("varied", "capacity", "复杂度"),
                    ("best", "best on average", "平均最佳"),
                    ("median", "median of the data sets' own best", "各数据集自身最佳的中位数"),
                    ("low", "low", "下限"),
                    ("high", "high", "上限"),
                ),
                *band_columns(("own", "own best", "自身最佳")),
                *heads(("fresh", "generalisation error at the best", "最佳处的泛化误差")),
            ),
        ),
        TableOf(
            "remedies",
            Words(
                "Remedies for the largest models: error without / with", "最大模型的各种办法：不用与使用时的误差之比"
            ),
            (
                *heads(
                    ("model", "model", "模型"),
                    ("remedy", "remedy", "办法"),
                    ("gain", "gain", "收益"),
                    ("low", "low", "下限"),
                    ("high", "high", "上限"),
                ),
                *band_columns(("each", "of a data set", "单个数据集")),
            ),
            left=2,
        ),
        TableOf(
            "errors",
            Words("Errors by what was varied", "改变各量时的误差"),
            (
                *heads(("varied", "varied", "改变的量"), ("value", "value", "取值")),
                *band_columns(*_ERRORS),
                *heads(("size", "norm of weights", "权重范数")),
            ),
        ),
        TableOf(
            "fits",
            Words("Fits of the first data set", "第一个数据集的拟合"),
            heads(("degree", "degree", "次数"), ("x", "x", "x"), ("target", "target", "目标"), ("fit", "fit", "拟合")),
            shown=False,
        ),
    ),
    figures=(
        Drawing(
            "curves",
            "errors",
            Words("Errors by capacity (p5)", "误差随模型复杂度的变化（对应 p5）"),
            Words(
                "The training error falls throughout. The generalisation error falls, and rises again: steeply for "
                "polynomials, little for nets. Axes of errors are logarithmic; lines are medians over data sets, bands "
                "hold the middle 95 %.",
                "训练误差一路下降；泛化误差先降后升：多项式升得很陡，网络只略有上升。误差轴为对数坐标；线为各数据集的中"
                "位数，带为中间 95 %。",
            ),
            draw_curves,
        ),
        Drawing(
            "fits",
            "fits",
            Words("The same rows, three degrees", "同样的样本，三种次数"),
            Words(
                "Too low a degree misses the shape, too high a degree follows the noise.",
                "次数太低抓不住形状，次数太高则跟着噪声走。",
            ),
            draw_fits,
        ),
        Drawing(
            "causes",
            "errors",
            Words("Rows and weights", "样本数与权重"),
            Words(
                "The polynomial of the highest degree. More rows bring the errors together; so do smaller weights, "
                "until they are too small. Lines are medians over data sets, bands hold the middle 95 %.",
                "最高次的多项式。样本越多，两种误差越接近；权重越小也是如此，直到过小为止。线为各数据集的中位数，带为中"
                "间 95 %。",
            ),
            draw_causes,
        ),
        Drawing(
            "remedies",
            "remedies",
            Words("Remedies for overfitting", "过拟合的解决方案"),
            Words(
                "Right of the line, the remedy lowers the generalisation error. Light bars hold the middle 95 % of "
                "data sets.",
                "在竖线右侧表示该办法降低了泛化误差。浅色横条为各数据集的中间 95 %。",
            ),
            draw_remedies,
        ),
        Drawing(
            "beyond",
            "errors",
            Words("Past interpolation: the second descent", "越过插值点：第二次下降"),
            Words(
                "With as many terms as rows, the one fit that meets all rows is wild. With more terms there are many, "
                "and the shortest grows tame again: the error falls a second time, here not below the first valley. "
                "The line is the median over data sets, the band holds the middle 95 %.",
                "项数等于样本数时，经过所有样本的拟合只有一个，起伏剧烈。项数更多时这样的拟合有无穷多个，其中系数最短的"
                "重新变得平缓：误差第二次下降，但在这里没有低于第一个谷底。线为各数据集的中位数，带为中间 95 %。",
            ),
            draw_beyond,
        ),
    ),
    claims=(
        Claim(
            "under-train",
            Words("Underfitting: the model cannot lower the training error.", "欠拟合：模型无法降低训练误差。"),
            Words("training error of degree 1 / of the best degree", "1 次与最佳次数的训练误差之比"),
            low=2,
        ),
        Claim(
            "under-both",
            Words(
                "Underfitting: training and generalisation error are both high.",
                "欠拟合：训练误差和泛化误差都很高。",
            ),
            Words("generalisation / training error of degree 1", "1 次时泛化误差 / 训练误差"),
            low=1 / 1.5,
            high=1.5,
        ),
        Claim(
            "best-inside",
            Words("The best capacity lies in the middle.", "中间（最佳）：找到合适的复杂度。"),
            Words("share of data sets whose best degree is neither end", "最佳次数不在两端的数据集比例"),
            low=0.9,
        ),
        Claim(
            "best-close",
            Words(
                "At the best, training and generalisation error are both low.", "最佳处训练误差较低，泛化误差也较低。"
            ),
            Words("generalisation / training error of the best degree", "最佳次数的泛化误差 / 训练误差"),
            high=3,
        ),
        Claim(
            "over-train",
            Words("Overfitting: the training error is lower still.", "过拟合：训练误差极低。"),
            Words("training error of the highest / of the best degree", "最高次与最佳次数的训练误差之比"),
            high=1,
        ),
        Claim(
            "over-fresh",
            Words("Overfitting: the generalisation error grows.", "过拟合：泛化误差增大，在新数据上表现不佳。"),
            Words("generalisation error of the highest / of the best degree", "最高次与最佳次数的泛化误差之比"),
            low=1.5,
        ),
        Claim(
            "over-gap",
            Words(
                "Overfitting: the training error is clearly below the generalisation error.",
                "过拟合：训练误差明显低于泛化误差。",
            ),
            Words("generalisation / training error of the highest degree", "最高次的泛化误差 / 训练误差"),
            low=2,
        ),
        Claim(
            "few-rows",
            Words("Few rows widen the gap.", "数据集规模小时差距更大。"),
            Words(
                "generalisation / training error, fewest rows / most, highest degree",
                "最高次时样本最少与最多的泛化误差 / 训练误差之比",
            ),
            low=1.5,
        ),
        Claim(
            "width-under",
            Words(
                "Underfitting is remedied by more capacity, such as more units.",
                "欠拟合的解决方案：增加模型复杂度（如增加神经元数量）。",
            ),
            Words("generalisation error, fewest / best hidden units", "单元最少与最佳单元数的泛化误差之比"),
            low=1.5,
        ),
        Claim(
            "width-over",
            Words(
                "A trained net with far too many units predicts much worse than the best one.",
                "单元过多的网络，泛化误差会大幅增大。",
            ),
            Words("generalisation error, most / best hidden units", "单元最多与最佳单元数的泛化误差之比"),
            low=1.5,
            remark=Words(
                "Trained nets do not follow the figure as polynomials do. Training from small weights finds smooth "
                "fits "
                "first, and units beyond those needed cost little.",
                "训练得到的网络并不像多项式那样遵循这幅图：从较小的权重开始训练，先找到的是平滑的拟合，多余的单元代价很"
                "小。",
            ),
        ),
        Claim(
            "width-gap",
            Words(
                "The widest net's training error is clearly below its generalisation error.",
                "最宽网络的训练误差明显低于泛化误差。",
            ),
            Words("generalisation / training error, most hidden units", "单元最多时的泛化误差 / 训练误差"),
            low=2,
        ),
        _gain("l2", "L2 regularisation", "L2 正则化", "polynomial"),
        _gain("data", f"{MORE} times the data", f"增加训练数据到 {MORE} 倍", "polynomial"),
        _gain("l2", "L2 regularisation", "L2 正则化", "net"),
        _gain("l1", "L1 regularisation", "L1 正则化", "net"),
        _gain("dropout", "dropout", "dropout（暂退法）", "net"),
        _gain("data", f"{MORE} times the data", f"增加训练数据到 {MORE} 倍", "net"),
        _gain(
            "early",
            "early stopping",
            "早停",
            "net",
            Words(
                "Early stopping has the validation rows beside the training rows here; taken out of them, they would "
                "cost something.",
                "这里的验证样本是另外给的；若从训练样本中拿出，也有代价。",
            ),
        ),
        Claim(
            "second-descent",
            Words(
                "Past as many terms as rows, the generalisation error falls a second time.",
                "项数超过样本数之后，泛化误差会第二次下降。",
            ),
            Words(
                "generalisation error with ten times as many terms as rows / with as many",
                "项数为样本数 10 倍与等于样本数时的泛化误差之比",
            ),
            high=0.5,
            of_notes=False,
            remark=Words(
                "The notes' figure ends before this point.",
                "笔记中的图没有画到这里。",
            ),
        ),
        Claim(
            "second-below",
            Words("It falls below the first valley.", "第二次下降会低于第一个谷底。"),
            Words(
                "generalisation error with ten times as many terms as rows / of the best degree",
                "项数为样本数 10 倍与最佳次数时的泛化误差之比",
            ),
            high=1,
            of_notes=False,
        ),
        Claim(
            "width-second",
            Words(
                "Trained nets show a hump and a second descent too.",
                "训练得到的网络也有一个峰和第二次下降。",
            ),
            Words(
                "generalisation error, worst width between the best and the widest / widest",
                "最佳与最宽之间最差的宽度与最宽时的泛化误差之比",
            ),
            low=1.1,
            of_notes=False,
        ),
    ),
    measure=measure,
    small={"seeds": 20, "nets": 6, "degree": 10, "widths": (1, 4, 16), "epochs": 300},
)
