"""The names that Spinnaker knows accounts by."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower


class SpinnakerName(models.Model):
    """An account name in Spinnaker: unique over all providers of all accounts."""

    name = models.CharField(max_length=60, primary_key=True)
    account = models.ForeignKey(
        "ManagedAccount", on_delete=models.CASCADE, related_name="spinnaker_names"
    )

    class Meta:
        verbose_name = "Spinnaker account name"
        constraints = [
            models.UniqueConstraint(Lower("name"), name="spinnaker_name_in_any_case")
        ]

    def __str__(self) -> str:
        return self.name
