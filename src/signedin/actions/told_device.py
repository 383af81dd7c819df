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
        """As `agent_mac`, by the rules in force."""
        return agent_mac(keyring, agent, self.ruleset)

    def devices(self, conn: sa.Connection, uses: Sequence[Use]) -> dict[tuple[int, str], Device | None]:
        """The device of each use of a session; `None` where it is that of the sign-in.

        A use by an agent in which no device can be read is left out.
        """
        read = {use.key: (use, self.read(use.agent, AppType.WEB, _NOBODYS)) for use in uses}
        told = {key: (use, device) for key, (use, device) in read.items() if device.name != UNKNOWN_DEVICE}
        found = labels.of(conn, [(use.account_id, use.row_id) for use, _ in told.values()]) if told else []
        keyed = {(int(label.account_id), label.session_id): label for label in found}
        return {
            key: None if self._is_of_sign_in(told[key][0].agent, label) else told[key][1]
            for key, label in keyed.items()
        }

    def _is_of_sign_in(self, agent: str, label: Labelled) -> bool:
        here, there = (
            self.read(each, label.app_type, label.device).name for each in (agent, bare(label.said))
        )
        return here == there


def agent_mac(keyring: Keyring, agent: str, ruleset: str) -> bytes:
    """A short keyed digest of an agent as those rules read it, to see whether it is still the same; empty of none."""
    plain = plain_agent(agent)
    return keyring.mac("agent", f"{ruleset}\n{plain}".encode())[:8] if plain else b""


def bare(said: str) -> str:
    """The agent alone, of what a browser said of itself when it signed in."""
    return said.partition("\n")[0]
