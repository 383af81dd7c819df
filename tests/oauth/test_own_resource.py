"""The issuer, named as a resource, is this service itself: a token for it is one like any that names none (RFC 8707)."""

from __future__ import annotations

import pytest

from apps import BACK, VERIFIER, a_client, asked_page, authorize, boxes, decide, main_of, registered, told
from given import a_client as given_client
from oauth.test_token import FILES, asked, bearer, secret_of
from people import ADA
from signedin.rules.client import Authentication, GrantType

SCOPE = "openid email sessions:read offline_access"


def tokens_for(house, program, client, ada, resources, **form):
    """What a client gets that has named these resources on the way, with what it says at the end."""
    answer = ada.open(authorize(client, scope=SCOPE, resource=resources))
    while answer.status_code == 303 and not answer.headers["location"].startswith(BACK):
        answer = ada.open(answer.headers["location"])
    if answer.status_code == 200:
        answer = decide(ada, answer, **dict.fromkeys(boxes(answer), "1"))
    code = told(answer, client)["code"]
    answer = asked(
        program, grant_type="authorization_code", client_id=client.id, code=code, redirect_uri=BACK,
        code_verifier=VERIFIER, **form,
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.fixture
def app(house):
    return registered(house, a_client(authentication=Authentication.NONE, resources=(FILES,)))


def opens(program, token):
    """Where a token opens: what is asked for a person, the list, and the check for this service and the other."""
    return [
        program.get(where, headers=bearer(token)).status_code
        for where in (
            "/oauth/userinfo", "/v1/sessions", "/v1/check?scope=sessions:read",
            f"/v1/check?scope=sessions:read&resource={FILES}",
        )
    ]  # fmt: skip


@pytest.mark.security("10.3.1", "B8")
def test_a_token_for_the_issuer_opens_what_a_token_opens_that_names_no_resource(house, program, app):
    ada = house.signed_in()
    mine = tokens_for(house, program, app, ada, house.base_url)
    assert opens(program, mine["access_token"]) == [200, 200, 200, 401]
    assert program.get("/oauth/userinfo", headers=bearer(mine["access_token"])).json()["email"] == ADA
    again = asked(
        program, grant_type="refresh_token", client_id=app.id, refresh_token=mine["refresh_token"],
        resource=house.base_url,
    ).json()  # fmt: skip
    assert opens(program, again["access_token"]) == [200, 200, 200, 401]
    there = tokens_for(house, program, app, ada, FILES)
    assert opens(program, there["access_token"]) == [401, 401, 401, 200]


@pytest.mark.security("10.3.1", "B8")
def test_of_several_resources_a_token_is_for_those_that_are_asked_for_of_them(house, program, app):
    ada, both = house.signed_in(), f"{house.base_url} {FILES}"
    assert opens(program, tokens_for(house, program, app, ada, both)["access_token"]) == [200] * 4
    ours = tokens_for(house, program, app, ada, both, resource=house.base_url)
    assert opens(program, ours["access_token"]) == [200, 200, 200, 401]
    theirs = tokens_for(house, program, app, ada, both, resource=FILES)
    assert opens(program, theirs["access_token"]) == [401, 401, 401, 200]


@pytest.mark.security("10.3.1", "B8")
def test_where_no_resource_was_named_a_token_may_be_asked_for_this_service_by_name_and_for_no_other(
    house, program, app
):
    mine = tokens_for(house, program, app, house.signed_in(), None, resource=house.base_url)
    assert opens(program, mine["access_token"]) == [200, 200, 200, 401]
    unnamed = tokens_for(house, program, app, house.signed_in(), None)
    for token in (mine, unnamed):
        where = f"/v1/check?scope=sessions:read&resource={house.base_url}"
        assert program.get(where, headers=bearer(token["access_token"])).status_code == 200
    form = {"grant_type": "refresh_token", "client_id": app.id, "refresh_token": mine["refresh_token"]}
    assert asked(program, **form, resource=FILES).json()["error"] == "invalid_target"
    assert asked(program, **form).status_code == 200


def test_introspection_tells_the_issuer_as_the_audience(house, program):
    client = given_client(house, authentication=Authentication.POST, redirect_uris=(BACK,))
    secret = secret_of(house, client)
    mine = tokens_for(house, program, client, house.signed_in(), house.base_url, client_secret=secret)
    form = {"client_id": client.id, "client_secret": secret, "token": mine["access_token"]}
    said = asked(program, "/oauth/introspect", **form).json()
    assert said["active"] is True
    assert said["aud"] in (house.base_url, [house.base_url])


@pytest.mark.security("10.7.2")
def test_the_page_does_not_tell_of_this_service_as_of_another(house, app):
    ada = house.signed_in()
    page = main_of(asked_page(ada, authorize(app, resource=f"{house.base_url} {FILES}")))
    assert "Is also for" in page
    assert FILES in page
    assert f">{house.base_url}<" not in page
    assert "Is also for" not in main_of(asked_page(ada, authorize(app, resource=house.base_url)))


def test_a_device_may_name_this_service_too(house, program, clock):
    client, ada = given_client(house, grant_types=frozenset({GrantType.DEVICE})), house.signed_in()
    begun = asked(
        program, "/oauth/device_authorization", client_id=client.id, scope="openid sessions:read",
        resource=house.base_url,
    ).json()  # fmt: skip
    ada.send("/device", {"user_code": begun["user_code"]}, page="/device")
    form = {"user_code": begun["user_code"], "decision": "allow", "openid": "1", "sessions:read": "1"}
    assert "Go on at the device" in ada.send("/device/decide", form, page="/device").text
    clock.move(seconds=6)
    form = {"grant_type": GrantType.DEVICE.value, "client_id": client.id, "device_code": begun["device_code"]}
    assert opens(program, asked(program, **form).json()["access_token"]) == [200, 200, 200, 401]


@pytest.mark.guide("R30")
@pytest.mark.security("10.7.1", "attack-31")
def test_what_was_allowed_for_another_service_is_not_given_for_this_one_without_asking(house, program, app):
    ada = house.signed_in()
    tokens_for(house, program, app, ada, FILES)

    def silently(**more):
        return told(ada.open(authorize(app, scope=SCOPE, prompt="none", **more)), app).get("error")

    assert silently(resource=FILES) is None
    assert silently() == silently(resource=house.base_url) == "consent_required"
    assert silently(resource=f"{house.base_url} {FILES}") == "consent_required"
    page = asked_page(ada, authorize(app, scope=SCOPE))
    assert boxes(page)["sessions:read"] is True
    assert told(decide(ada, page), app)["code"]
    assert silently() is silently(resource=house.base_url) is None
    assert silently(resource=f"{house.base_url} {FILES}") is None
