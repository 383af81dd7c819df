"""Which language a request asks for, and which time zones there are."""

from __future__ import annotations

import pytest

from signedin.gate.languages import direction_of, language_of, texts_in, zone_of


@pytest.mark.guide("R89")
@pytest.mark.parametrize(
    ("accepted", "lang"),
    [("", "en"), ("de", "de"), ("de-AT", "de"), ("DE-ch", "de"), ("fr, de;q=0.5", "de"), ("en, de", "en"),
     ("de;q=0.2, en;q=0.9", "en"), ("de; q=0.9 , en;q=0.1", "de"), ("fr-CH, fr;q=0.9", "en"), ("*", "en"),
     ("de;q=0", "en"), ("de;q=nonsense", "en"), ("de;q=nan", "en"), (",,;;==", "en"), ("x" * 9000, "en"),
     ("deutsch", "en"), ("de" * 3000, "en")],
)  # fmt: skip
def test_the_language_is_the_one_the_browser_likes_best_of_those_there_are(accepted, lang):
    assert language_of("", accepted) == lang


@pytest.mark.guide("R89")
def test_a_language_chosen_here_wins_over_what_the_browser_asks_for():
    assert language_of("de", "en") == "de"
    assert language_of("en", "de") == "en"


@pytest.mark.parametrize("chosen", ["xx", "../../etc", "de\0", "DE", "de; Path=/"])
def test_a_cookie_that_names_no_language_is_as_good_as_none(chosen):
    assert language_of(chosen, "de") == "de"


def test_a_language_knows_which_way_it_runs():
    assert [direction_of(lang) for lang in ("en", "de", "ar", "he")] == ["ltr", "ltr", "rtl", "rtl"]


def test_english_needs_no_catalogue_and_a_language_without_one_is_english():
    assert texts_in("en").gettext("Active now") == texts_in("xx").gettext("Active now") == "Active now"
    assert texts_in("de").gettext("Active now") == "Jetzt aktiv"


@pytest.mark.guide("D14")
@pytest.mark.parametrize(
    "name",
    ["", "Nowhere/Else", "../../../etc/passwd", "/etc/localtime", "Europe", "x" * 9000, "Zürich", "a\0b"],
)
def test_a_name_that_is_no_time_zone_is_none(name):
    assert zone_of(name) is None


@pytest.mark.guide("D14")
def test_a_time_zone_is_found_by_its_name():
    assert str(zone_of("America/Sao_Paulo")) == "America/Sao_Paulo"
