"""What several tabs of one browser leave to each other."""

from __future__ import annotations

from typing import Any

from litestar import Request


def is_of_another_tab(ask: Request[Any, Any, Any]) -> bool:
    """Whether a page was left for what was done elsewhere, maybe in another tab, which is about to tell it (reading.js)."""
    return "elsewhere" in ask.query_params
