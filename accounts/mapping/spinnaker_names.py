"""The names that an account has in Spinnaker: one space over all providers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from uuid import UUID

from django.db import IntegrityError, transaction

from accounts.mapping.managed import managed_of
from accounts.models import ManagedAccount, ManagingAccount, SpinnakerName
from accounts.models.managing import kept_names
from accounts.refused import Refused
from accounts.slices import in_slices
from onboarding.names import any_case
from onboarding.providers.base import spinnaker_names


class NameTaken(Refused, ValueError):
    """Spinnaker's account names are one space, over all providers."""

    code = "NAME_TAKEN"

    def __init__(self, name: str, owner: ManagedAccount | str) -> None:
        super().__init__(
            f"Spinnaker would have two accounts named “{name}”, which already belongs "
            f"to {owner}. Choose another name."
        )
        self.name = name


def claim_names(
    account: ManagedAccount, managing: ManagingAccount | None = None
) -> None:
    """Claim the account's names in Spinnaker, or raise NameTaken and change nothing.
    Without the managing account, it is read. A name that was approved or proved stays
    the account's until another one was: see `free_names`.
    """
    wanted = spinnaker_names(managed_of(account))
    for name, times in Counter(map(any_case, wanted)).items():
        if times > 1:
            raise NameTaken(name, account)
    of_roles = managing.kept_names if managing else kept_names()
    kept = {any_case(name): one for name, one in of_roles.items()}
    for name in wanted:
        one = kept.get(any_case(name))
        if one and one.account_id != account.account_id:
            raise NameTaken(name, f"{one.account} ({one.account_id}), kept in AWS")
    with transaction.atomic():
        held = set(account.spinnaker_names.values_list("name", flat=True))
        for name in wanted:
            if name in held:
                continue
            try:
                with transaction.atomic():
                    SpinnakerName.objects.create(name=name, account=account)
            except IntegrityError as error:
                names = SpinnakerName.objects.select_related("account")
                owner = names.get(name__iexact=name)
                if owner.account_id != account.pk:  # else pressed twice
                    raise NameTaken(name, owner.account) from error
            held.add(name)
        free_names(account)


def free_names(account: ManagedAccount) -> None:
    """Give up the names by which the account isn't described, nor was approved, nor is
    in bundles.
    """
    names = (*spinnaker_names(managed_of(account)), *in_use([account.pk]))
    used = {*map(any_case, names)}
    for one in account.spinnaker_names.all():
        if any_case(one.name) not in used:
            one.delete()


def in_use(accounts: Iterable[UUID]) -> set[str]:
    """Find the names by which Spinnaker knows these accounts, or soon will."""
    rows = ManagedAccount.objects.order_by()
    return {
        entry["name"]
        for some in in_slices([*accounts])
        for approved, verified in rows.filter(pk__in=some).values_list(
            "approved_entries", "verified__entries"
        )
        for entry in (*approved, *(verified or ()))
    }
