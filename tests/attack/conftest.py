"""Fixtures of the attacks: an AWS that enforces IAM, as runs meet it; a provider; and
people with second factors and without.
"""

from tests.accounts.conftest import managing
from tests.accounts.runs.conftest import here, unadopted
from tests.accounts.web.factors.people import ann, codes_of_one_moment, vera
from tests.accounts.web.single_sign_on.provider import provider

__all__ = [
    "ann",
    "codes_of_one_moment",
    "here",
    "managing",
    "provider",
    "unadopted",
    "vera",
]
