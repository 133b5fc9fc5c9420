"""What an account has in common with others that are described together."""

from __future__ import annotations

from django.db import models

from accounts.models.account import is_environment, is_role_name
from accounts.models.owners.made_by import MANAGED_MAKERS
from accounts.models.readable import is_texts
from onboarding.topology import MadeBy


class InCommon(models.Model):
    """The columns of SHARED in onboarding/description, of an account or a watch."""

    READS_IN_COMMON = {
        "regions": is_texts,
        "read_roles": is_texts,
        "write_roles": is_texts,
    }

    environment = models.CharField(
        max_length=60, blank=True, validators=[is_environment]
    )
    regions = models.JSONField(default=list)
    access_role = models.CharField(max_length=64, blank=True, validators=[is_role_name])
    made_by = models.CharField(
        max_length=12, choices=MANAGED_MAKERS, default=MadeBy.BOWLINE.value
    )
    uses_external_id = models.BooleanField(default=True)
    read_roles = models.JSONField(default=list, blank=True)
    write_roles = models.JSONField(default=list, blank=True)

    class Meta:
        abstract = True
