from goodfit.notes.document import Document as Document
from goodfit.notes.document import read as read
from goodfit.notes.outcome import CellOutcome as CellOutcome
from goodfit.notes.outcome import RunNotes as RunNotes
from goodfit.notes.running import run as run
