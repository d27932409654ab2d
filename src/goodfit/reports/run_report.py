"""The report on a run, and the report on a search alone."""

from datetime import UTC, datetime
from pathlib import Path

from goodfit import __version__
from goodfit.arguments import public
from goodfit.data import Ledger
from goodfit.errors import InputError, problem
from goodfit.models import Measures, Score
from goodfit.reports.blocks import Passage
from goodfit.reports.calibration import calibration_section
from goodfit.reports.commands import recipe_words, wrapped
from goodfit.reports.comparison import comparison
from goodfit.reports.importance import importance_section
from goodfit.reports.inside import inside_section
from goodfit.reports.kept import KeptSearch, read_search
from goodfit.reports.markup import Inline, Mono
from goodfit.reports.measures import measures_section, share_beside
from goodfit.reports.numbers import NONE, between, counted, number
from goodfit.reports.openings import openings_glance, openings_section
from goodfit.reports.page import Glance, Page, Section
from goodfit.reports.reproducing import data_words, reproduce_section
from goodfit.reports.run_sections import (
    curves_section,
    data_section,
    ensemble_section,
    layers_text,
    net_section,
    recipe_section,
)
from goodfit.reports.source import Source, source_of
from goodfit.reports.verdict import verdict_glance, verdict_section
from goodfit.runs import Run
from goodfit.runs.telling import interval
from goodfit.training.recipe import Recipe


@public
def run_page(run: Run | str | Path, search: str | Path | None = None, *, ledger: Ledger | None = None) -> Page:
    """The report on a run, or on the one in a folder.

    run: a run, or its folder
    search: the folder of a search whose settings are compared.
    ledger: whose openings are told, the project's if None

    The test rows stay sealed: the page shows what the ledger (the project's, if None) holds about them. InputError or
    GoodfitError where the run is not done, or something in the folders or the ledger cannot be read.
    """
    source = source_of(run if isinstance(run, Run) else Path(run), ledger)
    sections = [
        data_section(source),
        ensemble_section(source.run),
        net_section(source.run),
        recipe_section(source.run.recipe),
        curves_section(source.run),
        measures_section(source),
        calibration_section(source),
        importance_section(source),
        inside_section(source.run),
        _comparison(source, None if search is None else Path(search)),
        verdict_section(source.verdict, source.where, started=source.run.start is not None),
        openings_section(source),
        reproduce_section(source),
    ]
    return Page(
        title=source.run.data_name,
        kind="goodfit report on a run",
        lead=_lead(source),
        glance=_glance(source),
        sections=[each for each in sections if each is not None],
        foot=_foot(source.run.folder),
    )


@public
def search_page(folder: str | Path) -> Page:
    """The report on a search alone; InputError where it is not done or damaged."""
    folder = Path(folder)
    found = read_search(folder)
    words = ["goodfit", "train", *found.source, *recipe_words(Recipe.from_mapping(found.best, where=str(folder)))]
    sections = [
        comparison(found, folder),
        Section("The search", [Passage("run/search.html", found)]),
        Section("Next step", [Passage("run/next.html", wrapped(words))]),
    ]
    lead = f"{found.about or counted(len(found.settings), 'setting')}. Best: {found.settings[0].text}."
    return Page(
        title=found.data,
        kind="goodfit report on a search",
        lead=lead,
        glance=_search_glance(found),
        sections=sections,
        foot=_foot(folder),
    )


def _comparison(source: Source, search: Path | None) -> Section:
    if search is None:
        about = data_words(source) or ["DATA"]
        return Section("Comparison of settings", [Passage("run/no_search.html", about)])
    found = read_search(search)
    if found.data != source.run.data_name:
        rule = f"must be a search on the data of the run, {source.run.data_name!r}"
        raise InputError(problem(str(search), rule, got=found.data))
    return comparison(found, search, source.run.recipe)


def _lead(source: Source) -> Inline:
    run = source.run
    nets = counted(len(run.seeds), "net")
    of = "several settings" if run.ensemble is not None else f"{layers_text(run)} units"
    trained = f"{nets} of {of}, trained on {counted(source.sizes['train'], 'row')}."
    return trained if source.verdict is None else f"{trained} {source.verdict.sentence}"


def _glance(source: Source) -> list[Glance]:
    run = source.run
    scores = [
        Glance(
            f"{run.part_words[part].capitalize()} {score.name}",
            number(score.value),
            _detail(score, run.measured.get(part)),
        )
        for part, score in sorted(run.scores.items(), key=lambda pair: pair[0] != "valid")
        if part != "test"
    ]
    return [*scores, openings_glance(source), verdict_glance(source.verdict)]


def _detail(score: Score, found: Measures | None) -> str:
    """The interval, and for an accuracy the share of the largest class."""
    return "; ".join(filter(None, (f"{score.level * 100:g} % interval {interval(score)}", share_beside(found))))


def _search_glance(found: KeptSearch) -> list[Glance]:
    best = found.settings[0]
    held = between(best.low, best.high)
    shown = [
        Glance(f"Best {found.score_name}", number(best.score), "" if held == NONE else f"95 % interval {held}"),
        Glance("Settings", f"{len(found.settings):,}"),
    ]
    if found.chance_not_best is not None:
        shown.append(Glance("Probability that another is better", found.chance))
    return shown


def _foot(folder: Path | None) -> Inline:
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    text = f"Written by goodfit {__version__} on {now}"
    rest = ". This page fetches nothing and runs no script."
    return (text, rest) if folder is None else (f"{text} from ", Mono(str(folder)), rest)
