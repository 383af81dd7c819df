"""A stand-in for a service whose people may come from one address alone, by a rule of their organisation."""

from __future__ import annotations

import json

from people import BERLIN
from signedin.client.exchange import Answer
from signedin.rules.feed import ADDRESS_HEADER, GOOD_FOR_HEADER
from signedin.testing import StandIn


class InsideOnly(StandIn):
    """Lets in from Berlin; as of the real one, no such answer may be remembered."""

    is_ruled = True

    def ask(self, question, seconds):
        answer = super().ask(question, seconds)
        if not self.is_ruled or answer.status != 200:
            return answer
        if f"\r\n{ADDRESS_HEADER}: {BERLIN}\r\n".encode() not in question:
            return Answer(
                401, {}, json.dumps({"code": "not_signed_in", "reason": "outside_networks"}).encode()
            )
        return answer._replace(headers={**answer.headers, GOOD_FOR_HEADER: "0"})
