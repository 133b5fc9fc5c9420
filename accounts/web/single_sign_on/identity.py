"""Who comes from the provider."""

from __future__ import annotations

from django.contrib.auth.models import User

from accounts.models import Identity
from accounts.web.single_sign_on.provider import SingleSignOn, sign_on_provider


def identity_of(person: User) -> Identity | None:
    return getattr(person, "identity", None)


def provider_of(person: User) -> SingleSignOn | None:
    """Return the provider that decides the person's name and roles; None: none that
    there is now.
    """
    identity, provider = identity_of(person), sign_on_provider()
    if identity and provider and identity.issuer == provider.issuer:
        return provider
    return None
