"""A real server tells a real client, each in a process of its own, over TLS: whatever becomes of either of them."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import urlsafe_b64decode
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic, sleep
from types import SimpleNamespace

import httpx
import pytest

from apps import PUBLIC, VERIFIER, a_client, consented
from ports import free_port
from served import a_place_that_calls, served

pytestmark = [pytest.mark.xdist_group("back channel"), pytest.mark.security("7.4.1")]
RECEIVER = Path(__file__).with_name("a_receiver.py")
BACK = "https://app.example.org/back"
PATIENCE = 45
"""Seconds: the first pause is ten, on a machine that does much else."""


@pytest.fixture
def place(tmp_path):
    with a_place_that_calls(tmp_path) as place:
        yield place


def registered(place, name, *more):
    """A public client that hears of sign-outs, registered by the command line, and where it will hear."""
    port = free_port()
    made = place.run(
        "client", "add", "--name", name, "--redirect-uri", BACK, "--public", "--json", *more,
        "--backchannel-logout-uri", f"https://localhost:{port}/out",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    said = json.loads(made.stdout)
    assert said["backchannel_logout_uri"] == f"https://localhost:{port}/out"
    client = a_client(id=said["client_id"], name=name, redirect_uris=(BACK,), **PUBLIC)
    return SimpleNamespace(client=client, port=port, said=said)


@contextmanager
def hearing(place, it, tmp_path, *how):
    """The client's server, as it runs; its value tells what it has heard."""
    heard = tmp_path / f"{it.port}.heard"
    words = [it.port, tmp_path / "localhost.pem", place.base_url, it.client.id, heard, *how]
    process = subprocess.Popen(
        [sys.executable, "-B", RECEIVER, *map(str, words)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout.readline() == "listening\n"
        yield lambda: [json.loads(line) for line in heard.read_text().splitlines()] if heard.exists() else []
    finally:
        process.kill()
        process.wait()


def tokens_of(browser, client):
    """The client is allowed, and redeems its code."""
    code = consented(browser, client, scope="openid offline_access", resource=None)["code"]
    form = {"grant_type": "authorization_code", "client_id": client.id, "code": code, "redirect_uri": BACK,
            "code_verifier": VERIFIER}  # fmt: skip
    answer = httpx.post(f"{browser.base_url}/oauth/token", data=form)
    assert answer.status_code == 200, answer.text
    return answer.json()


def sid_in(tokens):
    """The browser's session, as the client's ID token names it."""
    payload = tokens["id_token"].split(".")[1]
    return json.loads(urlsafe_b64decode(payload + "=="))["sid"]


def until(happened):
    end = monotonic() + PATIENCE
    while not happened():
        assert monotonic() < end, "it did not come"
        sleep(0.05)


def test_a_client_hears_of_a_logout_a_revoke_and_logout_all(place, tmp_path):
    it, by_sid = (
        registered(place, "Porter"),
        registered(place, "Carrier", "--backchannel-logout-session-required"),
    )
    assert by_sid.said["backchannel_logout_session_required"] is True
    with served(place) as server, ExitStack() as stack:
        heard, also = (stack.enter_context(hearing(place, each, tmp_path)) for each in (it, by_sid))
        ada, phone = server.signed_in(), server.signed_in()
        sid, other = (sid_in(tokens_of(ada, client)) for client in (it.client, by_sid.client))
        ada.log_out()
        until(lambda: len(heard()) == 1 and len(also()) == 1)
        assert (heard()[0]["sid"], also()[0]["sid"]) == (sid, other)
        assert sid != other, "each knows sessions by names of its own"
        assert heard()[0]["sub"] != also()[0]["sub"], "each knows people by names of its own"
        [row] = [each for each in phone.sessions() if each.get("client_name") == "Porter"]
        phone.revoke(row["id"])
        until(lambda: len(heard()) == 2)
        assert "sid" not in heard()[1]
        assert heard()[1]["sub"] == heard()[0]["sub"]
        phone.log_out_all()
        until(lambda: len(also()) == 2)
        assert also()[1]["sid"] == other
        assert len(heard()) == 2, "of what had ended before nobody hears again"
        assert not [line for line in server.log() if "refused" in line["event"]]


def test_a_revoke_waits_for_no_client_that_hangs_and_neither_does_any_other_client(place, tmp_path):
    it, other = registered(place, "Hangs"), registered(place, "Listens")
    with served(place) as server, ExitStack() as stack:
        stack.enter_context(hearing(place, it, tmp_path, "hangs"))
        heard = stack.enter_context(hearing(place, other, tmp_path))
        ada = server.signed_in()
        access = tokens_of(ada, it.client)["access_token"]
        tokens_of(ada, other.client)
        rows = {each.get("client_name"): each["id"] for each in ada.sessions()}
        began = monotonic()
        assert ada.revoke(rows["Hangs"]).status_code == 303
        took = monotonic() - began
        refused = httpx.get(f"{place.base_url}/oauth/userinfo", headers={"authorization": f"Bearer {access}"})
        assert refused.status_code == 401
        until((tmp_path / f"{it.port}.asked").exists)
        ada.revoke(rows["Listens"])
        until(lambda: len(heard()) == 1)
        assert took < 5, "the client would have had five seconds"


def test_a_server_that_is_killed_tells_it_when_it_runs_again(place, tmp_path):
    it = registered(place, "Porter")
    with served(place) as server:
        ada = server.signed_in()
        sid = sid_in(tokens_of(ada, it.client))
        ada.log_out()  # nobody listens there yet
        until(lambda: any(line["event"] == "a client was not told of an ending" for line in server.log()))
        server.process.kill()
        server.process.wait()
    said = place.run("doctor")
    assert "1 sign-outs wait to be told to clients; 1 of these do not answer." in said.stdout
    with hearing(place, it, tmp_path) as heard, served(place):
        until(lambda: len(heard()) == 1)
        assert heard()[0]["sid"] == sid


def test_nobody_is_called_on_this_machine_unless_the_operator_has_said_so(place, tmp_path):
    del place.settings["SIGNEDIN_PRIVATE_RECEIVERS"]
    it = registered(place, "Porter")
    with hearing(place, it, tmp_path) as heard, served(place) as server:
        ada = server.signed_in()
        tokens_of(ada, it.client)
        ada.log_out()
        until(lambda: any("may not be called" in str(line.get("answer")) for line in server.log()))
        assert heard() == []
