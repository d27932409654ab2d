"""Section 4.2: the notes' net on Fashion-MNIST, with many seeds, and with the test rows used as they should be."""

from __future__ import annotations

from goodfit.studies.declaring import Claim, Drawing, Study, TableOf
from goodfit.studies.parameters import Parameter, seeds
from goodfit.studies.tabulating import band_columns, heads
from goodfit.studies.words import Words
from goodfit.studies.workings.clothes import SWING, draw_choices, draw_curves, draw_predictions, measure
from goodfit.studies.workings.images import DATA, LATE

_LATE = Words(f"mean of the last {LATE} epochs", f"最后 {LATE} 个轮次的平均")

STUDY = Study(
    name="mlp-fashion-mnist",
    section="4.2",
    title=Words("A multilayer perceptron on Fashion-MNIST", "用多层感知机识别 Fashion-MNIST"),
    question=Words(
        "How well does the notes' net do over many seeds, and what does its figure of test accuracies hide?",
        "笔记中的网络在多个种子下表现如何？那幅测试精度的图掩盖了什么？",
    ),
    about=(
        Words(
            "The notes' net and training: 784-256-10 with ReLU, weights from N(0, 0.01²), biases as PyTorch draws "
            "them, "
            "cross-entropy, SGD at 0.1 with batches of 256, 10 epochs on 60,000 images. Softmax regression, the same "
            "without the hidden layer, stands beside it. All seeds train as one population.",
            "与笔记相同的网络和训练：784-256-10，ReLU，权重服从 N(0, 0.01²)，偏置按 PyTorch 的方式初始化，交叉熵损失，"
            "SGD 学习率 0.1，批量 256，在 60000 张图像上训练 10 个轮次。旁边是没有隐藏层的 softmax 回归。所有种子作为"
            "一个"
            "种群一起训练。",
        ),
        Words(
            "The notes score the test rows after every epoch, and so does this study, on purpose: it opens them "
            "outside "
            "of the ledger to show what comes of it. Beside it the thing is done rightly: one training row in six is "
            "held out, the epoch is chosen by these validation rows, and the test rows are then looked at once.",
            "笔记在每个轮次后都在测试集上评分。本研究有意照做，不经账本打开测试集，以展示其后果。旁边是正确的做法：留"
            "出六"
            "分之一的训练样本作验证，用它们选择轮次，然后只看一次测试集。",
        ),
        Words(
            f"At a constant rate the accuracy moves from epoch to epoch, so that accuracies are means of the last "
            f"{LATE} "
            "epochs where nothing else is said. Training accuracy and loss are running means over each epoch, as in "
            "the "
            "notes. Seeds differ in weights and orders of rows; the images are the same for all.",
            f"学习率恒定时，精度在轮次之间起伏，因此若无说明，精度取最后 {LATE} 个轮次的平均。与笔记一样，训练精度和"
            f"训练损"
            "失是轮次内的滑动平均。各种子的权重和样本顺序不同，图像相同。",
        ),
    ),
    parameters=(
        *seeds(5, high=50),
        DATA,
        Parameter("rows", Words("Training images, at most.", "训练图像数上限。"), 60_000, "whole", 300, 60_000),
        Parameter("hidden", Words("Hidden units.", "隐藏单元数。"), 256, "whole", 1, 1024),
        Parameter("epochs", Words("Epochs.", "轮次数。"), 10, "whole", SWING, 200),
        Parameter("learning_rate", Words("Learning rate of SGD.", "SGD 的学习率。"), 0.1, low=1e-4, high=1),
    ),
    tables=(
        TableOf(
            "accuracies",
            Words(f"Accuracies, {_LATE.en}", f"精度（{_LATE.zh}）"),
            (
                *heads(
                    ("model", "model", "模型"),
                    ("parameters", "parameters", "参数个数"),
                    ("rows", "training images", "训练图像数"),
                    ("test_rows", "test images", "测试图像数"),
                ),
                *band_columns(("train", "training accuracy", "训练精度"), ("test", "test accuracy", "测试精度")),
            ),
        ),
        TableOf(
            "choices",
            Words("The epoch that is chosen, seed by seed", "各种子所选的轮次"),
            heads(
                ("seed", "seed", "种子"),
                ("chosen", "epoch by validation rows", "验证集选出的轮次"),
                ("held", "validation accuracy there", "该轮次的验证精度"),
                ("test", "test accuracy there", "该轮次的测试精度"),
                ("tempting", "epoch by test rows", "测试集选出的轮次"),
                ("best", "test accuracy there", "该轮次的测试精度"),
                ("last", "test accuracy of the last epoch", "最后一个轮次的测试精度"),
            ),
            left=0,
        ),
        TableOf(
            "curves",
            Words("Loss and accuracies by epoch", "各轮次的损失与精度"),
            (
                *heads(("model", "model", "模型"), ("epoch", "epoch", "轮次")),
                *band_columns(
                    ("train_loss", "training loss", "训练损失"),
                    ("train", "training accuracy", "训练精度"),
                    ("test", "test accuracy", "测试精度"),
                ),
            ),
            shown=False,
        ),
        TableOf(
            "validation",
            Words("Validation and test accuracy by epoch", "各轮次的验证精度与测试精度"),
            (
                *heads(("epoch", "epoch", "轮次")),
                *band_columns(("held", "validation accuracy", "验证精度"), ("test", "test accuracy", "测试精度")),
            ),
            shown=False,
        ),
        TableOf(
            "predictions",
            Words("What the first net says of every test image", "第一个网络对每张测试图像的预测"),
            heads(
                ("row", "image", "图像"),
                ("is", "is", "真实类别"),
                ("says", "prediction", "预测类别"),
                ("share", "probability", "概率"),
                ("right", "right", "是否正确"),
            ),
            shown=False,
        ),
    ),
    figures=(
        Drawing(
            "curves",
            "curves",
            Words("The notes' figure, over seeds", "笔记中的训练曲线（多个种子）"),
            Words(
                "Training loss, training and test accuracy after each epoch. Lines are medians over seeds, bands hold "
                "the middle 95 % of them.",
                "每个轮次后的训练损失、训练精度和测试精度。线为各种子的中位数，带为中间 95 %。",
            ),
            draw_curves,
        ),
        Drawing(
            "choices",
            "validation",
            Words("Choosing an epoch by test rows, and rightly", "用测试集选轮次，以及正确的做法"),
            Words(
                "The nets that learn with validation rows apart. A point is the test accuracy that one seed would "
                "report; who picks the best epoch by the test rows reports too much.",
                "另留验证集训练的网络。每个点是一个种子会报告的测试精度；用测试集挑选最好的轮次，报告就会偏高。",
            ),
            draw_choices,
        ),
        Drawing(
            "predictions",
            "predictions",
            Words("Predictions of the first net", "第一个网络的预测"),
            Words(
                "The first test images that it gets right, and the first that it gets wrong.",
                "最先几张预测正确的测试图像，以及最先几张预测错误的。",
            ),
            draw_predictions,
        ),
    ),
    claims=(
        Claim(
            "hidden-better",
            Words(
                "A hidden layer learns what a net with inputs and outputs alone cannot.",
                "加入隐藏层可以学习到更复杂的模式。",
            ),
            Words(
                f"test accuracy − that of softmax regression, {_LATE.en}",
                f"与 softmax 回归的测试精度之差，{_LATE.zh}",
            ),
            low=0,
        ),
        Claim(
            "loss-falls",
            Words("The training loss falls over the ten epochs.", "训练损失在十个轮次中下降。"),
            Words("training loss of the last / of the first epoch", "最后与第一个轮次的训练损失之比"),
            high=0.5,
            of_notes=False,
        ),
        Claim(
            "accurate",
            Words("The net gets four of five images right.", "网络能认对五分之四的图像。"),
            Words(f"test accuracy, {_LATE.en}", f"测试精度，{_LATE.zh}"),
            low=0.8,
            of_notes=False,
        ),
        Claim(
            "no-gap",
            Words("After these epochs the net does not overfit yet.", "训练到此时网络尚未过拟合。"),
            Words(f"training − test accuracy, {_LATE.en}", f"训练精度 − 测试精度，{_LATE.zh}"),
            low=-0.03,
            high=0.03,
            of_notes=False,
        ),
        Claim(
            "moves",
            Words(
                "One seed's final test accuracy is a steady number.",
                "单个种子最后的测试精度是稳定的数。",
            ),
            Words(
                f"highest − lowest test accuracy of a net's last {SWING} epochs, geometric mean",
                f"一个网络最后 {SWING} 个轮次中最高与最低测试精度之差（几何平均）",
            ),
            high=0.01,
            of_notes=False,
            remark=Words(
                "At this constant rate it moves by several points from epoch to epoch.",
                "在此恒定学习率下，它在轮次之间起伏数个百分点。",
            ),
        ),
        Claim(
            "test-once",
            Words("The test rows are used once.", "测试数据集：只用一次的数据集。"),
            Words("times that section 4.2 scores the test rows", "4.2 节在测试集上评分的次数"),
            high=1,
            remark=Words(
                "The notes say so in 4.3.2, and score them after every epoch in 4.2. What is watched, is chosen by: "
                "hold validation rows out instead.",
                "笔记在 4.3.2 中这样说，却在 4.2 中每个轮次都评分。看过的数就会被用来选择，应改为留出验证集。",
            ),
        ),
        Claim(
            "tempting",
            Words(
                "Who chooses the epoch by the test rows reports too high an accuracy.",
                "用测试集选择轮次，报告的精度会偏高。",
            ),
            Words(
                "best test accuracy of all epochs − that of the epoch chosen by validation rows",
                "各轮次中最高的测试精度 − 验证集所选轮次的测试精度",
            ),
            low=0.001,
            of_notes=False,
            remark=Words(
                "It cannot be below 0. With 10,000 test rows and ten epochs of one net it is small; with few rows, or "
                "many nets, it is not: see the study of generalisation.",
                "它不会小于 0。有 10000 个测试样本、只在一个网络的十个轮次中挑选时很小；样本少或网络多时则不然，见泛"
                "化一节"
                "的研究。",
            ),
        ),
        Claim(
            "validation-honest",
            Words(
                "Validation rows that do not train tell how good the model is.",
                "验证数据集不参与训练，可用来评估模型好坏。",
            ),
            Words("validation − test accuracy at the chosen epoch", "所选轮次的验证精度 − 测试精度"),
            low=-0.02,
            high=0.02,
            remark=Words(
                "A little too good, for the epoch was chosen by them.",
                "略微偏高，因为轮次正是用它们选出的。",
            ),
        ),
        Claim(
            "rows-held-back",
            Words(
                "To hold a sixth of the rows out costs less than a point of accuracy.",
                "留出六分之一样本的代价不到一个百分点。",
            ),
            Words(
                f"test accuracy with all − with five sixths of the rows, {_LATE.en}",
                f"用全部与六分之五样本的测试精度之差，{_LATE.zh}",
            ),
            high=0.01,
            of_notes=False,
        ),
        Claim(
            "surer-where-right",
            Words("The net is surer where it is right.", "网络在预测正确时更有把握。"),
            Words(
                "probability of the predicted class, right − wrong test images",
                "预测类别的概率：正确与错误测试图像之差",
            ),
            low=0.1,
            of_notes=False,
        ),
    ),
    measure=measure,
    small={"data": "digits", "seeds": 3, "rows": 1200, "hidden": 64, "epochs": 120},
)
