"""Whether a SAML provider is described: nothing of SAML is loaded without one."""

from __future__ import annotations

from django.core.exceptions import ImproperlyConfigured

from accounts.web.single_sign_on.provider import Saml
from bowline.environment.variables import Environment


def saml_provider(env: Environment) -> Saml | None:
    """Read SAML_…; None: nobody comes from there."""
    described = ("SAML_ENTITY_ID", "SAML_METADATA_FILE")
    if not any(getattr(env, name) for name in described):
        return None
    # What reads certificates would cost every process of every site its time.
    from bowline.single_sign_on.saml import read_saml

    return read_saml(env)


def require_site_url(saml: Saml | None, site_url: str) -> None:
    if saml and not site_url:
        raise ImproperlyConfigured(
            "SAML is configured, but the identity provider needs a URL to send people "
            "to: set SITE_URL, such as https://bowline.example.com."
        )
