"""What Logout All Devices ended and what it left alone, said in words (R57, R65)."""

from __future__ import annotations

from signedin.rules.speech import Speech


def ended_said(sessions: int, consents: int, speech: Speech) -> str:
    """Say "6 sessions and 2 connected apps"."""
    said = speech.count("{n} session", "{n} sessions", sessions)
    if not consents:
        return said
    apps = speech.count("{n} connected app", "{n} connected apps", consents)
    return speech.say("{sessions} and {apps}", sessions=said, apps=apps)


def kept_said(keys: int, speech: Speech) -> str:
    """Say that access keys go on working (R60)."""
    if not keys:
        return speech.say("Access keys are not affected.")
    return speech.count("Your {n} access key still works.", "Your {n} access keys still work.", keys)
