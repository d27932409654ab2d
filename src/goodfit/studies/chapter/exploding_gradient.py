"""Section 4.7.2: gradients that grow on their way back."""

from __future__ import annotations

import math

from goodfit.studies.declaring import Claim, Drawing, Printed, Study, TableOf
from goodfit.studies.parameters import Parameter, seeds
from goodfit.studies.tabulating import heads
from goodfit.studies.words import Words
from goodfit.studies.workings.exploding import LEARNED, draw_depths, draw_product, draw_sizes, measure

STUDY = Study(
    name="exploding-gradient",
    section="4.7.2",
    title=Words("Exploding gradients", "梯度爆炸"),
    question=Words(
        "When do gradients grow without bound on their way back, and what helps?",
        "梯度在反向传播中何时会无限增大？怎样避免？",
    ),
    about=(
        Words(
            "First the notes' product: a matrix with entries from N(0, 1), multiplied by 100 more, with thousands of "
            "draws instead of one. The growth of a vector in such a product is known exactly: (ln 2 + ψ(n/2))/2 a "
            "factor, 0.558 for n = 4. Fewer draws are made of large matrices.",
            "先看笔记中的乘积：一个元素服从 N(0, 1) 的矩阵再乘以 100 个这样的矩阵，但不是抽一次，而是抽几千次。向量在"
            "这种乘积中的增长率有精确公式：每个因子 (ln 2 + ψ(n/2))/2，n = 4 时为 0.558。矩阵较大时抽样次数较少。",
        ),
        Words(
            "Then deep nets: ReLU layers of equal width on handwritten digits (1,000 rows to learn from, 400 to test "
            "with, drawn anew for every seed). Weights of critical size are He's, N(0, 2/n), which keep the size of "
            "signals; others are those, multiplied by a gain. The gradient by a layer's z is measured before "
            "training; then all nets train with plain SGD, with and without clipping the gradient's norm.",
            "再看深层网络：在手写数字上使用等宽的 ReLU 层（每个种子重新抽取 1000 个训练样本和 400 个测试样本）。“临界"
            "大小”的权重即 He 初始化 N(0, 2/n)，信号大小保持不变；其余为其乘以增益。训练前测量损失对各层 z 的梯度，然"
            "后用普通 SGD 训练，分为裁剪与不裁剪梯度范数两种。",
        ),
    ),
    parameters=(
        *seeds(10, 6, 100),
        Parameter(
            "draws",
            Words("Products that are drawn.", "抽取的矩阵乘积个数。"),
            2000,
            "whole",
            10,
            10_000,
        ),
        Parameter("size", Words("Rows and columns of the matrices.", "矩阵的行数和列数。"), 4, "whole", 2, 64),
        Parameter(
            "factors",
            Words("Matrices that are multiplied to the first.", "在第一个矩阵之后相乘的矩阵个数。"),
            100,
            "whole",
            1,
            1000,
        ),
        Parameter(
            "deviation",
            Words("Standard deviation of the matrices' entries.", "矩阵元素的标准差。"),
            1.0,
            low=0.01,
            high=100,
        ),
        Parameter(
            "gain",
            Words(
                "Of weights that are too large, in critical sizes; too small ones have its inverse.",
                "过大的权重是临界大小的多少倍；过小的权重取其倒数。",
            ),
            2.0,
            low=1.1,
            high=5,
        ),
        Parameter("depth", Words("Hidden layers of the deepest nets.", "最深网络的隐藏层数。"), 16, "whole", 4, 32),
        Parameter("width", Words("Units of every hidden layer.", "每个隐藏层的单元数。"), 32, "whole", 8, 128),
        Parameter("epochs", Words("Epochs of training.", "训练的轮次数。"), 16, "whole", 1, 100),
        Parameter("learning_rate", Words("Learning rate of SGD.", "SGD 的学习率。"), 0.03, low=1e-4, high=1),
        Parameter(
            "clip",
            Words("Longest gradient where it is clipped.", "裁剪时允许的最大梯度范数。"),
            1.0,
            low=0.01,
            high=100,
        ),
    ),
    tables=(
        TableOf(
            "sizes",
            Words(
                "Products by the size of their matrices: growth a factor (natural logarithm), log10 of the second by "
                "the first singular value",
                "不同大小矩阵的乘积：每个因子的增长（自然对数），第二与第一奇异值之比的 log10",
            ),
            heads(
                ("size", "size", "大小"),
                ("draws", "draws", "抽样次数"),
                ("theory", "growth, theory", "增长率，理论"),
                ("rate", "growth, measured", "增长率，实测"),
                ("low", "interval from", "区间下限"),
                ("high", "to", "区间上限"),
                ("ratio", "log10 ratio, median", "比值的 log10，中位数"),
                ("ratio_theory", "in the long run", "长期理论值"),
            ),
        ),
        TableOf(
            "depths",
            Words("Gradient at the first layer / at the outputs, before training", "训练前第一层的梯度 / 输出处的梯度"),
            heads(
                ("gain", "gain of the weights", "权重增益"),
                ("depth", "hidden layers", "隐藏层数"),
                ("theory", "theory", "理论"),
                ("low", "2.5 % of seeds", "2.5 % 分位"),
                ("median", "median", "中位数"),
                ("high", "97.5 % of seeds", "97.5 % 分位"),
                ("step", "first step / weights", "第一步更新 / 权重"),
            ),
        ),
        TableOf(
            "training",
            Words("After training", "训练之后"),
            heads(
                ("weights", "initial weights", "初始权重"),
                ("depth", "hidden layers", "隐藏层数"),
                ("finite", "share with a finite loss", "损失有限的比例"),
                ("learned", "share that learned", "学会的比例"),
                ("low", "interval from", "区间下限"),
                ("high", "to", "区间上限"),
                ("score_low", "test accuracy, 2.5 %", "测试精度，2.5 % 分位"),
                ("score", "median", "中位数"),
                ("score_high", "97.5 %", "97.5 % 分位"),
            ),
        ),
        TableOf(
            "entries",
            Words(
                "The entries that the notes print, beside ours (of the product: log10 of the magnitude)",
                "笔记打印的各元素与我们的抽样（乘积取绝对值的 log10）",
            ),
            heads(
                ("matrix", "matrix", "矩阵"),
                ("row", "row", "行"),
                ("column", "column", "列"),
                ("notes", "notes", "笔记"),
                ("low", "2.5 % of draws", "2.5 % 分位"),
                ("median", "median", "中位数"),
                ("high", "97.5 % of draws", "97.5 % 分位"),
            ),
        ),
        TableOf(
            "growth",
            Words("log10 of the largest entry by the number of matrices", "最大元素的 log10 随矩阵个数的变化"),
            heads(
                ("matrices", "matrices", "矩阵个数"),
                ("low", "2.5 % of draws", "2.5 % 分位"),
                ("median", "median", "中位数"),
                ("high", "97.5 % of draws", "97.5 % 分位"),
                ("theory", "theory", "理论"),
            ),
            shown=False,
        ),
    ),
    figures=(
        Drawing(
            "product",
            "growth",
            Words("The notes' product, drawn many times", "笔记中的矩阵乘积，重复多次"),
            Words(
                "The logarithm of the largest entry grows in a straight line, as theory says. The notes' single draw "
                "(cross, dash-dotted line) is an ordinary one, and eleven powers of ten below what float32 can hold.",
                "最大元素的对数按直线增长，与理论一致。笔记中的那一次抽样（叉号与点划线）很平常，离 float32 的上限还"
                "差十一个数量级。",
            ),
            draw_product,
        ),
        Drawing(
            "sizes",
            "sizes",
            Words("Growth by the size of the matrices", "增长率与矩阵大小的关系"),
            Words(
                "With entries of the same spread, larger matrices grow faster: about half of ln n a factor. At the "
                "same time the product comes to be of rank one, quickly for small matrices: its rows are multiples "
                "of one another, as the notes' printed matrix shows.",
                "元素的标准差相同时，矩阵越大增长越快，每个因子约为 ln n 的一半。同时乘积趋于秩一矩阵（矩阵越小越快）"
                "：各行互为倍数，笔记打印的矩阵正是如此。",
            ),
            draw_sizes,
        ),
        Drawing(
            "depths",
            "depths",
            Words("Gradients and trainings by depth and size of the weights", "梯度和训练结果与深度、权重大小的关系"),
            Words(
                "Left: gradients grow with depth only where weights are too large, and vanish where they are too "
                "small. Right: nets of critical size learn; those that are too large break off, the deeper the "
                "surer. Clipping keeps the numbers finite, but does not make up for the initial weights.",
                "左：只有权重过大时梯度才随深度增大，过小则消失。右：临界大小的网络能学会；权重过大的网络会中断，层数"
                "越多越是如此。梯度裁剪能保持数值有限，但代替不了合适的初始化。",
            ),
            draw_depths,
        ),
    ),
    claims=(
        Claim(
            "grows",
            Words("Multiplied layer by layer, values become larger and larger.", "逐层相乘时，数值变得越来越大。"),
            Words(
                "share of products whose largest entry exceeds that of their first matrix",
                "最大元素超过其第一个矩阵的乘积所占比例",
            ),
            low=0.99,
            remark=Words(
                "With these matrices, whose entries have deviation 1. With entries of less than 0.57 (for 4 x 4) the "
                "same product vanishes: try --deviation 0.5.",
                "这是元素标准差为 1 的情形。对 4×4 矩阵，标准差小于 0.57 时同样的乘积会消失：可试 --deviation 0.5。",
            ),
        ),
        Claim(
            "infinite",
            Words("Values may become extreme or even infinite.", "数值可能会达到极端值甚至无穷大。"),
            Words(
                "matrices until float32 cannot hold the largest entry, median",
                "最大元素超出 float32 范围所需的矩阵个数，中位数",
            ),
            high=1000,
            remark=Words(
                "It takes more matrices than the notes multiply: after 101 every product is still finite.",
                "需要的矩阵比笔记中的多：乘到第 101 个时，所有乘积都还是有限的。",
            ),
        ),
        Claim(
            "both",
            Words(
                "Gradients explode in deep nets whose initial weights are too large.", "权重过大的深层网络会梯度爆炸。"
            ),
            Words(
                "gradient at the first layer / at the outputs: large weights, deepest net",
                "第一层梯度 / 输出处梯度：权重过大、最深的网络",
            ),
            low=10,
        ),
        Claim(
            "large-alone",
            Words("It happens when initial weights are too large.", "主要发生在初始化权重过大的情况下。"),
            Words("the same with large weights and two hidden layers", "同上，权重过大但只有两个隐藏层"),
            low=10,
            remark=Words(
                "Not by itself: every layer multiplies by the gain, and two layers are few. Such nets learn as well "
                "as others.",
                "仅此还不够：每层只放大“增益”倍，两层不算多，这样的网络照样能学会。",
            ),
        ),
        Claim(
            "deep-alone",
            Words("It happens when a net has too many layers.", "主要发生在网络层数过深的情况下。"),
            Words("the same with weights of critical size in the deepest net", "同上，最深的网络但权重为临界大小"),
            low=10,
            remark=Words(
                "Not by itself: with weights of critical size gradients keep their size through any depth, and with "
                "smaller ones they vanish. Growth is about the gain to the power of the depth, so that both must "
                "come together.",
                "仅此也不够：权重为临界大小时，梯度穿过任意多层都保持大小；更小则会消失。增长约为增益的“层数”次方，两"
                "个条件必须同时出现。",
            ),
        ),
        Claim(
            "step",
            Words("Weights are then updated by too much.", "结果是权重更新幅度过大。"),
            Words(
                "first step / weights it is added to, of the layer where it is largest",
                "第一步更新量 / 所更新的权重（取最大的一层）",
            ),
            low=1,
        ),
        Claim(
            "unstable",
            Words("Training becomes unstable, or does not converge.", "训练过程变得不稳定，甚至无法收敛。"),
            Words(
                f"share of seeds that do not reach a test accuracy of {LEARNED:g}: large weights, deepest net",
                f"测试精度达不到 {LEARNED:g} 的种子比例：权重过大、最深的网络",
            ),
            low=0.5,
        ),
        Claim(
            "critical",
            Words(
                "A suitable initial size of the weights eases this (4.8).", "合适的参数初始化可以减轻上述问题（4.8）。"
            ),
            Words(
                f"share of seeds that reach {LEARNED:g}: weights of critical size, deepest net",
                f"测试精度达到 {LEARNED:g} 的种子比例：临界大小、最深的网络",
            ),
            low=0.5,
        ),
        Claim(
            "lyapunov",
            Words("Growth is as theory says.", "增长率与理论一致。"),
            Words(
                "growth of a vector a factor − theory, in natural logarithms", "每个因子使向量增长的自然对数 − 理论值"
            ),
            low=-0.01,
            high=0.01,
            of_notes=False,
        ),
        Claim(
            "notes-usual",
            Words("The notes' product is an ordinary draw.", "笔记中的乘积是一次平常的抽样。"),
            Words("share of products with an entry larger than 8.83e26", "最大元素超过 8.83e26 的乘积所占比例"),
            low=0.025,
            high=0.975,
            of_notes=False,
        ),
        Claim(
            "rank-one",
            Words("The product comes to be of rank one.", "乘积趋于秩一矩阵。"),
            Words("second / first singular value of the product", "乘积的第二奇异值 / 第一奇异值"),
            high=1e-3,
            of_notes=False,
        ),
        Claim(
            "notes-rank-one",
            Words(
                "So is the one that the notes print, to all its digits.",
                "笔记打印的乘积在其全部有效数字内也是秩一矩阵。",
            ),
            Words("second / first singular value of the notes' product", "笔记中乘积的第二奇异值 / 第一奇异值"),
            high=1e-3,
            of_notes=False,
        ),
        Claim(
            "clipping-finite",
            Words("Clipping the gradient's norm keeps training finite.", "梯度裁剪能使训练保持有限。"),
            Words(
                "share of seeds with a finite loss: large weights, deepest net, clipped",
                "损失有限的种子比例：权重过大、最深、裁剪",
            ),
            low=0.5,
            of_notes=False,
        ),
        Claim(
            "clipping-learns",
            Words("Clipping makes up for weights that are too large.", "梯度裁剪可以弥补过大的初始权重。"),
            Words(
                f"share of seeds that reach {LEARNED:g}: large weights, deepest net, clipped",
                f"测试精度达到 {LEARNED:g} 的种子比例：权重过大、最深、裁剪",
            ),
            low=0.5,
            of_notes=False,
            remark=Words(
                "Steps of bounded length change weights that are far too large but slowly: the nets stay finite and "
                "learn little.",
                "步长有了上限，过大的权重便改变得很慢：网络不再溢出，但也学不到多少。",
            ),
        ),
    ),
    printed=(
        Printed(
            "first", Words("largest magnitude of the first matrix's entries", "第一个矩阵元素绝对值的最大值"), 2.7090
        ),
        Printed(
            "product",
            Words(
                "log10 of the largest magnitude after 100 more (8.8308e+26)",
                "再乘 100 个矩阵后元素绝对值最大值的 log10（8.8308e+26）",
            ),
            math.log10(8.8308e26),
        ),
        Printed(
            "smallest",
            Words(
                "log10 of the smallest magnitude after 100 more (2.4050e+25)",
                "再乘 100 个矩阵后元素绝对值最小值的 log10（2.4050e+25）",
            ),
            math.log10(2.4050e25),
        ),
    ),
    measure=measure,
    small={"seeds": 6, "draws": 200, "depth": 8, "width": 16, "epochs": 4},
)
