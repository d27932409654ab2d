"""The command line: parse, call the library, print. Results on stdout, messages on stderr; exit codes 0, 1, 2."""

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; `arguments` are those of the process where None."""
    from goodfit.cli.exits import guarded

    return guarded(lambda: _run(arguments), leave=arguments is None)


def _run(arguments: Sequence[str] | None) -> None:
    from goodfit.cli.app import app

    app(
        arguments if arguments is None else list(arguments),
        print_error=False,
        exit_on_error=False,
        result_action="return_value",
    )
