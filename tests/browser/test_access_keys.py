"""Settings > Access keys as a person uses it, with scripts and without."""

from __future__ import annotations

import base64
import re

import pytest
from playwright.sync_api import expect

from browser.browsers import button
from people import ADA, PASSWORD

KEYS = "/settings/access-keys"


def made(page, name="backup-nightly"):
    """A key made by the form; returns what is shown of it."""
    page.get_by_text("Create an access key").click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("See where your account is signed in").check()
    button(page, "Create access key").click()
    expect(page.get_by_role("heading", name="Copy your new access key now")).to_be_focused()
    return page.locator("#new-key-value").inner_text()


def answer_to(house, token):
    return house.browser().http.get("/v1/sessions", headers={"authorization": f"Bearer {token}"}).status_code


@pytest.mark.guide("R88", "R26")
@pytest.mark.security("T4", "14.2.2")
def test_a_key_is_made_copied_and_never_seen_again(house, laptop):
    laptop.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = laptop.signed_in().tab()
    page.get_by_role("paragraph").get_by_role("link", name="Access keys").click()
    token = made(page)
    assert answer_to(house, token) == 200
    button(page, "Copy").click()
    expect(button(page, "Copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == token
    page.get_by_role("link", name="I have copied it").click()
    expect(page.locator(".row .name")).to_have_text("backup-nightly")
    assert token not in page.content()
    page.go_back()
    expect(page.get_by_role("heading", name="Access keys", level=1)).to_be_visible()
    assert token not in page.content()


@pytest.mark.security("T4")
@pytest.mark.parametrize("has_scripts", [True, False], ids=["with scripts", "without"])
def test_reloading_the_page_that_shows_a_key_makes_no_second_one(house, browsers, has_scripts):
    page = browsers("laptop", java_script_enabled=has_scripts).signed_in().tab(KEYS)
    token = made(page)
    page.reload()
    expect(page.get_by_role("status").filter(has_text="No second access key was made")).to_be_visible()
    expect(page.locator(".row .name")).to_have_text(["backup-nightly"])
    assert token not in page.content()
    page.reload()
    expect(page.locator(".row .name")).to_have_text(["backup-nightly"])
    assert answer_to(house, token) == 200


def test_a_double_click_makes_one_key_and_shows_it(house, laptop):
    page = laptop.signed_in().tab(KEYS)
    page.get_by_text("Create an access key").click()
    page.get_by_label("Name", exact=True).fill("backup-nightly")
    button(page, "Create access key").dblclick()
    expect(page.get_by_role("heading", name="Copy your new access key now")).to_be_visible()
    expect(page.locator(".row .name")).to_have_text(["backup-nightly"])


@pytest.mark.parametrize("has_scripts", [True, False], ids=["with scripts", "without"])
def test_a_key_is_revoked_after_a_question_that_names_it(house, browsers, has_scripts):
    laptop = browsers("laptop", java_script_enabled=has_scripts)
    page = laptop.signed_in().tab(KEYS)
    token = made(page)
    page.goto(KEYS)
    button(page, "Revoke", "backup-nightly").click()
    asked = (
        page.get_by_role("dialog", name="Revoke this access key?")
        if has_scripts
        else page.locator(".dialog-page")
    )
    expect(asked).to_contain_text(f"sgn_key_…{token[-4:]}")
    asked.get_by_role("link", name="Cancel").click()
    assert answer_to(house, token) == 200
    button(page, "Revoke", "backup-nightly").click()
    button(asked, "Revoke access key").click()
    expect(page.get_by_role("status").first).to_contain_text(
        "The access key backup-nightly has been revoked."
    )
    expect(page.get_by_role("heading", name="You have no access keys")).to_be_visible()
    assert answer_to(house, token) == 401


@pytest.mark.guide("D17")
def test_who_signed_in_long_ago_enters_the_password_once_more(house, laptop, clock):
    laptop.signed_in()
    clock.move(hours=1)
    page = laptop.tab(KEYS)
    page.get_by_text("Create an access key").click()
    page.get_by_label("Name", exact=True).fill("backup-nightly")
    page.get_by_label("Your password").fill("not this one")
    laptop.expects("403")
    button(page, "Create access key").click()
    expect(page.get_by_role("alert")).to_contain_text("The password is wrong.")
    expect(page.get_by_role("alert")).to_be_focused()
    expect(page.get_by_label("Name", exact=True)).to_have_value("backup-nightly")
    page.get_by_label("Your password").fill(PASSWORD)
    button(page, "Create access key").click()
    expect(page.locator("#new-key-value")).to_have_text(re.compile("^sgn_key_"))


@pytest.mark.guide("R60", "R57")
def test_logging_out_all_devices_leaves_the_key_alone(house, laptop):
    page = laptop.signed_in().tab(KEYS)
    token = made(page)
    page.goto("/settings/sessions")
    button(page, "Logout All Devices").click()
    asked = page.get_by_role("dialog")
    expect(asked).to_contain_text("1 access key")
    button(asked, "Logout All Devices").click()
    expect(page.get_by_role("heading", name="Sign in", level=1)).to_be_visible()
    assert answer_to(house, token) == 200
    laptop.signed_in(ADA)
    page.goto(KEYS)
    expect(page.locator(".row .name")).to_have_text("backup-nightly")


COLOURS = """async (png) => {
  const picture = await createImageBitmap(await (await fetch("data:image/png;base64," + png)).blob());
  const paper = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
  paper.drawImage(picture, 0, 0);
  const dots = paper.getImageData(0, 0, picture.width, picture.height).data;
  return [...new Set(Array.from({ length: dots.length / 4 }, (_, n) => dots.slice(4 * n, 4 * n + 3).join(", ")))];
}"""


@pytest.mark.parametrize(("width", "outside"), [(1280, 3), (390, -2)], ids=["wide", "narrow"])
def test_the_ring_of_the_focus_is_whole_in_the_menu_of_settings(house, browsers, width, outside):
    browser = browsers("laptop", viewport={"width": width, "height": 800})
    page = browser.signed_in().tab(KEYS)
    blank = browser.chromium.new_page()
    link = page.get_by_role("navigation").get_by_role("link", name="Sessions")
    page.get_by_role("navigation").get_by_role("link", name="Activity").focus()
    page.keyboard.press("Shift+Tab")
    expect(link).to_be_focused()
    ring = link.evaluate("(link) => getComputedStyle(link).outlineColor.match(/[0-9]+/g).join(', ')")
    box = link.bounding_box()
    for y in (box["y"] - outside, box["y"] + box["height"] + outside - 1):
        line = page.screenshot(
            clip={"x": box["x"] + 8, "y": round(y), "width": box["width"] - 16, "height": 1}
        )
        assert blank.evaluate(COLOURS, base64.b64encode(line).decode()) == [ring]
    blank.close()
