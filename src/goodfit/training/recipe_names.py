"""What fields of a recipe may hold: names, and numbers within limits."""

from typing import Annotated, Literal

from pydantic import Field

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
ScheduleName = Literal["constant", "step", "exponential", "cosine", "flat-cosine", "coslog4", "one-cycle"]
PartScheduleName = Literal["constant", "flat-cosine"]
MonitorName = Literal["loss", "score", "tempered-loss"]
ScalingName = Literal["auto", "none", "unit", "standard", "robust"]
EncodingName = Literal["none", "piecewise", "pbld"]
TargetTransformName = Literal["auto", "none", "log", "log1p", "yeo-johnson", "quantile"]
ParametrizationName = Literal["standard", "ntk"]
RowsInitialiserName = Literal["none", "variance", "hyperplanes"]

MemberFormName = Literal["tabm", "tabm-mini"]
MemberInitialiserName = Literal["signs", "normal"]

Rate = Annotated[float, Field(ge=0, lt=1)]
Level = Annotated[float, Field(gt=0, lt=1)]
Units = Annotated[int, Field(ge=1)]
Weight = Annotated[float, Field(ge=0)]
