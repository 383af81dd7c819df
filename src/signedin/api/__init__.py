"""A door: REST for programs, one file per noun."""
