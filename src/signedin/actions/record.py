"""What is recorded of refused proofs: in the log, without the names of people, so that whoever runs it can see.

What happened to an account stands in its journal; a refused proof happened to nobody yet.
"""

from __future__ import annotations

import structlog

from signedin.actions.means import Means
from signedin.rules.location import mask_address
from signedin.rules.presence import Service

log = structlog.get_logger("signedin.security")


def signed_in(means: Means, email: str, address: str, session_id: str) -> None:
    """Record a sign-in, with the public id of its session."""
    log.info("signed in", account=_known_as(means, email), origin=mask_address(address), session=session_id)


def begun(service: Service, address: str, session_id: str) -> None:
    """Record a session that an app began, with the app's key and the person's network."""
    log.info("session begun by an app", key=service.key_id, origin=mask_address(address), session=session_id)


def handed_over(service: Service, address: str, session_id: str) -> None:
    """Record that an app was told the token of a session that has moved in from it."""
    log.info("session handed over", key=service.key_id, origin=mask_address(address), session=session_id)


def sign_in_refused(means: Means, email: str, address: str, why: str) -> None:
    """Record a refused sign-in, and count it for the overview of operators."""
    means.refused[why] += 1
    refused(means, email, address, why)


def refused(means: Means, email: str, address: str, why: str) -> None:
    """Record a refused sign-in or registration; the same for known and unknown addresses."""
    log.warning("refused", code=why, account=_known_as(means, email), origin=mask_address(address))


def _known_as(means: Means, email: str) -> str:
    """A keyed digest: lines about one address can be told to belong together, and name nobody."""
    return means.keyring.mac("log-account", email.encode("utf-8", "surrogatepass")).hex()[:12]
