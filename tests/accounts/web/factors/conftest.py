"""Codes of authenticator apps are made and read at one moment."""

from tests.accounts.web.factors.people import codes_of_one_moment

__all__ = ["codes_of_one_moment"]
