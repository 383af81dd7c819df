"""The one table that turns a refusal into a status, for pages and programs alike."""

from __future__ import annotations

from datetime import datetime

from signedin.rules import (
    bulk_job,
    errors,
    interaction,
    once,
    operator,
    organisation,
    policy,
    policy_wish,
    vouching,
)
from signedin.rules.feed import JoinAgain, ServiceKeyRefused
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.said_twice import SaidTwice

STATUS: dict[type[errors.Refused], int] = {
    errors.NotSignedIn: 401,
    errors.SignInRefused: 401,
    errors.TooManyRequests: 429,
    errors.Unavailable: 503,
    errors.DatabaseProblem: 503,
    errors.NotFound: 404,
    errors.NoCurrentSession: 404,
    errors.SessionAlreadyEnded: 410,
    JoinAgain: 410,
    errors.LinkExpired: 410,
    errors.CannotRevokeCurrent: 409,
    errors.EmailTaken: 409,
    errors.InsufficientPermission: 403,
    ServiceKeyRefused: 403,
    errors.StepUpRequired: 403,
    vouching.BackToApp: 403,
    vouching.AccountInactive: 409,
    interaction.AskedAnew: 409,
    once.MadeAlready: 409,
    operator.LastOwner: 409,
    operator.OwnRole: 409,
    organisation.NameTaken: 409,
    organisation.OrganisationInUse: 409,
    policy.TooManySessions: 409,
    policy.OutsideNetworks: 403,
    policy_wish.ShutsOut: 409,
    bulk_job.EndingFinished: 409,
    errors.CrossSite: 403,
    errors.SetupRefused: 403,
    errors.RegistrationClosed: 403,
    errors.PasswordRefused: 422,
    SaidTwice: 400,
    errors.UnknownField: 422,
    errors.InvalidInput: 422,
}


def status_of(refusal: errors.Refused) -> int:
    """The HTTP status of a refusal."""
    if isinstance(refusal, OAuthRefused):
        return refusal.status
    return next((STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS), 400)


def retry_after(refusal: errors.Refused, now: datetime) -> int | None:
    """The seconds after which it makes sense to try again, or `None`."""
    if isinstance(refusal, errors.TooManyRequests):
        return max(1, int((refusal.retry_at - now).total_seconds()) + 1)
    if isinstance(refusal, errors.Unavailable | errors.DatabaseProblem):
        return 2
    return None


def waiting(refusal: errors.Refused, now: datetime) -> list[tuple[str, str]]:
    """The headers that say when to try again, and of attempts that none is left (gate/pacing.py tells of calls)."""
    seconds = retry_after(refusal, now)
    if seconds is None:
        return []
    said = [("retry-after", str(seconds))]
    if isinstance(refusal, errors.TooManyRequests) and refusal.limit == "attempts":
        said.append(("ratelimit", f'"attempts";r=0;t={seconds}'))
    return said


def challenge(refusal: errors.Refused) -> list[tuple[str, str]]:
    """What `WWW-Authenticate` says of it: why nobody is signed in, or the scope that a key would need (RFC 6750, 3)."""
    if isinstance(refusal, errors.NotSignedIn):
        return [("www-authenticate", f'Session error="{refusal.reason}"')]
    if isinstance(refusal, errors.InsufficientPermission) and refusal.scope:
        said = f'Bearer error="insufficient_scope", scope="{refusal.scope}"'
        return [("www-authenticate", said)]
    return []
