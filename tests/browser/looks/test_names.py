"""What a screen reader is told: names, roles and order, from Chromium's own tree."""

from __future__ import annotations

from itertools import pairwise

import pytest
from playwright.sync_api import expect

from browser.looks.gallery import WIDE, WORDY
from browser.looks.sights import SIGHTS

LANDMARKS = {"banner", "navigation", "main", "search", "region", "complementary", "contentinfo"}
CONTROLS = {"button", "link", "textbox", "searchbox", "checkbox", "DisclosureTriangle"}


@pytest.fixture
def page(gallery):
    with gallery.browser(WIDE) as browser:
        yield gallery.signed_in(browser).tab()


def told(page):
    """Everything the tree tells, in order: role, name, and the level of headings."""
    tree = page.context.new_cdp_session(page).send("Accessibility.getFullAXTree")["nodes"]
    by_id = {node["nodeId"]: node for node in tree}

    def walk(node):
        if not node["ignored"]:
            level = next((p["value"]["value"] for p in node["properties"] if p["name"] == "level"), None)
            yield node["role"]["value"], " ".join(str(node["name"]["value"]).split()), level
        for child in node["childIds"]:
            yield from walk(by_id[child])

    return list(walk(tree[0]))


def of(tree, *roles):
    return [name for role, name, _ in tree if role in roles]


@pytest.mark.guide("R18", "R56")
def test_the_page_is_told_in_the_order_it_is_seen(page):
    tree = told(page)
    places = [(role, name) for role, name, _ in tree if role in LANDMARKS]
    assert places == [
        ("banner", ""),
        ("navigation", "Settings"),
        ("main", ""),
        ("region", "21 sessions in 10 places"),
        ("search", ""),
        ("navigation", "Filter by session type"),
        ("region", "This session"),
        ("region", "Worth a look 3"),
        ("region", "Other sessions 13"),
        ("region", "Connected apps 4"),
        ("region", "What to look for"),
        ("region", "Security Actions"),
        ("contentinfo", ""),
    ]


def test_headings_lead_from_the_page_to_its_groups_to_their_rows(page):
    headings = [(level, name) for role, name, level in told(page) if role == "heading"]
    assert headings[:4] == [
        (1, "Active Sessions"),
        (2, "21 sessions in 10 places"),
        (2, "This session"),
        (3, "Chrome on macOS Web Current"),
    ]
    assert [name for level, name in headings if level == 2][2:] == [
        "Worth a look 3",
        "Other sessions 13",
        "Connected apps 4",
        "What to look for",
        "Security Actions",
    ]
    assert sum(level == 3 for level, _ in headings) == 21 + 1


@pytest.mark.parametrize("sight", [sight for sight in SIGHTS if not sight.is_large], ids=str)
def test_every_page_has_one_title_no_gap_between_levels_and_a_name_for_every_control(gallery, sight):
    with gallery.browser(WIDE) as browser:
        page = sight.seen(gallery, browser)
        assert page.title().endswith(" · Signedin")
        assert page.locator("html").get_attribute("lang") == "en"
        tree = told(page)
        levels = [level for role, _, level in tree if role == "heading"]
        assert levels.count(1) == 1 or "dialog:" in sight.name
        assert all(after <= before + 1 for before, after in pairwise(levels))
        assert [role for role, name, _ in tree if role in CONTROLS and not name] == []
        assert of(tree, "main") == [""] or "dialog:" in sight.name


@pytest.mark.guide("R46")
def test_every_button_of_a_row_says_what_it_acts_on(page):
    for row in page.locator(".row").all():
        place = row.locator(".place > span").first
        name = row.locator(".name").evaluate("(name) => name.firstChild.textContent.trim()")
        where = place.inner_text() if place.count() else ""
        acts_on = f"{name}, {where}" if where else name
        names = [button.evaluate(SPOKEN) for button in row.locator("button").all()]
        names = [each for each in names if each != "Logout"]
        assert [each for each in names if acts_on not in each] == []
        assert bool(names) == (row.locator(".badge").count() == 0)


SPOKEN = "(button) => button.textContent.replace(/\\s+/g, ' ').trim()"


def test_the_buttons_are_named_as_the_guide_and_the_design_have_it(page):
    buttons = of(told(page), "button")
    for name in (
        "Refresh Sessions",
        "Logout",
        "Revoke Firefox on Windows, Adelaide, SA, AU",
        "This wasn’t me : end Firefox on Windows, Adelaide, SA, AU",
        "It was me : Safari on iPadOS, San Francisco, CA, US",
        "Keep it : Edge on Windows, Austin, TX, US",
        "Revoke Watchpost, Dublin, IE",
        "Logout All Devices",
        "Log out all other devices",
    ):
        assert name in buttons


def test_what_opens_details_says_of_what(page):
    names = of(told(page), "DisclosureTriangle")
    assert "Web session since 20 Oct : details of Safari on iOS, Lisbon, PT" in names
    assert "Consented at 2 Sep : details of Porter, Ashburn, VA, US" in names


def test_pictures_are_told_in_words(page):
    images = of(told(page), "image")
    assert images[0] == (
        "Map of 9 places where your sessions are. The local network has no place on it. "
        "The list of places follows."
    )
    assert "Used on 1 day of the last 30 days, last today" in images
    assert images.count("last part hidden") == 21


def test_the_current_row_is_told_as_current_and_its_badge_is_text(page):
    row = page.get_by_role("listitem").filter(has=page.get_by_role("heading", name="Current"))
    expect(row).to_have_attribute("aria-current", "true")
    expect(row.get_by_text("Current", exact=True)).to_be_visible()


def test_what_happens_is_said_once_and_politely(gallery, page):
    status = page.locator("#announce")
    expect(status).to_have_attribute("role", "status")
    other = gallery.newcomer()
    expect(page.locator("#notes .note")).to_be_visible()
    expect(status).to_contain_text("A new session just started. Firefox on Windows, San Francisco, CA, US.")
    page.get_by_role("link", name="Show it").click()
    page.locator(f"#s-{other} .btn-end").click()
    page.get_by_role("button", name="Revoke session").click()
    expect(status).to_have_text("Firefox on Windows has been signed out.")


def test_a_dialog_is_told_by_its_question_and_everything_behind_it_is_silent(page):
    page.get_by_role("button", name="Revoke Example Sync on Windows").click()
    dialog = page.get_by_role("dialog", name="Revoke this session?")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("Example Sync on Windows")
    tree = told(page)
    assert of(tree, "button") == ["Revoke session"] or of(tree, "button") == ["Cancel", "Revoke session"]
    assert "Active Sessions" not in of(tree, "heading")


def test_long_names_are_told_whole(gallery):
    with gallery.browser(WIDE) as browser:
        page = gallery.signed_in(browser, WORDY).tab()
        names = [name for name in of(told(page), "button") if name.startswith("Revoke ")]
        assert any(len(name) > 120 for name in names)
