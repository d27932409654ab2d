"""`goodfit study`: the chapter's experiments, a command each; their flags come from the studies' own declarations."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Group, Parameter

from goodfit.cli.app import with_example
from goodfit.cli.device_flags import with_device_flags
from goodfit.cli.exits import say
from goodfit.cli.folders import resumable
from goodfit.cli.train import refuse_changes
from goodfit.cli.worker_flags import with_worker_flags
from goodfit.errors import GoodfitError, InputError, problem
from goodfit.reports.languages import Language
from goodfit.studies import find, studies
from goodfit.studies import parameters as declared
from goodfit.studies.catalogue import by_section
from goodfit.studies.declaring import Study
from goodfit.studies.words import LANGUAGES

_PLACE = Group("Output", sort_key=200)
_OWN = Group("Study", sort_key=100)
_DEFAULT = Path("studies")
UNFINISHED = "unfinished"  # in that folder, while something is

Out = Annotated[Path, Parameter(help="Output folder for pages, figures and tables.", group=_PLACE)]
Spoken = Annotated[Language, Parameter(help="Language of the printed output; pages are written in both.", group=_PLACE)]
Resume = Annotated[
    Path | None, Parameter(help="Output folder of what was interrupted: train what is left of it.", group=_PLACE)
]
Json = Annotated[bool, Parameter(help="Print one JSON object instead of tables.", negative=(), group=_PLACE)]
Quiet = Annotated[bool, Parameter(help="Show no progress.", negative=(), group=_PLACE)]

study = App(name="study", help_format="plaintext")


@study.default
def list_(
    *name: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
    resume: Resume = None,
    language: Spoken = "en",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """List the studies by section, with the question that each of them answers, or resume what was interrupted."""
    from goodfit.cli.study_output import print_list

    if name and resume is not None:
        refuse_changes([each for each in name if not each[:1].isalnum()] or name, "--language, --json and --quiet")
    if name and name[0].startswith("-"):
        rule, fix = f"{name[0]!r} is not an option of 'goodfit study'", "Name the study first: goodfit study NAME."
        raise InputError(problem("Command line", rule, fix=fix))
    if name:  # the studies are commands of their own, so that this is none of them
        find(name[0])
    if resume is None:
        print_list(language, json=json)
    else:
        _resume(resume, language, json=json, quiet=quiet)


def _resume(out: Path, language: Language, *, json: bool, quiet: bool) -> None:
    from goodfit.cli.study_output import print_chapter, print_result
    from goodfit.studies import resume

    with resumable("study", out, UNFINISHED):
        done, failed = resume(out, tell=_telling(quiet=quiet))
    if len(done) + len(failed) == len(studies()):
        print_chapter(done, out, language, json=json)
    else:
        for each in done:
            print_result(each, out, language, json=json)
    _refuse_failed(failed)


def _telling(*, quiet: bool) -> Callable[[str, str], None]:
    return lambda name, text: None if quiet else say(f"{name}: {text}")


def _refuse_failed(failed: Mapping[str, str]) -> None:
    if failed:
        raise GoodfitError("\n".join(f"{name} failed. {why}" for name, why in failed.items()))


@study.command(
    name="all",
    help=with_example("Run all studies with their default parameters, and write an index page.", "study", "all"),
)
@with_device_flags
@with_worker_flags
def run_all(*, out: Out = _DEFAULT, language: Spoken = "en", json: Json = False, quiet: Quiet = False) -> None:
    """Run all studies with their default parameters, and write an index page."""
    from goodfit.cli.study_output import print_chapter
    from goodfit.studies import run_all

    with resumable("study", out, UNFINISHED):
        done, failed = run_all(out, tell=_telling(quiet=quiet))
    print_chapter(done, out, language, json=json)
    _refuse_failed(failed)


def _command(declaration: Study) -> Callable[..., None]:
    """The command of one study: a flag for each of its parameters, which arrives as text."""

    def command(**flags: Any) -> None:
        from goodfit.cli.study_output import print_result
        from goodfit.studies import run

        quiet, json = flags.pop("quiet", False), flags.pop("json", False)
        out, language = flags.pop("out", _DEFAULT), flags.pop("language", LANGUAGES[0])
        known = {each.name: each for each in declaration.parameters}
        given = {name: known[name].read(text) for name, text in flags.items()}
        with _in_flags(declaration), resumable("study", out, UNFINISHED):
            found = run(declaration.name, out=out, tell=lambda text: None if quiet else say(text), **given)
        print_result(found, out, language, json=json)

    common: dict[str, tuple[Any, Any]] = {
        "out": (Out, _DEFAULT),
        "language": (Spoken, LANGUAGES[0]),
        "json": (Json, False),
        "quiet": (Quiet, False),
    }
    keyword = inspect.Parameter.KEYWORD_ONLY
    own = [
        inspect.Parameter(each.name, keyword, default=None, annotation=Annotated[str | None, _flag(each)])
        for each in declaration.parameters
    ]
    rest = [
        inspect.Parameter(name, keyword, default=default, annotation=kind) for name, (kind, default) in common.items()
    ]
    command.__signature__ = inspect.Signature([*own, *rest])  # type: ignore[attr-defined]
    command.__doc__ = f"{declaration.section} {declaration.title.en}. {declaration.question.en}"
    return with_device_flags(with_worker_flags(command))


@contextmanager
def _in_flags(declaration: Study) -> Iterator[None]:
    """Name parameters as their flags in what is refused: --lambda, where Python has l2."""
    try:
        yield
    except InputError as error:
        texts = list(error.problems)
        for each in declaration.parameters:
            texts = [text.replace(f"'{each.name}'", f"'{each.option}'") for text in texts]
        raise InputError(*texts) from error


def _flag(each: declared.StudyParameter) -> Parameter:
    metavar = {"whole": "INT", "number": "NUM", "choice": "NAME", "text": "TEXT"}[each.kind]
    about = f"{each.about.en} [{each.range()}; default: {each.text(each.default)}]"
    return Parameter(name=each.option, help=about, group=_OWN, metavar=f"{metavar},…" if each.many else metavar)


for _each in studies().values():
    _sections = [section for section, name in by_section().items() if name == _each.name]
    study.command(
        _command(_each), name=(_each.name, *_sections), help=with_example(_each.question.en, "study", _each.name)
    )
