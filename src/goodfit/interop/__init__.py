"""Interop: the chapter's own toolset on real PyTorch and on a small Gluon of ours, so that its cells run."""
