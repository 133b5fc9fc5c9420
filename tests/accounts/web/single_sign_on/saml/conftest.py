"""The site with a SAML provider."""

from tests.accounts.web.single_sign_on.saml.provider import provider

__all__ = ["provider"]
