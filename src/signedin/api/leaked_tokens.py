"""`POST /v1/leaked-tokens`: what a secret scanner has found is ended, and nobody is told what was among it.

The body is that of GitHub's secret scanning partner programme. Its signature is not asked for: who holds a living
token may end it, and who holds none ends nothing.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import post
from litestar.di import NamedDependency
from litestar.response.base import ASGIResponse

from signedin.actions.end_leaked import end_leaked
from signedin.api.answering import body_of, empty, refuse_unknown
from signedin.api.asking import Ask, arrival_of
from signedin.api.call import Call, Caller, described
from signedin.gate.keep import Kept

MOST = 100


class FoundToken(msgspec.Struct, forbid_unknown_fields=True):
    """One finding, with the fields that scanners send beside the token: none of those is needed, and none is kept."""

    token: Annotated[str, msgspec.Meta(max_length=200)]
    type: str = ""
    url: str = ""
    source: str = ""

    def __repr__(self) -> str:
        """Without the token."""
        return "FoundToken()"


Findings = Annotated[list[FoundToken], msgspec.Meta(max_length=MOST)]


_CALL = Call(Caller.ANYBODY, takes=Findings, status=204)


@post("/v1/leaked-tokens", status_code=200, opt=described(_CALL))
async def leaked_tokens(request: Ask, kept: NamedDependency[Kept]) -> ASGIResponse:
    """End the keys and sessions among the tokens: 204, whatever there was."""
    refuse_unknown(request, set())
    found: list[FoundToken] = await body_of(request, Findings)
    await end_leaked(kept.means, [each.token for each in found], arrival_of(request).now)
    return empty()


ROUTES = [leaked_tokens]
