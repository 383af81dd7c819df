"""What Logout All Devices ended and what it left alone, said in words (R57, R65)."""

from __future__ import annotations

from signedin.rules.speech import Speech


def ended_said(sessions: int, consents: int, speech: Speech, keys: int = 0) -> str:
    """Say "6 sessions and 2 connected apps", or "1 connected app", or "2 sessions, 1 connected app and 1 access key"."""
    said = []
    if sessions or not (consents or keys):
        said.append(speech.count("{n} session", "{n} sessions", sessions))
    if consents:
        said.append(speech.count("{n} connected app", "{n} connected apps", consents))
    if keys:
        said.append(speech.count("{n} access key", "{n} access keys", keys))
    if len(said) == 3:
        return speech.say("{sessions}, {apps} and {keys}", sessions=said[0], apps=said[1], keys=said[2])
    return said[0] if len(said) == 1 else speech.say("{sessions} and {apps}", sessions=said[0], apps=said[1])


def kept_said(keys: int, speech: Speech) -> str:
    """Say that access keys go on working (R60)."""
    if not keys:
        return speech.say("Access keys are not affected.")
    return speech.count("Your {n} access key still works.", "Your {n} access keys still work.", keys)
