"""Sign-in by SAML. Only loaded where the environment describes a provider."""
