"""`/admin/health`: what `signedin doctor` finds, with what to do."""

from __future__ import annotations

from collections.abc import Mapping

from litestar import get
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.see_health import Examiner, see_health
from signedin.rules.health import LOOKED_AT
from signedin.rules.wording import marked as _
from signedin.web.admin_page import frame
from signedin.web.door import OPERATORS_HOME, Ask, Door, now_of

PATH = f"{OPERATORS_HOME}/health"
VERDICTS: Mapping[str, tuple[str, str]] = {
    "good": (_("All is well"), _("Good")), "look": (_("Something is worth a look"), _("Worth a look")),
    "bad": (_("Something cannot stay like this"), _("Bad")),
}  # fmt: skip
"""What is said of the whole, and of one finding."""


@get(PATH)
async def health_page(
    request: Ask, door: NamedDependency[Door], examiner: NamedDependency[Examiner]
) -> ASGIResponse:
    """What was found, the worst first."""
    examined = await see_health(door.means, door.signed_in(request), examiner, now_of(request))
    shown = await frame(request, door)
    return door.page(
        request, "admin_health.html", examined=examined, looked_at=LOOKED_AT, verdicts=VERDICTS, **shown
    )


ROUTES = [health_page]
