"""Every table of the schema in one list: importing this makes the metadata complete."""

from __future__ import annotations

import sqlalchemy as sa

from signedin.store import (
    access_keys,
    accounts,
    activity,
    consents,
    endings,
    host_cookies,
    installation,
    journal,
    limits,
    old_hashes,
    outbox,
    outside,
    services,
    sessions,
    tickets,
    tombstones,
)

TABLES: tuple[sa.Table, ...] = (
    accounts.accounts,
    accounts.addresses,
    accounts.passwords,
    old_hashes.old_hashes,
    accounts.known_browsers,
    accounts.familiar_places,
    outside.outside_directory,
    outside.outside_ids,
    sessions.sessions,
    host_cookies.host_cookies,
    tickets.tickets,
    tombstones.tombstones,
    activity.activity,
    consents.clients,
    consents.consents,
    access_keys.access_keys,
    services.service_keys,
    journal.journal,
    journal.journal_personal,
    outbox.outbox,
    installation.jobs,
    installation.invitations,
    installation.facts,
    limits.attempts,
    endings.endings,
    endings.endings_head,
    endings.nodes,
)
