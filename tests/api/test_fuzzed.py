"""The described API, and everything that a reader of the description can think of to send to it."""

from __future__ import annotations

import os
from contextlib import ExitStack

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.generation.stateful import run_state_machine_as_test
from schemathesis.specs.openapi.checks import ensure_resource_availability, use_after_free

from callers import Callers
from databases import ON_POSTGRES
from people import ADA, Clock
from routes import still
from signedin.server.app import calls
from signedin.server.openapi import description

pytestmark = pytest.mark.xdist_group("fuzzed")
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "5" if ON_POSTGRES else "25"))
"""How many requests are made up for each call, beside those that the description itself suggests."""
STORIES = EXAMPLES * 2
LONGEST = 300 + 20 * EXAMPLES

_CURSOR = {"cursor": "it is sealed here, and was not given out for this list"}
_NAME = {"name": "a name has letters, whatever script they are of"}
_REASON = {"reason": "a reason has letters that can be shown"}
JUDGED = {
    "GET /v1/access-keys": _CURSOR,
    "GET /v1/accounts": _CURSOR,
    "GET /v1/accounts/{account_id}/sessions": _CURSOR,
    "GET /v1/activity": _CURSOR,
    "GET /v1/sessions": _CURSOR,
    "GET /v1/admin/accounts": _CURSOR
    | {
        "q": "something is looked for, by one of the two",
        "client": "a name has letters that can be shown",
    },
    "GET /v1/admin/accounts/{person_id}/sessions": _CURSOR,
    "GET /v1/admin/accounts/{person_id}/access-keys": _CURSOR,
    "GET /v1/admin/deeds": _CURSOR,
    "PATCH /v1/admin/accounts/{person_id}": _REASON,
    "POST /v1/admin/accounts/{person_id}/end": _REASON,
    "POST /v1/admin/accounts/{person_id}/logout-all": _REASON,
    "POST /v1/admin/accounts/{person_id}/sessions/{row_id}/reveal": _REASON,
    "GET /v1/admin/endings": _CURSOR,
    "POST /v1/admin/endings": _REASON
    | {"preview": "it is sealed here", "": "it is of the last hour, and shows something"},
    "POST /v1/admin/endings/preview": {
        "unused_since": "it has been, and says its zone",
        "begun_before": "it has been, and says its zone",
        "network": "it is a network, and no finer than is kept in the open",
        "client_id": "an id has characters that can be shown",
        "everyone": "it is said where nothing else is, and nowhere else",
        "access_keys": "they have no app type, and belong to no client",
        "preview": "it is sealed here, and sent alone",
        "": "it is of the last hour",
    },
    "POST /v1/admin/operators": {
        "email": "the account is active",
        "organisation_id": "an owner is bound to none",
    },
    "GET /v1/admin/organisations": _CURSOR,
    "GET /v1/admin/organisations/{organisation_id}/members": _CURSOR,
    "POST /v1/admin/organisations": _NAME,
    "PATCH /v1/admin/organisations/{organisation_id}": _NAME,
    "PUT /v1/admin/organisations/{organisation_id}/rules/{app_type}": {
        "idle_seconds": "it is a time that makes sense, and a rule wants something",
        "overall_seconds": "it is a time that makes sense",
        "most": "it is a number that makes sense, and connected apps are not counted",
        "networks": "they are networks, and not very many",
        "shortest_password": "it is a number that makes sense",
    },
    "GET /v1/check": {
        "scope": "there is no such scope: several stand in one text, with spaces",
        "resource": "an address is more than the characters of one",
        "host": "it is listed where the service is installed",
    },
    "POST /v1/access-keys": {
        "name": "a name has letters, whatever script they are of",
        "expires_at": "it is to come, and not for ever",
        "": "somebody has a hundred keys at most, and whoever asks for so many requests has made them",
    },
    "POST /v1/accounts": {
        "email": "an address is more than the characters of one",
        "name": "a name has letters, whatever script they are of",
        "password": "it is not easily guessed",
    },
    "PATCH /v1/accounts/{account_id}": _NAME,
    "POST /v1/accounts/{account_id}/sessions": {
        "address": "it is an address of a network, of either kind",
        "email": "an address is more than the characters of one",
        "moved_from": "it may be a token of an app's own, whatever those look like",
    },
    "POST /v1/feed/ack": {
        "applied": "it is needed by who neither joins nor leaves; a whole number has no point (1.0)",
        "seconds_ago": "a whole number has no point (1.0)",
    },
}
"""Which fields of which calls may be refused with 422 although they fit the description, and why no schema says it."""
ACCEPTED = ["2xx", "304", "401", "403", "404", "409", "410", "422"]
CHECKS = {"positive_data_acceptance": {"expected-statuses": ACCEPTED}}


@schemathesis.check
def what_fits_the_description_is_refused_only_for_what_no_schema_can_say(_context, response, case):
    """Narrows what is expected above: 422 for these calls, and by the name of such a field, or of none for what is no field's."""
    if response.status_code == 422 and case.meta.generation.mode.is_positive:
        assert response.json().get("field", "") in JUDGED.get(case.operation.label, {}), response.text


def read():
    # Who asks is said by the callers; a cookie that is left out of a case is sent by them all the same.
    config = SchemathesisConfig.from_dict(
        {"checks": CHECKS, "generation": {"with-security-parameters": False}}
    )
    schema = schemathesis.openapi.from_dict(description(calls(), "http://localhost:8000"), config=config)
    # A stream has no end to wait for: test_feed.py and test_events.py read them.
    return schema.exclude(path="/v1/feed").exclude(path="/v1/sessions/events")


schema = read()


@pytest.fixture(scope="module")
def callers(tmp_path_factory):
    with still(tmp_path_factory.mktemp("fuzzed"), Clock()) as house:
        house.somebody(ADA)
        yield Callers(house)


@pytest.mark.timeout(LONGEST)
@pytest.mark.security("4.1.4")
@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_whatever_is_sent_to_a_call_it_answers_as_it_is_described(callers, case):
    case.call_and_validate(base_url=callers.house.base_url, headers=callers.headers(case.operation))


@pytest.mark.timeout(LONGEST)
@pytest.mark.security("7.2.2", "8.2.2")
def test_what_was_made_and_ended_in_whatever_order_is_answered_as_it_is_described(tmp_path_factory):
    class Story(schema.as_state_machine()):
        def setup(self):
            """In a house of its own: what the story before has left there would make it another when it is told again."""
            super().setup()
            self.rooms, self.closed = ExitStack(), set()
            self.callers = Callers(self.rooms.enter_context(still(tmp_path_factory.mktemp("story"), Clock())))

        def teardown(self):
            self.rooms.close()
            super().teardown()

        def get_call_kwargs(self, case):
            return {
                "base_url": self.callers.house.base_url,
                "headers": self.callers.headers(case.operation),
            }

        def after_call(self, response, case):
            super().after_call(response, case)
            if case.operation.label == "DELETE /v1/accounts/{account_id}" and response.status_code == 204:
                self.closed.add(case.path_parameters["account_id"])

        def validate_response(self, response, case, additional_checks=None, **kwargs):
            # An account that is closed is not gone: it stays to be read as closed, with nothing signed in to it.
            is_kept = case.operation.path.startswith("/v1/accounts/{account_id}")
            # What is not there may be the person who is to belong to an organisation, or the rule of it.
            is_within = case.operation.path.startswith("/v1/admin/organisations/{organisation_id}/")
            excluded = [use_after_free] * is_kept + [ensure_resource_availability] * is_within
            case.validate_response(
                response, excluded_checks=excluded or None, recorder=self.recorder,
                transport_kwargs=kwargs or None,
            )  # fmt: skip
            is_of_a_closed_one = case.path_parameters.get("account_id") in self.closed
            if case.operation.method == "get" and is_of_a_closed_one and response.status_code != 304:
                said = response.json()
                assert said.get("state", "closed") == "closed"
                assert said.get("items", []) == []

    run_state_machine_as_test(
        Story, settings=settings(
            max_examples=STORIES, stateful_step_count=8, deadline=None, derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
