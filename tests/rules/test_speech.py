"""How times, numbers, devices and places are said, in English and in German, in whichever zone one lives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from signedin.gate.languages import texts_in, zone_of
from signedin.rules.location import LOCAL, UNKNOWN, Location
from signedin.rules.speech import Speech
from signedin.rules.tally import ended_said, kept_said
from signedin.rules.wording import counted, worded

NOW = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)
BERLIN, LOS_ANGELES, AUCKLAND, KATHMANDU = (
    "Europe/Berlin",
    "America/Los_Angeles",
    "Pacific/Auckland",
    "Asia/Kathmandu",
)


def speech(zone="UTC", lang="en", now=NOW):
    return Speech(now, zone_of(zone), texts_in(lang))


@pytest.mark.guide("R13", "R14", "D14")
@pytest.mark.parametrize(
    ("ago", "english", "german"),
    [
        (timedelta(seconds=-30), "Active now", "Jetzt aktiv"),
        (timedelta(seconds=59), "Active now", "Jetzt aktiv"),
        (timedelta(minutes=1), "1 minute ago", "vor 1 Minute"),
        (timedelta(minutes=5), "5 minutes ago", "vor 5 Minuten"),
        (timedelta(minutes=59, seconds=59), "59 minutes ago", "vor 59 Minuten"),
        (timedelta(hours=1), "1 hour ago", "vor 1 Stunde"),
        (timedelta(hours=14), "14 hours ago", "vor 14 Stunden"),
        (timedelta(hours=15), "yesterday", "gestern"),
        (timedelta(hours=38), "yesterday", "gestern"),
        (timedelta(hours=39), "2 days ago", "vor 2 Tagen"),
        (timedelta(days=29), "29 days ago", "vor 29 Tagen"),
        (timedelta(days=29, hours=23), "24 Oct", "24. Okt."),
        (timedelta(days=30), "24 Oct", "24. Okt."),
        (timedelta(days=327), "31 Dec 2025", "31. Dez. 2025"),
    ],
)
def test_a_last_activity_is_said_in_the_nearest_words(ago, english, german):
    assert speech().ago(NOW - ago) == english
    assert speech(lang="de").ago(NOW - ago) == german


@pytest.mark.guide("R14", "D14")
@pytest.mark.parametrize(
    ("zone", "now", "at", "said"),
    [
        # The same two moments: in Berlin both are of one day, in Los Angeles midnight lies between.
        (BERLIN, "2026-11-23T16:30", "2026-11-23T04:00", "12 hours ago"),
        (LOS_ANGELES, "2026-11-23T16:30", "2026-11-23T04:00", "yesterday"),
        # A day before the viewer's, by their calendar and by no other.
        (AUCKLAND, "2026-11-23T12:30", "2026-11-23T05:00", "yesterday"),
        (KATHMANDU, "2026-11-23T18:20", "2026-11-23T12:10", "yesterday"),
        (KATHMANDU, "2026-11-23T18:10", "2026-11-23T12:05", "6 hours ago"),
        # Under six hours are hours, even across midnight.
        (BERLIN, "2026-11-23T00:30", "2026-11-22T19:00", "5 hours ago"),
        (BERLIN, "2026-11-23T00:30", "2026-11-22T18:00", "yesterday"),
        # The night of 25 October has 25 hours in Berlin, that of 29 March 23.
        (BERLIN, "2026-10-25T22:30", "2026-10-24T22:05", "24 hours ago"),
        (BERLIN, "2026-10-25T22:30", "2026-10-24T21:55", "yesterday"),
        (BERLIN, "2026-03-29T21:30", "2026-03-28T23:05", "22 hours ago"),
        (BERLIN, "2026-03-29T21:30", "2026-03-28T22:55", "yesterday"),
        (BERLIN, "2026-03-30T21:00", "2026-03-28T22:30", "2 days ago"),
        # Los Angeles: 1 November has 25 hours.
        (LOS_ANGELES, "2026-11-02T07:30", "2026-11-01T06:55", "yesterday"),
        (LOS_ANGELES, "2026-11-02T07:30", "2026-11-01T07:05", "24 hours ago"),
    ],
)
def test_yesterday_is_the_day_before_on_the_viewers_own_calendar(zone, now, at, said):
    moment = datetime.fromisoformat(f"{at}+00:00")
    english = speech(zone, now=datetime.fromisoformat(f"{now}+00:00"))
    assert english.ago(moment) == said
    german = {"yesterday": "gestern", "2 days ago": "vor 2 Tagen"}
    expected = german.get(said, f"vor {said.split()[0]} Stunden")
    assert speech(zone, "de", english.now).ago(moment) == expected


@pytest.mark.guide("R13", "R89", "D14")
def test_a_date_has_its_year_only_when_it_is_not_the_viewers_this_year():
    turn = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)
    assert speech().long_day(turn) == "31 December"
    assert speech(BERLIN).long_day(turn) == "1 January 2027"
    assert speech(BERLIN, "de").long_day(turn) == "1. Januar 2027"
    assert speech(BERLIN, "de").day(turn) == "1. Jan. 2027"
    late = speech(BERLIN, "de", turn)
    assert late.day(turn - timedelta(days=2)) == "30. Dez. 2026"
    assert late.day(turn) == "1. Jan."


@pytest.mark.guide("R89")
def test_the_exact_time_is_said_as_the_language_says_it():
    assert speech().exact(NOW) == "Monday 23 November 2026, 14:20"
    assert speech(BERLIN, "de").exact(NOW) == "Montag, 23. November 2026, 15:20 Uhr"
    assert speech(LOS_ANGELES).exact(NOW) == "Monday 23 November 2026, 06:20"


@pytest.mark.guide("R89")
def test_may_is_short_and_long():
    may = datetime(2026, 5, 3, tzinfo=UTC)
    assert (speech().day(may), speech().long_day(may)) == ("3 May", "3 May")
    assert (speech(lang="de").day(may), speech(lang="de").long_day(may)) == ("3. Mai", "3. Mai")
    march = datetime(2026, 3, 3, tzinfo=UTC)
    assert (speech().day(march), speech(lang="de").day(march)) == ("3 Mar", "3. März")


@pytest.mark.guide("D14")
@pytest.mark.parametrize(
    ("zone", "label"),
    [
        ("UTC", "UTC"),
        (BERLIN, "UTC+1"),
        (LOS_ANGELES, "UTC−8"),
        (KATHMANDU, "UTC+5:45"),
        ("America/St_Johns", "UTC−3:30"),
    ],
)
def test_the_distance_to_utc_is_told(zone, label):
    assert speech(zone).zone_label() == label


@pytest.mark.guide("R89")
def test_what_ends_soon_is_said_as_the_time_that_is_left():
    for left, english, german in (
        (timedelta(minutes=59), "within the hour", "binnen einer Stunde"),
        (timedelta(hours=1), "in 1 hour", "in 1 Stunde"),
        (timedelta(hours=23), "in 23 hours", "in 23 Stunden"),
        (timedelta(days=1), "in 1 day", "in 1 Tag"),
        (timedelta(days=2, hours=23), "in 3 days", "in 3 Tagen"),
    ):
        assert (speech().until(NOW + left), speech(lang="de").until(NOW + left)) == (english, german)


@pytest.mark.guide("R89")
def test_numbers_are_written_as_the_language_writes_them():
    assert [speech().number(n) for n in (0, 999, 1000, 1234567)] == ["0", "999", "1,000", "1,234,567"]
    assert [speech(lang="de").number(n) for n in (999, 5600, 1234567)] == ["999", "5.600", "1.234.567"]
    assert speech(lang="de").count("{n} session", "{n} sessions", 1000) == "1.000 Sitzungen"


@pytest.mark.guide("R6", "R7", "R89")
def test_what_is_not_known_has_a_name_in_each_language_and_names_stay_names():
    german = speech(lang="de")
    assert german.device("Chrome on macOS") == "Chrome auf macOS"
    assert german.device("Notes on Air on iPhone 15") == "Notes on Air auf iPhone 15"
    assert [german.device(name) for name in ("Firefox", "Unknown device")] == ["Firefox", "Unbekanntes Gerät"]
    assert [german.place(place) for place in (LOCAL, UNKNOWN)] == ["Lokales Netzwerk", "Unbekannter Ort"]
    assert german.place(Location("San Francisco", "CA", "US")) == "San Francisco, CA, US"
    assert german.place("Web") == "Web"
    assert [german.address(each) for each in ("192.168.1.•••", "Unknown")] == ["192.168.1.•••", "Unbekannt"]


@pytest.mark.guide("R65", "R89")
def test_what_logout_all_ended_is_counted_in_words():
    english, german = speech(), speech(lang="de")
    assert ended_said(1, 0, english) == "1 session"
    assert ended_said(6, 2, english) == "6 sessions and 2 connected apps"
    assert ended_said(6, 1, german) == "6 Sitzungen und 1 verbundene App"
    assert kept_said(3, english) == "Your 3 access keys still work."
    assert kept_said(1, german) == "Ihr 1 Zugriffsschlüssel gilt weiter."
    assert kept_said(0, german) == "Zugriffsschlüssel sind nicht betroffen."


def test_a_wording_is_english_for_programs_and_is_said_anew_for_readers():
    with_fact = worded(
        "Try again. If it stays, tell the operator this reference: {reference}.", reference="7f3a"
    )
    assert with_fact == "Try again. If it stays, tell the operator this reference: 7f3a."
    assert speech(lang="de").say(with_fact).endswith("nennen Sie dem Betreiber diese Referenz: 7f3a.")
    numbered = counted(
        "The password may have at most {n} character.", "The password may have at most {n} characters.", 1024
    )
    assert numbered == "The password may have at most 1024 characters."
    assert speech(lang="de").say(numbered) == "Das Passwort darf höchstens 1.024 Zeichen haben."


def test_an_empty_hint_stays_empty():
    assert speech(lang="de").say("") == ""
