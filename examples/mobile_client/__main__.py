"""Try it on one machine: registers Pocket and shows its screen. `python -m examples.mobile_client`."""

from __future__ import annotations

import argparse
import sys

from examples.mobile_client import pocket
from examples.on_this_machine import registered

APP = (
    "app", "add", "--type", "mobile", "--name", "Pocket", "--redirect-uri", pocket.CLAIMED, "--redirect-uri", pocket.PRIVATE,
    "--scope", "openid", "--scope", "profile", "--scope", "sessions:read", "--scope", "offline_access", "--json",
)  # fmt: skip


def main():
    reader = argparse.ArgumentParser(prog="pocket", description=__doc__.partition("\n")[0])
    reader.add_argument("--issuer", default=pocket.ISSUER, help="the address of Signedin")
    reader.add_argument("--demo", action="store_true", help="with the Signedin of `make demo`")
    args, more = reader.parse_known_args()
    client_id = registered("mobile", *APP, is_demo=args.demo)["client_id"]
    state = "var/examples/mobile-demo" if args.demo else "var/examples/mobile"
    return pocket.main(["--client-id", client_id, "--issuer", args.issuer, "--state", state, *more])


if __name__ == "__main__":
    sys.exit(main())
