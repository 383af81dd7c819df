"""How a client is told that it is refused (RFC 6749, section 5.2)."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from signedin.oauth.refusing import as_oauth, docs_of, is_client_path, refused
from signedin.rules import errors
from signedin.rules.oauth_refusal import OAuthRefused


@pytest.mark.parametrize(
    ("path", "is_clients"),
    [
        ("/oauth/token", True), ("/oauth/nothing", True), ("/.well-known/openid-configuration", True),
        ("/.well-known/oauth-authorization-server", True), ("/oauth/authorize", False), ("/oauth/consent", False),
        ("/oauth/end_session", False), ("/oauth/logout", False), ("/oauth", False), ("/OAuth/token", False),
        ("/.well-known/security.txt", False), ("/sign-in", False), ("/v1/oauth/token", False),
    ],
)  # fmt: skip
def test_where_clients_ask_they_are_told_in_json_and_people_on_a_page(path, is_clients):
    assert is_client_path(path) is is_clients


@pytest.mark.parametrize(
    ("refusal", "status", "error"),
    [
        (errors.NotFound("There is no such address.", hint="Look at the docs."), 404, "invalid_request"),
        (errors.InvalidInput("This cannot be read.", hint="Send a form."), 499, "invalid_request"),
        (errors.Unavailable("Not now.", hint="Later."), 503, "temporarily_unavailable"),
        (errors.Unavailable("Not now.", hint="Later."), 501, "temporarily_unavailable"),
        (errors.Refused("Something went wrong.", hint="Tell us."), 500, "server_error"),
        (errors.TooManyRequests(datetime(2026, 11, 30, tzinfo=UTC)), 429, "temporarily_unavailable"),
    ],
)
def test_a_refusal_of_ours_is_told_in_the_words_of_the_protocol(refusal, status, error):
    told = as_oauth(refusal, status)
    assert (told.error, told.status) == (error, status)
    assert (told.description, told.hint) == (refusal.sentence, refusal.hint)


def test_a_refusal_of_the_protocol_stays_as_it_is():
    said = OAuthRefused("invalid_grant", "It is over.")
    assert as_oauth(said, 500) is said


@pytest.mark.security("14.3.2")
def test_it_is_told_in_json_that_nobody_keeps_with_the_headers_of_the_refusal():
    challenge = ("www-authenticate", 'Basic realm="Signedin"')
    refusal = OAuthRefused("invalid_client", "Who is it?", status=401, headers=(challenge,))
    answer = refused(refusal, [("access-control-allow-origin", "https://spa.example.org")])
    assert answer.status_code == 401
    assert json.loads(answer.body) == {"error": "invalid_client", "error_description": "Who is it?"}
    assert dict(answer.headers) == {
        "cache-control": "no-store", "pragma": "no-cache", "www-authenticate": challenge[1],
        "access-control-allow-origin": "https://spa.example.org", "content-type": "application/json",
        "content-length": str(len(answer.body)),
    }  # fmt: skip
    assert "www-authenticate" not in refused(OAuthRefused("invalid_request", "No.")).headers


def test_a_sentence_holds_the_characters_that_may_stand_there_and_no_others():
    for said, told in (
        ('The page’s “name” is "x".', "The page's ?name? is 'x'."),
        ("a\\b", "a/b"),
        (" !}~", " !}~"),
        ("Zoë\n\x1f\x7f☂", "Zo?????"),
    ):
        assert json.loads(refused(OAuthRefused("invalid_request", said)).body)["error_description"] == told


def test_the_log_says_where_to_read_on():
    assert docs_of(OAuthRefused("invalid_scope", "No.")) == "docs/connect-an-app.md#invalid_scope"
