"""Section 4.7.1: gradients that shrink on their way back."""

from __future__ import annotations

from goodfit.studies.declaring import Claim, Drawing, Study, TableOf
from goodfit.studies.parameters import Parameter, seeds
from goodfit.studies.tabulating import heads
from goodfit.studies.words import Words
from goodfit.studies.workings.vanishing import draw_layers, draw_learning, draw_slopes, measure

_WHERE = (("activation", "activation", "激活函数"), ("start", "initial weights", "初始权重"))
_BAND = (
    ("low", "2.5 % of seeds", "2.5 % 分位"),
    ("median", "median", "中位数"),
    ("high", "97.5 % of seeds", "97.5 % 分位"),
)

STUDY = Study(
    name="vanishing-gradient",
    section="4.7.1",
    title=Words("Vanishing gradients", "梯度消失"),
    question=Words(
        "Which nets lose the gradient on its way to the front layers, and is it the activation's fault?",
        "哪些网络的梯度传不到前面的层？问题真的出在激活函数上吗？",
    ),
    about=(
        Words(
            "The notes' picture first: the sigmoid and its gradient, by automatic differentiation. Then nets of 2, "
            "4, 8, ... hidden layers of equal width on handwritten digits, with three activations and four ways to "
            "draw the initial weights: every seed draws rows and weights of its own. The gradient is that of the "
            "loss by z of each layer, its norm the root mean square over 64 rows, in float64, so that nothing "
            "underflows.",
            "先画笔记中的图：用自动微分得到 sigmoid 及其梯度。然后在手写数字上比较 2、4、8……个等宽隐藏层的网络，三种"
            "激活函数，四种初始化；每个种子各自抽取样本和权重。梯度指损失对各层 z 的梯度，范数取 64 个样本的均方根，"
            "用 float64 计算以免下溢。",
        ),
        Words(
            "Then nets with the usual initial weights (Xavier's for sigmoid and tanh, He's for ReLU), and ReLU nets "
            "with weights from N(0, 0.01²), are trained on 1,000 rows with plain SGD, and tested on 400.",
            "随后用 1000 个样本、普通 SGD 训练采用常用初始化的网络（sigmoid 和 tanh 用 Xavier，ReLU 用 He），以及权重"
            "服从 N(0, 0.01²) 的 ReLU 网络，并用 400 个样本测试。",
        ),
    ),
    parameters=(
        *seeds(10, 2, 100),
        Parameter("depth", Words("Hidden layers of the deepest nets.", "最深网络的隐藏层数。"), 16, "whole", 4, 32),
        Parameter("width", Words("Units of every hidden layer.", "每个隐藏层的单元数。"), 32, "whole", 8, 128),
        Parameter("epochs", Words("Epochs of training.", "训练的轮次数。"), 16, "whole", 1, 100),
        Parameter("learning_rate", Words("Learning rate of SGD.", "SGD 的学习率。"), 0.1, low=1e-4, high=1),
        Parameter(
            "reach",
            Words("How far the curves go to either side of 0.", "曲线横轴向两侧延伸的范围。"),
            8.0,
            low=1,
            high=50,
        ),
    ),
    tables=(
        TableOf(
            "starts",
            Words(
                "Before training: gradient at the first / at the last hidden layer",
                "训练前：第一个隐藏层的梯度 / 最后一个隐藏层的梯度",
            ),
            heads(
                *_WHERE,
                ("depth", "hidden layers", "隐藏层数"),
                ("theory", "theory of wide layers", "宽层理论值"),
                *_BAND,
                ("slope", "mean f'(z)", "f'(z) 的均值"),
                ("saturated", "share with |f'| < 0.01", "|f'| < 0.01 的比例"),
            ),
            left=2,
        ),
        TableOf(
            "accuracy",
            Words("After training: test accuracy", "训练之后：测试精度"),
            heads(*_WHERE, ("depth", "hidden layers", "隐藏层数"), *_BAND),
            left=2,
        ),
        TableOf(
            "layers",
            Words(
                "Deepest nets: gradient at each hidden layer / at the last",
                "最深的网络：各隐藏层的梯度 / 最后一个隐藏层的梯度",
            ),
            heads(*_WHERE, ("when", "training", "训练前后"), ("layer", "layer", "层"), *_BAND),
            shown=False,
            left=3,
        ),
        TableOf(
            "updates",
            Words(
                "Deepest nets: change of each layer's weights by training / initial weights",
                "最深的网络：训练使各层权重改变的量 / 初始权重",
            ),
            heads(*_WHERE, ("layer", "layer", "层"), *_BAND),
            shown=False,
            left=2,
        ),
        TableOf(
            "slopes",
            Words("Activations and their gradients", "激活函数及其梯度"),
            heads(
                ("x", "x", "x"),
                ("sigmoid", "sigmoid", "sigmoid"),
                ("sigmoid_gradient", "gradient of sigmoid", "sigmoid 的梯度"),
                ("tanh", "tanh", "tanh"),
                ("tanh_gradient", "gradient of tanh", "tanh 的梯度"),
                ("relu", "ReLU", "ReLU"),
                ("relu_gradient", "gradient of ReLU", "ReLU 的梯度"),
            ),
            shown=False,
            left=0,
        ),
    ),
    figures=(
        Drawing(
            "slopes",
            "slopes",
            Words(
                "The sigmoid and its gradient (p15), and those of tanh and ReLU",
                "sigmoid 及其梯度（对应 p15），以及 tanh、ReLU 的梯度",
            ),
            Words(
                "The sigmoid's gradient is at most 1/4, at 0, and nothing at the ends. That of tanh reaches 1, that "
                "of ReLU is 0 or 1.",
                "sigmoid 的梯度在 0 处最大，也只有 1/4，两端几乎为零；tanh 的梯度最大为 1；ReLU 的梯度非 0 即 1。",
            ),
            draw_slopes,
        ),
        Drawing(
            "layers",
            "layers",
            Words("The gradient on its way back, before training", "训练前梯度逐层向前传播的大小"),
            Words(
                "Read from right to left. With weights that are too small, all three lose the gradient. With "
                "Xavier's or He's weights the sigmoid alone does, and by the same factor a layer; tanh and ReLU keep "
                "it. Weights from N(0, 1) let it grow.",
                "从右往左读。权重过小时三种激活函数都会丢失梯度；用 Xavier 或 He 初始化时只有 sigmoid 逐层按固定比例"
                "丢失，tanh 和 ReLU 都能保持。权重服从 N(0, 1) 时梯度反而增大（sigmoid 除外）。",
            ),
            draw_layers,
        ),
        Drawing(
            "learning",
            "updates",
            Words("What the layers have learned", "各层学到了多少"),
            Words(
                "Left: in the deepest sigmoid nets the front layers stay as they were drawn, while the last ones "
                "move; 1e-12 stands for less. Right: these nets do not learn from a few layers on. Neither do ReLU "
                "nets whose weights start "
                "too small; tanh nets with Xavier's weights do.",
                "左：最深的 sigmoid 网络中，前面的层几乎停留在初始值，只有靠后的层在变（1e-12 表示更小）。右：超过几"
                "层后这样的网络就学"
                "不会；初始权重过小的 ReLU 网络也一样；而用 Xavier 初始化的 tanh 网络能学会。",
            ),
            draw_learning,
        ),
    ),
    claims=(
        Claim(
            "ends",
            Words(
                "Where the sigmoid's input is very large or very small, its gradient vanishes.",
                "当 sigmoid 函数的输入很大或很小时，其梯度都会消失。",
            ),
            Words("gradient at the ends of the curve / largest gradient", "曲线两端的梯度 / 最大梯度"),
            high=0.01,
        ),
        Claim(
            "vanishes",
            Words(
                "Multiplied layer by layer, gradients become smaller and smaller, nearly zero.",
                "梯度在逐层相乘时变得越来越小，最终接近于零。",
            ),
            Words(
                "gradient at the first / at the last hidden layer: sigmoid, Xavier's weights, deepest net",
                "第一个 / 最后一个隐藏层的梯度：sigmoid、Xavier、最深的网络",
            ),
            high=1e-3,
        ),
        Claim(
            "front",
            Words("Front layers are hardly updated.", "前面层（靠近输入层）几乎得不到有效的更新。"),
            Words(
                "relative change of weights by training, first / last layer: the same nets",
                "训练使权重改变的比例，第一层 / 最后一层：同上",
            ),
            high=0.1,
            remark=Words(
                "In the nets of 16 layers by next to nothing: most of their updates are lost in the rounding of "
                "float32.",
                "在 16 层的网络中几乎没有改变：大多数更新量小到被 float32 的舍入吞没。",
            ),
        ),
        Claim(
            "hard",
            Words("So the net hardly learns.", "导致网络难以学习复杂的特征。"),
            Words(
                "test accuracy, deepest sigmoid nets − those with two layers", "测试精度，最深的 − 两层的 sigmoid 网络"
            ),
            high=-0.3,
        ),
        Claim(
            "tanh",
            Words(
                "It happens in deep nets with tanh, too.", "主要发生在使用 Sigmoid 或 Tanh 激活函数的深层网络（Tanh）。"
            ),
            Words(
                "gradient at the first / at the last hidden layer: tanh, Xavier's weights, deepest net",
                "第一个 / 最后一个隐藏层的梯度：tanh、Xavier、最深的网络",
            ),
            high=1e-3,
            remark=Words(
                "Not with suitable initial weights: Xavier's keep most of the gradient through many layers, and such "
                "nets learn. With weights that are too small it vanishes.",
                "初始化合适时不会：Xavier 初始化下梯度穿过许多层仍保留大半，网络也能学会。权重过小时才会消失。",
            ),
        ),
        Claim(
            "extremes",
            Words(
                "The reason is that derivatives are nearly zero at extreme values.",
                "因为这些函数的导数在极端值时接近零。",
            ),
            Words(
                "share of units and rows with |f'| < 0.01: sigmoid, Xavier's weights, deepest net",
                "|f'| < 0.01 的单元和样本所占比例：sigmoid、Xavier、最深的网络",
            ),
            low=0.1,
            remark=Words(
                "Hardly any unit is near an extreme: the derivatives are about as large as they can be. But that is "
                "1/4, and with Xavier's weights nothing makes up for it, so that about 0.23 of the gradient is left "
                "a layer. With weights from N(0, 1) a fifth of all units are near an extreme, and the gradient "
                "vanishes less.",
                "几乎没有单元处于极端值，导数差不多已是最大值；但最大也只有 1/4，Xavier 的权重又不能弥补，于是每层只"
                "剩约 0.23。权重取 N(0, 1) 时有五分之一的单元处于极端值，梯度反而消失得更慢。",
            ),
        ),
        Claim(
            "relu",
            Words("Therefore ReLU is the default: it keeps the gradient.", "因此默认选择 ReLU 系列函数。"),
            Words(
                "gradient at the first / at the last hidden layer: ReLU, He's weights, deepest net",
                "第一个 / 最后一个隐藏层的梯度：ReLU、He、最深的网络",
            ),
            low=0.1,
        ),
        Claim(
            "default",
            Words(
                "And deep nets with it learn where those with the sigmoid do not.",
                "使用 ReLU 的深层网络能学会，而 sigmoid 不能。",
            ),
            Words("test accuracy, ReLU − sigmoid, deepest nets", "测试精度，ReLU − sigmoid，最深的网络"),
            low=0.2,
        ),
        Claim(
            "maximum",
            Words("The sigmoid's gradient is 1/4 at most.", "sigmoid 的梯度最大为 1/4。"),
            Words("largest gradient", "最大梯度"),
            low=0.25,
            high=0.25,
            of_notes=False,
        ),
        Claim(
            "bound",
            Words("Slopes alone take the gradient down by 1/4 a layer or more.", "仅导数就使梯度每层至少缩小到 1/4。"),
            Words(
                "product of the layers' mean slopes / 0.25^depth, greatest of all seeds",
                "各层平均导数之积 / 0.25^层数，所有种子中的最大值",
            ),
            high=1,
            of_notes=False,
        ),
        Claim(
            "tanh-small",
            Words(
                "With tanh, too, gradients vanish where weights start too small.",
                "初始权重过小时，tanh 网络的梯度也会消失。",
            ),
            Words(
                "gradient at the first / at the last hidden layer: tanh, N(0, 0.01²), deepest net",
                "第一个 / 最后一个隐藏层的梯度：tanh、N(0, 0.01²)、最深的网络",
            ),
            high=1e-3,
            of_notes=False,
        ),
        Claim(
            "relu-small",
            Words("ReLU keeps the gradient whatever the initial weights.", "无论怎样初始化，ReLU 都能保持梯度。"),
            Words(
                "gradient at the first / at the last hidden layer: ReLU, N(0, 0.01²), deepest net",
                "第一个 / 最后一个隐藏层的梯度：ReLU、N(0, 0.01²)、最深的网络",
            ),
            low=0.1,
            of_notes=False,
            remark=Words(
                "The weights of section 4.2, from N(0, 0.01²), are small enough to lose it in any deep net.",
                "4.2 节所用的 N(0, 0.01²) 已经小到会让任何深层网络丢失梯度。",
            ),
        ),
        Claim(
            "relu-tanh",
            Words(
                "Deep ReLU nets learn at least as well as deep tanh nets.",
                "深层 ReLU 网络至少与深层 tanh 网络学得一样好。",
            ),
            Words("test accuracy, ReLU − tanh, deepest nets", "测试精度，ReLU − tanh，最深的网络"),
            low=-0.02,
            of_notes=False,
            remark=Words(
                "In narrow nets as deep as these, trained by plain SGD at this rate, tanh with Xavier's weights is "
                "the surer choice. With few layers the two are alike.",
                "在这样又窄又深、用该学习率的普通 SGD 训练的网络中，配合 Xavier 的 tanh 更稳妥；层数少时两者相当。",
            ),
        ),
    ),
    measure=measure,
    small={"seeds": 3, "depth": 8, "width": 16, "epochs": 4},
)
