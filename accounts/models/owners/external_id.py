"""What Spinnaker sends when it assumes the managed role of an account."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models

from accounts.models.account import is_external_id


class WithExternalId(models.Model):
    account_id: str
    uses_external_id: bool
    external_id_prefix: str
    granted_at: datetime | None
    external_id = models.UUIDField(default=uuid.uuid4, editable=False)
    own_external_id = models.CharField(
        max_length=1224, blank=True, validators=[is_external_id]
    )
    """Sent in the place of a generated one, unless it is the former one; empty: none.
    """
    former_external_id = models.CharField(max_length=1224, blank=True, editable=False)
    """Accepted in addition to the new one during a rotation; see external_ids.py."""

    class Meta:
        abstract = True

    @property
    def spinnakers_external_id(self) -> str:
        """Return what Spinnaker sends; empty where it sends none."""
        return self.external_id_with(self.external_id_prefix, self.own_external_id)

    def external_id_with(self, prefix: str, own: str) -> str:
        """Return its own one, unless it is being replaced; else derive it from the
        prefix and the account's id, where there is a prefix.
        """
        if not self.uses_external_id:
            return ""
        if own and own != self.former_external_id:
            return own
        return f"{prefix}-{self.account_id}" if prefix else str(self.external_id)

    @property
    def derives_external_id(self) -> bool:
        """Return whether a template for many accounts creates it, and nobody else."""
        return bool(self.external_id_prefix and not self.own_external_id)

    @property
    def keeps_external_id(self) -> bool:
        """Return whether only a rotation may give up what it has of its own."""
        return bool(self.own_external_id and self.granted_at)
