"""Documents are read right: sections, code, what was printed, tabs; and what is no document is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from goodfit.errors import InputError
from goodfit.notes import read
from goodfit.notes.telling import is_output

TEXT = """# A chapter

Some text.

```sh
ls
```

## 1.1 First

```python
import math
print(math.pi)  # ## no heading
```

As printed:

```python
3.141592653589793
```

- a list

    ```Python
    # indented
    x = 1
    ```

### 1.1.1 Deeper

~~~python
x
~~~

```
1
```

## 1.2 Second
```{.python .input}
#@tab pytorch, tensorflow
y = 2
```
"""


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


def test_a_document_in_markdown(tmp_path: Path) -> None:
    document = read(written(tmp_path, "chapter.md", TEXT.replace("\n", "\r\n")))
    assert document.title == "A chapter"
    assert document.sections == ("", "1.1 First", "1.2 Second")
    found = [
        (cell.kind, cell.section, cell.number, cell.text) for cell in document.cells if cell.kind in ("code", "output")
    ]
    assert found == [
        ("code", 1, "1.1", "import math\nprint(math.pi)  # ## no heading"),
        ("output", 1, "1.1", "3.141592653589793"),
        ("code", 1, "1.1", "# indented\nx = 1"),
        ("code", 1, "1.1.1", "x"),
        ("output", 1, "1.1.1", "1"),
        ("code", 2, "1.2", "#@tab pytorch, tensorflow\ny = 2"),
    ]
    assert [document.cells[place].tabs for place in document.code] == [None, None, None, ("torch",)]
    assert [document.cells[place].line for place in document.code] == [12, 25, 32, 41]


def test_a_notebook(tmp_path: Path) -> None:
    cells = [
        {"cell_type": "markdown", "source": ["## One\n", "text\n", "```python\nnot_run()\n```"]},
        {
            "cell_type": "code",
            "source": ["x = 1\n", "x"],
            "outputs": [{"output_type": "execute_result", "data": {"text/plain": ["1"]}}, {"text": "said\n"}],
        },
        {"cell_type": "code", "source": "", "outputs": []},
        {"cell_type": "markdown", "source": "## Two"},
        {"cell_type": "code", "source": "y = 1.5"},
    ]
    document = read(written(tmp_path, "n.ipynb", json.dumps({"cells": cells, "nbformat": 4})))
    assert document.sections == ("", "One", "Two")
    assert [(cell.kind, cell.text) for cell in document.cells if cell.kind in ("code", "output")] == [
        ("code", "x = 1\nx"),
        ("output", "1\nsaid"),
        ("code", "y = 1.5"),
    ]
    assert document.title == "n"


@pytest.mark.parametrize(
    "text",
    [
        "weight: [[ 5.019143   1.2220006 -3.4235666  5.571755 ]]",
        "weight: [[2.69]]",
        "(array([[-0.03], [-1.1]]),\n array([ 5.1, -0.06]))",
        "tensor([[1., 2.],\n        [3., 4.]], dtype=float32)",
        "w的L2范数是： 12.963241577148438",
        "一个矩阵 \n tensor([[-0.7872,  2.7090]])\n乘以100个矩阵后\n tensor([[1e26]])",
        "3.14",
        "epoch 1, loss 0.5",
        "torch.Size([2, 3])",
        "[1, 2, 3]",
        "{'a': 1}",
        "nan",
        "torch.float32",
        "(torch.Size([2]), torch.bool, device(type='cpu'))",
        "torch.Size([2, 3])\nw: [1. 2.]",
    ],
)
def test_what_was_printed(text: str) -> None:
    assert is_output(text)


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "torch",
        "array",
        "torch.manual_seed(42)",
        "torch.zeros((2, 3))",
        "torch.cuda.is_available()",
        "torch.nn",
        "[torch.rand(2)]",
        "train(lambd=0)",
        "train_concise(3)",
        "x = [1, 2]",
        "def f(:\n    pass",
        "print 'hello'\nx = 1",
        "x = (1,\n",
        "for i in range(3) print(i)",
        "%matplotlib inline\nimport torch",
        "features[:2], labels[:2]",
        "# a comment alone\nnet",
        "'a text that stands alone'",
        "",
    ],
)
def test_what_is_code(text: str) -> None:
    assert not is_output(text)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.txt", "", r"must be a document of cells; got '.txt'. Give a Markdown file \(.md\) or a notebook"),
        ("a.ipynb", "{}", "must be a notebook: JSON with a list of cells"),
        ("a.ipynb", '{"cells": [{"cell_type": "code", "source": 3}]}', "must be a notebook"),
    ],
)
def test_what_is_no_document(name: str, text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        read(written(tmp_path, name, text))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "chapter.md").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="must be a text in UTF-8"):
        read(tmp_path / "chapter.md")
    with pytest.raises(InputError, match=r"there is no such file. Did you mean '.*chapter.md'"):
        read(tmp_path / "chaptr.md")
    (tmp_path / "folder.md").mkdir()
    with pytest.raises(InputError, match="cannot be read"):
        read(tmp_path / "folder.md")
