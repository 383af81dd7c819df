"""The service of examples/service_client as it is really started: a token of its own, and what others' tokens say."""

from __future__ import annotations

import ast

import httpx
import pytest

from apps import BACK, asked_page, authorize, decide, told
from connecting.programs import row_of, started, told_by
from signedin.rules.pkce import challenge_of

pytestmark = pytest.mark.xdist_group("example service")
BILLING = "https://billing.example.org"
VERIFIER = "v" * 50


@pytest.mark.guide("D24")
@pytest.mark.security("10.4.9")
def test_it_gets_a_token_for_itself_and_learns_of_others_only_that_they_are_over(server, tmp_path):
    place = server.place
    service = told_by(
        place,
        "client",
        "add",
        "--service",
        "--name",
        "billing",
        "--scope",
        "accounts:read",
        "--resource",
        BILLING,
    )
    web = told_by(
        place, "app", "add", "--type", "web", "--name", "Shop", "--redirect-uri", BACK, "--resource", BILLING
    )
    ada = server.signed_in()
    token = token_of(place, ada, web)
    first = asked(place, service, token, tmp_path)
    assert (first["active"], first["client_id"], first["aud"]) == (True, web["client_id"], [BILLING])
    ada.revoke(next(row["id"] for row in ada.sessions() if not row["current"]))
    assert asked(place, service, token, tmp_path) == {"active": False}
    assert row_of(ada, "web")["current"]


def asked(place, service, token, folder):
    known = {
        "CLIENT_ID": service["client_id"],
        "CLIENT_SECRET": service["client_secret"],
        "SIGNEDIN_ADDRESS": place.base_url,
    }
    with started("examples.service_client.service_client", folder=folder, **known) as program:
        program.typed(token)
        program.says(r"^sgn_acc_\w+$")
        return ast.literal_eval(program.says(r"^\{.*\}$")[0])


def token_of(place, browser, client):
    """What one's own web app gets: the same way as others', without a page that asks."""

    class Known:
        id, redirect_uris = client["client_id"], (BACK,)

    where = authorize(Known, scope="openid", resource=BILLING, code_challenge=challenge_of(VERIFIER))
    answer = browser.open(where)
    if answer.status_code == 303 and answer.headers["location"].startswith("/"):
        answer = decide(browser, asked_page(browser, where))
    form = {
        "grant_type": "authorization_code",
        "code": told(answer)["code"],
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
    }
    given = httpx.post(
        f"{place.base_url}/oauth/token", data=form, auth=(client["client_id"], client["client_secret"])
    )
    assert given.status_code == 200, given.text
    return given.json()["access_token"]
