"""Pages that the lab's own page shows in frames: drawn here, without scripts, and in no other page's frame."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import anyio.to_thread
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from goodfit.errors import GoodfitError, InputError
from goodfit.lab.run_pages import report_page, runs_page
from goodfit.lab.security import FRAMED
from goodfit.reports import Note, Page, Section
from goodfit.reports.page import POLICY
from goodfit.studies.words import LANGUAGES

HEADERS = {
    "content-security-policy": f"{POLICY}; frame-ancestors 'self'",
    "x-frame-options": "SAMEORIGIN",
    "cache-control": "no-store",
}
Make = Callable[[Request], Page]


class FramedPages:
    """The pages of this start: those of studies lie in a folder, where the process for jobs writes them."""

    def __init__(self) -> None:
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def start(self) -> str:
        """Make the folder; where it is."""
        self._folder = tempfile.TemporaryDirectory(prefix="goodfit-lab-pages-", ignore_cleanup_errors=True)
        return self._folder.name

    def end(self) -> None:
        """Remove all of them."""
        if self._folder is not None:
            self._folder.cleanup()

    def routes(self) -> list[Route]:
        """Below the token, so that a link from one page to another needs nothing more."""
        below = f"{FRAMED}{{token}}"
        return [
            Route(f"{below}/runs.html", _made(lambda asked: runs_page(_of(asked.query_params)))),
            Route(f"{below}/run-{{run}}.html", _made(lambda asked: report_page(asked.path_params["run"]))),
            Route(f"{below}/{{name}}.html", self._kept),
        ]

    async def _kept(self, request: Request) -> Response:
        """A page that was written: its name is one of the folder's, and so leads nowhere else."""
        name = f"{request.path_params['name']}.html"
        kept = Path(self._folder.name).iterdir() if self._folder is not None else ()
        found = {path.name: path for path in kept}.get(name)
        if found is None:
            raise HTTPException(404)
        return HTMLResponse(await anyio.to_thread.run_sync(found.read_bytes), headers=HEADERS)


def _made(make: Make) -> Callable[..., object]:
    """A route whose page is made in a thread, for it reads files; what is refused is a page, too."""

    async def answer(request: Request) -> Response:
        return HTMLResponse(await anyio.to_thread.run_sync(lambda: _written(make, request)), headers=HEADERS)

    return answer


def _written(make: Make, request: Request) -> str:
    try:
        return make(request).html()
    except (GoodfitError, InputError) as error:
        return Page(title="goodfit", kind="lab", sections=[Section("Refused", [Note(str(error))])]).html()


def _of(query: Mapping[str, str]) -> dict[str, str]:
    """What a page may be asked for, cut to what is sensible."""
    language = query.get("language", "")
    return {
        "language": language if language in LANGUAGES else LANGUAGES[0],
        "words": query.get("filter", "")[:200],
        "sort": query.get("sort", ""),
    }
