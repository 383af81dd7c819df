"""Giving a consent: one transaction, one event, and nothing that a cut-off or an ending has overtaken."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from apps import BACK, a_client, our_own, registered
from people import ADA, BERLIN, SAFARI_ON_IPHONE, done_apart
from signedin.actions.give_consent import Decision, NoLongerCovered, give_consent
from signedin.actions.keep_question import PUSHED_LASTS, Question, keep, push, take_pushed
from signedin.actions.narrow_consent import narrow_consent
from signedin.actions.revoke import log_out_all, revoke
from signedin.gate.recognise import Recogniser
from signedin.rules import errors
from signedin.rules.authorization import AuthorizationRefused, Parameters, Wanted
from signedin.rules.event import EventKind
from signedin.rules.grant import CODE_LASTS
from signedin.store import accounts, clients, consents, grants, journal, sessions
from signedin.store.asked import Way, asked, claim

WANTED = Wanted("porter", BACK, ("openid", "email"), nonce="n", challenge="c" * 43, key_thumbprint="k" * 43)


class Ada:
    """Ada at her laptop, and what she has given to whom."""

    def __init__(self, house):
        self.house, self.means, self.clock = house, house.means, house.clock
        self.browser = house.signed_in()
        self.id = self.read(accounts.find_by_email, ADA).id

    def presence(self, browser=None):
        return done_apart(Recogniser(self.means).recognise((browser or self.browser).secret, self.clock()))

    def read(self, function, *arguments):
        return self.means.database.read_now(function, *arguments)

    def gives(self, wanted=WANTED, presence=None, **changed):
        presence = presence or self.presence()
        decision = Decision(wanted.scopes, presence.authenticated_at)
        deed = give_consent(self.means, presence, wanted, replace(decision, **changed), self.clock())
        return done_apart(deed).grant

    def consent(self):
        return self.read(consents.to_client, self.id, "porter")

    def events(self, after=0):
        return [each.event.kind for each in self.read(journal.since, self.id, after)]

    def number(self):
        return self.read(accounts.history_number, self.id)

    def count(self, table):
        return self.read(lambda conn: conn.scalar(sa.select(sa.func.count()).select_from(table)))


@pytest.fixture
def ada(house):
    registered(house)
    return Ada(house)


@pytest.mark.guide("R24", "R30", "R32")
@pytest.mark.security("attack-9", "10.4.3")
def test_a_grant_is_bound_to_all_that_it_came_of_and_one_event_tells(ada):
    before = ada.number()
    grant = ada.gives()
    session = ada.read(sessions.find, ada.id, ada.presence().current_id)
    consent = ada.consent()
    assert (grant.row_id, grant.scopes, grant.nonce) == (consent.id, WANTED.scopes, "n")
    assert (grant.first_proof, grant.factors, grant.sid) == (session.first_proof, ("password",), session.id)
    assert ada.read(grants.of_row, ada.id, consent.id) == [grant]
    [code] = ada.read(lambda conn: conn.execute(sa.select(grants.codes)).all())
    assert (code.grant_id, code.client_id, code.redirect_uri) == (grant.id, "porter", BACK)
    assert (code.challenge, code.key_thumbprint, code.used_at) == ("c" * 43, "k" * 43, None)
    assert code.until == ada.clock() + CODE_LASTS
    assert ada.events(before) == [EventKind.CONSENT_GIVEN]
    assert (consent.consented_at, consent.changed_at, consent.last_at) == (ada.clock(), None, None)
    assert (consent.hosts, consent.tokens) == (("app.example.org",), 1)


def test_a_grant_stays_for_as_long_as_its_client_may_stay(ada):
    assert ada.gives().until == ada.clock() + timedelta(hours=1, minutes=15)
    staying = replace(WANTED, scopes=("openid", "offline_access"))
    assert ada.gives(staying).until == ada.clock() + timedelta(days=365)


@pytest.mark.guide("R30", "R32")
def test_giving_again_adds_a_grant_to_the_same_row(ada):
    first = ada.gives()
    ada.clock.move(days=3)
    before = ada.number()
    again = ada.gives()
    assert ada.events(before) == [EventKind.CLIENT_AUTHORIZED]
    more = ada.gives(replace(WANTED, scopes=("openid", "profile")))
    assert ada.events(before) == [EventKind.CLIENT_AUTHORIZED, EventKind.CONSENT_CHANGED]
    consent = ada.consent()
    assert {first.row_id, again.row_id, more.row_id} == {consent.id}
    assert (consent.consented_at, consent.changed_at) == (first.given_at, ada.clock())
    assert (consent.scopes, consent.tokens) == (("openid", "email", "profile"), 3)
    assert len(ada.read(grants.of_row, ada.id, consent.id)) == 3


@pytest.mark.guide("R61", "R62")
@pytest.mark.security("attack-6")
def test_what_was_begun_before_all_devices_were_logged_out_gives_nothing(ada):
    ada.gives()
    late = ada.presence()
    phone = ada.house.signed_in(SAFARI_ON_IPHONE, BERLIN)
    done_apart(log_out_all(ada.means, ada.presence(phone), ada.clock(), except_current=True))
    with pytest.raises(errors.NotSignedIn):
        ada.gives(presence=late)
    grant = ada.gives(presence=ada.presence(phone))
    assert grant.first_proof >= ada.read(accounts.find, ada.id).epoch
    assert ada.consent().consented_at == ada.clock()


@pytest.mark.guide("R79", "R71")
@pytest.mark.parametrize("how", ["revoked", "expired", "all logged out"])
def test_after_an_ending_it_is_a_consent_of_its_own(ada, how):
    first = ada.gives()
    if how == "revoked":
        done_apart(revoke(ada.means, ada.presence(), first.row_id, ada.clock()))
    elif how == "all logged out":
        done_apart(log_out_all(ada.means, ada.presence(), ada.clock(), except_current=True))
    else:
        ada.clock.move(days=29)
        assert ada.browser.is_signed_in
        done_apart(ada.house.means.database.write(lambda conn: None))
        ada.browser.open("/settings/sessions")
        ada.clock.move(days=1, minutes=3)
    ada.browser = ada.house.signed_in() if how == "expired" else ada.browser
    again = ada.gives()
    assert again.row_id != first.row_id
    assert ada.consent().consented_at == ada.clock()
    assert ada.read(grants.of_row, ada.id, again.row_id) == [again]


def test_a_session_that_has_ended_meanwhile_gives_nothing(ada):
    presence = ada.presence()
    ada.browser.log_out()
    with pytest.raises(errors.NotSignedIn):
        ada.gives(presence=presence)
    assert ada.count(grants.grants) == ada.count(consents.consents) == 0


@pytest.mark.security("attack-25")
def test_a_client_that_is_disabled_meanwhile_gets_nothing(ada):
    ada.means.database.write_now(clients.change, a_client(disabled_at=ada.clock()))
    with pytest.raises(AuthorizationRefused):
        ada.gives()
    assert ada.count(grants.grants) == ada.count(consents.consents) == 0


@pytest.mark.guide("R78", "R79")
@pytest.mark.security("attack-6", "10.7.3")
@pytest.mark.parametrize("how", ["revoked", "narrowed", "all others logged out"])
def test_what_nobody_was_asked_for_is_given_only_while_it_is_still_allowed(ada, how):
    row_id = ada.gives().row_id
    presence = ada.presence()
    if how == "revoked":
        done_apart(revoke(ada.means, presence, row_id, ada.clock()))
    elif how == "narrowed":
        done_apart(narrow_consent(ada.means, presence, row_id, ["openid"], ada.clock()))
    else:
        done_apart(log_out_all(ada.means, presence, ada.clock(), except_current=True))
    before, given = ada.number(), ada.count(grants.grants)
    with pytest.raises(NoLongerCovered):
        ada.gives(presence=presence, is_silent=True)
    assert (ada.number(), ada.count(grants.grants)) == (before, given)
    left = ada.consent()
    assert left is None or left.scopes == ("openid",)


@pytest.mark.guide("R79")
def test_what_is_allowed_already_is_given_without_a_question(ada):
    row_id = ada.gives().row_id
    assert ada.gives(is_silent=True).row_id == row_id


@pytest.mark.guide("R25")
def test_ones_own_application_gets_a_grant_and_no_consent(ada):
    registered(ada.house, our_own())
    before = ada.number()
    grant = ada.gives(replace(WANTED, client_id="sync"))
    assert grant.row_id is None
    assert ada.count(consents.consents) == 0
    assert ada.events(before) == [EventKind.CLIENT_AUTHORIZED]


@pytest.mark.security("attack-8")
def test_of_many_answers_to_one_question_one_counts(ada):
    presence, question = ada.presence(), Question(Parameters({"client_id": "porter"}), ada.clock())

    async def all_at_once():
        name = await keep(ada.means, question, "a browser", ada.clock())
        decision = Decision(WANTED.scopes, ada.clock(), replace(question, name=name).digest)
        deeds = [give_consent(ada.means, presence, WANTED, decision, ada.clock()) for _ in range(8)]
        return await asyncio.gather(*deeds, return_exceptions=True)

    came = done_apart(all_at_once())
    assert sorted(type(each).__name__ for each in came) == ["Given", *["LinkExpired"] * 7]
    assert ada.count(grants.grants) == 1


@pytest.mark.security("attack-11")
def test_of_many_browsers_one_claims_a_question(ada):
    digest = b"d" * 32
    name = done_apart(keep(ada.means, Question(Parameters({}), ada.clock()), "", ada.clock()))
    assert name
    [row] = ada.read(lambda conn: conn.execute(sa.select(asked.c.digest)).all())
    assert ada.means.database.write_now(claim, Way.POSTED, row.digest, digest)
    assert not ada.means.database.write_now(claim, Way.POSTED, row.digest, digest)


def test_a_pushed_request_is_taken_once_by_its_client_and_in_time(ada):
    said = Parameters({"client_id": "porter", "scope": "openid"}, frozenset({"nonce"}))

    def pushed():
        return done_apart(push(ada.means, said, ada.clock()))

    def taken(request_uri, client_id="porter"):
        return done_apart(take_pushed(ada.means, request_uri, client_id, ada.clock()))

    request_uri = pushed()
    assert taken(request_uri, "another") is None
    ada.clock.move(seconds=PUSHED_LASTS.total_seconds() - 1)
    found = taken(request_uri)
    assert (found.parameters, found.is_pushed, found.asked_at) == (said, True, ada.clock())
    assert taken(request_uri) is None
    late = pushed()
    ada.clock.move(seconds=PUSHED_LASTS.total_seconds())
    assert taken(late) is None


@pytest.mark.security("10.7.3")
def test_what_is_taken_back_is_over_for_the_row_and_for_every_grant_of_it(ada):
    grant = ada.gives(replace(WANTED, scopes=("openid", "email", "profile")))
    ada.clock.move(hours=1)
    before = ada.number()
    done_apart(narrow_consent(ada.means, ada.presence(), grant.row_id, {"profile"}, ada.clock()))
    consent = ada.consent()
    assert (consent.scopes, consent.changed_at) == (("openid", "profile"), ada.clock())
    assert consent.consented_at == grant.given_at
    assert ada.read(grants.of_row, ada.id, grant.row_id)[0].scopes == ("openid", "profile")
    assert ada.events(before) == [EventKind.CONSENT_CHANGED]
    done_apart(
        narrow_consent(ada.means, ada.presence(), grant.row_id, {"profile", "sessions:manage"}, ada.clock())
    )
    assert ada.consent() == consent
    assert len(ada.events(before)) == 1


def test_only_ones_own_living_consents_are_narrowed(ada):
    grant = ada.gives()
    for row_id in ("0" * 26, ada.house.signed_in(SAFARI_ON_IPHONE).current()["id"]):
        with pytest.raises(errors.NotFound):
            done_apart(narrow_consent(ada.means, ada.presence(), row_id, (), ada.clock()))
    done_apart(revoke(ada.means, ada.presence(), grant.row_id, ada.clock()))
    with pytest.raises(errors.SessionAlreadyEnded):
        done_apart(narrow_consent(ada.means, ada.presence(), grant.row_id, (), ada.clock()))
