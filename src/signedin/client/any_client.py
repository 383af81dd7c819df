"""The client library as an app holds it: what asynchronous and threaded apps set up and ask alike."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable
from datetime import timedelta

from signedin.client.address import Address
from signedin.client.answers import NotSignedIn, SignedIn
from signedin.client.asking import Credential, GivenHeaders, Question
from signedin.client.clock import boot_clock
from signedin.client.feed import Asks
from signedin.client.fork import leave_alone, watch
from signedin.client.knowing import ASK_WITHIN, Knowing
from signedin.client.opened import Open
from signedin.client.session_cookie import SessionCookie
from signedin.client.wires import Wires
from signedin.rules.ending import Ending
from signedin.rules.sent import digest_at_once
from signedin.rules.session import AppType

SESSION_TYPES = frozenset(AppType) - {AppType.OAUTH}


class AnyClient:
    """Answers for sessions of a Signedin service in another process, from memory while it holds a lease.

    `base_url` is where this process reaches the service, which may be an inner address and need not be the one that
    people use. `app_types` are the ones that are let in (D12), and `key` is a service key with the scope
    `sessions:check` for them. The service tells in which cookie its sessions come; `cookie` names another. `tls`
    verifies an https address by something else than what this machine trusts; `socket` is a Unix socket that leads
    there.
    `ask_within` is how long a request waits for the service, until nobody is let in because it cannot be known.
    `outage_grace` lets sessions that are known live on for that long while the service cannot be asked: then an
    ending does not hold here until it can (P2); without it nobody is let in meanwhile.

    Raises:
        ValueError: the address, the key or an app type is none, or no time is left to ask in.
    """

    def __init__(
        self, base_url: str, key: str, app_types: Iterable[str] = ("web",), *, cookie: str | None = None,
        outage_grace: timedelta | None = None, ask_within: timedelta = ASK_WITHIN, tls: ssl.SSLContext | None = None,
        socket: str | None = None,
        clock: Callable[[], float] | None = None, carried_by: Asks | None = None,
    ) -> None:  # fmt: skip
        self._address = Address.of(base_url, tls=tls, socket=socket)
        self._app_types = tuple(sorted(AppType(each).value for each in app_types))
        if not self._app_types or not set(self._app_types) <= {each.value for each in SESSION_TYPES}:
            raise ValueError("app_types names at least one type of session, like web")
        if not key.isascii() or not key.isprintable() or not key or " " in key:
            raise ValueError("this is no service key")
        if ask_within <= timedelta():
            raise ValueError("ask_within is a span of time")
        self._ask_within = ask_within
        self._key, self._grace, self._carried_by = key, outage_grace, carried_by
        self._clock = clock or boot_clock()
        self._cookie = SessionCookie(base_url, cookie)
        self._knowing = self._begun()
        self._begin_to_ask()
        watch(self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._address.named}>"

    @property
    def guarantee(self) -> str:
        """What is promised of endings at this moment, in a sentence."""
        return self._knowing.guarantee

    @property
    def may_answer(self) -> bool:
        """Whether it holds a lease, and so answers from memory."""
        return self._knowing.memory.may_answer

    def known(self, headers: GivenHeaders, address: str = "", agent: str = "") -> SignedIn | None:
        """Somebody, if memory can say so now; `None` means: `check`. Waits for nothing, so it may be called anywhere."""
        digest = digest_at_once(headers, self._cookie.sought)
        if digest is not None:
            return self._knowing.known(digest, address, agent)
        credential = self._cookie.credential(headers)
        if isinstance(credential, NotSignedIn):
            return None
        return self._knowing.known(credential.digest, address, agent)

    def on_end(self, listener: Callable[[Ending], object]) -> None:
        """Call this in the feed's own thread with every ending that is heard of; connections have `hold_open`."""
        self._knowing.opened.listeners.append(listener)

    def release(self, one: Open) -> None:
        """An open connection was closed by whoever opened it."""
        self._knowing.opened.remove(one)

    def begin_anew(self) -> None:
        """In a forked process: another node, with an empty memory and connections of its own."""
        before, self._knowing = self._knowing, self._begun()
        self._knowing.opened.listeners += before.opened.listeners
        leave_alone(before)
        self._begin_to_ask()

    def _begin_to_ask(self) -> None:
        """Have what questions are asked with."""

    def _begun(self) -> Knowing:
        wires = self._carried_by or Wires(self._address)
        return Knowing(
            self._address, self._key, self._app_types, self._cookie, wires, self._clock, self._grace,
            self._ask_within,
        )  # fmt: skip

    def _asked(self, headers: GivenHeaders, address: str, agent: str, scope: str) -> Question | NotSignedIn:
        credential = self._cookie.credential(headers, scope)
        return (
            credential if isinstance(credential, NotSignedIn) else Question(credential, address, agent, scope)
        )

    def _hold_open(
        self, headers: GivenHeaders, close: Callable[[str], object], scope: str = "", address: str = ""
    ) -> Open:
        credential = self._cookie.credential(headers, scope)
        if not isinstance(credential, Credential):
            one = Open(b"", Question(Credential("", b"", by_cookie=False, is_session=False)), close)
            one.end(credential.reason)
            return one
        self._knowing.start()
        return self._knowing.hold_open(Question(credential, address, scope=scope), close)
