"""Authlib and requests-oauthlib at Signedin and at the reference: sign-in, refresh, userinfo, and what is given back."""

from __future__ import annotations

import secrets

import httpx
import pytest
from authlib.integrations.httpx_client import OAuth2Client
from authlib.oidc.core import CodeIDToken
from authlib.oidc.discovery import OpenIDProviderMetadata
from joserfc import jwt
from joserfc.jwk import KeySet
from requests_oauthlib import OAuth2Session

from browser.names import known_names
from foreign.servers import BACK
from people import ToLoopback

pytestmark = pytest.mark.xdist_group("foreign clients")
SCOPE = ["openid", "email", "offline_access"]


@pytest.fixture
def transport(authority):
    return ToLoopback(verify=authority.vouch_for("app.test").trusted)


@pytest.fixture
def document(server, transport):
    with httpx.Client(transport=transport, timeout=30) as http:
        return http.get(f"{server.issuer}/.well-known/openid-configuration").json()


@pytest.mark.guide("R22", "R26")
def test_authlib_takes_the_whole_way(server, document, transport):
    OpenIDProviderMetadata(document).validate()
    nonce, verifier = secrets.token_urlsafe(16), secrets.token_urlsafe(48)
    with OAuth2Client(
        "web", server.secret, scope=" ".join(SCOPE), redirect_uri=BACK, code_challenge_method="S256",
        transport=transport, timeout=30,
    ) as client:  # fmt: skip
        where, state = client.create_authorization_url(
            document["authorization_endpoint"], code_verifier=verifier, nonce=nonce, prompt="consent"
        )
        back = server.goes(server.person(), where)
        tokens = client.fetch_token(
            document["token_endpoint"], authorization_response=back, code_verifier=verifier, state=state
        )
        keys = KeySet.import_key_set(client.get(document["jwks_uri"], withhold_token=True).json())
        read = jwt.decode(tokens["id_token"], keys)
        said = {"nonce": nonce, "client_id": "web", "access_token": tokens["access_token"]}
        must = {"iss": {"essential": True, "value": server.issuer}, "aud": {"essential": True, "value": "web"}}
        CodeIDToken(read.claims, read.header, options=must, params=said).validate()
        assert client.get(document["userinfo_endpoint"]).json()["sub"] == read.claims["sub"]
        again = client.refresh_token(document["token_endpoint"], refresh_token=tokens["refresh_token"])
        assert again["refresh_token"] != tokens["refresh_token"]
        asked = document["introspection_endpoint"]
        assert client.introspect_token(asked, token=again["access_token"]).json()["active"] is True
        assert client.revoke_token(document["revocation_endpoint"], token=again["refresh_token"]).is_success
        assert client.introspect_token(asked, token=again["access_token"]).json() == {"active": False}


def test_requests_oauthlib_takes_the_whole_way(server, document, authority, tmp_path):
    with known_names(authority, tmp_path) as known:
        session = OAuth2Session("web", scope=SCOPE, redirect_uri=BACK, pkce="S256")
        session.proxies, session.verify = {"https": known["HTTPS_PROXY"]}, known["SSL_CERT_FILE"]
        where, _ = session.authorization_url(document["authorization_endpoint"], prompt="consent")
        tokens = session.fetch_token(
            document["token_endpoint"], client_secret=server.secret,
            authorization_response=server.goes(server.person(), where),
        )  # fmt: skip
        assert session.get(document["userinfo_endpoint"]).json()["sub"]
        again = session.refresh_token(document["token_endpoint"], auth=("web", server.secret))
        assert again["refresh_token"] != tokens["refresh_token"]
        given_back = session.post(
            document["revocation_endpoint"], {"token": again["refresh_token"]}, auth=("web", server.secret),
            withhold_token=True,
        )  # fmt: skip
        assert given_back.ok
        assert session.get(document["userinfo_endpoint"]).status_code == 401
