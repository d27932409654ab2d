"""Section 4.3.4: the same cubic fitted with enough, too few and too many terms."""

from __future__ import annotations

from goodfit.studies.declaring import Claim, Drawing, Printed, Study, TableOf
from goodfit.studies.parameters import Parameter, seeds
from goodfit.studies.tabulating import band_columns, heads
from goodfit.studies.words import Words
from goodfit.studies.workings.fitting_cubics import EDGE, FITS, NOTED, draw_curves, draw_weights, measure

_FIT = ("fit", "Fit", "拟合")
_LOSSES = band_columns(("train", "training loss", "训练损失"), ("test", "test loss", "测试损失"))

STUDY = Study(
    name="polynomial",
    section="4.3.4",
    title=Words("Polynomial regression", "多项式回归"),
    question=Words(
        "What do too few, enough and too many terms do to training and test loss?",
        "项数太少、恰好和太多时，训练损失与测试损失各会怎样？",
    ),
    about=(
        Words(
            "The target is a cubic with noise: 5 + 1.2x − 3.4x²/2! + 5.6x³/3! + N(0, 0.1²), x from N(0, 1). The "
            "inputs are "
            "xⁱ/i!, so that a linear net without bias learns the cubic's coefficients. It is trained as in the "
            "notes: SGD, "
            "rate 0.01, batches of 10, 400 epochs (1,500 for 20 features), weights drawn uniformly within ±0.07.",
            "目标是带噪声的三次多项式：5 + 1.2x − 3.4x²/2! + 5.6x³/3! + N(0, 0.1²)，x 服从 N(0, 1)。输入为 xⁱ/i!，"
            "因此不带偏置的线性网络学到的就是各项系数。训练方式与笔记相同：SGD，学习率 0.01，批量 10，400 个轮次"
            "（20 个特征时 1500 个），权重在 ±0.07 内均匀初始化。",
        ),
        Words(
            "Every seed draws its own rows, its own initial weights and its own order of rows; all seeds of a fit "
            "train as "
            "one compiled program. The loss is half the squared error, so that the noise alone makes 0.005. The "
            "training "
            "loss is the running mean over each epoch.",
            "每个种子各自生成样本、初始权重和样本顺序；同一种拟合的所有种子作为一个编译好的程序一起训练。损失为平方误"
            "差的一半，"
            "仅噪声就贡献 0.005。训练损失是每个轮次内的滑动平均。",
        ),
    ),
    parameters=(
        *seeds(100),
        Parameter("rows", Words("Training rows.", "训练样本数。"), 100, kind="whole", low=10, high=1000),
        Parameter("noise", Words("Standard deviation of the noise.", "噪声的标准差。"), 0.1, low=0, high=10),
        Parameter(
            "epochs", Words("Epochs with 4 and 2 features.", "4 个和 2 个特征时的轮次数。"), 400, "whole", 10, 5000
        ),
        Parameter("long_epochs", Words("Epochs with 20 features.", "20 个特征时的轮次数。"), 1500, "whole", 10, 5000),
        Parameter("learning_rate", Words("Learning rate of SGD.", "SGD 的学习率。"), 0.01, low=1e-5, high=1),
    ),
    tables=(
        TableOf(
            "losses",
            Words("Losses after the last epoch, over seeds", "最后一个轮次后的损失（各种子）"),
            (*heads(_FIT, ("features", "features", "特征数")), *_LOSSES),
        ),
        TableOf(
            "weights",
            Words("Weights after training", "训练后的权重"),
            heads(
                _FIT,
                ("power", "power of x", "x 的幂次"),
                ("true", "true", "真值"),
                ("notes", "notes", "笔记"),
                ("mean", "mean over seeds", "各种子的均值"),
                ("low", "2.5 % of seeds", "2.5 % 分位"),
                ("high", "97.5 % of seeds", "97.5 % 分位"),
            ),
            shown=False,
        ),
        TableOf(
            "curves",
            Words("Losses by epoch", "各轮次的损失"),
            (*heads(_FIT, ("epoch", "epoch", "轮次")), *_LOSSES),
            shown=False,
        ),
    ),
    figures=(
        Drawing(
            "curves",
            "curves",
            Words("Loss by epoch (p6, p7 and the third fit)", "各轮次的损失（对应 p6、p7 和第三种拟合）"),
            Words(
                "With the right terms both losses fall to the noise; with too few both stay high; with too many the "
                "test "
                "loss of some seeds stays far above the training loss. Lines are medians over seeds, bands hold the "
                "middle "
                "95 % of them. The axis of losses is logarithmic, as in the notes.",
                "项数恰好时两种损失都降到噪声水平；太少时两者都居高不下；太多时，部分种子的测试损失远高于训练损失。"
                "线为各种子的中位数，带为中间 95 %。与笔记一样，损失轴为对数坐标。",
            ),
            draw_curves,
        ),
        Drawing(
            "weights",
            "weights",
            Words("Weights: true, the notes', and ours over all seeds", "权重：真值、笔记与各种子"),
            Words(
                "Crosses are the one seed of the notes, bars the middle 95 % of ours. Beyond the fifth power, weights "
                "are where they were drawn: within ±0.07.",
                "叉号是笔记中的一个种子，竖条是我们各种子的中间 95 %。五次以上各项的权重大多停留在初始化的范围 ±0.07 "
                "内。",
            ),
            draw_weights,
        ),
    ),
    claims=(
        Claim(
            "notes-features",
            Words("Features are the powers of x, divided by i!.", "特征是 x 的各次幂除以 i!。"),
            Words(
                "largest relative difference of the 40 features that the notes print from xⁱ/i!",
                "笔记打印的 40 个特征与 xⁱ/i! 的最大相对差",
            ),
            high=1e-5,
            remark=Words(
                "Rounded to float32, in which the notes compute. The smallest, −5.6e−45, is four of the steps that "
                "float32 "
                "still has near 0: 20 powers reach the end of its range.",
                "按笔记所用的 float32 舍入。其中最小的 −5.6e−45 只相当于 float32 在 0 附近的四个最小步长：20 个幂次已"
                "到其表示范围的尽头。",
            ),
        ),
        Claim(
            "notes-labels",
            Words("Labels are the cubic's values with noise of 0.1.", "标签是三阶多项式的值加上 0.1 的噪声。"),
            Words(
                "larger distance of the two labels that the notes print from the cubic, in units of the noise",
                "笔记打印的两个标签与多项式的较大距离，以噪声标准差为单位",
            ),
            high=3,
        ),
        Claim(
            "right-fits",
            Words("A third-degree polynomial fits.", "三阶多项式拟合正常。"),
            Words("test loss with 4 features / the noise's share", "4 个特征的测试损失 / 噪声所占的损失"),
            high=4,
            remark=Words(
                "The geometric mean over seeds stays above 1, for 400 epochs at this rate are too few for some draws "
                "of x: "
                "the weights of x and x³ have not come apart yet.",
                "各种子的几何平均仍高于 1，因为在此学习率下 400 个轮次对某些样本还不够：x 与 x³ 的权重尚未完全分开。",
            ),
        ),
        Claim(
            "few-underfits",
            Words(
                "A straight line underfits: even the training loss stays high.",
                "线性函数欠拟合：连训练损失也降不下来。",
            ),
            Words("training loss with 2 features / the noise's share", "2 个特征的训练损失 / 噪声所占的损失"),
            low=20,
        ),
        Claim(
            "few-both-high",
            Words("When underfitting, training and test loss are about the same.", "欠拟合时训练损失与测试损失相近。"),
            Words("test loss / training loss with 2 features", "2 个特征的测试损失 / 训练损失"),
            low=1 / 2,
            high=2,
        ),
        Claim(
            "many-overfits",
            Words(
                "All 20 features overfit: the test loss lies above the training loss.",
                "20 个特征过拟合：测试损失高于训练损失。",
            ),
            Words("test loss / training loss with 20 features", "20 个特征的测试损失 / 训练损失"),
            low=1.2,
        ),
        Claim(
            "many-worse",
            Words("20 features predict worse than 4.", "20 个特征的预测比 4 个特征差。"),
            Words("test loss with 20 features / with 4, same data", "同样数据上 20 个特征与 4 个特征的测试损失之比"),
            low=1,
            remark=Words(
                "The notes train the 20 features for 1,500 epochs and the 4 for 400. At equal epochs (--epochs 1500) "
                "the "
                "comparison is fairer, and 4 features win.",
                "笔记中 20 个特征训练 1500 个轮次，而 4 个特征只有 400 个。轮次相同时（--epochs 1500）比较才公平，此"
                "时 4 个特征胜出。",
            ),
        ),
        Claim(
            "high-powers",
            Words(
                "Overfitting shows in the weights of high powers.",
                "过拟合表现在高次项的权重上。",
            ),
            Words(
                f"share of seeds with a weight beyond ±{EDGE} among powers 6 to 19",
                f"6 到 19 次项中有权重超出 ±{EDGE} 的种子比例",
            ),
            low=0.5,
            of_notes=False,
            remark=Words(
                "Only the first few high powers move: the inputs x⁹/9! and beyond are so small that their weights "
                "keep their "
                "initial values. What the notes print for them is the draw of the initialiser.",
                "只有最低的几个高次项会移动：x⁹/9! 及以上的输入太小，其权重基本保持初始值。笔记中打印的这些数只是初始"
                "化的随机值。",
            ),
        ),
        Claim(
            "notes-inside",
            Words("The numbers that the notes print are usual ones.", "笔记打印的数值属于常见范围。"),
            Words("share of the 26 weights within the middle 95 % of seeds", "26 个权重中落在各种子中间 95 % 内的比例"),
            low=0.8,
            of_notes=False,
        ),
    ),
    printed=tuple(
        Printed(
            f"{fit}-{at}",
            Words(f"weight of x^{at}/{at}! with {features} features", f"{features} 个特征时 x^{at}/{at}! 的权重"),
            NOTED[fit][at],
        )
        for fit, features in FITS.items()
        for at in range(features)
    ),
    measure=measure,
    small={"seeds": 20},
)
