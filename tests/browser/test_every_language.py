"""Every page in a real browser: German, a language that is forty per cent longer, and one that runs the other way."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

import pseudo

HOME = "/settings/sessions"
WIDTHS = (1280, 390, 320)
# Words of two neighbours in a row, or in the bar, that lie on each other.
OVERLAPS = """() => [".row", ".tools", ".top-in", ".head", ".foot"].flatMap((name) =>
  [...document.querySelectorAll(name)].flatMap((parent) => {
    const boxes = [...parent.children].flatMap((child) => {
      const found = [], walker = document.createTreeWalker(child, NodeFilter.SHOW_TEXT), range = new Range();
      while (walker.nextNode()) {
        const text = walker.currentNode, holder = text.parentElement;
        if (!text.data.trim() || holder.closest(".vh, svg") || !holder.checkVisibility()) continue;
        range.selectNodeContents(text);
        found.push(...[...range.getClientRects()].map((box) => [child, text.data.trim(), box]));
      }
      return found;
    });
    return boxes.flatMap(([one, said, a], at) => boxes.slice(at + 1).flatMap(([other, too, b]) =>
      one !== other && Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2
      && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4 ? [`${said} / ${too}`] : []));
  }))"""
CLIPPED = """() => [...document.querySelectorAll("body *:not(svg, svg *, input)")].filter((each) =>
  each.checkVisibility() && !each.closest(".vh") && each.clientWidth > 1
  && getComputedStyle(each).overflowX !== "visible" && each.scrollWidth > each.clientWidth + 1)
  .map((each) => `${each.className}: ${each.textContent.trim().slice(0, 40)}`)"""


@pytest.fixture
def reader(browsers, filled, monkeypatch, tmp_path):
    """A browser of the demo account's, in any language and width: reader("de", 390)."""
    pseudo.speak_them(monkeypatch, tmp_path / "locale")

    def make(lang, width):
        browser = browsers(
            "laptop", viewport={"width": width, "height": 900}, timezone_id="Europe/Berlin", locale="en-US"
        )
        browser.signed_in(filled.account.email, filled.password)
        cookie = {"name": "signedin_language", "value": lang, "url": browser.house.base_url}
        browser.context.add_cookies([cookie])
        return browser

    return make


@pytest.mark.guide("R89")
@pytest.mark.parametrize("lang", ["de", pseudo.PSEUDO, pseudo.RIGHT_TO_LEFT])
def test_nothing_is_cut_off_or_lies_on_something_else(reader, lang):
    wrong = []
    for width in WIDTHS:
        browser = reader(lang, width)
        page = browser.tab(f"{HOME}?type=oauth")
        app = page.locator(".row").first.get_attribute("data-id")
        browser.expects("404")
        for path in (HOME, f"{HOME}?q=nothing+like+it", f"{HOME}/{app}/revoke", f"{HOME}/logout-all",
                     "/help/active-sessions", "/nonsense"):  # fmt: skip
            page.goto(path)
            expect(page.locator("html")).to_have_attribute("lang", lang)
            sideways = page.evaluate("document.scrollingElement.scrollWidth - innerWidth")
            wrong += [(width, path, f"{sideways} too wide")] * (sideways > 0)
            wrong += [(width, path, each) for each in page.evaluate(OVERLAPS) + page.evaluate(CLIPPED)]
    assert "\n".join(map(str, wrong)) == ""


@pytest.mark.guide("R47")
def test_the_confirmation_as_a_page_of_its_own_can_be_seen(reader):
    page = reader("en", 1280).tab(f"{HOME}/logout-all")
    assert page.locator(".dialog-page").evaluate("each => getComputedStyle(each).opacity") == "1"


@pytest.mark.guide("R89")
def test_from_right_to_left_the_page_is_mirrored_and_the_map_and_the_strip_are_not(reader):
    page = reader(pseudo.RIGHT_TO_LEFT, 1280).tab()

    def left(selector):
        return page.locator(selector).first.bounding_box()["x"]

    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    assert left(".side") > left("main")
    assert left(".brand") > left(".menu")
    assert left(".row .tile") > left(".row .name") > left(".row .act")
    assert left(".find .i") > left(".find") + 100
    assert left(".axis span:first-child") < left(".axis span:last-child")
    pins = {pin.get_attribute("data-place"): pin.bounding_box()["x"] for pin in page.locator(".pin").all()}
    places = [place.get_attribute("data-place") for place in page.locator(".places a[data-place]").all()]
    assert pins[places[0]] < pins[places[1]]  # San Francisco, Berlin
    expect(page.locator(".row .ip").first).to_have_css("direction", "ltr")
    page.locator(".menu summary").click()
    menu = page.locator(".menu-list").bounding_box()
    assert 0 <= menu["x"] <= 1280 - menu["width"]


@pytest.mark.guide("R89", "R36")
def test_what_the_script_says_is_in_the_readers_language_and_zone(reader):
    page = reader("de", 1280).tab()
    page.reload()  # the script has told the time zone by now
    expect(page.locator(".updated")).to_have_text("Stand: 15:20 Uhr")
    page.get_by_role("button", name="Sitzungen aktualisieren").click()
    expect(page.get_by_role("status").filter(has_text="Liste aktualisiert.")).to_be_attached()
    expect(page.locator(".updated")).to_have_text("Stand: 15:20 Uhr")


@pytest.mark.guide("R89")
def test_the_language_is_changed_at_the_foot_of_the_page_without_a_script(browsers, filled):
    browser = browsers("laptop", java_script_enabled=False)
    page = browser.signed_in(filled.account.email, filled.password).tab(f"{HOME}?type=sync")
    page.get_by_role("button", name="Deutsch").click()
    expect(page.get_by_role("heading", name="Aktive Sitzungen", level=1)).to_be_visible()
    assert page.url.endswith(f"{HOME}?type=sync")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Active Sessions", level=1)).to_be_visible()
