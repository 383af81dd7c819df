"""What everybody may know, from every page: it holds nothing of anybody's."""

from __future__ import annotations

FOR_ANYBODY = (("cache-control", "public, max-age=300"), ("access-control-allow-origin", "*"))
"""Remembered for five minutes; read by the scripts of any site, with no cookie of ours (security B11)."""
