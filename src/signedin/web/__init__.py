"""A door: pages for people, one file per page."""
