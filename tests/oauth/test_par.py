"""Requests that are pushed: judged where they come in, good once, for ninety seconds, for who pushed them (RFC 9126)."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest

from apps import BACK, PUBLIC, VERIFIER, a_client, asked_page, decide, registered, request_of, told
from proofs import Prover
from signedin.actions.keep_question import PUSHED


def push(house, client, **changed):
    return house.browser().http.post("/oauth/par", data=request_of(client, **changed))


def pushed(house, client, **changed):
    answer = push(house, client, **changed)
    assert answer.status_code == 201, answer.text
    return (
        f"/oauth/authorize?{urlencode({'client_id': client.id, 'request_uri': answer.json()['request_uri']})}"
    )


@pytest.fixture
def porter(house):
    return registered(house, needs_pushed=True, **PUBLIC)


@pytest.mark.security("10.4.14", "10.4.12")
def test_a_pushed_request_leads_to_the_decision_and_is_used_up(house, porter):
    ada = house.signed_in()
    answer = push(house, porter)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["expires_in"] == 90
    assert answer.json()["request_uri"].startswith(PUSHED)
    where = (
        f"/oauth/authorize?{urlencode({'client_id': 'porter', 'request_uri': answer.json()['request_uri']})}"
    )
    assert told(decide(ada, asked_page(ada, where)), porter)["code"]
    assert ada.open(where).status_code == 400
    assert told(ada.open(pushed(house, porter, state="again")), porter)["state"] == "again"


def test_it_is_good_for_ninety_seconds_and_then_the_person_has_time(house, clock, porter):
    ada, late = house.signed_in(), pushed(house, porter)
    clock.move(seconds=90)
    assert ada.open(late).status_code == 400
    page = asked_page(ada, pushed(house, porter))
    clock.move(minutes=20)
    assert told(decide(ada, page), porter)["code"]


@pytest.mark.security("attack-9")
def test_it_is_another_clients_nothing_and_stays_good_for_its_own(house, porter):
    other, ada = registered(house, a_client(id="other", **PUBLIC)), house.signed_in()
    where = pushed(house, porter)
    assert ada.open(where.replace("client_id=porter", f"client_id={other.id}")).status_code == 400
    assert asked_page(ada, where)


@pytest.mark.security("10.4.13")
def test_who_has_to_push_is_told_so(house, porter):
    ada = house.signed_in()
    answer = ada.open(f"/oauth/authorize?{urlencode(request_of(porter))}")
    assert told(answer, porter)["error"] == "invalid_request"


def test_what_was_said_beside_a_pushed_request_changes_nothing(house, porter):
    ada = house.signed_in()
    where = pushed(house, porter, scope="openid") + "&scope=openid+sessions:manage&state=forged"
    page = asked_page(ada, where)
    assert "End your sessions" not in page.text
    assert told(decide(ada, page), porter)["state"] == "af0ifjsldkj"


@pytest.mark.parametrize(
    ("error", "changed"),
    [
        ("invalid_request", {"request_uri": f"{PUSHED}x"}),
        ("invalid_request", {"redirect_uri": f"{BACK}/x"}),
        ("invalid_request", {"code_challenge": None}),
        ("unsupported_response_type", {"response_type": "token"}),
        ("request_not_supported", {"request": "e30.e30."}),
        ("invalid_scope", {"scope": "keys:read"}),
        ("invalid_target", {"resource": "https://other.example.org/"}),
        ("invalid_client", {"client_id": "nobody"}),
    ],
)
def test_what_is_wrong_is_said_where_it_is_pushed(house, porter, error, changed):
    answer = push(house, porter, **changed)
    assert answer.status_code == (401 if error == "invalid_client" else 400)
    assert answer.json()["error"] == error


def test_it_is_posted_and_nothing_else(house, porter):
    assert house.browser().http.get("/oauth/par").status_code == 405


def test_a_browser_that_follows_a_posted_name_gets_there_too(house, porter):
    ada = house.signed_in()
    consented_before = pushed(house, porter)
    told(decide(ada, asked_page(ada, consented_before)), porter)
    fields = dict(pair.split("=") for pair in pushed(house, porter).partition("?")[2].split("&"))
    fields["request_uri"] = fields["request_uri"].replace("%3A", ":")
    answer = house.browser().http.post("/oauth/authorize", data=fields)
    assert told(ada.open(answer.headers["location"]), porter)["code"]


def proving(house, prover, path="/oauth/par"):
    return {"dpop": prover.proof("POST", house.base_url + path, house.clock())}


@pytest.mark.security("attack-9", "attack-23")
def test_a_proof_beside_it_binds_the_code_to_that_key_and_counts_once(house, porter):
    ada, prover = house.signed_in(), Prover()
    proof = proving(house, prover)
    push_it = lambda headers, **more: house.browser().http.post(  # noqa: E731
        "/oauth/par", data=request_of(porter, **more), headers=headers
    )
    named = {"client_id": porter.id, "request_uri": push_it(proof).json()["request_uri"]}
    another = push_it(proving(house, prover), dpop_jkt=Prover().thumbprint)
    assert another.json()["error_description"] == "dpop_jkt is another key than that of the DPoP proof."
    for again in (push_it(proof), another):
        assert (again.status_code, again.json()["error"]) == (400, "invalid_dpop_proof")
    code = told(decide(ada, asked_page(ada, f"/oauth/authorize?{urlencode(named)}")), porter)["code"]
    form = {
        "grant_type": "authorization_code", "client_id": porter.id, "code": code, "redirect_uri": BACK,
        "code_verifier": VERIFIER,
    }  # fmt: skip
    for headers in ({}, proving(house, Prover(), "/oauth/token")):
        assert house.browser().http.post("/oauth/token", data=form, headers=headers).status_code == 400
    answer = house.browser().http.post(
        "/oauth/token", data=form, headers=proving(house, prover, "/oauth/token")
    )
    assert answer.json()["token_type"] == "DPoP"  # the name of a scheme
