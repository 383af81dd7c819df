"""What the menu of Settings says beside the names of its pages."""

from __future__ import annotations

from typing import Any

from signedin.actions.list_sessions import count_own
from signedin.web.door import Ask, Door, now_of


async def menu_counts(request: Ask, door: Door) -> dict[str, Any]:
    """How much is signed in, and how many access keys there are, as the layout takes them; a part of a page has no menu."""
    if "signedin-partial" in request.headers:
        return {}
    counts = await count_own(door.means, door.signed_in(request), now_of(request))
    return {"row_count": counts.total, "key_count": counts.access_keys}
