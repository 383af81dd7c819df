"""The logos of connected apps, as operators uploaded them: `/logos/...`; nothing is fetched from anywhere."""

from __future__ import annotations

import re

from litestar import get
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from signedin.actions.find_logo import find_logo
from signedin.web.door import Door, respond

FOR_EVER = ("cache-control", "public, max-age=31536000, immutable")
ALONE = ("content-security-policy", "default-src 'none'; sandbox")
_NAME = re.compile(r"[0-9a-f]{40}", re.ASCII)


@get("/logos/{name:str}")
async def logo_file(door: NamedDependency[Door], name: FromPath[str]) -> ASGIResponse:
    """A picture, which is another under another name."""
    picture = await find_logo(door.means, name) if _NAME.fullmatch(name) else None
    if picture is None:
        raise NotFoundException
    return respond(picture.bytes, media_type=picture.media_type, headers=[FOR_EVER, ALONE])
