"""A service that acts for nobody: it gets a token for itself, and asks about the tokens that are shown to it.

CLIENT_ID=... CLIENT_SECRET=... python -m examples.service_client.service_client < token
"""

from __future__ import annotations

import os
import sys

import httpx


def own_token(http, client_id, client_secret, scope):
    """A token for the service itself, for an hour (RFC 6749, section 4.4)."""
    answer = http.post(
        "/oauth/token",
        auth=(client_id, client_secret),
        data={"grant_type": "client_credentials", "scope": scope},
    )
    return answer.raise_for_status().json()["access_token"]


def asked_about(http, client_id, client_secret, token):
    """What a token says that somebody has shown to this service, or only that it is not active (RFC 7662)."""
    answer = http.post("/oauth/introspect", auth=(client_id, client_secret), data={"token": token})
    return answer.raise_for_status().json()


if __name__ == "__main__":
    known = os.environ["CLIENT_ID"], os.environ["CLIENT_SECRET"]
    with httpx.Client(
        base_url=os.environ.get("SIGNEDIN_ADDRESS", "http://localhost:8000"), timeout=10
    ) as http:
        print(own_token(http, *known, scope="accounts:read"))
        print(asked_about(http, *known, sys.stdin.readline().strip()))
