"""What the operator console shows: hits, an account with its rows, the record; in the very rows that people see."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from signedin.actions.look_at import LookedAt
from signedin.rules.account import Account
from signedin.rules.deed import Place as DeedPlace
from signedin.rules.errors import InvalidInput
from signedin.rules.finding import Found, Place, place_said
from signedin.rules.moments import from_micros, to_micros
from signedin.rules.operator import Deed, Operator, OwnRole, Role, RoleNeeded, may_act_on
from signedin.rules.session_list import Question
from signedin.rules.speech import Speech
from signedin.web.door import OPERATORS_HOME
from signedin.web.key_view import KeyView, key_view
from signedin.web.overview import Overview, overview
from signedin.web.row_view import RowView, displayed, row_view

PAGE = 100
_LARGEST = 2**63 - 1
PEOPLE = f"{OPERATORS_HOME}/accounts"


@dataclass(frozen=True, slots=True)
class HitView:
    """An account that was found."""

    link: str
    name: str
    email: str
    state: str
    sessions: int
    apps: int
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class FindView:
    """What was looked for, and what was found."""

    words: str
    network: str
    client: str
    hits: tuple[HitView, ...]
    clients: tuple[tuple[str, str], ...]
    more_link: str
    is_asked: bool


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account with all that is signed in to it; `may` are the deeds that the operator may do to it."""

    account: Account
    role: Role | None
    began: str
    last_sign_in: str
    rows: tuple[RowView, ...]
    total: int
    more_link: str
    overview: Overview
    sessions: int
    apps: int
    flagged: int
    keys: tuple[KeyView, ...]
    places: int
    is_own: bool
    may: frozenset[str]
    needs: str


def nothing_sought() -> FindView:
    """Before anything is looked for."""
    return FindView("", "", "", (), (), "", is_asked=False)


def find_view(
    found: Found, words: str, client: tuple[str, str] | None, chosen: Account | None = None
) -> FindView:
    """The hits for the template; `client` is the connected app whose people they are, by id and name."""
    asked = {"client": client[0]} if client else {"q": words}
    more = f"{PEOPLE}?{urlencode(asked | {'after': carried(found.more)})}" if found.more else ""
    hits = tuple(
        HitView(
            f"{PEOPLE}/{hit.account.id}?{urlencode(asked)}", hit.account.called, hit.account.email,
            hit.account.state.value, hit.counts.sessions, hit.counts.consents,
            chosen is not None and hit.account.id == chosen.id,
        )
        for hit in found.hits
    )  # fmt: skip
    clients = tuple((f"{PEOPLE}?{urlencode({'client': each})}", name) for each, name in found.clients)
    return FindView(words, found.network, client[1] if client else "", hits, clients, more, is_asked=True)


def carried(place: Place) -> str:
    """A place as a link carries it."""
    return urlsafe_b64encode(place.said().encode()).decode()


def place_carried(text: str) -> Place | None:
    """The place in a link; `None` for the first page, also where it cannot be read."""
    try:
        return place_said(urlsafe_b64decode(text[:2000].encode()).decode())
    except (ValueError, InvalidInput):
        return None


def deed_carried(place: DeedPlace) -> str:
    """A place in the record as a link carries it."""
    return f"{to_micros(place.at)}-{place.account_id}-{place.number}"


def deed_place_carried(text: str) -> DeedPlace | None:
    """The place in a link; `None` for the newest deeds, also where it cannot be read."""
    parts = text.split("-")
    if len(parts) != 3 or not all(part.isascii() and part.isdigit() and len(part) < 20 for part in parts):
        return None
    at, account_id, number = (min(int(part), _LARGEST) for part in parts)
    try:
        return DeedPlace(from_micros(at), account_id, number)
    except OverflowError:
        return None


def account_view(looked: LookedAt, speech: Speech, page: int) -> AccountView:
    """The account for the template."""
    listed, account = looked.listed, looked.account
    ordered = listed.answer(Question(), lambda row: displayed(row, speech))
    visible = ordered[: page * PAGE]
    shown = frozenset(row.id for row in visible)
    allowed = frozenset(deed.value for deed in Deed if _may(looked.operator, account, deed))
    latest: datetime | None = max((row.began_at for row in listed.sessions), default=None)
    over = overview(listed, Question(), shown, speech)
    return AccountView(
        account=account, role=looked.role, began=speech.long_day(account.created_at),
        last_sign_in=speech.exact(latest) if latest else "",
        rows=tuple(row_view(listed, row, speech) for row in visible), total=len(ordered),
        more_link=f"{PEOPLE}/{account.id}?page={page + 1}" if len(ordered) > len(visible) else "",
        overview=over, sessions=len(listed.sessions), apps=len(listed.consents), flagged=len(listed.flags),
        keys=tuple(key_view(key, speech) for key in looked.keys), places=len(over.places),
        is_own=account.id == looked.operator.account_id, may=allowed,
        needs=_needs(looked.operator, account, Deed.END),
    )  # fmt: skip


def _may(operator: Operator, account: Account, deed: Deed) -> bool:
    return not _needs(operator, account, deed)


def _needs(operator: Operator, account: Account, deed: Deed) -> str:
    """Why the operator may not do that, or nothing."""
    try:
        may_act_on(operator, account, deed)
    except (RoleNeeded, OwnRole) as refusal:
        return refusal.sentence
    return ""
