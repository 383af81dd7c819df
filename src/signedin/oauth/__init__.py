"""The door for clients: what OAuth 2.x and OpenID Connect ask for, one file for each endpoint."""
