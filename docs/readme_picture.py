"""Draws lab.png of the README: the lab in a browser beside a terminal, both as they are.

`PYTHONPATH=tests python docs/readme_picture.py` runs it. It needs Chromium, and Pillow, which Matplotlib brings.
"""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.text import Text

from browser import browser_path, running
from lab.person_help import Person, serving

HERE = Path(__file__).parent
COMMAND = "goodfit train digits --hidden 64 --seeds 4 --fit never --out runs/digits"
COLUMNS, LAB_SIZE, TERMINAL_WIDTH = 92, (1000, 800), 810
STATE = {
    "recipe": {"hidden": [8, 8], "activation": "tanh", "optimizer": "adam", "learning_rate": 0.02, "batch_size": 32},
    "data": {"name": "moons", "rows": 200, "noise": 0.2, "seed": 1},
    "nets": 6,
    "seed": 5,
}


def terminal(folder: Path) -> Path:
    """A page with what the command prints."""
    own = {**os.environ, "COLUMNS": str(COLUMNS)}
    words = [sys.executable, "-m", "goodfit", *COMMAND.split()[1:], "--quiet"]
    done = subprocess.run(words, cwd=folder, env=own, capture_output=True, text=True, encoding="utf-8", check=True)
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), legacy_windows=False)
    console.print(Text(f"$ {COMMAND}\n{done.stdout}"), highlight=False)
    page = folder / "terminal.html"
    page.write_text(console.export_html(inline_styles=True), "utf-8")
    return page


def main() -> None:
    """Take both pictures, and put one beside the other."""
    path = browser_path()
    if path is None:
        sys.exit("no browser was found; install chromium")
    with tempfile.TemporaryDirectory() as made, running(path) as browser, serving() as (url, app):
        browser.show(terminal(Path(made)), width=TERMINAL_WIDTH, height=LAB_SIZE[1])
        left = Image.open(io.BytesIO(browser.picture(whole=False)))
        person = Person(browser, url, app)
        person.open(STATE, width=LAB_SIZE[0])
        person.play(20)
        right = Image.open(io.BytesIO(browser.picture(whole=False))).crop((0, 0, *LAB_SIZE))
        both = Image.new("RGB", (left.width + right.width, LAB_SIZE[1]), "white")
        both.paste(left, (0, 0))
        both.paste(right, (left.width, 0))
        both.quantize(64).save(HERE / "lab.png", optimize=True)
    print((HERE / "lab.png").stat().st_size, "bytes")


if __name__ == "__main__":
    main()
