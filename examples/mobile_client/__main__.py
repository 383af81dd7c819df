"""Try it on one machine: registers Pocket and shows its screen. `python -m examples.mobile_client`."""

from __future__ import annotations

import sys

from examples.mobile_client import pocket
from examples.on_this_machine import registered

APP = (
    "app", "add", "--type", "mobile", "--name", "Pocket", "--redirect-uri", pocket.CLAIMED, "--redirect-uri", pocket.PRIVATE,
    "--scope", "openid", "--scope", "profile", "--scope", "sessions:read", "--scope", "offline_access", "--json",
)  # fmt: skip


def main():
    is_demo = "--demo" in sys.argv
    words = [word for word in sys.argv[1:] if word != "--demo"]
    client_id = registered("mobile", *APP, is_demo=is_demo)["client_id"]
    state = "var/examples/mobile-demo" if is_demo else "var/examples/mobile"
    return pocket.main(["--client-id", client_id, "--state", state, *words])


if __name__ == "__main__":
    sys.exit(main())
