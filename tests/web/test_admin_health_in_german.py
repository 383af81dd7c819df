"""Health in the reader's language: what is found, about what, and what to do."""

from __future__ import annotations

import os
from dataclasses import replace
from html import unescape
from ipaddress import ip_network
from types import SimpleNamespace

import pytest

from databases import only_on_sqlite
from signedin.gate.languages import texts_in
from signedin.rules.health import LOOKED_AT, SUBJECTS
from signedin.rules.lease import Node
from signedin.rules.operator import Role
from signedin.rules.speech import Speech
from signedin.rules.wording import Wording
from signedin.server import doctor, doctor_database, doctor_waiting
from signedin.server.doctor import glance
from signedin.server.doctor_leases import of_leases
from signedin.server.doctor_standby import FOUND
from tools import catalogues
from web.operators import ROSA, at_the_console, operator_in

PATH = "/admin/health"
SAME_IN_BOTH = {"SQLite", "System"}


@pytest.fixture
def house(still_house):
    operator_in(still_house, ROSA, Role.VIEWER)
    return still_house


@pytest.fixture(scope="module")
def collected():
    return catalogues.collected()


def page(browser, lang):
    browser.http.headers["accept-language"] = lang
    return unescape(browser.open(PATH).text)


def installations(house):
    """The house as it is, and with what usually goes wrong."""
    settings = house.server.settings
    settings.mail_dir.mkdir(mode=0o755, exist_ok=True)
    settings.mail_dir.chmod(0o755)
    gone = settings.mail_dir.parent / "gone"
    return [
        settings,
        replace(settings, geo_db=gone / "a.mmdb", secret_file=gone / "k.json"),
        replace(settings, geo_db=settings.secret_file, trusted_proxies=(ip_network("::/0"),)),
        replace(settings, geo_db=settings.mail_dir, secret_file=settings.mail_dir),
    ]


def findings(house, monkeypatch):
    """What a look finds: the disk has room, is full, or is far away; many letters and sign-outs wait, or few."""
    monkeypatch.setattr(doctor_database, "MOST_COUNTED", 7)
    found = []
    for settings in installations(house):
        found += glance(settings, house.means.database, house.clock())
    monkeypatch.setattr(doctor, "file_system_of", lambda _: "nfs")
    monkeypatch.setattr(doctor, "zone_of", lambda _: None)
    monkeypatch.setattr(doctor_database.os, "access", lambda _, how: how != os.W_OK)
    monkeypatch.setattr(doctor_database.durability, "flushes_to_disk", lambda _: False)
    for number in (1, 7, 1000):
        waiting = SimpleNamespace(every=number, tried=number - 1, clients=1)
        monkeypatch.setattr(doctor_waiting.logouts, "waiting", lambda *_, waiting=waiting: waiting)
        monkeypatch.setattr(doctor_waiting.outbox, "backlog", lambda *_, number=number: number)
        house.clock.move(hours=-1)
        found += glance(house.server.settings, house.means.database, house.clock())
    return found


@pytest.mark.guide("R89")
def test_the_german_page_says_no_finding_in_english_and_programs_read_no_german(house, monkeypatch):
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _: SimpleNamespace(free=5000 * 2**20))
    rosa = at_the_console(house, ROSA)
    english, german = page(rosa, "en"), page(rosa, "de")
    found = glance(house.server.settings, house.means.database, house.clock())
    for each in found:
        for text in filter(None, (each.sentence, each.what_to_do)):
            assert ">" + text + "<" in english, text
            assert text not in german
    read = rosa.http.get("/v1/admin/health").json()["findings"]
    assert sorted(map(str, read)) == sorted(str(each.as_dict()) for each in found)
    assert "<h2>Schlüsselbund</h2>" in german
    assert "Der Schlüsselbund ist lesbar, aber nur für den Eigentümer." in german
    assert "Die Ortsdatei wird verwendet." in german
    assert 'lang="en" dir' not in german
    assert "Starten Sie den Server oder führen Sie `signedin sweep`" in german


@pytest.mark.guide("R89")
def test_every_finding_has_a_text_in_the_catalogue_and_is_said_in_german(house, monkeypatch, collected):
    german = Speech(house.clock(), texts=texts_in("de"))
    found = findings(house, monkeypatch)
    assert len({each.sentence for each in found}) > 20
    for each in found:
        assert each.subject in SUBJECTS
        for text in filter(None, (each.sentence, each.what_to_do)):
            pattern = text.pattern if isinstance(text, Wording) else text
            assert pattern in collected, text
            said = german.say(text)
            assert said != str(text), text
            assert said[0] == said[0].upper()
            for name in ("the keyring", "the place file", "the database", "the folder for mail", "a file"):
                assert name not in said.lower(), said


@pytest.mark.guide("R89")
def test_what_findings_are_about_is_named_in_german(house):
    german = Speech(house.clock(), texts=texts_in("de"))
    named = {german.say_in(LOOKED_AT, each) for each in SUBJECTS}
    assert named & set(SUBJECTS) <= SAME_IN_BOTH
    assert len(named) == len(SUBJECTS)


@pytest.mark.guide("R89")
def test_whatever_is_found_of_standbys_is_in_the_catalogue(collected):
    for _, sentence, what in FOUND.values():
        assert sentence in collected
        assert not what or what in collected


@pytest.mark.guide("R89")
@pytest.mark.parametrize(
    ("renewed", "said"),
    [
        (2, "2 Prozesse dürfen aus dem Gedächtnis antworten; von 200 Beendigungen fehlen dem langsamsten 3."),
        (1, ("Kein Zeichen kommt von 2 von 2 Prozessen, die aus dem Gedächtnis antworten dürfen (a, b); "
            "von 200 Beendigungen fehlen dem langsamsten 3.")),
    ],
)  # fmt: skip
def test_who_may_answer_from_memory_is_told_in_german(house, renewed, said):
    def nodes(renewals):
        return [(Node(name, "boot", renewals, 197), name) for name in "ab"]

    answers = iter([nodes(1), nodes(renewed), 200])
    found = of_leases(SimpleNamespace(read_now=lambda _: next(answers)), pause=lambda _: None)
    german = Speech(house.clock(), texts=texts_in("de"))
    assert german.say(found.sentence) == said
    assert "of 200 endings the slowest is 3 behind." in found.sentence
    assert not found.what_to_do or german.say(found.what_to_do).startswith("Beendigungen warten")


@only_on_sqlite("On PostgreSQL the database is no file.")
def test_files_of_the_database_are_called_by_what_they_are_in_german(house):
    house.means.database.path.chmod(0o640)
    house.server.settings.mail_dir.mkdir(exist_ok=True)
    house.server.settings.mail_dir.chmod(0o755)
    found = glance(house.server.settings, house.means.database, house.clock())
    (rights,) = [each for each in found if each.subject == "rights"]
    german = Speech(house.clock(), texts=texts_in("de")).say(rights.sentence)
    assert rights.sentence == "The database and the folder for mail may be read by others."
    assert german == "Andere dürfen lesen: die Datenbank und der Ordner für Briefe."
