"""The result of a study: what it measured, as pages and files."""

from dataclasses import dataclass
from pathlib import Path

from goodfit.reports.languages import Language
from goodfit.studies.numbers import estimate
from goodfit.studies.study_findings import StudyFindings


@dataclass(frozen=True, repr=False)
class Result(StudyFindings):
    """A study that was run: what it measured, and its page.

    study: what was run
    given: parameter -> value
    measured: quantities, tables and arrays, by name
    seconds: that it took
    """

    def __repr__(self) -> str:
        """The study, how it was run, what became of its claims, and its headlines: a few lines."""
        from goodfit.studies.pages import command, counted

        title = f"{self.study.section} {self.study.title.en}".strip()
        lines = [f"{title}: {command(self.study, self.given.to_dict())}"]
        lines.append(f"  claims: {counted(self.claims, 'en')}")
        for each in map(self.claim, self.study.glance):
            lines.append(f"  {each.claim.quantity.en}: {estimate(each.found)}, {each.status}")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        """What a notebook shows: the headlines and every claim."""
        from goodfit.reports.card_rendering import card  # here, for it knows searches too, and so loads JAX

        rows = [(each.claim.statement.en, estimate(each.found), each.status) for each in self.claims]
        title, *lines = repr(self).splitlines()
        return card(title, lines, ("claim", "measured", "status"), rows, left=1)

    def html(self, language: Language = "en") -> str:
        """The study's page, self-contained."""
        from goodfit.studies.pages import study_page

        return study_page(self, language).html()

    def write(self, out: str | Path) -> tuple[Path, ...]:
        """Write pages, figures (SVG, PNG) and tables (CSV) into a folder; the pages' paths, English first."""
        from goodfit.studies.writing import write

        return write(self, Path(out))
