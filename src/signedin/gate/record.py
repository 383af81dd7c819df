"""What is recorded of refused requests: in the log, so that whoever runs it can see who tries what."""

from __future__ import annotations

import structlog

from signedin.gate.arrival import Arrival
from signedin.rules import errors
from signedin.rules.authorization import AuthorizationRefused
from signedin.rules.consent import tidy_client_text
from signedin.rules.location import mask_address

RECORDED = (
    errors.CrossSite,
    errors.InsufficientPermission,
    errors.SetupRefused,
    errors.RegistrationClosed,
    errors.LinkExpired,
)
"""Attempts to get around a guard, and rights that are missing; refused proofs are recorded where they are judged."""

EXPLAINED = "docs/connect-an-app.md#authorization_refused"
LONGEST_ID = 100
log = structlog.get_logger("signedin.security")
of_apps = structlog.get_logger("signedin.oauth")


def record_refusal(refusal: errors.Refused, arrival: Arrival, method: str, path: str) -> None:
    """Record a refusal, where it is one that whoever runs it should know of, or an app that it has sent people with."""
    if isinstance(refusal, AuthorizationRefused):
        of_apps.info("a request of an app was answered by a page", why=refusal.why, path=path[:200], see=EXPLAINED,
                     client=tidy_client_text(refusal.client_id, LONGEST_ID))  # fmt: skip
    if not isinstance(refusal, RECORDED):
        return
    who = arrival.service or arrival.recognised
    session = arrival.recognised.current_id if arrival.recognised else None
    origin = mask_address(arrival.address)
    log.warning("refused", code=refusal.code, method=method, path=path[:200], origin=origin, session=session,
                key=who.key_id if who else None)  # fmt: skip
