"""Who makes the roles of a managed account, and how Bowline reads it otherwise."""

from __future__ import annotations

from django.db import models

from accounts.models.account import is_role_name
from onboarding.topology import MadeBy

MISSES = 2
"""Refusals in a row after which an account's roles count as gone: one may be AWS's."""


MAKERS = [
    (MadeBy.BOWLINE.value, "Bowline, after approval"),
    (MadeBy.OWNER.value, "The account owner"),
]


MANAGED_MAKERS = [
    *MAKERS,
    (MadeBy.ORGANIZATION.value, "The organization, for many accounts"),
]


class MadeByOthers(models.Model):
    made_by: str
    reader_role = models.CharField(max_length=64, blank=True, validators=[is_role_name])
    """By which Bowline reads an account that somebody else makes; empty: none."""
    external_id_prefix = models.CharField(max_length=40, blank=True, editable=False)
    """Where one template makes many accounts, each one's external ID is this with its
    account ID; empty: the account has an external ID of its own."""
    missed = models.PositiveSmallIntegerField(default=0, editable=False)
    """How often in a row AWS refused the role that the owner had made."""

    class Meta:
        abstract = True

    @property
    def is_of_organization(self) -> bool:
        """Return whether one template makes the roles of many accounts."""
        return self.made_by == MadeBy.ORGANIZATION

    @property
    def is_handed_off(self) -> bool:
        """Return whether somebody else makes the roles, and Bowline only verifies."""
        return self.made_by != MadeBy.BOWLINE

    @property
    def is_missing(self) -> bool:
        """Return whether the roles that were proved count as gone."""
        return self.missed >= MISSES
