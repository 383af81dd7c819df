"""The straight way of a check says yes to nobody whom the closer look would not let in, and never anything else."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from people import ADA, SAFARI_ON_IPHONE, Clock, running
from signedin.rules.secret import Kind, make_token

pytestmark = pytest.mark.xdist_group("check")
NAMES = [b"cookie", b"Cookie", b"COOKIE", b"authorization", b"Authorization", b"x-forwarded-for", b"user-agent",
         b"signedin-key", b"signedin-address", b"signedin-quiet", b"accept", b"x-odd", b""]  # fmt: skip
AROUND = [
    "",
    "; ",
    ";",
    ";  ",
    ";\t",
    " ",
    "\x85",
    "a=b",
    "a=b; ",
    "signedin=",
    "signedin",
    "xsignedin=",
    "=",
    '"',
    "é",
    "__Host-",
]
QUERIES = [b"", b"", b"", b"app_type=web", b"app_type=admin", b"app_type=web,mobile", b"scope=account:read",
           b"host=shop.other.test", b"host=evil.example", b"x"]  # fmt: skip
PEERS = [("127.0.0.1", 1), ("203.0.113.1", 2), None]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with running(tmp_path_factory.mktemp("house"), Clock(), app_hosts=("http://shop.other.test",)) as house:
        house.somebody(ADA)
        yield house


@pytest.fixture(scope="module")
def tokens(house):
    """Two that live, one that has ended, and some that are nobody's or of another kind; those that live were met."""
    live, other, ended = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE), house.signed_in()
    live.revoke(ended.current()["id"])
    assert other.http.get("/v1/check").status_code == 200
    assert live.http.get("/v1/check").status_code == 200
    keys = house.means.keyring.way_keys
    made = [make_token(kind, 1, keys) for kind in (Kind.SES, Kind.APP, Kind.HST, Kind.KEY)]
    secret = live.secret
    return [
        secret,
        secret,
        secret,
        other.secret,
        ended.secret,
        *made,
        secret[:-1],
        secret + "x",
        secret[:-1] + "é",
        secret.upper(),
    ]


def asked(house, scope, *, at_once=True):
    """What is answered; without the straight way by the closer look alone."""
    check = house.server.app
    with pytest.MonkeyPatch.context() as closed:
        if not at_once:
            closed.setattr(check, "_at_once", lambda *_: None)
        return asyncio.run(check.answer(scope))


def noted(house):
    """What is known of uses, forgotten with the asking."""
    recent = house.means.recent
    return {key: (address, agent) for key, _, _, address, agent in recent.take(99)}


@st.composite
def requests(draw, tokens):
    token = st.sampled_from(tokens)
    part = st.one_of(st.sampled_from(AROUND), token, token.map(lambda each: f"signedin={each}"))
    text = st.lists(part, max_size=5).map("".join)
    plain = st.builds(
        "{}signedin={}{}".format, st.sampled_from(["", "a=b; "]), token, st.sampled_from(["", "; c=d", ";c"])
    )
    value = st.one_of(plain, text, token.map("Bearer {}".format), st.just("203.0.113.9, 198.51.100.7"))
    odd = st.tuples(st.sampled_from(NAMES), value.map(lambda each: each.encode("latin-1")))
    one = st.tuples(st.just(b"cookie"), plain.map(lambda each: each.encode("latin-1")))
    headers = draw(
        st.one_of(st.lists(odd, max_size=4), st.builds(lambda a, b: [*a, b], st.lists(odd, max_size=3), one))
    )
    return {
        "type": "http", "method": draw(st.sampled_from(["GET", "HEAD"])), "path": "/v1/check", "headers": headers,
        "query_string": draw(st.sampled_from(QUERIES)), "client": draw(st.sampled_from(PEERS)),
    }  # fmt: skip


@pytest.mark.guide("D12", "D16")
@pytest.mark.security("attack-19", "attack-20", "C5")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_it_answers_and_notes_exactly_what_the_closer_look_does(house, tokens, data):
    scope = data.draw(requests(tokens))
    noted(house)
    quick, told = asked(house, scope), noted(house)
    close = asked(house, scope, at_once=False)
    assert quick == close
    assert told == noted(house)


@pytest.mark.guide("D12")
@pytest.mark.parametrize(
    "line", ["signedin={}", "a=b; signedin={}", "signedin={}; a=b", "a=1; signedin={}; b=2"]
)
def test_what_browsers_send_goes_that_way(house, tokens, line):
    headers = [
        (b"host", b"x"),
        (b"x-forwarded-for", b"203.0.113.9"),
        (b"cookie", line.format(tokens[0]).encode()),
    ]
    scope = {"method": "GET", "headers": headers, "query_string": b"", "client": ("127.0.0.1", 1)}
    with pytest.MonkeyPatch.context() as closed:
        closed.delattr(house.server.app.__class__, "_looked_at_closely")
        assert asked(house, scope).status == 200


@pytest.mark.guide("R48", "D12")
@pytest.mark.security("attack-19")
def test_what_was_ready_to_be_answered_is_gone_with_the_session(house):
    laptop, phone = house.signed_in(), house.signed_in(SAFARI_ON_IPHONE)
    assert {phone.http.get("/v1/check").status_code for _ in range(3)} == {200}
    laptop.revoke(phone.current()["id"])
    assert phone.http.get("/v1/check").status_code == 401
