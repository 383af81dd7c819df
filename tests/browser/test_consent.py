"""Somebody else's app asks, the person decides, and it stands in the list: in a real browser, on hosts of their own."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from apps import PUBLIC, authorize, registered
from browser.browsers import button, row
from people import ADA, PASSWORD

SAYS = "<h1>At Porter</h1><p id=told></p><script>told.textContent = location.search</script>"
TELLS = "<h1>At Porter</h1><script>opener.postMessage(location.search, '*'); close()</script>"
OPENS = "<h1>Porter</h1><p id=told></p><button>Connect</button>"


@pytest.fixture
def porter(house, site):
    return registered(house, redirect_uris=(site.page(SAYS),))


def arrived(page):
    expect(page.get_by_role("heading", name="At Porter")).to_be_visible()
    return page.url


def asked(page):
    expect(page.get_by_role("heading", name="Porter wants to use your account", level=1)).to_be_visible()
    return page


@pytest.mark.guide("R24", "R27", "R34", "R78", "R82")
@pytest.mark.security("10.7.2", "B13")
def test_an_app_asks_the_person_allows_it_and_it_appears_in_the_list_that_is_open(house, laptop, porter):
    there = laptop.signed_in().listening()
    page = laptop.tab(None)
    page.goto(house.base_url + authorize(porter, scope="openid email sessions:manage"))
    asked(page)
    expect(page.get_by_text(ADA)).to_be_visible()
    page.get_by_label("End your sessions").uncheck()
    button(page, "Allow").click()
    where = arrived(page)
    assert re.fullmatch(
        re.escape(porter.redirect_uris[0]) + r"\?code=sgn_cod_\w+&state=af0ifjsldkj&iss=https.*", where
    )
    there.get_by_role("link", name="Show it").click()
    connected = row(there, "Porter")
    expect(connected).to_contain_text("OAuth")
    expect(connected.locator(".grant")).to_contain_text("See your email address")
    expect(connected.locator(".grant")).not_to_contain_text("End your sessions")
    page.goto(house.base_url + authorize(porter))
    arrived(page)


@pytest.mark.guide("R4")
@pytest.mark.parametrize("has_scripts", [True, False], ids=["with scripts", "without"])
def test_who_is_not_signed_in_signs_in_on_the_way_and_arrives(house, browsers, porter, has_scripts):
    laptop = browsers("laptop", java_script_enabled=has_scripts)
    page = laptop.tab(None)
    page.goto(house.base_url + authorize(porter, login_hint=ADA))
    expect(page.get_by_text("to go on to Porter")).to_be_visible()
    expect(page.get_by_label("Email address")).to_have_value(ADA)
    page.get_by_label("Password").fill("this is not the one")
    button(page, "Sign in").click()
    laptop.expects("401")
    page.get_by_label("Password").fill(PASSWORD)
    button(page, "Sign in").click()
    button(asked(page), "Allow").click()
    arrived(page)
    laptop.context.clear_cookies()
    page.goto(house.base_url + authorize(porter, login_hint=ADA))
    page.get_by_label("Password").fill(PASSWORD)
    button(page, "Sign in").click()
    arrived(page)


def test_no_leads_back_to_the_app_and_to_no_row(house, laptop, porter):
    page = laptop.signed_in().tab(None)
    page.goto(house.base_url + authorize(porter))
    button(asked(page), "Don’t allow").click()
    assert "error=access_denied" in arrived(page)
    page.goto(house.base_url + "/settings/sessions")
    expect(row(page, "Porter")).to_have_count(0)


@pytest.mark.security("C4")
def test_a_form_of_the_apps_own_site_leads_to_the_same_page(house, laptop, porter, site):
    fields = dict(pair.split("=") for pair in authorize(porter).partition("?")[2].split("&"))
    fields = {
        name: value.replace("+", " ").replace("%3A", ":").replace("%2F", "/")
        for name, value in fields.items()
    }
    inputs = "".join(f'<input name="{name}" value="{value}">' for name, value in fields.items())
    start = site.page(
        f'<form method=post action="{house.base_url}/oauth/authorize">{inputs}<button>Go</button></form>'
    )
    page = laptop.signed_in().tab(None)
    page.goto(start)
    button(page, "Go").click()
    button(asked(page), "Allow").click()
    arrived(page)


@pytest.mark.parametrize("is_signed_in", [True, False], ids=["signed in", "not yet"])
def test_a_popup_tells_the_page_that_opened_it(house, laptop, site, is_signed_in):
    porter = registered(house, redirect_uris=(site.page(TELLS),))
    where = house.base_url + authorize(porter)
    opens = (
        f"{OPENS}<script>onmessage = (event) => told.textContent = event.data;"
        f"document.querySelector('button').onclick = () => open({where!r}, 'ask', 'popup')</script>"
    )
    page = (laptop.signed_in() if is_signed_in else laptop).tab(None)
    page.goto(site.page(opens))
    with page.expect_popup() as opened:
        button(page, "Connect").click()
    popup = opened.value
    if not is_signed_in:
        popup.get_by_label("Email address").fill(ADA)
        popup.get_by_label("Password").fill(PASSWORD)
        button(popup, "Sign in").click()
    button(asked(popup), "Allow").click()
    expect(page.locator("#told")).to_contain_text("code=sgn_cod_")


@pytest.mark.security("B13")
def test_no_other_site_frames_the_page(house, laptop, porter, site):
    where = house.base_url + authorize(porter)
    page = laptop.signed_in().tab(None)
    laptop.expects(
        "Refused to frame", "frame-ancestors", "400", "X-Frame-Options", "request failed", "Framing"
    )
    page.goto(site.page(f'<h1>Framed</h1><iframe src="{where}"></iframe>'))
    expect(page.get_by_role("heading", name="Framed")).to_be_visible()
    frame = page.frames[-1]
    assert "wants to use" not in frame.content()


def test_all_of_it_goes_by_the_keyboard(house, laptop, porter):
    page = laptop.signed_in().tab(None)
    page.goto(house.base_url + authorize(porter, scope="openid email profile"))
    asked(page)
    seen = []
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.append(page.evaluate("document.activeElement.textContent.trim() || document.activeElement.name"))
        if seen[-1] == "profile":
            page.keyboard.press("Space")
        if seen[-1] == "Allow":
            page.keyboard.press("Enter")
            break
    assert seen[:5] == ["Skip to content", "Use another account", "email", "profile", "Allow"]
    arrived(page)
    page.goto(house.base_url + "/settings/sessions")
    expect(row(page, "Porter").locator(".grant")).not_to_contain_text("See your name")


def test_an_app_of_the_machine_is_reached_by_its_own_port(house, laptop, authority):
    import threading
    from http.server import BaseHTTPRequestHandler, HTTPServer

    came = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            came.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<title>porter</title><link rel=icon href=data:,><h1>At Porter</h1>")

        def log_message(self, *_):
            """Nobody reads a log of this."""

    with HTTPServer(("127.0.0.1", 0), Answer) as waiting:
        threading.Thread(target=waiting.serve_forever, daemon=True).start()
        porter = registered(house, redirect_uris=("http://127.0.0.1/back",), is_native=True, **PUBLIC)
        back = f"http://127.0.0.1:{waiting.server_address[1]}/back"
        page = laptop.signed_in().tab(None)
        page.goto(house.base_url + authorize(porter, redirect_uri=back))
        button(asked(page), "Allow").click()
        arrived(page)
        waiting.shutdown()
    assert came[0].startswith("/back?code=sgn_cod_")


@pytest.mark.security("10.7.3")
@pytest.mark.parametrize("has_scripts", [True, False], ids=["with scripts", "without"])
def test_something_is_taken_back_in_the_details_of_the_row(house, browsers, porter, has_scripts):
    laptop = browsers("laptop", java_script_enabled=has_scripts).signed_in()
    page = laptop.tab(None)
    page.goto(house.base_url + authorize(porter, scope="openid email profile"))
    button(asked(page), "Allow").click()
    arrived(page)
    page.goto(house.base_url + "/settings/sessions")
    connected = row(page, "Porter")
    connected.locator("summary").click()
    expect(connected.get_by_label("Know that it is you")).to_be_disabled()
    connected.get_by_label("See your email address").uncheck()
    button(connected, "Save", "what Porter can do").click()
    expect(page.get_by_text("What Porter can do has been changed.")).to_be_visible()
    expect(connected.locator(".grant")).to_contain_text("See your name")
    expect(connected.locator(".grant")).not_to_contain_text("See your email address")
    connected.locator("summary").click()
    expect(connected.get_by_text("Permissions changed")).to_be_visible()
