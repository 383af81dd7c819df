"""The letters: what people are told by e-mail, in one plain text each."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime

from signedin.actions.tell import Message

_LETTERS = {
    "new_sign_in": (
        "A new sign-in to your {brand} account",
        (
            "Somebody signed in to your account from a browser it did not know.\n\n"
            "  {device}\n  {place}\n  {masked_ip}\n  {when}\n\n"
            "If it was you, there is nothing to do.\n"
            "If it was not, end that session here and change your password:\n{base_url}/settings/sessions\n"
        ),
    ),
    "logged_out_everywhere": (
        "All devices were logged out of your {brand} account",
        (
            "On {when} all devices were logged out: {sessions} sessions and {consents} connected apps ended.\n"
            "Your {keys} access keys are not affected.\n\n"
            "If you did not do this, sign in and change your password:\n{base_url}/sign-in\n"
        ),
    ),
    "logged_out_others": (
        "All other devices were logged out of your {brand} account",
        (
            "On {when} all devices but one were logged out: {sessions} sessions and {consents} connected apps ended.\n"
            "Your {keys} access keys are not affected.\n\n"
            "If you did not do this, look at what is signed in:\n{base_url}/settings/sessions\n"
        ),
    ),
    "account_made": (
        "Your {brand} account is ready",
        (
            "Somebody, we hope you, made an account with this address.\n\n"
            "Sign in with it here:\n{base_url}/sign-in\n\n"
            "If it was not you, there is nothing to do: nobody has been given access to anything of yours.\n"
        ),
    ),
    "address_already_registered": (
        "You already have a {brand} account",
        (
            "Somebody, perhaps you, tried to make an account with this address. There is one already.\n\n"
            "Sign in with it here:\n{base_url}/sign-in\n"
        ),
    ),
}


def letter(message: Message, *, sender: str, brand: str, base_url: str) -> EmailMessage:
    """The letter for a queued message. Links start with the configured base URL, never with a request's host."""
    subject, body = _LETTERS[message.kind]
    at = datetime.fromisoformat(message.fields["at"])
    words = message.fields | {"brand": brand, "base_url": base_url, "when": f"{at:%-d %B %Y, %H:%M} UTC"}
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, message.fields["to"], subject.format(**words)
    mail["Date"], mail["Message-ID"] = format_datetime(at), f"<{message.id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(f"Hello {message.fields.get('name', '')},\n\n{body.format(**words)}")
    return mail
