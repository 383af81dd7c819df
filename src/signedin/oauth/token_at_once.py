"""`/oauth/token`, answered in front of the framework and behind the gate: by the same steps, with the same refusals."""

from __future__ import annotations

from signedin.actions.means import Means
from signedin.gate.arrival import Arrival
from signedin.gate.middleware import App, Receive, Refuse, Scope, Send
from signedin.oauth.at_once import again, is_post_to, plain, tell
from signedin.oauth.form import read_form
from signedin.oauth.token import PATH, exchanged


class TokenAtOnce:
    """ASGI middleware right in front of the framework, which reads what is no plain form."""

    def __init__(self, app: App, means: Means, base_url: str, refuse: Refuse) -> None:
        self._app, self._means, self._base_url, self._refuse = app, means, base_url, refuse

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or pass on with all that has been read."""
        if not is_post_to(scope, PATH):
            await self._app(scope, receive, send)
            return
        first, headers = await receive(), scope["headers"]
        body = plain([value for name, value in headers if name == b"content-type"], first)
        if body is None:
            await self._app(scope, again(first, receive), send)
            return
        arrival: Arrival = scope["signedin"]
        arrival.is_quiet = True
        try:
            told = await exchanged(self._means, self._base_url, arrival, headers, read_form(body))
        except Exception as error:  # noqa: BLE001  # a bug too: nothing is begun a second time behind this
            await self._refuse(scope, receive, send, error)
            return
        await tell(send, told)
