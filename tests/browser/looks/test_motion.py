"""For who wants no motion, and for who chooses the colours."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from browser.looks.gallery import WIDE

MOVES = """() => [...document.querySelectorAll("*")].flatMap((element) => ["", "::before", "::after"].map((part) => {
  const { animationName, transitionDuration, transitionProperty } = getComputedStyle(element, part || null);
  const lasts = transitionProperty !== "none" && transitionDuration.split(", ").some((each) => parseFloat(each) > 0);
  return animationName !== "none" || lasts ? `${element.localName}.${element.className}${part}` : null;
})).filter(Boolean)"""


@pytest.fixture
def other(gallery):
    """Another session of hers, to be ended."""
    return gallery.newcomer()


@pytest.fixture
def page(gallery, request):
    with gallery.browser(WIDE, **request.param) as browser:
        yield gallery.signed_in(browser).tab()


without_motion = pytest.mark.parametrize(
    "page", [{"reduced_motion": "reduce"}], indirect=True, ids=["reduced"]
)
forced_colours = pytest.mark.parametrize("page", [{"forced_colors": "active"}], indirect=True, ids=["forced"])


@without_motion
def test_nothing_moves_for_who_wants_no_motion(page):
    page.get_by_role("button", name="Logout All Devices").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.evaluate("document.querySelector('.refresh').setAttribute('aria-busy', 'true')")
    assert page.evaluate(MOVES) == []


@without_motion
@pytest.mark.guide("R50")
def test_a_row_that_ended_is_simply_gone_after_its_six_seconds(other, page):
    page.clock.install()
    row = page.locator(f"#s-{other}")
    row.locator(".btn-end").click()
    page.get_by_role("button", name="Revoke session").click()
    expect(row).to_contain_text("Ended")
    height = row.evaluate("(row) => row.getBoundingClientRect().height")
    page.clock.run_for(5_000)
    assert row.evaluate("(row) => row.getBoundingClientRect().height") == height
    page.clock.run_for(1_000)
    expect(row).to_have_count(0)


@forced_colours
def test_in_forced_colours_what_was_told_by_colour_has_an_edge_or_a_colour_of_the_system(page):
    told = page.evaluate("""() => {
      const style = (selector) => getComputedStyle(document.querySelector(selector));
      const probe = document.body.appendChild(document.createElement("i"));
      const system = (name) => { probe.style.color = name; return getComputedStyle(probe).color; };
      return {
        highlight: system("Highlight"), text: system("CanvasText"),
        current: [style(".sheet-current").borderTopWidth, style(".sheet-current").borderTopColor],
        badge: style(".badge").borderTopStyle, flag: style(".flag").borderTopStyle, tag: style(".tag").borderTopStyle,
        pin: style(".pin .dot").fill, last: style(".strip .last").stroke, bars: style(".strip .bars").stroke,
        chosen: [style(".types [aria-current]").outlineStyle, style(".types [aria-current]").outlineColor],
      };
    }""")
    assert told["current"] == ["3px", told["highlight"]]
    assert told["badge"] == told["flag"] == told["tag"] == "solid"
    assert told["pin"] == told["last"] == told["highlight"]
    assert told["bars"] == told["text"]
    assert told["chosen"] == ["solid", told["highlight"]]


@forced_colours
def test_in_forced_colours_the_focus_is_still_ringed(page):
    page.keyboard.press("Tab")
    ring = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert ring == "3px"
