"""The doctor: each thing that usually goes wrong is found, and said with what to do about it."""

from __future__ import annotations

import asyncio
import json
import shlex
import sqlite3
import subprocess
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from types import SimpleNamespace

import pytest

from people import ADA, CHROME_ON_MACOS, PASSWORD, Clock, settings_in
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.actions.sign_in import Ticks, Visit, sign_in
from signedin.actions.sweep import sweep
from signedin.gate.user_agent import read_device
from signedin.rules.health import Finding
from signedin.server import doctor, doctor_database
from signedin.server.doctor import examine
from signedin.server.means import close_means, open_means
from signedin.store import accounts, logouts, outbox, schema_version, write_lock
from signedin.store import sqlite as database

PUBLIC = "https://account.example.org"


class Patient:
    """An installation that the doctor looks at."""

    def __init__(self, folder):
        self.settings = replace(settings_in(folder, 8000), trusted_proxies=())
        self.clock = Clock()
        self.means = open_means(self.settings)
        asyncio.run(add_by_operator(self.means, Applicant(ADA, "Ada", PASSWORD), self.clock()))
        asyncio.run(sweep(self.means, self.clock()))

    def signed_in(self, *addresses):
        for address in addresses:
            visit = Visit(address, CHROME_ON_MACOS, read_device(CHROME_ON_MACOS), "1")
            asyncio.run(sign_in(self.means, ADA, PASSWORD, visit, Ticks(), self.clock()))

    def findings(self, subject, **settings):
        found = examine(replace(self.settings, **settings), self.clock())
        return [each for each in found if each.subject == subject]

    def worst(self, subject, **settings):
        """The worst finding about it."""
        order = ["good", "look", "bad"]
        return max(self.findings(subject, **settings), key=lambda each: order.index(each.verdict))


@pytest.fixture
def patient(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    monkeypatch.setitem(database.open_raw.__kwdefaults__, "timeout", 0.2)
    patient = Patient(tmp_path)
    yield patient
    close_means(patient.means)


def says(finding, verdict, sentence, what_to_do):
    assert finding.verdict == verdict, finding
    assert sentence in finding.sentence
    assert what_to_do in finding.what_to_do
    return True


def test_a_healthy_installation_has_nothing_worth_a_look(patient):
    patient.signed_in("203.0.113.7", "198.51.100.7")
    found = examine(patient.settings, patient.clock())
    assert {each.verdict for each in found} == {"good"}, found
    assert {each.subject for each in found} == {"SQLite", "time zones", "keyring", "place file", "proxies", "disk", "rights",
                                                "database", "sweep", "clock", "mail", "sign-outs", "writing"}  # fmt: skip


def test_the_command_and_its_json_say_plain_english_sentence_by_sentence(patient, monkeypatch):
    monkeypatch.setattr(write_lock, "sqlite3", SimpleNamespace(sqlite_version_info=(3, 51, 3)))
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: SimpleNamespace(free=5000 * 2**20))
    monkeypatch.setattr(doctor.sqlite3, "sqlite_version", "3.51.3")
    monkeypatch.setenv("LANG", "de_DE.UTF-8")
    patient.settings.database_url.chmod(0o640)
    patient.clock.move(hours=2)
    settings, found = patient.settings, examine(patient.settings, patient.clock())
    file, keyring, folder = settings.database_url, settings.secret_file, settings.database_url.parent
    version = schema_version.newest()
    assert [(each["subject"], each["sentence"], each["what_to_do"]) for each in map(Finding.as_dict, found)] == [
        ("time zones", "People are told times by their own clocks.", ""),
        ("keyring", f"{keyring} can be read, by its owner only. Keep a copy with your backups.", ""),
        ("place file", f"{settings.geo_db} is in use.", ""),
        ("proxies", "Nobody but the named proxies is believed about who a client is.", ""),
        ("SQLite", "SQLite 3.51.3 is free of the WAL-reset bug.", ""),
        ("disk", f"There are 5000 MiB left on {folder}.", ""),
        ("rights", f"{file} may be read by others.", f"Run: chmod -R go= {file}"),
        ("database", f"It has this version's schema ({version}).", ""),
        ("database", "Its quick check finds nothing wrong.", ""),
        ("keyring", "It reads what the database has under it.", ""),
        ("clock", "It is 2026-11-23 16:20 UTC, and nothing known is later.", ""),
        ("sweep", "It last ran at 2026-11-23 14:20 UTC.", "Start the server, or run `signedin sweep` by a timer."),
        ("proxies", "People's addresses can be told apart, as far as there are any.", ""),
        ("mail", "0 letters wait.", ""),
        ("sign-outs", "0 wait to be told to clients.", ""),
        ("writing", "The database can be written to, and nobody keeps it locked.", ""),
    ]  # fmt: skip


def test_whatever_is_worth_a_look_says_what_to_do(patient):
    patient.means.database.write_now(lambda conn: conn.exec_driver_sql("DELETE FROM jobs"))
    patient.clock.move(days=400)
    for each in examine(replace(patient.settings, geo_db=patient.settings.mail_dir), patient.clock()):
        assert each.verdict == "good" or each.what_to_do, each


def test_a_clock_that_went_back_is_found_by_uses_that_have_not_come_yet(patient):
    patient.signed_in("203.0.113.7")
    assert patient.worst("clock").verdict == "good"
    patient.clock.move(minutes=-3)
    assert says(patient.worst("clock"), "bad", "which has not come yet", "by NTP")


@pytest.mark.guide("R12")
@pytest.mark.security("15.3.4", "4.1.3", "attack-33")
@pytest.mark.parametrize("address", ["172.18.0.1", "127.0.0.1", "10.1.2.3", "fd00::1", "::1"])
def test_sessions_that_all_share_one_private_address_lead_to_the_proxy(patient, address):
    patient.signed_in(*[address] * 4)
    assert patient.worst("proxies", base_url=PUBLIC).verdict == "good"
    patient.signed_in(address)
    sentence = "All sessions share the private address"
    assert says(patient.worst("proxies", base_url=PUBLIC), "look", sentence, "set SIGNEDIN_TRUSTED_PROXIES")
    trusting = {"base_url": PUBLIC, "trusted_proxies": (ip_network("172.16.0.0/12"),)}
    assert says(patient.worst("proxies", **trusting), "look", sentence, "X-Forwarded-For")
    assert patient.worst("proxies").verdict == "good", "on one's own machine that is how it is"
    patient.signed_in("203.0.113.7")
    assert patient.worst("proxies", base_url=PUBLIC).verdict == "good"


def test_one_public_address_for_all_is_an_office_and_no_finding(patient):
    patient.signed_in(*["203.0.113.7"] * 6)
    assert patient.worst("proxies", base_url=PUBLIC).verdict == "good"


@pytest.mark.security("4.1.3", "attack-20")
@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0"])
def test_trusting_the_whole_world_is_bad(patient, network):
    found = patient.worst("proxies", trusted_proxies=(ip_network(network),))
    assert says(found, "bad", "the whole world", "your own proxies only")


def test_a_database_or_letters_that_others_may_read_are_worth_a_look_with_the_command_that_closes_them(
    patient,
):
    path, mail = patient.settings.database_url, patient.settings.mail_dir
    assert patient.worst("rights").verdict == "good"
    mail.mkdir(mode=0o755)
    path.chmod(0o640)
    found = patient.worst("rights")
    assert says(found, "look", f"{path} and {mail} may be read by others.", "chmod -R go= ")
    command, *words = shlex.split(found.what_to_do.removeprefix("Run: "))
    subprocess.run([command, *words], check=True)
    assert patient.worst("rights").verdict == "good"
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_old_a_missing_and_a_corrupt_place_file_are_worth_a_look(patient, tmp_path):
    assert patient.worst("place file").verdict == "good"
    missing = patient.worst("place file", geo_db=tmp_path / "nowhere.mmdb")
    assert says(missing, "look", "is missing", "signedin geo update")
    corrupt = tmp_path / "corrupt.mmdb"
    corrupt.write_bytes(b"no places")
    assert says(patient.worst("place file", geo_db=corrupt), "look", "is damaged", "signedin geo update")
    patient.clock.move(days=2000)
    assert says(patient.worst("place file"), "look", "days old", "signedin geo update")


def test_a_sweep_that_does_not_run_is_found_by_when_it_last_did(patient):
    patient.clock.move(minutes=59)
    assert patient.worst("sweep").verdict == "good"
    patient.clock.move(minutes=2)
    assert says(patient.worst("sweep"), "look", "last ran at 2026-11-23 14:20 UTC", "signedin sweep")
    patient.means.database.write_now(lambda conn: conn.exec_driver_sql("DELETE FROM jobs"))
    assert says(patient.worst("sweep"), "look", "has never run", "Start the server")


def test_the_wal_reset_bug_is_told_with_how_this_installation_avoids_it(patient, monkeypatch):
    monkeypatch.setattr(write_lock, "sqlite3", SimpleNamespace(sqlite_version_info=(3, 40, 1)))
    assert says(patient.worst("SQLite"), "good", "holds one file lock", "no other program opens the file")
    monkeypatch.setattr(write_lock, "sqlite3", SimpleNamespace(sqlite_version_info=(3, 51, 3)))
    assert says(patient.worst("SQLite"), "good", "is free of the WAL-reset bug", "")


def test_letters_that_pile_up_are_worth_a_look(patient):
    account = patient.means.database.read_now(accounts.find_by_email, ADA)

    def queue_many(conn):
        for _ in range(51):
            outbox.queue(conn, account.id, "new_sign_in", {"to": ADA}, patient.clock())

    assert patient.worst("mail").verdict == "good"
    patient.means.database.write_now(queue_many)
    assert says(patient.worst("mail"), "look", "51 letters wait", "SIGNEDIN_SMTP_URL")


def test_sign_outs_that_clients_do_not_take_are_worth_a_look(patient):
    account, now = patient.means.database.read_now(accounts.find_by_email, ADA), patient.clock()
    patient.means.database.write_now(
        logouts.queue, [(account.id, "porter", "s"), (account.id, "other", "")], now
    )
    assert says(patient.worst("sign-outs"), "good", "2 wait", "")
    patient.means.database.write_now(logouts.put_off, "porter", now)
    assert says(patient.worst("sign-outs"), "look", "1 of these do not answer", "SIGNEDIN_PRIVATE_RECEIVERS")
    assert patient.worst("mail").verdict == "good"


def test_a_keyring_that_is_missing_broken_open_to_all_or_anothers_is_bad(patient):
    patient.signed_in("203.0.113.7")
    path = patient.settings.secret_file
    kept = path.read_text()
    path.unlink()
    assert says(patient.worst("keyring"), "bad", "no keyring at", "Restore it")
    path.write_text("{}")
    path.chmod(0o600)
    assert says(patient.worst("keyring"), "bad", "is broken", "")
    ring = json.loads(kept)
    ring["keys"]["0"]["key"] = "A" * 43 + "="
    path.write_text(json.dumps(ring))
    assert says(patient.worst("keyring"), "bad", "is not the keyring that this database", "Restore that one")
    path.write_text(kept)
    path.chmod(0o644)
    assert says(patient.worst("keyring"), "bad", "may be read by others. Run: chmod 600", "")
    path.chmod(0o600)
    assert patient.worst("keyring").verdict == "good"


def test_a_database_that_is_newer_older_missing_or_no_database_is_found(patient, tmp_path):
    def is_now(version):
        with sqlite3.connect(patient.settings.database_url) as conn:
            conn.execute("UPDATE alembic_version SET version_num = ?", (version,))
            conn.execute("UPDATE facts SET value = ? WHERE name = 'oldest_code'", (version,))
        conn.close()

    is_now("0001")
    assert says(patient.worst("database"), "bad", "older than this version", "signedin db upgrade")
    is_now("9999")
    assert says(patient.worst("database"), "bad", "newer than this version", "Start the newer version")
    nowhere, text = tmp_path / "nowhere.db", tmp_path / "text.db"
    text.write_text("no database at all\n" * 100)
    assert says(patient.worst("database", database_url=nowhere), "look", "There is no database", "db upgrade")
    assert says(
        patient.worst("database", database_url=text), "bad", "is not a Signedin database", "DATABASE_URL"
    )
    assert not nowhere.exists()


def test_a_damaged_database_is_found_although_it_can_still_be_opened_and_hides_no_other_finding(patient):
    path = patient.settings.database_url
    patient.means.database.write_now(lambda conn: None)
    with sqlite3.connect(path) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = conn.execute("SELECT rootpage FROM sqlite_master WHERE name = 'outbox'").fetchone()
    conn.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xa5" * 4096)
    found = examine(patient.settings, patient.clock())
    assert says(patient.worst("database"), "bad", "damaged", "restore a backup")
    assert {"sweep", "clock", "writing"} <= {each.subject for each in found if each.verdict == "good"}


def test_a_database_that_somebody_keeps_locked_is_found(patient):
    other = sqlite3.connect(patient.settings.database_url, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    assert says(patient.worst("writing"), "bad", "locked by another program", "Stop the other program")
    other.close()
    assert patient.worst("writing").verdict == "good"


def test_a_database_that_may_not_be_written_is_found(patient, monkeypatch):
    monkeypatch.setattr(doctor_database.os, "access", lambda path, how: path.is_dir())
    assert says(patient.worst("writing"), "bad", "may not be written to", "own the file and its folder")


@pytest.mark.parametrize(("free", "verdict"), [(0, "bad"), (100, "look"), (5000, "good")])
def test_a_disk_that_fills_up_is_found_before_it_is_full(patient, monkeypatch, free, verdict):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: SimpleNamespace(free=free * 2**20))
    assert says(patient.worst("disk"), verdict, f"{free} MiB left", "" if verdict == "good" else "Make room")


def test_a_network_share_is_no_place_for_the_database(patient, monkeypatch):
    monkeypatch.setattr(doctor, "file_system_of", lambda _: "nfs4")
    assert says(patient.worst("disk"), "bad", "network share (nfs4)", "a local disk")


def test_the_kind_of_a_file_system_is_read_from_what_the_system_has_mounted(tmp_path):
    assert doctor.file_system_of(tmp_path) not in doctor.NETWORK_SHARES


def test_rows_are_told_from_the_doctors_moment_and_nothing_is_written(patient):
    before = patient.settings.database_url.read_bytes()
    patient.clock.move(hours=2)
    examine(patient.settings, patient.clock() + timedelta(days=1))
    assert patient.settings.database_url.read_bytes() == before
