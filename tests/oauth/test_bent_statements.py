"""Bent statements at every place of the running server that takes one: none is believed, and the right one still is."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import count
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from apps import BACK, PUBLIC, VERIFIER, authorize, consented, registered, told
from apps import a_client as an_app
from gate.jwt_corpus import Maker, mutations
from given import a_client, a_service, given, redeemed
from people import ADA, Clock, running
from signedin.gate.client_authentication import ASSERTION_TYPE
from signedin.rules.client import Authentication
from signedin.rules.secret import Kind, digest, make_token
from signedin.store import clients, signing_keys
from signedin.store.used_once import used_once

pytestmark = [
    pytest.mark.xdist_group("bent statements"),
    pytest.mark.security("9.1.1", "9.1.2", "9.1.3", "9.2.1", "9.2.2", "attack-22"),
]
FILES = "https://files.example.org"
KEYS = {"RS256": RSAKey.generate_key(2048), "ES256": ECKey.generate_key("P-256")}
_numbers = count(1)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with running(tmp_path_factory.mktemp("bent"), Clock()) as house:
        house.somebody(ADA)
        yield house


@dataclass
class Place:
    """Somewhere that takes a statement: how one is shown, whether it was believed, and what is right there."""

    maker: Maker
    is_believed: Callable[[str], bool]
    may_be: frozenset[str] = frozenset()
    """What the corpus changes that means nothing here."""
    browser: Any = None
    """Whose it is, where it is a person's."""


def program(house):
    """Asks from another network each time: many wrong ones from one are slowed down."""
    number = next(_numbers)
    return house.browser("Program/1.0", f"198.{18 + number // 250 % 2}.{number % 250}.7").http


def server_pair(house, algorithm="RS256"):
    pairs = [
        each for each in house.means.database.read_now(signing_keys.every) if each.algorithm == algorithm
    ]
    return house.means.signers.private(house.means, pairs[0]), pairs[0].id


def seconds(house):
    return int(house.clock().timestamp())


def an_assertion(house, algorithm):
    """`client_assertion`, of a service that asks for a token of its own."""
    key = KEYS[algorithm]
    public = key.as_dict(private=False) | {"kid": "one"}
    service = a_service(house, id=f"s{next(_numbers)}", authentication=Authentication.KEY, keys=(public,))
    now = seconds(house)
    claims = {
        "iss": service.id, "sub": service.id, "aud": house.base_url, "exp": now + 60, "iat": now, "jti": "a",
    }  # fmt: skip

    def shown(text):
        form = {
            "grant_type": "client_credentials",
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": text,
        }
        answer = program(house).post("/oauth/token", data=form)
        wrong = (
            "invalid_client" if answer.status_code == 401 else "invalid_request"
        )  # a new line; far too long
        assert answer.status_code in {200, 400, 401, 413}, answer.text
        assert answer.status_code == 200 or answer.json()["error"] == wrong
        return answer.status_code == 200

    needed = ("iss", "sub", "aud", "exp", "jti")
    return Place(Maker(key, algorithm, claims, header={"kid": "one"}, now=now, needed=needed), shown)


def a_hint(house, algorithm):
    """`id_token_hint`, of somebody who is signed in and has consented."""
    client = registered(house, an_app(id=f"c{next(_numbers)}", signs_with=algorithm, **PUBLIC))
    ada = house.signed_in()
    code = consented(ada, client)["code"]
    form = {
        "grant_type": "authorization_code", "client_id": client.id, "code": code, "redirect_uri": BACK,
        "code_verifier": VERIFIER,
    }  # fmt: skip
    right = program(house).post("/oauth/token", data=form).json()["id_token"]
    claims, (key, kid) = claims_of(right), server_pair(house, algorithm)

    def shown(text):
        if not text:
            return False  # a hint that is empty is none
        answer = ada.open(authorize(client, prompt="none", id_token_hint=text))
        said = told(answer, client)
        assert "code" in said or said["error"] in {"invalid_request", "login_required"}, said
        return "code" in said

    maker = Maker(
        key, algorithm, claims, header={"kid": kid}, now=seconds(house), needed=("exp", "sub", "aud")
    )
    return Place(maker, shown, frozenset({"exp past", "exp now"}), ada)


def a_hint_to_leave(house, algorithm):
    """`id_token_hint` where a client asks that somebody be logged out: believed where the page names it and this sign-in."""
    place = a_hint(house, algorithm)
    ada = place.browser

    def shown(text):
        said = ada.http.get("/oauth/end_session", params={"id_token_hint": text})
        assert said.status_code in {200, 400, 414}, said.text
        return "asks whether" in said.text and "means another sign-in" not in said.text

    return replace(place, is_believed=shown)


MEANS_NOTHING = frozenset({
    "jku, signed rightly", "x5u, signed rightly", "x5c", "another kid", "a kid that is a path",
    "exp 1e400", "exp past", "exp now", "exp text", "exp true", "exp below zero", "exp list", "nbf ahead", "nbf text",
})  # fmt: skip
"""Of a proof: its key stands in `jwk` and nothing else of the header is read, and it has no end of its own (RFC 9449, 4.2)."""


def a_proof(house, algorithm):
    """A DPoP proof with a token that is bound to its key, at userinfo."""
    key = KEYS[algorithm]
    public = key.as_dict(private=False)
    token = redeemed(
        house, given(house, a_client(house, id=f"c{next(_numbers)}")), key_thumbprint=key.thumbprint()
    )
    token, now = token.access_token, seconds(house)
    claims = {
        "jti": "a", "htm": "GET", "htu": f"{house.base_url}/oauth/userinfo", "iat": now,
        "ath": urlsafe_b64encode(sha256(token.encode()).digest()).rstrip(b"=").decode(),
    }  # fmt: skip

    def shown(text):
        headers = [("authorization", f"DPoP {token}"), ("dpop", text.encode("latin-1", "replace"))]
        if "\n" in text or text.endswith(" "):
            return False  # no header at all
        house.means.database.write_now(lambda conn: conn.execute(used_once.delete()))  # all have one jti
        answer = program(house).get("/oauth/userinfo", headers=headers)
        assert answer.status_code in {200, 400, 401}, answer.text
        return answer.status_code == 200

    maker = Maker(
        key, algorithm, claims, "dpop+jwt", {"jwk": public}, now,
        wrong_typs=("JWT", "at+jwt", "logout+jwt", "secevent+jwt"), needed=("jti", "htm", "htu", "iat", "ath"),
    )  # fmt: skip
    return Place(maker, shown, MEANS_NOTHING)


def claims_of(text):
    import json
    from base64 import urlsafe_b64decode

    body = text.split(".")[1]
    return json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def a_signed_token(house):
    """The maker of an access token of RFC 9068, the client that it was given to, and how that client names itself."""
    client = a_client(
        house, id=f"c{next(_numbers)}", resources=(FILES,), signed_resources=(FILES,), authentication=Authentication.POST
    )  # fmt: skip
    secret = make_token(Kind.CLS, 0, house.means.keyring.way_keys)
    house.means.database.write_now(clients.change, replace(client, secrets=(digest(secret),)))
    it = given(house, client, resources=(FILES,), scopes=("openid", "account:read"))
    right = redeemed(house, it).access_token
    key, kid = server_pair(house)
    maker = Maker(
        key, "RS256", claims_of(right), "at+jwt", {"kid": kid}, seconds(house),
        wrong_typs=("JWT", "logout+jwt", "dpop+jwt"), needed=("jti", "exp"),
    )  # fmt: skip
    return maker, {"client_id": client.id, "client_secret": secret}


AGELESS = {"exp past", "exp now"}
"""Signed by ourselves all the same; when such a token ends is kept here, and not read from it."""


PLACES = {
    "client_assertion": an_assertion,
    "id_token_hint": a_hint,
    "hint to leave": a_hint_to_leave,
    "DPoP proof": a_proof,
}


@pytest.mark.parametrize("algorithm", KEYS)
@pytest.mark.parametrize("where", PLACES)
def test_no_bent_statement_is_believed_and_the_right_one_is_afterwards(house, where, algorithm):
    place = PLACES[where](house, algorithm)
    believed = [wrong for wrong, text in mutations(place.maker) if place.is_believed(text)]
    assert sorted(set(believed) - place.may_be) == []
    assert place.is_believed(place.maker.right())


def test_no_bent_access_token_is_active_nor_ends_the_right_one(house):
    maker, named = a_signed_token(house)
    ask = lambda text: program(house).post("/oauth/introspect", data=named | {"token": text})  # noqa: E731
    for wrong, text in mutations(maker):
        if text and wrong not in AGELESS:
            said = ask(text)
            is_unread = said.status_code in {400, 413} and said.json()["error"] == "invalid_request"
            assert is_unread or said.json() == {"active": False}, wrong
            given_back = program(house).post("/oauth/revoke", data=named | {"token": text})
            assert is_unread or (given_back.status_code, given_back.content) == (200, b""), wrong
    assert ask(maker.right()).json()["active"]
    program(house).post("/oauth/revoke", data=named | {"token": maker.right()})
    assert ask(maker.right()).json() == {"active": False}


@pytest.mark.security("9.2.4")
def test_no_access_token_for_others_opens_anything_here_bent_or_not(house):
    maker, _ = a_signed_token(house)
    tried = [("right", maker.right()), *mutations(maker)]
    for wrong, text in tried:
        if text.isprintable() and text.strip() == text != "":
            headers = {"authorization": f"Bearer {text}".encode("latin-1", "replace")}
            for path in ("/v1/account", "/oauth/userinfo"):
                assert program(house).get(path, headers=headers).status_code == 401, (wrong, path)
    assert len(tried) > 85


@pytest.mark.security("9.2.4")
def test_a_statement_for_one_place_is_none_at_another(house):
    """A hint, a logout token or a token of RFC 9068 in the place of each other (RFC 8725, section 3.11 and 3.12)."""
    hint, (token, named) = a_hint(house, "RS256"), a_signed_token(house)
    assert not hint.is_believed(token.right())
    assert not hint.is_believed(hint.maker.with_(typ="at+jwt").right())
    assert not hint.is_believed(hint.maker.with_(typ="logout+jwt").right())
    form = named | {"token": hint.maker.right()}
    assert program(house).post("/oauth/introspect", data=form).json() == {"active": False}
    assertion = an_assertion(house, "RS256")
    assert not assertion.is_believed(hint.maker.right())
    assert not assertion.is_believed(token.right())
    assert a_proof(house, "ES256").is_believed(hint.maker.right()) is False
