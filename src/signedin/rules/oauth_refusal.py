"""What a client is refused, by the code of the RFC and one sentence for whoever writes the client."""

from __future__ import annotations

from signedin.rules.errors import Refused


class OAuthRefused(Refused):
    """A request of a client that is refused: `error` is the RFC's code, `description` one sentence for the integrator."""

    code = "oauth_refused"

    def __init__(
        self, error: str, description: str, *, status: int = 400, hint: str = "",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:  # fmt: skip
        super().__init__(description, hint=hint)
        self.error, self.description, self.status, self.headers = error, description, status, headers
