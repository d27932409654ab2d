"""The names that fields of a recipe may hold."""

from typing import Literal

ActivationName = Literal[
    "identity",
    "relu",
    "sigmoid",
    "tanh",
    "leaky-relu",
    "elu",
    "selu",
    "gelu",
    "silu",
    "softplus",
    "mish",
    "prelu",
]
InitialiserName = Literal[
    "torch",
    "normal",
    "uniform",
    "constant",
    "zeros",
    "xavier-normal",
    "xavier-uniform",
    "he-normal",
    "he-uniform",
    "lecun-normal",
    "orthogonal",
]
BiasInitialiserName = Literal["zeros", "constant", "torch"]
LossName = Literal[
    "auto", "cross-entropy", "binary-cross-entropy", "squared-error", "absolute-error", "huber", "poisson", "quantile"
]
OptimizerName = Literal["sgd", "adam", "adamw", "rmsprop", "lion", "lbfgs"]
ScheduleName = Literal["constant", "step", "exponential", "cosine", "one-cycle"]
ScalingName = Literal["auto", "none", "unit", "standard", "robust"]
EncodingName = Literal["none", "piecewise"]
TargetTransformName = Literal["auto", "none", "log", "log1p", "yeo-johnson", "quantile"]
ParametrizationName = Literal["standard", "ntk"]
RowsInitialiserName = Literal["none", "variance", "hyperplanes"]
