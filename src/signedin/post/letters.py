"""The letters: what people are told by e-mail, in one plain text each, in the language of the account."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime

from signedin.actions.tell import Message
from signedin.gate.languages import direction_of, language_of, texts_in, zone_of
from signedin.rules.speech import Speech
from signedin.rules.tally import ended_said, kept_said
from signedin.rules.wording import marked as _

_LETTERS = {
    "new_sign_in": (
        _("A new sign-in to your {brand} account"),
        (
            _("Somebody signed in to your account from a browser it did not know."),
            "",
            "  {device}",
            "  {place}",
            "  {masked_ip}",
            "  {when}",
            "",
            _("If it was you, there is nothing to do."),
            _("If it was not, use “Logout All Devices” here:"),
            "{base_url}/settings/sessions",
            "{new_password}",
        ),
    ),
    "logged_out_everywhere": (
        _("All devices were logged out of your {brand} account"),
        (
            _("On {when} all devices were logged out: {what} ended."),
            "{kept}",
            "",
            _("If you did not do this, sign in and look at what is signed in:"),
            "{base_url}/sign-in",
            "{new_password}",
        ),
    ),
    "ended_by_operator": (
        _("An operator ended what was signed in to your {brand} account"),
        (
            _("On {when} an operator ended on your account: {what}."),
            "{why}",
            "",
            _("What is still signed in, and what was done, you see here:"),
            "{base_url}/settings/activity",
            "",
            "{unexpected}",
        ),
    ),
    "logged_out_others": (
        _("All other devices were logged out of your {brand} account"),
        (
            _("On {when} all devices but one were logged out: {what} ended."),
            "{kept}",
            "",
            _("If you did not do this, use “Logout All Devices” here:"),
            "{base_url}/settings/sessions",
            "{new_password}",
        ),
    ),
    "password_changed": (
        _("The password of your {brand} account was changed"),
        (
            _("On {when} an operator set a new password for your account. With the old one ended: {what}."),
            "{kept}",
            "",
            _("Sign in with the new one here:"),
            "{base_url}/sign-in",
            "",
            "{unexpected}",
        ),
    ),
    "access_key_issued": (
        _("A new access key for your {brand} account"),
        (
            _("On {when} an access key for programs was made for your account:"),
            "",
            "  {key}",
            "",
            _("If it was you, or your operator for you, there is nothing to do."),
            _("If it was not, revoke it here:"),
            "{base_url}/settings/access-keys",
            "{new_password}",
        ),
    ),
    "access_key_leaked": (
        _("An access key of your {brand} account had leaked"),
        (
            _("On {when} somebody reported that they had found the secret of this access key, so it was ended:"),
            "",
            "  {key}",
            "",
            _("What still uses it needs a new one. Look at what was done with it here:"),
            "{base_url}/settings/access-keys",
            "",
            "{unexpected}",
        ),
    ),
    "session_leaked": (
        _("A session of your {brand} account had leaked"),
        (
            _("On {when} somebody reported that they had found the secret of this session, so it was ended:"),
            "",
            "  {device}",
            "  {place}",
            "  {masked_ip}",
            "",
            _("If you do not know how that came about, use “Logout All Devices” here:"),
            "{base_url}/settings/sessions",
            "{new_password}",
        ),
    ),
    "account_made": (
        _("Your {brand} account is ready"),
        (
            _("Somebody, we hope you, made an account with this address."),
            "",
            _("Sign in with it here:"),
            "{base_url}/sign-in",
            "",
            _("If it was not you, there is nothing to do: nobody has been given access to anything of yours."),
        ),
    ),
    "address_already_registered": (
        _("You already have a {brand} account"),
        (
            _(
                "Somebody, perhaps you, tried to make an account with this address. There is one already."
            ),
            "",
            _("Sign in with it here:"),
            "{base_url}/sign-in",
        ),
    ),
}  # fmt: skip


def letter(message: Message, *, sender: str, brand: str, base_url: str, contact: str = "") -> EmailMessage:
    """The letter for a queued message. Links start with the configured base URL, never with a request's host.

    `contact` is whom people may ask for what only an operator can do.
    """
    subject, lines = _LETTERS[message.kind]
    at = datetime.fromisoformat(message.fields["at"])
    lang = language_of(message.locale, "")
    speech = Speech(at, zone_of(message.zone) or UTC, texts_in(lang), direction_of(lang) == "rtl")
    facts = _facts(message.fields, speech) | _asking(contact, speech) | {"brand": brand, "base_url": base_url}
    said = [speech.say(line, **facts) for line in (_("Hello {name},"), "", *lines)]
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, message.fields["to"], speech.say(subject, **facts)
    mail["Date"], mail["Message-ID"] = format_datetime(at), f"<{message.id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n".join(said) + "\n")
    mail["Content-Language"] = lang
    return mail


def _facts(fields: Mapping[str, str], speech: Speech) -> dict[str, str]:
    """What the letter's lines are filled with, in the reader's words; times say which clock they are by."""
    when = speech.say("{moment} ({zone})", moment=speech.exact(speech.now), zone=speech.zone_label())
    facts = {"name": fields.get("name", ""), "when": when, "why": ""}
    if "device" in fields:
        facts["device"], facts["place"] = speech.device(fields["device"]), speech.place(fields["place"])
        facts["masked_ip"] = speech.address(fields["masked_ip"])
    if "key" in fields:
        facts["key"] = f"{fields['key']} (sgn_key_…{fields['last_four']})"
    if "reason" in fields:
        facts["why"] = speech.say("The reason given: “{reason}”.", reason=fields["reason"])
    if "sessions" in fields:
        ended = [int(fields.get(each, "0")) for each in ("sessions", "consents", "keys_ended")]
        facts["what"] = ended_said(ended[0], ended[1], speech, ended[2])
        facts["kept"] = kept_said(int(fields["keys"]), speech)
    return facts


def _asking(contact: str, speech: Speech) -> dict[str, str]:
    """What to ask an operator for, and which one, where that is known."""
    if not contact:
        return {
            "new_password": speech.say("Then ask the operator for a new password."),
            "unexpected": speech.say("If you did not expect this, ask the operator about it."),
        }
    return {
        "new_password": speech.say("Then ask {operator} for a new password.", operator=contact),
        "unexpected": speech.say("If you did not expect this, ask {operator} about it.", operator=contact),
    }
