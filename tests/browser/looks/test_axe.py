"""axe finds nothing: on every page, in every state, wide and small, light and dark. Pictures are kept."""

from __future__ import annotations

import pytest
from axe_playwright_python.base import AXE_SCRIPT, AxeResults

from browser.looks.gallery import SMALL, WIDE
from browser.looks.pictures import SHAPES, keep
from browser.looks.sights import SIGHTS

EVERY_RULE = "axe.run({resultTypes: ['violations']})"


@pytest.mark.parametrize("sight", [sight for sight in SIGHTS if not sight.is_large], ids=str)
def test_axe_finds_nothing(gallery, sight):
    with gallery.browser(WIDE, reduced_motion="reduce") as browser:
        page = sight.seen(gallery, browser)
        page.evaluate(AXE_SCRIPT)
        page.evaluate(SHAPES)
        for width, height in (WIDE, SMALL):
            page.set_viewport_size({"width": width, "height": height})
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                if width == WIDE[0]:
                    keep(page, sight.name, width, scheme)
                found = AxeResults(page.evaluate(EVERY_RULE))
                assert not found.violations_count, f"{width}, {scheme}: {found.generate_report()}"
