"""The program's session: one refresh token in a file of its own, an access token in memory, and how both end."""

from __future__ import annotations

import json
import os
import re
import time

REASONS = {
    "revoked": "revoked by you in Settings > Sessions",
    "logged_out": "logged out",
    "logged_out_everywhere": "you logged out all devices",
    "ended_by_operator": "ended by an operator",
    "expired_idle": "not used for too long",
    "expired_overall": "it is time to sign in again",
    "factor_changed": "your password or another factor was changed",
    "policy": "this program is no longer let in",
    "reused": "its secret came twice, so somebody may have copied it",
    "account_disabled": "your account is disabled",
    "account_closed": "your account is closed",
}
"""What a person is told for each of the service's reason codes."""
SOON = 60
"""An access token that has fewer seconds left is not used any more."""
EXPIRED = frozenset({"unknown", "expired_overall", "missing"})
"""What may be said of an access token whose session lives: only the refresh token knows more."""


class SignedOut(Exception):
    """The session is over; `reason` is the service's code."""

    def __init__(self, reason):
        super().__init__(f"{REASONS.get(reason, 'the service does not know it any more')} ({reason})")
        self.reason = reason


class NotNow(Exception):
    """It cannot be known right now: nobody is signed out by that, and it is tried again."""


class Kept:
    """The refresh token in a file that only its owner reads, written whole or not at all."""

    def __init__(self, file):
        self.file = file

    def read(self):
        try:
            return json.loads(self.file.read_text())
        except FileNotFoundError:
            return None

    def write(self, known):
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = self.file.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:  # noqa: PTH123  # only open() takes a descriptor
            json.dump(known, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self.file)

    def forget(self):
        self.file.unlink(missing_ok=True)


class Session:
    """Signed in: gives access tokens, and new ones for old ones."""

    def __init__(self, service, client_id, kept):
        self.service, self.client_id, self.kept = service, client_id, kept
        self.access, self.until = "", 0.0

    def begin(self, tokens):
        """Take the tokens of a new sign-in, or of a refresh: first they are on disk, then they are used."""
        self.kept.write({"refresh_token": tokens["refresh_token"], "client_id": self.client_id})
        self.access, self.until = tokens["access_token"], time.monotonic() + tokens["expires_in"]

    def token(self):
        """An access token that lives for a while yet."""
        if time.monotonic() > self.until - SOON:
            self.renew()
        return self.access

    def renew(self):
        """A new pair; the old refresh token is used up by that, and a lost answer may be asked for again at once."""
        known = self.kept.read()
        if known is None or known["client_id"] != self.client_id:
            raise SignedOut("logged_out")
        answer = self._asked(known["refresh_token"])
        if answer.status_code == 200:
            self.begin(answer.json())
        elif answer.status_code in {400, 401}:
            self.end()
            raise SignedOut(why_in(answer.json()))
        else:
            raise NotNow(f"the service answered {answer.status_code}")

    def refused(self, reason):
        """A resource server has refused the access token: over, or only in need of a new one."""
        if reason in EXPIRED:
            self.renew()
            return
        self.end()
        raise SignedOut(reason)

    def end(self):
        """Forget it; what lies in the folder stays."""
        self.access, self.until = "", 0.0
        self.kept.forget()

    def sign_out(self):
        """Give it back: the row is gone from the list with that (RFC 7009)."""
        known = self.kept.read()
        if known is not None:
            self.service.asked(
                "revocation_endpoint", token=known["refresh_token"], client_id=known["client_id"]
            )
        self.end()

    def _asked(self, token):
        return self.service.asked(
            "token_endpoint", grant_type="refresh_token", refresh_token=token, client_id=self.client_id
        )


def why_in(told):
    """The reason code in a refusal: error_description ends with it where the service still knows why."""
    found = re.search(r"has ended: (\w+)\.$", told.get("error_description", ""))
    if found:
        return found[1]
    return "policy" if told.get("error") == "invalid_client" else "unknown"
