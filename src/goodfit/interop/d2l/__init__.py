"""The functions that the chapter's cells call as `d2l`, on real PyTorch and on the Gluon of `goodfit.interop.mxnet`.

Before: `from d2l import torch as d2l`. Now: `from goodfit.interop.d2l import torch as d2l`; `mxnet` likewise.
"""
