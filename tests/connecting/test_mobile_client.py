"""Pocket as it is really started: signed in as a Mobile session, its tokens bound to a key of the phone."""

from __future__ import annotations

import json
import stat

import httpx
import pytest

from connecting.programs import allowed_back, row_of, started, told_by
from people import ADA, GRACE, PASSWORD

pytestmark = pytest.mark.xdist_group("example mobile")
CLAIMED, PRIVATE = "https://pocket.example.org/callback", "org.example.pocket:/callback"


@pytest.fixture(scope="module")
def client_id(server):
    scopes = [
        word
        for scope in ("openid", "profile", "sessions:read", "offline_access")
        for word in ("--scope", scope)
    ]
    return told_by(
        server.place, "app", "add", "--type", "mobile", "--name", "Pocket", "--redirect-uri", CLAIMED,
        "--redirect-uri", PRIVATE, *scopes,
    )["client_id"]  # fmt: skip


@pytest.fixture
def ada(server):
    browser = server.signed_in()
    yield browser
    browser.log_out_all()


@pytest.fixture
def phone(server, client_id, tmp_path):
    words = ("--client-id", client_id, "--issuer", server.place.base_url, "--state", tmp_path)
    return lambda *more: started("examples.mobile_client.pocket", *words, *more, folder=tmp_path)


def signed_in(program, browser):
    back = allowed_back(browser, program.says(r"Sign in at (\S+)")[1])
    program.says("paste the address")
    program.typed(back)
    program.says("Hello, Ada")
    return back


@pytest.mark.guide("R22", "R25", "R42", "R49", "D3", "D10", "D13")
@pytest.mark.security("10.3.5", "10.4.9")
@pytest.mark.parametrize("redirect_uri", [CLAIMED, PRIVATE], ids=["claimed https", "private scheme"])
def test_it_appears_as_a_mobile_session_and_says_why_it_is_over(ada, phone, tmp_path, redirect_uri):
    with phone("--redirect-uri", redirect_uri) as program:
        assert signed_in(program, ada).startswith(redirect_uri + "?code=sgn_cod_")
        program.says(r"\* Pocket on .*, mobile")
        row = row_of(ada, "mobile")
        assert row["device"].startswith("Pocket on iPhone 15"), row
        assert row["session_type"] != "oauth"
        assert stat.S_IMODE((tmp_path / "keystore.json").stat().st_mode) == 0o600
        program.says("Enter: refresh")
        assert ada.revoke(row["id"]).status_code == 303
        program.typed()
        program.says(r"You are signed out. You revoked this phone in Settings > Sessions. \(revoked\)")
        program.typed()
        signed_in(program, ada)
        assert row_of(ada, "mobile")["id"] != row["id"]


@pytest.mark.security("10.3.5")
def test_whoever_copies_its_tokens_without_its_key_can_do_nothing_with_them(
    server, ada, phone, client_id, tmp_path
):
    with phone() as program:
        signed_in(program, ada)
    copied = json.loads((tmp_path / "keystore.json").read_text())["refresh_token"]
    form = {"grant_type": "refresh_token", "refresh_token": copied, "client_id": client_id}
    refused = httpx.post(f"{server.place.base_url}/oauth/token", data=form)
    assert refused.json()["error"] == "invalid_grant", refused.text
    assert "bound to another key" in refused.json()["error_description"]
    with phone() as program:
        program.says("Hello, Ada")
        program.says("Enter: refresh")
        program.typed("out")
        program.says("Signed out")
    assert [row["app_type"] for row in ada.sessions()] == ["web"]


def test_an_address_that_it_has_not_asked_for_signs_nobody_in(ada, phone):
    with phone() as program:
        first = allowed_back(ada, program.says(r"Sign in at (\S+)")[1])
        for wrong, why in (
            ("https://evil.example/callback?" + first.partition("?")[2], "not asked for"),
            (CLAIMED + "?code=x&state=guessed&iss=" + ada.base_url, "not asked for"),
            (first, "not asked for"),  # each question is answered once
        ):
            program.typed(wrong)
            program.says(f"Not signed in: .*{why}")
            program.typed()
            again = program.says(r"Sign in at (\S+)")[1]
        back = allowed_back(ada, again)
        program.typed(back.replace("iss=http", "iss=https"))
        program.says("Not signed in: Another service")
    assert [row["app_type"] for row in ada.sessions()] == ["web"]


@pytest.mark.guide("D13")
def test_it_is_the_session_of_whoever_signed_in_for_it(server, phone):
    made = server.place.run(
        "account", "add", GRACE, "--name", "Grace", "--password-stdin", typed=PASSWORD + "\n"
    )
    assert made.returncode == 0, made.stderr
    grace = server.browser()
    grace.sign_in(GRACE)
    with phone() as program:
        program.typed(allowed_back(grace, program.says(r"Sign in at (\S+)")[1]))
        program.says("Hello, Grace")
    ada = server.signed_in()
    assert [row["app_type"] for row in ada.sessions() if row["app_type"] == "mobile"] == []
    assert ADA not in program.said
