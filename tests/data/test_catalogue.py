from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from goodfit import data as gd
from goodfit.data import fashion_mnist
from goodfit.errors import InputError


@pytest.mark.parametrize("name", [name for name in gd.names() if name != "fashion-mnist"])
def test_the_entry_says_what_is_loaded(name: str) -> None:
    entry, data = gd.describe(name), gd.load(name)
    assert (entry.name, entry.about, entry.task, entry.image_shape) == (
        data.name,
        data.about,
        data.task,
        data.image_shape,
    )
    assert (entry.rows, entry.test_rows, entry.inputs, entry.outputs) == (
        len(data),
        len(data.test),
        data.n_inputs,
        data.n_outputs,
    )
    assert gd.load(name, **entry.parameters).x.tobytes() == data.x.tobytes()
    report = gd.fetch(name)
    assert (report.name, report.folder, report.attempts) == (name, None, ())


def test_fashion_mnist_is_first_and_described_without_being_there() -> None:
    assert gd.names()[0] == "fashion-mnist"
    entry = gd.describe("fashion-mnist")
    assert (entry.rows, entry.test_rows, entry.inputs, entry.outputs) == (70_000, 10_000, 784, 10)


def test_fashion_mnist_is_reached_by_name(tiny, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setenv("GOODFIT_DATA", str(tiny.write(tmp_path)))
    steps: list[gd.Step] = []
    assert gd.fetch("fashion-mnist", progress=steps.append).source == "the folder in GOODFIT_DATA"
    assert len(gd.load("fashion-mnist", progress=steps.append)) == 70
    assert [step.state for step in steps if step.place == "goodfit's cache"] == [
        "looking",
        "missing",
        "looking",
        "found",
    ]


def test_parameters_reach_the_formula() -> None:
    assert len(gd.load("moons", n_train=10, n_test=0, seed=4)) == 10


@pytest.mark.parametrize("call", [gd.load, gd.describe, gd.fetch])
def test_unknown_names(call) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError, match=r"got 'fashion_mnist'\. Did you mean 'fashion-mnist'"):
        call("fashion_mnist")
    with pytest.raises(InputError, match=r"got 'qqq'\. Valid: fashion-mnist, digits, iris, wine"):
        call("qqq")


def test_unknown_parameters() -> None:
    with pytest.raises(InputError, match=r"data set 'moons': unknown parameter; got 'nois'\. Did you mean 'noise'"):
        gd.load("moons", nois=1)
    with pytest.raises(InputError, match=r"data set 'iris'.*got 'seed'\. It has no param"):
        gd.load("iris", seed=1)


def test_nothing_heavy_is_imported_for_the_list() -> None:
    program = (
        "import sys, goodfit.data as d; d.names(); d.describe('digits'); d.split(d.load('moons'));"
        "print([m for m in ('sklearn', 'scipy', 'jax', 'matplotlib', 'urllib.request', 'rich') if m in sys.modules])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout == "[]\n"


def test_constants_of_fashion_mnist_agree_with_each_other() -> None:
    assert sum(spec.size for spec in fashion_mnist.FILES) == 70_000 * 785 + 2 * 16 + 2 * 8
    assert fashion_mnist.PIXELS.size == 70_000 * 784 + 128
    assert len(fashion_mnist.CLASSES) == 10
    assert all(len(spec.sha256) == 64 for spec in (*fashion_mnist.FILES, fashion_mnist.PIXELS, fashion_mnist.LABELS))
    assert all(mirror.startswith("https://") and mirror.endswith("/") for mirror in fashion_mnist.MIRRORS)


def test_summary_of_classes() -> None:
    x = np.array([[0, 1, 7], [0, 3, 7], [0, 5, 9], [0, 7, 9]], np.uint8)
    data = gd.Dataset("t", x, np.array([0, 1, 1, 1]), "classification", ("a", "b"), test=np.array([3]))
    found = gd.summary(data)
    assert [(c.name, c.rows, c.test_rows) for c in found.classes] == [("a", 1, 0), ("b", 3, 1)]
    assert (found.rows, found.test_rows, found.inputs, found.outputs, found.missing) == (4, 1, 3, 2, 0)
    assert (found.storage, found.size, found.targets) == ("uint8", 12 + 16, ())
    assert found.constant == ("input 0",)
    assert (found.columns[1].lowest, found.columns[1].highest, found.columns[1].mean) == (1, 7, 4)
    assert found.columns[1].deviation == pytest.approx(5**0.5)
    assert (found.values.lowest, found.values.highest) == (0, 9)
    assert found.values.mean == pytest.approx(x.mean())
    assert found.values.deviation == pytest.approx(x.std())
    assert found.as_dict()["classes"][1] == {"name": "b", "rows": 3, "test_rows": 1}


def test_summary_over_several_blocks_of_rows() -> None:
    x = np.random.default_rng(0).normal(100, 1, (10_000, 2)).astype(np.float32)
    found = gd.summary(gd.Dataset("t", x, x[:, :1], "regression", features=("a", "b")))
    assert found.classes == ()
    for i, column in enumerate(found.columns):
        assert column.mean == pytest.approx(x[:, i].astype(float).mean(), rel=1e-12)
        assert column.deviation == pytest.approx(x[:, i].astype(float).std(), rel=1e-9)
    assert [target.name for target in found.targets] == ["target"]
    assert found.targets[0].mean == pytest.approx(found.columns[0].mean)


def test_summary_of_labels_and_of_wide_sets() -> None:
    labels = gd.Dataset("m", np.zeros((3, 65)), np.array([[1, 0], [1, 1], [0, 0]]), "multilabel", ("a", "b"), test=[1])
    found = gd.summary(labels)
    assert [(c.rows, c.test_rows) for c in found.classes] == [(2, 1), (1, 1)]
    assert found.columns == ()
    assert len(found.constant) == 65
    two = gd.summary(gd.Dataset("r", np.eye(3), np.eye(3, 2), "regression"))
    assert [target.name for target in two.targets] == ["target 0", "target 1"]
