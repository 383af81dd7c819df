"""Keys of clients, and proofs that they have them (RFC 9449), right ones and those that are a little wrong."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from hashlib import sha256
from itertools import count

from joserfc import jwk, jws

_IDS = count()


def b64(data):
    return urlsafe_b64encode(data).rstrip(b"=").decode()


class Prover:
    """A client with a key of its own."""

    def __init__(self, algorithm="ES256"):
        kinds = {
            "ES256": ("EC", "P-256"),
            "ES384": ("EC", "P-384"),
            "EdDSA": ("OKP", "Ed25519"),
            "RS256": ("RSA", 2048),
        }
        self.algorithm = algorithm
        self.key = jwk.generate_key(*kinds[algorithm])

    @property
    def thumbprint(self):
        return self.key.thumbprint()

    def proof(self, method, url, now, *, token=None, header=None, key=None, **claims):
        """A proof for that request; `None` leaves a claim or a name of the header out."""
        said = {"jti": f"id-{next(_IDS)}", "htm": method, "htu": url, "iat": int(now.timestamp())}
        if token is not None:
            said["ath"] = b64(sha256(token.encode()).digest())
        said = {name: value for name, value in (said | claims).items() if value is not None}
        head = {"typ": "dpop+jwt", "alg": self.algorithm, "jwk": self.key.as_dict(private=False)}
        head = {name: value for name, value in (head | (header or {})).items() if value is not None}
        return signed(head, json.dumps(said), key or self.key)


def signed(header, payload, key):
    """A compact JWS, whatever its header says; the algorithm is that of the key where the header's is none."""
    registry = jws.JWSRegistry(algorithms=[header["alg"]], strict_check_header=False)
    registry.max_header_length = 10_000
    return jws.serialize_compact(header, payload, key, registry=registry)
