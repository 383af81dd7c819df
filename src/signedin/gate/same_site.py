"""Whether a change was asked for from one of our own pages: Fetch Metadata, Origin, and a bound token."""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from signedin.actions.means import Means
from signedin.actions.seal import seal
from signedin.rules.errors import CrossSite
from signedin.rules.sent import Headers, header


def came_from_ourselves(headers: Headers, origin: str) -> bool:
    """Whether the browser says that the request comes from our own origin (security CSRF-2, CSRF-4).

    `Sec-Fetch-Site` first, `Origin` where it is absent; neither means no. `same-site` is not trusted.
    """
    site, said_origin = header(headers, b"sec-fetch-site"), header(headers, b"origin")
    if said_origin is not None and said_origin != origin:
        return False
    if site is not None:
        return site == "same-origin"
    return said_origin is not None


def form_token(means: Means, bound_to: str) -> str:
    """The token that forms carry, bound to the session's secret, or to the form cookie before sign-in (N8)."""
    return seal(means, "form", bound_to)


def refuse_foreign_form(means: Means, bounds: Iterable[str], token: str | None) -> None:
    """Refuse a form whose token is bound to nothing that this browser has.

    Raises:
        CrossSite: the token is missing or another's.
    """
    given = (token or "").encode()
    if not any(
        hmac.compare_digest(form_token(means, bound).encode(), given) for bound in bounds if bound and given
    ):
        raise CrossSite
