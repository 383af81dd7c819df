"""Authlib and requests-oauthlib, at Signedin and at the reference: the whole way of a sign-in, and what is given back."""

from __future__ import annotations

import pytest
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from authlib.oidc.discovery import OpenIDProviderMetadata
from oauthlib.oauth2 import DeviceClient
from requests_oauthlib import OAuth2Session

from foreign.authlib_app import Site, serving
from foreign.servers import APP, BACK, Wish, visitor
from ports import free_ports

pytestmark = pytest.mark.xdist_group("foreign clients in python")
SCOPE = ["openid", "email", "offline_access"]


@pytest.fixture(scope="module")
def sends_by(reached):
    """How a library that uses `requests` finds names under .test, and whom it trusts."""
    # Without `trust_env`, or a REQUESTS_CA_BUNDLE of this machine would count and not `verify`.
    proxies = {"https": reached["HTTPS_PROXY"]}
    return {"proxies": proxies, "verify": reached["SSL_CERT_FILE"], "trust_env": False}


@pytest.fixture
def site(server, authority, sends_by):
    """An application of its own, and what it was registered with."""
    site = Site(f"https://{APP}:{free_ports(1)[0]}")
    known = server.registers(Wish(back=f"{site.address}/callback", bye=(f"{site.address}/bye",)))
    with serving(site, server.issuer, known, authority.vouch_for(APP), **sends_by):
        yield site, known


def test_a_flask_app_with_authlib_takes_the_whole_way(server, site, document, authority, sends_by):
    """Authlib: discovery, sign-in, refresh, userinfo, introspection, revocation, logout."""
    OpenIDProviderMetadata(document).validate()
    site, known = site
    person = server.person()
    with visitor(authority, site.address) as here:
        back = server.goes(person, here.get("/sign-in").headers["location"])
        sub = here.get(back).raise_for_status().json()["sub"]
        assert here.get("/me").raise_for_status().json()["sub"] == sub
        first = dict(site.tokens)
        site.tokens["expires_at"] = 0  # so Authlib asks for new ones by itself
        assert here.get("/me").raise_for_status().json()["sub"] == sub
        for name in ("access_token", "refresh_token"):
            assert site.tokens[name] != first[name]
        with AuthlibSession(known.id, known.secret, **sends_by) as session:
            asked, token = document["introspection_endpoint"], site.tokens["access_token"]
            assert session.introspect_token(asked, token=token).json()["active"] is True
            ends = document["revocation_endpoint"]
            assert session.revoke_token(ends, token=site.tokens["refresh_token"]).ok
            assert session.introspect_token(asked, token=token).json() == {"active": False}
        led = server.leaves(person, here.get("/log-out").headers["location"])
        assert here.get(led).json() == {"post_logout_redirect_uri": f"{site.address}/bye"}


def a_session(server, sends_by, **more):
    session = OAuth2Session(server.web.id, **({"scope": SCOPE} | more))
    for name, value in sends_by.items():
        setattr(session, name, value)
    return session


def test_requests_oauthlib_takes_the_whole_way(server, document, sends_by):
    """requests-oauthlib: sign-in, refresh, userinfo, revocation."""
    session, shown = (
        a_session(server, sends_by, redirect_uri=BACK, pkce="S256"),
        (server.web.id, server.web.secret),
    )
    where, _ = session.authorization_url(document["authorization_endpoint"], prompt="consent")
    tokens = session.fetch_token(
        document["token_endpoint"], auth=shown, authorization_response=server.goes(server.person(), where)
    )
    assert session.get(document["userinfo_endpoint"]).json()["sub"]
    again = session.refresh_token(document["token_endpoint"], auth=shown)
    for name in ("access_token", "refresh_token"):
        assert again[name] != tokens[name]
    assert session.get(document["userinfo_endpoint"]).ok
    given_back = session.post(
        document["revocation_endpoint"], {"token": again["refresh_token"]}, auth=shown, withhold_token=True
    )
    assert given_back.ok
    assert session.get(document["userinfo_endpoint"]).status_code == 401


def test_requests_oauthlib_signs_a_device_in(server, document, sends_by):
    """requests-oauthlib: device flow."""
    session, shown = (
        a_session(server, sends_by, client=DeviceClient(server.web.id, scope=SCOPE)),
        (server.web.id, server.web.secret),
    )
    device = session.post(
        document["device_authorization_endpoint"], {"scope": " ".join(SCOPE)}, auth=shown, withhold_token=True
    ).json()
    server.types(server.person(), device)
    session.fetch_token(document["token_endpoint"], device_code=device["device_code"], auth=shown)
    assert session.get(document["userinfo_endpoint"]).json()["sub"]
