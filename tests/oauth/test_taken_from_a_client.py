"""What an operator takes from a client is refused on every path at once, also where people had allowed it (attack 25)."""

from __future__ import annotations

from base64 import b64encode

import pytest

from apps import PUBLIC, asked_page, authorize, decide, registered, told
from given import CALLBACK, VERIFIER, a_client, a_service, given
from people import done_apart
from signedin.actions.change_client import change_client
from signedin.rules.secret import Kind, digest, make_token
from signedin.store import clients

pytestmark = pytest.mark.security("attack-25")
FILES, NOTES = "https://files.example.org", "https://notes.example.org"
ALL = ("openid", "email", "offline_access", "sessions:read", "sessions:manage")


def take(house, client, **removed):
    return done_apart(change_client(house.means, client.id, {}, removed=removed))


def asked(program, path, **form):
    return program.post(path, data=form)


def redeemed(program, it, **more):
    form = {"grant_type": "authorization_code", "client_id": it.client.id, "code": it.code,
            "redirect_uri": CALLBACK, "code_verifier": VERIFIER}  # fmt: skip
    return asked(program, "/oauth/token", **form, **more)


def refreshed(program, it, said, **more):
    form = {"grant_type": "refresh_token", "client_id": it.client.id, "refresh_token": said["refresh_token"]}
    return asked(program, "/oauth/token", **form, **more)


def bearer(said):
    return {"authorization": f"Bearer {said['access_token']}"}


def a_service_and_its_secret(house, **values):
    secret = make_token(Kind.CLS, 0, house.means.keyring.way_keys)
    service = a_service(house, secrets=(digest(secret),), redirect_uris=(), **values)
    return service, {"authorization": "Basic " + b64encode(f"{service.id}:{secret}".encode()).decode()}


@pytest.fixture
def files(house):
    """A resource server that may ask what tokens say, and how it shows that it is itself."""
    return a_service_and_its_secret(house)[1]


def test_a_scope_that_is_removed_is_refused_to_tokens_that_have_it(house, program):
    it = given(house, scopes=ALL)
    said = redeemed(program, it).json()
    sessions = lambda: program.get("/v1/sessions", headers=bearer(said)).status_code  # noqa: E731
    userinfo = lambda: program.get("/oauth/userinfo", headers=bearer(said)).json()  # noqa: E731
    assert (sessions(), "email" in userinfo()) == (200, True)
    take(house, it.client, scopes=("sessions:read", "email"))
    assert sessions() == 403
    assert userinfo().keys() == {"sub"}
    take(house, it.client, scopes=("openid",))
    assert program.get("/oauth/userinfo", headers=bearer(said)).status_code == 403
    row = next(row for row in house.signed_in().sessions() if row["app_type"] == "oauth")
    assert row["scopes"] == ["offline_access", "sessions:manage"]


def test_a_scope_that_is_removed_comes_with_no_new_token_and_is_told_of_no_old_one(house, program, files):
    it = given(house, a_client(house, resources=(FILES,)), scopes=ALL, resources=(FILES,))
    said = redeemed(program, it).json()
    told_of = lambda token: program.post("/oauth/introspect", headers=files, data={"token": token}).json()  # noqa: E731
    assert told_of(said["access_token"])["scope"] == " ".join(sorted(ALL))
    take(house, it.client, scopes=("sessions:manage",))
    left = " ".join(sorted(set(ALL) - {"sessions:manage"}))
    assert told_of(said["access_token"])["scope"] == left
    fresh = refreshed(program, it, said)
    assert " ".join(sorted(fresh.json()["scope"].split())) == left
    more = refreshed(program, it, fresh.json(), scope="sessions:manage")
    assert (more.status_code, more.json()["error"]) == (400, "invalid_scope")


def test_without_the_right_to_stay_nothing_is_refreshed_and_no_refresh_token_is_told_as_alive(house, program):
    it = given(house, scopes=ALL)
    said = redeemed(program, it).json()
    secret = said["refresh_token"]
    own = lambda: program.post("/oauth/introspect", data={"client_id": it.client.id, "token": secret}).json()  # noqa: E731
    take(house, it.client, scopes=("offline_access",))
    answer = refreshed(program, it, said)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")
    assert program.get("/oauth/userinfo", headers=bearer(said)).status_code == 200, (
        "until the browser's session ends"
    )
    assert own().get("active", False) is False
    other = given(house, a_client(house, id="other"), scopes=ALL)
    take(house, other.client, scopes=("offline_access",))
    assert "refresh_token" not in redeemed(program, other).json()


def test_a_code_of_before_brings_what_is_left_and_a_request_with_it_is_refused(house, program):
    it = given(house, scopes=ALL)
    take(house, it.client, scopes=("sessions:manage", "email"))
    assert redeemed(program, it).json()["scope"].split() == ["openid", "offline_access", "sessions:read"]
    ada = house.signed_in()
    assert told(ada.open(authorize(it.client, scope="openid email")))["error"] == "invalid_scope"
    asked_for = {"client_id": it.client.id, "scope": "email"}
    assert asked(program, "/oauth/device_authorization", **asked_for).json()["error"] == "invalid_scope"


def test_a_token_with_nothing_left_opens_nothing(house, program):
    it = given(house, scopes=("sessions:read",))
    said = redeemed(program, it).json()
    take(house, it.client, scopes=("sessions:read",))
    answer = program.get("/v1/sessions", headers=bearer(said))
    assert (answer.status_code, answer.json()["reason"]) == (401, "revoked")


def test_a_service_loses_a_scope_in_the_same_way(house, program):
    service, own = a_service_and_its_secret(house, scopes=frozenset({"sessions:check", "accounts:read"}))
    form = {"grant_type": "client_credentials"}
    token = program.post("/oauth/token", headers=own, data=form).json()["access_token"]
    take(house, service, scopes=("accounts:read",))
    asked_about = program.post("/oauth/introspect", headers=own, data={"token": token}).json()
    assert asked_about["scope"] == "sessions:check"
    again = program.post("/oauth/token", headers=own, data=form | {"scope": "accounts:read"})
    assert again.json()["error"] == "invalid_scope"


def test_a_decision_that_waited_meanwhile_is_none(house):
    client, ada = registered(house, **PUBLIC), house.signed_in()
    page = asked_page(ada, authorize(client, scope="openid email"))
    take(house, client, scopes=("email",))
    assert decide(ada, page).status_code == 410
    assert [row for row in ada.sessions() if row["app_type"] == "oauth"] == []


def test_a_resource_that_is_removed_has_no_token_any_more_and_none_becomes_one_for_this_service(
    house, program, files
):
    both = a_client(house, resources=(FILES, NOTES))
    it = given(house, both, scopes=ALL, resources=(FILES,))
    said = redeemed(program, it).json()
    take(house, both, resources=(FILES,))
    told_of = program.post("/oauth/introspect", headers=files, data={"token": said["access_token"]}).json()
    assert told_of == {"active": False}
    for more in ({}, {"resource": FILES}, {"resource": NOTES}):
        answer = refreshed(program, it, said, **more)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target")


def test_a_code_that_was_sent_to_an_address_that_is_removed_is_none(house, program):
    it = given(house, a_client(house, redirect_uris=(CALLBACK, "https://new.example.org/back")))
    take(house, it.client, redirect_uris=(CALLBACK,))
    answer = redeemed(program, it)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_who_follows_the_list_by_a_token_hears_no_more_without_the_scope(house, program):
    it = given(house, scopes=("sessions:read", "offline_access"))
    said = redeemed(program, it).json()
    with program.stream("GET", "/v1/sessions/events", headers=bearer(said), timeout=20) as stream:
        lines = stream.iter_lines()
        assert any(line == "event: hello" for line in lines)
        take(house, it.client, scopes=("sessions:read",))
        assert any(line == "event: gone" for line in lines)


def test_a_name_and_a_mark_that_are_changed_are_seen_at_once(house):
    client, ada = registered(house, **PUBLIC), house.signed_in()
    told(decide(ada, asked_page(ada, authorize(client))), client)
    changes = {"name": "Porter 2", "description": "New words.", "is_verified": False}
    done_apart(change_client(house.means, client.id, changes))
    [row] = [row for row in ada.sessions() if row["app_type"] == "oauth"]
    assert (row["client_name"], row["client_description"]) == ("Porter 2", "New words.")
    page = asked_page(ada, authorize(client, prompt="consent"))
    assert "has not checked who made it" in page.text
    assert house.means.database.read_now(clients.find, client.id).redirect_uris == client.redirect_uris
