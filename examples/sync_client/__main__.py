"""Try it on one machine: registers Example Sync, starts its files, and runs it. `python -m examples.sync_client`."""

from __future__ import annotations

import argparse
import sys
import threading
from pathlib import Path

from examples.on_this_machine import registered
from examples.sync_client import files_server, sync_client

APP = (
    "app", "add", "--type", "sync", "--name", "Example Sync", "--redirect-uri", "http://127.0.0.1/callback",
    "--device-flow", "--json",
)  # fmt: skip
KEY = ("key", "issue", "--service", "files", "--scope", "sessions:check", "--app-type", "sync", "--json")


def main():
    reader = argparse.ArgumentParser(prog="example-sync", description=__doc__.partition("\n")[0])
    reader.add_argument("--issuer", default=sync_client.ISSUER, help="the address of Signedin")
    reader.add_argument("--port", type=int, default=files_server.PORT, help="where the files are")
    reader.add_argument("--demo", action="store_true", help="with the Signedin of `make demo`")
    args, more = reader.parse_known_args()
    address = f"http://127.0.0.1:{args.port}"
    client = registered(f"sync-{args.port}", *APP, "--resource", address, is_demo=args.demo)
    key = registered("files", *KEY, is_demo=args.demo)["token"]
    files = files_server.serving(args.port, Path("var/examples/files"), args.issuer, key)
    threading.Thread(target=files.serve_forever, daemon=True).start()
    return sync_client.main([
        "--client-id", client["client_id"], "--issuer", args.issuer, "--files", address,
        "--state", "var/examples/sync-demo" if args.demo else "var/examples/sync", "--folder", "var/examples/Synced", *more,
    ])  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
