"""Try it on one machine: registers Tidewater Calendar and runs it. `python -m examples.third_party`."""

from __future__ import annotations

import argparse

from werkzeug.serving import make_server

from examples.on_this_machine import registered
from examples.third_party.tidewater import make_app

CLIENT = (
    "client", "add", "--name", "Tidewater Calendar", "--description", "A shared calendar.", "--native",
    "--redirect-uri", "http://127.0.0.1/callback", "--scope", "openid", "--scope", "profile", "--scope", "email",
    "--scope", "sessions:read", "--scope", "offline_access", "--json",
)  # fmt: skip
"""--native, because it runs on this machine: an app on a host of its own is registered with its https address."""


def main():
    reader = argparse.ArgumentParser(prog="tidewater", description=__doc__.partition("\n")[0])
    reader.add_argument("--issuer", default="http://localhost:8000", help="the address of Signedin")
    reader.add_argument("--port", type=int, default=9172)
    reader.add_argument("--demo", action="store_true", help="with the Signedin of `make demo`")
    args = reader.parse_args()
    client = registered("tidewater", *CLIENT, is_demo=args.demo)
    own = f"http://127.0.0.1:{args.port}"
    app = make_app(args.issuer, client["client_id"], client["client_secret"], own)
    print(f"Tidewater Calendar is at {own}", flush=True)
    make_server("127.0.0.1", args.port, app, threaded=True).serve_forever()


if __name__ == "__main__":
    main()
