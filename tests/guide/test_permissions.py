"""Guide: Troubleshooting > Cannot revoke > Permissions. Who may not manage sessions, sees them all the same."""

from __future__ import annotations

import re

import pytest

from people import ADELAIDE, FIREFOX_ON_WINDOWS, SAFARI_ON_IPHONE
from signedin.gate.recognise import Recogniser
from signedin.rules.presence import Presence

WHY = "You do not have permission to manage sessions."
EXACTLY_WHY = "Your organisation lets you see your sessions here, but not end them."
PAGE = "/settings/sessions"


@pytest.fixture
def laptop(house, monkeypatch):
    """A browser, beside a flagged one, of somebody who may not manage sessions."""
    laptop = house.signed_in()
    house.away = house.signed_in(FIREFOX_ON_WINDOWS, ADELAIDE)
    house.row_id = house.away.current()["id"]
    recognise = Recogniser.recognise

    async def without_the_right(*args):
        found = await recognise(*args)
        return found._replace(may_manage_sessions=False) if isinstance(found, Presence) else found

    monkeypatch.setattr(Recogniser, "recognise", without_the_right)
    return laptop


@pytest.mark.guide("R86")
def test_who_may_not_manage_sessions_sees_the_list_read_only_with_the_reason_and_can_log_out(house, laptop):
    page = laptop.open(PAGE).text
    assert f"{WHY} Ask the operator of your organisation.</p>" in page
    assert "Firefox on Windows" in page
    assert "Revoke" not in re.sub(r"(?s)<template.*?</template>", "", page), (
        "nothing is advised that is refused"
    )
    assert "Nobody has used your account from Adelaide before." in page
    asked = re.findall(r'<form [^>]*action="([^"]+)"', page)
    assert set(asked) == {"/sign-out", PAGE, "/language"}
    buttons = {text.strip() for text in re.findall(r"<button[^>]*>(?:<svg.*?</svg>)?([^<]+)", page)}
    assert buttons == {"Logout", "Refresh Sessions", "English", "Deutsch"}
    assert laptop.log_out().headers["location"] == "/sign-in"
    assert not laptop.is_signed_in
    assert house.away.is_signed_in


@pytest.mark.guide("R86")
def test_who_may_manage_them_reads_nothing_of_a_reason(house):
    page = house.signed_in().open(PAGE).text
    assert WHY not in page
    assert "data-read-only" not in page
    assert "Security Actions" in page


@pytest.mark.guide("R86", "D9")
@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "{id}/revoke"), ("POST", "{id}/revoke"), ("POST", "{id}/not-me"), ("POST", "{id}/recognize"),
     ("GET", "logout-all"), ("POST", "logout-all"), ("GET", "logout-all?except=current")],
)  # fmt: skip
def test_every_page_that_would_change_the_list_is_refused_with_the_reason(house, laptop, method, path):
    path = f"{PAGE}/{path.format(id=house.row_id)}"
    answer = laptop.open(path) if method == "GET" else laptop.send(path, page=PAGE)
    assert answer.status_code == 403
    assert f">{EXACTLY_WHY}</h1>" in answer.text
    assert "insufficient_permission" in answer.text
    assert house.away.is_signed_in
    row = next(row for row in laptop.sessions() if row["id"] == house.row_id)
    assert row["flags"], "nothing was taken as known"


@pytest.mark.guide("R86", "D9")
def test_a_program_without_the_right_reads_the_list_and_is_refused_every_ending_but_its_own(house, laptop):
    phone = house.signed_in(SAFARI_ON_IPHONE)
    assert len(laptop.sessions()) == 3
    for method, path in (
        ("DELETE", f"/v1/sessions/{house.row_id}"),
        ("DELETE", f"/v1/sessions/{laptop.current()['id']}"),
        ("POST", "/v1/sessions/logout-all"),
        ("POST", "/v1/sessions/logout-all?except=current"),
    ):
        answer = laptop.http.request(method, path, headers=laptop.own())
        assert answer.status_code == 403, path
        told = answer.json()
        assert (told["code"], told["title"]) == ("insufficient_permission", EXACTLY_WHY)
    assert house.away.is_signed_in
    assert phone.is_signed_in
    assert laptop.http.delete("/v1/sessions/current", headers=laptop.own()).status_code == 204
    assert not laptop.is_signed_in
