"""openid-client and oauth4webapi from npm, really started, at Signedin and at the reference: each step of theirs, and what they must not take."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest

from apps import asked_page
from foreign.programs import Foreign, Wrong, node
from foreign.servers import BACK, BYE, Wish

pytestmark = pytest.mark.xdist_group("foreign clients")
SCOPE = "openid email offline_access"


@pytest.fixture(params=["openid_client", "oauth4webapi"])
def client(request, trusted):
    with node(f"{request.param}.mjs", trusted) as process:
        yield Foreign(process)


def discovered(client, server, known=None, way="client_secret_basic"):
    known = known or server.web
    return client.does("discover", issuer=server.issuer, id=known.id, secret=known.secret, way=way)


def signed_in(client, server, person, **said):
    # offline_access is granted only where consent is asked for (OpenID Connect Core 1.0, section 11).
    where = client.does("begin", back=BACK, scope=SCOPE, more={"prompt": "consent"}, **said)
    return client.does("come_back", address=server.goes(person, where))


def test_it_discovers_signs_in_refreshes_asks_and_gives_back(client, server):
    """openid-client, oauth4webapi: discovery, sign-in, refresh, userinfo, introspection, revocation."""
    assert discovered(client, server)["issuer"] == server.issuer
    tokens = signed_in(client, server, server.person())
    assert tokens["claims"]["iss"] == server.issuer
    again = client.does("refresh", token=tokens["refresh_token"])
    assert again["refresh_token"] != tokens["refresh_token"]
    sub = tokens["claims"]["sub"]
    assert client.does("userinfo", token=again["access_token"], sub=sub)["sub"] == sub
    assert client.does("introspect", token=again["access_token"])["active"] is True
    client.does("revoke", token=again["refresh_token"])
    assert client.does("introspect", token=again["access_token"])["active"] is False


def test_it_pushes_its_request(client, server):
    """openid-client, oauth4webapi: PAR."""
    discovered(client, server)
    assert "request_uri=" in client.does("begin", back=BACK, scope=SCOPE, pushed=True)
    assert signed_in(client, server, server.person(), pushed=True)["claims"]["iss"] == server.issuer


def test_it_binds_its_tokens_to_a_key(client, server):
    """openid-client, oauth4webapi: DPoP."""
    discovered(client, server)
    client.does("bind")
    tokens = signed_in(client, server, server.person())
    assert tokens["token_type"].lower() == "dpop"
    sub = tokens["claims"]["sub"]
    assert client.does("userinfo", token=tokens["access_token"], sub=sub)["sub"] == sub
    # the tokens that a confidential client refreshes are bound to the key that it shows
    assert client.does("refresh", token=tokens["refresh_token"])["token_type"].lower() == "dpop"


@pytest.mark.security("10.4.16")
@pytest.mark.parametrize("way", ["client_secret_post", "private_key_jwt", "none"])
def test_it_shows_that_it_is_itself(client, server, way):
    """openid-client, oauth4webapi: client authentication."""
    keys = (client.does("key") | {"kid": "own"},) if way == "private_key_jwt" else ()
    known = server.registers(Wish(auth=way, keys=keys))
    assert bool(known.secret) is (way == "client_secret_post")
    discovered(client, server, known, way)
    if way == "none":
        client.does(
            "bind"
        )  # the tokens that a public client refreshes are bound to its key (RFC 9449, section 5)
    tokens = signed_in(client, server, server.person(), pushed=True)
    again = client.does("refresh", token=tokens["refresh_token"])
    sub = tokens["claims"]["sub"]
    assert client.does("userinfo", token=again["access_token"], sub=sub)["sub"] == sub
    client.does("revoke", token=again["refresh_token"])
    with pytest.raises(Wrong, match="invalid_grant"):
        client.does("refresh", token=again["refresh_token"])


def test_it_signs_a_device_in(client, server):
    """openid-client, oauth4webapi: device flow."""
    discovered(client, server)
    device = client.does("device", scope=SCOPE)
    server.types(server.person(), device)
    assert client.does("wait", device=device)["claims"]["iss"] == server.issuer


def test_it_leads_to_where_one_logs_out_and_back(client, server):
    """openid-client, oauth4webapi: logout."""
    discovered(client, server)
    person = server.person()
    tokens = signed_in(client, server, person)
    where = client.does("end_session", hint=tokens["id_token"], back=BYE, state="s1")
    assert server.leaves(person, where) == f"{BYE}?state=s1"


@pytest.mark.security("10.2.2")
def test_an_answer_of_another_server_is_not_taken(client, signedin, reference):
    """openid-client, oauth4webapi: mix-up.

    What was begun at one server comes back in the name of the other, or of none (RFC 9207).
    """
    for asked, other in ((signedin, reference), (reference, signedin)):
        discovered(client, asked)
        address = asked.goes(asked.person(), client.does("begin", back=BACK, scope=SCOPE))
        where, _, query = address.partition("?")
        said = dict(parse_qsl(query, strict_parsing=True))
        assert said.pop("iss") == asked.issuer
        for wrong in ({"iss": other.issuer}, {}):
            with pytest.raises(Wrong, match="iss"):
                client.does("come_back", address=f"{where}?{urlencode(said | wrong)}")
        said["iss"] = asked.issuer
        right = client.does(
            "come_back", address=f"{where}?{urlencode(said)}"
        )  # so it was that, and nothing else
        assert right["claims"]["iss"] == asked.issuer


@pytest.mark.guide("R24", "R78", "R79")
def test_it_has_nothing_left_when_its_person_revokes_it(client, signedin):
    """openid-client, oauth4webapi: revoked by the person."""
    known, person = signedin.registers(Wish()), signedin.person()
    discovered(client, signedin, known)
    tokens = signed_in(client, signedin, person)
    connected = [each for each in person.sessions() if each["app_type"] == "oauth"]
    row = max(connected, key=lambda each: each["consented_at"])
    assert person.revoke(row["id"]).status_code == 303
    assert client.does("introspect", token=tokens["access_token"]) == {"active": False}
    with pytest.raises(Wrong, match="invalid_token"):
        client.does("userinfo", token=tokens["access_token"], sub=tokens["claims"]["sub"])
    with pytest.raises(Wrong, match="invalid_grant"):
        client.does("refresh", token=tokens["refresh_token"])
    asked = client.does("begin", back=BACK, scope=SCOPE).removeprefix(signedin.issuer)
    assert "wants to use your account" in asked_page(person, asked).text
