"""A client leads here to log out here too: in a real browser, on hosts of their own, with and without scripts."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from apps import registered
from browser.browsers import button
from people import ADA

BYE = "<h1>Bye from Porter</h1>"


@pytest.fixture
def porter(house, site):
    return registered(house, redirect_uris=(site.page("<h1>At Porter</h1>"),), logout_uris=(site.page(BYE),))


def asking(house, porter, method):
    return (
        f"<form method={method} action='{house.base_url}/oauth/end_session'>"
        f"<input type=hidden name=client_id value={porter.id}>"
        f"<input type=hidden name=post_logout_redirect_uri value='{porter.logout_uris[0]}'>"
        "<input type=hidden name=state value=s1><button>Log out</button></form>"
    )


@pytest.mark.guide("R41", "R45")
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("has_scripts", [True, False], ids=["with scripts", "without"])
def test_a_client_leads_here_the_person_logs_out_and_arrives_at_the_client(
    house, browsers, site, porter, method, has_scripts
):
    laptop = browsers("laptop", java_script_enabled=has_scripts).signed_in()
    page = laptop.tab(None)
    page.goto(site.page(asking(house, porter, method)))
    button(page, "Log out").click()
    expect(page.get_by_role("heading", name="Log out of Signedin?", level=1)).to_be_visible()
    expect(page.get_by_text(ADA)).to_be_visible()
    button(page, "Logout").click()
    expect(page.get_by_role("heading", name="Bye from Porter")).to_be_visible()
    assert page.url == f"{porter.logout_uris[0]}?state=s1"
    page.goto(f"{house.base_url}/settings/sessions")
    expect(page.get_by_label("Password")).to_be_visible()
