"""A client that keeps a key shows by it that it is itself, at every endpoint that asks (RFC 7523, section 3)."""

from __future__ import annotations

import json
from itertools import count

import pytest
from joserfc.jwk import ECKey

from given import CALLBACK, VERIFIER, a_client
from people import ADA, Clock
from proofs import signed
from routes import still
from signedin.gate.client_authentication import ASSERTION_TYPE
from signedin.rules.client import Authentication
from signedin.rules.pkce import challenge_of

KEY = ECKey.generate_key("P-256")
ASKED = {
    "token": ({"grant_type": "refresh_token", "refresh_token": "x"}, 400, "invalid_grant"),
    "revoke": ({"token": "x"}, 200, None),
    "introspect": ({"token": "x"}, 200, None),
    "device_authorization": ({"scope": "openid"}, 200, None),
    "par": (
        {
            "client_id": "signs", "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid",
            "code_challenge": challenge_of(VERIFIER), "code_challenge_method": "S256",
        },
        201, None,
    ),
}  # fmt: skip
"""What is asked there, and what is answered once it is known who asks."""
_IDS = count()


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with still(tmp_path_factory.mktemp("key"), Clock()) as house:
        house.somebody(ADA)
        public = KEY.as_dict(private=False) | {"kid": "one"}
        a_client(house, id="signs", authentication=Authentication.KEY, keys=(public,))
        yield house


def shown(house, **changed):
    """An assertion of this moment."""
    now = int(house.clock().timestamp())
    claims = {
        "iss": "signs", "sub": "signs", "aud": house.base_url, "iat": now, "exp": now + 60, "jti": f"id-{next(_IDS)}",
    }  # fmt: skip
    text = signed({"alg": "ES256", "kid": "one"}, json.dumps(claims | changed), KEY)
    return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": text}


@pytest.mark.security("10.4.10", "9.2.1", "9.2.3")
@pytest.mark.parametrize("where", ASKED)
def test_it_is_believed_when_it_is_meant_for_this_service_and_this_moment(house, program, where):
    form, status, error = ASKED[where]
    answer = program.post(f"/oauth/{where}", data=form | shown(house))
    assert answer.status_code == status, answer.text
    assert answer.content == b"" or answer.json().get("error") == error
    now = int(house.clock().timestamp())
    for wrong in ({"aud": "https://other.example.org"}, {"exp": now - 3_600}, {"exp": now + 3_600}):
        refused = program.post(f"/oauth/{where}", data=form | shown(house, **wrong))
        assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
