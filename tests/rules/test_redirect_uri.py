"""Where an authorization may lead: byte for byte what was registered, and nothing that could lead elsewhere (attack 12)."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signedin.rules.errors import InvalidInput
from signedin.rules.redirect_uri import LONGEST, is_registered, judge_redirect_uri, judge_web_address

APP = "https://app.example.org/back"
LOOPBACK = "http://127.0.0.1/back"
SIX = "http://[::1]/back"

TRICKS = {
    "another host": "https://evil.example/back",
    "a dot that a pattern would take for any letter": "https://appXexample.org/back",
    "the host as the beginning of another": "https://app.example.org.evil.example/back",
    "the host as the end of another": "https://evilapp.example.org/back",
    "a host before it": "https://x.app.example.org/back",
    "a host less": "https://example.org/back",
    "a dot after the host": "https://app.example.org./back",
    "capitals in the host": "https://APP.example.org/back",
    "a capital in the scheme": "HTTPS://app.example.org/back",
    "http instead": "http://app.example.org/back",
    "the usual port, written out": "https://app.example.org:443/back",
    "another port": "https://app.example.org:8443/back",
    "an empty port": "https://app.example.org:/back",
    "a port with zeros": "https://app.example.org:0443/back",
    "somebody before the host": "https://app.example.org@evil.example/back",
    "somebody before the right host": "https://evil@app.example.org/back",
    "many at-signs": "https://app.example.org@@@evil.example/back",
    "an encoded at-sign": "https://app.example.org%40evil.example/back",
    "a password before the host": "https://a:b@app.example.org/back",
    "a backslash in the place of a slash": "https://app.example.org\\back",
    "a backslash that hides the host": "https://evil.example\\@app.example.org/back",
    "a backslash after the scheme": "https:\\\\app.example.org/back",
    "one slash": "https:/app.example.org/back",
    "three slashes": "https:///app.example.org/back",
    "no slashes": "https:app.example.org/back",
    "no scheme": "//app.example.org/back",
    "only the path": "/back",
    "a slash more": "https://app.example.org/back/",
    "a double slash": "https://app.example.org//back",
    "no path": "https://app.example.org",
    "a path below": "https://app.example.org/back/more",
    "a path beside": "https://app.example.org/backwards",
    "another path": "https://app.example.org/",
    "a step up": "https://app.example.org/x/../back",
    "an encoded step up": "https://app.example.org/x/%2e%2e/back",
    "a step up with a matrix parameter": "https://app.example.org/x/..;/back",
    "a step that stays": "https://app.example.org/./back",
    "a matrix parameter": "https://app.example.org/back;x=1",
    "capitals in the path": "https://app.example.org/Back",
    "an encoded letter": "https://app.example.org/b%61ck",
    "an encoded slash": "https://app.example.org%2fback",
    "a query": "https://app.example.org/back?x=1",
    "an empty query": "https://app.example.org/back?",
    "a fragment": "https://app.example.org/back#x",
    "an empty fragment": "https://app.example.org/back#",
    "an encoded NUL": "https://app.example.org/back%00",
    "a NUL": "https://app.example.org/back\0",
    "a NUL in the host": "https://app.example.org\0.evil.example/back",
    "a new line": "https://app.example.org/back\n",
    "a carriage return and a header": "https://app.example.org/back\r\nset-cookie: a=b",
    "an encoded new line": "https://app.example.org/back%0d%0aset-cookie:%20a=b",
    "a tab in the scheme": "ht\ttps://app.example.org/back",
    "a tab in the host": "https://app.exam\tple.org/back",
    "a blank before": " https://app.example.org/back",
    "a blank after": "https://app.example.org/back ",
    "a blank within": "https://app.example.org/ba ck",
    "a dot of another alphabet": "https://app。example.org/back",
    "a letter that looks like another": "https://аpp.example.org/back",
    "a soft hyphen": "https://app.exa\u00admple.org/back",
    "turned letters": "https://app.example.org/\u202ekcab",
    "javascript": "javascript:alert(1)//app.example.org/back",
    "javascript in capitals": "JaVaScRiPt:alert(1)",
    "data": "data:text/html,<script>alert(1)</script>",
    "vbscript": "vbscript:msgbox(1)",
    "a file": "file:///etc/passwd",
    "a blob": "blob:https://app.example.org/back",
    "about": "about:blank",
    "view-source": "view-source:https://app.example.org/back",
    "ftp": "ftp://app.example.org/back",
    "a websocket": "wss://app.example.org/back",
    "a wildcard for the host": "https://*.example.org/back",
    "a wildcard for the path": "https://app.example.org/*",
    "loopback by number": "https://2130706433/back",
    "the registered one as a parameter": "https://evil.example/?https://app.example.org/back",
    "the registered one twice": "https://app.example.org/backhttps://app.example.org/back",
    "angle brackets": "https://app.example.org/<back>",
    "a quotation mark": 'https://app.example.org/back"',
    "nothing": "",
    "far too long": "https://app.example.org/back" + "a" * LONGEST,
}
"""Addresses that are not the registered one, each by what somebody may have taken it for."""

AROUND_LOOPBACK = {
    "localhost": "http://localhost/back",
    "https": "https://127.0.0.1/back",
    "another loopback address": "http://127.0.0.2/back",
    "loopback in short": "http://127.1/back",
    "loopback in hexadecimal": "http://0x7f000001/back",
    "loopback in octal": "http://0177.0.0.1/back",
    "every address": "http://0.0.0.0/back",
    "the other family": "http://[::1]:5000/back",
    "the other family, written out": "http://[0:0:0:0:0:0:0:1]/back",
    "IPv4 within IPv6": "http://[::ffff:127.0.0.1]/back",
    "a host that begins like it": "http://127.0.0.1.evil.example/back",
    "somebody before another host": "http://127.0.0.1:80@evil.example/back",
    "somebody before it": "http://a@127.0.0.1/back",
    "another path": "http://127.0.0.1:5000/other",
    "a query": "http://127.0.0.1:5000/back?x=1",
    "no path": "http://127.0.0.1:5000",
    "an empty port": "http://127.0.0.1:/back",
    "port zero": "http://127.0.0.1:0/back",
    "a port that is none": "http://127.0.0.1:65536/back",
    "a port with a sign": "http://127.0.0.1:+80/back",
    "a port with zeros": "http://127.0.0.1:080/back",
    "a port in other digits": "http://127.0.0.1:５０００/back",
    "a fragment": "http://127.0.0.1:5000/back#x",
    "a zone": "http://[::1%25eth0]/back",
}


@pytest.mark.security("10.4.1", "attack-12", "B1")
@pytest.mark.parametrize("trick", TRICKS.values(), ids=TRICKS)
def test_what_is_not_byte_for_byte_the_registered_address_is_not_it(trick):
    assert not is_registered(trick, [APP])


@pytest.mark.security("10.4.1", "attack-12", "B1")
@pytest.mark.parametrize("trick", AROUND_LOOPBACK.values(), ids=AROUND_LOOPBACK)
def test_of_a_loopback_address_the_port_alone_may_be_another(trick):
    assert not is_registered(trick, [LOOPBACK])


def test_a_loopback_address_is_known_at_any_port():
    for port in ("", ":1", ":80", ":51004", ":65535"):
        assert is_registered(f"http://127.0.0.1{port}/back", [LOOPBACK])
        assert is_registered(f"http://[::1]{port}/back", [SIX])
    assert is_registered("http://127.0.0.1/back", ["http://127.0.0.1:8080/back"])


def test_localhost_is_known_at_its_own_port_alone():
    assert is_registered("http://localhost:8080/back", ["http://localhost:8080/back"])
    assert not is_registered("http://localhost:8081/back", ["http://localhost:8080/back"])


REFUSED = [
    name
    for name in TRICKS
    if name
    not in {
        # each of these is somebody's own address, where it is registered as it stands
        "another host", "a dot that a pattern would take for any letter", "a host before it", "a host less",
        "the host as the beginning of another", "the host as the end of another", "another port",
        "the usual port, written out", "a slash more", "a double slash", "no path", "a path below", "a path beside",
        "another path", "a matrix parameter", "capitals in the path", "an encoded letter", "a query",
        "an empty query", "a wildcard for the path", "loopback by number",
        "the registered one as a parameter", "the registered one twice",
    }
]  # fmt: skip


@pytest.mark.security("attack-12", "attack-13")
@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.parametrize("is_native", [False, True])
def test_what_could_lead_elsewhere_than_it_seems_to_is_not_registered(name, is_native):
    with pytest.raises(InvalidInput) as refusal:
        judge_redirect_uri(TRICKS[name], is_native=is_native)
    assert refusal.value.field == "redirect_uris"


@pytest.mark.security("attack-12", "10.2.2")
@pytest.mark.parametrize(
    "uri",
    [
        f"{APP}?code=1", f"{APP}?+code=1", f"{APP}?%20state=1", f"{APP}?code[]=1", f"{APP}?code%00=1", f"{APP}?state", f"{APP}?x=1&iss=https://evil.example", f"{APP}?%65rror=x", f"{APP}?a;code=1",
        f"{APP}?error_description=x", f"{APP}?error_uri=", f"{APP}?x=1?&id_token=x", f"{LOOPBACK}?code=1",
        "http://localhost/back?state=1", "org.example.app:/back?code=1",
    ],
)  # fmt: skip
def test_an_address_that_already_says_what_an_answer_says_is_not_registered(uri):
    with pytest.raises(InvalidInput, match="parameter of an answer") as refusal:
        judge_redirect_uri(uri, is_native=True)
    assert refusal.value.field == "redirect_uris"


def test_an_address_may_say_what_is_no_part_of_an_answer():
    for uri in (f"{APP}?tenant=1&coded=2&State=3", f"{APP}/code/state?x=code"):
        assert judge_redirect_uri(uri, is_native=False) == uri


@pytest.mark.security("B10")
@pytest.mark.parametrize(
    ("uri", "is_native"),
    [
        (APP, False), ("https://app.example.org", False), ("https://app.example.org:8443/back?tenant=1", False),
        ("https://192.0.2.1/back", False), ("https://[2001:db8::1]/back", False), (LOOPBACK, True), (SIX, True),
        ("http://127.0.0.1:8080/back", True), ("http://localhost:8080/back", True),
        ("org.example.app:/back", True), ("org.example.app://back", True), ("https://xn--bcher-kva.example/", True),
    ],
)  # fmt: skip
def test_an_address_as_apps_have_them_is_registered_as_it_is(uri, is_native):
    assert judge_redirect_uri(uri, is_native=is_native) == uri
    assert is_registered(uri, [uri])


@pytest.mark.security("attack-12", "B10")
@pytest.mark.parametrize(
    "uri",
    [
        LOOPBACK,
        SIX,
        "http://localhost/back",
        "org.example.app:/back",
        "http://app.example.org/back",
        "app:/back",
    ],
)
def test_only_an_app_on_peoples_own_machines_comes_back_there(uri):
    with pytest.raises(InvalidInput):
        judge_redirect_uri(uri, is_native=False)


@pytest.mark.parametrize(
    "uri",
    [
        "app:/back", "Org.example.app:/back", "org.example.app:", "http://127.0.0.2/back", "http://0.0.0.0/back",
        "http://localhost.evil.example/back", "http://app.example.org/back", "http://localhost@evil.example/",
        "http://127.0.0.1:65536/back", "1org.example:/back",
    ],
)  # fmt: skip
def test_nor_does_everything_that_looks_like_ones_own_machine(uri):
    with pytest.raises(InvalidInput):
        judge_redirect_uri(uri, is_native=True)


@pytest.mark.security("attack-14")
@pytest.mark.parametrize(
    "uri",
    [
        "",
        "http://app.example.org/",
        "javascript:alert(1)",
        "https://a@b.example/",
        "https://b.example/#x",
        "app.example:/x",
    ],
)
def test_a_clients_server_is_an_https_address(uri):
    with pytest.raises(InvalidInput) as refusal:
        judge_web_address(uri, "back_channel_uri")
    assert refusal.value.field == "back_channel_uri"


@given(st.text(max_size=60), st.booleans())
def test_what_is_registered_is_read_alike_by_everybody(text, is_native):
    uri = f"https://{text}"
    try:
        judge_redirect_uri(uri, is_native=is_native)
    except InvalidInput:
        return
    parts = urlsplit(uri)
    assert parts.scheme == "https"
    assert parts.username is parts.password is None
    assert uri.startswith(f"https://{parts.netloc}")
    assert uri.isascii()


@given(st.text(max_size=80))
def test_nothing_but_the_registered_address_is_ever_it(text):
    assert is_registered(text, [APP]) is (text == APP)
