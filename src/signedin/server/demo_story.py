"""The demo's story: its devices sign in, are used, recognised and logged out, told to the real actions."""

from __future__ import annotations

import random
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import sqlalchemy as sa

from signedin.actions.means import Means
from signedin.actions.note_failed import write_failed_of, wrong_password
from signedin.actions.review import recognise
from signedin.actions.revoke import log_out
from signedin.actions.sign_in import Begun, Ticks, Visit, begin
from signedin.gate.user_agent import read_device, ruleset
from signedin.rules.account import Account
from signedin.rules.activity import DAYS
from signedin.rules.device import DeviceKind
from signedin.rules.presence import Presence
from signedin.rules.session import AppType
from signedin.server.demo_hours import demo_hours
from signedin.server.demo_rows import DEVICES, DemoDevice
from signedin.store import accounts, activity, used_hours
from signedin.store.activity import Use

Step = tuple[datetime, Callable[[], Coroutine[Any, Any, None]]]
"""When, and what."""

_KINDS = {AppType.SYNC: DeviceKind.SYNC, AppType.ADMIN: DeviceKind.ADMIN}
_SOON, _JUST_NOW = timedelta(minutes=10), timedelta(minutes=1)


@dataclass(slots=True)
class Story:
    """What became of the devices until `now`; its steps are to be done oldest first, so that every flag comes
    from what had happened until then.
    """

    means: Means
    account: Account
    now: datetime
    begun: dict[int, Begun] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    used: list[Use] = field(default_factory=list)

    def steps(self, chance: random.Random) -> Iterator[Step]:
        """Everything that happens to the devices."""
        for device in DEVICES:
            yield from self._steps_of(device, chance)
        yield self.now, self._write_uses
        yield self.now, self._keep_hours

    def _steps_of(self, demo: DemoDevice, chance: random.Random) -> Iterator[Step]:
        began_at, last_at = self.now - demo.age, self.now - demo.idle
        yield began_at, partial(self._begin, demo, began_at)
        if demo.is_recognised:
            yield began_at + _SOON, partial(self._look, demo, began_at + _SOON)
        for back in range(1, DAYS):
            at = last_at - timedelta(days=back)
            if at > began_at and chance.random() < demo.busy:
                yield at, partial(self._use, demo, at, chance.randint(1, 40))
        yield last_at, partial(self._use, demo, last_at, chance.randint(3, 12))
        if demo.is_kept:
            yield self.now - timedelta(days=1), partial(self._keep, demo, self.now - timedelta(days=1))
        if demo.has_logged_out:
            yield last_at + _SOON, partial(self._log_out, demo, last_at + _SOON)

    async def _begin(self, demo: DemoDevice, at: datetime) -> None:
        device = read_device(demo.user_agent, {}, demo.app_name or None, _KINDS.get(demo.app_type))
        await self._write_uses()
        for _ in range(demo.guesses):
            wrong_password(self.means, self.account, demo.app_type, demo.address, device, at - _JUST_NOW)
        await write_failed_of(self.means, self.account.id, at)
        visit = Visit(demo.address, demo.user_agent, device, ruleset(), self.marks.get(demo.browser))
        self.begun[id(demo)] = begun = await self.means.database.write(self._signed_in, visit, demo, at)
        if begun.browser_token:
            self.marks[demo.browser] = begun.browser_token

    def _signed_in(self, conn: sa.Connection, visit: Visit, demo: DemoDevice, at: datetime) -> Begun:
        first_proof = accounts.history_number(conn, self.account.id)
        ticks = Ticks(remember=bool(demo.browser))
        return begin(conn, self.means, self.account, visit, ticks, first_proof, at, app_type=demo.app_type)

    async def _look(self, demo: DemoDevice, at: datetime) -> None:
        """The owner is told of what was noticed, and says "It was me"."""
        if self.begun[id(demo)].session.noticed:
            await self._keep(demo, at)

    async def _keep(self, demo: DemoDevice, at: datetime) -> None:
        await self._write_uses()
        presence = self._presence(demo, at)._replace(current_id=None)
        await recognise(self.means, presence, self.begun[id(demo)].session.id, at)

    async def _use(self, demo: DemoDevice, at: datetime, times: int) -> None:
        self.used.append(Use(self.account.id, self.begun[id(demo)].session.id, at, times))

    async def _write_uses(self) -> None:
        """Notes of use are gathered, as the server does, and written before something depends on them."""
        await self.means.database.note(_note_in_turn, self.used)
        self.used = []

    async def _keep_hours(self) -> None:
        await self.means.database.write(used_hours.put, self.account.id, demo_hours(self.now))

    async def _log_out(self, demo: DemoDevice, at: datetime) -> None:
        await self._write_uses()
        await log_out(self.means, self._presence(demo, at), at)

    def _presence(self, demo: DemoDevice, at: datetime) -> Presence:
        return Presence(self.account.id, self.begun[id(demo)].session.id, demo.app_type, at)


def _note_in_turn(conn: sa.Connection, uses: list[Use]) -> None:
    """Each by itself: there are several of one session here."""
    for use in uses:
        activity.note(conn, [use])
