"""Fixtures of the attacks: an AWS that enforces IAM, as runs meet it."""

from tests.accounts.runs.conftest import here

__all__ = ["here"]
