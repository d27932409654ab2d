"""The sentences that the lab can decide: each a pair of states that differ in one thing, and what is compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from goodfit.errors import InputError, nearest, problem
from goodfit.lab.outcomes import OUTCOMES, Outcome
from goodfit.studies.words import Words
from goodfit.training.recipe import Recipe
from goodfit.training.recipe_fields import to_text
from goodfit.training.recipe_rules import with_schedules_off

Changes = Mapping[str, Any]
Pair = tuple[Changes, Changes]
_DECAY = 10.0  # times as much, where a claim is about more of a penalty
_SOME = 0.01  # of a penalty, where the state has none


@dataclass(frozen=True)
class LabClaim:
    """A sentence about a state.

    words: the sentence, which may name {first} and {second}, the values that differ
    pair: recipe -> fields of the first and of the second net of a pair; InputError where it makes no sense
    outcome: the name of what is compared
    sense: whether the second net's is said to be "lower" or "higher"
    data: parameters of the data set that the two differ in, in the place of fields of the recipe
    general: the sentence before the values are known; None where it names none
    """

    name: str
    words: Words
    pair: Callable[[Recipe], Pair]
    outcome: str
    sense: Literal["lower", "higher"]
    data: Callable[[Mapping[str, Any]], Pair] | None = field(default=None)
    general: Words | None = None

    @property
    def measured(self) -> Outcome:
        """What is compared."""
        return OUTCOMES[self.outcome]

    def told(self, pair: Pair) -> Words:
        """The sentence for these two."""
        first, second = (", ".join(to_text(value) for value in each.values()) for each in pair)
        return Words(*(text.format(first=first, second=second) for text in (self.words.en, self.words.zh)))


def _needs_hidden(recipe: Recipe, name: str) -> None:
    if not recipe.hidden:
        raise InputError(problem("Claim", f"{name!r} is about hidden layers; the net has none", got=recipe.hidden))


def _set(**both: tuple[Any, Any]) -> Callable[[Recipe], Pair]:
    """The same two values whatever the state has."""

    def pair(recipe: Recipe) -> Pair:
        return {name: values[0] for name, values in both.items()}, {name: values[1] for name, values in both.items()}

    return pair


def _in_layers(name: str, first: str, second: str) -> Callable[[Recipe], Pair]:
    def pair(recipe: Recipe) -> Pair:
        _needs_hidden(recipe, name)
        return {"activation": first}, {"activation": second}

    return pair


def _dropout(recipe: Recipe) -> Pair:
    _needs_hidden(recipe, "dropout")
    some = any(recipe.dropouts)
    return with_schedules_off(recipe, {"dropout": 0.0}), {"dropout": recipe.dropout if some else 0.3}


def _more_decay(recipe: Recipe) -> Pair:
    name = "weight_decay" if recipe.optimizer in ("adamw", "lion") else "l2"
    now = getattr(recipe, name)
    return {name: now}, {name: _DECAY * now if now else _SOME}


def _l1(recipe: Recipe) -> Pair:
    return {"l1": 0.0}, {"l1": recipe.l1 or _SOME}


def _wider(recipe: Recipe) -> Pair:
    _needs_hidden(recipe, "wider")
    return {"hidden": recipe.hidden}, {"hidden": tuple(4 * units for units in recipe.hidden)}


def _deeper(recipe: Recipe) -> Pair:
    _needs_hidden(recipe, "deeper")
    for name in ("activation", "dropout"):
        if isinstance(getattr(recipe, name), tuple):
            raise InputError(problem("Claim", f"'deeper' needs one {name!r} for all layers", got=getattr(recipe, name)))
    return {"hidden": recipe.hidden}, {"hidden": (*recipe.hidden, recipe.hidden[-1])}


def _longer(recipe: Recipe) -> Pair:
    return {"epochs": recipe.epochs}, {"epochs": 4 * recipe.epochs}


def _faster(recipe: Recipe) -> Pair:
    return {"learning_rate": recipe.learning_rate}, {"learning_rate": 10 * recipe.learning_rate}


def _smaller_batches(recipe: Recipe) -> Pair:
    return {"batch_size": recipe.batch_size}, {"batch_size": max(1, recipe.batch_size // 4)}


def _alike(recipe: Recipe) -> Pair:
    _needs_hidden(recipe, "alike")
    return {"init": recipe.init, "init_scale": recipe.init_scale}, {"init": "constant", "init_scale": 0.5}


def _more_features(data: Mapping[str, Any]) -> Pair:
    if data.get("name") != "polynomial":
        fix = "Open the data set 'polynomial'."
        raise InputError(problem("Claim", "'more-features' is about powers of x", got=data.get("name"), fix=fix))
    return {"n_features": 4}, {"n_features": 20}


CLAIMS = (
    LabClaim(
        "dropout",
        Words("Dropout of {second} lowers the validation loss here.", "在这里，暂退概率 {second} 会降低验证损失。"),
        _dropout,
        "valid-loss",
        "lower",
        general=Words("Dropout lowers the validation loss here.", "在这里，暂退法会降低验证损失。"),
    ),
    LabClaim(
        "more-decay",
        Words(
            "An L2 penalty or weight decay of {second} instead of {first} lowers the validation loss here.",
            "在这里，把 L2 惩罚或权重衰减从 {first} 提高到 {second} 会降低验证损失。",
        ),
        _more_decay,
        "valid-loss",
        "lower",
        general=Words(
            "More L2 penalty or weight decay lowers the validation loss here.",
            "在这里，加大 L2 惩罚或权重衰减会降低验证损失。",
        ),
    ),
    LabClaim(
        "l1-zeros",
        Words(
            "An L1 penalty of {second} makes weights of the first layer exactly zero.",
            "L1 惩罚 {second} 会使第一层的部分权重恰好为零。",
        ),
        _l1,
        "zero-weights",
        "higher",
        general=Words(
            "An L1 penalty makes weights of the first layer exactly zero.", "L1 惩罚会使第一层的部分权重恰好为零。"
        ),
    ),
    LabClaim(
        "wider",
        Words(
            "A wider net, of {second} units instead of {first}, has a lower validation loss here.",
            "在这里，更宽的网络（{second} 个单元，而不是 {first} 轮）验证损失更低。",
        ),
        _wider,
        "valid-loss",
        "lower",
        general=Words(
            "A net four times as wide has a lower validation loss here.", "在这里，宽四倍的网络验证损失更低。"
        ),
    ),
    LabClaim(
        "deeper",
        Words(
            "One hidden layer more, {second} instead of {first}, lowers the validation loss here.",
            "在这里，多一个隐藏层（{second}，而不是 {first}）会降低验证损失。",
        ),
        _deeper,
        "valid-loss",
        "lower",
        general=Words("One hidden layer more lowers the validation loss here.", "在这里，多一个隐藏层会降低验证损失。"),
    ),
    LabClaim(
        "longer",
        Words(
            "Training longer, {second} epochs instead of {first}, lowers the validation loss here.",
            "在这里，训练得更久（{second} 轮，而不是 {first} 个）会降低验证损失。",
        ),
        _longer,
        "valid-loss",
        "lower",
        general=Words(
            "Training four times as long lowers the validation loss here.", "在这里，训练时间延长到四倍会降低验证损失。"
        ),
    ),
    LabClaim(
        "relu",
        Words(
            "ReLU learns faster than sigmoid here: its training loss, averaged over the epochs, is lower.",
            "在这里，ReLU 比 sigmoid 学得快：各轮次训练损失的平均值更低。",
        ),
        _in_layers("relu", "sigmoid", "relu"),
        "mean-train-loss",
        "lower",
    ),
    LabClaim(
        "tanh",
        Words(
            "Tanh learns faster than sigmoid here: its training loss, averaged over the epochs, is lower.",
            "在这里，tanh 比 sigmoid 学得快：各轮次训练损失的平均值更低。",
        ),
        _in_layers("tanh", "sigmoid", "tanh"),
        "mean-train-loss",
        "lower",
    ),
    LabClaim(
        "activation",
        Words(
            "The hidden layers need an activation here: with ReLU the validation loss is lower than without any.",
            "在这里，隐藏层需要激活函数：用 ReLU 时的验证损失比不用激活函数时低。",
        ),
        _in_layers("activation", "identity", "relu"),
        "valid-loss",
        "lower",
    ),
    LabClaim(
        "faster-rate",
        Words(
            "A learning rate of {second} instead of {first} lowers the last training loss here.",
            "在这里，把学习率从 {first} 提高到 {second} 会降低最后的训练损失。",
        ),
        _faster,
        "train-loss",
        "lower",
        general=Words(
            "A learning rate ten times as high lowers the last training loss here.",
            "在这里，把学习率提高到十倍会降低最后的训练损失。",
        ),
    ),
    LabClaim(
        "smaller-batches",
        Words(
            "Batches of {second} rows instead of {first} learn faster here: the training loss, averaged over the "
            "epochs, is lower.",
            "在这里，批量 {second} 比 {first} 学得快：各轮次训练损失的平均值更低。",
        ),
        _smaller_batches,
        "mean-train-loss",
        "lower",
        general=Words(
            "Batches of a quarter of the rows learn faster here: the mean training loss over the epochs is lower.",
            "在这里，批量减到四分之一学得更快：各轮次训练损失的平均值更低。",
        ),
    ),
    LabClaim(
        "he",
        Words(
            "He initialisation learns faster than N(0, 0.01²) here: the training loss, averaged over the epochs, is "
            "lower.",
            "在这里，He 初始化比 N(0, 0.01²) 学得快：各轮次训练损失的平均值更低。",
        ),
        _set(init=("normal", "he-normal"), init_scale=(0.01, None)),
        "mean-train-loss",
        "lower",
    ),
    LabClaim(
        "alike",
        Words(
            "Initialising all weights alike keeps the hidden units alike.",
            "把所有权重初始化为同一个值，隐藏单元会一直相同。",
        ),
        _alike,
        "units-alike",
        "higher",
    ),
    LabClaim(
        "vanishing",
        Words(
            "Sigmoid makes the first layer's gradient smaller, relative to the last layer's, than ReLU does.",
            "与 ReLU 相比，sigmoid 使第一层的梯度相对于最后一层更小。",
        ),
        _in_layers("vanishing", "relu", "sigmoid"),
        "first-gradient",
        "lower",
    ),
    LabClaim(
        "more-features",
        Words(
            "Twenty powers of x instead of the four of the truth raise the validation loss.",
            "用 20 个 x 的幂，而不是真实函数的 4 个，会提高验证损失。",
        ),
        lambda recipe: ({}, {}),
        "valid-loss",
        "higher",
        data=_more_features,
    ),
)
BY_NAME = {each.name: each for each in CLAIMS}


def claim(name: str) -> LabClaim:
    """The claim of that name; InputError for an unknown one."""
    if name not in BY_NAME:
        raise InputError(problem("Claim", "unknown claim", got=name, fix=nearest(name, BY_NAME)))
    return BY_NAME[name]
