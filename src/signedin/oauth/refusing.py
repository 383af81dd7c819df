"""How a client is told that it is refused: the RFC's code and a sentence, in JSON that nobody keeps (RFC 6749, 5.2)."""

from __future__ import annotations

import json
from collections.abc import Iterable

from litestar.response.base import ASGIResponse

from signedin.rules import errors
from signedin.rules.oauth_refusal import OAuthRefused

PAGE = "docs/connect-an-app.md"
NO_STORE = (("cache-control", "no-store"), ("pragma", "no-cache"))
FOR_PEOPLE = frozenset({"/oauth/authorize", "/oauth/consent", "/oauth/end_session", "/oauth/logout"})
"""Where a browser comes by itself, and a person reads what is wrong."""
_WELL_KNOWN = "/.well-known/o"


def is_client_path(path: str) -> bool:
    """Whether a client asks there, by itself.

    >>> is_client_path("/oauth/token"), is_client_path("/oauth/authorize")
    (True, False)
    """
    return path.startswith(("/oauth/", _WELL_KNOWN)) and path not in FOR_PEOPLE


def as_oauth(refusal: errors.Refused, status: int) -> OAuthRefused:
    """Any refusal in the words of the RFCs; what went wrong on our side is never the client's fault."""
    if isinstance(refusal, OAuthRefused):
        return refusal
    if status >= 500 or isinstance(refusal, errors.TooManyRequests):
        error = "server_error" if status == 500 else "temporarily_unavailable"
    else:
        error = "invalid_request"
    return OAuthRefused(error, refusal.sentence, status=status, hint=refusal.hint)


def refused(refusal: OAuthRefused, more: Iterable[tuple[str, str]] = ()) -> ASGIResponse:
    """The answer."""
    told = {"error": refusal.error, "error_description": _plain(refusal.description)}
    headers = [*NO_STORE, *refusal.headers, *more]
    body = json.dumps(told)
    return ASGIResponse(body=body, status_code=refusal.status, media_type="application/json", headers=headers)


def docs_of(refusal: OAuthRefused) -> str:
    """Where it stands what to do about it."""
    return f"{PAGE}#{refusal.error}"


def _plain(sentence: str) -> str:
    """The characters that may stand in `error_description` (RFC 6749, section 5.2), and quotes as apostrophes.

    >>> _plain('The page’s "name"')
    "The page's 'name'"
    """
    straight = sentence.replace("’", "'").replace('"', "'").replace("\\", "/")
    return "".join(ch if " " <= ch <= "~" else "?" for ch in straight)
