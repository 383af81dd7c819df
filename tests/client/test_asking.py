"""What is asked about a request: its credential read exactly as the service reads it, and never told in an address."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from signedin.client.address import Address
from signedin.client.answers import KeyRefused, NotAllowed, NotSignedIn, SignedIn, Unavailable
from signedin.client.asking import Credential, Question, check, credential_of, told
from signedin.client.exchange import Answer
from signedin.rules.secret import SESSION_KINDS, Kind, WayKeys, digest, digest_of, make_token
from signedin.rules.sent import CookieNames, digest_at_once, sent_credential

KEYS = WayKeys("0", {"0": b"k" * 32})
TOKEN, OTHER = make_token(Kind.SES, 7, KEYS), make_token(Kind.SES, 8, KEYS)
APP = make_token(Kind.APP, 7, KEYS)
NAMES = CookieNames.for_base_url("http://localhost")
SOUGHT = b"signedin="
PIECES = st.sampled_from([
    f"signedin={TOKEN}", f"signedin={OTHER}", f"signedin={TOKEN} ", f" signedin={TOKEN}", f"signedin ={TOKEN}",
    f"xsignedin={TOKEN}", f"signedin={TOKEN}x", "signedin=", "signedin", "a=b", "", f"a=signedin={TOKEN}",
    f"signedin=sgn_app_{TOKEN[8:]}", f"\x85signedin={TOKEN}", f"signedin={TOKEN[:-1]}é",
])  # fmt: skip
LINES = st.lists(PIECES, max_size=4).map(lambda parts: parts)
HEADERS = st.lists(
    st.one_of(
        st.tuples(
            st.just(b"cookie"),
            st.tuples(LINES, st.sampled_from(["; ", ";", ";  ", ";\t"])).map(
                lambda x: x[1].join(x[0]).encode("latin-1")
            ),
        ),
        st.tuples(st.just(b"authorization"), st.sampled_from([b"Basic x", b"Bearer " + APP.encode()])),
        st.just((b"accept", b"*/*")),
        st.just((b"Cookie", b"signedin=" + OTHER.encode())),
        st.just((b"Authorization", b"Bearer " + APP.encode())),
    ),
    max_size=4,
)


@given(HEADERS)
@example([(b"cookie", b"a=b; signedin=" + TOKEN.encode())])
@example([(b"cookie", b"signedin=" + TOKEN.encode()), (b"authorization", b"Bearer " + APP.encode())])
def test_the_quick_way_to_read_a_cookie_takes_nothing_that_the_exact_one_does_not(headers):
    quick = digest_at_once(headers, SOUGHT)
    if quick is not None:
        exact = credential_of(headers, NAMES)
        assert isinstance(exact, Credential)
        assert exact.digest == quick
        token, kinds = sent_credential(headers, NAMES)
        assert (digest_of(token, kinds), kinds) == (quick, SESSION_KINDS)


def test_the_quick_way_reads_what_browsers_send():
    for line in (
        f"signedin={TOKEN}",
        f"a=b; signedin={TOKEN}",
        f"signedin={TOKEN}; a=b",
        f"a=1; signedin={TOKEN}; b=2",
    ):
        assert digest_at_once([(b"host", b"x"), (b"cookie", line.encode())], SOUGHT) == digest(TOKEN)


@pytest.mark.parametrize("headers", [
    {"Cookie": f"signedin={TOKEN}"}, [("Cookie", f"signedin={TOKEN}")], [(b"Cookie", f"signedin={TOKEN}".encode())],
    [(b"cookie", f"signedin={TOKEN}".encode())],
], ids=["a mapping", "pairs of text", "pairs of bytes", "ASGI"])  # fmt: skip
def test_headers_are_taken_as_any_framework_has_them(headers):
    found = credential_of(headers, NAMES)
    assert (found.token, found.by_cookie, found.is_session) == (TOKEN, True, True)


@pytest.mark.security("14.2.1")
def test_the_credential_travels_in_a_header_of_its_own_kind_and_never_in_an_address():
    address = Address.of("http://localhost:8000/under")
    for token, by_cookie, shown in (
        (TOKEN, True, f"cookie: signedin={TOKEN}"),
        (APP, False, f"authorization: Bearer {APP}"),
    ):
        asked = Question(
            Credential(token, digest(token), by_cookie, is_session=True),
            "203.0.113.9",
            "curl/8.5.0",
            "account:read",
        )
        first, *lines = check(address, "sgn_svc_key", NAMES, ("web", "admin"), asked).decode().split("\r\n")
        assert first == "GET /under/v1/check?app_type=web%2Cadmin&scope=account%3Aread HTTP/1.1"
        assert lines[:5] == [
            "host: localhost:8000", "signedin-key: sgn_svc_key", shown, "signedin-address: 203.0.113.9", "user-agent: curl/8.5.0",
        ]  # fmt: skip


@pytest.mark.guide("D16")
@pytest.mark.security("4.2.1")
@pytest.mark.parametrize(
    "agent", ["", "Me\r\nx: y", "Me\0", "M\xeb", "x" * 501], ids=lambda each: repr(each[:8])
)
def test_an_agent_that_cannot_be_read_is_not_sent(agent):
    asked = Question(Credential(TOKEN, digest(TOKEN), by_cookie=True, is_session=True), "203.0.113.9", agent)
    said = check(Address.of("http://localhost:8000"), "sgn_svc_key", NAMES, ("web",), asked)
    assert [line.partition(b":")[0] for line in said.split(b"\r\n")[1:]] == [
        b"host", b"signedin-key", b"cookie", b"signedin-address", b"", b"",
    ]  # fmt: skip


def test_a_personal_key_is_asked_about_only_where_a_scope_is_named():
    headers = {"authorization": "Bearer sgn_key_abcDEF123"}
    assert credential_of(headers, NAMES) == NotSignedIn("wrong_kind")
    assert not credential_of(headers, NAMES, scope="account:read").is_session
    assert credential_of(
        {"authorization": "Bearer sgn_key_a\r\nb"}, NAMES, scope="account:read"
    ) == NotSignedIn("wrong_kind")


def answer(status, body=b"", **headers):
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


def let_in(**more):
    said = {
        "signedin_account": "7",
        "signedin_session": "abc",
        "signedin_app_type": "web",
        "signedin_scopes": "*",
    }
    return answer(200, **(said | more))


def test_what_the_service_answers_is_told_as_it_is():
    found = told(let_in(signedin_seq="5", signedin_epoch="2", signedin_good_for="60"), 1_000)
    assert (found.who, found.seq) == (SignedIn("7", "abc", "web"), 5)
    assert found.known.overall_until == 60_001_000
    assert told(let_in(), 0).known is None, "what does not say how long it lasts is not remembered"
    key = told(
        let_in(signedin_session="-", signedin_app_type="-", signedin_scopes="account:read keys:read"), 0
    )
    assert key.who == SignedIn("7", None, None, frozenset({"account:read", "keys:read"}))
    assert told(answer(401, json.dumps({"reason": "revoked"}).encode()), 0) == NotSignedIn("revoked")


@pytest.mark.guide("D12")
@pytest.mark.security("attack-19")
@pytest.mark.parametrize(
    "wrong",
    [answer(500), answer(503), answer(302, location="/"), answer(404), answer(200), answer(204), answer(401), answer(401, b"<html>"),
     let_in(signedin_account="x", signedin_seq="1", signedin_epoch="1", signedin_good_for="1"), let_in(signedin_seq="x")],
    ids=lambda each: f"{each.status} {len(each.headers)}",
)  # fmt: skip
def test_what_is_no_answer_of_the_service_lets_nobody_in_and_signs_nobody_out(wrong):
    with pytest.raises(Unavailable):
        told(wrong, 0)
    with pytest.raises(KeyRefused):
        told(answer(403), 0)


@pytest.mark.guide("D12")
def test_a_key_of_the_persons_without_the_scope_is_told_apart_from_the_apps_own_by_the_code():
    for code, found in (
        ("insufficient_permission", NotAllowed()),
        ("service_key_refused", None),
        ("other", None),
    ):
        refusal = answer(403, json.dumps({"code": code}).encode())
        if found is None:
            with pytest.raises(KeyRefused):
                told(refusal, 0)
        else:
            assert told(refusal, 0) == found
    assert not NotAllowed()
    assert NotAllowed().reason == "insufficient_scope"


@pytest.mark.guide("D7")
@pytest.mark.security("6.3.8")
def test_one_answer_is_shared_by_those_who_ask_the_same_from_one_address_only():
    credential = Credential(TOKEN, digest(TOKEN), by_cookie=True, is_session=True)
    asked = Question(credential, "203.0.113.9", "Me")
    assert asked.flight_key == asked._replace(address="::ffff:203.0.113.9", agent="You").flight_key
    others = [
        asked._replace(address="198.51.100.9"),
        asked._replace(address=""),
        asked._replace(address="", scope="203.0.113.9"),
        asked._replace(scope="account:read"),
        asked._replace(is_quiet=True),
    ]
    assert len({each.flight_key for each in (asked, *others)}) == 1 + len(others)
