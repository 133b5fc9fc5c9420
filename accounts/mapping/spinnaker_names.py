"""The names that an account has in Spinnaker: one space over all providers."""

from __future__ import annotations

from collections import Counter

from django.db import IntegrityError, transaction

from accounts.mapping.managed import managed_of
from accounts.models import ManagedAccount, ManagingAccount, SpinnakerName
from accounts.models.managing import kept_names
from onboarding.names import any_case
from onboarding.providers.base import spinnaker_names


class NameTaken(ValueError):
    """Spinnaker's account names are one space, over all providers."""

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
    Without the managing account, it is read.
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
        account.spinnaker_names.exclude(name__in=wanted).delete()
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
