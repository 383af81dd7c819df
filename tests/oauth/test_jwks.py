"""The set of public keys, at the moment of whoever asks for it (RFC 7517; security 11.2)."""

from __future__ import annotations

from given import a_client, given, redeemed
from people import done_apart
from signedin.actions.sign import rotate_signing


def test_old_keys_are_told_for_as_long_as_what_they_signed_may_be_shown(house, program, clock):
    redeemed(house, given(house, a_client(house)))
    told = lambda: {each["kid"] for each in program.get("/oauth/jwks").json()["keys"]}  # noqa: E731
    before = told()
    assert len(before) == 2
    done_apart(rotate_signing(house.means, clock()))
    assert before < told()
    assert len(told()) == 4
    clock.move(hours=3)
    assert len(told()) == 2
    assert not before & told()
