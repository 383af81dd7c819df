"""Who is asking: in front of every request."""
