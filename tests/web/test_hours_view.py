"""When an account was used: drawn and said by the reader's own clock, with what is unlike the usual hours."""

from __future__ import annotations

import html
import re
from datetime import timedelta

import pytest

from people import ADA, ADELAIDE, FIREFOX_ON_WINDOWS
from signedin.rules.used_hours import UsedHours
from signedin.store import used_hours
from web.operators import number_of

PATH = "/settings/activity"


def used(house, *hours, days=range(1, 29), only_weekdays=True):
    """Ada was there in these hours (UTC) of each of the last days, and what is kept says so."""
    kept = UsedHours()
    for back in sorted(days, reverse=True):
        day = house.clock() - timedelta(days=back)
        for hour in hours if day.weekday() < 5 or not only_weekdays else ():
            kept = kept.noted(day.replace(hour=hour))
    ada = number_of(house, ADA)
    house.means.database.write_now(used_hours.forget, ada)
    house.means.database.write_now(used_hours.put, ada, kept)
    return kept


def said(page):
    figure = re.search(r'<figure class="clock-card">.*?</figure>', page, re.DOTALL).group()
    label = re.search(r'aria-label="(Use[^"]*|Nutzung[^"]*)"', figure)
    parts = [
        html.unescape(re.sub("<[^>]+>", "", part)).strip()
        for part in re.findall(r"<dd>(.*?)</dd>", figure, re.DOTALL)
    ]
    return html.unescape(label.group(1)) if label else "", [" ".join(part.split()) for part in parts]


@pytest.mark.guide("R76")
def test_a_sign_in_at_an_unusual_hour_is_marked_and_leads_to_its_session(house):
    laptop = house.signed_in()
    house.clock.now = house.clock.now.replace(hour=4, minute=12)
    thief = house.signed_in(FIREFOX_ON_WINDOWS, ADELAIDE)
    house.clock.now = house.clock.now.replace(hour=15)
    kept = used(house, *range(7, 19)).noted(house.clock().replace(hour=4))
    ada = number_of(house, ADA)
    house.means.database.write_now(used_hours.forget, ada)
    house.means.database.write_now(used_hours.put, ada, kept)
    page = laptop.open(PATH).text
    label, (usual, unlike) = said(page)
    assert usual == "Weekdays, 06:00 to 20:00."
    assert unlike == "Today at 04:12, Firefox on Windows, Adelaide, SA, AU. Look at this session"
    assert f'href="/settings/sessions#s-{thief.current()["id"]}"' in page
    assert label == (
        "Use by day and hour for the last 30 days. Usual hours: Weekdays, 06:00 to 20:00."
        " Unlike them: Today between 04:00 and 06:00."
    )
    assert 'class="odd" d="M708 49l11 11-11 11-11-11z"' in page
    thief.log_out()
    label, (_, unlike) = said(laptop.open(PATH).text)
    assert unlike == "Today at 04:12, Firefox on Windows, Adelaide, SA, AU."


def test_hours_are_those_of_the_readers_clock(house):
    laptop = house.signed_in()
    used(house, *range(8, 18), only_weekdays=False)
    assert said(laptop.open(PATH).text)[1] == ["Every day, 08:00 to 18:00."]
    for zone, hours in (
        ("America%2FLos_Angeles", "00:00 to 10:00"), ("Asia%2FTokyo", "16:00 to 04:00"), ("Asia%2FKolkata", "12:00 to 24:00"),
    ):  # fmt: skip
        laptop.http.cookies.set("signedin_zone", zone, domain="localhost.local", path="/")
        assert said(laptop.open(PATH).text)[1] == [f"Every day, {hours}."], zone


def test_without_use_there_is_a_sentence_and_with_a_little_no_usual_hours(house):
    laptop = house.signed_in()
    page = laptop.open(PATH).text
    assert "will be drawn here" in page
    assert said(page) == ("", [])
    used(house, 9, 10, days=range(1, 4), only_weekdays=False)
    assert said(laptop.open(PATH).text)[1] == ["Not known yet. That takes a week of use."]
    assert "clock-card" not in laptop.open(f"{PATH}?before=2").text, "earlier pages do not repeat it"
