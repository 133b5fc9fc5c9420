"""People who come from an OpenID Connect provider."""
