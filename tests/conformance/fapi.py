"""A client as the FAPI 2.0 Security Profile wants one: it pushes, signs, and proves a key, each as a test bends it."""

from __future__ import annotations

from itertools import count
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import ECKey

from apps import BACK, VERIFIER, a_client, asked_page, decide_on_all, path_of, registered, request_of, told
from proofs import Prover
from signedin.gate.client_authentication import ASSERTION_TYPE
from signedin.rules.client import Authentication

_numbers = count(1)


class Member:
    """A registered client with `private_key_jwt`, which has to push its requests and to bind its tokens."""

    def __init__(self, op, key=None, algorithm="ES256"):
        self.op, self.prover = op, Prover()
        self.key, self.algorithm = key or ECKey.generate_key("P-256"), algorithm
        public = self.key.as_dict(private=False) | {"kid": "one", "use": "sig", "alg": algorithm}
        self.client = registered(op.house, a_client(
            id=f"member{next(_numbers)}", authentication=Authentication.KEY, keys=(public,), signs_with="ES256",
            needs_pushed=True, needs_dpop=True,
        ))  # fmt: skip

    def assertion(self, *, key=None, algorithm=None, **claims):
        """The fields by which it shows that it is itself; `None` leaves a claim out."""
        now, name = int(self.op.house.clock().timestamp()), self.client.id
        said = {
            "iss": name, "sub": name, "aud": self.op.issuer, "jti": f"jti-{next(_numbers)}", "iat": now, "exp": now + 60,
        }  # fmt: skip
        said = {claim: value for claim, value in (said | claims).items() if value is not None}
        algorithm = algorithm or self.algorithm
        text = jwt.encode({"alg": algorithm, "kid": "one"}, said, key or self.key, algorithms=[algorithm])
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": text}

    def proof(self, path, method="POST", prover=None, **more):
        """The header that proves its key."""
        url = self.op.issuer + path
        return {"dpop": (prover or self.prover).proof(method, url, self.op.house.clock(), **more)}

    def push(self, *, headers=None, shown=None, method="POST", **changed):
        """What comes of pushing a request."""
        form = request_of(self.client, **changed) | (self.assertion() if shown is None else shown)
        return self.op.http.request(method, "/oauth/par", data=form, headers=headers or {})

    def pushed(self, **changed):
        """The name of a pushed request."""
        answer = self.push(**changed)
        assert answer.status_code == 201, answer.text
        return answer.json()["request_uri"]

    def went(self, request_uri, browser=None, **beside):
        """The browser goes where the client sends it, with the name of what was pushed and, if at all, more beside it."""
        named = {"client_id": self.client.id, "request_uri": request_uri} | beside
        return (browser or self.op.ada).open(f"/oauth/authorize?{urlencode(named)}")

    def decided(self, answer, decision="allow"):
        """What the client is told once the person has decided; a request that asks for nothing new is answered at once."""
        if answer.status_code == 303 and answer.headers["location"].startswith("/"):
            answer = decide_on_all(self.op.ada, asked_page(self.op.ada, path_of(answer)), decision)
        elif answer.status_code == 200:
            answer = decide_on_all(self.op.ada, answer, decision)
        return told(answer, self.client)

    def code(self, *, beside=None, **changed):
        """A code for a request that was pushed."""
        said = self.decided(self.went(self.pushed(**changed), **(beside or {})))
        assert said["iss"] == self.op.issuer
        return said["code"]

    def token(self, form, *, shown=None, headers=None):
        """What the token endpoint answers."""
        fields = form | (self.assertion() if shown is None else shown)
        headers = self.proof("/oauth/token") if headers is None else headers
        return self.op.http.post("/oauth/token", data=fields, headers=headers)

    def form(self, code=None, **changed):
        """The form for a code."""
        said = {
            "grant_type": "authorization_code", "code": code or self.code(), "redirect_uri": BACK,
            "code_verifier": VERIFIER,
        }  # fmt: skip
        return {name: value for name, value in (said | changed).items() if value is not None}

    def tokens(self, **asked):
        """Tokens for a new code."""
        answer = self.token(self.form(self.code(**asked)))
        assert answer.status_code == 200, answer.text
        return answer.json()

    def used(self, token, *, scheme="DPoP", headers=None, **more):
        """What a resource answers to a token, with a proof that may be bent."""
        if headers is None:
            headers = self.proof("/oauth/userinfo", "GET", **({"token": token} | more))
        return self.op.http.get("/oauth/userinfo", headers={"authorization": f"{scheme} {token}"} | headers)
