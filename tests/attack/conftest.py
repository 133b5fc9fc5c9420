"""Fixtures of the attacks: an AWS that enforces IAM, as runs meet it; a provider."""

from tests.accounts.conftest import managing
from tests.accounts.runs.conftest import here, unadopted
from tests.accounts.web.single_sign_on.provider import provider

__all__ = ["here", "managing", "provider", "unadopted"]
