"""The site with single sign-on, and its provider."""

from tests.accounts.web.single_sign_on.provider import provider

__all__ = ["provider"]
