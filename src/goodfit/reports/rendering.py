"""Pages from the templates in `templates/`: Jinja2 escapes all that is filled in, which is shown and never obeyed."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from goodfit.reports.blocks import PRINTED_ROWS
from goodfit.reports.drawing import embedded
from goodfit.reports.languages import PHRASES, Language, Phrases
from goodfit.reports.markup import Ids, Link, Mono, Strong, joined, plain
from goodfit.reports.numbers import between, brief, counted, number, percent, spanned, spent, whole
from goodfit.runs.telling import interval, score_lines
from goodfit.selection.space import text_of
from goodfit.words import duration, visible, width

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup
    from matplotlib.figure import Figure

FILTERS = {
    **{each.__name__: each for each in (between, brief, counted, duration, interval, joined, number, percent, plain)},
    **{each.__name__: each for each in (score_lines, spanned, spent, text_of, whole, width)},
    "strong": Strong,
    "mono": Mono,
    "link": Link,
    "shell": shlex.join,
}


@dataclass
class Writing:
    """A page that is being written; templates know it as `to`. figures: how many have been numbered so far."""

    language: Language = "en"
    figures: int = 0
    ids: Ids = field(default_factory=Ids)

    @property
    def words(self) -> Phrases:
        """How the language names itself and numbers figures."""
        return PHRASES[self.language]

    def say(self, english: str, chinese: str) -> str:
        """A text in the language of the page."""
        return english if self.language == "en" else chinese

    def figure(self) -> int:
        """The number of the next figure."""
        self.figures += 1
        return self.figures

    def drawing(self, figure: Figure, name: str, about: str) -> Markup:
        """A figure as SVG. name, about: what it is and what it shows, for those who do not see it: text, or markup
        whose words are taken.
        """
        from markupsafe import Markup

        words = about.striptags() if isinstance(about, Markup) else about
        # Safe: matplotlib drew it, and ElementTree, which wrote it out again, escapes every text and attribute.
        return Markup(embedded(figure, self.ids, name, words))


def render(template: str, **values: Any) -> str:
    """A template filled with values; a name that it does not find is an error."""
    return _environment().get_template(template).render(values)


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # on first use: `import goodfit` stays light

    made = Environment(
        loader=PackageLoader("goodfit.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printed,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(FILTERS)
    made.globals["PRINTED_ROWS"] = PRINTED_ROWS
    return made


def _printed(value: Any) -> Any:
    """What is filled in, with what would hide or turn the text around it written out as \\x1b."""
    return value if hasattr(value, "__html__") else visible(str(value))
