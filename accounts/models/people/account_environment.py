"""In which environment an AWS account is, as people last approved it."""

from __future__ import annotations

from django.db import models


class AccountEnvironment(models.Model):
    """The environment belongs to the AWS account: it stays when the account's row is
    deleted, renamed, or added again.
    """

    account_id = models.CharField(max_length=12, primary_key=True)
    environment = models.CharField(max_length=60, blank=True)
    """Empty: it was approved without one."""

    def __str__(self) -> str:
        return f"{self.account_id}: {self.environment or 'no environment'}"
