"""A managed account's row and value, side by side."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from operator import itemgetter
from typing import Any

from django.db.models import QuerySet

from accounts.models import EnabledProvider, ManagedAccount, Watch
from onboarding.description.fields import FIELDS, Field
from onboarding.description.values import value_of
from onboarding.details import DetailsError
from onboarding.partitions import Arn
from onboarding.providers import PROVIDERS
from onboarding.providers.base import Provider
from onboarding.topology import Managed, Managing, Topology


def provider_of(enabled: EnabledProvider) -> Provider:
    return PROVIDERS[enabled.key].from_details(enabled.details)


def cannot_be_read(enabled: EnabledProvider) -> bool:
    """Return whether the stored details are none that the provider knows today."""
    try:
        provider_of(enabled)
    except DetailsError:
        return True
    return False


def lacks_details(enabled: EnabledProvider) -> bool:
    """Return whether a provider was chosen and cannot be read yet.

    Nobody has been through its details step: the account is still being edited, and
    must not stop the runs of others meanwhile.
    """
    return not enabled.has_details and cannot_be_read(enabled)


def managed_of(
    row: ManagedAccount,
    *,
    without: Callable[[EnabledProvider], bool] = lacks_details,
) -> Managed:
    """Make the account's value; raise DetailsError where details cannot be read."""
    return value_of(
        columns_of_row(row),
        in_their_order(row.providers.all(), without),
        external_id=row.spinnakers_external_id,
        former_external_id=row.former_external_id if row.uses_external_id else "",
    )


def in_their_order(
    enabled: Iterable[EnabledProvider],
    without: Callable[[EnabledProvider], bool] = lacks_details,
) -> tuple[Provider, ...]:
    """Return an account's providers; raise DetailsError as `managed_of` does."""
    by_key = {provider.key: provider for provider in enabled}
    return tuple(
        provider_of(by_key[key])
        for key in PROVIDERS
        if key in by_key and not without(by_key[key])
    )


def columns_of_row(
    row: ManagedAccount | Watch, chosen: Iterable[Field] = FIELDS
) -> dict[str, Any]:
    return {one.name: getattr(row, one.name) for one in chosen}


def settings_of_row(row: ManagedAccount | None) -> dict[str, Any]:
    """Return what people said of the account; nothing that was made for it."""
    if row is None:
        return {}
    return columns_of_row(row) | {one.key: one.details for one in row.providers.all()}


def topology_of(managing: Managing, rows: Iterable[ManagedAccount]) -> Topology:
    """Make a topology of exactly these accounts."""
    return Topology(managing, tuple(managed_of(row) for row in rows))


def listed_rows(*, in_organization: bool) -> QuerySet[ManagedAccount]:
    granted = ManagedAccount.objects.assumable().in_aws_provider()
    if in_organization:
        granted = granted.exclude(managed_role="")
    return granted.order_by("granted_at", "id")


def assumed_roles(
    managing: Managing,
    also: Iterable[ManagedAccount] = (),
    *,
    leaving: Collection[str] = (),
) -> tuple[str, ...]:
    """List the roles that Spinnaker may assume, in the order in which they were
    granted, and then of these; without those of AWS accounts that are leaving. Roles of
    accounts that left Bowline keep their places. Where it may assume in all of an
    organization, only those are listed that are called otherwise.

    The order keeps the documents of the managing side stable: a new account changes
    the last one only.
    """
    rows = listed_rows(in_organization=bool(managing.organization))
    pairs = rows.values_list("granted_at", "account_id", "managed_role")
    dated = [
        *((one.since, one.arn) for one in managing.kept),
        *((at, managing.managed_role_arn(*of)) for at, *of in pairs),
    ]
    dated.sort(key=itemgetter(0))
    roles = [
        *(arn for _, arn in dated),
        *(
            managing.managed_role_arn(one.account_id, one.managed_role)
            for one in also
            if one.in_aws_provider and (one.managed_role or not managing.organization)
        ),
    ]
    stay = (one for one in roles if Arn.of(one).account not in leaving)
    return tuple(dict.fromkeys(stay))
