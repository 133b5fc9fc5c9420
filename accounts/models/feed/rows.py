"""The feed's rows; spinnaker/feed/keeping.py alone writes them."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts.models.managed import ManagedAccount, ManagedAccountQuerySet
from accounts.models.managing import kept_names
from accounts.models.readable import Readable, is_one_of, is_texts
from onboarding.account_feed import RULES, Carried, FeedEntry, Unfit
from onboarding.topology import Permissions


def is_content(value: Any) -> bool:
    """Return whether this was written by `content_of`."""
    return (
        isinstance(value, dict)
        and isinstance(value.get("account_id"), str)
        and isinstance(value.get("assume_role"), str)
        and all(is_texts(value.get(key)) for key in LISTS)
    )


LISTS = ("regions", "providers", "read", "write")


def content_of(account: Carried) -> dict[str, Any]:
    return {
        "account_id": account.account_id,
        "assume_role": account.assume_role,
        "regions": list(account.regions),
        "providers": list(account.providers),
        "read": list(account.permissions.read),
        "write": list(account.permissions.write),
    }


class FeedRow(Readable):
    """What the feed says of a name in Spinnaker. It stays when the account leaves: the
    plugin removes only what has a record that says so.
    """

    READS = {"content": is_content}

    name = models.CharField(max_length=60, primary_key=True)
    content = models.JSONField()
    """As in `content_of`; of a suspended row, what was said last."""
    updated_at = models.DateTimeField(unique=True)
    """Later than that of every row that was written before."""
    suspended = models.BooleanField(default=False)

    class Meta:
        verbose_name = "row of the feed"
        verbose_name_plural = "rows of the feed"
        ordering = ["updated_at"]

    def __str__(self) -> str:
        return self.name

    @property
    def row(self) -> FeedEntry:
        said = self.content
        account = Carried(
            name=self.name,
            account_id=said["account_id"],
            assume_role=said["assume_role"],
            regions=tuple(said["regions"]),
            providers=tuple(said["providers"]),
            permissions=Permissions(tuple(said["read"]), tuple(said["write"])),
        )
        return FeedEntry(account, self.updated_at, self.suspended)


class FedAccountQuerySet(models.QuerySet["FedAccount"]):
    def left(self) -> FedAccountQuerySet:
        """Keep those that bundles hold no more."""
        held = ManagedAccount.objects.ready().filter(pk=OuterRef("account"))
        return self.exclude(Exists(held))

    def unfit(self) -> FedAccountQuerySet:
        """Keep those that the feed cannot carry."""
        return self.exclude(unfit="")


class FedAccount(Readable):
    """What the feed made of an account that bundles hold."""

    READS = {"unfit": is_one_of({"", *Unfit.__members__})}

    account = models.OneToOneField(
        ManagedAccount, on_delete=models.CASCADE, primary_key=True, related_name="fed"
    )
    name = models.CharField(max_length=60, blank=True, db_index=True)
    """Its row's; empty: the feed cannot carry it."""
    unfit = models.CharField(max_length=20, blank=True)
    """The name of why not, one of Unfit's."""
    made_of = models.CharField(max_length=32)
    """The account's `entries_digest` at that time."""
    rules = models.PositiveIntegerField()
    """The number of the rules by which it was made."""

    objects = FedAccountQuerySet.as_manager()

    class Meta:
        verbose_name = "account in the feed"
        verbose_name_plural = "accounts in the feed"
        constraints = [
            models.CheckConstraint(
                condition=Q(name="") ^ Q(unfit=""), name="fed_or_unfit"
            ),
            models.UniqueConstraint(
                fields=["name"], condition=~Q(name=""), name="fed_name_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.why

    @property
    def why(self) -> str:
        """Say why the feed cannot carry it; empty: it does."""
        return Unfit[self.unfit].value if self.unfit else ""


def to_feed() -> ManagedAccountQuerySet:
    """Keep accounts that bundles hold otherwise than the feed says, or that wait for
    another one's name.
    """
    settled = FedAccount.objects.filter(
        account=OuterRef("pk"), made_of=OuterRef("entries_digest"), rules__gte=RULES
    ).exclude(unfit=Unfit.NAME.name)
    return ManagedAccount.objects.ready().exclude(Exists(settled))


def to_suspend() -> models.QuerySet[FeedRow]:
    """Keep rows that no account has, without those of accounts that left Bowline and
    stay in Spinnaker.
    """
    fed = FedAccount.objects.filter(name=OuterRef("name"))
    rows = FeedRow.objects.filter(suspended=False).exclude(Exists(fed))
    return rows.exclude(name__in=kept_names())
