"""A finding as it is told to who has no shell of the machine, in a language of theirs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from signedin.gate.languages import texts_in
from signedin.rules.health import Finding
from signedin.rules.speech import Speech
from signedin.rules.wording import worded
from signedin.server.finding import IN_THE_SHELL, looked, without_paths
from signedin.store import problems
from signedin.store.keyring import Keyring, KeyringProblem
from signedin.store.places import Places

GERMAN = Speech(datetime(2026, 11, 23, tzinfo=UTC), texts=texts_in("de"))
KEYRING = worded("the keyring")
PLACES = worded("the place file")


def raising(problem):
    def look():
        raise problem

    return looked("system", look)


def told(finding, **files):
    """What is told of it: in plain English, and in German."""
    found = without_paths(finding, {Path(path): name for name, path in files.values()} if files else {})
    return str(found.sentence), GERMAN.say(found.sentence), GERMAN.say(found.what_to_do)


@pytest.mark.security("16.5.1")
def test_a_file_is_called_by_its_name_in_the_readers_language_also_where_it_begins_the_sentence():
    found = Finding("keyring", "good", worded("{path} is in use.", path=Path("/srv/keys/k.json")))
    english, german, _ = told(found, keyring=(KEYRING, "/srv/keys/k.json"))
    assert (english, german) == ("The keyring is in use.", "Der Schlüsselbund wird verwendet.")
    assert told(found)[:2] == ("A file is in use.", "Eine Datei wird verwendet.")


@pytest.mark.security("16.5.1")
def test_a_path_within_a_fact_is_called_by_its_name_too(tmp_path):
    path = tmp_path / "my {keys}.json"
    path.write_text("{}")
    path.chmod(0o644)
    english, german, what = told(looked("keyring", lambda: Keyring.load(path)), keyring=(KEYRING, path))
    assert english == "The keyring may be read by others. Run: chmod 600 'the keyring'"
    assert german == "Der Schlüsselbund ist für andere lesbar. Führen Sie aus: chmod 600 'der Schlüsselbund'"
    assert what == "Ohne den richtigen bleibt niemand angemeldet."


@pytest.mark.security("16.5.1")
def test_a_name_is_not_said_twice(tmp_path):
    path = tmp_path / "gone.mmdb"
    problem = Places(path).problem
    assert problem == f"The place file {path} is missing or cannot be read."
    english, german, _ = told(Finding("place file", "look", problem), places=(PLACES, path))
    assert english == "The place file is missing or cannot be read."
    assert german == "Die Ortsdatei fehlt oder kann nicht gelesen werden."


@pytest.mark.security("16.5.1")
def test_what_would_name_a_file_to_do_it_with_is_told_in_the_shell():
    what = worded("Run: chmod -R go= {files}", files="'/srv/a.db' /srv/b")
    found = Finding("rights", "look", worded("{files} may be read by others.", files="/srv/b"), what)
    assert without_paths(found, {}).what_to_do == IN_THE_SHELL
    assert told(found)[2].startswith("Führen Sie `signedin doctor` in der Shell des Servers aus")


def test_what_the_system_says_stays_as_it_is_and_the_rest_is_translated():
    found = raising(OSError(13, "Permission denied", "/srv/keys/k.json"))
    assert found.sentence == "/srv/keys/k.json: Permission denied."
    english, german, what = told(found, keyring=(KEYRING, "/srv/keys/k.json"))
    assert (english, german) == ("The keyring: Permission denied.", "Der Schlüsselbund: Permission denied.")
    assert what == "Prüfen Sie, ob es das gibt, sowie Eigentümer und Rechte."


@pytest.mark.parametrize("part", [part for part, _, _ in problems.BY_SQLITE])
def test_a_refusal_is_a_finding_in_the_readers_language(part):
    sentence, hint = next(said[1:] for said in problems.BY_SQLITE if said[0] == part)
    found = raising(problems.DatabaseProblem(sentence, hint=hint))
    english, german, what = told(found)
    assert (english, found.what_to_do) == (sentence, hint)
    assert german not in {sentence, ""}
    assert what not in {hint, ""}


def test_a_problem_that_is_no_text_for_people_is_told_as_it_is_but_for_its_file():
    found = raising(KeyringProblem("/srv/{k}.json has no room for another key."))
    assert found.sentence == "/srv/{k}.json has no room for another key."
    english, german, _ = told(found)
    assert english == "A file has no room for another key."
    assert german == "Eine Datei has no room for another key."


def test_a_finding_for_programs_is_plain_text():
    said = Finding("clock", "good", worded("{path} is in use.", path="x"), worded("a file")).as_dict()
    assert said == {
        "subject": "clock",
        "verdict": "good",
        "sentence": "x is in use.",
        "what_to_do": "a file",
    }
    assert {type(each) for each in said.values()} == {str}


@pytest.mark.security("16.5.1")
def test_a_file_that_is_named_without_a_folder_is_called_by_its_name_too_and_other_files_are_not():
    found = Finding(
        "keyring", "good", worded("{path} is in use, secret.json.bak is not.", path="secret.json")
    )
    assert (
        told(found, keyring=(KEYRING, "secret.json"))[0] == "The keyring is in use, secret.json.bak is not."
    )
    beside = Finding("disk", "bad", worded("{path} is in the way.", path="/srv/data/other"))
    assert told(beside, keyring=(KEYRING, "/srv/data"))[0] == "A file is in the way."


def test_a_problem_of_the_system_that_names_no_file_is_told_without_one():
    assert raising(OSError(5, "Input/output error")).sentence == "Input/output error."
