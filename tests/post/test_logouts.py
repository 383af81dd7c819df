"""Clients hear of endings: each ending, with its commit, signed; and whoever does not listen holds up nobody."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_network
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from joserfc import jwt
from joserfc.jwk import KeySet

from fences import beginning
from given import VISIT, a_client, a_grant, a_sync_app, account_of
from people import ADA, GRACE, PASSWORD, Clock
from post.receivers import receiving
from signedin.actions import operate, revoke
from signedin.actions.give_consent import Decision, give_consent
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.actions.register_client import disable_client, enable_client
from signedin.actions.sign import jwk_set, signed
from signedin.actions.sign_in import Ticks, begin
from signedin.actions.sweep import sweep
from signedin.post import calling
from signedin.post.calling import Caller
from signedin.post.logouts import Logouts
from signedin.rules.authorization import Wanted
from signedin.rules.claims import sid_for, subject_of
from signedin.rules.client import ClientKind
from signedin.rules.logout_token import EVENT, GIVEN_UP_AFTER
from signedin.rules.presence import Presence
from signedin.rules.session import AppType
from signedin.store import accounts, clients, grants, logouts, outbox

pytestmark = pytest.mark.security("7.4.1")
ISSUER = "https://id.example.org"
HERE = [ip_network("127.0.0.0/8"), ip_network("::1/128")]


@pytest.fixture(scope="module")
def site():
    with receiving() as site:
        yield site


@pytest.fixture
def house(means, site):
    """The means, and the clock, without a server that tells anybody anything by itself."""
    site.heard.clear()
    house = SimpleNamespace(means=means, clock=Clock())
    for email in (ADA, GRACE):
        asyncio.run(add_by_operator(means, Applicant(email, email[:3], PASSWORD), house.clock()))
    return house


def signed_in(house, email=ADA):
    """A browser's session, and the presence that it gives."""
    account = account_of(house, email)
    begun = house.means.database.write_now(begin, house.means, account, VISIT, Ticks(), 0, house.clock())
    return Presence(account.id, begun.session.id, AppType.WEB, house.clock())


def listening(house, site, path="/200", **values):
    """A client that hears of endings."""
    return a_client(
        house, back_channel_uri=site.origin + path, **({"id": f"at{path.replace('/', '-')}"} | values)
    )


def allowed(house, presence, client, scopes=("openid",)):
    """What a person gives a client that asks for no more than this."""
    wanted = Wanted(client.id, client.redirect_uris[0], scopes, challenge="c" * 43)
    decision = Decision(scopes, house.clock())
    return asyncio.run(give_consent(house.means, presence, wanted, decision, house.clock())).grant


def given_at(house, client, *sids):
    """One consent, given and used in these sessions of browsers; returns the first of its grants."""
    first = a_grant(house, client, sid=sids[0])
    for sid in sids[1:]:
        a_grant(house, client, sid=sid, row_id=first.row_id)
    return first


@asynccontextmanager
async def teller(house, site, named=HERE, trusted=None):
    caller = Caller(named, trusted or site.trusted)
    told = Logouts(house.means, caller, ISSUER, house.clock)
    try:
        yield told
    finally:
        await told.stop()
        await caller.close()


def tell(house, site, **how):
    """Tell all that is due."""

    async def telling():
        async with teller(house, site, **how) as told:
            await told.begin()
            await told.all_told()

    asyncio.run(telling())


def heard(house, site, path="/200"):
    """What came at a path since one last looked, verified as a client verifies it (section 2.6)."""
    keys = KeySet.import_key_set(asyncio.run(jwk_set(house.means, house.clock())))
    tokens = site.tokens(path)
    site.heard[:] = [each for each in site.heard if each[0] != path]
    found = []
    for token in tokens:
        read = jwt.decode(token, keys, algorithms=["RS256", "ES256"])
        assert read.header["typ"] == "logout+jwt"
        claims = read.claims
        assert (claims["iss"], claims["events"]) == (ISSUER, {EVENT: {}})
        assert 0 < claims["exp"] - claims["iat"] <= 120
        assert claims["iat"] == int(house.clock().timestamp())
        assert claims["jti"]
        assert "nonce" not in claims
        found.append((claims["aud"], claims["sub"], claims.get("sid", "")))
    return found


def queued(house):
    return house.means.database.read_now(logouts.waiting).every


def subject(house, client, email=ADA):
    return subject_of(house.means.keyring.mac, client, account_of(house, email))


def named(house, client, sid):
    """The name that a client knows a browser's session by."""
    return sid_for(house.means.keyring.mac, client, sid)


@pytest.mark.guide("R43", "R49")
def test_when_a_browser_logs_out_the_clients_hear_that_were_given_tokens_there(house, site):
    here, there = signed_in(house), signed_in(house)
    client = listening(house, site, signs_with="ES256")
    deaf = a_client(house, id="deaf")
    given_at(house, client, here.current_id, here.current_id, there.current_id)
    a_grant(house, deaf, sid=here.current_id)
    asyncio.run(revoke.log_out(house.means, here, house.clock()))
    assert queued(house) == 1, "one for a client and a session, however often it was given something"
    tell(house, site)
    assert heard(house, site) == [(client.id, subject(house, client), named(house, client, here.current_id))]
    assert queued(house) == 0
    assert {kind for kind, _ in site.kinds} == {"application/x-www-form-urlencoded"}
    assert {f"https://{host}" for _, host in site.kinds} == {site.origin}


@pytest.mark.guide("R43", "R49")
@pytest.mark.parametrize("ending", ["logout", "revoke"])
@pytest.mark.parametrize("scopes", [("openid",), ("openid", "offline_access")], ids=["for once", "for a day"])
def test_a_client_hears_of_it_days_after_its_tokens_are_over(house, site, ending, scopes):
    """Apps that people only sign in to have nothing that is alive after an hour; others may have a short time set."""
    here, client = signed_in(house), listening(house, site, lasts=timedelta(days=1))
    row_id = allowed(house, here, client, scopes).row_id
    for hours in (3, 5, 60):
        house.clock.move(hours=hours)
        asyncio.run(sweep(house.means, house.clock()))
        allowed(house, here, client, scopes)
    house.clock.move(days=3)
    asyncio.run(sweep(house.means, house.clock()))
    assert len(house.means.database.read_now(grants.of_row, here.account_id, row_id)) == 1, (
        "not one for each time"
    )
    if ending == "logout":
        asyncio.run(revoke.log_out(house.means, here, house.clock()))
    else:
        asyncio.run(revoke.revoke(house.means, here, row_id, house.clock()))
    tell(house, site)
    sid = named(house, client, here.current_id) if ending == "logout" else ""
    assert heard(house, site) == [(client.id, subject(house, client), sid)]


@pytest.mark.guide("R78")
@pytest.mark.parametrize("needs_sid", [True, False], ids=["by sessions", "by person"])
def test_when_a_consent_is_revoked_its_client_hears_it(house, site, needs_sid):
    ada = signed_in(house)
    client = listening(house, site, needs_sid=needs_sid)
    grant = given_at(house, client, "one", "two")
    asyncio.run(revoke.revoke(house.means, ada, grant.row_id, house.clock()))
    tell(house, site)
    sids = [named(house, client, sid) for sid in ("one", "two")] if needs_sid else [""]
    assert sorted(heard(house, site)) == sorted((client.id, subject(house, client), sid) for sid in sids)


def test_when_a_session_of_ones_own_app_ends_it_hears_it(house, site):
    ada, app = signed_in(house), signed_in(house)
    client = a_sync_app(house, back_channel_uri=f"{site.origin}/204", is_pairwise=False)
    a_grant(house, client, sid="browser", row_id=app.current_id)
    asyncio.run(revoke.revoke(house.means, ada, app.current_id, house.clock()))
    tell(house, site)
    assert heard(house, site, "/204") == [("sync", str(ada.account_id), "browser")]
    assert queued(house) == 0


ALL = {
    "logout all": lambda h, ada: revoke.log_out_all(h.means, ada, h.clock()),
    "all others": lambda h, ada: revoke.log_out_all(h.means, ada, h.clock(), except_current=True),
    "by an operator": lambda h, _: operate.end_all(h.means, ADA, "lost", h.clock()),
    "disabled": lambda h, _: operate.disable(h.means, ADA, h.clock()),
}


@pytest.mark.guide("R58", "R61")
@pytest.mark.parametrize("ending", ALL.values(), ids=ALL.keys())
def test_when_everything_of_a_person_ends_the_clients_hear_of_that_person_alone(house, site, ending):
    ada, client = signed_in(house), listening(house, site)
    a_grant(house, client, sid="gone")
    a_grant(house, client, email=GRACE)
    asyncio.run(ending(house, ada))
    tell(house, site)
    assert heard(house, site) == [(client.id, subject(house, client), "")]


def test_an_ending_that_was_one_number_is_told_by_the_sweep_where_nobody_could_tidy_at_once(
    house, site, monkeypatch
):
    async def never(*_):
        """As if the process had been killed right after the commit."""

    monkeypatch.setattr(revoke, "tidy_at_once", never)
    ada, client = signed_in(house), listening(house, site)
    a_grant(house, client)
    asyncio.run(revoke.log_out_all(house.means, ada, house.clock()))
    assert queued(house) == 0
    asyncio.run(sweep(house.means, house.clock()))
    tell(house, site)
    assert len(heard(house, site)) == 1


@pytest.mark.guide("R71")
def test_what_expires_is_told_by_the_sweep(house, site):
    ada, client = signed_in(house), listening(house, site)
    a_grant(house, client, sid=ada.current_id)
    house.clock.move(days=31)
    asyncio.run(sweep(house.means, house.clock()))
    tell(house, site)
    told = heard(house, site)
    assert (client.id, subject(house, client), "") in told
    assert len(told) == len({*told}), "the session of the browser as well, where that expired first"


@pytest.mark.security("attack-25")
def test_a_client_that_is_disabled_hears_of_everybody_once(house, site, monkeypatch):
    monkeypatch.setattr(logouts, "BATCH", 2)
    client = listening(house, site)
    given_at(house, client, "s0", "s1", "s2")
    a_grant(house, client, email=GRACE, sid="hers")
    asyncio.run(disable_client(house.means, client.id, house.clock()))
    assert queued(house) == 1, "the deed itself does not wait for who they are"
    tell(house, site)
    tell(house, site)
    told = heard(house, site)
    assert {sid for *_, sid in told} == {named(house, client, sid) for sid in ("hers", "s0", "s1", "s2")}
    assert len(told) == 4
    assert (client.id, subject(house, client, GRACE), named(house, client, "hers")) in told
    assert queued(house) == 0


def test_a_client_that_is_enabled_at_once_has_still_heard_of_everybody(house, site):
    client = listening(house, site)
    a_grant(house, client, sid="s")
    asyncio.run(disable_client(house.means, client.id, house.clock()))
    asyncio.run(enable_client(house.means, client.id))
    assert house.means.database.read_now(grants.of_client, client.id, (-1, ""), 9) == []
    tell(house, site)
    assert [sid for *_, sid in heard(house, site)] == [named(house, client, "s")]


@pytest.mark.security("attack-22")
def test_a_client_that_verifies_as_the_page_shows_takes_ours_and_no_other(house, site):
    shown: dict[str, object] = {}
    exec(beginning("docs/connect-an-app.md", "from joserfc"), shown)  # it is our own page
    client = listening(house, site)
    put(house, client)
    tell(house, site)
    [token] = site.tokens("/200")
    keys = KeySet.import_key_set(asyncio.run(jwk_set(house.means, house.clock())))
    now = int(house.clock().timestamp())
    claims = shown["verified"](token, keys, ISSUER, client.id, now)
    assert claims["sub"] == subject(house, client)
    right = dict(claims)
    for typ, said in (
        ("JWT", right), ("logout+jwt", right | {"aud": "other"}), ("logout+jwt", right | {"iss": "https://evil.example"}),
        ("logout+jwt", right | {"nonce": "n"}), ("logout+jwt", right | {"events": {}}),
        ("logout+jwt", right | {"exp": now}), ("logout+jwt", right | {"iat": now + 600}),
    ):  # fmt: skip
        wrong = asyncio.run(signed(house.means, said, typ=typ))
        with pytest.raises(ValueError, match="not for us"):
            shown["verified"](wrong, keys, ISSUER, client.id, now)
    with pytest.raises(Exception, match=r"."):
        shown["verified"](token[:-6] + "AAAAAA", keys, ISSUER, client.id, now)


def put(house, client, count=1):
    ada = account_of(house).id
    told = [(ada, client.id, f"s{number}") for number in range(count)]
    house.means.database.write_now(logouts.queue, told, house.clock())


def attempts(house):
    rows = house.means.database.read_now(lambda conn: conn.execute(sa.select(outbox.outbox)).all())
    return sorted((row.attempts, (row.due_at - house.clock()).total_seconds()) for row in rows)


def test_a_client_that_refuses_is_not_asked_again(house, site, log_lines):
    put(house, listening(house, site, "/400"))
    tell(house, site)
    assert (len(heard(house, site, "/400")), queued(house)) == (1, 0)
    assert any(line["event"] == "a client has refused to be told of an ending" for line in log_lines())


@pytest.mark.parametrize("path", ["/503", "/302", "/500"])
def test_whatever_else_is_answered_is_tried_again_and_led_nowhere(house, site, path):
    put(house, listening(house, site, path))
    tell(house, site)
    assert len(heard(house, site, path)) == 1
    assert heard(house, site, "/200") == []
    assert attempts(house) == [(1, 10)]


def test_the_pauses_grow_and_come_to_an_end(house, site, log_lines):
    put(house, listening(house, site, "/503"))
    began, tried = house.clock(), 0
    while queued(house):
        tell(house, site)
        tried += 1
        for _, wait in attempts(house):
            house.clock.move(seconds=wait)
    assert tried == GIVEN_UP_AFTER
    assert 20 < (house.clock() - began).total_seconds() / 3600 < 48
    assert log_lines()[-1]["given_up"] == 1


def test_what_waits_behind_one_that_was_not_answered_waits_with_it_and_for_no_longer_than_it(house, site):
    client, more = listening(house, site, "/503"), 3 * logouts.AT_ONCE
    put(house, client, more)
    tell(house, site)
    assert len(site.tokens("/503")) == 1, "a client that does not answer is asked once, however much there is"
    assert attempts(house) == [(1, 10)] * more
    assert house.means.database.read_now(logouts.waiting) == (more, more, 1)
    tell(house, site)
    assert len(site.tokens("/503")) == 1
    tried = 1
    while queued(house):
        house.clock.move(seconds=max(attempts(house), key=lambda each: each[1])[1])
        tell(house, site)
        tried += 1
        assert tried < 3 * GIVEN_UP_AFTER


def test_a_receiver_that_hangs_holds_up_no_other(house, site, monkeypatch):
    monkeypatch.setattr(calling, "SECONDS", 60)
    put(house, listening(house, site, "/hangs"), 3)
    put(house, listening(house, site), 12)

    async def telling():
        async with teller(house, site) as told:
            await told.begin()
            assert sorted(told.busy) == ["at-200", "at-hangs"]
            await told.busy["at-200"]
            await told.begin()
            await told.busy["at-200"]
            assert sorted(told.busy) == ["at-hangs"]
            assert len(site.tokens("/200")) == 12
            site.goes_on.set()
            await told.all_told()

    asyncio.run(telling())
    site.goes_on.clear()
    assert (len(site.tokens("/hangs")), queued(house)) == (3, 0)


def test_a_receiver_that_hangs_is_let_go_after_a_while(house, site, monkeypatch):
    monkeypatch.setattr(calling, "SECONDS", 0.5)
    put(house, listening(house, site, "/hangs"), 3)
    tell(house, site)
    assert attempts(house) == [(1, 10)] * 3


def test_an_answer_without_an_end_is_not_read(house, site):
    put(house, listening(house, site, "/huge"))
    tell(house, site)
    assert (len(heard(house, site, "/huge")), queued(house)) == (1, 0)


@pytest.mark.security("attack-14", "12.3.1")
def test_nothing_is_sent_where_nobody_may_be_called_or_to_who_cannot_show_who_it_is(house, site):
    for name, how in (("walls", {"named": []}), ("stranger", {"trusted": ssl.create_default_context()})):
        put(house, listening(house, site, id=name))
        tell(house, site, **how)
    assert site.heard == []
    assert [count for count, _ in attempts(house)] == [1, 1]


def test_what_was_taken_by_a_process_that_is_gone_is_told_by_another(house, site):
    put(house, listening(house, site))
    taken = house.means.database.write_now(logouts.claim, house.clock(), ())
    assert len(taken) == 1
    tell(house, site)
    assert site.heard == [], "it is claimed"
    house.clock.move(seconds=61)
    tell(house, site)
    assert len(heard(house, site)) == 1


def test_a_client_that_wants_to_hear_no_more_is_told_nothing_of_what_waits(house, site):
    client = listening(house, site)
    put(house, client)
    house.means.database.write_now(clients.change, replace(client, back_channel_uri=""))
    tell(house, site)
    assert (site.heard, queued(house)) == ([], 0)


def test_letters_and_sign_outs_do_not_take_each_others_turns(house, site):
    put(house, listening(house, site, kind=ClientKind.THIRD_PARTY), 3)
    assert house.means.database.read_now(outbox.due, house.clock()) == []
    assert house.means.database.read_now(outbox.backlog) == 0
    account = house.means.database.read_now(accounts.find_by_email, ADA)
    house.means.database.write_now(outbox.queue, account.id, "account_made", {"to": ADA}, house.clock())
    assert house.means.database.read_now(outbox.backlog) == 1
    tell(house, site)
    assert len(heard(house, site)) == 3
    assert house.means.database.read_now(outbox.backlog) == 1
