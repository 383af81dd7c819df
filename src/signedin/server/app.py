"""The only place where all parts meet: settings in, an ASGI application out."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial
from typing import Any

from litestar import Litestar
from litestar.di import Provide

from signedin.actions.see_health import Examiner
from signedin.api import access_keys as api_access_keys
from signedin.api import account as api_account
from signedin.api import account_sessions as api_account_sessions
from signedin.api import accounts as api_accounts
from signedin.api import admin_accounts as api_admin_accounts
from signedin.api import admin_endings as api_admin_endings
from signedin.api import admin_operators as api_admin_operators
from signedin.api import admin_organisations as api_admin_organisations
from signedin.api import admin_overview as api_admin_overview
from signedin.api import feed as api_feed
from signedin.api import leaked_tokens as api_leaked_tokens
from signedin.api import sessions as api_sessions
from signedin.api import tickets as api_tickets
from signedin.gate.check import Check
from signedin.gate.client_cors import ClientCors
from signedin.gate.cors import Cors
from signedin.gate.following import Following
from signedin.gate.guessing import Guessing
from signedin.gate.head import Head
from signedin.gate.hosts import Hosts
from signedin.gate.keep import Kept
from signedin.gate.middleware import App, Gate
from signedin.gate.options import Options
from signedin.gate.own_name import OwnName
from signedin.gate.pacing import Pacing
from signedin.gate.recognise import Recogniser
from signedin.gate.security_headers import SecurityHeaders
from signedin.gate.shared_clock import SharedClock
from signedin.gate.spelling import Spelling
from signedin.gate.watch import Watch
from signedin.oauth import device_authorization, introspect, revoke, token, userinfo
from signedin.oauth import discovery as oauth_discovery
from signedin.oauth import jwks as oauth_jwks
from signedin.oauth import par as oauth_par
from signedin.oauth.introspect_at_once import IntrospectAtOnce
from signedin.oauth.token_at_once import TokenAtOnce
from signedin.rules.holding import Lease
from signedin.rules.known import KnownSessions
from signedin.rules.sent import CookieNames
from signedin.rules.ticket import app_hosts
from signedin.server import health, jobs
from signedin.server.doctor import glance
from signedin.server.last_resort import LastResort
from signedin.server.means import open_means, utc_now
from signedin.server.openapi import description
from signedin.server.refusals import exception_handlers, refuser
from signedin.server.server import Clock, Server
from signedin.server.settings import Settings
from signedin.store import accounts, endings
from signedin.store.boot_clock import boot_time
from signedin.web import (
    activity_file,
    activity_page,
    admin_account_page,
    admin_page,
    admin_sign_in_page,
    api_page,
    authorize_page,
    consent_page,
    consent_row_form,
    device_page,
    end_session_page,
    endings_page,
    health_page,
    help_page,
    keys_page,
    language_form,
    logo_file,
    operators_page,
    organisations_page,
    overview_page,
    room_page,
    sessions_page,
    sessions_stream,
    setup_page,
    sign_in_page,
    static_files,
    ticket_page,
    to_app_page,
)
from signedin.web.door import Door
from signedin.web.rendering import environment


def build(settings: Settings, clock: Clock = utc_now, *, setup: str | None = None) -> Server:
    """Put the application together; `setup` is the one-time code, where several processes share one."""
    server = _opened(settings, clock)
    means, recogniser = server.means, server.recogniser
    if means.database.read_now(accounts.is_empty):
        server.setup = setup or "-".join(secrets.token_hex(2).upper() for _ in range(4))
    names = CookieNames.for_base_url(settings.base_url)
    door = Door(
        means, recogniser, names, environment(), settings.base_url, settings.brand_name, settings.support_contact,
        server.setup_code, server.clock, app_hosts(settings.app_hosts),
    )  # fmt: skip
    openapi = api_page.Openapi(description(calls(), settings.base_url))
    guessing = Guessing()
    kept, handlers = Kept(means, names, settings.base_url), exception_handlers(door, guessing)
    routes = [*_pages(), *calls(), *_of_clients(), health.live, health.ready, health.revocation]
    discovery = oauth_discovery.Discovery(settings.base_url, {path for each in routes for path in each.paths})
    pages = Litestar(
        routes,
        dependencies=_provided(server, discovery=discovery, door=door, kept=kept, openapi=openapi),
        exception_handlers=handlers,
        lifespan=[partial(jobs.running, server)],
        openapi_config=None,
        request_max_body_size=1_000_000,
        logging_config=None,
    )
    # Litestar types its scope as a TypedDict.
    framework: App = pages  # type: ignore[assignment]
    refuse, trusted = refuser(handlers), settings.trusted_proxies
    doors = Options(TokenAtOnce(framework, means, settings.base_url, refuse))
    inside = Pacing(doors, refuse, settings.calls_a_minute)
    gate = Gate(inside, means, recogniser, names, trusted, server.clock, refuse, guessing, settings.base_url)
    own = Cors(ClientCors(LastResort(OwnName(gate, settings.base_url)), means), settings.cors_origins)
    ours = SecurityHeaders(own, is_secure=names.is_secure)
    hosts = Hosts(ours, means, settings.base_url, settings.app_hosts, server.clock)
    asked = IntrospectAtOnce(
        Spelling(hosts), means, settings.base_url, server.clock, hosts, is_secure=names.is_secure
    )
    whole = Head(LastResort(asked))
    server.app = Check(whole, means, recogniser, names, trusted, server.clock, guessing, hosts)
    return server


def _provided(server: Server, **ready: object) -> dict[str, Provide]:
    """What routes take by name: what is ready, and what is made for each request."""
    made: dict[str, Callable[[], object]] = {
        "ear": lambda: server.ear,
        "following": lambda: Following(server.means, server.recogniser, server.clock),
        "promises": lambda: health.Promises(server),
    }
    ready["examiner"] = Examiner(partial(glance, server.settings, server.means.database))
    made |= {name: _always(value) for name, value in ready.items()}
    return {name: Provide(make, sync_to_thread=False) for name, make in made.items()}


def _always(value: object) -> Callable[[], object]:
    return lambda: value


def _opened(settings: Settings, clock: Clock) -> Server:
    """What a server has before it has an application: on PostgreSQL a lease, and the time that all share."""
    means = open_means(settings, serving=True)
    if means.lines is None:
        return Server(settings, means, clock, Recogniser(means))
    shared = SharedClock(clock, boot_time)
    while not shared.is_told:  # before anything is judged or swept: this machine's own clock may be wrong
        asked_at = boot_time()
        shared.told(means.database.read_now(endings.database_time), asked_at, boot_time())
    lease = Lease(KnownSessions(boot_time), boot_time, told_time=shared.told)
    chosen: Clock = shared if clock is utc_now else clock
    return Server(
        settings, means, chosen, Recogniser(means, lease.known), lease=lease, watch=Watch(boot_time)
    )


def calls() -> list[Any]:
    """The routes for programs."""
    return [
        *api_sessions.ROUTES, *api_access_keys.ROUTES, *api_account.ROUTES, *api_leaked_tokens.ROUTES,
        *api_feed.ROUTES,
        *api_accounts.ROUTES, *api_account_sessions.ROUTES, *api_tickets.ROUTES, *api_admin_accounts.ROUTES,
        *api_admin_operators.ROUTES, *api_admin_organisations.ROUTES, *api_admin_endings.ROUTES,
        *api_admin_overview.ROUTES,
    ]  # fmt: skip


def _of_clients() -> list[Any]:
    """The routes for clients of OAuth and OpenID Connect."""
    return [
        *oauth_discovery.ROUTES, *oauth_jwks.ROUTES, *oauth_par.ROUTES, *token.ROUTES, *introspect.ROUTES,
        *revoke.ROUTES, *userinfo.ROUTES, *device_authorization.ROUTES,
    ]  # fmt: skip


def _pages() -> list[Any]:
    return [
        sessions_page.home, sessions_page.sessions_page, sessions_page.alive, sessions_page.revoke_page,
        sessions_page.revoke_form, sessions_page.not_me, sessions_page.recognize,
        sessions_page.logout_all_page, sessions_page.logout_all_form, sessions_stream.sessions_stream,
        sign_in_page.sign_in_page, sign_in_page.sign_in_form, room_page.room_form, sign_in_page.sign_out,
        setup_page.setup_page, setup_page.setup_form, setup_page.register_page, setup_page.register_form,
        activity_page.activity_page, activity_file.activity_csv, keys_page.keys_page, keys_page.issue_form, keys_page.revoke_key_page, keys_page.revoke_key_form,
        setup_page.invite_page, ticket_page.ticket_page, ticket_page.ticket_form, to_app_page.to_app_page,
        authorize_page.authorize, authorize_page.authorize_form, consent_page.decide, consent_row_form.narrow_form,
        device_page.device_page, device_page.device_form, device_page.device_decision,
        end_session_page.end_session, end_session_page.end_session_form, end_session_page.logout_form,
        help_page.help_page, help_page.privacy_page, language_form.language_form,
        static_files.static_file, logo_file.logo_file, api_page.openapi_document, api_page.api_page,
        *_of_operators(),
    ]  # fmt: skip


def _of_operators() -> list[Any]:
    """The pages of the Admin application."""
    return [
        admin_sign_in_page.admin_sign_in_page, admin_sign_in_page.admin_sign_in_form, admin_sign_in_page.admin_sign_out,
        operators_page.operators_page, operators_page.appoint_form, operators_page.dismiss_form, admin_page.admin_page,
        admin_account_page.account_page, admin_account_page.end_form, admin_account_page.question_page,
        admin_account_page.logout_all_form, admin_account_page.disable_form, admin_account_page.enable_form,
        admin_account_page.reveal_page, admin_account_page.reveal_form, *organisations_page.HANDLERS,
        *endings_page.ROUTES, *overview_page.ROUTES, *health_page.ROUTES,
    ]  # fmt: skip
