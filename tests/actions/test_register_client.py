"""Applications are registered field by field, disabled and enabled, and change their secrets (security 8.2.3, attack 25)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from people import ADA, PASSWORD, Clock, done_apart
from signedin.actions.change_client import change_client
from signedin.actions.find_client import find_client
from signedin.actions.find_logo import find_logo
from signedin.actions.make_account import Applicant, add_by_operator
from signedin.actions.register_client import (
    add_secret,
    disable_client,
    enable_client,
    list_clients,
    register_client,
    remove_secret,
    secret_id,
)
from signedin.rules import errors
from signedin.rules.client import Authentication, Client, ClientKind, GrantType
from signedin.rules.device_code import DeviceCode
from signedin.rules.grant import Grant, Redeemable, Refresh
from signedin.rules.registration import LARGEST_PICTURE
from signedin.rules.secret import digest
from signedin.rules.session import AppType
from signedin.rules.token import AccessToken
from signedin.store import access_tokens, asked, device_codes, grants

NOW = Clock().now
BACK = ("https://app.example.org/back",)
OTHERS = Client(
    "", "Tidewater", ClientKind.THIRD_PARTY, Authentication.BASIC, frozenset({GrantType.CODE, GrantType.REFRESH}),
    frozenset({"openid", "email"}), NOW, "A calendar.", redirect_uris=BACK,
)  # fmt: skip
OWN = replace(
    OTHERS, kind=ClientKind.FIRST_PARTY, app_type=AppType.SYNC, authentication=Authentication.NONE, is_native=True,
    redirect_uris=("http://127.0.0.1/back",),
)  # fmt: skip
SERVICE = replace(
    OTHERS, kind=ClientKind.SERVICE, grant_types=frozenset({GrantType.CLIENT}), scopes=frozenset({"accounts:read"}),
    redirect_uris=(),
)  # fmt: skip
PNG = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + (36).to_bytes(4, "big") * 2 + b"\x08\x06\0\0\0"
WEBP = b"RIFF\0\0\0\0WEBPVP8 "
JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF"
P256 = ECKey.generate_key("P-256").as_dict(private=False)


def register(means, wanted=OTHERS, **more):
    return done_apart(register_client(means, wanted, NOW, **more))


def found(means, client_id):
    return done_apart(find_client(means, client_id))


@pytest.mark.security("T2", "T4")
@pytest.mark.parametrize("wanted", [OTHERS, OWN, SERVICE], ids=["another's", "one's own", "a service"])
def test_what_is_registered_is_remembered_and_of_a_secret_the_digest(means, wanted):
    made = register(means, wanted)
    client = found(means, made.client.id)
    assert client == made.client
    assert client.secrets == ((digest(made.secret),) if wanted.is_confidential else ())
    assert made.secret.startswith("sgn_cls_") is wanted.is_confidential
    assert made.secret not in repr(made) or not made.secret
    assert client.is_pairwise is (wanted is OTHERS)


def test_two_of_the_same_name_are_two(means):
    first, second = register(means), register(means)
    assert first.client.id != second.client.id
    assert [each.name for each in done_apart(list_clients(means))] == ["Tidewater", "Tidewater"]


@pytest.mark.security("B9")
def test_what_is_the_installations_own_to_say_is_not_taken_from_a_wish(means):
    wanted = replace(OTHERS, id="mine", secrets=(b"x" * 32,), logo="logo-tidewater", disabled_at=NOW)
    client = register(means, wanted).client
    assert client.id != "mine"
    assert (client.logo, client.disabled_at) == (None, None)
    assert b"x" * 32 not in client.secrets


@pytest.mark.guide("R29")
def test_texts_are_tidied_before_anybody_sees_them(means):
    client = register(
        means, replace(OTHERS, name="Tide\u202ewater\n\0 " + "x" * 200, description="a\tb" * 300)
    ).client
    assert client.name.startswith("Tidewater x")
    assert (len(client.name), len(client.description)) == (80, 240)
    shown = register(means, replace(OTHERS, name="T\u3164i\u115f\u1160de\u2800wa\uffa0ter\U000e0101")).client
    assert shown.name == "Tide water"


AS_A_SERVICE = {
    "kind": ClientKind.SERVICE, "grant_types": frozenset({GrantType.CLIENT}), "redirect_uris": (),
    "scopes": frozenset({"accounts:read"}),
}  # fmt: skip
WRONG = {
    "no name": ({"name": " \u202e "}, "name"),
    "a name that shows nothing": ({"name": "\u3164\u115f \u1160\u2800\uffa0\u034f\ufe0f"}, "name"),
    "a name of marks without a letter": ({"name": "\u0301 \u20dd"}, "name"),
    "a type for another's": ({"app_type": AppType.WEB}, "app_type"),
    "no type for one's own": ({"kind": ClientKind.FIRST_PARTY}, "app_type"),
    "no way to tokens": ({"grant_types": frozenset()}, "grant_types"),
    "only a way to renew": (
        {"grant_types": frozenset({GrantType.REFRESH}), "redirect_uris": ()},
        "grant_types",
    ),
    "acting for itself": ({"grant_types": frozenset({GrantType.CODE, GrantType.CLIENT})}, "grant_types"),
    "no scope": ({"scopes": frozenset()}, "scopes"),
    "an unknown scope": ({"scopes": frozenset({"openid", "everything"})}, "scopes"),
    "a service's scope": ({"scopes": frozenset({"accounts:manage"})}, "scopes"),
    "no way back": ({"redirect_uris": ()}, "redirect_uris"),
    "a way back by http": ({"redirect_uris": ("http://app.example.org/",)}, "redirect_uris"),
    "a way back to a program": ({"redirect_uris": ("javascript:alert(1)",)}, "redirect_uris"),
    "loopback for no native app": ({"redirect_uris": ("http://127.0.0.1/back",)}, "redirect_uris"),
    "too many ways back": (
        {"redirect_uris": tuple(f"https://a{n}.example/" for n in range(51))},
        "redirect_uris",
    ),
    "a way out to a program": ({"logout_uris": ("data:text/html,x",)}, "logout_uris"),
    "a way out of a service": (
        AS_A_SERVICE | {"logout_uris": ("https://app.example.org/out",)},
        "logout_uris",
    ),
    "a back channel to a service": (
        AS_A_SERVICE | {"back_channel_uri": "https://app.example.org/out"},
        "logout_uris",
    ),
    "a session told to nobody": ({"needs_sid": True}, "needs_sid"),
    "a back channel by http": ({"back_channel_uri": "http://app.example.org/out"}, "back_channel_uri"),
    "a back channel that is a file": ({"back_channel_uri": "file:///etc/passwd"}, "back_channel_uri"),
    "a resource that is no address": ({"resources": ("files",)}, "resources"),
    "a resource with a fragment": ({"resources": ("https://files.example/#a",)}, "resources"),
    "a resource on an open line": ({"resources": ("http://files.example/",)}, "resources"),
    "a resource that begins like loopback": ({"resources": ("http://localhost@evil.example/",)}, "resources"),
    "a key that is not used": ({"keys": (P256,)}, "keys"),
    "signing without a key": ({"authentication": Authentication.KEY}, "keys"),
    "no PKCE for a public client": (
        {"authentication": Authentication.NONE, "needs_pkce": False},
        "needs_pkce",
    ),
    "no PKCE and no sign-in": ({"scopes": frozenset({"email"}), "needs_pkce": False}, "needs_pkce"),
    "an algorithm that we do not have": ({"signs_with": "none"}, "signs_with"),
    "a consent that never ends": ({"idle": timedelta(days=4000)}, "idle"),
    "a consent that ends at once": ({"idle": timedelta(0)}, "idle"),
    "a refresh token that never ends": ({"lasts": timedelta(days=4000)}, "lasts"),
}


@pytest.mark.security("attack-13", "attack-14", "10.4.4")
@pytest.mark.parametrize(("changes", "field"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_registered_is_refused_by_field_and_nothing_is_remembered(means, changes, field):
    with pytest.raises(errors.InvalidInput) as refusal:
        register(means, replace(OTHERS, **changes))
    assert refusal.value.field == field
    assert done_apart(list_clients(means)) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"authentication": Authentication.NONE}, {"scopes": frozenset({"openid"})}, {"redirect_uris": BACK},
        {"grant_types": frozenset({GrantType.CLIENT, GrantType.REFRESH})},
    ],
    ids=["public", "a person's scope", "a way back", "another way"],
)  # fmt: skip
def test_a_service_is_no_persons_client(means, changes):
    with pytest.raises(errors.InvalidInput):
        register(means, replace(SERVICE, **changes))


def _key(private, **more):
    return private.as_dict(private=False) | more


KEYS = {
    "a private one": ECKey.generate_key("P-256").as_dict(private=True),
    "a private RSA one": RSAKey.generate_key(2048).as_dict(private=True),
    "a shared one": OctKey.generate_key(256).as_dict(private=True),
    "a weak one": {"kty": "RSA", "e": "AQAB", "n": "x" * 170},
    "one of another curve": _key(ECKey.generate_key("P-384")),
    "one for agreeing": _key(OKPKey.generate_key("X25519")),
    "one for encrypting": P256 | {"use": "enc"},
    "an incomplete one": {"kty": "EC", "crv": "P-256", "x": P256["x"]},
    "a number": {"kty": "RSA", "n": 5, "e": "AQAB"},
    "an exponent of one": _key(RSAKey.generate_key(2048), e="AQ"),
    "no kind": {"x": P256["x"]},
    "no such kind": {"kty": "oct"},
}


@pytest.mark.security("attack-22")
@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
def test_a_key_is_public_strong_and_for_signing(means, key):
    with pytest.raises(errors.InvalidInput) as refusal:
        register(means, replace(OTHERS, authentication=Authentication.KEY, keys=(key,)))
    assert refusal.value.field == "keys"
    assert str(key.get("d", "no such")) not in refusal.value.sentence


def test_of_a_key_only_what_is_needed_is_kept_and_several_have_names(means):
    keys = (
        P256 | {"kid": "a", "x5u": "https://evil.example/", "other": 1},
        _key(OKPKey.generate_key("Ed25519"), kid="b"),
    )
    client = register(means, replace(OTHERS, authentication=Authentication.KEY, keys=keys)).client
    assert [set(each) for each in client.keys] == [
        {"kty", "crv", "x", "y", "kid"},
        {"kty", "crv", "x", "kid"},
    ]
    for bad in ((P256, P256), (P256 | {"kid": "a"},) * 2, tuple(P256 | {"kid": str(n)} for n in range(6))):
        with pytest.raises(errors.InvalidInput):
            register(means, replace(OTHERS, authentication=Authentication.KEY, keys=bad))


@pytest.mark.security("attack-14")
def test_a_logo_is_a_picture_that_was_uploaded(means):
    for content, kind in ((PNG, "image/png"), (WEBP, "image/webp"), (JPEG, "image/jpeg")):
        client = register(means, logo=content).client
        picture = done_apart(find_logo(means, client.logo))
        assert (picture.media_type, picture.bytes) == (kind, content)
        assert found(means, client.id).logo == client.logo
    assert register(means, logo=PNG).client.logo == register(means, logo=PNG).client.logo


@pytest.mark.security("attack-13")
@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>", b"<html>", b"GIF89a", b"RIFF\0\0\0\0WAVE", b"x",
        PNG + b"\0" * LARGEST_PICTURE, b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (9000).to_bytes(4, "big") * 2,
        b"https://evil.example/logo.png",
    ],
    ids=lambda content: repr(content[:12]),
)  # fmt: skip
def test_everything_else_is_no_logo(means, content):
    with pytest.raises(errors.InvalidInput) as refusal:
        register(means, logo=content)
    assert refusal.value.field == "logo"
    assert done_apart(list_clients(means)) == []


def test_a_change_is_judged_whole_and_changes_nothing_when_refused(means):
    client = register(means).client
    with pytest.raises(errors.InvalidInput):
        done_apart(change_client(means, client.id, {"name": "New", "redirect_uris": ("javascript:x",)}))
    assert found(means, client.id) == client
    changed = done_apart(change_client(means, client.id, {"name": "New"}, logo=PNG))
    assert (changed.name, bool(changed.logo)) == ("New", True)
    assert found(means, client.id) == changed
    assert done_apart(change_client(means, client.id, {}, logo=b"")).logo is None
    with pytest.raises(errors.NotFound):
        done_apart(change_client(means, "nobody", {"name": "New"}))


def test_two_secrets_at_most_and_never_none(means):
    made = register(means)
    name = made.client.id
    with pytest.raises(errors.InvalidInput):
        done_apart(remove_secret(means, name, secret_id(made.client.secrets[0])))
    second = done_apart(add_secret(means, name))
    assert second.client.secrets == (digest(made.secret), digest(second.secret))
    with pytest.raises(errors.InvalidInput):
        done_apart(add_secret(means, name))
    with pytest.raises(errors.NotFound):
        done_apart(remove_secret(means, name, "000000000000"))
    left = done_apart(remove_secret(means, name, secret_id(digest(made.secret))))
    assert left.secrets == (digest(second.secret),)
    public = register(means, OWN).client
    with pytest.raises(errors.InvalidInput):
        done_apart(add_secret(means, public.id))


@pytest.fixture
def given(means):
    """Ada has given two clients something: a grant with a code, a refresh token and an access token each."""
    ada = done_apart(add_by_operator(means, Applicant(ADA, "Ada", PASSWORD), NOW))
    names = [register(means).client.id, register(means).client.id]
    until = NOW + timedelta(hours=1)

    def give(conn):
        for name in names:
            for n in range(3):
                grant = f"{name}-{n}"
                grants.add(conn, Grant(grant, ada.id, name, ("openid",), 1, NOW, NOW, until))
                code = Redeemable(grant, ada.id, name, BACK[0], "", until)
                grants.add_code(conn, digest(f"code {grant}"), code)
                grants.add_refresh(conn, ada.id, digest(f"refresh {grant}"), Refresh(grant, 0))
                token = AccessToken(grant, ("openid",), (), NOW, until)
                access_tokens.add(conn, ada.id, digest(f"access {grant}"), token)
            asked.add(conn, asked.Way.PUSHED, digest(name), asked.Asked(name, {}, b"", until))
            device_codes.add(conn, digest(name), digest(f"user {name}"), DeviceCode(name, ("openid",), until))

    means.database.write_now(give)
    return ada, names


def left_of(means, ada, name):
    """How many grants, codes, refresh tokens, access tokens and questions of a client there are."""

    def read(conn):
        ids = [grant_id for _, grant_id in grants.of_client(conn, name, (-1, ""), 100)]
        named = [f"{name}-{n}" for n in range(3)]
        return (
            len(ids),
            sum(grants.find_refresh(conn, ada.id, digest(f"refresh {each}")) is not None for each in named),
            access_tokens.count_living(conn, ada.id, named, NOW),
            asked.find(conn, asked.Way.PUSHED, digest(name)) is not None,
            device_codes.find_by_user_code(conn, digest(f"user {name}")) is not None,
        )

    return means.database.read_now(read)


@pytest.mark.security("attack-25")
def test_disabled_is_said_at_once_and_nothing_of_before_comes_back_when_enabled(means, given):
    ada, (name, other) = given
    done_apart(disable_client(means, name, NOW))
    assert found(means, name).disabled_at == NOW
    assert left_of(means, ada, name)[3:] == (False, False)
    done_apart(disable_client(means, name, NOW + timedelta(hours=1)))
    assert found(means, name).disabled_at == NOW
    done_apart(enable_client(means, name))
    assert not found(means, name).is_disabled
    assert left_of(means, ada, name) == (0, 0, 0, False, False)
    assert left_of(means, ada, other) == (3, 3, 3, True, True)


def test_enabling_what_is_not_disabled_takes_nothing_away(means, given):
    ada, (name, _) = given
    done_apart(enable_client(means, name))
    assert left_of(means, ada, name) == (3, 3, 3, True, True)


def test_a_change_forgets_the_questions_that_were_judged_before_it(means, given):
    ada, (name, other) = given
    done_apart(change_client(means, name, {"redirect_uris": ("https://new.example/back",)}))
    assert left_of(means, ada, name) == (3, 3, 3, False, False)
    assert left_of(means, ada, other) == (3, 3, 3, True, True)


@pytest.mark.parametrize("deed", [disable_client, enable_client])
def test_who_is_not_registered_cannot_be_switched(means, deed):
    rest = (NOW,) if deed is disable_client else ()
    with pytest.raises(errors.NotFound):
        done_apart(deed(means, "nobody", *rest))
