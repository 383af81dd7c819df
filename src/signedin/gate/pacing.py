"""How many calls one caller makes in a minute: more are refused, and each answer says how many are left.

Counted in this process and forgotten with it: it keeps one caller from taking what all need, and proves nothing.
Guesses at secrets are counted elsewhere and for longer (`guessing.py`, `store/limits.py`).
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime

from signedin.gate.arrival import Arrival
from signedin.gate.middleware import App, Message, Receive, Refuse, Scope, Send
from signedin.rules.attempts import network_of
from signedin.rules.errors import TooManyRequests
from signedin.rules.pace import Bucket, Pace

MOST_CALLERS = 50_000
APPS_MORE = 10
"""An app calls for all of its people."""
FOR_ANYBODY = 60
ASKS_NOBODY = frozenset({"/v1/leaked-tokens"})
"""Calls for which nobody has to be known, counted by the network that they come from."""
KEPT_FOR_A_WHILE = frozenset({"/oauth/authorize", "/oauth/end_session"})
"""What anybody's browser can be led to with a request that is kept until somebody has decided."""
PUSHED = "/oauth/par"
"""A client's own server pushes for all of its people."""
STRANGERS = 300
"""Such requests from one network of people who are not signed in: a whole office may begin its day at once."""
UNCOUNTED = "/v1/feed"
"""Client libraries call as often as they are told to, once a second each."""


class Pacing:
    """ASGI middleware between the gate and the doors."""

    def __init__(self, app: App, refuse: Refuse, calls: int) -> None:
        self._app = app
        self._refuse = refuse
        self._people, self._apps = Pace(calls), Pace(calls * APPS_MORE)
        self._anybody, self._strangers = Pace(FOR_ANYBODY), Pace(STRANGERS)
        self._left: OrderedDict[str, Bucket] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is in time, and tell of the pace."""
        counted = self._counted(scope)
        if counted is None:
            await self._app(scope, receive, send)
            return
        caller, pace = counted
        bucket, retry_at = self._taken(caller, pace, scope["signedin"].now)
        policy, left = pace.said(bucket)
        said = [(b"ratelimit-policy", policy.encode()), (b"ratelimit", left.encode())]

        async def telling(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *said]
            await send(message)

        if retry_at is not None:
            await self._refuse(scope, receive, telling, TooManyRequests(retry_at, limit="calls"))
            return
        await self._app(scope, receive, telling)

    def _counted(self, scope: Scope) -> tuple[str, Pace] | None:
        path = scope.get("path", "")
        if scope["type"] != "http" or path.startswith(UNCOUNTED):
            return None
        arrival: Arrival = scope["signedin"]
        if path == PUSHED:
            return f"pushed from {network_of(arrival.address)}", self._apps
        if path in KEPT_FOR_A_WHILE and arrival.recognised is None:
            return f"strangers from {network_of(arrival.address)}", self._strangers
        if path in ASKS_NOBODY:
            return f"network {network_of(arrival.address)}", self._anybody
        if not path.startswith("/v1/") and path not in KEPT_FOR_A_WHILE:
            return None
        if arrival.service is not None:
            return f"app {arrival.service.key_id}", self._apps
        who = arrival.recognised
        return None if who is None else (f"person {who.key_id or who.current_id}", self._people)

    def _taken(self, caller: str, pace: Pace, now: datetime) -> tuple[Bucket, datetime | None]:
        """What is left after this call; or until when there may be none."""
        before = pace.filled(self._left.pop(caller, None), now)
        after = pace.after_one(before)
        self._left[caller] = after or before
        if len(self._left) > MOST_CALLERS:
            self._left.popitem(last=False)
        return after or before, None if after else pace.next_at(before)
