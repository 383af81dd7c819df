"""Pictures of every page and state, kept as what a run leaves behind, to be looked at beside the design."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page

SHOTS = Path(__file__).parents[3] / "test-output" / "shots"
SHAPES = Path(__file__).with_name("shapes.js").read_text()
FEWEST_WORDS, SMALLEST_FILE = 8, 6_000


def keep(page: Page, name: str, width: int, scheme: str) -> None:
    """Keep a picture of the whole page, or of the window when a dialog is open; it must show something."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    file = SHOTS / f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}-{width}-{scheme}.png"
    has_dialog = page.locator("dialog[open]").count() > 0
    picture = page.screenshot(path=file, full_page=not has_dialog, animations="disabled")
    assert len(picture) > SMALLEST_FILE, f"{file.name} is all but empty"
    assert page.evaluate("shapes.words()") >= FEWEST_WORDS, f"{file.name} has nothing to read"
