"""What is told of a person to whoever shows a token, and why not (OpenID Connect Core, section 5.3; RFC 6750, section 3)."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest

from given import SYNC_AGENT, a_client, account_of, given
from oauth.test_token import FILES, bearer, redeemed
from people import ADA, BERLIN, Clock
from proofs import Prover
from routes import still
from signedin.oauth import userinfo
from signedin.rules.account import AccountId
from signedin.rules.location import mask_address
from signedin.rules.statement import ALGORITHMS
from signedin.store import consents

WHERE = "/oauth/userinfo"
FORM = {"content-type": "application/x-www-form-urlencoded"}
ALGS = f'algs="{" ".join(ALGORITHMS)}"'
_IDS = count()


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with still(tmp_path_factory.mktemp("userinfo"), Clock()) as house:
        house.somebody(ADA)
        yield house


@pytest.fixture
def token(house, program):
    """A function that gives a client a new token."""

    def token(headers=None, scopes=("openid", "email"), resources=(), **client):
        client = a_client(house, id=f"app{next(_IDS)}", resources=resources, **client)
        it = given(house, client, scopes=scopes, resources=resources)
        return redeemed(program, it, headers).json()["access_token"]

    return token


def challenges(error, description, more=""):
    said = f'error="{error}", error_description="{description}"{more}'
    return [f"Bearer {said}", f"DPoP {said}, {ALGS}"]


def refused(answer, error, description, status=401, more=""):
    """That it is refused so, in the header and in the body."""
    assert answer.status_code == status, answer.text
    assert answer.json() == {"error": error, "error_description": description}
    assert answer.headers.get_list("www-authenticate") == challenges(error, description, more)
    assert (answer.headers["cache-control"], answer.headers["pragma"]) == ("no-store", "no-cache")


@pytest.mark.security("14.3.2")
def test_who_shows_nothing_is_told_how_to_show_a_token_and_of_no_error(house, program):
    for answer in (
        program.get(WHERE),
        program.get(WHERE, headers={"authorization": "Basic YTpi"}),
        program.get(WHERE, headers={"authorization": "Bearer"}),
        program.post(WHERE),
        program.post(WHERE, data={"other": "x"}),
        program.post(WHERE, content="access_token=", headers=FORM),
    ):
        assert answer.status_code == 401
        assert answer.json() == {"error": "invalid_token", "error_description": "An access token is needed."}
        assert answer.headers.get_list("www-authenticate") == ['Bearer realm="Signedin"', f"DPoP {ALGS}"]


@pytest.mark.security("10.3.1", "10.3.2")
def test_who_shows_what_opens_nothing_here_is_told_why(program, token):
    nothing = program.get(WHERE, headers=bearer("sgn_acc_x"))
    refused(nothing, "invalid_token", "The access token opens nothing: malformed.")
    files = program.get(WHERE, headers=bearer(token(resources=(FILES,))))
    refused(files, "invalid_token", "The access token is for another resource server.")
    small = program.get(WHERE, headers=bearer(token(scopes=("email",))))
    refused(small, "insufficient_scope", "The scope openid is needed.", 403, ', scope="openid"')


def test_a_token_is_shown_once_in_a_header_or_a_form(program, token):
    shown = token()
    told = program.get(WHERE, headers=bearer(shown)).json()
    for headers in ({"authorization": f"bEARER   {shown}"}, bearer(shown)):
        answer = program.get(WHERE, headers=headers)
        assert (answer.status_code, answer.json()) == (200, told)
    for answer in (
        program.post(WHERE, headers=bearer(shown)),
        program.post(WHERE, data={"access_token": shown}),
        program.post(WHERE, content="", headers=bearer(shown) | FORM),
        program.post(WHERE, data={"access_token": shown}, headers={"authorization": "Basic YTpi"}),
    ):
        assert (answer.status_code, answer.json()) == (200, told)
        assert answer.headers["cache-control"] == "no-store"
    twice = program.post(WHERE, data={"access_token": shown}, headers=bearer(shown))
    header = program.get(
        WHERE, headers=[("authorization", f"Bearer {shown}"), ("authorization", "Basic YTpi")]
    )
    for answer, sentence in (
        (twice, "The access token came twice."),
        (header, "The Authorization header came twice."),
    ):
        assert answer.status_code == 400
        assert answer.json() == {"error": "invalid_request", "error_description": sentence}
        assert "www-authenticate" not in answer.headers


@pytest.mark.security("10.3.5")
def test_a_bound_token_is_shown_with_the_proof_of_its_key_by_either_method(house, program, clock, token):
    prover, url = Prover(), house.base_url + WHERE
    proof = lambda method, by=prover, at=url, **more: {"dpop": by.proof(method, at, clock(), **more)}  # noqa: E731
    bound = token(proof("POST", at=f"{house.base_url}/oauth/token"))
    shown = {"authorization": f"dpop {bound}"}
    assert program.get(WHERE, headers=shown | proof("GET", token=bound)).json()["email"] == ADA
    assert program.post(WHERE, headers=shown | proof("POST", token=bound)).json()["email"] == ADA
    for answer in (
        program.get(WHERE, headers=bearer(bound) | proof("GET", token=bound)),
        program.post(WHERE, data={"access_token": bound}),
        program.get(WHERE, headers={"authorization": f"DPoP {token()}"}),
    ):
        refused(answer, "invalid_token", "The access token is not shown as it was bound.")
    another = "The access token is bound to another key."
    refused(program.get(WHERE, headers=shown), "invalid_token", another)
    refused(program.get(WHERE, headers=shown | proof("GET", Prover(), token=bound)), "invalid_token", another)
    for wrong, why in (
        (proof("POST", token=bound), "htm is not the method of this request."),
        (proof("GET", at=house.base_url, token=bound), "htu is not the address of this request."),
        (proof("GET"), "ath is missing."),
    ):
        refused(program.get(WHERE, headers=shown | wrong), "invalid_dpop_proof", why)
    stale = program.get(WHERE, headers=shown | proof("GET", token=bound, nonce="x"))
    refused(stale, "use_dpop_nonce", "Use the nonce of the DPoP-Nonce header.")
    again = proof("GET", token=bound, nonce=stale.headers["dpop-nonce"])
    assert program.get(WHERE, headers=shown | again).status_code == 200


@pytest.mark.security("10.3.2")
def test_of_an_account_that_is_gone_when_it_is_told_of_nothing_is_told(monkeypatch, program, token):
    async def gone_meanwhile(means, text, now):
        return (await authenticate(means, text, now))._replace(account_id=AccountId(1))

    authenticate = userinfo.authenticate_token
    monkeypatch.setattr(userinfo, "authenticate_token", gone_meanwhile)
    answer = program.get(WHERE, headers=bearer(token()))
    refused(answer, "invalid_token", "The access token opens nothing.")


@pytest.mark.guide("R31", "D16")
def test_a_use_is_noted_at_once_where_the_row_ends_soon_and_otherwise_in_a_while(house, clock, token):
    long, short = token(), token(idle=timedelta(minutes=5))
    clock.move(minutes=2)
    for shown in (long, short):
        answer = house.browser(SYNC_AGENT, BERLIN).http.get(WHERE, headers=bearer(shown))
        assert answer.status_code == 200
    written = house.means.database.read_now(consents.of, account_of(house).id)
    assert [each.idle for each in written if each.last_at == clock()] == [timedelta(minutes=5)]
    assert [each.last_from.masked_ip for each in written if each.last_at == clock()] == [mask_address(BERLIN)]
