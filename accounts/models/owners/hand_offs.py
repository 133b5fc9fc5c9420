"""What was handed out to owners: each text once, and who gave it to whom."""

from __future__ import annotations

from django.db import models
from django.db.models import Exists, OuterRef

from accounts.models.activity import person_key
from accounts.models.managed import ManagedAccount
from onboarding.topology import MadeBy


class HandOffText(models.Model):
    """A template as it was handed out; the same text is kept once."""

    digest = models.CharField(primary_key=True, max_length=64)
    text = models.TextField()

    def __str__(self) -> str:
        return self.digest[:12]


class HandOffQuerySet(models.QuerySet["HandOff"]):
    def in_force(self) -> HandOffQuerySet:
        """Keep those since which the account was not removed."""
        return self.filter(removed_at=None)

    def deployed(self) -> HandOffQuerySet:
        """Keep those that the owner has deployed, as far as anybody knows."""
        return self.in_force().exclude(found_at=None, said_at=None)

    def newest(self) -> HandOffQuerySet:
        """Keep the latest version of each account."""
        later = HandOff.objects.filter(
            account=OuterRef("account"), number__gt=OuterRef("number")
        )
        return self.in_force().filter(~Exists(later))

    def of_organization(self) -> HandOffQuerySet:
        """Keep those of accounts whose roles a StackSet creates."""
        return self.filter(account__made_by=MadeBy.ORGANIZATION.value)

    def of_managing(self) -> HandOffQuerySet:
        """Keep the managing account's, the last one first."""
        return self.filter(account=None)


class HandOff(models.Model):
    """One hand-off: which text, for which account, by whom, for which stack."""

    account = models.ForeignKey(
        ManagedAccount,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="hand_offs",
    )
    """Empty: it is the managing account's."""
    text = models.ForeignKey(
        HandOffText, on_delete=models.PROTECT, related_name="hand_offs"
    )
    number = models.PositiveIntegerField()
    """Counted for each account: people call it version 1, 2 and so on."""
    stack_name = models.CharField(max_length=128)
    region = models.CharField(max_length=30)
    by = person_key()
    by_name = models.CharField(max_length=150, blank=True)
    at = models.DateTimeField(auto_now_add=True)
    found_at = models.DateTimeField(null=True, blank=True)
    """When Bowline found it in AWS: read, or by a chain that opened just then."""
    said_at = models.DateTimeField(null=True, blank=True)
    """When somebody said that the owner deployed it, which Bowline cannot read."""
    said_by = person_key()
    said_by_name = models.CharField(max_length=150, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)
    """When its account was removed; what comes next may be another stack."""
    urls = models.JSONField(default=list, editable=False)
    """Where the template of each stack is in S3; empty: nowhere."""
    unpublished = models.TextField(blank=True, editable=False)
    """Why it is nowhere although a bucket is set; empty: nothing refused it."""

    objects = HandOffQuerySet.as_manager()

    class Meta:
        ordering = ["account", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "number"], name="hand_off_number_once"
            ),
            models.UniqueConstraint(
                fields=["number"],
                condition=models.Q(account=None),
                name="managing_hand_off_number_once",
            ),
        ]

    def __str__(self) -> str:
        name = self.account.name if self.account else "the managing account"
        return f"Version {self.number} for {name}"
