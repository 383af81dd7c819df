"""What docs/connect-an-app.md shows of clients, run as it stands there beside a server that really runs."""

from __future__ import annotations

import json
import shutil
import subprocess
from urllib.parse import urlsplit

import httpx
import pytest
from joserfc.jwk import ECKey

from apps import BACK, VERIFIER
from connecting.programs import allowed_back, told_by
from fences import beginning
from signedin.rules.pkce import challenge_of

pytestmark = pytest.mark.xdist_group("snippets of connected apps")
PAGE = "docs/connect-an-app.md"
NODE = """
import { createInterface } from "node:readline";
const [issuer, clientId, back] = process.argv.slice(2);
const told = await (await fetch(`${issuer}/.well-known/openid-configuration`)).json();
const [where, kept] = await begin(told, clientId, back, "openid email");
console.log(where);
for await (const line of createInterface({ input: process.stdin })) {
  const ends = (error) => ({ error: error.message });
  console.log(JSON.stringify(await finish(told, clientId, back, kept, new URL(line).searchParams).catch(ends)));
}
"""


@pytest.fixture
def told(place):
    return httpx.get(f"{place.base_url}/.well-known/openid-configuration").json()


def query_of(address):
    return dict(pair.split("=", 1) for pair in urlsplit(address).query.split("&"))


def test_a_page_without_a_server_signs_in_as_the_page_shows(server, tmp_path):
    node = shutil.which("node")
    assert node, "apt install nodejs"
    words = ("client", "add", "--public", "--name", "Page", "--redirect-uri", BACK)
    client = told_by(server.place, *words)["client_id"]
    script = tmp_path / "page.mjs"
    script.write_text(beginning(PAGE, "const base64url") + NODE)
    ada = server.signed_in()
    with subprocess.Popen(
        [node, script, server.place.base_url, client, BACK], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as page:  # fmt: skip
        back = allowed_back(ada, page.stdout.readline().strip())
        for changed in (back.replace("state=", "state=x"), back.replace("iss=", "iss=x"), back, back):
            page.stdin.write(changed + "\n")
        page.stdin.close()
        forged, mixed_up, tokens, again = map(json.loads, page.stdout)
    assert forged == mixed_up == {"error": "This answer is not for us."}
    assert (tokens["scope"], "id_token" in tokens) == ("openid email", True)
    assert "error" in again
    ada.log_out_all()


def test_ones_own_web_app_signs_in_as_the_page_shows(server):
    place, ada = server.place, server.signed_in()
    made = told_by(place, "app", "add", "--type", "web", "--name", "Shop", "--redirect-uri", BACK)
    known = {
        "SECRET_KEY": "only for the cookie of this test", "CLIENT_ID": made["client_id"],
        "CLIENT_SECRET": made["client_secret"], "ISSUER": place.base_url, "__name__": "shop",
    }  # fmt: skip
    exec(beginning(PAGE, "from authlib"), known)  # that is what the page says
    shop = known["app"].test_client()
    before = len(ada.sessions())
    where = shop.get("/sign-in", base_url="https://app.example.org").location
    back = urlsplit(allowed_back(ada, where))
    answer = shop.get(f"{back.path}?{back.query}", base_url="https://app.example.org")
    assert (answer.status_code, answer.location) == (302, "/")
    assert len(ada.sessions()) == before + 1
    with shop.session_transaction(base_url="https://app.example.org") as kept:
        assert kept["sub"]
    ada.log_out_all()


@pytest.mark.security("10.4.14")
def test_a_client_with_a_key_pushes_its_request_as_the_page_shows(server, told, tmp_path):
    key, known = ECKey.generate_key("P-256"), {}
    exec(beginning(PAGE, "import secrets"), known)  # that is what the page says
    file = tmp_path / "public-keys.json"
    file.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    words = ("client", "add", "--name", "Safe", "--redirect-uri", BACK, "--keys", str(file), "--require-par")
    client = told_by(server.place, *words)["client_id"]
    asked = {
        "response_type": "code", "redirect_uri": BACK, "scope": "openid", "state": "1",
        "code_challenge": challenge_of(VERIFIER), "code_challenge_method": "S256",
    }  # fmt: skip
    ada = server.signed_in()
    with httpx.Client() as http:
        where = known["pushed"](http, told, key, client, asked)
        assert query_of(where).keys() == {"client_id", "request_uri"}
        code = query_of(allowed_back(ada, where))["code"]
        tokens = known["redeemed"](http, told, key, client, code, BACK, VERIFIER)
        assert tokens["scope"] == "openid"
        with pytest.raises(httpx.HTTPStatusError):
            known["pushed"](http, told, ECKey.generate_key("P-256"), client, asked)
    ada.log_out_all()
