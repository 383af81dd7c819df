"""`make demo`: a believable account on a database of its own, so that one sees the whole guide at once."""

from __future__ import annotations

import asyncio
import random
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from operator import itemgetter
from pathlib import Path

import click
import sqlalchemy as sa

from signedin.actions import issue_key
from signedin.actions.appoint import appoint_from_shell
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.actions.means import Means
from signedin.actions.note_use import flush
from signedin.actions.organisations import add_member_from_shell, make_from_shell
from signedin.actions.set_policy import set_policy_from_shell
from signedin.rules.access_key import Wish
from signedin.rules.account import Account, AccountId
from signedin.rules.activity import DAYS, DayLevels
from signedin.rules.client import Authentication, Client, ClientKind, GrantType
from signedin.rules.consent import Consent
from signedin.rules.event import Event, EventKind
from signedin.rules.location import mask_address
from signedin.rules.operator import Role
from signedin.rules.policy import TooMany
from signedin.rules.policy_wish import Wish as PolicyWish
from signedin.rules.registration import judge
from signedin.rules.secret import make_session_id
from signedin.rules.session import AppType, Origin, SessionId
from signedin.server.app import build
from signedin.server.demo_places import DEMO_PLACES_FILE
from signedin.server.demo_rows import APPS, DEVICES, KEYS, DemoApp, DemoKey
from signedin.server.demo_story import Step, Story
from signedin.server.means import utc_now
from signedin.server.server import Server
from signedin.server.serving import serve
from signedin.server.settings import Settings
from signedin.store import accounts, clients, consents, journal

EMAIL = "ines@halloran.example"
NAME = "Ines Halloran"
OPERATOR = "rosa@signedin.example"
ORGANISATION = "Tidewater Marine"
MOST = 1 + sum(each.app_type is AppType.WEB and not each.has_logged_out for each in DEVICES)
"""Web sessions that the demo's organisation allows at once: those that are there, and that of whoever tries the demo."""


@dataclass(frozen=True, slots=True)
class Filled:
    """The demo's account and how to sign in to it."""

    account: Account
    password: str


def serve_demo(settings: Settings, host: str, port: int) -> None:
    """Make the demo's database anew, print how to sign in, and serve it.

    Raises:
        PortTaken: nobody can be served there; a demo that runs already is left alone.
    """

    def ready(server: Server) -> None:
        filled, operator = asyncio.run(_fill_all(server.means, utc_now()))
        click.echo(f"The Signedin demo is at {server.settings.base_url}")
        click.echo(f"Sign in as {EMAIL} with the password: {filled.password}")
        click.echo(
            f"Operators help people at {server.settings.base_url}/admin: {OPERATOR}, password {operator}"
        )
        click.echo(
            f"{ORGANISATION} allows {MOST} web sessions at once: sign in a second time, and it asks which ends."
        )

    serve(settings, lambda chosen: build(_emptied(chosen)), ready, host, port)


def _emptied(settings: Settings) -> Settings:
    """The settings of the demo: everything in a folder of its own, no mail to anybody, and no database yet."""
    folder = Path("var/demo")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for old in folder.glob("demo.db*"):
        old.unlink()
    return replace(
        settings,
        database_url=folder / "demo.db",
        secret_file=folder / "secret.json",
        geo_db=DEMO_PLACES_FILE,
        mail_dir=folder / "mail",
        smtp_url="",
    )


async def fill(means: Means, now: datetime) -> Filled:
    """Fill an empty database by the real actions where they exist, in the order in which it all happened.

    Nobody can be asked for consent here, so those rows are written as a page would have made them.
    """
    password = _made_up()
    account = await add_by_operator(means, Applicant(EMAIL, NAME, password), now - timedelta(days=420))
    await means.database.write(_mark_demo, account.id)
    chance = random.Random(7)  # noqa: S311  # believable bars, not secrets
    steps = [*Story(means, account, now).steps(chance), *_others(means, account.id, now, chance)]
    for _, step in sorted(steps, key=itemgetter(0)):
        await step()
    return Filled(account, password)


async def _fill_all(means: Means, now: datetime) -> tuple[Filled, str]:
    filled = await fill(means, now)
    await add_organisation(means, now)
    return filled, await add_operator(means, now)


async def add_organisation(means: Means, now: datetime) -> None:
    """An organisation with a rule that lets one more browser sign in, and asks at the next which session ends.

    Raises:
        NotFound: there is no account yet that could belong to it.
    """
    await make_from_shell(means, ORGANISATION, now)
    await add_member_from_shell(means, ORGANISATION, EMAIL, now)
    wanted = PolicyWish(most=MOST, too_many=TooMany.ASK.value)
    await set_policy_from_shell(means, ORGANISATION, AppType.WEB.value, wanted, now)


async def add_operator(means: Means, now: datetime) -> str:
    """An owner, so that one also sees the console; returns their password."""
    password = _made_up()
    began = now - timedelta(days=420)
    await add_by_operator(means, Applicant(OPERATOR, "Rosa Castellanos", password), began)
    await appoint_from_shell(means, OPERATOR, Role.OWNER, began)
    return password


def _made_up() -> str:
    return "-".join(secrets.choice(_WORDS) for _ in range(5))


def _mark_demo(conn: sa.Connection, account_id: AccountId) -> None:
    conn.execute(
        accounts.accounts.update().where(accounts.accounts.c.account_id == account_id).values(is_demo=True)
    )


def _others(means: Means, account_id: AccountId, now: datetime, chance: random.Random) -> Iterator[Step]:
    """The consents and the access keys."""
    for app in APPS:
        consent = partial(means.database.write, _consent, means, account_id, app, now, chance)
        yield now - app.age, consent
    for key in KEYS:
        yield now - timedelta(days=key.age), partial(_key, means, account_id, key, now)


def _days(began_at: datetime, last_at: datetime, busy: float, chance: random.Random) -> DayLevels:
    days = DayLevels(last_day=last_at.date()).noted(last_at.date(), chance.randint(3, 12))
    for back in range(1, DAYS):
        day = last_at.date() - timedelta(days=back)
        if day >= began_at.date() and (chance.random() < busy or day == began_at.date()):
            days = days.noted(day, chance.randint(1, 40))
    return days


def _consent(
    conn: sa.Connection,
    means: Means,
    account_id: AccountId,
    app: DemoApp,
    now: datetime,
    chance: random.Random,
) -> None:
    client_id = f"demo-{app.name.lower().replace(' ', '-')}"
    clients.add(conn, _client(client_id, app, now))
    origin = Origin(mask_address(app.address), means.places.locate(app.address))
    consented_at, last_at = now - app.age, now - app.idle
    consent = Consent(
        id=SessionId(make_session_id(account_id, means.keyring.way_keys)), account_id=account_id,
        client_id=client_id, client_name=app.name, client_description=app.description,
        consented_at=consented_at, scopes=app.scopes, idle=means.lifetimes.of(AppType.OAUTH).idle,
        first_proof=accounts.history_number(conn, account_id), days=_days(consented_at, last_at, app.busy, chance), last_at=last_at,
        last_from=origin, tokens=1, logo=app.logo,
        changed_at=now - timedelta(days=6) if "sessions:manage" in app.scopes else None,
    )  # fmt: skip
    consents.add(conn, consent)
    facts: dict[str, object] = {"app_type": "oauth", "client": client_id, "scopes": list(app.scopes)}
    event = Event(EventKind.CONSENT_GIVEN, consented_at, consent.id, None, facts, {"device": app.name})
    journal.record(conn, account_id, event)


def _client(client_id: str, app: DemoApp, now: datetime) -> Client:
    """The app as it was registered, before anybody used it; its logo is one of the sprite's."""
    usual = {GrantType.CODE, GrantType.REFRESH}
    host = re.sub(r"[^a-z0-9]+", "-", client_id).strip("-")
    wanted = Client(
        client_id, app.name, ClientKind.THIRD_PARTY, Authentication.NONE, frozenset(usual), frozenset(app.scopes),
        now - app.age - timedelta(days=60), app.description, redirect_uris=(f"https://{host}.example/back",),
        is_verified=True,
    )  # fmt: skip
    return replace(judge(wanted), logo=app.logo)


async def _key(means: Means, account_id: AccountId, key: DemoKey, now: datetime) -> None:
    """Issue it, and use it about as often as it says, each time some hours later in the day."""
    wish, at = Wish(key.name, key.scopes), now - timedelta(days=key.age)
    issued = await means.database.write(issue_key.add, means, account_id, wish, at)
    chance = random.Random(key.name)  # noqa: S311  # believable bars, not secrets
    for back in range(min(key.age, DAYS) - 1, 0, -1):
        if chance.random() < key.busy:
            used_at = now - timedelta(days=back) + timedelta(hours=chance.uniform(12, 20))
            means.recent.note(account_id, issued.key.id, key.address, used_at)
            await flush(means.recent, means.database, means.keyring, means.places)


_WORDS = (
    "amber", "basin", "cedar", "delta", "ember", "fjord", "grove", "harbor", "island", "juniper", "kettle",
    "lantern", "meadow", "nectar", "orchard", "pebble", "quartz", "ribbon", "saddle", "thistle", "umber",
    "velvet", "willow", "yonder", "zephyr", "anchor", "bramble", "copper", "drizzle", "falcon", "ginger",
    "hollow", "ivory", "kestrel",
)  # fmt: skip
