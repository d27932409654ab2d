"""What is to be known of rows by which the members of an ensemble were chosen. facts: `Run.ensemble`."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def default_stays(facts: Mapping[str, Any]) -> bool:
    """Whether the default recipe alone predicts, which nothing chose."""
    return [member["stage"] for member in facts["members"]] == ["default"]


def choice_notes(facts: Mapping[str, Any] | None, folder: Path | None) -> tuple[str, ...]:
    """The note on scores of these rows, with the figure that is honest; () where they chose nothing.

    folder: of the run, None where it has none
    """
    if facts is None or (default_stays(facts) and facts["temperature"] == 1):
        return ()
    what = "The temperature was" if default_stays(facts) else "The members were"
    see = "" if folder is None else f", see {shlex.join(['goodfit', 'report', str(folder)])}"
    return (f"{what} chosen by these rows: nested {facts['loss']} {facts['nested']:.4g}{see}.",)
