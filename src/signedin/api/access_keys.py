"""Personal access keys for programs: `/v1/access-keys`. Keys may look; only a session issues and revokes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response.base import ASGIResponse

from signedin.actions.issue_key import issue_key
from signedin.actions.list_keys import list_keys
from signedin.actions.revoke_key import revoke_key
from signedin.api import key_items, shapes
from signedin.api.answering import body_of, empty, json_answer, nothing_sent, refuse_unknown
from signedin.api.asking import Ask, arrival_of, changes_from_ourselves, signed_in, with_scope
from signedin.api.call import Call, Caller, described
from signedin.api.etag import tagged
from signedin.api.paging import page_of
from signedin.gate.keep import Kept
from signedin.rules import errors
from signedin.rules.access_key import AccessKey, Wish
from signedin.rules.moments import to_micros
from signedin.rules.scope import PERSONAL
from signedin.rules.vouching import BackToApp

_Scope = Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(PERSONAL)})]


class ToIssue(msgspec.Struct, forbid_unknown_fields=True):
    """A key that is asked for; `password` is the proof that is needed when one signed in some time ago (D17)."""

    name: str
    scopes: Annotated[list[_Scope], msgspec.Meta(extra_json_schema={"minItems": 1})]
    expires_at: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    password: str = ""

    def __repr__(self) -> str:
        """Without the password."""
        return f"ToIssue(name={self.name!r}, scopes={self.scopes!r})"


_CURSOR = "access-keys-cursor"
_LEADS = (("DELETE /v1/access-keys/{row_id}", "row_id", "/id"),)
_LIST = Call(
    Caller.PERSON, "keys:read", ("limit", "cursor"), gives=shapes.Keys, headers=("ETag",),
    leads_to=(("DELETE /v1/access-keys/{row_id}", "row_id", "/items/0/id"),),
)  # fmt: skip
_PROOFS = (errors.StepUpRequired, errors.SignInRefused, BackToApp)
_ISSUE = Call(
    Caller.SESSION, takes=ToIssue, gives=shapes.IssuedKey, status=201, refuses=_PROOFS, leads_to=_LEADS
)
_REVOKE = Call(Caller.SESSION, status=204, refuses=(errors.NotFound,))


@get("/v1/access-keys", opt=described(_LIST))
async def list_all(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """The caller's access keys, the newest first; never a secret."""
    presence = with_scope(request, "keys:read")
    refuse_unknown(request, {"limit", "cursor"})
    keys = await list_keys(kept.means, presence, arrival_of(request).now)
    page, more = page_of(kept.means, _CURSOR, request, keys, _order)
    return tagged(request, {"items": [key_items.item(key) for key in page], "next_cursor": more})


@post("/v1/access-keys", status_code=201, opt=described(_ISSUE))
async def issue(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """Issue a key; its secret is in this answer and nowhere else."""
    changes_from_ourselves(request, kept)
    presence = signed_in(request)
    refuse_unknown(request, set())
    wanted = await body_of(request, ToIssue)
    wish = Wish(wanted.name, tuple(wanted.scopes), wanted.expires_at)
    now = arrival_of(request).now
    issued = await issue_key(kept.means, presence, wish, now, password=wanted.password)
    told: dict[str, Any] = key_items.item(issued.key) | {"token": issued.token}
    return json_answer(told, status=201)


@delete("/v1/access-keys/{row_id:str}", status_code=200, opt=described(_REVOKE))
async def revoke(request: Ask, kept: NamedDependency[Kept], row_id: FromPath[str]) -> ASGIResponse:
    """Revoke a key: 204 once it opens nothing any more; 404 for what is not among one's own (any more)."""
    changes_from_ourselves(request, kept)
    presence = signed_in(request)
    await nothing_sent(request)
    await revoke_key(kept.means, presence, row_id, arrival_of(request).now)
    return empty()


ROUTES = [list_all, issue, revoke]


def _order(key: AccessKey) -> tuple[int, str]:
    return -to_micros(key.issued_at), key.id
