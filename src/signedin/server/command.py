"""The command `signedin` as it is installed: where the light package is all there is, it says what is missing."""

from __future__ import annotations

import sys


def main() -> None:
    """Carry out the command, or say in a sentence that the server is not installed (status 1)."""
    try:
        from signedin.server.cli import main as command
    except ModuleNotFoundError as missing:
        if (missing.name or "signedin").partition(".")[0] == "signedin":
            raise
        sys.exit(
            f"The command needs the server, and here {missing.name} is missing: install signedin[server]."
        )
    command()
