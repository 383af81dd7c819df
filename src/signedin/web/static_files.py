"""Our own style sheets, scripts and pictures: hashed names, kept for ever by browsers."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from litestar import get
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from signedin.rules import errors
from signedin.rules.wording import marked as _
from signedin.web.door import respond

FOLDER = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}


@cache
def _files() -> dict[str, tuple[str, bytes]]:
    """Every file by its name: the hash of what is in it, and what is in it."""
    found = {}
    for path in sorted(FOLDER.rglob("*")):
        if path.suffix in _TYPES:
            content = path.read_bytes()
            found[path.relative_to(FOLDER).as_posix()] = (hashlib.sha256(content).hexdigest()[:12], content)
    return found


def address_of(name: str) -> str:
    """The address of a file, which changes when the file does."""
    return f"/static/{_files()[name][0]}/{name}"


@get("/static/{path:path}")
async def static_file(path: FromPath[str]) -> ASGIResponse:
    """A file; by an outdated hash too, but then it is not kept."""
    mark, name = path.lstrip("/").partition("/")[::2]
    if name not in _files():
        raise errors.NotFound(_("There is no such file."))
    fresh, content = _files()[name]
    keep = "public, max-age=31536000, immutable" if mark == fresh else "no-cache"
    kind = _TYPES["." + name.rpartition(".")[2]]
    return respond(content, media_type=kind, headers=[("cache-control", keep)])
