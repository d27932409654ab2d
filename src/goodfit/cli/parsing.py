"""Errors of the command-line parser in goodfit's grammar."""

import difflib
from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args, get_origin

import cyclopts

from goodfit.errors import InputError, problem

_WHERE = "Command line"


def with_values(app: cyclopts.App, words: Sequence[str]) -> list[str]:
    """The words of a command line, a value that begins with "-" joined to its option: --values=-1.57,0.

    The parser takes -1.57,0 and -x for options. All of goodfit's begin with two dashes, but for -h, so that these are
    values wherever an option needs one; what begins with two is an option, and the one before it lacks its value.
    InputError for 1.5 where an option takes whole numbers, which the parser would round.
    """
    found, ends = list(words), words.index("--") if "--" in words else len(words)
    at = [place for place in range(1, ends) if _names_option(words[place - 1]) and _looks_short(words[place])]
    parts = [each for place in range(ends) if (each := _fraction(words, place))]
    if not at and not parts:
        return found
    *_, command = app.parse_commands(found)[1]
    if command.default_command is None:  # the name of a command is missing, as the parser says
        return found
    arguments = [each for each in command.assemble_argument_collection() if each.parse]
    kinds = {name: (each.hint, *get_args(each.hint)) for each in arguments for name in each.names}
    for name, value in parts:
        if int in kinds.get(name, ()):
            raise InputError(problem(_WHERE, f"{name!r} must be an integer", got=value))
    for place in reversed(at):
        if bool not in kinds.get(words[place - 1], (bool,)):
            found[place - 1 : place + 1] = [f"{words[place - 1]}={words[place]}"]
    return found


def _fraction(words: Sequence[str], place: int) -> tuple[str, str] | None:
    """(the option, its value) where a word is, or gives, a number that is not whole; None elsewhere."""
    name, _, value = words[place].partition("=")
    if not name.startswith("--"):
        name, value = words[place - 1] if place else "", words[place]
    try:
        whole = "." not in value or float(value).is_integer()
    except ValueError:
        return None
    return None if whole else (name, value)


def _names_option(word: str) -> bool:
    return word.startswith("--") and "=" not in word


def _looks_short(word: str) -> bool:
    return word.startswith("-") and not word.startswith("--") and word not in ("-", "-h")


def usage_error(error: BaseException) -> InputError:
    """What the parser objects to, as an InputError with the nearest valid name."""
    if isinstance(error, cyclopts.UnknownOptionError):
        name = (error.token.keyword or error.token.value).partition("=")[0]
        known = [flag for argument in error.argument_collection if argument.parse for flag in argument.names]
        return _unknown(f"{name!r} is not an option of '{_command(error)}'", name, known, error)
    if isinstance(error, cyclopts.UnknownCommandError):
        name = (error.unused_tokens or [""])[0]
        kind = "an option" if name.startswith("-") else "a command"
        known = [command for command in (error.app or ()) if command.startswith("-") == name.startswith("-")]
        return _unknown(f"{name!r} is not {kind} of '{_command(error)}'", name, known, error)
    if isinstance(error, cyclopts.MissingArgumentError) and error.argument is not None:
        if error.keyword is not None:
            return _problem(f"{error.keyword!r} needs a value", error)
        there = f": {found}" if (found := _choices(error.argument.hint)) else ""
        return _problem(f"{error.argument.name!r} must be given{there}", error)
    if isinstance(error, cyclopts.CoercionError) and error.token is not None:
        return InputError(_not_of_type(error))
    if isinstance(error, cyclopts.UnusedCliTokensError):
        return InputError(problem(_WHERE, "unexpected argument", got=" ".join(error.unused_tokens or [])))
    return _problem(str(error).strip().rstrip("."), error)


def _not_of_type(error: cyclopts.CoercionError) -> str:
    """The problem with a value that is none of its option's: a number, or one of several names."""
    token, kind = error.token, error.target_type
    assert token is not None
    words = {int: "an integer", float: "a number", bool: "true or false"}.get(kind or str, "valid")
    return problem(_WHERE, f"{token.keyword!r} must be {_choices(kind) or words}", got=token.value)


def _choices(kind: Any) -> str:
    """What a value may be, where its type names it all; "" where it does not."""
    return f"one of {', '.join(map(str, get_args(kind)))}" if get_origin(kind) is Literal else ""


def _unknown(rule: str, name: str, known: Iterable[str], error: Any) -> InputError:
    names = {flag.lstrip("-"): flag for flag in known}  # dashes would make every two options alike
    close = difflib.get_close_matches(name.lstrip("-"), names, n=1)
    fix = f"Did you mean {names[close[0]]!r}?" if close else f"See '{_command(error)} --help'."
    return InputError(problem(_WHERE, rule, fix=fix))


def _problem(rule: str, error: Any) -> InputError:
    return InputError(problem(_WHERE, rule, fix=f"See '{_command(error)} --help'."))


def _command(error: Any) -> str:
    return " ".join(["goodfit", *(error.command_chain or ())])
