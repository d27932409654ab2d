"""The result of a study: what it measured, as pages and files."""

from dataclasses import dataclass
from pathlib import Path

from goodfit.reports.languages import Language
from goodfit.studies.study_findings import StudyFindings


@dataclass(frozen=True)
class Result(StudyFindings):
    """A study that was run: what it measured, and its page."""

    def html(self, language: Language = "en") -> str:
        """The study's page, self-contained."""
        from goodfit.studies.pages import study_page

        return study_page(self, language).html()

    def write(self, out: str | Path) -> tuple[Path, ...]:
        """Write pages, figures (SVG, PNG) and tables (CSV) into a folder; the two pages' paths, English first."""
        from goodfit.studies.writing import write

        return write(self, Path(out))
