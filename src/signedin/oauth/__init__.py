"""A door: OAuth 2.x and OpenID Connect for programs, one file per endpoint; what people see of it is in web/."""
