"""Wiring: the settings, the one place where all parts meet, the command line."""
