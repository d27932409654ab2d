"""Search in English and Chinese: of what is written without spaces, every two signs that stand together are a word."""

import re
from itertools import pairwise
from typing import Any, ClassVar

from sphinx.search import languages
from sphinx.search.en import SearchEnglish

HAN = "\u3400-\u9fff"
PARTS = re.compile(rf"[{HAN}]+|[^\W{HAN}]+")
SPLIT_QUERY = rf"""
var splitQuery = query => (query.match(/[{HAN}]+|(?:(?![{HAN}])[\p{{L}}\p{{N}}_])+/gu) || []).flatMap(part =>
  /^[{HAN}]{{2,}}$/u.test(part) ? [...part].slice(1).map((sign, at) => part[at] + sign) : [part]);
"""


class SearchBoth(SearchEnglish):
    """English as Sphinx has it, and Chinese by pairs of signs, which needs no dictionary: searching does the same."""

    lang = "en-zh"
    js_splitter_code: ClassVar[str] = SPLIT_QUERY

    def split(self, input: str) -> list[str]:
        """The words of a text."""
        found: list[str] = []
        for part in PARTS.findall(input):
            pairs = ["".join(pair) for pair in pairwise(part)] if re.match(f"[{HAN}]", part) else []
            found += pairs or [part]
        return found


def setup(app: Any) -> dict[str, bool]:
    """Called by Sphinx."""
    languages[SearchBoth.lang] = SearchBoth  # type: ignore[assignment]
    app.config.html_search_language = SearchBoth.lang
    return {"parallel_read_safe": True, "parallel_write_safe": True}
