"""The sessions of an account for apps: `/v1/accounts/{id}/sessions`. An app begins one for somebody it signed in."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import msgspec
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from signedin.actions.begin_session import Vouched, begin_session
from signedin.actions.keep_accounts import end_sessions_of, sessions_of
from signedin.actions.move_sessions import hand_over
from signedin.actions.sign_in import Begun, Visit
from signedin.api import shapes
from signedin.api.accounts import Name, reason_of
from signedin.api.answering import body_of, json_answer, refuse_unknown
from signedin.api.asking import Ask, arrival_of, changes_from_ourselves
from signedin.api.call import Call, Caller, described
from signedin.api.etag import tagged
from signedin.api.paging import of_question, page_of
from signedin.api.session_items import displayed, item, moment
from signedin.gate.arrival import Arrival
from signedin.gate.keep import Kept
from signedin.gate.user_agent import LONGEST_NAME, read_device, ruleset, what_it_said
from signedin.rules import errors
from signedin.rules.device import DeviceKind
from signedin.rules.location import normalise_address
from signedin.rules.policy import OutsideNetworks, TooManySessions
from signedin.rules.presence import Service
from signedin.rules.session import AppType
from signedin.rules.session_list import Question, Sort
from signedin.rules.vouching import AccountInactive

_TYPES = [each.value for each in AppType if each is not AppType.OAUTH]
_PICTURES = {AppType.SYNC: DeviceKind.SYNC, AppType.ADMIN: DeviceKind.ADMIN}


class Person(msgspec.Struct, forbid_unknown_fields=True):
    """Whom the app has signed in: where they are and on what, never where the app is (D16).

    `email` and `name` are kept of somebody who has no account yet. `remember` asks for a mark of their browser, and
    `known_browser` is the mark that was given out for it. `moved_from` is the token of a session that has moved in:
    then nothing begins, it goes on, and `address` may be missing.
    """

    app_type: Annotated[str, msgspec.Meta(extra_json_schema={"enum": _TYPES})]
    address: str = ""
    user_agent: str = ""
    app_name: Annotated[str, msgspec.Meta(max_length=LONGEST_NAME)] = ""
    email: str = ""
    name: Name = ""
    remember: bool = False
    known_browser: str = ""
    moved_from: str = ""

    def __repr__(self) -> str:
        """Without anything personal."""
        return f"Person(app_type={self.app_type!r})"


_CURSOR = "account-sessions-cursor"
_BEGIN = Call(
    Caller.SERVICE, "sessions:begin", takes=Person, gives=shapes.Begun, status=201, also_status=200,
    refuses=(errors.NotFound, errors.SessionAlreadyEnded, AccountInactive, OutsideNetworks, TooManySessions),
)  # fmt: skip
_LIST = Call(
    Caller.SERVICE, "accounts:read", ("limit", "cursor"), gives=shapes.Rows, headers=("ETag",), refuses=(errors.NotFound,)
)  # fmt: skip
_END = Call(Caller.SERVICE, "sessions:manage", ("reason",), gives=shapes.Ended, refuses=(errors.NotFound,))


@post("/v1/accounts/{account_id:str}/sessions", status_code=201, opt=described(_BEGIN))
async def begin(request: Ask, kept: NamedDependency[Kept], account_id: FromPath[str]) -> ASGIResponse:
    """Begin a session; its token is in this answer and nowhere else."""
    changes_from_ourselves(request, kept)
    service = arrival_of(request).service_with("sessions:begin")
    refuse_unknown(request, set())
    person = await body_of(request, Person)
    app_type = _app_type(person)
    if person.moved_from:
        return await _gone_on(kept, arrival_of(request), service, account_id, person)
    vouched = Vouched(account_id, app_type, person.email, person.name, person.remember)
    visit, now = _visit(person, app_type), arrival_of(request).now
    return json_answer(_told(await begin_session(kept.means, service, vouched, visit, now)), status=201)


@get("/v1/accounts/{account_id:str}/sessions", opt=described(_LIST))
async def list_all(request: Ask, kept: NamedDependency[Kept], account_id: FromPath[str]) -> ASGIResponse:
    """The session list of an account, newest use first; nothing in it is current."""
    service = arrival_of(request).service_with("accounts:read")
    refuse_unknown(request, {"limit", "cursor"})
    listed = await sessions_of(kept.means, service, account_id, arrival_of(request).now)
    rows = listed.answer(Question(sort=Sort.RECENT), displayed)
    purpose = of_question(_CURSOR, account_id)
    page, more = page_of(kept.means, purpose, request, rows, listed.order(Sort.RECENT))
    items = [item(listed, row) for row in page]
    return tagged(request, {"items": items, "counts": listed.counts(), "next_cursor": more})


@delete("/v1/accounts/{account_id:str}/sessions", status_code=200, opt=described(_END))
async def end_all(request: Ask, kept: NamedDependency[Kept], account_id: FromPath[str]) -> ASGIResponse:
    """End all that an account has signed in, once it is over everywhere; access keys stay."""
    changes_from_ourselves(request, kept)
    service = arrival_of(request).service_with("sessions:manage")
    reason, now = await reason_of(request), arrival_of(request).now
    counts = await end_sessions_of(kept.means, service, account_id, reason, now)
    return json_answer(asdict(counts))


ROUTES = [begin, list_all, end_all]


async def _gone_on(
    kept: Kept, arrival: Arrival, service: Service, account_id: str, person: Person
) -> ASGIResponse:
    visit, app_type = _visit(person, _app_type(person)), _app_type(person)
    begun = await hand_over(kept.means, service, account_id, app_type, person.moved_from, visit, arrival.now)
    return json_answer(_told(begun))


def _app_type(person: Person) -> AppType:
    if person.app_type not in set(AppType):
        raise errors.InvalidInput("There is no such app type.", field="app_type")
    return AppType(person.app_type)


def _visit(person: Person, app_type: AppType) -> Visit:
    """Where the person is, read as if they had come here by themselves."""
    address = normalise_address(person.address)
    if address is None and person.moved_from and not person.address:
        address = ""  # it is not told, so the place of the last use stays the one that is known
    if address is None:
        raise errors.InvalidInput("The address of the person is needed.", field="address")
    device = read_device(person.user_agent, {}, person.app_name or None, _PICTURES.get(app_type))
    said = what_it_said(person.user_agent, {})
    return Visit(address, said, device, ruleset(), person.known_browser or None)


def _told(begun: Begun) -> dict[str, Any]:
    session = begun.session
    return {
        "account_id": str(session.account_id), "token": begun.token, "known_browser": begun.browser_token,
        "session": {
            "id": session.id, "session_type": session.session_type.value, "app_type": session.app_type.value,
            "device": session.device.name, "location": session.began_from.location.label,
            "masked_ip": session.began_from.masked_ip, "started_at": moment(session.began_at),
            "expires_at": moment(session.expires_at),
        },
    }  # fmt: skip
