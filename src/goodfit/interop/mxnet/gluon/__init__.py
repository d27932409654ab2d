"""`gluon`: layers, losses and the trainer."""

from goodfit.interop.mxnet.gluon import loss as loss
from goodfit.interop.mxnet.gluon import nn as nn
from goodfit.interop.mxnet.gluon.block import Block as Block
from goodfit.interop.mxnet.gluon.parameter import Parameter as Parameter
from goodfit.interop.mxnet.gluon.parameter import ParameterDict as ParameterDict
from goodfit.interop.mxnet.gluon.trainer import Trainer as Trainer
