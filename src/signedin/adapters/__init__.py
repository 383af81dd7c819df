"""For other apps: the client library in the ways of the framework that an app is written in."""
