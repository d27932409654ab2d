"""Section 4.6: the forward pass, the backward pass, and what they cost."""

from __future__ import annotations

from goodfit.studies.declaring import Claim, Drawing, Study, TableOf
from goodfit.studies.parameters import Parameter, seeds
from goodfit.studies.tabulating import heads
from goodfit.studies.words import Words
from goodfit.studies.workings.backward import DIFFERENCED, RATE, draw_costs, draw_passes, measure

_ROUNDING = 1e-12  # of float64, over sums of some thousand terms

STUDY = Study(
    name="backprop",
    section="4.6",
    title=Words("Forward and backward pass", "前向传播与反向传播"),
    question=Words(
        "Is the chain rule by hand what the library computes, and what do both passes cost?",
        "手推的链式法则与库算出的梯度一致吗？两次传播各要多少代价？",
    ),
    about=(
        Words(
            "First one row goes through a small net with one hidden layer, no biases and an L2 penalty, as in p14: "
            "every value and every gradient is written out. Then nets of 64-16-10 units with random weights and 16 "
            "rows of digits are checked, one a seed: the forward pass and the gradient by hand, in NumPy alone, "
            "against JAX, in float64 and float32, and central differences.",
            "先让一个样本通过只有一个隐藏层、无偏置、带 L2 惩罚的小网络（对应 p14），写出每个中间值和每个梯度。再检查"
            " 64-16-10 的随机网络，每个种子一个，各用 16 个手写数字样本：用 NumPy 手写前向传播和梯度，与 JAX 的 "
            "float64、float32 结果以及中心差分对照。",
        ),
        Words(
            "Time: the compiled forward pass and both passes together take turns, and change who goes first; the "
            "ratio is the median over rounds, with its interval. Figures of a machine that is busy with other things "
            "vary. Memory: the bytes that the compiled programs hold beside weights, rows and results, as the "
            "compiler tells them, for nets with 64 units a layer.",
            "时间：编译好的前向传播与“前向加反向”交替计时、轮流先跑，比值取各轮的中位数并给出区间；机器繁忙时数字会波"
            "动。内存：编译器报告的、除权重、样本和结果之外占用的字节数，网络每层 64 个单元。",
        ),
    ),
    parameters=(
        *seeds(20, 2, 200),
        Parameter(
            "hidden", Words("Hidden units of the net that is drawn.", "所画网络的隐藏单元数。"), 3, "whole", 1, 8
        ),
        Parameter(
            "l2",
            Words("L2 penalty: l2/2 times the sum of squared weights.", "L2 惩罚：l2/2 乘以权重平方和。"),
            0.1,
            low=0,
            high=10,
            flag="lambda",
        ),
        Parameter(
            "activation",
            Words("Activation of hidden units.", "隐藏单元的激活函数。"),
            "relu",
            "choice",
            choices=("relu", "tanh", "sigmoid"),
        ),
        Parameter(
            "widths",
            Words("Units of both hidden layers, timed.", "计时所用两个隐藏层的单元数。"),
            (64, 256, 512),
            "whole",
            1,
            2048,
            many=True,
        ),
        Parameter(
            "batches", Words("Rows of a batch, timed.", "计时所用的批量大小。"), (16, 256), "whole", 1, 2048, many=True
        ),
        Parameter("rounds", Words("Rounds of each timing.", "每项计时的轮数。"), 20, "whole", 6, 200),
        Parameter(
            "depth",
            Words("Hidden layers of the deepest net whose memory is told.", "测内存的最深网络的隐藏层数。"),
            16,
            "whole",
            2,
            32,
        ),
        Parameter("batch", Words("Rows of its batch.", "其批量大小。"), 256, "whole", 256, 1024),
    ),
    tables=(
        TableOf(
            "nodes",
            Words("Forward: every value, and the gradient of J by it", "前向：每个值，以及 J 对它的梯度"),
            heads(
                ("node", "node", "节点"),
                ("formula", "is", "公式"),
                ("shape", "shape", "形状"),
                ("value", "value", "值"),
                ("gradient", "dJ by it", "J 对它的梯度"),
            ),
            left=5,
        ),
        TableOf(
            "edges",
            Words("Backward: the chain rule along every edge", "反向：每条边上的链式法则"),
            heads(
                ("back", "back along", "沿边返回"), ("rule", "chain rule", "链式法则"), ("gradient", "gradient", "梯度")
            ),
            left=3,
        ),
        TableOf(
            "times",
            Words(
                "Microseconds of the passes of a net with two hidden layers, and the ratio of both to forward",
                "两个隐藏层的网络各次传播的微秒数，以及前向加反向与前向之比",
            ),
            heads(
                ("width", "units", "单元数"),
                ("batch", "rows", "样本数"),
                ("forward", "forward", "前向"),
                ("both", "both", "前向加反向"),
                ("ratio", "ratio", "比值"),
                ("low", "interval from", "区间下限"),
                ("high", "to", "区间上限"),
                ("counted", "multiplications counted", "按乘法次数"),
            ),
            left=0,
        ),
        TableOf(
            "memory",
            Words("Bytes that are held beside weights, rows and results", "除权重、样本和结果之外占用的字节数"),
            heads(
                ("depth", "hidden layers", "隐藏层数"),
                ("batch", "rows", "样本数"),
                ("forward", "forward", "前向"),
                ("both", "both", "前向加反向"),
                ("formula", "4 a hidden unit and row", "每个隐藏单元、每个样本 4 字节"),
                ("share", "both / that", "前向加反向 / 左列"),
                ("ratio", "both / forward", "前向加反向 / 前向"),
            ),
            left=0,
        ),
    ),
    figures=(
        Drawing(
            "passes",
            "edges",
            Words("Forward and backward pass of one row (p14)", "一个样本的前向与反向传播（对应 p14）"),
            Words(
                "Every value on the way forward (blue), every gradient on the way back (orange), row by row for "
                "matrices. What comes back along all ways into a node adds up to its gradient: that of W1 is the sum "
                "of what comes from z1 and from the penalty s.",
                "蓝色为前向的每个值，橙色为返回的每个梯度，矩阵按行写出。沿各条路返回同一节点的梯度相加就是它的梯度："
                "W1 的梯度等于 z1 与惩罚项 s 两路之和。",
            ),
            draw_passes,
        ),
        Drawing(
            "costs",
            "times",
            Words("What both passes cost", "两次传播的代价"),
            Words(
                "Left: both passes take about as many times the forward pass as multiplications say, 2 to 3; more "
                "where few rows meet many weights. Bands are 95 % intervals of the median. Right: the forward pass "
                "alone forgets each layer at once; with the backward pass, every layer's values are kept.",
                "左：前向加反向约为前向的 2 到 3 倍，与乘法次数相符；样本少而权重多时更高。带为中位数的 95 % 区间。"
                "右：单独前向传播时每层用完即弃；要反向传播则每层的值都得保留。",
            ),
            draw_costs,
        ),
    ),
    claims=(
        Claim(
            "forward",
            Words(
                "The forward pass computes layer by layer, from inputs to outputs, the prediction and the loss.",
                "前向传播从输入层到输出层依次计算每层结果，生成预测并计算损失。",
            ),
            Words(
                "largest relative difference of NumPy's layers and loss from JAX's, over all seeds",
                "NumPy 手算的各层和损失与 JAX 的最大相对差（所有种子）",
            ),
            high=_ROUNDING,
        ),
        Claim(
            "chain",
            Words(
                "The chain rule gives the gradient of the loss by all parameters.",
                "链式法则计算损失函数对所有参数的梯度。",
            ),
            Words(
                "largest relative difference of the gradient by hand from JAX's, float64",
                "手推梯度与 JAX 的最大相对差，float64",
            ),
            high=_ROUNDING,
        ),
        Claim(
            "step",
            Words("Parameters are then updated along it.", "反向更新参数。"),
            Words(
                f"share of seeds whose loss is lower after a step against the gradient, at rate {RATE:g}",
                f"以学习率 {RATE:g} 沿负梯度走一步后损失下降的种子比例",
            ),
            low=0.5,
        ),
        Claim(
            "differences",
            Words("Finite differences give the same gradient.", "有限差分也给出同样的梯度。"),
            Words(
                f"largest relative difference of JAX's gradient from central differences, {DIFFERENCED} seeds",
                f"JAX 梯度与中心差分的最大相对差，{DIFFERENCED} 个种子",
            ),
            high=1e-6,
            of_notes=False,
        ),
        Claim(
            "single",
            Words("float32, in which nets train, is exact enough for it.", "训练所用的 float32 精度足够。"),
            Words(
                "largest relative difference of the gradient in float32 from that in float64",
                "float32 与 float64 梯度的最大相对差",
            ),
            high=1e-5,
            of_notes=False,
        ),
        Claim(
            "cost",
            Words("Both passes together cost two to four forward passes.", "前向加反向的时间是前向的两到四倍。"),
            Words(
                "time of both passes / forward pass: widest net, largest batch",
                "前向加反向的时间 / 前向的时间：最宽的网络、最大的批量",
            ),
            low=2,
            high=4,
            of_notes=False,
            remark=Words(
                "Multiplications alone say 2 to 3: the backward pass multiplies twice for every one forward, but "
                "needs no gradient by the inputs. Small nets stay below, for much of their time is the call itself. "
                "Where few rows meet many weights the ratio is higher, up to 6 here: the gradient of each weight is "
                "then a sum of few products, which processors add up less efficiently.",
                "只数乘法是 2 到 3 倍：前向每做一次乘法，反向要做两次，但不需要对输入的梯度。小网络的比值更低，因为多"
                "半时间花在调用本身。样本少而权重多时比值更高（此处可达 6 倍）：每个权重的梯度只是少数几项之和，处理"
                "器做这种运算效率较低。",
            ),
        ),
        Claim(
            "memory",
            Words("Training needs far more memory than prediction.", "训练比预测需要多得多的内存。"),
            Words(
                "bytes held by both passes / by the forward pass alone, deepest net",
                "前向加反向占用的字节 / 仅前向，最深的网络",
            ),
            low=2,
            of_notes=False,
        ),
        Claim(
            "formula",
            Words(
                "For the backward pass keeps the values of every layer, for every row.",
                "因为反向传播要保留每层、每个样本的中间值。",
            ),
            Words(
                "bytes held by both passes / 4 bytes a hidden unit and row, deepest net",
                "前向加反向占用的字节 / 每个隐藏单元每个样本 4 字节，最深的网络",
            ),
            low=1,
            high=2.5,
            of_notes=False,
            remark=Words(
                "One number a unit and row is kept for tanh and the sigmoid, whose slope follows from their value, "
                "and two for ReLU; one layer more is in use at any time.",
                "tanh 和 sigmoid 每个单元每个样本留一个数（导数可由函数值得到），ReLU 留两个；另外总有一层正在使用。",
            ),
        ),
    ),
    measure=measure,
    small={"seeds": 6, "widths": (32,), "batches": (16,), "rounds": 6, "depth": 4},
)
