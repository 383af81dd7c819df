"""`signedin db` and `signedin secret`: a database is never without its keyring."""

from __future__ import annotations

from people import ADA


def test_a_new_database_and_its_keyring_are_made_together_and_an_account_can_be_added(signedin):
    said = signedin.done("db", "upgrade")
    assert said.out.startswith("The database has version ")
    assert signedin.keyring.stat().st_mode & 0o777 == 0o600
    signedin.somebody(ADA)
    assert [each["email"] for each in signedin.done("account", "list", "--json").value] == [ADA]


def test_a_database_whose_keyring_has_gone_is_not_brought_forward_with_a_new_one(installed):
    installed.keyring.unlink()
    said = installed("db", "upgrade")
    assert said.status == 1
    assert "no keyring" in said.err
    assert "Restore it from your backup." in said.err
    assert not installed.keyring.exists()


def test_what_is_not_there_cannot_be_rotated_and_none_is_made(signedin):
    said = signedin("secret", "rotate")
    assert said.status == 1
    assert said.err.startswith("There is no keyring at var/secret.json.")
    assert not signedin.keyring.exists()


def test_a_rotated_keyring_has_one_key_more_and_reads_what_was_there(installed):
    before = installed.keyring.read_text()
    installed.done("secret", "rotate")
    assert installed.keyring.read_text() != before
    assert [each["email"] for each in installed.done("account", "list", "--json").value] == [ADA]
