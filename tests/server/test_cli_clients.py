"""`signedin app`, `signedin client` and `signedin secret rotate-signing`: registering from the command line."""

from __future__ import annotations

import json
import re
import shlex

import pytest
from joserfc.jwk import ECKey

from fences import beginning
from signedin.rules.secret import TOKEN_PATTERN

APP = ("app", "add", "--type", "sync", "--name", "Example Sync")
CLIENT = (
    "client",
    "add",
    "--name",
    "Tidewater Calendar",
    "--redirect-uri",
    "https://app.example.org/callback",
)


@pytest.mark.guide("D13", "R25")
def test_an_app_of_ones_own_keeps_no_secret_and_may_sign_in_by_a_code(installed):
    made = installed.done(
        *APP, "--redirect-uri", "http://127.0.0.1/callback", "--device-flow", "--json"
    ).value
    assert (made["kind"], made["type"], made["token_endpoint_auth_method"]) == ("first_party", "sync", "none")
    assert "client_secret" not in made
    assert made["subject_type"] == "public"
    assert made["grant_types"] == [
        "authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code",
    ]  # fmt: skip
    assert installed.done("app", "list", "--json").value == [made]
    assert installed.done("client", "list", "--json").value == []
    assert "Example Sync" in installed.done("app", "list").out
    web = installed.done(
        "app", "add", "--type", "web", "--name", "Shop", "--redirect-uri", "https://shop.example/", "--json"
    )
    assert web.value["client_secret"].startswith("sgn_cls_")


def test_the_commands_of_the_page_register_one_of_each_kind(installed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    public = ECKey.generate_key("P-256").as_dict(private=False)
    (tmp_path / "public-keys.json").write_text(json.dumps({"keys": [public]}))
    made = []
    first = (
        'signedin app add --type sync --name "Example Sync" --redirect-uri http://127.0.0.1/callback --json'
    )
    for line in beginning("docs/connect-an-app.md", first).splitlines():
        its = made and made[0 if line.startswith("signedin app") else -1]["client_id"]
        words = shlex.split(line.replace(" ID", f" {its}"))[1:]
        done = installed.done(*words)
        if "add" in words:
            made.append(done.value)
    assert [each["kind"] for each in made] == [
        "first_party", "first_party", "third_party", "third_party", "service",
    ]  # fmt: skip
    listed = installed.done("client", "list", "--json").value
    assert [bool(each["disabled_at"]) for each in listed] == [False, False, True]


def test_the_command_of_the_page_registers_where_a_sign_out_leads_and_is_heard(installed):
    words = shlex.split(beginning("docs/connect-an-app.md", "signedin client add --name"))[1:]
    made = installed.done(*words).value
    assert made["post_logout_redirect_uris"] == ["https://app.example.org/bye"]
    assert made["backchannel_logout_uri"] == "https://app.example.org/logout"
    assert made["backchannel_logout_session_required"] is False
    said = installed(
        "app", "add", "--type", "web", "--name", "Shop", "--redirect-uri", "https://shop.example/",
        "--backchannel-logout-session-required", "--json",
    )  # fmt: skip
    assert said.status == 1
    assert "A session is named only where there is an address to tell it to." in said.err


@pytest.mark.security("T4")
def test_a_clients_secret_is_printed_once_and_changed_over(installed):
    made = installed.done(*CLIENT, "--description", "A calendar.", "--json").value
    assert re.fullmatch(TOKEN_PATTERN, made["client_secret"])
    said = installed.done("client", "list", "--json")
    assert made["client_secret"] not in said.out
    assert said.value == [{name: value for name, value in made.items() if name != "client_secret"}]
    name, [old] = made["client_id"], made["secrets"]
    second = installed.done("client", "secret", "add", name, "--json").value
    assert second["client_secret"] != made["client_secret"]
    assert installed("client", "secret", "add", name).status == 1
    assert (
        installed.done("client", "secret", "remove", name, old, "--json").value["secrets"]
        == second["secrets"][1:]
    )
    assert installed("client", "secret", "remove", name, second["secrets"][1]).status == 1


@pytest.mark.security("attack-25")
def test_a_client_is_disabled_and_enabled_by_its_own_command_alone(installed):
    name = installed.done(*CLIENT, "--public", "--json").value["client_id"]
    assert installed("app", "disable", name).status == 1
    assert installed.done("client", "disable", name, "--json").value["disabled_at"]
    assert "disabled" in installed.done("client", "list").out
    assert installed.done("client", "enable", name).out == "Enabled: Tidewater Calendar\n"
    assert installed.done("client", "list", "--json").value[0]["disabled_at"] is None
    assert installed("client", "disable", "nobody").status == 1


def test_each_command_given_the_others_id_says_which_command_it_would_be(installed):
    others = installed.done(*CLIENT, "--public", "--json").value["client_id"]
    own = installed.done("app", "add", "--type", "web", "--name", "Shop", "--redirect-uri", "https://shop.example/",
                         "--json").value["client_id"]  # fmt: skip
    for wrong, right, name in (("client", "app", own), ("app", "client", others)):
        for words in (("disable",), ("enable",), ("change", "--name", "Other")):
            said = installed(wrong, words[0], name, *words[1:])
            assert said.status == 1
            assert f"Its command is: signedin {right} {words[0]} {name}" in said.err
    assert [each["disabled_at"] for each in installed.done("app", "list", "--json").value] == [None]
    assert installed.done("app", "disable", own, "--json").value["disabled_at"]


def test_a_service_and_a_client_with_keys_of_its_own(installed, tmp_path):
    service = installed.done(
        "client", "add", "--service", "--name", "billing", "--scope", "accounts:read", "--json"
    ).value
    assert (service["kind"], service["grant_types"]) == ("service", ["client_credentials"])
    public = ECKey.generate_key("P-256").as_dict(private=False)
    keys, logo = tmp_path / "keys.json", tmp_path / "logo.png"
    keys.write_text(json.dumps({"keys": [public]}))
    logo.write_bytes(b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (36).to_bytes(4, "big") * 2)
    made = installed.done(
        *CLIENT,
        "--keys",
        str(keys),
        "--logo",
        str(logo),
        "--verified",
        "--require-par",
        "--require-dpop",
        "--json",
    ).value
    assert made["token_endpoint_auth_method"] == "private_key_jwt"
    assert (made["verified"], made["require_pushed_authorization_requests"], made["dpop_bound_access_tokens"]) == (
        True, True, True,
    )  # fmt: skip
    assert made["secrets"] == []
    assert len(made["logo"]) == 40


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ([*APP], 1),
        ([*APP, "--redirect-uri", "http://evil.example/"], 1),
        (["app", "add", "--type", "oauth", "--name", "x", "--device-flow"], 2),
        ([*CLIENT, "--scope", "accounts:manage"], 1),
        ([*CLIENT, "--redirect-uri", "javascript:alert(1)"], 1),
        ([*CLIENT, "--public", "--without-pkce"], 1),
        ([*CLIENT, "--public", "--auth", "client_secret_post"], 2),
        ([*CLIENT, "--auth", "private_key_jwt"], 1),
        ([*CLIENT, "--service"], 1),
        ([*CLIENT, "--service", "--public"], 2),
        ([*CLIENT, "--logo", "/nothing/there.png"], 2),
        (["client", "add", "--service", "--name", "x"], 1),
    ],
)
def test_what_cannot_be_registered_is_refused(installed, words, status):
    assert installed(*words).status == status
    assert (
        installed.done("client", "list", "--json").value
        == installed.done("app", "list", "--json").value
        == []
    )


def test_a_file_that_holds_no_keys_is_said_to(installed, tmp_path):
    file = tmp_path / "keys.json"
    for text in ("nonsense", "[]", '{"keys": {}}'):
        file.write_text(text)
        said = installed(*CLIENT, "--keys", str(file))
        assert said.status == 1
        assert "no JWK set" in said.err


@pytest.mark.security("11.1.1")
def test_the_keys_for_signing_are_rotated_in_words(installed):
    fresh = installed.done("secret", "rotate-signing", "--json").value
    assert [each["algorithm"] for each in fresh] == ["RS256", "ES256"]
    assert installed.done("secret", "rotate-signing").out == "Rotated. The new keys sign in ten minutes.\n"
    said = installed.done("secret", "rotate-signing", "--at-once").out
    for words in ("Restart the servers", "up to a minute", "/oauth/jwks", "up to five minutes"):
        assert words in said


@pytest.mark.security("8.2.3")
def test_what_a_client_has_registered_is_changed_as_the_page_says(installed):
    name = installed.done(*CLIENT, "--json").value["client_id"]
    for line in beginning("docs/connect-an-app.md", "signedin client change ID").splitlines():
        installed.done(*shlex.split(line.replace("ID", name))[1:])
    [now] = installed.done("client", "list", "--json").value
    assert (now["name"], now["verified"], now["idle_days"]) == ("Tidewater", True, 7)
    assert now["redirect_uris"] == ["https://new.example.org/callback"]
    assert now["scopes"] == ["email", "offline_access", "openid"]
    more = (
        "--description", "A calendar.", "--add-resource", "https://files.example.org", "--add-signed-resource",
        "https://notes.example.org", "--add-post-logout-redirect-uri", "https://new.example.org/bye",
        "--backchannel-logout-uri", "https://new.example.org/logout", "--backchannel-logout-session-required",
        "--not-verified", "--lasts-days", "90", "--json",
    )  # fmt: skip
    now = installed.done("client", "change", name, *more).value
    assert now["resources"] == ["https://files.example.org", "https://notes.example.org"]
    assert (now["signed_resources"], now["lasts_days"]) == (["https://notes.example.org"], 90)
    assert (now["description"], now["verified"]) == ("A calendar.", False)
    assert now["post_logout_redirect_uris"] == ["https://new.example.org/bye"]
    assert now["backchannel_logout_session_required"] is True
    less = (
        "--remove-resource", "https://notes.example.org", "--backchannel-logout-uri", "",
        "--no-backchannel-logout-session-required", "--json",
    )  # fmt: skip
    now = installed.done("client", "change", name, *less).value
    assert (now["resources"], now["signed_resources"]) == (["https://files.example.org"], [])
    assert now["backchannel_logout_uri"] is None


def test_a_change_that_cannot_be_made_is_told_and_changes_nothing(installed, tmp_path):
    mine = installed.done(*APP, "--redirect-uri", "http://127.0.0.1/callback", "--json").value
    name = mine["client_id"]
    for words, said in (
        (("--remove-scope", "sessions:manage"), "It has not got this: sessions:manage"),
        (("--add-redirect-uri", "javascript:x"), "An address begins with https://"),
        (("--name", ""), "A client needs a name"),
        (("--remove-redirect-uri", "http://127.0.0.1/callback"), "cannot get tokens in this way"),
    ):
        done = installed("app", "change", name, "--description", "New.", *words)
        assert (done.status, said in done.err) == (1, True), done.err
    assert "Say what is to change" in installed("app", "change", name).err
    assert "is one of your own apps." in installed("client", "change", name, "--name", "New").err
    assert installed.done("app", "list", "--json").value == [mine]
    picture = tmp_path / "logo.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(40))
    assert installed.done("app", "change", name, "--logo", str(picture), "--json").value["logo"]
    assert installed.done("app", "change", name, "--no-logo", "--json").value["logo"] is None
