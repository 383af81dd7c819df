"""Letters: in the language of the account, by its clock, and in English where neither is known."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest

from people import BERLIN, FIREFOX_ON_WINDOWS
from signedin.actions.tell import Message
from signedin.post.letters import letter
from signedin.store import outbox

ACCOUNT = {"to": "ada@example.org", "name": "Ada Lovelace", "at": "2026-07-03T22:20:00+00:00"}
SIGN_IN = {"device": "Chrome on macOS", "place": "Local network", "masked_ip": "192.168.1.•••"}


def written(kind, fields, contact="", **known):
    message = Message(1, "7f3a", kind, ACCOUNT | fields, None, **known)
    mail = letter(
        message,
        sender="signedin@example.org",
        brand="Signedin",
        base_url="https://example.org",
        contact=contact,
    )
    return message_from_bytes(mail.as_bytes(), policy=policy.default)


@pytest.mark.guide("R89")
def test_a_letter_is_in_english_and_utc_where_nothing_is_known():
    mail = written("new_sign_in", SIGN_IN)
    assert (mail["Subject"], mail["Content-Language"]) == ("A new sign-in to your Signedin account", "en")
    assert mail.get_content() == (
        "Hello Ada Lovelace,\n\n"
        "Somebody signed in to your account from a browser it did not know.\n\n"
        "  Chrome on macOS\n  Local network\n  192.168.1.•••\n  Friday 3 July 2026, 22:20 (UTC)\n\n"
        "If it was you, there is nothing to do.\n"
        "If it was not, use “Logout All Devices” here:\n"
        "https://example.org/settings/sessions\n"
        "Then ask the operator for a new password.\n"
    )


@pytest.mark.guide("R89", "D14")
def test_a_letter_is_in_the_language_of_the_account_and_by_its_clock():
    mail = written("new_sign_in", SIGN_IN, locale="de", zone="Europe/Berlin")
    assert (mail["Subject"], mail["Content-Language"]) == ("Neue Anmeldung bei Ihrem Signedin-Konto", "de")
    lines = mail.get_content().splitlines()
    assert lines[0] == "Guten Tag Ada Lovelace,"
    assert lines[4:8] == [
        "  Chrome auf macOS", "  Lokales Netzwerk", "  192.168.1.•••", "  Samstag, 4. Juli 2026, 00:20 Uhr (UTC+2)",
    ]  # fmt: skip


@pytest.mark.guide("R65", "R89")
@pytest.mark.parametrize(
    ("locale", "said"),
    [("", "1 session and 2 connected apps ended.\nYour 3 access keys still work."),
     ("de", "Beendet: 1 Sitzung und 2 verbundene Apps.\nIhre 3 Zugriffsschlüssel gelten weiter.")],
)  # fmt: skip
def test_the_letter_about_logout_all_devices_counts_what_ended_and_what_stays(locale, said):
    mail = written("logged_out_everywhere", {"sessions": "1", "consents": "2", "keys": "3"}, locale=locale)
    assert said in mail.get_content()


COUNTS = {"sessions": "2", "consents": "0", "keys": "1"}


@pytest.mark.guide("D20")
@pytest.mark.parametrize(
    "kind",
    ["new_sign_in", "logged_out_everywhere", "logged_out_others", "password_changed", "ended_by_operator"],
)
@pytest.mark.parametrize("locale", ["", "de"])
def test_what_only_an_operator_can_do_is_asked_of_whom_the_operator_named(kind, locale):
    contacts = ("", "help@example.org")
    letters = [written(kind, SIGN_IN | COUNTS, contact, locale=locale).get_content() for contact in contacts]
    assert ["help@example.org" in each for each in letters] == [False, True]
    assert not any("change your password" in each or "{" in each for each in letters)


@pytest.mark.guide("D20")
def test_the_letter_about_a_new_password_says_what_ended_and_what_stays():
    assert written("password_changed", COUNTS).get_content() == (
        "Hello Ada Lovelace,\n\n"
        "On Friday 3 July 2026, 22:20 (UTC) an operator set a new password for your account. "
        "With the old one ended: 2 sessions.\n"
        "Your 1 access key still works.\n\n"
        "Sign in with the new one here:\nhttps://example.org/sign-in\n\n"
        "If you did not expect this, ask the operator about it.\n"
    )


@pytest.mark.guide("D10")
@pytest.mark.parametrize(
    ("fields", "said"),
    [({"sessions": "1", "consents": "0"}, "on your account: 1 session.\n\n"),
     ({"sessions": "0", "consents": "1", "reason": "spam"}, "account: 1 connected app.\nThe reason given: “spam”.\n"),
     ({"sessions": "2", "consents": "1", "keys_ended": "1"}, "2 sessions, 1 connected app and 1 access key.\n"),
     ({"sessions": "0", "consents": "0", "keys_ended": "2"}, "account: 2 access keys.\n")],
)  # fmt: skip
def test_the_letter_about_what_an_operator_ended_says_what_and_why_and_where_to_look(fields, said):
    mail = written("ended_by_operator", {"keys": "0"} | fields)
    assert mail["Subject"] == "An operator ended what was signed in to your Signedin account"
    assert said in mail.get_content()
    assert "https://example.org/settings/activity\n" in mail.get_content()
    assert mail.get_content().endswith("If you did not expect this, ask the operator about it.\n")


@pytest.mark.parametrize("known", [{"locale": "xx"}, {"zone": "Nowhere/Else"}])
def test_a_letter_is_written_although_its_language_or_zone_is_gone(known):
    assert "(UTC)" in written("new_sign_in", SIGN_IN, **known).get_content()


@pytest.mark.guide("R89")
def test_the_first_sign_in_tells_the_account_its_language_and_only_a_choice_changes_it(still_house):
    house = still_house
    german = house.browser()
    german.http.headers["accept-language"] = "de"
    german.http.cookies.set("signedin_zone", "Europe%2FBerlin", domain="localhost.local", path="/")
    german.sign_in()
    stranger = house.signed_in(FIREFOX_ON_WINDOWS, BERLIN)
    assert waiting(house) == {("new_sign_in", "de", "Europe/Berlin")}
    stranger.send("/language", {"lang": "en", "back": "/settings/sessions"}, page="/settings/sessions")
    assert waiting(house) == {("new_sign_in", "en", "Europe/Berlin")}


def waiting(house):
    due = house.means.database.read_now(outbox.due, house.clock())
    return {(message.kind, message.locale, message.zone) for message in due}


@pytest.mark.security("T6")
def test_a_letter_about_a_key_names_it_by_what_may_be_shown_again():
    about = {"key": "backup", "last_four": "m3Qx"}
    made = written("access_key_issued", about)
    assert made["Subject"] == "A new access key for your Signedin account"
    assert "  backup (sgn_key_…m3Qx)\n" in made.get_content()
    assert "https://example.org/settings/access-keys" in made.get_content()
    leaked = written("access_key_leaked", about, locale="de")
    assert leaked["Subject"] == "Ein Zugriffsschlüssel Ihres Signedin-Kontos war nicht mehr geheim"
    assert "  backup (sgn_key_…m3Qx)\n" in leaked.get_content()
    session = written("session_leaked", SIGN_IN)
    assert "  Chrome on macOS\n  Local network\n  192.168.1.•••\n" in session.get_content()
