"""The switch between languages: a form at the foot of every page, which works without a script."""

from __future__ import annotations

from litestar import post
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.choose_language import choose_language
from signedin.gate.credentials import set_cookie
from signedin.gate.languages import LANGUAGES
from signedin.rules import errors
from signedin.rules.ticket import is_own_path
from signedin.web.door import Ask, Door, arrival_of, now_of, see_other
from signedin.web.language import LANGUAGE_COOKIE

YEAR = 31_536_000


@post(["/language", "/admin/language"])
async def language_form(request: Ask, door: NamedDependency[Door]) -> ASGIResponse:
    """Remember the language, in this browser and for letters to whoever is signed in, and go back."""
    fields = await door.form(request)
    lang, back = fields.get("lang", ""), fields.get("back", "")
    if lang not in LANGUAGES:
        raise errors.InvalidInput(field="lang")
    presence = arrival_of(request).presence
    if presence is not None:
        await choose_language(door.means, presence, lang, door.reader(request).zone_name, now_of(request))
    cookie = set_cookie(door.names, LANGUAGE_COOKIE, lang, max_age=YEAR)
    return see_other(back if is_own_path(back) else "/settings/sessions", cookies=[cookie])
