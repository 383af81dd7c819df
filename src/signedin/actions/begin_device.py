"""A device asks to be signed in by another one (RFC 8628, section 3.1): a code for itself, and one for a person to type."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from signedin.actions.exchange import Asking
from signedin.actions.means import Means
from signedin.actions.still_held import still_known
from signedin.rules import errors, exchange
from signedin.rules.client import ClientKind
from signedin.rules.device_code import LASTS, WAITS, DeviceCode, make_user_code
from signedin.rules.location import mask_address
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.scope import SENTENCES
from signedin.rules.secret import Kind, digest, make_token
from signedin.store import device_codes, limits
from signedin.store.services import NOBODY

MEANT_FOR = "user-code"
"""What a person's code is digested for: it is short, so only with the keyring can it be tried out."""


@dataclass(frozen=True, slots=True)
class DeviceBegun:
    """What the device gets, this once."""

    device_code: str = field(repr=False)
    user_code: str = field(repr=False)
    expires_in: int = int(LASTS.total_seconds())
    interval: int = WAITS


async def begin_device(means: Means, asking: Asking, now: datetime) -> DeviceBegun:
    """Make both codes; nobody has allowed anything by that.

    Raises:
        OAuthRefused: it asks for more than the client is registered for.
        TooManyRequests: very many were asked for from there.
    """
    subjects = limits.devices(means.keyring, asking.visit.address)
    retry_at = await means.database.write(limits.reserve, subjects, now)
    if retry_at is not None:
        raise errors.TooManyRequests(retry_at)
    return await means.database.write(_begin, means, asking, now)


def user_code_digest(means: Means, user_code: str) -> bytes:
    """What is kept of a person's code."""
    return means.keyring.mac(MEANT_FOR, user_code.encode())


def _begin(conn: sa.Connection, means: Means, asking: Asking, now: datetime) -> DeviceBegun:
    client, visit = still_known(conn, asking.client), asking.visit
    if client.kind is ClientKind.SERVICE:
        raise OAuthRefused("unauthorized_client", "A service has nobody to ask.")
    scopes = exchange.narrowed_scopes([scope for scope in SENTENCES if scope in client.scopes], asking.scopes)
    known = (*client.resources, asking.issuer)
    resources = exchange.narrowed_audience(known, asking.resources, known) if asking.resources else ()
    about = {
        "device": visit.device.name, "place": means.places.locate(visit.address).label,
        "masked_ip": mask_address(visit.address),
    }  # fmt: skip
    code = DeviceCode(client.id, scopes, now + LASTS, resources, about)
    begun = DeviceBegun(make_token(Kind.DEV, NOBODY, means.keyring.way_keys), make_user_code())
    device_codes.add(conn, digest(begun.device_code), user_code_digest(means, begun.user_code), code)
    return begun
