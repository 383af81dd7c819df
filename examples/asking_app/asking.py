"""Asks about one request, as a program without a framework does: its cookies on standard input, who it is printed.

SIGNEDIN_ADDRESS=https://account.example.org SIGNEDIN_KEY=sgn_svc_... python asking.py
"""

from __future__ import annotations

import asyncio
import os
import sys

from signedin.client import Client, NotSignedIn, Unavailable


async def told(headers):
    async with Client(
        os.environ["SIGNEDIN_ADDRESS"], os.environ["SIGNEDIN_KEY"], app_types=["web"]
    ) as client:
        try:
            who = await client.check(headers, address="203.0.113.9", agent="Mozilla/5.0 ...")
        except Unavailable:
            return 503, "It cannot be known: let nobody in, and sign nobody out."
    if isinstance(who, NotSignedIn):
        return 401, who.reason
    return 200, who.account


if __name__ == "__main__":
    status, said = asyncio.run(told({"cookie": sys.stdin.readline().strip()}))
    sys.stdout.write(f"{status} {said}\n")
