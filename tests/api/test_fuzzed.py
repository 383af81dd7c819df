"""The described API, and everything that a reader of the description can think of to send to it."""

from __future__ import annotations

import os

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig

from callers import Callers
from people import ADA, Clock
from routes import still
from signedin.server.app import calls
from signedin.server.openapi import description

pytestmark = pytest.mark.xdist_group("fuzzed")
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "8"))
"""How many requests are made up for each call, beside those that the description itself suggests."""

CHECKS = {
    # Whether a name holds a letter, a date is to come, a password is guessed easily: no schema says it. What is
    # wrong with such a value is said with 422 and the name of its field.
    "positive_data_acceptance": {
        "expected-statuses": ["2xx", "304", "401", "403", "404", "409", "410", "422"]
    },
}


def read():
    config = SchemathesisConfig.from_dict({"checks": CHECKS})
    schema = schemathesis.openapi.from_dict(description(calls(), "http://localhost:8000"), config=config)
    return schema.exclude(path="/v1/feed")  # a stream has no end to wait for: tests/api/test_feed.py reads it


schema = read()


@pytest.fixture(scope="module")
def callers(tmp_path_factory):
    with still(tmp_path_factory.mktemp("fuzzed"), Clock()) as house:
        house.somebody(ADA)
        yield Callers(house)


@pytest.mark.security("4.1.4")
@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_whatever_is_sent_to_a_call_it_answers_as_it_is_described(callers, case):
    case.call_and_validate(base_url=callers.house.base_url, headers=callers.headers(case.operation))
