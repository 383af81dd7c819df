"""Try it on one machine: registers Example Sync, starts its files, and runs it. `python -m examples.sync_client`."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from examples.on_this_machine import registered
from examples.sync_client import files_server, sync_client

APP = (
    "app", "add", "--type", "sync", "--name", "Example Sync", "--redirect-uri", "http://127.0.0.1/callback",
    "--device-flow", "--resource", sync_client.FILES, "--json",
)  # fmt: skip
KEY = ("key", "issue", "--service", "files", "--scope", "sessions:check", "--app-type", "sync", "--json")


def main():
    is_demo = "--demo" in sys.argv
    words = [word for word in sys.argv[1:] if word != "--demo"]
    client_id = registered("sync", *APP, is_demo=is_demo)["client_id"]
    key = registered("files", *KEY, is_demo=is_demo)["token"]
    files = files_server.serving(files_server.PORT, Path("var/examples/files"), sync_client.ISSUER, key)
    threading.Thread(target=files.serve_forever, daemon=True).start()
    state = Path("var/examples/sync-demo" if is_demo else "var/examples/sync")
    return sync_client.main(
        ["--client-id", client_id, "--state", str(state), "--folder", "var/examples/Synced", *words]
    )


if __name__ == "__main__":
    sys.exit(main())
