"""What happens to the list while its page is open: one stream for a browser, however many tabs there are."""

from __future__ import annotations

from litestar import get
from litestar.di import NamedDependency
from litestar.response.streaming import ASGIStreamingResponse

from signedin.gate.following import MEDIA_TYPE, STREAM_HEADERS, Following
from signedin.web.door import Ask, Door, arrival_of


@get("/settings/sessions/events", media_type=MEDIA_TYPE)
async def sessions_stream(
    request: Ask, door: NamedDependency[Door], following: NamedDependency[Following]
) -> ASGIStreamingResponse:
    """The events of the reader's list; the stream ends when their session ends."""
    presence = door.signed_in(request)
    events = await following.begun(arrival_of(request), presence, request.scope["headers"])
    return ASGIStreamingResponse(iterator=events, media_type=MEDIA_TYPE, headers=STREAM_HEADERS)
