"""What people look at: the page at /ui, and the description of the API at /docs. Nothing comes from outside."""

from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse
from starlette.staticfiles import StaticFiles

FOLDER = Path(__file__).with_name("ui")
UI_POLICY = (
    "default-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
# Swagger UI (its files come with BentoML) writes style attributes and has pictures within its style sheet.
DOCS_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"


class Page(StaticFiles):
    """The files of /ui."""

    def __init__(self) -> None:
        super().__init__(directory=FOLDER, html=True)

    def file_response(self, *arguments: Any, **settings: Any) -> Any:
        """A file, with what a browser may do with it."""
        response = super().file_response(*arguments, **settings)
        response.headers["Content-Security-Policy"] = UI_POLICY
        response.headers["Cache-Control"] = "no-cache"  # asked for again, answered 304 while it is the same
        return response


async def index(request: Request) -> RedirectResponse:
    """Leads to the page."""
    return RedirectResponse("/ui/")


async def api(request: Request) -> FileResponse:
    """The description of the API, to read and to try."""
    return FileResponse(FOLDER / "docs.html", headers={"Content-Security-Policy": DOCS_POLICY})
