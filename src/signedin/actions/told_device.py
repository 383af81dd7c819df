"""Which device the agent of a use tells of, beside that of the sign-in (D16).

Kept is the device, never the agent. Like is held against like: a browser tells more of itself at the sign-in page (its
client hints), and an application of one's own has a registered name (R22, R23). So what is compared is what the bare
agent reads as now with what the bare agent of the sign-in reads as; a browser that has got a new version, or that goes
by the name of another in its agent, is the same device.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from signedin.rules.agent import plain_agent
from signedin.rules.device import UNKNOWN_DEVICE, Device, DeviceKind
from signedin.rules.session import AppType
from signedin.store import labels
from signedin.store.activity import Use
from signedin.store.keyring import Keyring
from signedin.store.labels import Labelled

Read = Callable[[str, AppType, Device], Device]
"""Reads a device: what its browser said, the app type, and the label so far."""
_NOBODYS = Device(UNKNOWN_DEVICE, DeviceKind.UNKNOWN)


@dataclass(frozen=True, slots=True)
class ToldDevice:
    """How agents are read: `read` remembers the few that come again and again."""

    read: Read
    ruleset: str

    def mac(self, keyring: Keyring, agent: str) -> bytes:
        """As `agent_mac`; nothing, too, of an agent in which no device can be read."""
        is_read = agent and self._alone(agent).name != UNKNOWN_DEVICE
        return agent_mac(keyring, agent, self.ruleset) if is_read else b""

    def devices(self, conn: sa.Connection, uses: Sequence[Use]) -> dict[tuple[int, str], Device | None]:
        """The device of each use of a session; `None` where it is that of the sign-in."""
        agents = {use.key: use.agent for use in uses}
        found = labels.of(conn, [(use.account_id, use.row_id) for use in uses])
        keyed = (((int(each.account_id), each.session_id), each) for each in found)
        return {key: self._beside(agents[key], label) for key, label in keyed}

    def _beside(self, agent: str, label: Labelled) -> Device | None:
        here, there = (
            self.read(each, label.app_type, label.device).name for each in (agent, bare(label.said))
        )
        return None if here == there else self._alone(agent)

    def _alone(self, agent: str) -> Device:
        return self.read(agent, AppType.WEB, _NOBODYS)


def agent_mac(keyring: Keyring, agent: str, ruleset: str) -> bytes:
    """A short keyed digest of an agent as those rules read it, to see whether it is still the same; empty of none."""
    plain = plain_agent(agent)
    return keyring.mac("agent", f"{ruleset}\n{plain}".encode())[:8] if plain else b""


def bare(said: str) -> str:
    """The agent alone, of what a browser said of itself when it signed in."""
    return said.partition("\n")[0]
