"""For other apps: check sessions from another process; grows with the REST API."""
