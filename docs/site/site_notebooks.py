"""Pages that are notebooks: executed if their code or the library has changed, two at a time, each in its folder."""

import hashlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import nbformat
from myst_nb.core.read import is_myst_markdown_notebook, read_myst_markdown_notebook
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

import goodfit

PATIENCE = 600  # seconds that a cell may take
WORKERS = 2
STRICT = """
def _strict(line, shell=get_ipython()):
    shell.system_piped(line)
    if code := shell.user_ns["_exit_code"]:
        raise SystemError(f"exit code {code} of: {line}")
get_ipython().system = _strict
"""  # goes before a page's own cells: IPython takes a command that failed, or is not there, for done
PRINTS = re.compile(r"^\s*print\(", re.MULTILINE)


def is_notebook(text: str) -> bool:
    """Whether a page is to be executed: its front matter names a kernel."""
    return is_myst_markdown_notebook(text)


def executed(texts: Mapping[str, str], build: Path) -> Iterator[tuple[str, bytes]]:
    """Each notebook with its outputs, as .ipynb; code that has run is not run again, in another language either."""
    kept = build / "site-executed"
    kept.mkdir(parents=True, exist_ok=True)
    own = executor()
    notebooks = {name: read_myst_markdown_notebook(text, add_source_map=True) for name, text in texts.items()}
    if blank := [line for name, notebook in notebooks.items() for line in unseen(name, notebook)]:
        sys.exit("\n".join(blank))
    files = {name: kept / f"{digest(own, *_code(notebook))}.ipynb" for name, notebook in notebooks.items()}
    missing = list({file: name for name, file in files.items() if not file.exists()}.values())
    if missing:
        with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
            results = pool.map(_execute, missing, [texts[name] for name in missing])
            failed = []
            for name, (content, problem) in zip(missing, results, strict=True):
                if problem:
                    failed.append(f"docs/{name}: {problem}")
                else:
                    files[name].write_bytes(content)
        if failed:
            sys.exit("\n".join(failed))
    for path in set(kept.glob("*.ipynb")) - set(files.values()):
        path.unlink()
    for name, file in files.items():
        yield name, _with_outputs(notebooks[name], nbformat.read(file, as_version=4))


def unseen(name: str, notebook: NotebookNode) -> Iterator[str]:
    """The cells whose output is to be removed and that print: a reader would wait for it in vain."""
    for cell in _cells(notebook):
        tags = cell.metadata.get("tags", [])
        if "remove-stdout" in tags and "remove-cell" not in tags and PRINTS.search(cell.source):
            first = cell.source.strip().splitlines()[0]
            yield f"docs/{name}: a cell prints what its tag remove-stdout takes away: {first}"


def _cells(notebook: NotebookNode) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _code(notebook: NotebookNode) -> list[str]:
    """All that what a notebook gives depends on, beside the library."""
    return [str(part) for cell in _cells(notebook) for part in (cell.source, cell.metadata)]


def _with_outputs(notebook: NotebookNode, executed: NotebookNode) -> bytes:
    """A notebook as .ipynb with the outputs of another of the same code."""
    for cell, done in zip(_cells(notebook), _cells(executed), strict=True):
        cell.outputs, cell.execution_count = done.outputs, done.execution_count
    notebook.metadata["language_info"] = executed.metadata[
        "language_info"
    ]  # that of the kernel, which takes "!goodfit"
    return nbformat.writes(notebook).encode()


def _execute(name: str, text: str) -> tuple[bytes, str]:
    """The notebook with its outputs, and what went wrong, "" if nothing did."""
    notebook = read_myst_markdown_notebook(text, add_source_map=True)
    with tempfile.TemporaryDirectory(prefix="goodfit-site-") as folder:
        commands = str(Path(sys.executable).parent)  # that of goodfit is there, also where no shell knows it
        os.environ["PATH"] = os.pathsep.join([commands, os.environ.get("PATH", os.defpath)])
        os.environ["GOODFIT_LEDGER"] = str(Path(folder) / "ledger.sqlite")
        notebook.cells.insert(0, nbformat.v4.new_code_cell(STRICT))
        client = NotebookClient(
            notebook,
            timeout=PATIENCE,
            resources={"metadata": {"path": folder}},
            extra_arguments=["--log-level=ERROR"],  # it warns that it listens on this machine
        )
        try:
            client.execute()
        except CellExecutionError as error:
            return b"", str(error)
    del notebook.cells[0]
    return nbformat.writes(notebook).encode(), ""


def executor() -> str:
    """What the library and this file, which decides how cells run, are now."""
    return digest(library(), Path(__file__).read_text("utf-8"))


def library() -> str:
    """What the library is now."""
    folder = Path(goodfit.__file__).parent
    return digest(*(path.read_text("utf-8") for path in sorted(folder.rglob("*")) if path.suffix in {".py", ".toml"}))


def digest(*texts: str) -> str:
    """A name for texts, another for others."""
    found = hashlib.sha256()
    for text in texts:
        found.update(text.encode() + b"\0")
    return found.hexdigest()[:32]
