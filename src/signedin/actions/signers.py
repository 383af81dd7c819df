"""The pairs of keys that this process signs with, as it last read them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from joserfc.jwk import Key

from signedin.actions.read_statement import key_in
from signedin.rules.signing import REMEMBERED
from signedin.store import signing_keys
from signedin.store.signing_keys import SigningKey

if TYPE_CHECKING:
    from signedin.actions.means import Means

PURPOSE = "signing-key"


@dataclass(slots=True)
class Signers:
    """What was read, and when; the private parts are opened once each, and forgotten with the process."""

    pairs: list[SigningKey] = field(default_factory=list)
    read_at: datetime | None = None
    # Litestar reads what its routes are given down to the last field, and cannot read a union of keys.
    opened: dict[str, Any] = field(default_factory=dict, repr=False)

    async def known(self, means: Means, now: datetime, *, anew: bool = False) -> list[SigningKey]:
        """The pairs there are, the newest first; read again when that was a while ago."""
        age = None if self.read_at is None else abs(now - self.read_at)
        if anew or not self.pairs or age is None or age >= REMEMBERED:
            self.pairs = await means.database.read(signing_keys.every)
            self.read_at = now
            kept = {each.id for each in self.pairs}
            self.opened = {name: key for name, key in self.opened.items() if name in kept}
        return self.pairs

    def private(self, means: Means, pair: SigningKey) -> Key | None:
        """The private part of a pair; `None` when this keyring cannot open it."""
        if pair.id not in self.opened:
            plain = means.keyring.decrypt(PURPOSE, 0, pair.sealed)
            if plain is None:
                return None
            self.opened[pair.id] = key_in(json.loads(plain))
        key: Key = self.opened[pair.id]
        return key
