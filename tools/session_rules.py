"""Writes docs/sessions.md: how sessions begin, how long they live, what is limited, from where each is defined.

python tools/session_rules.py            writes it
python tools/session_rules.py --check    only says whether it is true
"""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from signedin.rules import attempts
from signedin.rules.attempts import Patience
from signedin.rules.lifetime import PROFILES, SHARED_COMPUTER, Limits
from signedin.rules.secret import Kind
from signedin.rules.session import AppType

PAGE = Path(__file__).resolve().parent.parent / "docs" / "sessions.md"

KINDS = {
    Kind.SES: ("a session in a browser", "cookie", "what it made: the sessions at guarded hosts"),
    Kind.APP: ("a session of an app of one's own", "header", "the sessions that it made"),
    Kind.HST: ("a session at a guarded host", "cookie", "nothing: it is a child, and ends with its session"),
    Kind.ACC: ("access of a connected app", "header", "nothing: it ends with its consent"),
    Kind.REF: ("renewed access of a connected app", "form", "the access it renews"),
    Kind.COD: ("a code for a connected app, once", "address", "nothing"),
    Kind.DEV: ("a code for a device without a keyboard", "form", "nothing"),
    Kind.KEY: ("a person's access key", "header", "nothing, and nothing that ends sessions ends it"),
    Kind.SVC: ("a backend's service key", "header", "nothing"),
    Kind.PEN: ("a sign-in that waits for its second factor", "cookie", "nothing: it is no session yet"),
    Kind.TIK: ("a ticket to another host, once", "address", "nothing"),
    Kind.LNK: ("a link in a letter, once", "address", "nothing"),
    Kind.INV: ("an invitation, once", "address", "nothing"),
    Kind.BRW: ("the mark of a known browser", "cookie", "nothing: it signs nobody in"),
    Kind.CLS: ("a connected app's own secret", "form", "nothing"),
    Kind.REG: ("a connected app's registration", "header", "nothing"),
}
"""What each kind of token stands for, how it travels, and what ends with it."""

COUNTED = {
    "ACCOUNT": (
        "attempts to sign in with one e-mail address, from browsers that its account does not know",
        "all of them, also when it came from a browser that the account knows",
    ),
    "BROWSER": ("attempts to sign in from one browser that the account knows", "all of them"),
    "ADDRESS": (
        (
            "attempts to sign in from browsers that the account does not know, from one network "
            "(an IPv4 address, an IPv6 /64); attempts to register from there, counted apart"
        ),
        "of sign-ins itself alone, of registrations nothing",
    ),
    "UNKNOWN_SECRETS": ("different unknown sessions from one network", "does not apply"),
    "LETTER": ("letters that somebody else can set off, to one address", "does not apply"),
}
"""What each limit counts, and what a success takes back of it: as `signedin.store.limits` does."""

TOP = """# How sessions begin, live and end

Written by `make docs` from `src/signedin/rules/`; do not edit.

## Ways in

A person signs in at `/sign-in` with address and password; whoever makes the first account at `/setup` is signed in with it.
There is no other way in: both begin the session in `src/signedin/actions/sign_in.py`, after the same proof and the same limits.
Each sign-in is a session with a secret of its own, and ends the session that the same browser had before.
An account may have as many sessions at once as it likes, unless an [organisation](operators.md#organisations-and-their-rules) of its allows fewer; each is listed, and a sign-in from an unknown browser is told by mail.

## How long they live

| app type | without use | in all |
|---|---|---|
"""
AFTER_LIFETIMES = """
Use makes the first limit begin anew and never the second.
On a public or shared computer a session ends after {shared} without use.

NIST SP 800-63B-4 suggests 30 days in all for its lowest level, and less for those above.
Signedin's default follows the guide instead, which promises people 30 days after their last use, and sets an overall limit of a year because OWASP ASVS 7.3.2 wants one.
That is meant for an app whose sessions are all in sight of their owner and can be ended by them; whoever needs the standard's own numbers sets `SIGNEDIN_PROFILE`:

| profile | app type | without use | in all |
|---|---|---|---|
"""
AFTER_PROFILES = """
## What is limited

A browser that the account knows is counted for itself alone, so strangers who guess cannot keep its owner out.
Counts of sign-ins and registrations are kept in the database: they hold for all processes and survive a restart.
An attempt is counted before its password is judged, so a right one counts too, until it has succeeded and takes back what the table says.
An attempt that is refused because one has to wait, or because the server had no time to judge it, counts against nobody.
After 30 days without another attempt a count is forgotten; `signedin account unlock` forgets that of an account at once.

| what is counted | in a row | then wait | at most | taken back by time | taken back by success |
|---|---|---|---|---|---|
"""
AFTER_LIMITS = """
## What travels, and what ends with it

Every secret says its kind, is kept as a hash that covers the kind, and is taken only where that kind belongs.

| kind | is | travels by | takes along when it ends |
|---|---|---|---|
"""


def main() -> None:
    if "--check" not in sys.argv:
        PAGE.write_text(text())
    elif not PAGE.exists() or PAGE.read_text() != text():
        raise SystemExit("docs/sessions.md is stale: make docs")


def text() -> str:
    """The whole page, as it should be now."""
    default = PROFILES["default"]
    lines = [f"| {kind.value} | {_limits(default.of(kind), kind)} |" for kind in AppType]
    profiles = [
        f"| `{name}` | {kind} | {_limits(limits)} |"
        for name, lifetimes in PROFILES.items()
        if name != "default"
        for kind, limits in _told(lifetimes.default, lifetimes.by_app_type)
    ]
    counted = [
        f"| {said} | {_patience(getattr(attempts, name))} | {success} |"
        for name, (said, success) in COUNTED.items()
    ]
    kinds = [f"| `{kind}` | {' | '.join(KINDS[kind])} |" for kind in Kind]
    parts = [TOP, *lines, AFTER_LIFETIMES.format(shared=_span(SHARED_COMPUTER)), *profiles, AFTER_PROFILES]
    return "\n".join(part.rstrip("\n") for part in [*parts, *counted, AFTER_LIMITS, *kinds]) + "\n"


def _told(default: Limits, by_app_type: object) -> list[tuple[str, Limits]]:
    apart = [(kind.value, limits) for kind, limits in dict(by_app_type).items()]  # type: ignore[call-overload]  # a mapping
    return apart if default == Limits() and apart else [("all", default), *apart]


def _limits(limits: Limits, kind: AppType | None = None) -> str:
    overall = "no limit, unless one is set" if kind is AppType.OAUTH else _span(limits.overall)
    return f"{_span(limits.idle)} | {overall}"


def _patience(patience: Patience) -> str:
    wait, longest = _span(patience.first_wait), _span(patience.longest_wait)
    grows = wait if wait == longest else f"{wait}, doubling up to {longest}"
    most = f"{patience.most} in a row, then 30 days" if patience.most else "no end"
    back = f"one for every {_span(patience.one_back)} without another" if patience.one_back else "nothing"
    return f"{patience.free} | {grows} | {most} | {back}"


def _span(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    for size, name in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds % size == 0:
            return f"{seconds // size} {name}{'' if seconds == size else 's'}"
    return f"{seconds} seconds"


if __name__ == "__main__":
    main()
