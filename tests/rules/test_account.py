"""An account: what it is called, and the letters of its picture."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from signedin.rules.account import Account, AccountId, AccountState


@pytest.mark.parametrize(
    ("name", "email", "called", "letters"),
    [
        ("Ines Halloran", "ines@example.org", "Ines Halloran", "IH"),
        ("Ines Maria van Halloran", "ines@example.org", "Ines Maria van Halloran", "IH"),
        ("Ines", "ines@example.org", "Ines", "I"),
        ("  ", "ada@example.org", "ada@example.org", "A"),
        ("", "ada@example.org", "ada@example.org", "A"),
        ("", "", "", ""),
        ("émile zola", "", "émile zola", "ÉZ"),
    ],
)
def test_a_picture_has_the_first_letters_of_the_name_or_of_the_address_or_none(name, email, called, letters):
    account = Account(AccountId(7), email, name, AccountState.ACTIVE, datetime(2026, 11, 29, tzinfo=UTC))
    assert (account.called, account.initials) == (called, letters)
