"""What is told of a session that has begun: in the account's history, and by a letter to its owner."""

from __future__ import annotations

from signedin.rules.account import Account
from signedin.rules.event import Event, EventKind
from signedin.rules.presence import Service
from signedin.rules.session import Session


def started(session: Session, vouched_by: Service | None) -> Event:
    """The event; of a session that an app began it names the app and its key (D31)."""
    facts: dict[str, object] = {
        "app_type": session.app_type.value,
        "signs": [n.sign.value for n in session.noticed],
    }
    if session.factors:
        facts["factors"] = list(session.factors)
    if vouched_by is not None:
        facts |= by_service(vouched_by)
    return Event(
        EventKind.SESSION_STARTED, session.began_at, session.id, session.made_by, facts, _personal(session)
    )


def by_service(service: Service) -> dict[str, object]:
    """The facts that say which app did something to an account, and with which key."""
    return {"by": "service", "service": service.name, "key": service.key_id}


def alert(account: Account, session: Session) -> dict[str, str]:
    """What the letter about a new sign-in is filled with."""
    fields = {key: str(value) for key, value in _personal(session).items()}
    return {"to": account.email, "name": account.name, "at": session.began_at.isoformat()} | fields


def _personal(session: Session) -> dict[str, object]:
    return {
        "device": session.device.name,
        "place": session.last_from.location.label,
        "masked_ip": session.last_from.masked_ip,
    }
