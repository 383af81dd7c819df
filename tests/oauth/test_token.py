"""The endpoints for clients over HTTP: tokens, what they say, giving them back, and who the person is."""

from __future__ import annotations

import json
from base64 import b64encode, urlsafe_b64decode
from datetime import timedelta

import pytest

from apps import BACK, PUBLIC, consented, registered
from apps import VERIFIER as APPS_VERIFIER
from given import CALLBACK, SYNC_AGENT, VERIFIER, a_client, a_code, a_service, a_sync_app, account_of, given
from people import ADA, ADELAIDE, BERLIN, done_apart, running
from proofs import Prover
from signedin.rules.claims import sid_for
from signedin.rules.client import Authentication, GrantType
from signedin.rules.errors import DatabaseProblem
from signedin.rules.secret import Kind, digest, make_token
from signedin.server.jobs import flush_now
from signedin.store import clients

FILES = "https://files.example.org"


def secret_of(house, client):
    """A new secret of a confidential client."""
    from dataclasses import replace

    secret = make_token(Kind.CLS, 0, house.means.keyring.way_keys)
    house.means.database.write_now(clients.change, replace(client, secrets=(digest(secret),)))
    return secret


def basic(house, client):
    said = f"{client.id}:{secret_of(house, client)}".encode()
    return {"authorization": f"Basic {b64encode(said).decode()}"}


def asked(program, path="/oauth/token", headers=None, **form):
    return program.post(path, data=form, headers=headers or {})


def redeemed(program, it, headers=None, **changed):
    form = {
        "grant_type": "authorization_code", "client_id": it.client.id, "code": it.code,
        "redirect_uri": CALLBACK, "code_verifier": VERIFIER,
    }  # fmt: skip
    return asked(program, headers=headers, **(form | changed))


def refreshed(program, client, token, headers=None, **more):
    form = {"grant_type": "refresh_token", "client_id": client.id, "refresh_token": token}
    return asked(program, headers=headers, **(form | more))


def bearer(token):
    return {"authorization": f"Bearer {token}"}


def claims(jwt):
    head, body, _ = (part + "=" * (-len(part) % 4) for part in jwt.split("."))
    return json.loads(urlsafe_b64decode(head)), json.loads(urlsafe_b64decode(body))


@pytest.mark.guide("R22")
@pytest.mark.security("14.3.2")
def test_tokens_are_told_as_the_protocol_says_and_kept_by_nobody(house, program):
    it = given(house, a_sync_app(house))
    answer = redeemed(program, it)
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    said = answer.json()
    assert set(said) == {"access_token", "token_type", "expires_in", "scope", "refresh_token", "id_token"}
    assert (said["token_type"], said["expires_in"]) == ("Bearer", 3600)
    again = refreshed(program, it.client, said["refresh_token"]).json()
    assert again["refresh_token"] != said["refresh_token"]


@pytest.mark.security("7.6.1")
def test_an_id_token_tells_of_the_sign_in(house, program, clock):
    it = given(house)
    said = redeemed(program, it).json()
    header, told = claims(said["id_token"])
    assert header["alg"] == "RS256"
    assert {name: told[name] for name in ("iss", "aud", "azp", "nonce", "sid", "acr", "amr")} == {
        "iss": house.base_url, "aud": "tidewater", "azp": "tidewater", "nonce": "n-0S6",
        "sid": sid_for(house.means.keyring.mac, it.client, "browser"), "acr": "aal1", "amr": ["pwd"],
    }  # fmt: skip
    assert told["auth_time"] == told["iat"] == int(clock().timestamp())
    assert told["sub"] != str(account_of(house).id)
    clock.move(minutes=3)
    _, later = claims(refreshed(program, it.client, said["refresh_token"]).json()["id_token"])
    assert "nonce" not in later
    assert {name: later[name] for name in ("sub", "auth_time", "aud")} == {
        name: told[name] for name in ("sub", "auth_time", "aud")
    }
    assert later["at_hash"] != told["at_hash"]


@pytest.mark.security("15.3.7", "10.4.4")
@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
        ({"grant_type": ""}, "invalid_request"),
        ({"code": ""}, "invalid_request"),
        ({"code": "sgn_cod_nothing"}, "invalid_grant"),
        ({"redirect_uri": ""}, "invalid_request"),
        ({"code_verifier": ""}, "invalid_grant"),
        ({"client_id": "nobody"}, "invalid_client"),
        ({"scope": "sessions:read"}, "invalid_scope"),
        ({"resource": FILES}, "invalid_target"),
    ],
)
def test_bad_requests_get_the_code_of_the_rfc(house, program, form, error):
    it = given(house)
    answer = redeemed(program, it, **form)
    assert (answer.status_code, answer.json()["error"]) == (401 if error == "invalid_client" else 400, error)
    assert answer.headers["cache-control"] == "no-store"
    assert redeemed(program, it).status_code == 200


@pytest.mark.security("10.4.1")
def test_a_token_of_another_kind_is_no_code_and_no_refresh_token(house, program):
    it = given(house)
    said = redeemed(program, it).json()
    for wrong in (said["access_token"], it.code):
        assert refreshed(program, it.client, wrong).json()["error"] == "invalid_grant"
    fresh = given_again(house, it)
    assert redeemed(program, fresh, code=said["refresh_token"]).json()["error"] == "invalid_grant"
    assert program.get("/v1/sessions", headers=bearer(said["refresh_token"])).status_code == 401


def given_again(house, it):
    from given import Given

    return Given(it.client, it.grant, a_code(house, it.grant))


@pytest.mark.guide("R31", "R78")
@pytest.mark.security("10.3.1")
def test_userinfo_is_told_by_header_or_form_until_the_person_revokes(house, program, clock):
    it, browser = given(house), house.signed_in()
    token = redeemed(program, it).json()["access_token"]
    consent = lambda: next(row for row in browser.sessions() if row["app_type"] == "oauth")  # noqa: E731
    assert consent()["last_activity_at"] is None
    clock.move(minutes=2)
    for answer in (
        program.get("/oauth/userinfo", headers=bearer(token)),
        program.post("/oauth/userinfo", headers=bearer(token)),
        program.post("/oauth/userinfo", data={"access_token": token}),
    ):
        assert answer.status_code == 200, answer.text
        assert answer.json()["email"] == ADA
        assert "name" not in answer.json()
        assert answer.headers["cache-control"] == "no-store"
    assert consent()["last_activity_at"] is not None
    assert browser.revoke(consent()["id"]).status_code == 303
    refused = program.get("/oauth/userinfo", headers=bearer(token))
    assert refused.status_code == 401
    assert 'Bearer error="invalid_token"' in refused.headers["www-authenticate"]


@pytest.mark.security("14.2.1")
def test_userinfo_takes_one_token_and_none_from_the_address(house, program):
    token = redeemed(program, given(house)).json()["access_token"]
    twice = program.post("/oauth/userinfo", headers=bearer(token), data={"access_token": token})
    assert (twice.status_code, twice.json()["error"]) == (400, "invalid_request")
    nowhere = program.get("/oauth/userinfo", params={"access_token": token})
    assert nowhere.status_code == 401
    assert "error=" not in nowhere.headers["www-authenticate"]
    assert program.get("/oauth/userinfo", headers=bearer("sgn_acc_x")).status_code == 401


@pytest.mark.security("10.3.2")
def test_userinfo_needs_openid_and_a_token_for_this_service(house, program):
    small = given(house, scopes=("email",))
    answer = program.get("/oauth/userinfo", headers=bearer(redeemed(program, small).json()["access_token"]))
    assert (answer.status_code, answer.json()["error"]) == (403, "insufficient_scope")
    other = given(house, a_client(house, id="b", resources=(FILES,)), resources=(FILES,))
    answer = program.get("/oauth/userinfo", headers=bearer(redeemed(program, other).json()["access_token"]))
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_token")


@pytest.mark.guide("D11", "D12")
@pytest.mark.security("10.3.2", "8.2.1")
def test_the_api_lets_a_token_do_what_its_scopes_say_and_marks_nobodys_row_for_another(house, program):
    it = given(house, scopes=("sessions:read",))
    token = redeemed(program, it).json()["access_token"]
    rows = program.get("/v1/sessions", headers=bearer(token)).json()["items"]
    assert [row["current"] for row in rows] == [False]
    assert program.get("/v1/sessions/current", headers=bearer(token)).status_code == 404
    refused = program.delete(f"/v1/sessions/{rows[0]['id']}", headers=bearer(token))
    assert refused.status_code == 403
    assert program.get("/v1/access-keys", headers=bearer(token)).status_code == 403
    assert program.delete("/v1/sessions/current", headers=bearer(token)).status_code == 403


@pytest.mark.guide("D3", "R18", "R49")
def test_an_app_of_ones_own_is_current_by_its_token_and_may_log_itself_out(house, program):
    it = given(house, a_sync_app(house), scopes=("sessions:read", "offline_access"))
    said = redeemed(program, it).json()
    token = said["access_token"]
    current = program.get("/v1/sessions/current", headers=bearer(token)).json()
    assert (current["app_type"], current["current"]) == ("sync", True)
    assert program.delete("/v1/sessions/current", headers=bearer(token)).status_code == 204
    answer = program.get("/v1/sessions", headers=bearer(token))
    assert (answer.status_code, answer.json()["reason"]) == (401, "logged_out")
    assert "logged_out" in refreshed(program, it.client, said["refresh_token"]).json()["error_description"]


@pytest.mark.guide("D12")
@pytest.mark.security("10.3.1")
def test_a_check_lets_a_token_in_only_where_it_names_a_scope_and_the_resource_that_the_token_is_for(
    house, program
):
    plain = redeemed(program, given(house, scopes=("sessions:read",))).json()["access_token"]
    there = given(
        house, a_client(house, id="b", resources=(FILES,)), scopes=("sessions:read",), resources=(FILES,)
    )
    there = redeemed(program, there).json()["access_token"]
    ask = lambda token, query: program.get(f"/v1/check?{query}", headers=bearer(token)).status_code  # noqa: E731
    needs = "scope=sessions:read"
    assert [ask(plain, query) for query in ("", "app_type=web,sync", needs, f"{needs}&resource={FILES}")] == [
        401,
        401,
        200,
        401,
    ]
    assert [
        ask(there, query) for query in ("", needs, f"{needs}&resource={FILES}", f"{needs}&resource={FILES}/")
    ] == [401, 401, 200, 401]
    assert ask(plain, "scope=sessions:manage") == 403
    answer = program.get(f"/v1/check?{needs}", headers=bearer(plain))
    assert (answer.headers["signedin-session"], answer.headers["signedin-app-type"]) == ("-", "oauth")


@pytest.mark.security("10.4.10", "attack-24")
def test_introspection_tells_the_tokens_client_and_its_resource_server_and_nobody_else(house, program, clock):
    files = basic(house, a_service(house))
    other = basic(house, a_service(house, id="mail", resources=("https://mail.example.org",)))
    stranger = basic(
        house, a_client(house, id="stranger", authentication=Authentication.BASIC, resources=(FILES,))
    )
    client = a_client(house, resources=(FILES,), authentication=Authentication.BASIC)
    own = basic(house, client)
    it = given(house, client, resources=(FILES,))
    said = redeemed(program, it, headers=own, client_id="").json()
    token, again = said["access_token"], said["refresh_token"]
    ask = lambda headers, token: asked(program, "/oauth/introspect", headers, token=token)  # noqa: E731
    told = ask(files, token).json()
    assert (told["active"], told["client_id"], told["aud"], told["token_type"]) == (
        True,
        "tidewater",
        [FILES],
        "Bearer",
    )
    assert (told["scope"], told["exp"] - told["iat"]) == ("email offline_access openid", 3600)
    assert ask(own, token).json()["sub"] == told["sub"]
    assert ask(own, again).json()["active"]
    for headers, which in (
        (other, token),
        (stranger, token),
        (files, again),
        (files, "sgn_acc_x"),
        (files, it.code),
    ):
        answer = ask(headers, which)
        assert (answer.status_code, answer.content) == (200, b'{"active": false}')
    assert ask({}, token).status_code == 401
    assert program.get("/oauth/introspect", headers=files).status_code == 405
    clock.move(hours=1)
    assert ask(files, token).json() == {"active": False}


@pytest.mark.guide("R31", "R33", "D16")
def test_a_resource_servers_question_is_a_use_that_says_nothing_of_where_its_person_is(house, clock):
    files = basic(house, a_service(house))
    browser, sync = house.signed_in(), house.browser(SYNC_AGENT, BERLIN).http
    it = given(house, a_sync_app(house, resources=(FILES,)), resources=(FILES,))
    said = redeemed(sync, it).json()
    row = lambda: next(each for each in browser.sessions() if each["app_type"] == "sync")  # noqa: E731
    before = row()
    assert before["location"].startswith("Berlin")
    clock.move(minutes=5)
    there = house.browser("files/1.0", ADELAIDE).http
    assert asked(there, "/oauth/introspect", files, token=said["access_token"]).json()["active"]
    done_apart(flush_now(house.server))
    after = row()
    assert after["last_activity_at"] > before["last_activity_at"]
    assert (after["location"], after["masked_ip"]) == (before["location"], before["masked_ip"])


@pytest.mark.security("10.4.10", "attack-24")
def test_a_public_client_may_not_introspect(house, program):
    it = given(house)
    token = redeemed(program, it).json()["access_token"]
    answer = asked(program, "/oauth/introspect", token=token, client_id=it.client.id)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


@pytest.mark.guide("D24")
@pytest.mark.security("9.2.2")
def test_a_resource_server_that_asked_for_signed_tokens_gets_them_for_five_minutes_and_an_ending_shows_in_introspection(
    house, program
):
    files = basic(house, a_service(house))
    it = given(house, a_client(house, resources=(FILES,), signed_resources=(FILES,)), resources=(FILES,))
    browser = house.signed_in()
    said = redeemed(program, it).json()
    header, told = claims(said["access_token"])
    assert (header["typ"], said["expires_in"], told["exp"] - told["iat"]) == ("at+jwt", 300, 300)
    assert (told["iss"], told["aud"], told["client_id"]) == (house.base_url, FILES, "tidewater")
    assert told["scope"] == "openid email offline_access"
    assert program.get("/oauth/userinfo", headers=bearer(said["access_token"])).status_code == 401
    ask = lambda: asked(program, "/oauth/introspect", files, token=said["access_token"]).json()  # noqa: E731
    assert ask()["active"]
    browser.log_out_all()
    assert ask() == {"active": False}


@pytest.mark.guide("R49")
@pytest.mark.security("10.4.9")
def test_a_client_gives_its_tokens_back_and_nobody_elses(house, program):
    it, other = given(house), a_client(house, id="other")
    said = redeemed(program, it).json()
    give = lambda client, token, **more: asked(  # noqa: E731
        program, "/oauth/revoke", client_id=client.id, token=token, **more
    )
    userinfo = lambda token: program.get("/oauth/userinfo", headers=bearer(token)).status_code  # noqa: E731
    assert give(other, said["refresh_token"]).status_code == 200
    assert give(other, said["access_token"]).status_code == 200
    assert userinfo(said["access_token"]) == 200
    assert give(it.client, said["access_token"], token_type_hint="refresh_token").status_code == 200
    assert userinfo(said["access_token"]) == 401
    fresh = refreshed(program, it.client, said["refresh_token"]).json()
    assert give(it.client, fresh["refresh_token"]).status_code == 200
    assert userinfo(fresh["access_token"]) == 401
    assert refreshed(program, it.client, fresh["refresh_token"]).json()["error"] == "invalid_grant"
    assert give(it.client, fresh["refresh_token"]).status_code == 200
    assert give(it.client, "nothing").status_code == 200
    assert give(it.client, "").json()["error"] == "invalid_request"
    assert len(house.signed_in().sessions()) == 2


@pytest.mark.security("attack-26")
def test_where_it_cannot_be_written_nothing_is_given_back_and_the_client_is_told_to_come_again(
    house, program, monkeypatch
):
    """RFC 7009, section 2.2.1: 503, and never 200."""

    async def fails(*_, **__):
        raise DatabaseProblem

    it = given(house)
    said = redeemed(program, it).json()
    give = lambda: asked(program, "/oauth/revoke", client_id=it.client.id, token=said["refresh_token"])  # noqa: E731
    with monkeypatch.context() as patch:
        patch.setattr(type(house.means.database), "write", fails)
        answer = give()
        assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
    assert program.get("/oauth/userinfo", headers=bearer(said["access_token"])).status_code == 200
    assert give().status_code == 200
    assert program.get("/oauth/userinfo", headers=bearer(said["access_token"])).status_code == 401


@pytest.mark.security("attack-24", "10.4.10")
@pytest.mark.parametrize("kind", ["application/token-introspection+jwt", "application/json", "*/*"])
def test_in_whatever_form_it_is_asked_for_a_stranger_is_told_of_no_token(house, program, kind):
    it, stranger = given(house), a_client(house, id="other", authentication=Authentication.BASIC)
    token = redeemed(program, it).json()["access_token"]
    answer = asked(
        program, "/oauth/introspect", headers=basic(house, stranger) | {"accept": kind}, token=token
    )
    assert (answer.status_code, answer.json()) == (200, {"active": False})


@pytest.mark.security("10.4.8", "B7")
def test_a_refresh_token_ends_when_it_has_to_however_often_it_was_used(house, program, clock):
    client = registered(house, lasts=timedelta(days=40), **PUBLIC)
    code = consented(house.signed_in(), client, scope="openid offline_access")["code"]
    form = {"client_id": client.id, "code": code, "redirect_uri": BACK, "code_verifier": APPS_VERIFIER}
    said = asked(program, grant_type="authorization_code", **form).json()
    for days in (20, 19):
        clock.move(days=days)
        said = refreshed(program, client, said["refresh_token"]).json()
        assert "refresh_token" in said, said
    clock.move(days=1)
    assert refreshed(program, client, said["refresh_token"]).json()["error"] == "invalid_grant"


@pytest.mark.security("B9")
def test_people_have_another_name_at_every_others_app_and_no_service_has_one_of_theirs(house, program):
    names = set()
    for number in range(3):
        it = given(house, a_client(house, id=f"c{number}", is_pairwise=True))
        names.add(claims(redeemed(program, it).json()["id_token"])[1]["sub"])
    assert len(names | {account_of(house).id}) == 4
    service = a_service(house)
    token = asked(program, headers=basic(house, service), grant_type="client_credentials").json()[
        "access_token"
    ]
    assert program.get("/oauth/userinfo", headers=bearer(token)).status_code == 401
    assert program.get("/v1/account", headers=bearer(token)).status_code in {401, 403}


@pytest.mark.guide("R41")
def test_an_app_of_ones_own_that_gives_its_refresh_token_back_is_logged_out(house, program):
    it, browser = given(house, a_sync_app(house)), house.signed_in()
    said = redeemed(program, it).json()
    assert len(browser.sessions()) == 2
    assert asked(program, "/oauth/revoke", client_id="sync", token=said["refresh_token"]).status_code == 200
    assert len(browser.sessions()) == 1
    assert program.get("/v1/sessions", headers=bearer(said["access_token"])).json()["reason"] == "logged_out"


@pytest.mark.security("10.3.5", "10.4.14")
def test_a_token_that_was_asked_for_with_a_proof_needs_one_each_time(house, program, clock):
    it, prover = given(house, scopes=("openid", "offline_access", "sessions:read")), Prover()
    proof = lambda method, path, **more: {  # noqa: E731
        "dpop": prover.proof(method, house.base_url + path, clock(), **more)
    }
    said = redeemed(program, it, headers=proof("POST", "/oauth/token")).json()
    token = said["access_token"]
    assert said["token_type"] == "DPoP"  # the name of a scheme
    shown = {"authorization": f"DPoP {token}"}
    for path in ("/oauth/userinfo", "/v1/sessions"):
        assert program.get(path, headers=shown | proof("GET", path, token=token)).status_code == 200
        used = proof("GET", path, token=token)
        assert program.get(path, headers=shown | used).status_code == 200
        assert program.get(path, headers=shown | used).status_code == 401
        assert program.get(path, headers=bearer(token)).status_code == 401
        assert program.get(path, headers=bearer(token) | proof("GET", path, token=token)).status_code == 401
        assert program.get(path, headers=shown).status_code == 401
        assert program.get(path, headers=shown | proof("GET", path)).status_code == 401
        thief = {"dpop": Prover().proof("GET", house.base_url + path, clock(), token=token)}
        assert program.get(path, headers=shown | thief).status_code == 401
    assert program.get("/v1/check?scope=sessions:read", headers=bearer(token)).status_code == 401
    assert refreshed(program, it.client, said["refresh_token"]).json()["error"] == "invalid_grant"
    again = refreshed(program, it.client, said["refresh_token"], headers=proof("POST", "/oauth/token"))
    assert again.json()["token_type"] == "DPoP"


@pytest.mark.security("10.3.5")
def test_a_token_that_is_bound_to_no_key_is_not_shown_by_the_scheme_of_proofs(house, program, clock):
    token = redeemed(program, given(house, scopes=("openid", "sessions:read"))).json()["access_token"]
    for path in ("/oauth/userinfo", "/v1/sessions"):
        proof = {"dpop": Prover().proof("GET", house.base_url + path, clock(), token=token)}
        assert program.get(path, headers={"authorization": f"DPoP {token}"} | proof).status_code == 401
        assert program.get(path, headers=bearer(token)).status_code == 200


@pytest.mark.security("10.4.14")
def test_a_client_that_has_registered_bound_tokens_gets_no_others(house, program):
    it = given(house, a_client(house, needs_dpop=True))
    assert redeemed(program, it).json()["error"] == "invalid_dpop_proof"


@pytest.mark.security("10.4.4")
def test_a_service_gets_a_token_for_itself_that_its_resource_server_may_read(house, program):
    service = a_service(house, scopes=frozenset({"sessions:check"}))
    headers = basic(house, service)
    said = asked(program, headers=headers, grant_type=GrantType.CLIENT.value, resource=FILES).json()
    assert set(said) == {"access_token", "token_type", "expires_in", "scope"}
    told = asked(program, "/oauth/introspect", headers, token=said["access_token"]).json()
    assert (told["active"], told["sub"], told["aud"]) == (True, "files", [FILES])
    assert program.get("/v1/sessions", headers=bearer(said["access_token"])).status_code == 401


def test_what_a_grant_is_made_of_is_told_to_nobody(house, program, log_lines):
    it = given(house)
    said = redeemed(program, it).json()
    redeemed(program, it)
    log = json.dumps(log_lines())
    for secret in (it.code, said["access_token"], said["refresh_token"], VERIFIER):
        assert secret not in log


def test_behind_a_proxy_that_ends_tls_the_issuer_is_the_address_that_people_know(tmp_path, clock):
    known, folder = "https://account.example.org", tmp_path / "behind"
    folder.mkdir()
    with running(folder, clock, base_url=known) as house:
        house.somebody(ADA)
        it, program = given(house), house.browser().http
        program.headers["host"] = "account.example.org"
        answer = redeemed(program, it)
        assert answer.status_code == 200, answer.text
        assert claims(answer.json()["id_token"])[1]["iss"] == known
        said = program.get("/.well-known/openid-configuration").json()
        assert {said["issuer"], said["token_endpoint"]} == {known, f"{known}/oauth/token"}
