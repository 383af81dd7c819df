"""Pocket: an app on a phone, with lines of text for its screen, signed in as a Mobile session.

python -m examples.mobile_client.pocket --client-id ID --redirect-uri https://pocket.example.org/callback
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import httpx

from examples.mobile_client.app_sign_in import App, NotSignedIn, SignedOut, Store

ISSUER = "http://localhost:8000"
CLAIMED, PRIVATE = "https://pocket.example.org/callback", "org.example.pocket:/callback"
PHONE = "iPhone 15; iOS 18.6"
WHY = {
    "revoked": "You revoked this phone in Settings > Sessions.",
    "logged_out": "You signed out.",
    "logged_out_everywhere": "You logged out all devices.",
    "reused": "What signs this phone in came twice: somebody may have copied it.",
    "policy": "This app is not let in any more.",
}


def main(words=None):
    args = _read(words)
    agent = f"Pocket/1.0 ({args.phone})"
    with httpx.Client(headers={"user-agent": agent}, timeout=20) as http:
        app = App(http, args.issuer, args.client_id, args.redirect_uri, Store(args.state / "keystore.json"))
        while True:
            try:
                signed_in(app)
                shown(app)
            except NotSignedIn as refusal:
                screen(f"Not signed in: {refusal}")
            except SignedOut as end:
                screen(
                    f"You are signed out. {WHY.get(end.reason, 'The service does not say why.')} ({end.reason})"
                )
            except httpx.HTTPError:
                screen("No answer right now. Pull to try again.")
            line = pulled("Enter: refresh, out: sign out")
            if line is None:
                return 0
            if line == "out":
                app.sign_out()
                screen("Signed out.")


def signed_in(app):
    """As a phone does it: the system's browser opens, and the system hands the address back to the app that has it."""
    if app.is_signed_in:
        return
    screen(f"Sign in at {app.question()}")
    address = pulled("Then paste the address here that the browser was sent to:")
    app.answer((address or "").strip())


def shown(app):
    """The first screen: who it is, and where else they are signed in."""
    me = app.get(app.told["userinfo_endpoint"])
    screen(f"Hello, {me.get('name', 'you')}")
    for row in app.get(f"{app.issuer}/v1/sessions")["items"]:
        screen(
            f"  {'* ' if row['current'] else '- '}{row.get('client_name') or row['device']}, {row['app_type']}"
        )


def screen(text):
    print(text, flush=True)


def pulled(asked):
    screen(asked)
    line = sys.stdin.readline()
    return line.rstrip("\n") if line else None


def _read(words):
    reader = argparse.ArgumentParser(prog="pocket", description=__doc__.partition("\n")[0])
    reader.add_argument("--client-id", required=True, help="what `signedin app add` has printed")
    reader.add_argument("--issuer", default=ISSUER, help="the address of Signedin")
    reader.add_argument(
        "--redirect-uri", default=CLAIMED, help=f"where the sign-in leads back to; or {PRIVATE}"
    )
    reader.add_argument(
        "--phone", default=PHONE, help="model and system, as the app reads them from the phone"
    )
    reader.add_argument("--state", type=Path, default=Path.home() / ".local" / "state" / "pocket")
    return reader.parse_args(words)


if __name__ == "__main__":
    sys.exit(main())
