"""Seals: what the server itself wrote and a browser brings back, such as a form's token or a notice."""

from __future__ import annotations

from signedin.actions.means import Means


def seal(means: Means, purpose: str, text: str) -> str:
    """The seal of a text for one purpose: 43 hexadecimal characters that only this installation can make."""
    return means.keyring.mac(purpose, text.encode()).hex()[:43]
