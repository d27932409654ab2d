"""Section 4.5: units dropped at random while a net trains."""

from __future__ import annotations

from goodfit.studies.declaring import Claim, Study
from goodfit.studies.parameters import Parameter, seeds
from goodfit.studies.words import Words
from goodfit.studies.workings.dropping import measure
from goodfit.studies.workings.dropping_figures import FIGURES
from goodfit.studies.workings.dropping_tables import TABLES

_EXACT = 1e-12  # roundings of float64, over a thousand masks
_CHANCE = 0.05  # by which a ratio of noises may be off 1: some thousand rows make it surer than that

STUDY = Study(
    name="dropout",
    section="4.5",
    title=Words("Dropout", "暂退法"),
    question=Words(
        "What does dropping units at random do to training, to overfitting and to a net's answers?",
        "训练时随机丢弃神经元，对训练、过拟合和网络的输出有什么作用？",
    ),
    about=(
        Words(
            "As the notes do: 784-256-256-10 with ReLU on all of Fashion-MNIST, weights from N(0, 0.01²), SGD, "
            "batches of 256, 10 epochs. The notes leave the two rates and the learning rate open; here they are "
            "those of the book that the notes follow, 0.2, 0.5 and 0.5. Each net is compared with one that drops "
            "nothing and has the same seed: initial weights and order of rows.",
            "与笔记相同：784-256-256-10 的 ReLU 网络，全部 Fashion-MNIST，权重取自 N(0, 0.01²)，SGD，批量 256，10 个轮"
            "次。笔记没有写明两个暂退概率和学习率，这里取所依据的书中的值：0.2、0.5 和 0.5。每个网络都与同一种子（初始"
            "权重和样本顺序相同）、不丢弃任何单元的网络比较。",
        ),
        Words(
            "Few rows: the same net learns 1,000 rows for 50 epochs with Adam, rate 0.001, batches of 64, so that "
            "overfitting is plain. All rates train as one population, and with them a smaller net that drops "
            "nothing: it has as many units as the notes' rates leave.",
            "少量样本：同样的网络用 Adam（学习率 0.001，批量 64）在 1000 个样本上训练 50 个轮次，使过拟合十分明显。所有"
            "暂退概率作为一个种群一起训练；另有一个不丢弃单元的小网络，其单元数等于笔记的暂退概率所留下的个数。",
        ),
        Words(
            "The training accuracy of the notes' figure is the running mean of an epoch, with units dropped. So the "
            "accuracy on training rows (10,000 at most) is measured again after each epoch with nothing dropped; "
            "gaps are that, less the test accuracy. In the notes' setting, ends are means of the last 3 epochs, "
            "for single epochs jump.",
            "笔记图中的训练精度是一个轮次内的滑动平均，而且是在丢弃单元的情况下测得的。因此这里在每个轮次之后再用不丢"
            "弃任何单元的网络测一遍训练样本（至多 10000 个）的精度；差距指它减去测试精度。在笔记的设置中，结果取最后 3 "
            "个轮次的平均，因为单个轮次的数值会跳动。",
        ),
        Words(
            "The test rows are scored every epoch, as the notes do; nothing is chosen by them but the best rate of "
            "one claim, which each seed takes from the other seeds. All seeds share Fashion-MNIST's 10,000 test "
            "rows, and where all rows train, the training rows: the intervals tell of weights, orders and masks (and "
            "of the draw of few rows), not of other test rows.",
            "与笔记一样，每个轮次都在测试集上评分；除了一条说法中的最佳暂退概率（每个种子采用其他种子的选择），没有任"
            "何东西是据此选出的。所有种子共用 Fashion-MNIST 的 10000 个测试样本；用全部样本训练时也共用训练样本。因此区"
            "间反映的是权重、样本顺序和掩码（以及少量样本的抽取）带来的变化，而不是换一个测试集的变化。",
        ),
    ),
    parameters=(
        Parameter(
            "data",
            Words(
                "Data set. Digits has 64 inputs and 1,797 rows, of which each seed draws 500 to test.",
                "数据集。digits 有 64 个输入和 1797 个样本，每个种子抽取其中 500 个用于测试。",
            ),
            "fashion-mnist",
            "choice",
            choices=("fashion-mnist", "digits"),
        ),
        *seeds(5, 2, 20),
        Parameter(
            "rows",
            Words("Training rows of the notes' setting, or all that there are.", "笔记设置的训练样本数，至多为全部。"),
            60_000,
            "whole",
            256,
            60_000,
        ),
        Parameter("epochs", Words("Epochs of the notes' setting.", "笔记设置的轮次数。"), 10, "whole", 1, 40),
        Parameter(
            "learning_rate",
            Words("Learning rate of SGD in the notes' setting.", "笔记设置中 SGD 的学习率。"),
            0.5,
            low=0.001,
            high=1,
        ),
        Parameter(
            "dropout1",
            Words("Share dropped after the first layer.", "第一个隐藏层后的暂退概率。"),
            0.2,
            low=0,
            high=0.95,
        ),
        Parameter(
            "dropout2",
            Words("Share dropped after the second layer.", "第二个隐藏层后的暂退概率。"),
            0.5,
            low=0,
            high=0.95,
        ),
        Parameter(
            "rates",
            Words(
                "Shares dropped after both layers, of few rows' nets.",
                "少量样本的网络在两层后所用的（相同的）暂退概率。",
            ),
            (0.2, 0.4, 0.6, 0.8),
            low=0.01,
            high=0.95,
            many=True,
        ),
        Parameter("few_rows", Words("Few training rows.", "少量样本的个数。"), 1000, "whole", 64, 3000),
        Parameter("few_epochs", Words("Epochs on few rows.", "在少量样本上的轮次数。"), 50, "whole", 2, 200),
        Parameter("masks", Words("Masks for every test row.", "每个测试样本的掩码个数。"), 50, "whole", 10, 500),
    ),
    tables=TABLES,
    figures=FIGURES,
    claims=(
        Claim(
            "notes-gap",
            Words("Dropout lowers overfitting: as the notes train.", "暂退法降低过拟合：按笔记的方式训练。"),
            Words("gap with dropout − without, same seed", "差距：用暂退法 − 不用，同一种子"),
            high=0,
            remark=Words(
                "With 60,000 rows and 10 epochs there is hardly any overfitting to lower: the gap is about two "
                "points without dropout.",
                "60000 个样本、10 个轮次时几乎没有过拟合可降：不用暂退法时差距也只有两个百分点左右。",
            ),
        ),
        Claim(
            "notes-test",
            Words("Dropout improves generalisation: as the notes train.", "暂退法提高泛化能力：按笔记的方式训练。"),
            Words("test accuracy with dropout − without, same seed", "测试精度：用暂退法 − 不用，同一种子"),
            low=0,
        ),
        Claim(
            "figure-gap",
            Words(
                "The training curve of the figure is that of the net that is tested.",
                "图中的训练曲线就是受测网络的训练曲线。",
            ),
            Words(
                "accuracy on training rows with units dropped − with nothing dropped, same net",
                "同一网络在训练样本上的精度：丢弃单元时 − 不丢弃时",
            ),
            low=-0.003,
            high=0.003,
            of_notes=False,
            remark=Words(
                "The figure's training accuracy is measured with units dropped, its test accuracy is not. So the gap "
                "that one reads from it is not the gap of any net.",
                "图中的训练精度是在丢弃单元时测得的，测试精度则不是。因此从图上读出的差距不是任何一个网络的差距。",
            ),
        ),
        Claim(
            "steady",
            Words(
                "At the notes' learning rate, the last epoch tells how good a net is.",
                "在笔记的学习率下，最后一个轮次足以说明网络的好坏。",
            ),
            Words(
                "root mean square change of test accuracy from epoch to epoch, second half, no dropout",
                "后半程相邻轮次之间测试精度变化的均方根（不用暂退法）",
            ),
            high=0.01,
            of_notes=False,
            remark=Words(
                "At a rate of 0.5 SGD is at the edge: a net can lose much of its accuracy in one epoch, and find it "
                "again in the next.",
                "学习率 0.5 时 SGD 已处在稳定的边缘：网络可能在一个轮次内丢掉很多精度，又在下一个轮次恢复。",
            ),
        ),
        Claim(
            "overfits",
            Words("Few rows and many epochs overfit.", "样本少、轮次多时会过拟合。"),
            Words("gap without dropout", "不用暂退法时的差距"),
            low=0.05,
        ),
        Claim(
            "few-gap",
            Words("Dropout lowers overfitting: on few rows.", "暂退法降低过拟合：少量样本。"),
            Words("gap with the notes' rates − without, same seed", "差距：用笔记的暂退概率 − 不用，同一种子"),
            high=0,
        ),
        Claim(
            "few-test",
            Words("Dropout improves generalisation: accuracy on few rows.", "暂退法提高泛化能力：少量样本时的精度。"),
            Words(
                "test accuracy with the notes' rates − without, same seed",
                "测试精度：用笔记的暂退概率 − 不用，同一种子",
            ),
            low=0,
            remark=Words(
                "The accuracy moves by less than a point; the loss by far more, for what dropout takes away above "
                "all is certainty about wrong answers.",
                "精度的变动不到一个百分点，损失的变动大得多：暂退法去掉的主要是对错误答案的过度自信。",
            ),
        ),
        Claim(
            "few-loss",
            Words("Dropout improves generalisation: loss on few rows.", "暂退法提高泛化能力：少量样本时的损失。"),
            Words(
                "test loss with the notes' rates / without, same seed", "测试损失：用笔记的暂退概率 / 不用，同一种子"
            ),
            high=1,
        ),
        Claim(
            "best-test",
            Words(
                "With the right rate, dropout raises the test accuracy on few rows.",
                "暂退概率合适时，暂退法提高少量样本下的测试精度。",
            ),
            Words(
                "test accuracy at the rate that is best for the other seeds − without",
                "测试精度：对其他种子最好的暂退概率 − 不用",
            ),
            low=0,
            of_notes=False,
        ),
        Claim(
            "slope",
            Words("The more is dropped, the smaller the gap.", "丢弃得越多，差距越小。"),
            Words("slope of the gap by the rate, on few rows", "差距随暂退概率变化的斜率（少量样本）"),
            high=0,
            of_notes=False,
        ),
        Claim(
            "too-much",
            Words("What is dropped is missing from learning.", "丢弃会妨碍学习训练样本。"),
            Words("training accuracy at the largest rate − without, nothing dropped", "训练精度：最大暂退概率 − 不用"),
            high=-0.01,
            of_notes=False,
        ),
        Claim(
            "narrow",
            Words(
                "It is the chance that helps, not the smaller number of units.", "起作用的是随机性，而不是单元变少。"
            ),
            Words(
                "test loss with dropout / of a net of as many units as are kept, on few rows",
                "测试损失：用暂退法 / 单元数等于留下个数的网络（少量样本）",
            ),
            high=1,
            of_notes=False,
            remark=Words(
                "Part of what the notes' rates do is done by a smaller net as well. Larger rates go further, as the "
                "table shows.",
                "笔记的暂退概率的一部分作用，较小的网络也能做到；更大的暂退概率作用更大，见表。",
            ),
        ),
        Claim(
            "random",
            Words("Units are dropped at random, with the given probability.", "按指定的暂退概率随机丢弃神经元。"),
            Words("share of units dropped / rate", "被丢弃的单元比例 / 暂退概率"),
            low=0.99,
            high=1.01,
        ),
        Claim(
            "expectation",
            Words(
                "At test time the layer only passes data on: what the masks give on average.",
                "测试时暂退层仅传递数据：其值等于所有掩码下的期望。",
            ),
            Words(
                "largest relative difference from the mean over all 1,024 masks of 10 units",
                "与 10 个单元全部 1024 种掩码的期望的最大相对差",
            ),
            high=_EXACT,
        ),
        Claim(
            "layer",
            Words(
                "The layer passes on what the engine's masks give on average.",
                "暂退层传递的值等于程序所抽掩码的平均。",
            ),
            Words(
                "first layer: difference from the mean over masks / its standard error",
                "第一层：与掩码均值之差 / 标准误",
            ),
            low=1 - _CHANCE,
            high=1 + _CHANCE,
            remark=Words(
                "Kept units are divided by 1 − p in training; without that division the ratio would be far above 1.",
                "训练时留下的单元要除以 1 − p；若不除，这个比值会远大于 1。",
            ),
        ),
        Claim(
            "outputs",
            Words(
                "The net then answers what its thinned nets answer on average.",
                "于是整个网络的输出等于各个稀疏网络输出的平均。",
            ),
            Words(
                "probabilities: difference from the mean over masks / its standard error",
                "概率：与掩码均值之差 / 标准误",
            ),
            low=1 - _CHANCE,
            high=1 + _CHANCE,
            of_notes=False,
            remark=Words(
                "Exactly true of one layer, and of the next one's inputs. ReLU and softmax behind them bend the mean: "
                "the table says by how much. Most comes from the softmax.",
                "对单独一层及其下一层的输入严格成立；其后的 ReLU 和 softmax 会使均值偏离，偏离多少见表，主要来自 "
                "softmax。",
            ),
        ),
        Claim(
            "votes",
            Words("For the predicted class the difference does not matter.", "就预测的类别而言，这一差别无关紧要。"),
            Words(
                "share of test rows with the same class by the one pass and by the mean over masks",
                "一次传播与掩码均值给出相同类别的测试样本比例",
            ),
            low=0.97,
            of_notes=False,
        ),
        Claim(
            "spread",
            Words(
                "Masks at test time spread wrong predictions more than right ones.",
                "测试时也丢弃单元，错误预测的离散程度大于正确预测。",
            ),
            Words(
                "standard deviation over masks of the predicted class's probability, wrong rows / right rows",
                "预测类别的概率在各掩码间的标准差：错误样本 / 正确样本",
            ),
            low=1,
            of_notes=False,
        ),
        Claim(
            "doubt",
            Words(
                "They tell wrong from right better than the probability of the one pass does.",
                "它比一次传播给出的概率更能区分对错。",
            ),
            Words(
                "chance that a wrong row ranks above a right one: by the spread − by 1 − probability",
                "错误样本排在正确样本之前的概率：按离散程度 − 按 1 − 概率",
            ),
            low=0,
            of_notes=False,
        ),
    ),
    measure=measure,
    small={
        "data": "digits",
        "seeds": 4,
        "rows": 1000,
        "epochs": 30,
        "rates": (0.5,),
        "few_rows": 150,
        "few_epochs": 60,
        "masks": 12,
    },
)
