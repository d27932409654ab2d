from __future__ import annotations

import pytest

from goodfit import training


def test_every_name_is_there() -> None:
    assert dir(training) == training.__all__
    assert all(getattr(training, name).__name__ == name for name in training.__all__)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        training.nothing  # noqa: B018
