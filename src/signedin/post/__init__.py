"""The mail room: what must be told to others, after the commit and with retries."""
