"""Processes of the tests hear signals, also where whoever runs the tests does not: a job in the background, nohup."""

from __future__ import annotations

import signal


def heard():
    """For `preexec_fn`: one call of the system for each, and no lock is taken."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
