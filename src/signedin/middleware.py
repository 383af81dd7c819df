"""The public name of the in-process ASGI middleware; only re-exports it."""

from signedin.adapters.asgi import Signedin

__all__ = ["Signedin"]
