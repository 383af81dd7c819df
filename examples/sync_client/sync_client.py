"""Example Sync: keeps a folder in step, signed in as a Sync session that its person sees in the list, and ends there.

python -m examples.sync_client.sync_client --client-id ID --folder ~/Synced --files http://127.0.0.1:9171
"""

from __future__ import annotations

import argparse
import platform
import sys
import time
import webbrowser
from pathlib import Path

import httpx

from examples.sync_client.folder import Files, step
from examples.sync_client.session import Kept, NotNow, Session, SignedOut
from examples.sync_client.signing_in import NotSignedIn, Service, by_browser, by_device

ISSUER, FILES = "http://localhost:8000", "http://127.0.0.1:9171"
LOOKS_AGAIN_AFTER = 5
"""Seconds after which the folder itself is looked at again."""
OVER = 3
"""The exit status of a program that was signed out and is not to sign in again."""
SYSTEMS = ("Ubuntu", "Debian", "Fedora", "Arch Linux", "Linux Mint", "openSUSE")


def main(words=None):
    args = _read(words)
    args.folder.mkdir(parents=True, exist_ok=True)
    kept = Kept(args.state / "session.json")
    with httpx.Client(headers={"user-agent": agent()}, timeout=20) as http:
        try:
            service = until_known(lambda: Service(http, args.issuer))
            while True:
                session = Session(service, args.client_id, kept)
                if args.sign_out:
                    session.sign_out()
                    say("Signed out.")
                    return 0
                try:
                    keep_in_step(session, http, args)
                except SignedOut as end:
                    say(f"Signed out at {time.strftime('%H:%M:%S')}: {end}. Your files stay where they are.")
                say("Press Enter to sign in again.")
                if not sys.stdin.readline():
                    return OVER
        except (NotSignedIn, httpx.TransportError) as refusal:
            say(f"Not signed in: {refusal}")
            return 1
        except KeyboardInterrupt:
            return 0


def keep_in_step(session, http, args):
    """Go on until the session ends."""
    if session.kept.read() is None:
        session.begin(_signed_in(session.service, args))
        say("Signed in.")
    files = Files(http, args.files, session)

    def once():
        version = step(args.folder, files, say)
        say.once("In step.")
        files.wait(version, LOOKS_AGAIN_AFTER)

    while True:
        until_known(once)


def until_known(deed, pause=2):
    """Do it, as often as it takes: what cannot be known right now signs nobody out."""
    while True:
        try:
            return deed()
        except (NotNow, httpx.TransportError, httpx.HTTPStatusError) as trouble:
            say.once(f"Not now ({trouble}); trying again.")
            time.sleep(pause)


def agent():
    """What it calls itself, by the grammar that Signedin reads: name/version (system version; processor)."""
    system, version = platform.system(), platform.release().partition("-")[0]
    if system == "Darwin":
        system, version = "macOS", platform.mac_ver()[0]
    elif system == "Linux":
        try:
            told = platform.freedesktop_os_release()
        except OSError:
            told = {}
        name = next((each for each in SYSTEMS if told.get("NAME", "").startswith(each)), "")
        system, version = (name, told.get("VERSION_ID", "")) if name else ("Linux", version)
    return f"ExampleSync/1.0 ({f'{system} {version}'.strip()}; {platform.machine()})"


class Saying:
    """Says something, with the time; what has just been said is not said again."""

    def __init__(self):
        self.last = ""

    def __call__(self, text):
        self.last = text
        print(text, flush=True)

    def once(self, text):
        if text != self.last:
            self(text)


say = Saying()


def _signed_in(service, args):
    if args.device_flow:
        return by_device(service, args.client_id, args.files, say)

    def show(address):
        say(f"Sign in at {address}")
        if not args.no_browser:
            webbrowser.open(address)

    return by_browser(service, args.client_id, args.files, show)


def _read(words):
    reader = argparse.ArgumentParser(prog="example-sync", description=__doc__.partition("\n")[0])
    reader.add_argument("--client-id", required=True, help="what `signedin app add` has printed")
    reader.add_argument("--issuer", default=ISSUER, help="the address of Signedin")
    reader.add_argument(
        "--files", default=FILES, help="the address of the files, as it was registered (--resource)"
    )
    reader.add_argument("--folder", type=Path, default=Path.home() / "Synced", help="what is kept in step")
    reader.add_argument("--state", type=Path, default=Path.home() / ".local" / "state" / "example-sync")
    reader.add_argument("--device-flow", action="store_true", help="sign in by a code on another device")
    reader.add_argument("--no-browser", action="store_true", help="print the address, open nothing")
    reader.add_argument("--sign-out", action="store_true", help="sign out and end")
    return reader.parse_args(words)


if __name__ == "__main__":
    sys.exit(main())
