"""For other apps: check sessions of a Signedin service from another process, mostly from memory (docs/feed.md).

    client = Client("https://signedin.example.org", key)
    async with client:
        who = await client.check(headers, address=address)

It is let in on an answer or from memory, and on nothing else: `Unavailable` is never somebody, and never nobody.
"""

from signedin.client.answers import KeyRefused, NotAllowed, NotSignedIn, SignedIn, Unavailable
from signedin.client.asynchronous import Client
from signedin.client.opened import Open
from signedin.client.synchronous import SyncClient

__all__ = [
    "Client",
    "KeyRefused",
    "NotAllowed",
    "NotSignedIn",
    "Open",
    "SignedIn",
    "SyncClient",
    "Unavailable",
]
