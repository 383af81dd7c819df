"""An app in a process of its own: it answers on its standard output what its client library says.

python app_process.py ADDRESS KEY     then one question a line: the session's cookie; `lease` waits for one.
"""

from __future__ import annotations

import json
import sys
import time

from signedin.client import SyncClient, Unavailable


def main() -> None:
    address, key = sys.argv[1:]
    with SyncClient(address, key) as client:
        for line in sys.stdin:
            asked = line.strip()
            told = leased(client) if asked == "lease" else answered(client, asked)
            sys.stdout.write(json.dumps(told) + "\n")
            sys.stdout.flush()


def leased(client: SyncClient) -> bool:
    for _ in range(3000):
        if client.may_answer:
            return True
        time.sleep(0.01)
    return False


def answered(client: SyncClient, cookie: str) -> dict[str, object]:
    headers = [(b"cookie", f"signedin={cookie}".encode())]
    remembered = client.known(headers, "203.0.113.9")
    try:
        who = remembered or client.check(headers, address="203.0.113.9")
    except Unavailable:
        return {"answer": "unavailable", "from_memory": False}
    return {"answer": "in" if who else "out", "from_memory": remembered is not None}


if __name__ == "__main__":
    main()
