"""How a credential travels to and from browsers; what a request sends is read by rules/sent.py."""

from __future__ import annotations

from collections.abc import Mapping

from signedin.rules.sent import DUPLICATED, CookieNames, Headers, are_too_long, cookie_lines

CLEAR_SITE_DATA = ("clear-site-data", '"cache", "storage"')
"""Said at logout; never "cookies", which would sign out the neighbours too (D18)."""


def why_unread(headers: Headers, read: Mapping[str, str], names: CookieNames) -> str | None:
    """Why the cookies that sign in and that bind a form cannot be read (`COOKIES_UNREAD`), or `None`."""
    if not read and are_too_long(cookie_lines(headers)):
        return "too_many_cookies"
    return "cookie_twice" if DUPLICATED in (read.get(names.session), read.get(names.form)) else None


def set_cookie(
    names: CookieNames, name: str, value: str, *, max_age: int | None = None, readable: bool = False
) -> str:
    """A Set-Cookie header's value: this host only, every path, Lax, out of reach of scripts."""
    parts = [f"{name}={value}", "Path=/", "SameSite=Lax"]
    if max_age is not None:
        parts.append(f"Max-Age={max_age}")
    if not readable:
        parts.append("HttpOnly")
    if names.is_secure:
        parts.append("Secure")
    return "; ".join(parts)
