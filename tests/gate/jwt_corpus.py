"""Ways to forge or bend a signed statement, for every place that takes one (attack 22).

`mutations(make)` gives each bent statement by what is wrong with it; `Maker` is told what is right for the place.
"""

from __future__ import annotations

import json
import warnings
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from hashlib import sha256
from hmac import digest as hmac_of
from typing import Any

from joserfc import jws
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, Key, OctKey, OKPKey, RSAKey

EVIL_RSA, EVIL_EC = RSAKey.generate_key(2048), ECKey.generate_key("P-256")
ANY = ("RS256", "RS384", "PS256", "ES256", "EdDSA", "HS256")


def part(value: Any) -> str:
    """A part of a statement, whatever is put into it."""
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def sign(header: dict[str, Any], payload: bytes | str, key: Key) -> str:
    """Sign as it stands, whatever the header says besides."""
    registry = jws.JWSRegistry(algorithms=list(ANY), strict_check_header=False)
    registry.max_header_length = 100_000
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SecurityWarning)
        return _serialized(header, payload, key, registry)


def _serialized(header: dict[str, Any], payload: bytes | str, key: Key, registry: jws.JWSRegistry) -> str:
    return jws.serialize_compact(header, payload, key, registry=registry)


def by_hand(header: Any, payload: Any, key: Key) -> str:
    """Signed by RS256 or ES256 over parts that no library would write."""
    signing = f"{part(header)}.{part(payload)}"
    algorithm = "ES256" if isinstance(key, ECKey) else "RS256"
    model = jws.JWSRegistry.algorithms[algorithm]
    return f"{signing}.{part(model.sign(signing.encode(), key))}"


@dataclass(frozen=True)
class Maker:
    """What is right at a place: key, header and claims, in seconds of `now`; and which claims have to be there."""

    key: Key
    algorithm: str
    claims: dict[str, Any]
    typ: str = "JWT"
    header: dict[str, Any] = field(default_factory=dict)
    now: int = 0
    wrong_typs: tuple[str, ...] = ("at+jwt", "logout+jwt", "dpop+jwt", "secevent+jwt")
    needed: tuple[str, ...] = ("iss", "aud", "exp")

    def right(self) -> str:
        """A statement that is taken."""
        return self.signed()

    def signed(self, more_header: dict[str, Any] | None = None, **claims: Any) -> str:
        """The same with something changed; `None` leaves a claim out."""
        said = {name: value for name, value in (self.claims | claims).items() if value is not None}
        header = {"alg": self.algorithm, "typ": self.typ, **self.header, **(more_header or {})}
        return sign(header, json.dumps(said), self.key)

    def with_(self, **changes: Any) -> Maker:
        """The same maker with other means."""
        return replace(self, **changes)


def mutations(make: Maker) -> Iterator[tuple[str, str]]:
    """(what is wrong, the statement)."""
    for kind in (_signatures, _headers, _payloads, _claims, _texts):
        yield from kind(make)


def _signatures(make: Maker) -> Iterator[tuple[str, str]]:
    right = make.right()
    head, body, mark = right.split(".")
    bare = {"alg": "none", "typ": make.typ, **make.header}
    for name in ("none", "None", "NONE", "nOnE", ""):
        yield f"alg {name or 'empty'} without a signature", f"{part({**bare, 'alg': name})}.{body}."
        yield f"alg {name or 'empty'} with the old signature", f"{part({**bare, 'alg': name})}.{body}.{mark}"
    yield "no signature", f"{head}.{body}."
    yield "an empty signature of dots", f"{head}.{body}.."
    yield "a signature cut short", right[:-8]
    yield "a signature of another payload", f"{head}.{part({**make.claims, 'sub': 'eve'})}.{mark}"
    yield (
        "a signature with one letter changed",
        right[:-20] + ("A" if right[-20] != "A" else "B") + right[-19:],
    )
    yield "somebody else's key, same kid", make.with_(key=_evil(make)).signed()
    yield "zeros for a signature", f"{head}.{body}.{part(bytes(64))}"
    public = make.key.as_dict(private=False)
    for text in _texts_of(make.key, public):
        header = part({**bare, "alg": "HS256"})
        forged = hmac_of(text, f"{header}.{body}".encode(), sha256)
        yield (
            f"HS256 with the public key as the secret ({len(text)} bytes)",
            f"{header}.{body}.{part(forged)}",
        )
    shared = OctKey.import_key(b"secret of a client, long enough to be one")
    yield "HS256 with a secret", make.with_(key=shared, algorithm="HS256").signed()
    if isinstance(make.key, RSAKey):
        yield "an algorithm that is not on the list", make.with_(algorithm="RS384").signed()
        other = {"alg": "ES256", "typ": make.typ, **make.header}
        yield "RS256 signed, ES256 said", f"{part(other)}.{body}.{mark}"
    else:
        other = {"alg": "RS256", "typ": make.typ, **make.header}
        yield "ES256 signed, RS256 said", f"{part(other)}.{body}.{mark}"


def _headers(make: Maker) -> Iterator[tuple[str, str]]:
    evil = _evil(make)
    theirs = evil.as_dict(private=False)
    forging = make.with_(key=evil)
    yield "its own key in the header", forging.signed({"jwk": theirs})
    yield "its own key in the header, signed rightly", make.signed({"jwk": theirs})
    for name in ("jku", "x5u"):
        yield f"{name} to somebody's keys", forging.signed({name: "https://evil.example/keys"})
        yield f"{name}, signed rightly", make.signed({name: "https://evil.example/keys"})
    yield "x5c", by_hand(_header(make, x5c=["MIIB"]), make.claims, make.key)
    for crit in (["b64"], ["exp"], ["unknown"], [], "exp", None):
        header = _header(make, crit=crit, exp=1, unknown=1)
        yield f"crit {crit}", by_hand(header, make.claims, make.key)
    yield "b64 false", by_hand(_header(make, b64=False), make.claims, make.key)
    yield "another kid", by_hand(_header(make, kid="another"), make.claims, make.key)
    yield "a kid that is a path", by_hand(_header(make, kid="../../dev/null"), make.claims, make.key)
    yield "a kid that is half of a pair", by_hand(_header(make, kid="\ud800"), make.claims, make.key)
    yield "a kid that is a list", by_hand(_header(make, kid=["a"]), make.claims, make.key)
    yield "no alg", by_hand({"typ": make.typ, **make.header}, make.claims, make.key)
    yield "an alg that is a list", by_hand(_header(make, alg=[make.algorithm]), make.claims, make.key)
    yield "a typ that is a number", by_hand(_header(make, typ=1), make.claims, make.key)
    for typ in make.wrong_typs:
        yield f"typ {typ}", make.signed({"typ": typ})
    for header in (b"[]", b"null", b'"x"', b"{", b"", b"\xff\xfe"):
        yield f"a header that is {header!r}", by_hand(header, make.claims, make.key)
    twice = (
        json.dumps({"typ": make.typ, **make.header})[:-1] + f', "alg": "none", "alg": "{make.algorithm}"}}'
    )
    yield "alg twice", by_hand(twice.encode(), make.claims, make.key)


def _payloads(make: Maker) -> Iterator[tuple[str, str]]:
    header = _header(make)
    for payload in (b"[]", b"null", b"1", b"true", b'"text"', b"", b"{", b"\xff", b"[" * 5000):
        yield f"a payload that is {payload[:8]!r}", by_hand(header, payload, make.key)
    listed = json.dumps([make.claims]).encode()
    yield "a payload that is a list of the right one", by_hand(header, listed, make.key)
    twice = json.dumps(make.claims)[:-1] + f', "exp": {make.now + 60}, "exp": {make.now + 60}}}'
    yield "a claim twice", by_hand(header, twice.encode(), make.key)
    for number in ("NaN", "Infinity", "-Infinity", "1e400"):
        bent = json.dumps({**make.claims, "exp": "X"}).replace('"X"', number)
        yield f"exp {number}", by_hand(header, bent.encode(), make.key)


def _claims(make: Maker) -> Iterator[tuple[str, str]]:
    for name in make.needed:
        yield f"no {name}", make.signed(**{name: None})
        for bent in ([], {}, [make.claims[name]], "\ud800", 2**70):
            if not (name == "aud" and bent == [make.claims[name]]):
                yield f"{name} {bent!a}", make.signed(**{name: bent})
    yield "exp past", make.signed(exp=make.now - 1)
    yield "exp now", make.signed(exp=make.now)
    yield "exp text", make.signed(exp=str(make.now + 60))
    yield "exp true", make.signed(exp=True)
    yield "exp below zero", make.signed(exp=-1)
    yield "exp list", make.signed(exp=[make.now + 60])
    yield "nbf ahead", make.signed(nbf=make.now + 120)
    yield "nbf text", make.signed(nbf="0")
    yield "iat ahead", make.signed(iat=make.now + 120)
    yield "iat text", make.signed(iat="now")
    yield "half of a pair of characters", make.signed(more="\udfff")
    yield "half of a pair in a name", make.signed(**{"\ud800": 1})


def _texts(make: Maker) -> Iterator[tuple[str, str]]:
    right = make.right()
    head, body, mark = right.split(".")
    yield "nothing", ""
    yield "two parts", f"{head}.{body}"
    yield "four parts", f"{right}.{mark}"
    yield "five parts, as if encrypted", f"{right}.{mark}.{mark}"
    yield "a blank after", f"{right} "
    yield "a new line within", f"{head}.\n{body}.{mark}"
    yield "filled up with =", f"{head}.{body}=.{mark}="
    yield "the other base64", f"{head}.{body}.{mark}".replace("-", "+").replace("_", "/") + "+/"
    yield "letters beyond ASCII", f"{head}.{body}.{mark}é"
    yield "JSON instead", json.dumps({"protected": head, "payload": body, "signature": mark})
    yield "far too long", make.signed(more="x" * 20_000)
    yield "a header that is far too long", make.signed({"x": "y" * 20_000})


def _header(make: Maker, **more: Any) -> dict[str, Any]:
    return {"alg": make.algorithm, "typ": make.typ, **make.header, **more}


def _evil(make: Maker) -> Key:
    kinds: dict[type, Callable[[], Key]] = {
        RSAKey: lambda: EVIL_RSA, ECKey: lambda: EVIL_EC, OKPKey: lambda: OKPKey.generate_key("Ed25519"),
    }  # fmt: skip
    return kinds[type(make.key)]()


def _texts_of(key: Key, public: dict[str, Any]) -> list[bytes]:
    """How a public key may be mistaken for a shared secret."""
    name = "n" if "n" in public else "x"
    number = str(public[name])
    return [
        key.as_pem(private=False), key.as_der(private=False), json.dumps(public).encode(),
        urlsafe_b64decode(number + "=" * (-len(number) % 4)),
    ]  # fmt: skip
