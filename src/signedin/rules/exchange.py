"""What a client has to show for tokens, and what it may have less of but never more (RFC 6749, sections 4.1.3 and 6)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from signedin.rules.client import Client
from signedin.rules.device_code import DeviceCode
from signedin.rules.errors import Refused, SignInRefused
from signedin.rules.grant import Grant, Redeemable, narrowed
from signedin.rules.lifetime import GRACE, WRITE_THROUGH_BELOW
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.pkce import is_proved
from signedin.rules.redirect_uri import is_registered
from signedin.rules.session_list import Row


def gone(what: str, reason: str = "") -> OAuthRefused:
    """The refusal of what there is not (any more); the holder of a dead secret is told why (D10)."""
    why = f": {reason}" if reason else ", or was used before"
    return OAuthRefused("invalid_grant", f"{what} does not exist, has ended{why}.")


def not_begun(refusal: Refused) -> OAuthRefused:
    """The refusal of a session that does not begin or go on; which rule of an organisation it is, is said by its code."""
    if isinstance(refusal, SignInRefused):
        return gone("The sign-in")
    return OAuthRefused("invalid_grant", f"{refusal.code}: {refusal.sentence}")


def refuse_another(
    code: Redeemable, client: Client, redirect_uri: str, verifier: str | None, key_thumbprint: str
) -> None:
    """Refuse whoever is not the client that asked for a code, or shows less than it did (attacks 9 and 10).

    Nothing is used by that, so that a stranger who saw a code cannot spoil it.

    Raises:
        OAuthRefused: it is another client's, for another address, not proved, or bound to another key.
    """
    if code.client_id != client.id:
        raise gone("The code")
    if code.redirect_uri != redirect_uri or not is_registered(redirect_uri, client.redirect_uris):
        raise OAuthRefused("invalid_grant", "redirect_uri is not the one that the code was asked for with.")
    if not is_proved(code.challenge, verifier):
        raise OAuthRefused("invalid_grant", "code_verifier does not belong to the code's code_challenge.")
    if code.key_thumbprint and code.key_thumbprint != key_thumbprint:
        raise OAuthRefused("invalid_grant", "The code is bound to another key than that of the DPoP proof.")


def refuse_foreign(grant: Grant, client: Client, key_thumbprint: str) -> None:
    """Refuse whoever is not the client of a refresh token, or does not show the key that it is bound to (attack 9).

    Raises:
        OAuthRefused: so it is; nothing is used by that.
    """
    if grant.client_id != client.id:
        raise gone("The refresh token")
    if grant.key_thumbprint and grant.key_thumbprint != key_thumbprint:
        raise OAuthRefused(
            "invalid_grant", "The refresh token is bound to another key than that of the DPoP proof."
        )


def refuse_expired(until: datetime, now: datetime) -> None:
    """Refuse what has expired.

    Raises:
        OAuthRefused: it has.
    """
    if until <= now:
        raise OAuthRefused("invalid_grant", "This has expired.")


def bound_key(client: Client, key_thumbprint: str) -> str:
    """The key that new tokens are bound to: the one that was proved, if any.

    Raises:
        OAuthRefused: the client has registered that its tokens are always bound (RFC 9449, section 5.2).
    """
    if client.needs_dpop and not key_thumbprint:
        raise OAuthRefused("invalid_dpop_proof", "This client needs a DPoP proof.")
    return key_thumbprint


def narrowed_scopes(given: Sequence[str], asked: Sequence[str]) -> tuple[str, ...]:
    """The scopes of a new token.

    Raises:
        OAuthRefused: more was asked for than is given now, or nothing is given any more.
    """
    scopes = narrowed(given, asked)
    if not scopes:
        raise OAuthRefused("invalid_scope", "scope asks for more than this client was given.")
    return scopes


def narrowed_audience(
    given: Sequence[str], asked: Sequence[str], registered: Collection[str], own: str = ""
) -> tuple[str, ...]:
    """The resource servers that a new token is for: all that were given, or those asked for (RFC 8707, section 2.2).

    `registered` are those that the client may have now: a token for none of what was given would be one for this service,
    whose address is `own`, which may be asked for by name also where nothing was named before.

    Raises:
        OAuthRefused: one of them is not among those given, or none of those is registered any more.
    """
    given = given or ((own,) if own in asked else ())
    left = tuple(each for each in given if each in registered)
    if not set(asked) <= set(left) or (given and not left):
        raise OAuthRefused("invalid_target", "resource is not one that this client was given access to.")
    return tuple(each for each in left if each in asked) if asked else left


def why_not_yet(code: DeviceCode, now: datetime) -> OAuthRefused | None:
    """Why a device has to wait or go, or `None` when its person has allowed it (RFC 8628, section 3.5)."""
    if code.until <= now:
        return OAuthRefused("expired_token", "The device code has expired: ask for a new one.")
    if code.refused_at is not None:
        return OAuthRefused("access_denied", "The person said no.")
    if code.grant_id is not None:
        return None
    if code.is_too_soon(now):
        return OAuthRefused(
            "slow_down", f"Wait {code.wait_after(now)} seconds between two questions from now on."
        )
    return pending()


def pending() -> OAuthRefused:
    """The person has not decided yet."""
    return OAuthRefused("authorization_pending", "The person has not decided yet: ask again later.")


def must_be_on_disk(row: Row, now: datetime) -> bool:
    """Whether this use must be written before the answer, because the row would end soon without it (D28)."""
    return row.idle < WRITE_THROUGH_BELOW or row.expires_at - now < 2 * GRACE
