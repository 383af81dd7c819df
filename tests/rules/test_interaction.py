"""What a person still has to do before a client is answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from apps import BACK, PUBLIC, a_client, our_own
from signedin.rules.account import AccountId
from signedin.rules.activity import DayLevels
from signedin.rules.authorization import Prompt, Wanted
from signedin.rules.consent import Consent
from signedin.rules.interaction import Standing, Step, next_step
from signedin.rules.oauth_refusal import OAuthRefused
from signedin.rules.session import SessionId

NOW = datetime(2026, 11, 23, 14, 20, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=3)
WANTED = Wanted("porter", BACK, ("openid", "email"))
ON_THE_MACHINE = replace(WANTED, redirect_uri="http://127.0.0.1:51004/callback")
CONSENT = Consent(
    SessionId("c"), AccountId(1), "porter", "Porter", "", LONG_AGO, ("openid", "email"), timedelta(days=30), 1,
    DayLevels(), hosts=("app.example.org", "127.0.0.1"),
)  # fmt: skip
ALLOWED = Standing(LONG_AGO, is_meant=True, consent=CONSENT)
NOBODY = Standing(None, is_meant=True, consent=None)


def step(wanted=WANTED, client=None, standing=ALLOWED, asked_at=NOW - timedelta(seconds=5)):
    return next_step(wanted, client or a_client(), standing, asked_at, NOW)


def prompted(*prompts, **changed):
    return replace(WANTED, prompt=frozenset(prompts), **changed)


def test_what_was_allowed_before_is_answered_at_once():
    assert step() is Step.ANSWER


def test_nobody_signs_in_first():
    assert step(standing=NOBODY) is Step.SIGN_IN


@pytest.mark.security("10.7.1", "attack-31")
@pytest.mark.parametrize(
    "wanted",
    [
        replace(WANTED, scopes=("openid", "email", "profile")),
        replace(WANTED, redirect_uri="https://other.example.org/callback"),
        replace(WANTED, redirect_uri="https://app.example.org:8443/callback"),
        replace(WANTED, resources=("https://api.example.org/",)),
        prompted(Prompt.CONSENT),
    ],
)
def test_what_was_not_allowed_before_is_asked(wanted):
    assert step(wanted) is Step.DECIDE
    assert step(replace(wanted, prompt=frozenset()), standing=replace(ALLOWED, consent=None)) is Step.DECIDE


def test_ones_own_application_is_not_asked_about():
    web = our_own(redirect_uris=(BACK,))
    assert (
        step(replace(WANTED, scopes=("openid", "profile")), web, replace(ALLOWED, consent=None))
        is Step.ANSWER
    )


def test_an_application_that_may_be_another_never_goes_on_by_itself():
    assert step(ON_THE_MACHINE, a_client(**PUBLIC)) is Step.DECIDE
    just_now = replace(ALLOWED, proved_at=NOW - timedelta(seconds=1))
    assert step(ON_THE_MACHINE, a_client(**PUBLIC), just_now) is Step.DECIDE
    assert step(ON_THE_MACHINE, our_own()) is Step.DECIDE
    assert step(ON_THE_MACHINE, our_own(), just_now) is Step.ANSWER


@pytest.mark.security("7.6.1")
@pytest.mark.parametrize(
    "wanted",
    [prompted(Prompt.LOGIN), prompted(max_age=timedelta(hours=1)), prompted(max_age=timedelta(0))],
)
def test_who_signed_in_too_long_ago_shows_it_again_and_once_is_enough(wanted):
    assert step(wanted) is Step.DECIDE
    assert step(wanted, standing=replace(ALLOWED, proved_at=NOW - timedelta(seconds=2))) is Step.ANSWER
    assert step(prompted(max_age=timedelta(days=4))) is Step.ANSWER


def test_another_account_can_be_chosen_where_the_client_wishes_it():
    assert step(prompted(Prompt.SELECT_ACCOUNT)) is Step.DECIDE


@pytest.mark.parametrize(
    ("error", "wanted", "client", "standing"),
    [
        ("login_required", WANTED, None, NOBODY),
        ("login_required", replace(WANTED, max_age=timedelta(seconds=1)), None, ALLOWED),
        ("consent_required", replace(WANTED, scopes=("openid", "profile")), None, ALLOWED),
        ("consent_required", WANTED, None, replace(ALLOWED, consent=None)),
        ("interaction_required", ON_THE_MACHINE, a_client(**PUBLIC), ALLOWED),
    ],
)
def test_where_nothing_may_be_asked_the_client_is_told_what_would_be(error, wanted, client, standing):
    with pytest.raises(OAuthRefused) as caught:
        step(replace(wanted, prompt=frozenset({Prompt.NONE})), client, standing)
    assert caught.value.error == error
    assert step(prompted(Prompt.NONE)) is Step.ANSWER


def test_whoever_is_not_meant_is_no_answer():
    with pytest.raises(OAuthRefused) as caught:
        step(standing=replace(ALLOWED, is_meant=False))
    assert caught.value.error == "login_required"


def test_a_decision_keeps_the_first_date_and_notes_a_change():
    host, later = "app.example.org", NOW
    same = CONSENT.decided(("openid",), ("openid",), host, (), later)
    assert (same.scopes, same.changed_at) == (CONSENT.scopes, None)
    more = CONSENT.decided(
        ("openid", "profile"), ("openid", "profile"), "new.example.org", ("https://r/",), later
    )
    assert (more.consented_at, more.changed_at) == (LONG_AGO, later)
    assert more.scopes == ("openid", "email", "profile")
    assert more.covers(("openid", "profile"), "new.example.org", ("https://r/",))
    assert not more.covers(more.scopes, "new.example.org", ("https://r/",))
    less = CONSENT.decided(("openid", "email"), ("openid",), host, (), later)
    assert (less.scopes, less.changed_at) == (("openid",), later)
    assert CONSENT.narrowed((), later).scopes == ("openid",)
    assert CONSENT.narrowed(CONSENT.scopes, later) is CONSENT


ONE, TWO, OURS = "https://one.example/", "https://two.example/", "https://id.example.org"
HOST = "app.example.org"


@pytest.mark.security("10.7.1", "attack-31", "B8")
def test_what_was_allowed_for_one_resource_is_given_silently_for_no_other_and_not_here():
    one = CONSENT.decided(("openid", "sessions:manage"), ("openid", "sessions:manage"), HOST, (ONE,), NOW)
    assert one.covers(("sessions:manage",), HOST, (ONE,))
    assert not one.covers(("sessions:manage",), HOST, ())
    assert not one.covers(("sessions:manage",), HOST, (OURS,), (OURS,))
    assert not one.covers(("sessions:manage",), HOST, (TWO,))
    assert one.covers(CONSENT.scopes, HOST, ())
    both = one.decided(("email",), ("email",), HOST, (ONE, TWO), NOW)
    assert both.covers(("email",), HOST, (TWO, ONE))
    assert not both.covers(("email", "sessions:manage"), HOST, (ONE, TWO))
    assert (
        step(replace(WANTED, scopes=("sessions:manage",)), standing=replace(ALLOWED, consent=one))
        is Step.DECIDE
    )


def test_this_service_is_the_same_by_its_name_and_without_one():
    named = replace(CONSENT, scopes=(), scopes_for={}).decided(("email",), ("email",), HOST, (OURS,), NOW)
    assert named.covers(("email",), HOST, (), (OURS,))
    assert CONSENT.covers(("email",), HOST, (OURS,), (OURS,))
    assert not CONSENT.covers(("email",), HOST, (OURS,))
    wanted = replace(WANTED, resources=(OURS,), own_resources=frozenset({OURS}))
    assert step(wanted) is Step.ANSWER


@pytest.mark.security("10.7.3")
def test_what_was_taken_back_is_allowed_together_with_nothing_any_more():
    asked = ("openid", "sessions:manage")
    given = CONSENT.decided(asked, asked, HOST, (), NOW)
    for less in (given.narrowed(("email",), NOW), given.decided(asked, ("openid",), HOST, (ONE,), NOW)):
        assert "sessions:manage" not in less.scopes
        again = less.decided(("sessions:manage",), ("sessions:manage",), HOST, (ONE,), NOW)
        assert again.covers(("sessions:manage",), HOST, (ONE,))
        assert not again.covers(("sessions:manage",), HOST, ())


@pytest.mark.security("10.7.3")
def test_what_older_code_has_taken_back_beside_this_one_comes_back_for_nothing_but_what_is_allowed_now():
    """In a rolling upgrade the scopes are fewer than what was allowed together."""
    asked = ("openid", "email")
    given = CONSENT.decided(asked, asked, HOST, (), NOW)
    narrowed = replace(given, scopes=("openid",))
    again = narrowed.decided(asked, asked, HOST, (ONE,), NOW)
    assert again.covers(asked, HOST, (ONE,))
    assert not again.covers(("email",), HOST, ())


def test_a_consent_of_before_that_was_kept_is_asked_about_again_where_it_was_for_others_too():
    mixed = replace(CONSENT, resources=(ONE,))
    assert not mixed.covers(("email",), HOST, ())
    assert not mixed.covers(("email",), HOST, (ONE,))
    asked = mixed.decided(CONSENT.scopes, CONSENT.scopes, HOST, (), NOW)
    assert asked.covers(("email",), HOST, ())
    assert not asked.covers(("email",), HOST, (ONE,))
