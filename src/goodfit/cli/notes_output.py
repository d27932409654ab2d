"""What `goodfit notes` prints."""

from goodfit.cli.output import console, print_json, print_line, table
from goodfit.errors import GoodfitError
from goodfit.notes import RunNotes
from goodfit.words import duration


def print_notes(notes: RunNotes, *, json: bool) -> None:
    """Print cells by section, what was supplied, numbers side by side, and the files. GoodfitError if a cell failed."""
    if json:
        print_json(notes.to_json())
    else:
        _print_tables(notes)
    failed = [f"{notes.where(place)}: {cell.error}" for place, cell in notes.cells.items() if cell.state == "failed"]
    if failed:
        left = notes.count("not run")
        rest = f", {left} {'was' if left == 1 else 'were'} not run" if left else ""
        raise GoodfitError("\n".join([f"{len(failed)} of {len(notes.cells)} cells failed{rest}.", *failed]))


def _print_tables(notes: RunNotes) -> None:
    to = console()
    rows = []
    for number, title in enumerate(notes.document.sections):
        cells = [cell for cell in notes.cells.values() if cell.cell.section == number]
        if cells:
            counts = [sum(cell.state == state for cell in cells) for state in ("done", "failed", "not run")]
            rows.append((title or "the beginning", *counts, duration(sum(cell.seconds for cell in cells))))
    to.print(table("Cells", ("section", "ran", "failed", "not run", "time"), rows))
    if notes.supplied:
        to.print(
            table(
                "Supplied because the document does not define it there",
                ("cell", "name", "from"),
                notes.supplied,
                left=3,
            )
        )
    numbers = [
        (
            notes.where(place),
            each.what,
            f"{each.printed:.5g}",
            "" if each.ours is None else f"{each.ours:.5g}",
            f"{each.mean:.4g} [{each.low:.4g}, {each.high:.4g}], {each.seeds} seeds",
        )
        for place, cell in notes.cells.items()
        for each in cell.numbers
        if each.mean is not None
    ]
    if numbers:
        columns = ("cell", "number", "document", "this run", "mean over seeds, 95 % interval")
        to.print(table("Numbers of the document beside ours", columns, numbers, left=2))
    for name, path in (("Page", notes.page), ("Notebook", notes.notebook)):
        if path is not None:
            print_line(to, f"{name}: {path}")
