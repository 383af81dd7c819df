"""Owners hear by letter of a key that was made for them, and of what had leaked; scanners find it by the pattern."""

from __future__ import annotations

import re
from binascii import crc32
from pathlib import Path

import pytest

from people import ADA, PASSWORD, Clock, done_apart
from routes import still
from signedin.actions.end_leaked import LEAKING
from signedin.actions.issue_key import issue_key_for, issue_service_key
from signedin.actions.revoke_key import revoke_any_key
from signedin.rules.access_key import Wish
from signedin.rules.secret import make_token
from signedin.rules.session import AppType
from signedin.store import outbox

pytestmark = [pytest.mark.xdist_group("letters of keys"), pytest.mark.security("T6")]
DOCS = Path(__file__).resolve().parents[2] / "docs" / "access-keys.md"
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def house(tmp_path):
    with still(tmp_path, Clock()) as house:
        house.somebody(ADA)
        yield house


def letters(house):
    """What waits for Ada beside what tells of sign-ins, oldest first."""
    house.clock.move(seconds=1)
    waiting = house.means.database.read_now(outbox.due, house.clock())
    return [(each.kind, each.fields) for each in waiting if each.kind not in ("new_sign_in", "account_made")]


def issue(house, name="backup"):
    return done_apart(issue_key_for(house.means, ADA, Wish(name, ("account:read",)), house.clock()))


def report(house, *tokens):
    with house.browser("scanner", "192.0.2.9").http as http:
        return http.post("/v1/leaked-tokens", json=[{"token": each} for each in tokens])


def test_the_owner_is_told_of_a_key_however_it_was_made(house):
    browser = house.signed_in()
    body = {"name": "script", "scopes": ["account:read"], "password": PASSWORD}
    made = browser.http.post("/v1/access-keys", json=body, headers=browser.own()).json()
    by_operator = issue(house)
    told = letters(house)
    assert [(kind, fields["key"], fields["to"]) for kind, fields in told] == [
        ("access_key_issued", "script", ADA), ("access_key_issued", "backup", ADA),
    ]  # fmt: skip
    for token in (made["token"], by_operator.token):
        assert token not in repr(told)


def test_the_owner_is_told_of_what_has_leaked_once(house):
    issued, browser = issue(house), house.signed_in()
    secret = browser.secret
    for _ in range(2):
        assert report(house, issued.token, secret, "sgn_key_nonsense").status_code == 204
    told = [kind for kind, _ in letters(house)]
    assert told == ["access_key_issued", "access_key_leaked", "session_leaked"]
    assert not browser.is_signed_in


def test_nobody_is_told_of_a_key_that_had_ended_before_it_was_found(house):
    issued = issue(house)
    done_apart(revoke_any_key(house.means, issued.key.id, house.clock()))
    report(house, issued.token)
    assert [kind for kind, _ in letters(house)] == ["access_key_issued"]


def test_a_report_is_answered_alike_whatever_was_in_it(house):
    issued, dead = issue(house), issue(house, "dead")
    done_apart(revoke_any_key(house.means, dead.key.id, house.clock()))
    answers = [
        report(house, each) for each in (issued.token, dead.token, issued.token, "x", "sgn_key_" + "0" * 61)
    ]
    limits = ("ratelimit", "date")
    said = {
        (
            each.status_code,
            each.content,
            tuple(sorted((n, v) for n, v in each.headers.items() if n not in limits)),
        )
        for each in answers
    }
    assert len(said) == 1


def test_the_documented_pattern_finds_every_token_and_the_documented_checksum_tells_them_from_accidents(
    house,
):
    page = DOCS.read_text()
    every, worth = (
        re.search(r"^sgn_\[.*$", page, re.MULTILINE)[0],
        "|".join(re.findall(r"`(sgn_\([a-z|]+\).*?)`", page)),
    )
    service = done_apart(
        issue_service_key(house.means, Wish("shop", ("sessions:check",)), [AppType.WEB], house.clock())
    )
    tokens = [issue(house, f"key {n}").token for n in range(20)] + [service.token, house.signed_in().secret]
    tokens += [make_token(kind, 7, house.means.keyring.way_keys) for kind in LEAKING]
    for token in tokens:
        text = f'API_KEY="{token}" # a comment'
        assert re.findall(every, text) == [token]
        assert re.search(worth, text)[0] == token
        assert checksum(token[:-6]) == token[-6:]
        assert checksum(token[:-7] + "0") != token[-6:] or token[-7] == "0"


def checksum(before):
    """As docs/access-keys.md has it, written without looking at the product."""
    number, digits = crc32(before.encode()), ""
    while number:
        number, digit = divmod(number, 62)
        digits = DIGITS[digit] + digits
    return digits.rjust(6, "0")
