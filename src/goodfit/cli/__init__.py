"""The command line: parse, call the library, print. Results on stdout, messages on stderr; exit codes 0, 1, 2."""

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; `arguments` are those of the process where None."""
    from goodfit.cli.exits import guarded

    return guarded(lambda: _run(arguments), leave=arguments is None)


def _run(arguments: Sequence[str] | None) -> None:
    from goodfit.cli.app import app
    from goodfit.cli.parsing import with_values

    words = sys.argv[1:] if arguments is None else list(arguments)
    _refuse_empty(words)
    app(
        with_values(app, words),
        print_error=False,
        exit_on_error=False,
        result_action="return_value",
    )


def _refuse_empty(words: Sequence[str]) -> None:
    """InputError for an argument without a letter: as a path, it would be the current folder."""
    from goodfit.errors import InputError, problem

    for place, word in enumerate(words):
        before = words[place - 1] if place and words[place - 1].startswith("--") else "an argument"
        name, _, value = word.partition("=")
        if not word or (name.startswith("--") and word.endswith("=") and not value):
            named = before if not word else name
            rule = f"{named if named == 'an argument' else repr(named)} must not be empty"
            raise InputError(problem("Command line", rule, fix="Is a variable of your shell empty?"))
